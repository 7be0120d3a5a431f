"""An asset becomes another kind with its LoRA file, and all that named either follows; undo is exact."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gaze.core.errors import Conflict
from gaze.core.transfer import suggest, transferred
from gaze.library.transfer import Transfer, transfer, undo
from tests.library.make import png, write_json
from tests.library.test_models import CATEGORIES, Files, model
from tests.library.test_modeltrash import tree

INK = "Illustrious/Looks/ink.safetensors"
STYLES = "Illustrious/Styles"


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Files]:
    """A character in a group whose LoRA has a picture beside it, a look that names the same file, presets, a look."""
    made = Files(tmp_path)
    model(made.loras / INK).with_suffix(".preview.png").write_bytes(png())
    ink = {"character_id": "ink", "character_name": "Ink", "lora": {"lora_name": INK, "lora_weight": 0.8}}
    write_json(made.root, "data/characters/ff7/ink.json", ink)
    shares = {"look_id": "shares", "look_name": "Shares", "lora": {"lora_name": INK.replace("/", "\\")}}
    write_json(made.root, "data/looks/shares.json", shares)
    write_json(made.root, "data/looks/owned.json", {"look_id": "owned", "look_name": "Owned", "character_id": "ink"})
    recipe = {"character": "ink", "styles": ["oil"], "weights": {"characters/ink": 0.5}, "off": ["characters/ink"]}
    write_json(made.root, "data/presets/evening.json", {"preset_id": "evening", "mine": 1, "recipe": recipe})
    made.look()
    yield made
    made.models.stop()


def become(files: Files, target: str, **how: Any) -> Transfer:
    asset = files.library.get("characters", "ink")
    raw = {"lora": {"lora_name": INK, "lora_weight": 0.8}}
    kind = CATEGORIES[target]
    made = transferred(asset, raw, kind, suggest(asset, raw, kind), "Ink", "ink")
    return transfer(files.library, asset, kind, made, **how)


def everything(files: Files) -> dict[str, bytes]:
    kept = {path: data for path, data in tree(files.root / "data").items() if not path.startswith((".gaze", "state"))}
    return {**kept, **tree(files.loras)}


def test_the_new_file_lies_in_the_same_group(files: Files) -> None:
    become(files, "styles", remove=False)

    assert files.library.get("styles", "ink").path == "data/styles/ff7/ink.json"


def test_the_lora_file_moves_with_what_lies_beside_it_and_every_asset_names_its_new_place(files: Files) -> None:
    become(files, "styles", remove=False, folder=STYLES)

    assert sorted(tree(files.loras)) == [f"{STYLES}/ink.preview.png", f"{STYLES}/ink.safetensors"]
    for category, slug in (("styles", "ink"), ("characters", "ink"), ("looks", "shares")):
        lora = files.library.get(category, slug).lora
        assert lora and lora.lora_name == f"{STYLES}/ink.safetensors"


@pytest.mark.parametrize("remove", [True, False])
def test_undo_restores_every_file_byte_for_byte(files: Files, remove: bool) -> None:
    before = everything(files)

    done = become(files, "styles", remove=remove, folder=STYLES)
    files.look()
    left = undo(files.library, done.id).left

    assert everything(files) == before
    assert left == []


def test_a_recipe_that_chose_a_trashed_source_chooses_the_new_one(files: Files) -> None:
    done = become(files, "styles", remove=True)

    recipe = files.library.get("presets", "evening").data.recipe
    assert recipe.character is None and recipe.styles == ["oil", "ink"]
    assert recipe.weights == {"styles/ink": 0.5} and recipe.off == ["styles/ink"]
    assert [file.path for file in done.pointed] == ["data/presets/evening.json"]


def test_a_recipe_whose_source_is_kept_is_left_alone(files: Files) -> None:
    before = (files.root / "data/presets/evening.json").read_bytes()

    become(files, "styles", remove=False)

    assert (files.root / "data/presets/evening.json").read_bytes() == before


def test_what_cannot_name_the_new_kind_is_said(files: Files) -> None:
    left = become(files, "styles", remove=True).left

    assert left == ["Owned still names Ink the character: character_id takes no style."]


def test_a_recipe_that_has_one_already_is_said(files: Files) -> None:
    recipe = {"character": "ink", "look": "shares"}
    write_json(files.root, "data/presets/evening.json", {"preset_id": "evening", "preset_name": "E", "recipe": recipe})
    files.look()

    left = become(files, "looks", remove=True).left

    assert "E still names Ink the character: it chooses a look already, shares." in left


def test_undo_leaves_a_recipe_that_was_changed_since_and_says_so(files: Files) -> None:
    done = become(files, "styles", remove=True)
    files.library.writing.save_fields("presets", "evening", {"preset_name": "Later"})

    left = undo(files.library, done.id).left

    assert left == ["«data/presets/evening.json» was changed since, so it stays as it is."]
    assert files.library.find("characters", "ink") and not files.library.find("styles", "ink")


def test_a_taken_place_is_refused_and_nothing_has_changed(files: Files) -> None:
    model(files.loras / STYLES / "ink.safetensors", body=b"abcdefgh")
    files.look()
    before = everything(files)

    with pytest.raises(Conflict, match=r"«Illustrious/Styles/ink\.safetensors» already"):
        become(files, "styles", remove=True, folder=STYLES)

    assert everything(files) == before


def test_an_asset_that_cannot_be_written_takes_all_of_it_back(files: Files) -> None:
    (files.root / "data/looks/shares.json").write_text('{"look_id": "shares", "lora": {"lora_name": 1,}}')
    before = everything(files)

    with pytest.raises(Exception, match="Line 1"):
        become(files, "styles", remove=True, folder=STYLES)

    assert everything(files) == before
    assert files.library.get("characters", "ink").path == "data/characters/ff7/ink.json"
