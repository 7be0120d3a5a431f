"""Deleting with the model file over HTTP: asked first, done, taken back; a page, a dialog, JSON."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.library.make import png
from tests.library.test_models import model
from tests.site import JSON, Site, character, until

HTMX = {"HX-Request": "true"}


class Loras:
    """A GAZE with a LoRA folder: `own` names a file alone, `one` and `two` name the same."""

    def __init__(self, tmp: Path) -> None:
        self.folder = tmp / "loras"
        self.root = tmp / "root"
        for name in ("own", "shared", "locked", "undo", "page", "same"):
            model(self.folder / f"Illustrious/Looks/{name}.safetensors")
        model(self.folder / "locked/locked.safetensors")
        (self.folder / "Illustrious/Looks/own.preview.png").write_bytes(png())
        self.site = Site(self.root, {"GAZE_LORA_ROOT": str(self.folder)})
        self.add("own", "Illustrious/Looks/own.safetensors")
        self.add("one", "Illustrious/Looks/shared.safetensors")
        self.add("two", "Illustrious/Looks/shared.safetensors", 0.3)
        self.add("undo", "Illustrious/Looks/undo.safetensors")
        self.add("page", "Illustrious/Looks/page.safetensors")
        self.add("locked", "locked/locked.safetensors")
        self.add("gone", "Illustrious/Looks/gone.safetensors")
        self.add("bare", "")
        evening = {"preset_id": "evening", "preset_name": "Evening", "recipe": {"character": "own"}}
        self.site.write("data/presets/evening.json", evening)
        self.site.start()
        until(lambda: self.ask("own")["hard"], what="the folder read")

    def add(self, slug: str, lora: str, weight: float = 1.0) -> None:
        content = {**character(slug), "lora": {"lora_name": lora, "lora_weight": weight}}
        self.site.write(f"data/characters/{slug}.json", content)

    def ask(self, slug: str) -> dict[str, object]:
        return dict(self.site.get(f"/resource/characters/{slug}/delete"))

    def file(self, name: str) -> Path:
        return self.folder / f"Illustrious/Looks/{name}.safetensors"


@pytest.fixture(scope="module")
def loras(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loras]:
    made = Loras(tmp_path_factory.mktemp("delete"))
    yield made
    made.site.stop()


def test_the_dialog_names_the_file_and_who_names_the_asset(loras: Loras) -> None:
    dialog = loras.site.http.get("/resource/characters/own/delete", headers=HTMX).text

    assert "Move Own to the trash?" in dialog and "<html" not in dialog
    assert "Also the LoRA file" in dialog and "Illustrious/Looks/own.safetensors" in dialog
    assert "used by no other" in dialog
    assert "1 file names this character" in dialog and "/presets/evening" in dialog


def test_the_dialog_says_who_else_uses_the_file_and_does_not_offer_it(loras: Loras) -> None:
    dialog = loras.site.http.get("/resource/characters/one/delete", headers=HTMX).text

    assert 'value="hard" disabled' in dialog
    assert "used by 1" in dialog and 'href="/characters/two"' in dialog and "weight 0.30" in dialog
    assert loras.ask("one")["users"] == [{"category": "characters", "slug": "two"}]
    assert "Two" in str(loras.ask("one")["why"])


@pytest.mark.parametrize(("slug", "words"), [("gone", "not in the configured folder"), ("bare", "")])
def test_what_cannot_go_along_is_said(loras: Loras, slug: str, words: str) -> None:
    told = loras.ask(slug)

    assert not told["hard"]
    assert words in str(told["why"])


def test_the_pages_menu_asks_only_where_there_is_a_file_to_ask_about(loras: Loras) -> None:
    with_file = loras.site.http.get("/characters/own").text
    without = loras.site.http.get("/characters/bare").text

    assert 'hx-get="/resource/characters/own/delete"' in with_file
    assert 'hx-post="/resource/characters/bare/delete"' in without


def test_hard_moves_the_file_and_what_lies_beside_it_and_restore_brings_all_back(loras: Loras) -> None:
    before = loras.file("own").read_bytes()

    answer = loras.site.post("/resource/characters/own/delete", mode="hard").json()

    assert answer["mode"] == "hard" and answer["files"][0].endswith("own.safetensors")
    assert not loras.file("own").exists() and not loras.file("own").with_suffix(".preview.png").exists()
    assert loras.site.http.get("/characters/own", headers=JSON).status_code == 404
    page = loras.site.http.get("/trash").text
    assert "own.safetensors with 1 file beside it" in page

    assert loras.site.post(f"/trash/{answer['trash_id']}/restore").status_code == 200

    assert loras.file("own").read_bytes() == before and loras.file("own").with_suffix(".preview.png").exists()
    until(lambda: loras.ask("own")["hard"], what="the file listed again")
    assert not loras.site.get("/characters/own")["missing_lora"]


def test_undo_in_the_toast_is_the_trash_entry_and_the_dialog_is_closed(loras: Loras) -> None:
    html = loras.site.http.post("/resource/characters/undo/delete", data={"mode": "hard"}, headers=HTMX).text

    assert "its model file too" in html and 'hx-target="#dialog"' in html
    undo = html.split('action="')[1].split('"')[0]
    assert loras.site.http.post(undo, headers=HTMX).status_code == 200
    assert loras.file("undo").exists()


def test_without_javascript_a_page_asks_and_a_form_does_it(loras: Loras) -> None:
    page = loras.site.http.get("/resource/characters/page/delete").text
    answer = loras.site.http.post("/resource/characters/page/delete", data={"mode": "hard"})

    assert "<!doctype html>" in page and 'value="hard"' in page
    assert (answer.status_code, answer.headers["location"]) == (303, "/characters/")
    assert not loras.file("page").exists()


def test_a_file_others_name_is_409_and_nothing_is_deleted(loras: Loras) -> None:
    answer = loras.site.post("/resource/characters/one/delete", mode="hard")
    dialog = loras.site.http.post("/resource/characters/one/delete", data={"mode": "hard"}, headers=HTMX)

    assert answer.status_code == dialog.status_code == 409
    assert "Two" in answer.json()["errors"][0]["message"]
    assert 'role="alert"' in dialog.text and "nothing was deleted" in dialog.text
    assert loras.site.http.get("/characters/one").status_code == 200
    assert loras.file("shared").exists()


def test_a_folder_that_takes_nothing_is_503_and_nothing_is_deleted(loras: Loras) -> None:
    folder = loras.folder / "locked"
    (folder / ".gaze-trash").write_text("")
    if os.geteuid() != 0:
        folder.chmod(0o555)

    answer = loras.site.post("/resource/characters/locked/delete", mode="hard")

    folder.chmod(0o755)
    assert answer.status_code == 503
    assert "nothing was deleted" in answer.json()["errors"][0]["message"]
    assert (folder / "locked.safetensors").exists()
    assert loras.site.http.get("/characters/locked").status_code == 200


def test_nothing_to_ask_about_is_404(loras: Loras) -> None:
    assert loras.site.http.get("/resource/characters/nobody/delete").status_code == 404
    assert loras.site.http.get("/resource/nothing/own/delete").status_code == 404
