"""What takes an act back: exact, small, kept over a restart, and harmless to what came since."""

from __future__ import annotations

from pathlib import Path

import pytest

from gaze.categories import declared
from gaze.core.errors import NotFound
from gaze.library.bulk import Wish, apply
from gaze.library.service import Library
from gaze.library.undo import FOLDER, KEPT, Marked, changed, keep, take_back
from tests.library.conftest import PROGRAM


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "a"),
        ("a", ""),
        ("aaa", "aa"),
        ("aa", "aaa"),
        ('{"a": 1}', '{"a": 12}'),
        ('{"a": false}', '{"a": true, "b": 2}'),
        ("same", "same"),
        ("größer", "grösser"),
    ],
)
def test_a_step_holds_what_was_changed_and_gives_the_text_of_before(before: str, after: str) -> None:
    step = changed("characters", "tifa", before, after, "")

    assert after[: step.start] + step.was + after[step.start + step.length :] == before
    assert len(step.was) <= len(before)


def test_an_act_is_taken_back_byte_for_byte_by_another_process(root: Path, library: Library) -> None:
    file = root / "data/characters/tifa.json"
    file.write_bytes(b'{\r\n\t"character_id": "tifa",\r\n\t"tags": {"origin_series": "FF"}, "odd": [1]\r\n}')
    library.rescan()
    before = file.read_bytes()
    field = next(field for field in declared()["characters"].sections["tags"] if field.key == "origin_series")
    done = apply(library, "characters", ["tifa"], Wish(act="tag", field=field, value="New"))
    name = keep(root, done.steps)
    assert file.read_bytes() != before and (root / FOLDER / f"{name}.json").stat().st_size < 200

    again = Library(root, PROGRAM, declared())
    again.scan()

    assert take_back(again, name) == 1
    assert file.read_bytes() == before
    with pytest.raises(NotFound, match="can no longer be undone"):
        take_back(again, name)


@pytest.mark.parametrize("name", ["", "../settings", "20260101T000000-00000000", "x" * 300])
def test_a_name_that_is_none_is_not_found(library: Library, name: str) -> None:
    with pytest.raises(NotFound):
        take_back(library, name)


def test_a_damaged_note_is_not_found(root: Path, library: Library) -> None:
    name = keep(root, [Marked("characters", "tifa", True)])
    (root / FOLDER / f"{name}.json").write_text('[{"type": "other"}]')

    with pytest.raises(NotFound):
        take_back(library, name)


def test_the_newest_acts_are_kept(root: Path) -> None:
    names = [keep(root, [Marked("characters", "tifa", True)]) for _ in range(KEPT + 5)]

    assert len(list((root / FOLDER).iterdir())) == KEPT
    assert all((root / FOLDER / f"{name}.json").exists() for name in names[-KEPT:])
