"""Covers for many: missing ones, cleared ones, selected ones, as one batch (specification pages, "Library")."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.site import JSON, Site, character, until

SMALL = {"width": 256, "height": 256}


@pytest.fixture
def own(own_site: Callable[..., Site]) -> Site:
    """A site of its own, whose covers other tests do not make; each character makes small pictures."""
    site = own_site()
    for slug in ("alice", "mira_vale", "sora"):
        site.write(f"data/state/characters/{slug}.json", {"size": "256x256"})
    site.write("data/looks/mira_rain.json", {"look_id": "mira_rain", "character_id": "mira_vale", "positive": "coat"})
    until(lambda: site.http.get("/looks/mira_rain").status_code == 200, what="the look")
    return site


def covers(site: Site, category: str) -> dict[str, bool]:
    return {asset["slug"]: asset["has_cover"] for asset in site.get(f"/{category}/")[category]}


def test_all_missing_covers_of_a_category_are_one_batch(own: Site) -> None:
    asked = own.get("/get_missing_characters")["missing"]

    made = own.post("/characters/generate_missing").json()

    assert [asset["slug"] for asset in asked] == ["alice", "mira_vale", "sora"]
    assert len(made["job_ids"]) == 3
    assert made["failed"] == []
    until(lambda: all(covers(own, "characters").values()), 60, "the covers")
    assert own.get("/get_missing_characters")["missing"] == []
    assert own.post("/generate_missing").json()["job_ids"] == []


def test_a_scene_gets_somebody_a_look_its_own(own: Site) -> None:
    made = own.post("/generate_missing", category="all").json()

    jobs = {job["slug"]: job for job in [*own.get("/queue")["running"], *own.get("/queue")["queued"]]}
    assert made["failed"] == []
    assert len(made["job_ids"]) == 7
    assert "mira vale" in jobs["mira_rain"]["summary"]
    assert any(name in jobs["beach"]["summary"] for name in ("alice", "mira vale", "sora"))
    assert jobs["evening"]["batch_label"] == "All missing covers"
    own.post(f"/batches/{made['batch']}/cancel")


def test_one_that_cannot_be_made_is_named_and_stops_no_other(own: Site) -> None:
    own.write("data/presets/broken_one.json", {"preset_id": "broken_one", "recipe": {"character": "nobody"}})
    until(lambda: own.http.get("/presets/broken_one").status_code == 200, what="the preset")

    made = own.post("/presets/generate_missing").json()

    assert len(made["job_ids"]) == 1
    assert [left["name"] for left in made["failed"]] == ["broken_one"]
    assert "nobody" in made["failed"][0]["message"]


def test_the_queue_shows_the_batch_and_cancels_its_rest(own: Site) -> None:
    own.post("/queue/comfy/pause")
    made = own.post("/characters/generate_missing").json()

    batch = own.get("/queue")["batches"][0]
    page = own.http.get("/queue").text

    assert (batch["label"], batch["total"], batch["open"]) == ("Missing covers of characters", 3, 3)
    assert "Missing covers of characters" in page
    assert own.post(f"/batches/{made['batch']}/cancel").json() == {"cancelled": 3}
    assert own.get("/queue")["batches"] == []


def test_cleared_covers_come_back(own: Site) -> None:
    own.post("/characters/generate_missing")
    until(lambda: all(covers(own, "characters").values()), 60, "the covers")

    cleared = own.post("/clear_all_character_covers").json()

    assert cleared["cleared"] == 3
    assert not any(covers(own, "characters").values())
    assert own.post(cleared["undo"]).json()["undone"] == 3
    assert all(covers(own, "characters").values())


@pytest.mark.parametrize(("act", "action"), [("generate", "preview"), ("covers", "replace")])
def test_the_selected_are_made(own: Site, act: str, action: str) -> None:
    own.post("/queue/comfy/pause")

    made = own.post("/characters/bulk", act=act, slugs="alice sora").json()

    jobs = own.get("/queue")["queued"]
    assert {job["slug"] for job in jobs} == {"alice", "sora"}
    assert {job["action"] for job in jobs} == {action}
    assert {job["batch"] for job in jobs} == {made["batch"]}


def test_an_unknown_category_is_named(site: Site) -> None:
    answer: Any = site.post("/generate_missing", category="nothing")

    assert answer.status_code == 404
    assert "nothing" in answer.json()["errors"][0]["message"]


def test_the_last_choices_of_a_page_make_its_cover(own: Site) -> None:
    own.write("data/state/scenes/beach.json", {"character": "sora", "size": "256x256", "extra_positive": "kites"})
    own.write("data/characters/extra.json", character("extra"))
    until(lambda: own.http.get("/characters/extra", headers=JSON).status_code == 200, what="the file")
    own.post("/queue/comfy/pause")

    own.post("/scenes/generate_missing")

    (job,) = own.get("/queue")["queued"]
    assert "sora" in job["summary"]
    assert (job["width"], job["kind"]) == (256, "cover")


def test_a_cover_older_than_its_asset_is_made_anew(own: Site) -> None:
    own.post("/characters/generate_missing")
    until(lambda: all(covers(own, "characters").values()), 60, "the covers")
    assert own.post("/characters/generate_stale").json()["job_ids"] == []
    before = own.get("/characters/sora")["cover"]
    own.write("data/characters/sora.json", character("sora", "Sora", hair="short red hair"))
    until(lambda: "red" in own.http.get("/characters/sora").text, what="the change")

    # What an image was made from is read in the background.
    made = until(lambda: own.post("/characters/generate_stale").json()["job_ids"], what="a cover that is older")

    assert len(made) == 1
    until(lambda: own.get("/characters/sora")["cover"] != before, 40, "the new cover")
