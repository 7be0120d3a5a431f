"""The LLM's part of the settings: what is used, tested, confirmed, and what of a key is ever seen."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.site import JSON, REPOSITORY, Site, free_port, until
from tests.standins.start import Llm

KEY = "sk-test-0123456789"
MCP = str(REPOSITORY / "tests/standins/mcp_server.py")
CALLS = {"calls": [{"name": "search_tags", "arguments": {"query": "harbor"}}]}


@pytest.fixture(scope="module")
def llm() -> Iterator[Llm]:
    made = Llm()
    yield made
    made.stop()


@pytest.fixture
def fresh(own_site: Callable[..., Site]) -> Site:
    """A GAZE without any LLM."""
    return own_site()


def settings_of(site: Site) -> dict[str, Any]:
    file = site.root / "data/settings.json"
    return json.loads(file.read_text()) if file.exists() else {}


def secrets_of(site: Site) -> dict[str, Any]:
    return dict(json.loads((site.root / "data/.gaze/secrets.json").read_text()))


def test_a_provider_is_tested_used_and_its_key_kept_privately(fresh: Site, llm: Llm) -> None:
    llm.script(CALLS, key=KEY)

    told = fresh.post("/settings/llm", provider="other", url=f"{llm.url}/", model="small-model", key=KEY).json()

    assert told["ok"] and told["tools"] and "called search_tags correctly" in told["message"]
    assert told["models"] == ["seeing-model", "small-model"]
    assert settings_of(fresh) == {"llm_url": llm.url, "llm_model": "small-model"}
    file = fresh.root / "data/.gaze/secrets.json"
    assert secrets_of(fresh)["llm_keys"] == {llm.url: KEY}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    pages = fresh.http.get("/settings").text + json.dumps(told) + fresh.log.read_text()
    assert KEY not in pages and "••••••••" in pages


def test_a_key_goes_to_no_other_address(fresh: Site, llm: Llm) -> None:
    other = Llm()
    llm.script(CALLS, key=KEY)
    fresh.post("/settings/llm", provider="other", url=llm.url, model="small-model", key=KEY)
    other.script(CALLS)

    fresh.post("/settings/llm", provider="other", url=other.url, model="small-model")
    fresh.post("/settings/llm", act="test", provider="other", url=other.url, model="small-model")

    sent = [request["headers"].get("authorization", "") for request in other.requests]
    other.stop()
    assert sent and all(KEY not in each for each in sent)


def test_a_test_saves_nothing(fresh: Site, llm: Llm) -> None:
    llm.script(CALLS)

    fresh.post("/settings/llm", act="test", provider="other", url=llm.url, model="small-model", key=KEY)

    assert settings_of(fresh) == {}
    assert (
        KEY not in (fresh.root / "data/.gaze/secrets.json").read_text()
        if (fresh.root / "data/.gaze/secrets.json").exists()
        else True
    )


@pytest.mark.parametrize(
    ("form", "script", "words"),
    [
        ({}, {"key": "other"}, "refuses (401): the key is not accepted"),
        ({"model": "none"}, {}, "There is no model «none» there; there are seeing-model, small-model."),
        ({}, {"step": {"text": "harbor", "no_tools": True}}, "cannot call tools"),
        ({}, {"step": {"text": "I would rather talk."}}, "did not call the tool it was told to call"),
        ({}, {"step": {"status": 500, "body": {"error": {"message": "boom"}}}}, "has trouble (500). It says: boom"),
    ],
    ids=["401", "no such model", "no tools", "talks", "500"],
)
def test_a_test_names_what_is_wrong(
    site: Site, llm: Llm, form: dict[str, str], script: dict[str, Any], words: str
) -> None:
    llm.script(script.get("step", CALLS), key=script.get("key", ""))

    wish = {"provider": "other", "url": llm.url, "model": "small-model", "key": KEY, **form}
    told = site.post("/settings/llm", act="test", **wish).json()

    assert words in told["message"] and KEY not in told["message"]


def test_nothing_there_is_said(site: Site) -> None:
    url = f"http://127.0.0.1:{free_port()}/v1"

    told = site.post("/settings/llm", act="test", provider="other", url=url, model="m").json()

    assert not told["ok"] and f"Nothing answers at {url} (connection refused)" in told["message"]


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "http://169.254.169.254/v1", "ftp://x", "http://user:pw@x/v1", "http://x/v1?key=1", ""],
)
def test_f98_such_addresses_are_refused(site: Site, url: str) -> None:
    answer = site.post("/settings/llm", act="test", provider="other", url=url, model="m")

    assert answer.status_code == 400
    page = site.http.post("/settings/llm", data={"act": "test", "provider": "other", "url": url, "model": "m"})
    assert page.status_code == 200 and "st bad" in page.text


def test_a_foreign_librarys_address_is_not_asked_before_it_is_confirmed(fresh: Site, llm: Llm) -> None:
    llm.script(CALLS)
    fresh.write("data/settings.json", {"llm_url": llm.url, "llm_model": "small-model"})
    until(
        lambda: "nobody on this machine" in fresh.post("/scenes/create", way="llm", description="x").text,
        what="the refusal",
    )

    refused = fresh.post("/scenes/create", way="llm", description="x")
    page = fresh.http.get("/settings").text
    before = len(llm.requests)
    fresh.post("/settings/llm", act="confirm")

    assert (refused.status_code, before) == (503, 0)
    assert "Nothing is sent there before you confirm it" in page
    assert fresh.post("/scenes/create", way="llm", description="x").status_code == 200


def test_what_the_environment_says_cannot_be_changed_here(own_site: Callable[..., Site], llm: Llm) -> None:
    site = own_site(GAZE_LLM_URL=llm.url, GAZE_LLM_MODEL="small-model", GAZE_LLM_KEY=KEY)

    answer = site.post("/settings/llm", provider="other", url="http://other.test/v1", model="m")

    assert answer.status_code == 400 and "GAZE_LLM_URL" in answer.text
    assert "Set by GAZE_LLM_URL" in site.http.get("/settings").text


def test_turning_it_off_and_forgetting_a_key(fresh: Site, llm: Llm) -> None:
    llm.script(CALLS)
    fresh.post("/settings/llm", provider="other", url=llm.url, model="small-model", key=KEY)

    fresh.post("/settings/llm", act="forget_key", provider="other", url=llm.url)
    fresh.post("/settings/llm", act="off")

    assert secrets_of(fresh)["llm_keys"] == {llm.url: ""}
    assert settings_of(fresh) == {}


# -- MCP servers -----------------------------------------------------------------------------------------


def test_a_command_entered_here_is_tested_limited_and_taken_away(fresh: Site) -> None:
    place = f"{sys.executable} {MCP}"

    fresh.post("/settings/mcp", act="add", name="mine", place=place)
    tested = fresh.post("/settings/mcp", act="test", name="mine").json()
    fresh.http.post(
        "/settings/mcp", data={"act": "tools", "name": "mine", "tools_shown": "on", "tool": ["pid"], "timeout_s": "7"}
    )

    assert tested["tested"]["mine"] == {"ok": True, "message": "Answers with 7 tools."}
    assert settings_of(fresh)["mcp_servers"]["mine"] == {
        "on": True,
        "command": [sys.executable, MCP],
        "tools": ["pid"],
        "timeout_s": 7.0,
    }
    assert len(secrets_of(fresh)["mcp_commands"]) == 1
    fresh.post("/settings/mcp", act="remove", name="mine")
    assert "mcp_servers" not in settings_of(fresh)


def test_a_foreign_librarys_command_is_shown_and_not_started(fresh: Site, tmp_path: Path) -> None:
    mark = tmp_path / "started"
    fresh.write("data/settings.json", {"mcp_servers": {"evil": {"command": ["touch", str(mark)]}}})
    until(lambda: "evil" in fresh.http.get("/settings").text, what="the settings")

    refused = fresh.post("/settings/mcp", act="test", name="evil")
    page = fresh.http.get("/settings").text

    assert refused.status_code == 400 and "Confirm «evil» first; it would run: touch" in refused.text
    assert "nobody on this machine has confirmed it" in page
    assert not mark.exists()


def test_a_command_is_confirmed_only_on_this_machine(fresh: Site) -> None:
    headers = {**JSON, "X-Forwarded-For": "192.168.1.77", "Origin": fresh.url}

    answer = fresh.http.post("/settings/mcp", data={"act": "add", "name": "x", "place": "sh -c id"}, headers=headers)

    assert answer.status_code == 403
    assert "mcp_servers" not in settings_of(fresh)


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"name": "", "place": "x"}, "name"),
        ({"name": "x", "place": ""}, "place"),
        ({"name": "x", "place": "'open"}, "place"),
        ({"name": "x", "place": "http://169.254.169.254/mcp"}, "place"),
        ({"name": "danbooru", "place": "x"}, "name"),
    ],
)
def test_a_server_that_does_not_fit_is_said_at_its_field(site: Site, form: dict[str, str], field: str) -> None:
    answer = site.post("/settings/mcp", act="add", **form)

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


def test_the_model_uses_a_tool_of_a_server_and_the_job_shows_the_call(fresh: Site, llm: Llm) -> None:
    fresh.post("/settings/mcp", act="off", name="danbooru")  # it has a tool of the same name
    fresh.post("/settings/mcp", act="add", name="mine", place=f"{sys.executable} {MCP}")
    scene = {"scene_name": "Sea", "scene": {"background": "ocean"}, "tags": {"nsfw": False}}
    llm.script(CALLS)
    fresh.post("/settings/llm", provider="other", url=llm.url, model="small-model")
    llm.script({"calls": [*CALLS["calls"], {"name": "lie"}]}, {"text": json.dumps(scene)})

    job_id = fresh.post("/scenes/create", way="llm", description="the sea").json()["job_id"]
    fresh.wait(job_id)

    page = fresh.http.get(f"/proposals/{job_id}?review=on").text
    kept = json.loads((fresh.root / f"data/.gaze/proposals/{job_id}.json").read_text())
    assert [(call["name"], call["good"]) for call in kept["calls"]] == [("search_tags", True), ("lie", True)]
    assert "harbor 5k" in page and "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert kept["now"]["scene"]["background"] == "ocean"
    assert {"search_tags", "lie"} <= {tool["function"]["name"] for tool in llm.asked[0]["tools"]}
    queue = fresh.http.get("/queue?queue=llm").text
    assert "mine" in queue and "7 tools" in queue


# -- system prompts --------------------------------------------------------------------------------------


def test_instructions_are_edited_live_and_reset(fresh: Site, llm: Llm) -> None:
    llm.script(CALLS)
    fresh.post("/settings/llm", provider="other", url=llm.url, model="small-model")
    shipped = fresh.get("/settings/prompts/scene_system.txt")

    fresh.post("/settings/prompts/scene_system.txt", text="Only write harbours.", version=shipped["version"])
    llm.script({"text": "{}"})
    fresh.post("/scenes/create", way="llm", description="x")
    until(lambda: llm.asked, what="the request")
    stale = fresh.post("/settings/prompts/scene_system.txt", text="Other.", version=shipped["version"])
    back = fresh.post("/settings/prompts/scene_system.txt", act="reset").json()

    assert llm.asked[0]["messages"][0]["content"] == "Only write harbours.\n"
    assert stale.status_code == 409
    assert back["text"] == shipped["text"]
    assert fresh.http.get("/settings/prompts/none.txt").status_code == 404
