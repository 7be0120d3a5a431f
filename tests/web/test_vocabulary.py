"""The words a library uses, counted in the background: a request never counts them all."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gaze.categories import declared
from gaze.library.service import Library
from gaze.web.editing.vocabulary import Vocabulary
from tests.library.conftest import PROGRAM, character
from tests.library.make import write_json


def library(root: Path, count: int = 3) -> Library:
    for number in range(count):
        identity = {"hair": "long hair, braid"}
        write_json(root, f"data/characters/c{number}.json", character(f"c{number}", identity=identity))
    made = Library(root, PROGRAM, declared())
    made.scan()
    return made


def test_before_everything_was_counted_a_request_counts_nothing(tmp_path: Path) -> None:
    words = Vocabulary()

    words.catch_up(library(tmp_path))

    assert words.find("tags", "br", 8) == []


def test_after_that_it_counts_only_what_changed(tmp_path: Path) -> None:
    made, words = library(tmp_path), Vocabulary()
    asyncio.run(words.begin(made))
    assert words.find("tags", "br", 8) == [("braid", 3)]

    made.writing.save_fields("characters", "c0", {("identity", "hair"): "braid, brown hair"})
    made.trash.delete("characters", "c1")
    words.catch_up(made)

    assert words.find("tags", "br", 8) == [("braid", 2), ("brown hair", 1)]


def test_a_count_that_is_closed_ends(tmp_path: Path) -> None:
    made, words = library(tmp_path), Vocabulary()
    words.close()

    asyncio.run(words.begin(made))

    assert words.find("tags", "br", 8) == []
