"""What other tools wrote beside a model file fills empty fields, and is never a fault."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gaze.categories import declared
from gaze.library.editor import blank
from gaze.library.fromfile import draft, name_of, triggers_of
from gaze.library.models import folders_of
from gaze.library.safetensors import Header
from gaze.library.sidecars import TEXTS, Sidecar, picture_of, read_sidecars

CATEGORIES = declared()


def beside(tmp: Path, **texts: Any) -> Sidecar:
    endings = {"a1111": ".json", "manager": ".metadata.json", "civitai": ".civitai.info"}
    for name, value in texts.items():
        content = value if isinstance(value, bytes) else json.dumps(value).encode()
        (tmp / f"x{endings[name]}").write_bytes(content)
    return read_sidecars(tmp / "x.safetensors", [endings[name] for name in texts])


def test_a1111_says_triggers_weight_negative_and_notes(tmp_path: Path) -> None:
    said = beside(
        tmp_path,
        a1111={
            "activation text": "tifa, gloves",
            "preferred weight": 0.8,
            "negative text": "hat",
            "notes": "n",
            "sd version": "SDXL",
        },
    )

    assert said == Sidecar(triggers="tifa, gloves", weight=0.8, negative="hat", notes="n", base_model="SDXL")


def test_lora_manager_and_civitai_fill_what_a1111_leaves_open(tmp_path: Path) -> None:
    said = beside(
        tmp_path,
        a1111={"activation text": "", "preferred weight": 0},
        manager={
            "model_name": "Tifa",
            "usage_tips": '{"strength": 0.65}',
            "base_model": "Pony",
            "preview_nsfw_level": 8,
        },
        civitai={"model": {"name": "Tifa by X"}, "trainedWords": ["", "tifa a", "tifa b"], "baseModel": "Illustrious"},
    )

    assert (said.name, said.triggers, said.weight, said.base_model, said.nsfw) == ("Tifa", "tifa a", 0.65, "Pony", True)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"[1, 2]",
        b"null",
        b'"text"',
        b"[" * 5000,
        b'{"activation text": 5, "preferred weight": "strong", "notes": ["a"], "sd version": null}',
        b'{"model": "x", "trainedWords": "x", "usage_tips": "{", "civitai": [], "preview_nsfw_level": "x"}',
        b'{"preferred weight": NaN, "usage_tips": [1], "trainedWords": [null, {}]}',
    ],
)
def test_nothing_beside_a_model_is_a_fault(tmp_path: Path, content: bytes) -> None:
    assert beside(tmp_path, a1111=content, manager=content, civitai=content) == Sidecar()


def test_files_that_went_away_meanwhile_say_nothing(tmp_path: Path) -> None:
    assert read_sidecars(tmp_path / "x.safetensors", TEXTS) == Sidecar()


def test_the_preview_picture_is_the_one_made_as_such(tmp_path: Path) -> None:
    assert picture_of(tmp_path / "x.safetensors", (".preview.png", ".png")) == tmp_path / "x.preview.png"
    assert picture_of(tmp_path / "x.safetensors", (".json",)) is None


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("Illustrious/Looks/juno-epoch-08.safetensors", "Juno"),
        ("aster_v2.safetensors", "Aster"),
        ("Basil.safetensors", "Basil"),
        ("red_mage_illustrious_v1.0.safetensors", "Red Mage"),
        ("v2.safetensors", "V2"),
        ("初音.safetensors", "初音"),
        ("McCoy.safetensors", "McCoy"),
    ],
)
def test_a_name_comes_from_the_file_without_its_version(path: str, name: str) -> None:
    assert name_of(path) == name


def test_triggers_are_tags_that_nearly_every_picture_had() -> None:
    header = Header(tags=(("1girl", 100), ("tifa", 99), ("solo", 97), ("smile", 95), ("gloves", 40)))

    assert triggers_of(header) == "tifa"
    assert triggers_of(Header()) == ""


@pytest.mark.parametrize("category", [c for c in CATEGORIES.values() if c.lora or c.chosen_by_id], ids=lambda c: c.name)
def test_every_category_with_files_makes_an_entry_that_reads_back(category: Any) -> None:
    said = Sidecar(triggers="a b", weight=0.6, negative="hat", nsfw=True, base_model="Pony")

    made = draft(category, "x/y.safetensors", Header(), said, blank(category, "", ""))

    from gaze.core.asset import read_asset

    asset, misfits = read_asset(category, "x.json", {**made.raw, category.name_field: made.name}, "")
    assert misfits == []
    assert asset.nsfw
    if category.lora:
        assert asset.lora and (asset.lora.lora_name, asset.lora.lora_weight) == ("x/y.safetensors", 0.6)
        assert "lora_weight_min" not in made.raw["lora"]
    else:
        assert (asset.id, asset.data.tags.base_model) == ("x/y.safetensors", "Pony")


def test_a_looks_negative_is_filled_and_a_scenes_has_none() -> None:
    said = Sidecar(negative="hat")

    look = draft(CATEGORIES["looks"], "x.safetensors", Header(), said, blank(CATEGORIES["looks"], "", ""))
    scene = draft(CATEGORIES["scenes"], "x.safetensors", Header(), said, blank(CATEGORIES["scenes"], "", ""))

    assert look.raw["negative"] == "hat"
    assert "hat" not in json.dumps(scene.raw)


def test_folders_are_as_declared_unless_the_settings_say_otherwise() -> None:
    looks = CATEGORIES["looks"]

    assert folders_of(looks, {}) == ("Illustrious/Looks",)
    assert folders_of(looks, {"model_folders": {"looks": ["A", "B"]}}) == ("A", "B")
    assert folders_of(looks, {"model_folders": {"looks": "A"}}) == ("A",)
    assert folders_of(looks, {"model_folders": "nonsense"}) == ("Illustrious/Looks",)
    assert folders_of(CATEGORIES["checkpoints"], {}) == ("Illustrious", "Noob")
