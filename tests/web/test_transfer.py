"""Turning an asset into another kind over HTTP: what is shown, written, refused and taken back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gaze.categories import declared
from tests.library.make import png
from tests.site import JSON, Site, until
from tests.web.test_delete import Loras

HTMX = {"HX-Request": "true"}


@pytest.fixture
def slug(site: Site, request: pytest.FixtureRequest) -> str:
    """A character of this test's own with a LoRA, two images, a cover and a favourite mark."""
    name = re.sub(r"\W+", "_", request.node.name.removeprefix("test_"))[:50]
    folder = site.root / f"static/uploads/characters/{name}"
    folder.mkdir(parents=True)
    for image in ("one", "two"):
        (folder / f"{image}.png").write_bytes(png())
        (folder / f"{image}.png.json").write_text(json.dumps({"seed": image}))
    state = {"is_favourite": True, "cover": f"characters/{name}/one.png", "mine": 1}
    site.write(f"data/state/characters/{name}.json", state)
    site.write(f"data/characters/{name}.json", content(name))
    until(lambda: card(site, "characters", name).get("images") == 2, what="the images")
    until(lambda: card(site, "characters", name).get("is_favourite"), what="the state")
    return name


def content(name: str) -> dict[str, Any]:
    return {
        "character_id": name,
        "character_name": "Inkwash",
        "styles": {"aesthetic": "ink wash"},
        "identity": {"hair": "black hair"},
        "lora": {"lora_name": "a/ink.safetensors", "lora_weight": 0.8},
        "tags": {"nsfw": True},
        "odd": [1],
    }


def card(site: Site, category: str, slug: str) -> dict[str, Any]:
    found = site.http.get(f"/{category}/{slug}", headers=JSON)
    return dict(found.json()) if found.status_code == 200 else {}


def tree(site: Site, *folders: str) -> dict[str, bytes]:
    """Every file below these folders of the root with its bytes."""
    files = [file for folder in folders for file in (site.root / folder).rglob("*") if file.is_file()]
    return {file.relative_to(site.root).as_posix(): file.read_bytes() for file in files}


def of_slug(site: Site, slug: str) -> dict[str, bytes]:
    found = tree(site, "data/characters", "data/state/characters", "static/uploads/characters")
    return {path: data for path, data in found.items() if f"/{slug}/" in path or path.endswith(f"/{slug}.json")}


def style(site: Site, slug: str) -> Path:
    return site.root / f"data/styles/{slug}.json"


def test_the_page_shows_what_goes_where_and_asks_again_for_another_kind(site: Site, slug: str) -> None:
    page = site.http.get(f"/resource/characters/{slug}/transfer?target=styles").text
    dialog = site.http.get(f"/resource/characters/{slug}/transfer?target=scenes", headers=HTMX).text

    assert "Make a style of it" in page and 'name="to/styles/aesthetic"' in page
    assert '<option value="/style/artistic_style" selected>' in page
    assert "Make a scene of “Inkwash”" in dialog and "<html" not in dialog
    assert "2 images and the cover move along only if" in page


def test_a_program_gets_the_moves_and_the_kinds(site: Site, slug: str) -> None:
    told = site.get(f"/resource/characters/{slug}/transfer?target=styles")

    assert told["id"] == slug and told["name"] == "Inkwash"
    assert "styles" in told["targets"] and "checkpoints" not in told["targets"] and "presets" not in told["targets"]
    assert {"name": "to/lora", "from": "lora", "text": "ink.safetensors, 0.8", "to": "/lora"} in told["moves"]


def test_the_source_is_kept_byte_for_byte_unless_one_says_so(site: Site, slug: str) -> None:
    before = of_slug(site, slug)

    answer = site.post(f"/resource/characters/{slug}/transfer", target="styles", **{"to/identity/hair": ""})

    assert answer.status_code == 200, answer.text
    made = json.loads(style(site, slug).read_text())
    assert made["style"] == {"artistic_style": "ink wash"}
    assert made["lora"] == content(slug)["lora"] and made["tags"] == {"nsfw": True} and made["odd"] == [1]
    assert of_slug(site, slug) == before
    assert card(site, "styles", slug)["is_favourite"] and card(site, "styles", slug)["is_nsfw"]
    assert answer.json()["trash"] == "" and answer.json()["images"] == {}


def test_with_the_source_in_the_trash_images_and_cover_move_along(site: Site, slug: str) -> None:
    answer = site.post(f"/resource/characters/{slug}/transfer", target="styles", remove="on").json()

    now = card(site, "styles", slug)
    assert answer["trash"] and site.http.get(f"/characters/{slug}", headers=JSON).status_code == 404
    assert now["images"] == 2 and now["cover"] == f"/static/uploads/styles/{slug}/one.png"
    assert json.loads((site.root / f"static/uploads/styles/{slug}/two.png.json").read_text()) == {"seed": "two"}
    assert not (site.root / f"static/uploads/characters/{slug}").exists()


def test_undo_restores_both_exactly(site: Site, slug: str) -> None:
    before = of_slug(site, slug)
    answer = site.post(f"/resource/characters/{slug}/transfer", target="styles", remove="on").json()

    undone = site.post("/transfer/undo", id=answer["id"])

    assert undone.status_code == 200, undone.text
    assert of_slug(site, slug) == before
    assert not style(site, slug).exists()
    assert not (site.root / f"static/uploads/styles/{slug}").exists()
    assert card(site, "characters", slug)["images"] == 2
    assert card(site, "characters", slug)["cover"] == f"/static/uploads/characters/{slug}/one.png"
    assert site.post("/transfer/undo", id=answer["id"]).status_code == 404


def test_undo_of_what_was_changed_since_is_refused_in_words_and_keeps_both(site: Site, slug: str) -> None:
    answer = site.post(f"/resource/characters/{slug}/transfer", target="styles", remove="on").json()
    site.post(f"/styles/{slug}/nsfw")

    refused = site.post("/transfer/undo", id=answer["id"])

    assert refused.status_code == 409 and "was changed since" in refused.text
    assert style(site, slug).exists() and card(site, "styles", slug)["images"] == 2


def test_undo_is_refused_where_the_place_of_the_source_is_taken_again(site: Site, slug: str) -> None:
    answer = site.post(f"/resource/characters/{slug}/transfer", target="styles", remove="on").json()
    site.write(f"data/characters/{slug}.json", content(slug))
    until(lambda: card(site, "characters", slug), what="the new character")

    refused = site.post("/transfer/undo", id=answer["id"])

    assert refused.status_code == 409 and style(site, slug).exists()


def test_a_taken_slug_is_409_in_words_and_nothing_is_overwritten(site: Site, slug: str) -> None:
    site.write(f"data/styles/{slug}.json", {"style_id": slug, "style_name": "Mine"})
    until(lambda: card(site, "styles", slug), what="the style")
    before = tree(site, "data/styles", "data/characters", "static/uploads/characters")

    told = site.get(f"/resource/characters/{slug}/transfer?target=styles")
    program = site.post(f"/resource/characters/{slug}/transfer", target="styles", id=slug, remove="on")
    sent = {"target": "styles", "shown": "styles", "id": slug.upper(), "name": "Mine too", "remove": "on"}
    page = site.http.post(f"/resource/characters/{slug}/transfer", data=sent)

    assert told["id"] == f"{slug}_2"
    assert program.status_code == page.status_code == 409
    assert f"There is a «{slug}» among styles already" in program.text
    assert 'value="Mine too"' in page.text and "already; choose another id" in page.text
    assert tree(site, "data/styles", "data/characters", "static/uploads/characters") == before


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"target": "nothing"}, "it can be looks"),
        ({"target": "checkpoints"}, "it can be looks"),
        ({"target": "styles", "name": " "}, "A name is needed"),
        ({"target": "styles", "id": " "}, "An id is needed"),
        ({"target": "styles", "to/identity/hair": "/style_id"}, "is no place for identity::hair"),
        ({"target": "styles", "to/lora": "/style/artistic_style"}, "is no place for lora"),
        ({"target": "styles", "to/tags/nsfw": "style::artistic_style"}, "is no place for tags::nsfw"),
    ],
)
def test_what_does_not_fit_is_a_sentence_and_changes_nothing(site: Site, sent: dict[str, str], words: str) -> None:
    site.write("data/characters/unfit.json", content("unfit"))
    until(lambda: card(site, "characters", "unfit"), what="the character")
    before = tree(site, "data/styles", "data/characters")

    answer = site.post("/resource/characters/unfit/transfer", **sent)

    assert answer.status_code == 400 and words in answer.text
    assert tree(site, "data/styles", "data/characters") == before


def test_a_form_sent_for_a_kind_whose_mapping_was_not_shown_comes_back_with_it(site: Site, slug: str) -> None:
    sent = {"target": "scenes", "shown": "styles", "id": slug, "name": "Inkwash"}

    page = site.http.post(f"/resource/characters/{slug}/transfer", data=sent)

    assert page.status_code == 200 and "Make a scene of it" in page.text
    assert not (site.root / f"data/scenes/{slug}.json").exists()


def test_without_javascript_it_leads_to_a_page_with_undo(site: Site, slug: str) -> None:
    sent = {"target": "styles", "shown": "styles", "id": slug, "name": "Inkwash"}

    made = site.http.post(f"/resource/characters/{slug}/transfer", data=sent)
    page = site.http.get(made.headers["location"])
    undone = site.http.post("/transfer/undo", data={"id": made.headers["location"].rpartition("=")[2]})

    assert made.status_code == 303 and "Inkwash is a style now" in page.text
    assert 'action="/transfer/undo"' in page.text
    assert undone.status_code == 303 and undone.headers["location"] == f"/characters/{slug}"


def test_htmx_gets_a_message_with_undo(site: Site, slug: str) -> None:
    sent = {"target": "outfits", "shown": "outfits", "id": slug, "name": "Inkwash"}

    answer = site.http.post(f"/resource/characters/{slug}/transfer", data=sent, headers=HTMX)

    assert "Inkwash is an outfit now." in answer.text and 'hx-post="/transfer/undo"' in answer.text
    assert f'href="/outfits/{slug}"' in answer.text


def test_images_that_lie_at_the_new_place_already_are_not_overwritten(site: Site, slug: str) -> None:
    there = site.root / f"static/uploads/styles/{slug}"
    there.mkdir(parents=True)
    (there / "one.png").write_bytes(png(colour=3))
    before = of_slug(site, slug)

    answer = site.post(f"/resource/characters/{slug}/transfer", target="styles", remove="on").json()

    assert (there / "one.png").read_bytes() == png(colour=3)
    assert json.loads((there / "one-2.png.json").read_text()) == {"seed": "one"}
    assert card(site, "styles", slug)["cover"] == f"/static/uploads/styles/{slug}/one-2.png"
    assert site.post("/transfer/undo", id=answer["id"]).status_code == 200
    assert of_slug(site, slug) == before


def test_nothing_becomes_another_kind_by_get(site: Site, slug: str) -> None:
    site.http.get(f"/resource/characters/{slug}/transfer", params={"target": "styles", "remove": "on"})

    assert not style(site, slug).exists()


def test_the_menu_offers_it_where_there_is_a_kind_to_become(site: Site, slug: str) -> None:
    able: httpx.Response = site.http.get(f"/characters/{slug}")
    unable = site.http.get("/presets/evening")

    assert f'href="/resource/characters/{slug}/transfer"' in able.text
    assert "Turn into another kind" not in unable.text
    assert site.http.get("/resource/presets/evening/transfer").status_code == 404
    assert set(declared()) >= {"styles"}


# with the LoRA file


@pytest.fixture(scope="module")
def loras(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loras]:
    made = Loras(tmp_path_factory.mktemp("transfer"))
    yield made
    made.site.stop()


def test_moving_the_file_is_offered_and_suggested_where_no_other_names_it(loras: Loras) -> None:
    own = loras.site.http.get("/resource/characters/own/transfer?target=styles", headers=HTMX).text
    shared = loras.site.http.get("/resource/characters/one/transfer?target=styles", headers=HTMX).text
    same_folder = loras.site.http.get("/resource/characters/own/transfer?target=looks", headers=HTMX).text

    assert 'id="tr-move" checked' in own and "<option selected>Illustrious/Styles</option>" in own
    assert 'id="tr-move" aria' in shared and "is also named by Two" in shared
    assert "tr-move" not in same_folder and "the LoRA file stays where it is" in same_folder


def test_a_program_moves_the_file_only_if_it_says_so(loras: Loras) -> None:
    kept = loras.site.post("/resource/characters/page/transfer", target="scenes").json()

    assert kept["file"] is None and loras.file("page").exists()
    assert loras.site.post("/transfer/undo", id=kept["id"]).status_code == 200


def test_file_references_and_undo_over_http(loras: Loras) -> None:
    sent = {"target": "styles", "remove": "on", "move_file": "on"}

    made = loras.site.post("/resource/characters/own/transfer", **sent).json()
    moved = loras.folder / "Illustrious/Styles/own.safetensors"

    assert made["file"]["new"] == "Illustrious/Styles/own.safetensors" and moved.exists()
    assert made["pointed"] == ["data/presets/evening.json"]
    until(lambda: not loras.site.get("/styles/own")["missing_lora"], what="the file listed at its new place")
    assert "evening" in loras.site.http.get("/styles/own").text

    undone = loras.site.post("/transfer/undo", id=made["id"]).json()

    assert undone["left"] == [] and loras.file("own").exists() and not moved.exists()
    assert json.loads((loras.root / "data/presets/evening.json").read_text())["recipe"] == {"character": "own"}


@pytest.mark.parametrize(
    ("sent", "status", "words"),
    [
        ({"target": "styles", "folder": "elsewhere"}, 400, "styles have Illustrious/Styles"),
        ({"target": "looks"}, 400, "leave it there"),
    ],
)
def test_a_move_that_cannot_be_is_said(loras: Loras, sent: dict[str, str], status: int, words: str) -> None:
    answer = loras.site.post("/resource/characters/undo/transfer", move_file="on", **sent)

    assert answer.status_code == status and words in answer.text
    assert loras.file("undo").exists()
