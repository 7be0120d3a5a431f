"""The library for an assistant, with the official client: `gaze mcp serve` as a process, `/mcp` over real HTTP."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client
from PIL import Image

from tests.conftest import library
from tests.mcp.conftest import by_stdio, data, over_http, said
from tests.site import JSON, Site, until

KEY = "test-key"
Connect = Callable[[], Any]
TOOLS = {"search_library", "get_asset", "propose_asset", "preview_prompt", "generate", "job_status", "list_images"}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root that no GAZE runs on."""
    root = library(tmp_path_factory.mktemp("alone"))
    picture(root)
    return root


def picture(root: Path) -> None:
    folder = root / "static/uploads/characters/sora"
    folder.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (900, 600), "teal").save(folder / "teal.png")
    (folder / "teal.png.json").write_text(json.dumps({"positive": "1girl, teal", "seed": 5}))


@pytest.fixture(params=["stdio", "http"])
def connect(request: pytest.FixtureRequest, alone: Path, site: Site) -> Connect:
    """Opens a client over one of both transports."""
    if request.param == "stdio":
        return lambda: Client(by_stdio(alone, "serve"))
    picture(site.root)
    until(lambda: "teal.png" in site.http.get("/characters/sora?tab=images").text, what="the picture")
    return lambda: over_http(f"{site.url}/mcp", KEY)


async def test_the_tools_are_there_and_described(connect: Connect) -> None:
    async with connect() as client:
        tools = (await client.list_tools()).tools

    assert {tool.name for tool in tools} >= TOOLS
    assert all(tool.description for tool in tools)


async def test_assets_are_searched_and_read(connect: Connect) -> None:
    async with connect() as client:
        found = data(await client.call_tool("search_library", {"query": "beach", "category": "scenes"}))
        everything = data(await client.call_tool("search_library", {"category": "scenes"}))
        asset = data(await client.call_tool("get_asset", {"category": "scenes", "slug": "beach"}))
        missing = said(await client.call_tool("get_asset", {"category": "scenes", "slug": "beech"}))

    assert found["assets"][0]["slug"] == "beach"
    assert "beach" in [each["slug"] for each in everything["assets"]]
    assert (asset["content"]["scene"]["background"], bool(asset["version"])) == ("beach", True)
    assert "Did you mean «beach»?" in missing


async def test_a_prompt_is_previewed_and_mistakes_are_told(connect: Connect) -> None:
    async with connect() as client:
        plan = data(await client.call_tool("preview_prompt", {"recipe": {"character": "sora", "scenes": ["beach"]}}))
        wrong = said(await client.call_tool("preview_prompt", {"recipe": {"character": "nobody"}}))

    assert "beach" in plan["positive"]
    assert "nobody" in wrong


async def test_images_are_listed_and_one_is_looked_at(connect: Connect) -> None:
    async with connect() as client:
        listed = data(await client.call_tool("list_images", {"category": "characters", "slug": "sora"}))
        shown = await client.call_tool("get_image", {"path": "characters/sora/teal.png", "width": 256})
        wrong = said(await client.call_tool("get_image", {"path": "../../data/.gaze/secrets.json"}))

    (image,) = (each for each in listed["images"] if each["path"].endswith("teal.png"))
    assert (image["positive"], image["seed"]) == ("1girl, teal", 5)
    assert shown.content[0].mime_type == "image/webp"
    assert base64.b64decode(shown.content[0].data)[8:12] == b"WEBP"
    assert "no image" in wrong


async def test_assets_and_images_are_resources(connect: Connect) -> None:
    async with connect() as client:
        listed = [str(each.uri) for each in (await client.list_resources()).resources]
        asset = await client.read_resource("gaze://assets/scenes/beach")
        (uri,) = (each for each in listed if "teal.png" in each)
        image = await client.read_resource(uri)

    assert "gaze://assets/scenes/beach" in listed
    assert json.loads(asset.contents[0].text)["content"]["scene_name"] == "Beach"
    assert base64.b64decode(image.contents[0].blob)[8:12] == b"WEBP"


async def test_a_change_is_a_draft_and_the_file_stays(connect: Connect) -> None:
    async with connect() as client:
        asset = data(await client.call_tool("get_asset", {"category": "scenes", "slug": "beach"}))
        wish = {"category": "scenes", "slug": "beach", "changes": {"scene": {"lighting": "dusk"}}}
        stale = said(await client.call_tool("propose_asset", {**wish, "version": "older"}))
        made = data(await client.call_tool("propose_asset", {**wish, "version": asset["version"], "why": "moodier"}))
        after = data(await client.call_tool("get_asset", {"category": "scenes", "slug": "beach"}))

    assert "Read it again first" in stale
    assert (made["status"], made["review"]) == ("proposed", f"/proposals/{made['proposal']}")
    assert after == asset


@pytest.mark.parametrize(
    ("wish", "word"),
    [
        ({"category": "nothing", "changes": {}}, "no category"),
        ({"category": "scenes", "changes": {}}, "scene_name is empty"),
        ({"category": "scenes", "changes": {"scene_name": "X", "lora": {"lora_weight": "strong"}}}, "lora.lora_weight"),
    ],
)
async def test_what_is_no_asset_is_told_in_words(alone: Path, wish: dict[str, Any], word: str) -> None:
    async with Client(by_stdio(alone, "serve")) as client:
        assert word in said(await client.call_tool("propose_asset", wish))


async def test_without_redis_jobs_are_refused_in_words_and_the_rest_works(alone: Path) -> None:
    async with Client(by_stdio(alone, "serve")) as client:
        told = said(await client.call_tool("generate", {"recipe": {"character": "alice"}}))
        asset = data(await client.call_tool("get_asset", {"category": "characters", "slug": "alice"}))

    assert "Redis" in told
    assert asset["slug"] == "alice"


# -- with a running GAZE -------------------------------------------------------------------------------


async def test_images_are_generated_from_a_recipe_and_a_preset(site: Site) -> None:
    async with over_http(f"{site.url}/mcp", KEY) as client:
        by_recipe = data(await client.call_tool("generate", {"recipe": {"character": "alice", "steps": 2}}))
        by_preset = data(await client.call_tool("generate", {"preset": "evening", "recipe": {"steps": 2}}))
        nothing = said(await client.call_tool("generate", {}))
        jobs = [made["jobs"][0]["job_id"] for made in (by_recipe, by_preset)]
        for job in jobs:
            site.wait(job)
        states = [data(await client.call_tool("job_status", {"job_id": job})) for job in jobs]

    assert "preset" in nothing
    assert [state["status"] for state in states] == ["done", "done"]
    assert all(state["result"] for state in states)


async def test_a_new_asset_is_reviewed_and_accepted_like_any_draft(site: Site) -> None:
    changes = {"scene_name": "Tide Pool", "scene": {"background": "tide pool"}}
    async with over_http(f"{site.url}/mcp", KEY) as client:
        made = data(await client.call_tool("propose_asset", {"category": "scenes", "changes": changes}))

    form = site.http.get(made["review"], follow_redirects=True)
    accepted = site.http.post(made["review"], data={"accept": "all"}, headers=JSON)

    assert form.status_code == 200
    assert "tide pool" in form.text
    assert accepted.status_code == 200, accepted.text
    (file,) = (site.root / "data/scenes").glob("[Tt]ide*.json")
    assert json.loads(file.read_text())["scene"]["background"] == "tide pool"


async def test_a_changed_asset_is_reviewed_field_by_field(site: Site) -> None:
    async with over_http(f"{site.url}/mcp", KEY) as client:
        asset = data(await client.call_tool("get_asset", {"category": "actions", "slug": "waving"}))
        changes = {"action": {"arms": "both arms up", "hands": "open hands"}}
        wish = {"category": "actions", "slug": "waving", "changes": changes, "version": asset["version"]}
        made = data(await client.call_tool("propose_asset", wish))

    page = site.http.get(made["review"])
    accepted = site.http.post(made["review"], data={"take": "/action/arms"}, headers=JSON)

    assert "both arms up" in page.text
    assert accepted.status_code == 200, accepted.text
    action = json.loads((site.root / "data/actions/waving.json").read_text())["action"]
    assert (action["arms"], action["hands"]) == ("both arms up", "waving")


async def test_where_settings_allow_it_a_draft_is_saved_at_once(alone: Path) -> None:
    changes = {"scene_name": "Rock Pool", "scene": {"background": "rock pool"}}
    async with Client(by_stdio(alone, "serve", GAZE_MCP_SAVES="1")) as client:
        made = data(await client.call_tool("propose_asset", {"category": "scenes", "changes": changes}))

    assert made["status"] == "saved"
    assert json.loads((alone / f"data/scenes/{made['slug']}.json").read_text())["scene"]["background"] == "rock pool"


def test_the_settings_say_whether_a_draft_waits(site: Site) -> None:
    assert site.post("/settings/assistant", saves="on").json() == {"mcp_saves": True}
    assert json.loads((site.root / "data/settings.json").read_text())["mcp_saves"] is True
    assert site.post("/settings/assistant", saves="").json() == {"mcp_saves": False}


def test_http_asks_for_the_key_and_answers_no_other_site(site: Site) -> None:
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    accept = {"Accept": "application/json, text/event-stream"}
    with httpx.Client(base_url=site.url, follow_redirects=True, headers=accept) as http:
        assert http.post("/mcp", json=call).status_code == 401
        assert http.post("/mcp", json=call, headers={"X-API-Key": "wrong"}).status_code == 401
        assert http.post("/mcp", json=call, headers={"X-API-Key": KEY, "Host": "evil.example"}).status_code == 403
        assert http.post("/mcp", json=call, headers={"Origin": "http://evil.example"}).status_code == 403
        assert http.get("/mcp", headers={"X-API-Key": KEY}).status_code == 405
        assert http.post("/mcp", json=call, headers={"Authorization": f"Bearer {KEY}"}).status_code == 200
