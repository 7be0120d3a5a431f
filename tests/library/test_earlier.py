"""A folder of the earlier Flask program: read as it is, its database offered once."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from PIL import Image

from gaze.categories import declared
from gaze.library import earlier
from gaze.library.service import Library
from tests.library.make import write_json
from tests.site import REPOSITORY


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """What the earlier program left: old spellings, images, a database with a key in it."""
    write_json(
        tmp_path,
        "data/characters/tifa.json",
        {
            "character_id": "tifa",
            "identity": {"hair": "black hair"},
            "wardrobe": {"top": "white shirt", "gloves": "red gloves"},
            "lora": {"lora_name": "Illustrious\\Looks\\tifa.safetensors", "lora_weight": "0.8"},
            "tags": ["fighter", "long hair"],
        },
    )
    write_json(tmp_path, "data/clothing/maid.json", {"outfit_id": "maid", "tags": {"nsfw": "True"}})
    write_json(tmp_path, "data/presets/odd.json", {"preset_id": "odd", "recipe": ["not", "a", "recipe"]})
    picture = tmp_path / "static/uploads/characters/tifa/1.png"
    picture.parent.mkdir(parents=True)
    Image.new("RGB", (8, 8)).save(picture)
    (tmp_path / "comfy_workflow.json").write_bytes((REPOSITORY / "workflows/default.json").read_bytes())
    (tmp_path / "instance").mkdir()
    with sqlite3.connect(tmp_path / "instance/database.db") as database:
        database.execute("CREATE TABLE character (slug, is_favourite, default_fields, image_path)")
        database.execute("CREATE TABLE outfit (slug, is_favourite)")
        database.execute("CREATE TABLE settings (api_key)")
        database.execute("INSERT INTO settings VALUES ('sk-secret')")
        fields = json.dumps(["identity::hair"])
        database.execute("INSERT INTO character VALUES ('tifa', 1, ?, 'characters/tifa/1.png')", (fields,))
        database.execute("INSERT INTO character VALUES ('gone', 1, 'broken', '../../instance/database.db')")
        database.execute("INSERT INTO outfit VALUES ('maid', 0)")
    return tmp_path


def read(root: Path) -> Library:
    library = Library(root, REPOSITORY, declared())
    library.scan()
    return library


def test_old_spellings_are_read_as_what_they_mean(root: Path) -> None:
    library = read(root)
    tifa = library.get("characters", "tifa")

    assert list(tifa.outfits) == ["default"]
    assert tifa.lora is not None
    assert tifa.lora.lora_weight == 0.8
    assert tifa.data.tags.listed == ["fighter", "long hair"]
    assert library.get("outfits", "maid").nsfw
    assert library.gallery.of(tifa) == ["characters/tifa/1.png"]


def test_a_preset_that_is_not_understood_is_a_problem_and_kept_as_it_is(root: Path) -> None:
    before = (root / "data/presets/odd.json").read_bytes()

    problems = [problem for problem in read(root).problems() if problem.path == "data/presets/odd.json"]

    assert problems[0].field == "recipe"
    assert (root / "data/presets/odd.json").read_bytes() == before


def test_its_workflow_is_a_template(root: Path) -> None:
    assert "comfy_workflow" in read(root).shelf().templates()


def test_what_its_database_holds_is_offered(root: Path) -> None:
    found = earlier.offer(root, declared())

    assert found == earlier.Earlier(favourites=2, selections=1, covers=1)


def test_taking_over_fills_the_state_of_assets_that_are_there(root: Path) -> None:
    library = read(root)

    assert library.preferences.take_over() == 1

    state = json.loads((root / "data/state/characters/tifa.json").read_text())
    assert state == {
        "is_favourite": True,
        "default_fields": ["identity::hair"],
        "cover": "characters/tifa/1.png",
    }
    assert not (root / "data/state/characters/gone.json").exists()
    assert earlier.offer(root, declared()) is None


def test_what_is_kept_already_stays(root: Path) -> None:
    write_json(root, "data/state/characters/tifa.json", {"is_favourite": False, "default_fields": []})

    read(root).preferences.take_over()

    state = json.loads((root / "data/state/characters/tifa.json").read_text())
    assert state["is_favourite"] is False
    assert state["default_fields"] == []
    assert state["cover"] == "characters/tifa/1.png"


def test_the_database_is_only_read_and_no_key_of_it_is_kept(root: Path) -> None:
    before = (root / "instance/database.db").read_bytes()

    read(root).preferences.take_over()

    assert (root / "instance/database.db").read_bytes() == before
    kept = [file.read_bytes() for file in (root / "data").rglob("*") if file.is_file()]
    assert not any(b"sk-secret" in content for content in kept)


def test_a_refused_offer_is_not_made_again(root: Path) -> None:
    earlier.answer(root, taken=False)

    assert earlier.offer(root, declared()) is None


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\x00" + b"\xff" * 200])
def test_a_database_that_cannot_be_read_offers_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "instance").mkdir()
    (tmp_path / "instance/database.db").write_bytes(content)

    assert earlier.offer(tmp_path, declared()) is None
