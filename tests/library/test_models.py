"""LoRA and checkpoint files: what their headers say, which are missing, what may be meant (faults F45-F51, F99)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gaze.categories import declared
from gaze.core.errors import Conflict, Refusal
from gaze.core.plan import LoraUse, Plan
from gaze.library.changes import Change, ModelsChanged, ProblemsChanged
from gaze.library.models import Models
from gaze.library.query import Query
from gaze.library.safetensors import autov3, read_header
from gaze.library.service import Library
from gaze.web.editing.relink import offer, relink
from gaze.web.modelview import base_notes, suits
from tests.library.make import write_json

CATEGORIES = declared()


def model(file: Path, metadata: dict[str, Any] | None = None, body: bytes = b"12345678", **tensors: Any) -> Path:
    """A small, whole .safetensors file."""
    head: dict[str, Any] = {"__metadata__": metadata} if metadata is not None else {}
    head["weight"] = {"dtype": "F32", "shape": [2], "data_offsets": [0, len(body)]}
    head |= {name: {"dtype": "F16", "shape": shape, "data_offsets": [0, 0]} for name, shape in tensors.items()}
    text = json.dumps(head).encode()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(len(text).to_bytes(8, "little") + text + body)
    return file


class Files:
    """A library with a LoRA folder and a checkpoint folder."""

    def __init__(self, tmp: Path) -> None:
        self.root, self.loras, self.checkpoints = tmp / "root", tmp / "loras", tmp / "checkpoints"
        self.loras.mkdir(parents=True)
        self.checkpoints.mkdir()
        self.told: list[Change] = []
        self.folders = {"lora": str(self.loras), "checkpoint": str(self.checkpoints)}
        (self.root / "data/.gaze").mkdir(parents=True)
        self.library = Library(self.root, Path(__file__).parents[2], CATEGORIES)
        self.models = Models(
            CATEGORIES,
            self.root / "data/.gaze",
            lambda: self.folders,
            self.library.named_models,
            self.told.extend,
        )
        self.library.models, self.library.is_missing = self.models, self.models.is_missing

    def character(self, slug: str, lora: str) -> None:
        content = {"character_id": slug, "character_name": slug.title(), "lora": {"lora_name": lora}}
        write_json(self.root, f"data/characters/{slug}.json", content)

    def look(self) -> None:
        self.library.scan()
        self.models.look()


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Files]:
    made = Files(tmp_path)
    yield made
    made.models.stop()


# headers


def test_f45_a_header_without_metadata_is_a_plain_file(tmp_path: Path) -> None:
    assert read_header(model(tmp_path / "a.safetensors")).fault == ""


@pytest.mark.parametrize("value", ["{}", "", "no JSON", "[]", '{"a": 3}', "[[[["])
def test_f46_tags_of_no_use_are_no_tags_and_no_fault(tmp_path: Path, value: str) -> None:
    found = read_header(model(tmp_path / "a.safetensors", {"ss_tag_frequency": value}))

    assert found.fault == ""
    assert found.tags == ((("a", 3),) if "3" in value else ())


def test_f47_a_header_beyond_the_end_is_an_incomplete_file(tmp_path: Path) -> None:
    whole = model(tmp_path / "a.safetensors").read_bytes()
    for length in (0, 5, 8, 20, len(whole) - 1):
        (tmp_path / "a.safetensors").write_bytes(whole[:length])

        assert read_header(tmp_path / "a.safetensors").fault == "incomplete file"


def test_f48_a_web_page_is_no_safetensors_file(tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_text("<!doctype html><html><body>Please log in</body></html>")

    assert read_header(tmp_path / "a.safetensors").fault == "not a safetensors file"


@pytest.mark.parametrize("body", [b"{" + b"x" * 40, b'{"a":1}   ', b'{"a":{"shape":"x"}}', b"{" * 3000])
def test_a_header_that_is_no_header_is_no_safetensors_file(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "a.safetensors").write_bytes(len(body).to_bytes(8, "little") + body)

    assert read_header(tmp_path / "a.safetensors").fault == "not a safetensors file"


def test_trained_tags_are_counted_over_all_folders(tmp_path: Path) -> None:
    counts = {"10_a": {"tifa": 12, "smile": 3}, "5_b": {"smile": 20}}
    metadata = {"ss_tag_frequency": json.dumps(counts), "ss_output_name": "tifa_v2"}

    found = read_header(model(tmp_path / "a.safetensors", metadata))

    assert found.tags == (("smile", 23), ("tifa", 12))
    assert found.output_name == "tifa_v2"


@pytest.mark.parametrize(
    ("metadata", "base"),
    [
        ({"ss_base_model_version": "sdxl_base_v1-0"}, "SDXL"),
        ({"ss_base_model_version": "sd_v1"}, "SD 1.5"),
        (
            {"ss_base_model_version": "sdxl_base_v1-0", "ss_sd_model_name": "Illustrious-XL-v0.1.safetensors"},
            "Illustrious",
        ),
        ({"ss_base_model_version": "sdxl_base_v1-0", "ss_sd_model_name": "ponyDiffusionV6XL.safetensors"}, "Pony"),
        ({"modelspec.architecture": "stable-diffusion-xl-v1-base/lora"}, "SDXL"),
        ({"modelspec.architecture": "flux-1-dev/lora"}, "Flux"),
        ({"ss_base_model_version": None}, ""),
    ],
)
def test_the_base_model_is_what_it_was_trained_on(tmp_path: Path, metadata: dict[str, Any], base: str) -> None:
    assert read_header(model(tmp_path / "a.safetensors", metadata)).base_model == base


@pytest.mark.parametrize(("width", "base"), [(768, "SD 1.5"), (1024, "SD 2"), (2048, "SDXL"), (7, "")])
def test_shapes_tell_the_base_model_where_nobody_says_it(tmp_path: Path, width: int, base: str) -> None:
    name = "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k.lora_down.weight"
    file = model(tmp_path / "a.safetensors", **{name: [8, width]})

    assert read_header(file).base_model == base


def test_autov3_is_the_hash_of_what_follows_the_header_and_can_be_stopped(tmp_path: Path) -> None:
    file = model(tmp_path / "a.safetensors", {"name": "x"}, b"weights!")

    assert autov3(file, lambda: True) == hashlib.sha256(b"weights!").hexdigest()
    assert autov3(file, lambda: False) == ""


# missing


def test_a_lora_that_the_folder_does_not_hold_is_missing(files: Files) -> None:
    model(files.loras / "Illustrious/Looks/tifa.safetensors")
    files.character("tifa", "Illustrious\\Looks\\tifa.safetensors")
    files.character("aerith", "Illustrious/Looks/aerith.safetensors")

    files.look()

    cards = files.library.query("characters", Query()).cards
    assert {card.asset.slug: card.missing_lora for card in cards} == {"tifa": False, "aerith": True}
    assert [problem.code for problem in files.library.problem_of("characters", "aerith")] == ["lora"]
    assert files.library.problem_of("characters", "tifa") == []
    assert any(isinstance(change, ModelsChanged) for change in files.told)
    assert any(isinstance(change, ProblemsChanged) for change in files.told)


def test_nothing_is_missing_where_nobody_can_be_asked(files: Files) -> None:
    files.folders = {"lora": "", "checkpoint": ""}
    files.character("aerith", "aerith.safetensors")

    files.look()

    assert not files.models.is_missing("characters", "aerith.safetensors")
    assert files.library.problems() == []


def test_without_a_folder_the_servers_are_asked(files: Files) -> None:
    files.folders = {"lora": "", "checkpoint": ""}
    files.models.served({"lora": ["Illustrious/Looks/a.safetensors"], "checkpoint": []})
    files.look()

    assert not files.models.is_missing("characters", "Illustrious\\Looks\\a.safetensors")
    assert files.models.is_missing("characters", "b.safetensors")

    files.models.served({})
    files.look()

    assert not files.models.is_missing("characters", "b.safetensors")


def test_a_file_that_comes_clears_the_mark(files: Files) -> None:
    files.character("aerith", "aerith.safetensors")
    files.look()
    assert files.models.is_missing("characters", "aerith.safetensors")
    files.told.clear()

    model(files.loras / "aerith.safetensors")
    files.models.look()

    assert not files.models.is_missing("characters", "aerith.safetensors")
    assert files.library.problems() == []
    assert files.told


def test_a_folder_that_goes_away_is_a_mark_and_nothing_is_missing(files: Files) -> None:
    files.character("tifa", "tifa.safetensors")
    model(files.loras / "tifa.safetensors")
    files.look()

    files.loras.rename(files.loras.with_name("unplugged"))
    files.look()

    assert not files.models.is_missing("characters", "tifa.safetensors")
    assert [problem.code for problem in files.library.problems()] == ["folder"]
    assert files.models.away("lora")

    files.loras.mkdir()  # the empty mount point
    files.look()
    assert not files.models.is_missing("characters", "tifa.safetensors")

    files.loras.rmdir()
    files.loras.with_name("unplugged").rename(files.loras)
    files.look()
    assert files.library.problems() == []


def test_a_folder_that_was_never_there_marks_nothing(files: Files) -> None:
    files.folders = {"lora": "/nowhere/loras", "checkpoint": ""}
    files.character("tifa", "tifa.safetensors")

    files.look()

    assert not files.models.is_missing("characters", "tifa.safetensors")


def test_links_in_circles_end(files: Files) -> None:
    model(files.loras / "a/x.safetensors")
    (files.loras / "a/loop").symlink_to(files.loras)

    files.look()

    assert [file.path for file in files.models.files("lora")] == ["a/x.safetensors"]


def test_f49_the_full_path_decides(files: Files) -> None:
    model(files.loras / "char/s.safetensors")
    files.character("s", "pose/s.safetensors")

    files.look()

    assert files.models.is_missing("characters", "pose/s.safetensors")
    assert files.models.near("characters", "pose/s.safetensors") == ["char/s.safetensors"]


def test_f50_the_name_in_a_header_never_chooses_a_file(files: Files) -> None:
    model(files.loras / "b.safetensors", {"ss_output_name": "a"})

    files.look()

    assert files.models.is_missing("characters", "a.safetensors")
    assert files.models.near("characters", "a.safetensors") == []


def test_f99_a_folder_with_an_ampersand_is_a_folder(files: Files) -> None:
    model(files.loras / "Costume&Appearance/a.safetensors")
    files.character("a", "Costume&Appearance/a.safetensors")

    files.look()

    assert not files.models.is_missing("characters", "Costume&Appearance/a.safetensors")


def test_a_missing_file_is_found_by_its_content_then_by_name(files: Files) -> None:
    old = model(files.loras / "tifa.safetensors", body=b"tifatifa")
    model(files.loras / "tifa_v2.safetensors", body=b"other...")
    files.look()
    count_hashes(files)
    old.rename(files.loras / "renamed by hand.safetensors")
    files.character("tifa", "tifa.safetensors")

    files.look()
    count_hashes(files)
    files.models.look()

    assert files.models.near("characters", "tifa.safetensors") == [
        "renamed by hand.safetensors",
        "tifa_v2.safetensors",
    ]


def count_hashes(files: Files) -> None:
    for path, stat in files.models._watch.listing("lora").files.items():
        files.models._watch._hashes.count("lora", path, stat)


# the cache


def test_headers_are_read_once_for_a_size_and_time(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    model(files.loras / "a.safetensors", {"ss_base_model_version": "sd_v1"})
    files.look()
    files.models.stop()
    again = Models(CATEGORIES, files.root / "data/.gaze", lambda: files.folders, files.library.named_models)
    again._cache.restore()
    monkeypatch.setattr("gaze.library.modelwatch.read_header", lambda file: pytest.fail("read again"))

    again.look()

    found = again.file("lora", "a.safetensors")
    assert found and (found.base_model, found.read) == ("SD 1.5", True)


def test_a_cache_of_foreign_bytes_is_made_again(files: Files) -> None:
    (files.root / "data/.gaze/models").mkdir()
    (files.root / "data/.gaze/models/files.msgpack").write_bytes(b"\xff\x00nonsense")
    model(files.loras / "a.safetensors")

    files.models._cache.restore()
    files.look()

    assert files.models.file("lora", "a.safetensors")


# faults on the problems page


def test_a_broken_file_is_a_problem_of_who_names_it_or_of_itself(files: Files) -> None:
    (files.loras / "a.safetensors").write_text("<html>a page</html>")
    (files.loras / "b.safetensors").write_bytes(b"\xff" * 4)
    files.character("a", "a.safetensors")

    files.look()

    found = {problem.path: problem.message for problem in files.library.problems()}
    assert "not a safetensors file" in found["data/characters/a.json"]
    assert "incomplete file" in found[f"{files.loras}/b.safetensors"]


def test_one_file_in_two_assets_and_one_content_in_two_files_are_warnings(files: Files) -> None:
    model(files.loras / "a.safetensors")
    model(files.loras / "b.safetensors")
    files.character("one", "a.safetensors")
    files.character("two", "a.safetensors")
    files.look()
    count_hashes(files)

    files.models.look()

    found = [problem for problem in files.library.problems() if problem.code == "duplicate"]
    assert [(problem.path, problem.fatal) for problem in found] == [
        (f"{files.loras}/a.safetensors", False),
        ("data/characters/one.json", False),
        ("data/characters/two.json", False),
    ]


# deleting


def test_a_file_may_go_only_from_a_configured_folder_and_if_nobody_else_names_it(files: Files) -> None:
    model(files.loras / "a.safetensors")
    model(files.loras.parent / "elsewhere/c.safetensors")
    (files.loras / "c.safetensors").symlink_to(files.loras.parent / "elsewhere/c.safetensors")
    files.character("one", "a.safetensors")
    files.look()
    one = files.library.get("characters", "one")
    assert files.models.may_delete(one) == ""

    files.character("two", "a.safetensors")
    files.character("three", "c.safetensors")
    files.character("four", "../elsewhere/c.safetensors")
    files.look()

    assert files.models.may_delete(one) == "Two names it too."
    assert "outside" in files.models.may_delete(files.library.get("characters", "three"))
    assert "not in the configured" in files.models.may_delete(files.library.get("characters", "four"))


# another file for a missing one


def test_one_click_gives_the_asset_the_near_file_and_all_others_if_wanted(files: Files) -> None:
    model(files.loras / "new/tifa.safetensors")
    for slug in ("one", "two", "three"):
        files.character(slug, "old/tifa.safetensors")
    files.look()
    one = files.library.get("characters", "one")
    found = offer(files.models, one)
    assert found and (found.near, found.users) == (["new/tifa.safetensors"], 3)

    told = relink(files.library, files.models, one, found.old, found.near[0], False)

    assert told.changed == ["data/characters/one.json"]
    assert '"lora_name": "new/tifa.safetensors"' in (files.root / "data/characters/one.json").read_text()

    two = files.library.get("characters", "two")
    told = relink(files.library, files.models, two, found.old, found.near[0], True)

    assert sorted(told.changed) == ["data/characters/three.json", "data/characters/two.json"]


def test_only_a_file_that_is_there_and_whole_can_be_chosen(files: Files) -> None:
    (files.loras / "broken.safetensors").write_text("<html>a page</html>")
    files.character("one", "old.safetensors")
    files.look()
    one = files.library.get("characters", "one")

    for wrong in ("nothing.safetensors", "broken.safetensors", "../x.safetensors", ""):
        with pytest.raises(Refusal):
            relink(files.library, files.models, one, "", wrong, False)
    with pytest.raises(Conflict):
        model(files.loras / "good.safetensors")
        files.look()
        relink(files.library, files.models, one, "another.safetensors", "good.safetensors", False)


def test_a_checkpoint_gets_another_file_and_recipes_that_name_it_follow(files: Files) -> None:
    model(files.checkpoints / "Illustrious/lumen.safetensors")
    write_json(files.root, "data/checkpoints/lumen.json", {"checkpoint_path": "lumen.safetensors"})
    preset = {"preset_id": "p", "recipe": {"checkpoint": "lumen.safetensors"}}
    write_json(files.root, "data/presets/p.json", preset)
    files.look()
    asset = files.library.shelf().find("checkpoints", "lumen.safetensors")
    assert asset and files.library.card(asset).missing_lora

    relink(files.library, files.models, asset, "", "Illustrious/lumen.safetensors", False)

    assert files.library.shelf().find("checkpoints", "Illustrious/lumen.safetensors")
    assert "Illustrious/lumen.safetensors" in (files.root / "data/presets/p.json").read_text()


# the base model


@pytest.mark.parametrize(
    ("lora", "base", "fits"),
    [
        ("Illustrious", "Illustrious", True),
        ("Illustrious", "NoobAI", True),
        ("SDXL", "Illustrious", True),
        ("Pony", "Illustrious", False),
        ("SD 1.5", "SDXL", False),
        ("illustrious", "Illustrious", True),
    ],
)
def test_a_lora_suits_its_own_base_and_close_kin(lora: str, base: str, fits: bool) -> None:
    assert suits(lora, base) is fits


def test_a_lora_for_another_base_than_the_checkpoints_is_noted(files: Files) -> None:
    model(files.loras / "a.safetensors", {"ss_base_model_version": "sd_v1"})
    model(files.checkpoints / "c.safetensors", {"modelspec.architecture": "stable-diffusion-xl-v1-base"})
    files.look()
    use = LoraUse(slot=1, category="characters", slug="a", lora_name="a.safetensors", weight=1.0)
    made = Plan(loras=(use,), checkpoint="c.safetensors")

    assert base_notes(made, files.library.shelf(), files.models) == [
        "The LoRA a was made for SD 1.5, the checkpoint is SDXL: it will not work."
    ]
