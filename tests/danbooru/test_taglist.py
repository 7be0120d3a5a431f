"""Which list holds, and taking one in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gaze.core.errors import Refusal
from gaze.danbooru.find import known
from gaze.danbooru.rows import CATEGORIES, Row, read_rows
from gaze.danbooru.taglist import IMPORTED, MADE, STARTER, TagList
from gaze.settings import program


@pytest.fixture
def tags(tmp_path: Path) -> TagList:
    (tmp_path / "data/.gaze").mkdir(parents=True)
    return TagList(tmp_path, program())


def test_the_starter_list_is_there_from_the_start(tags: TagList) -> None:
    loaded = tags()

    assert not loaded.own
    assert len(loaded.index) >= 1500
    assert set(loaded.index.categories) == set(CATEGORIES)


def test_every_row_of_the_starter_list_is_good() -> None:
    with (program() / STARTER).open(newline="") as lines:
        assert all(isinstance(row, Row) for row in read_rows(lines))


def test_an_imported_list_takes_the_place_of_the_starter(tags: TagList, tmp_path: Path) -> None:
    found = tags.take_in(b'\xef\xbb\xbfxyzzy,0,12,"plugh"\nbad,x,y,z\n')

    assert (found.tags, found.aliases, found.left_out) == (1, 1, 1)
    assert str(found.bad[0]).startswith("line 2: ")
    assert tags().own
    assert known(tags().index, "plugh") == "xyzzy"
    assert known(tags().index, "1girl") is None
    assert known(TagList(tmp_path, program())().index, "xyzzy") == "xyzzy"


def test_a_list_changed_by_hand_is_read_again(tags: TagList, tmp_path: Path) -> None:
    tags.take_in(b"xyzzy,0,12,\n")
    (tmp_path / IMPORTED).write_text("frobnicate,0,12,\n")

    assert known(tags().index, "frobnicate") == "frobnicate"


def test_a_list_taken_away_gives_the_starter_back(tags: TagList, tmp_path: Path) -> None:
    tags.take_in(b"xyzzy,0,12,\n")
    (tmp_path / IMPORTED).unlink()

    assert known(tags().index, "1girl") == "1girl"


@pytest.mark.parametrize("content", [b"", b"x", b"\x00" * 2000])
def test_a_broken_index_is_made_again(tags: TagList, tmp_path: Path, content: bytes) -> None:
    tags.take_in(b"xyzzy,0,12,\n")
    (kept,) = (tmp_path / MADE).iterdir()
    head = kept.read_bytes().split(b"\n")[0] + b"\n"
    stat = kept.stat()
    kept.write_bytes(head + content)
    os.utime(kept, ns=(stat.st_atime_ns, stat.st_mtime_ns))

    assert known(TagList(tmp_path, program())().index, "xyzzy") == "xyzzy"


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "holds no tags"), (b"a,b,c\n", "line 1"), (b"smile,0,5\n\xff\xfe", "not UTF-8 (line 2)")],
)
def test_what_is_no_list_is_refused_and_the_old_one_stays(tags: TagList, content: bytes, said: str) -> None:
    tags.take_in(b"xyzzy,0,12,\n")

    with pytest.raises(Refusal, match=said.replace("(", r"\(").replace(")", r"\)")):
        tags.take_in(content)

    assert known(tags().index, "xyzzy") == "xyzzy"
