"""Hard delete: the model file goes into the trash with its asset, comes back with it, and is never lost."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gaze.core.errors import Conflict, Unavailable
from gaze.library import modeltrash
from gaze.library.service import Library
from tests.library.make import png, write_json
from tests.library.test_models import CATEGORIES, Files, model

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
MIRA = "Illustrious/Looks/mira.safetensors"


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Files]:
    """A character whose LoRA has notes and a picture beside it, and a checkpoint with its entry."""
    made = Files(tmp_path)
    place = model(made.loras / MIRA)
    place.with_suffix(".json").write_text('{"notes": "mine"}')
    place.with_suffix(".preview.png").write_bytes(png())
    made.character("mira", MIRA)
    model(made.checkpoints / "Noob/x.safetensors")
    write_json(made.root, "data/checkpoints/x.json", {"checkpoint_path": "Noob/x.safetensors"})
    made.look()
    yield made
    made.models.stop()


def tree(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def below(files: Files) -> dict[str, dict[str, bytes]]:
    """What lies in the model folders and among the assets."""
    return {str(folder): tree(folder) for folder in (files.loras, files.checkpoints, files.root / "data/characters")}


@pytest.mark.parametrize(
    ("category", "slug", "name"), [("characters", "mira", MIRA), ("checkpoints", "Noob_x_safetensors", "Noob/x")]
)
def test_restore_brings_asset_and_model_file_back_byte_for_byte(
    files: Files, category: str, slug: str, name: str
) -> None:
    before = below(files)

    trash_id = files.library.trash.delete(category, slug, hard=True)
    gone = [file for file in (files.loras, files.checkpoints) for file in tree(file) if file.startswith(name)]
    files.library.trash.restore(trash_id)

    assert gone == []
    assert below(files) == before
    assert files.library.get(category, slug)
    assert not list(files.loras.rglob(".gaze-trash"))


def test_soft_delete_leaves_the_model_file(files: Files) -> None:
    files.library.trash.delete("characters", "mira")

    assert len(tree(files.loras)) == 3


def test_the_scan_lists_nothing_of_the_trash_and_no_other_tool_takes_it_for_a_model(files: Files) -> None:
    files.library.trash.delete("characters", "mira", hard=True)
    files.models.look()

    assert files.models.names("lora") == frozenset()
    assert {Path(name).suffix for name in tree(files.loras)} == {".trash"}


def test_the_file_stays_on_the_disk_it_lies_on(files: Files) -> None:
    inode = (files.loras / MIRA).stat().st_ino

    files.library.trash.delete("characters", "mira", hard=True)

    assert [file.stat().st_ino for file in files.loras.rglob("mira.safetensors.trash")] == [inode]


def test_emptying_deletes_the_file_and_what_lay_beside_it(files: Files) -> None:
    files.library.trash.delete("characters", "mira", hard=True)

    assert files.library.trash.empty() == 1

    assert tree(files.loras) == {}
    assert not list(files.loras.rglob(".gaze-trash"))


def test_a_file_that_another_asset_names_stays_and_says_who(files: Files) -> None:
    files.character("hollis", MIRA)
    files.look()
    before = below(files)

    with pytest.raises(Conflict, match="Hollis"):
        files.library.trash.delete("characters", "mira", hard=True)

    assert below(files) == before
    assert files.library.trash.list() == []


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
def test_a_file_that_another_asset_names_by_a_link_stays(files: Files) -> None:
    (files.loras / "other").symlink_to(files.loras / "Illustrious/Looks")
    (files.loras / "Illustrious/Looks/alias.safetensors").symlink_to(files.loras / MIRA)
    files.character("hollis", "other/mira.safetensors")
    files.character("pell", "Illustrious/Looks/alias.safetensors")
    files.look()

    with pytest.raises(Conflict, match="Hollis, Pell"):
        files.library.trash.delete("characters", "mira", hard=True)


def test_a_checkpoint_that_a_preset_chooses_stays(files: Files) -> None:
    write_json(files.root, "data/presets/evening.json", {"recipe": {"checkpoint": "Noob/x.safetensors"}})
    files.look()

    with pytest.raises(Conflict, match="evening"):
        files.library.trash.delete("checkpoints", "Noob_x_safetensors", hard=True)


def test_what_another_model_may_own_too_stays_beside_it(files: Files) -> None:
    model(files.loras / MIRA).with_suffix(".ckpt").write_bytes(b"older")

    files.library.trash.delete("characters", "mira", hard=True)

    names = {Path(name).name for name in tree(files.loras)}
    assert names == {"mira.safetensors.trash", "mira.ckpt", "mira.json", "mira.preview.png"}


@pytest.mark.skipif(ROOT or sys.platform == "win32", reason="root may write anywhere")
def test_a_read_only_folder_is_said_and_nothing_is_half_done(files: Files) -> None:
    _read_only(files)


def test_a_disk_that_takes_nothing_is_said_and_nothing_is_half_done(files: Files) -> None:
    """As a read-only folder, for whoever may write anywhere: a file stands where the trash has to be."""
    (files.loras / "Illustrious/Looks/.gaze-trash").write_text("")
    _refused(files)


def _read_only(files: Files) -> None:
    folder = files.loras / "Illustrious/Looks"
    folder.chmod(0o555)
    try:
        _refused(files)
    finally:
        folder.chmod(0o755)


def _refused(files: Files) -> None:
    before = below(files)
    with pytest.raises(Unavailable, match="nothing was deleted"):
        files.library.trash.delete("characters", "mira", hard=True)
    assert below(files) == before
    assert files.library.trash.list() == []
    assert files.library.get("characters", "mira")


def test_a_sidecar_that_cannot_move_leaves_the_model_where_it_is(files: Files) -> None:
    held = modeltrash.hold(files.library, files.library.get("characters", "mira"), "20260101T000000-00000000")
    (files.loras / MIRA).with_suffix(".preview.png").unlink()
    before = below(files)

    with pytest.raises(Unavailable):
        modeltrash.take(held)

    assert below(files) == before


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_after_a_crash_at_any_step_restore_brings_everything_back(files: Files, steps: int) -> None:
    """The note is written first; then `steps` of the three files beside each other were moved, the asset was not."""
    before = below(files)
    trash_id = files.library.trash.delete("characters", "mira", hard=True)
    entry = files.library.trash.together(trash_id)[0]
    for held in entry.files[steps:]:
        Path(held.place).rename(held.source)
    waits = files.root / "data/.gaze/trash" / trash_id / "files/data/characters/mira.json"
    waits.rename(files.root / "data/characters/mira.json")
    again = Library(files.root, Path(__file__).parents[2], CATEGORIES)
    again.scan()

    assert again.get("characters", "mira")
    again.trash.restore(trash_id)

    assert below(files) == before
    assert again.trash.list() == []


def test_a_place_that_was_taken_again_is_a_conflict_and_nothing_moves(files: Files) -> None:
    trash_id = files.library.trash.delete("characters", "mira", hard=True)
    model(files.loras / MIRA, body=b"another!")
    before = below(files)

    with pytest.raises(Conflict, match=r"mira\.safetensors» exists again"):
        files.library.trash.restore(trash_id)

    assert below(files) == before


def test_while_the_disk_is_away_nothing_is_restored_or_emptied(files: Files) -> None:
    trash_id = files.library.trash.delete("characters", "mira", hard=True)
    other = files.library.trash.delete("checkpoints", "Noob_x_safetensors")
    away = files.loras.with_name("unplugged")
    files.loras.rename(away)
    files.loras.mkdir()

    with pytest.raises(Unavailable, match="is away"):
        files.library.trash.restore(trash_id)
    with pytest.raises(Unavailable, match="1 of 2 entries"):
        files.library.trash.empty()
    files.loras.rmdir()
    away.rename(files.loras)
    files.library.trash.restore(trash_id)

    assert other not in [entry.id for entry in files.library.trash.list()]
    assert (files.loras / MIRA).exists() and files.library.get("characters", "mira")


def test_a_note_written_by_hand_deletes_nothing_elsewhere(files: Files, tmp_path: Path) -> None:
    precious = tmp_path / "precious.txt"
    precious.write_text("keep")
    trash_id = "20260101T000000-00000000"
    note = {"kind": "asset", "name": "x", "category": "characters", "slug": "x", "path": "data/characters/x.json"}
    held = {"source": str(tmp_path / "y"), "place": str(precious), "root": str(tmp_path)}
    write_json(files.root, f"data/.gaze/trash/{trash_id}/entry.json", {"id": "", **note, "files": [held]})

    files.library.trash.empty(trash_id)

    assert precious.read_text() == "keep"
