"""Pages answer three ways; errors are sentences with the right status."""

from __future__ import annotations

from typing import Any

import pytest

from gaze.categories import declared
from tests.site import JSON, Site, character, until

HTMX = {"HX-Request": "true"}
each_category = pytest.mark.parametrize("category", declared())


@each_category
def test_every_category_has_its_library_page(site: Site, category: str) -> None:
    page = site.http.get(f"/{category}/")

    assert page.status_code == 200
    assert f"<h1>{category.capitalize()}" in page.text


@each_category
def test_a_library_answers_as_page_fragment_and_json(site: Site, category: str) -> None:
    page, fragment = site.http.get(f"/{category}/"), site.http.get(f"/{category}/", headers=HTMX)
    data = site.get(f"/{category}/?limit=500")

    assert page.text.startswith("<!doctype html>")
    assert "<!doctype" not in fragment.text
    assert data["total"] == len(data[category])


@each_category
def test_the_earlier_programs_singular_addresses_redirect(site: Site, category: str) -> None:
    one = declared()[category].one

    answer = site.http.get(f"/{one}/some_slug")

    assert (answer.status_code, answer.headers["location"]) == (308, f"/{category}/some_slug")


@pytest.mark.parametrize("path", ["/characters", "/characters/", "/queue", "/queue/", "/problems/", "/settings/"])
def test_a_final_slash_may_be_there_or_not(site: Site, path: str) -> None:
    assert site.http.get(path).status_code == 200


def test_a_page_that_was_never_there_is_404_and_names_the_nearest(site: Site) -> None:
    page = site.http.get("/characters/alise")

    assert page.status_code == 404
    assert "alice" in page.text
    assert "Traceback" not in page.text
    assert site.http.get("/characters/alise", headers=JSON).json()["errors"][0]["code"] == "unknown-asset"


@pytest.mark.parametrize("path", ["/nothing/", "/characters/alice/nothing", "/queue/none/pause", "/jobs/x/preview"])
def test_what_is_not_there_is_404(site: Site, path: str) -> None:
    assert site.http.get(path).status_code in (404, 405)


@pytest.mark.parametrize("query", ["nsfw=maybe", "sort=loudest", "offset=-1", "limit=0", "offset=abc", "limit=9999999"])
def test_a_filter_out_of_range_is_400_with_a_sentence(site: Site, query: str) -> None:
    answer = site.http.get(f"/characters/?{query}", headers=JSON)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == query.split("=")[0]


def test_filters_keep_to_what_they_say(site: Site) -> None:
    site.write("data/characters/dim.json", {**character("dim", "Dim"), "tags": {"nsfw": True, "origin_series": "Dark"}})
    until(lambda: site.get("/characters/?q=dim")["total"] == 1, what="the new asset")

    slugs = {
        query: {item["slug"] for item in site.get(f"/characters/?{query}")["characters"]}
        for query in ("nsfw=nsfw", "nsfw=sfw", "origin_series=Dark", "favourite=on&q=dim", "q=dim")
    }

    assert slugs["nsfw=nsfw"] == slugs["origin_series=Dark"] == slugs["q=dim"] == {"dim"}
    assert "dim" not in slugs["nsfw=sfw"]
    assert slugs["favourite=on&q=dim"] == set()


def test_a_script_in_a_name_is_shown_as_text(site: Site) -> None:
    site.write("data/characters/evil.json", character("evil", "<script>alert(1)</script>&\"'"))
    until(lambda: site.get("/characters/?q=evil")["total"] == 1, what="the new asset")

    for page in ("/characters/?q=evil", "/characters/evil"):
        text = site.http.get(page).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;" in text


def test_a_file_that_was_never_good_has_a_page_with_its_problem(site: Site) -> None:
    site.write("data/scenes/never.json", '{"scene_id": "never",')

    page = until(lambda: (p := site.http.get("/scenes/never")).status_code == 200 and p, what="the problem's page")

    assert "data/scenes/never.json, line 1, column" in page.text
    assert site.http.get("/scenes/never", headers=JSON).status_code == 422
    (site.root / "data/scenes/never.json").unlink()


def test_saved_fields_are_used_and_kept(site: Site) -> None:
    shown = [f"identity::{key}" for key in ("base_specs", "hair", "eyes")]

    site.post("/characters/mira_vale/save_defaults", fields=["identity::hair"], fields_shown=shown)

    text = site.post("/characters/mira_vale/preview_prompt").json()["main"]
    assert "long blonde hair" in text
    assert "blue eyes" not in text
    site.post("/characters/mira_vale/save_defaults", fields=shown, fields_shown=shown)
    assert "blue eyes" in site.post("/characters/mira_vale/preview_prompt").json()["main"]


def test_the_nsfw_mark_is_one_changed_line_of_the_file(site: Site) -> None:
    file = site.write("data/characters/marked.json", character("marked"))
    until(lambda: site.get("/characters/?q=marked")["total"] == 1, what="the new asset")
    before = file.read_text().splitlines()

    site.post("/characters/marked/nsfw")

    after = file.read_text().splitlines()
    assert [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]] == [
        ('    "nsfw": false', '    "nsfw": true')
    ]


def test_unknown_recipe_values_are_422_and_all_at_once(site: Site) -> None:
    answer = site.post("/characters/alice/generate", scenes="beech", actions="wavin")

    assert answer.status_code == 422
    assert {(error["slug"], error["near"]) for error in answer.json()["errors"]} == {
        ("beech", "beach"),
        ("wavin", "waving"),
    }


def test_an_address_that_is_no_comfyui_is_refused_in_words(site: Site) -> None:
    for url in ("file:///etc/passwd", "http://169.254.169.254/", "gpu1", "http://gpu1:99999"):  # F98
        answer = site.post("/settings/comfyui", url=url, act="test")
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["field"] == "url"


def test_F114_a_server_that_is_not_comfyui_is_named_so(site: Site) -> None:
    answer = site.post("/settings/comfyui", url=site.url, act="test").json()

    assert not answer["ok"]
    assert "not a comfyui server" in answer["message"].lower()


def test_the_first_page_says_that_the_simulator_draws_and_how_to_connect(site: Site) -> None:
    page = site.http.get("/").text

    assert "Pictures come from the built-in simulator." in page
    assert "Connect ComfyUI" in page
    for other in ("/scenes/", "/queue", "/problems", "/settings", "/characters/alice"):
        assert "built-in simulator" in site.http.get(other).text


def test_a_live_stream_tells_its_id_and_bars_proxies(site: Site) -> None:
    with site.http.stream("GET", "/events") as stream:
        assert stream.headers["x-accel-buffering"] == "no"
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert "content-encoding" not in stream.headers
        lines = stream.iter_lines()
        site.post("/characters/sora/favourite")
        found: Any = next(line for line in lines if line.startswith("id: "))

    assert found.split("-")[0].removeprefix("id: ").isdecimal()
