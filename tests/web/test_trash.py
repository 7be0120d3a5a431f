"""What is deleted goes to the trash whole and comes back whole."""

from __future__ import annotations

import pytest

from tests.library.make import png
from tests.site import Site, character, until

HTMX = {"HX-Request": "true"}


@pytest.fixture
def slug(site: Site, request: pytest.FixtureRequest) -> str:
    """A character of this test's own."""
    name = request.node.name.split("[")[0].removeprefix("test_")[:40]
    site.write(f"data/characters/{name}.json", character(name))
    until(lambda: site.http.get(f"/characters/{name}").status_code == 200, what="the new character's page")
    return name


def test_delete_moves_asset_state_and_images_and_restore_brings_them_back(site: Site, slug: str) -> None:
    site.post(f"/characters/{slug}/favourite")
    folder = site.root / f"static/uploads/characters/{slug}"
    folder.mkdir(parents=True)
    (folder / "one.png").write_bytes(png())
    text = (site.root / f"data/characters/{slug}.json").read_text()

    trash_id = site.post(f"/resource/characters/{slug}/delete", mode="soft").json()["trash_id"]

    assert site.http.get(f"/characters/{slug}").status_code == 404
    assert not folder.exists()
    assert not (site.root / f"data/state/characters/{slug}.json").exists()
    assert trash_id in [entry["id"] for entry in site.get("/trash")["trash"]]

    assert site.post(f"/trash/{trash_id}/restore").status_code == 200

    assert (site.root / f"data/characters/{slug}.json").read_text() == text
    assert (folder / "one.png").exists()
    assert site.get(f"/characters/{slug}")["is_favourite"]


def test_the_toast_of_a_deletion_has_undo(site: Site, slug: str) -> None:
    html = site.http.post(f"/resource/characters/{slug}/delete", data={"mode": "soft"}, headers=HTMX).text

    assert "moved to trash" in html
    assert 'action="/trash/' in html
    assert ">Undo<" in html


def test_without_javascript_a_deletion_leads_back_to_the_library(site: Site, slug: str) -> None:
    answer = site.http.post(f"/resource/characters/{slug}/delete", data={"mode": "soft"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/characters/")


def test_the_trash_page_says_what_is_in_an_entry(site: Site, slug: str) -> None:
    site.post(f"/resource/characters/{slug}/delete")

    page = site.http.get("/trash").text

    assert f"data/characters/{slug}.json" in page
    assert "Character" in page


@pytest.mark.parametrize(("mode", "status"), [("hard", 409), ("gone", 400)])
def test_what_cannot_be_is_refused_in_words_and_nothing_is_deleted(
    site: Site, slug: str, mode: str, status: int
) -> None:
    answer = site.post(f"/resource/characters/{slug}/delete", mode=mode)

    assert answer.status_code == status
    assert answer.json()["errors"][0]["field"] == "mode"
    assert site.http.get(f"/characters/{slug}").status_code == 200


def test_restoring_over_an_asset_that_took_the_place_is_409(site: Site, slug: str) -> None:
    trash_id = site.post(f"/resource/characters/{slug}/delete").json()["trash_id"]
    site.write(f"data/characters/{slug}.json", character(slug, "Another"))
    until(lambda: site.http.get(f"/characters/{slug}").status_code == 200, what="the other character")

    answer = site.post(f"/trash/{trash_id}/restore")

    assert answer.status_code == 409
    assert slug in answer.json()["errors"][0]["message"]
    assert trash_id in [entry["id"] for entry in site.get("/trash")["trash"]]


def test_emptying_one_entry_leaves_the_others(site: Site, slug: str) -> None:
    site.write("data/characters/stays.json", character("stays"))
    until(lambda: site.http.get("/characters/stays").status_code == 200, what="the other character")
    gone, stays = (site.post(f"/resource/characters/{name}/delete").json()["trash_id"] for name in (slug, "stays"))

    assert site.post("/trash/empty", id=gone).json() == {"emptied": 1}

    ids = [entry["id"] for entry in site.get("/trash")["trash"]]
    assert gone not in ids
    assert stays in ids


@pytest.mark.parametrize("name", ["20260101T000000-00000000", "...", "x", "%2e%2e%2f"])
def test_what_is_not_in_the_trash_is_404(site: Site, name: str) -> None:
    assert site.post(f"/trash/{name}/restore").status_code == 404


def test_an_image_goes_to_the_trash_with_its_sidecar(site: Site, slug: str) -> None:
    folder = site.root / f"static/uploads/characters/{slug}"
    folder.mkdir(parents=True)
    (folder / "one.png").write_bytes(png())
    (folder / "one.png.json").write_text("{}")
    until(lambda: site.get(f"/characters/{slug}")["images"] == 1, what="the image")

    answer = site.post("/gallery/image/delete", image=f"characters/{slug}/one.png")

    assert answer.status_code == 200
    assert not list(folder.iterdir())
    assert site.post(f"/trash/{answer.json()['trash_id']}/restore").status_code == 200
    assert (folder / "one.png.json").exists()


def test_F94_a_path_outside_the_uploads_is_no_image(site: Site) -> None:
    assert site.post("/gallery/image/delete", image="../../data/characters/alice.json").status_code == 404
    assert (site.root / "data/characters/alice.json").exists()
