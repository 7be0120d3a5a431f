"""A preset's page: its recipe in rows, what is not there any more, what is changed for one run."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.site import JSON, Site, until

HTMX = {"HX-Request": "true"}


def preset(site: Site, slug: str, **recipe: Any) -> str:
    """The page of a preset of its own."""
    content = {"preset_id": slug, "preset_name": slug.title(), "recipe": recipe}
    site.write(f"data/presets/{slug}.json", content)
    until(lambda: site.http.get(f"/presets/{slug}", headers=JSON).status_code == 200, what="the preset")
    return site.http.get(f"/presets/{slug}").text


def row(page: str, label: str) -> str:
    """One row of the recipe, without the markup."""
    found = next(part for part in page.split('<div class="rc ')[1:] if f"</span>{label}</span>" in part)
    return " ".join(re.sub(r"<[^>]+>", " ", found.split("</div>")[0].partition(">")[2]).split())


@pytest.fixture(scope="module")
def page(site: Site) -> str:
    scene = {"scene_id": "p_cove", "scene_name": "Cove", "lora": {"lora_name": "a/cove.safetensors"}}
    site.write("data/scenes/p_cove.json", scene)
    until(lambda: site.http.get("/scenes/p_cove", headers=JSON).status_code == 200, what="the scene")
    recipe = {
        "character": "alice",
        "character_outfit": "travel",
        "fields": ["identity::hair", "identity::eyes"],
        "actions": ["__random__"],
        "scenes": ["beach", "p_cove"],
        "weights": {"scenes/p_cove": 0.6},
        "off": ["scenes/beach"],
        "extra_positive": "film grain",
        "width": 832,
        "height": 1216,
        "steps": 30,
        "detail_hands": False,
    }
    return preset(site, "rows", **recipe)


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("Character", "Alice wears travel 2 of 9 fields"),
        ("Action", "random drawn for each image"),
        ("Scenes", "Beach off Cove 0.60"),
        ("Checkpoint", "default, now the workflow’s own"),
        ("Extra", "film grain"),
        ("Settings", "832×1216 · 30 steps · random seed · no hand detailer"),
    ],
)
def test_each_choice_has_its_row(page: str, label: str, said: str) -> None:
    assert row(page, label) == f"{label} {said}"


def test_choices_lead_to_their_pages_in_their_category_s_hue(page: str) -> None:
    assert '<a class="tk pv-scene" href="/scenes/p_cove">' in page


def test_a_choice_in_the_trash_says_so_and_is_restored_from_the_page(site: Site) -> None:
    site.write("data/actions/p_kneel.json", {"action_id": "p_kneel", "action_name": "Kneeling"})
    until(lambda: site.http.get("/actions/p_kneel", headers=JSON).status_code == 200, what="the action")
    preset(site, "lost", character="alice", actions=["p_kneel"])
    trash_id = site.post("/resource/actions/p_kneel/delete").json()["trash_id"]

    page = site.http.get("/presets/lost").text

    assert row(page, "Action") == "Action Kneeling in the trash"
    assert "The action “Kneeling” is in the trash." in page
    assert f'hx-post="/trash/{trash_id}/restore"' in page and "/presets/lost/edit#e-recipe-actions" in page
    assert 'id="e-recipe-actions"' in site.http.get("/presets/lost/edit").text
    site.http.post(f"/trash/{trash_id}/restore", headers=HTMX)
    assert row(site.http.get("/presets/lost").text, "Action") == "Action Kneeling"


def test_a_choice_that_never_was_says_so(site: Site) -> None:
    page = preset(site, "never", character="nobody_here")

    assert row(page, "Character") == "Character nobody_here not there"
    assert "Nothing can be made until another is chosen." in page and "Restore" not in page


def test_what_is_changed_for_a_run_is_counted_and_shown_as_a_program_would_ask(site: Site) -> None:
    given = {"actions": "waving", "extra_positive": "falling snow", "count": "4", "size": "832x1216", "seed": ""}

    answer = site.http.post("/presets/evening/preview_prompt", data=given, headers=HTMX).text

    assert ">4 changed" in answer
    assert "POST /api/v1/generate/evening" in answer
    body = '{"action": "waving",\n "extra_positive": "falling snow",\n "count": 4,\n "width": 832,\n "height": 1216}'
    assert body in answer.replace("&#34;", '"')


def test_the_page_shows_and_keeps_what_the_preset_says_of_count_and_detailers(site: Site) -> None:
    page = preset(site, "four", character="alice", count=4, detail_hands=False)
    given = {"count": "4", "detail_face": "on", "detail_hands": "off", "workflow": "default"}

    answer = site.http.post("/presets/four/preview_prompt", data=given, headers=HTMX).text

    assert 'Generate<span id="gen-n"> 4</span>' in page
    assert re.search(r'id="detail_face" checked', page) and not re.search(r'id="detail_hands" checked', page)
    assert "as saved" in answer and '"count"' not in answer


def test_the_program_s_request_makes_the_same_jobs(site: Site) -> None:
    sent = {"action": "waving", "extra_positive": "falling snow", "count": 2, "width": 832, "height": 1216}

    answer = site.http.post("/api/v1/generate/evening", json=sent, headers={"X-API-Key": "test-key"})

    assert answer.status_code == 200 and len(answer.json()["jobs"]) == 2


def test_an_unchanged_run_is_as_saved(site: Site) -> None:
    page = site.http.get("/presets/evening").text

    assert "as saved" in page and "Change for this run" in page
    assert 'placeholder="as in preset"' in page


@pytest.mark.parametrize("slug", ["alice", "sora"])
def test_other_pages_have_the_prompt_in_the_open(site: Site, slug: str) -> None:
    page = site.http.get(f"/characters/{slug}").text

    assert "Change for this run" not in page and "From a program" not in page
