"""The starter library in `data/` and `static/uploads/`: whole, safe for work, and tied to no model."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from PIL import Image

from gaze.categories import declared
from gaze.core.asset import Asset
from gaze.core.plan import plan
from gaze.core.recipe import Recipe
from gaze.library.check import check
from gaze.library.service import Library
from gaze.web.recipe_form import asset_recipe

PROGRAM = Path(__file__).parents[2]
UPLOADS = PROGRAM / "static/uploads"
AT_LEAST = {
    "characters": 16,
    "looks": 4,
    "outfits": 8,
    "actions": 8,
    "styles": 7,
    "scenes": 9,
    "detailers": 3,
    "checkpoints": 2,
    "presets": 8,
}
MODEL_FILE = re.compile(r"\.(safetensors|ckpt|pt|pth|gguf|bin)\b", re.IGNORECASE)
# Tags that ask for what is not safe for work; they may only stand in a negative prompt.
UNSAFE = re.compile(r"\b(nsfw|explicit|questionable|nude|naked|lingerie|underwear|panties|cleavage|topless)\b")


@cache
def starter() -> Library:
    library = Library(PROGRAM, PROGRAM, declared())
    library.scan()
    return library


def assets(category: str) -> list[Asset]:
    shelf = starter().shelf()
    found = [shelf.find(category, choice) for choice in shelf.choices(category)]
    return [asset for asset in found if asset is not None]


def texts(value: Any) -> list[str]:
    """Every text in a JSON value, by depth."""
    if isinstance(value, dict):
        return [text for item in value.values() for text in texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    return [value] if isinstance(value, str) else []


def files(pattern: str) -> list[Path]:
    return sorted(path for path in (PROGRAM / "data").glob(pattern) if ".gaze" not in path.parts)


def written(asset: Asset) -> Any:
    return json.loads((PROGRAM / asset.path).read_text("utf-8"))


def every_text() -> str:
    """All prompt text of assets and wildcards in one, to look for names in."""
    words = [text for category in AT_LEAST for asset in assets(category) for text in texts(written(asset))]
    return "\n".join(words + [path.read_text("utf-8") for path in files("wildcards/**/*.txt")])


def test_no_file_has_a_problem() -> None:
    problems, doubts = check(PROGRAM, PROGRAM, declared())

    assert [str(problem) for problem in (*problems, *doubts)] == []


@pytest.mark.parametrize(("category", "least"), AT_LEAST.items())
def test_every_category_has_something_to_play_with(category: str, least: int) -> None:
    assert len(assets(category)) >= least


def test_every_character_has_several_outfits_the_first_of_them_default() -> None:
    for asset in assets("characters"):
        assert len(asset.outfits) >= 2, asset.key
        assert next(iter(asset.outfits)) == "default", asset.key


def test_every_look_belongs_to_a_character_that_is_there() -> None:
    ids = {asset.id for asset in assets("characters")}

    assert {asset.data.character_id for asset in assets("looks")} <= ids


def test_only_checkpoints_name_a_model_file() -> None:
    """It must work with a ComfyUI that has any one checkpoint and no LoRA."""
    for category in AT_LEAST:
        if category != "checkpoints":
            for asset in assets(category):
                assert not any(MODEL_FILE.search(text) for text in texts(written(asset))), asset.key
                assert not asset.lora, asset.key


@pytest.mark.parametrize("preset", assets("presets"), ids=lambda preset: preset.slug)
def test_a_preset_needs_no_checkpoint_and_can_be_planned(preset: Asset) -> None:
    recipe: Recipe = preset.data.recipe
    assert recipe.checkpoint is None

    for seed in range(7):
        made = plan(msgspec.structs.replace(recipe, seed=seed), starter().shelf(), Random(7))

        notes = {note.code for note in made.notes}
        assert made.positive
        assert not notes & {"unknown-wildcard", "wildcard-loop", "wildcard-short", "unbalanced", "orientation"}
        assert "__" not in made.positive


@pytest.mark.parametrize("category", AT_LEAST)
def test_everything_can_be_generated_from_its_own_page(category: str) -> None:
    for asset in assets(category):
        made = plan(asset_recipe(asset, {}, starter().shelf()), starter().shelf(), Random(7))

        assert made.positive, asset.key


def test_the_presets_show_what_a_recipe_can_say() -> None:
    recipes = [asset.data.recipe for asset in assets("presets")]

    assert any(recipe.character == "__random__" for recipe in recipes)
    assert any(recipe.fields is not None for recipe in recipes)
    assert any(recipe.look for recipe in recipes)
    assert any("__random__" in recipe.scenes for recipe in recipes)
    assert any(recipe.width and recipe.count > 1 for recipe in recipes)
    assert any("__" in recipe.extra_positive for recipe in recipes)


def test_every_wildcard_in_use_exists_and_every_file_can_be_drawn_from() -> None:
    shelf = starter().shelf()
    used = set(re.findall(r"__([a-z][a-z/_]*?)__", every_text())) - {"random"}

    assert len(used) >= 6
    assert {name for name in used if not shelf.wildcard(name)} == set()
    for path in files("wildcards/**/*.txt"):
        name = path.relative_to(PROGRAM / "data/wildcards").with_suffix("").as_posix()
        assert len(shelf.wildcard(name) or ()) >= 2, name


def test_everything_is_safe_for_work() -> None:
    for category in AT_LEAST:
        for asset in assets(category):
            assert asset.data.tags.nsfw is False, asset.key
            asked = {key: value for key, value in written(asset).items() if "negative" not in key}
            assert not [text for text in texts(asked) if UNSAFE.search(text.lower())], asset.key


def test_the_files_are_written_as_the_program_would_keep_them() -> None:
    for path in files("**/*.json"):
        text = path.read_text("utf-8")
        assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n", path.name


def test_every_asset_has_one_cover_with_a_sidecar() -> None:
    for category in AT_LEAST:
        for asset in assets(category):
            cover = starter().card(asset).cover
            assert cover, asset.key
            assert starter().gallery.of(asset) == [cover], asset.key
            sidecar = json.loads((UPLOADS / f"{cover}.json").read_text("utf-8"))
            assert sidecar["recipe"]["subject"] == asset.key
            assert sidecar["is_nsfw"] is False, asset.key
            with Image.open(UPLOADS / cover) as picture:
                assert picture.size == (sidecar["width"], sidecar["height"]), asset.key
                assert "prompt" in picture.info, asset.key


def test_the_state_of_the_starter_is_its_covers_and_nothing_else() -> None:
    for path in files("state/**/*.json"):
        assert list(json.loads(path.read_text("utf-8"))) == ["cover"], path.name


def test_covers_tell_nothing_of_the_machine_they_were_made_on() -> None:
    for path in UPLOADS.rglob("*.json"):
        text = path.read_text("utf-8")
        assert json.loads(text)["backend"] == "simulator"
        assert not re.search(r"https?://|localhost|\d+\.\d+\.\d+\.\d+|/(tmp|home|root|work|Users)/", text), path.name


def test_all_covers_together_are_small() -> None:
    assert sum(path.stat().st_size for path in UPLOADS.rglob("*") if path.is_file()) < 5_000_000


@pytest.mark.parametrize("category", AT_LEAST)
def test_no_cover_is_older_than_its_asset(category: str) -> None:
    assert starter().stale(category) == []
