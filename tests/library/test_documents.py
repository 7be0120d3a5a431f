"""Documents by version, tags of many, and archives: the pure parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gaze.categories import declared
from gaze.library import document
from gaze.library.bulk import Wish, apply, retagged
from gaze.library.incoming import compare
from gaze.library.saved_filters import saved
from gaze.library.service import Library
from gaze.library.undo import keep, take_back
from tests.library.conftest import character
from tests.library.make import write_json


@pytest.mark.parametrize(
    ("value", "patch", "result"),
    [  # RFC 7396, appendix A
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_merge_patch_is_as_its_standard_says(value: Any, patch: Any, result: Any) -> None:
    assert document.merged(value, patch) == result


def test_a_merge_leaves_every_other_byte(root: Path, library: Library) -> None:
    text = '{"character_id":"odd",\r\n\t"character_name" :  "Odd", "weight": 25.0,\r\n\t"identity": {"hair": "a"}}\r\n'
    (root / "data/characters/odd.json").write_bytes(text.encode())
    library.rescan()

    document.merge(library, "characters", "odd", {"identity": {"hair": "b"}}, "*")

    assert (root / "data/characters/odd.json").read_bytes().decode() == text.replace('"hair": "a"', '"hair": "b"')


def test_a_broken_file_gives_its_last_good_version_and_can_be_put_over(root: Path, library: Library) -> None:
    file = root / "data/characters/tifa.json"
    file.write_text("{")
    library.rescan()

    found = document.read(library, "characters", "tifa")
    assert found.value["character_id"] == "tifa"

    document.replace(library, "characters", "tifa", character("tifa", "Mended"), f'"{found.version}"')
    assert library.get("characters", "tifa").name == "Mended"


@pytest.mark.parametrize(
    ("now", "only", "value", "new"),
    [
        ("Old", "", "New", "New"),
        ("Old", "old", "New", "New"),
        ("Old", "other", "New", "Old"),
        (["face", "hands"], "", "eyes", ["eyes"]),
        (["face", "hands"], "FACE", "eyes, head", ["eyes", "head", "hands"]),
        (["face", "hands"], "face", "", ["hands"]),
        (["face", "hands"], "face", "hands", ["hands"]),
    ],
)
def test_a_tag_is_set_or_replaced_and_a_list_keeps_its_other_items(now: Any, only: str, value: str, new: Any) -> None:
    assert retagged(now, Wish(act="tag", value=value, only=only)) == new


def test_undo_leaves_alone_what_was_changed_since(root: Path, library: Library) -> None:
    write_json(root, "data/characters/barret.json", character("barret"))
    library.rescan()
    field = next(field for field in declared()["characters"].sections["tags"] if field.key == "origin_series")
    done = apply(library, "characters", ["tifa", "barret"], Wish(act="tag", field=field, value="New"))
    name = keep(root, done.steps)
    library.writing.save_fields("characters", "tifa", {("tags", "origin_series"): "Mine"})

    assert take_back(library, name) == 1

    assert library.get("characters", "tifa").data.tags.origin_series == "Mine"
    assert library.get("characters", "barret").data.tags.origin_series == ""


def test_two_versions_are_compared_value_by_value() -> None:
    mine = {"a": 1, "b": {"c": "x", "d": [1]}, "gone": True}
    theirs = {"a": 1, "b": {"c": "y", "d": [1, 2]}, "new": None}

    found = [(row.field, row.mine, row.theirs) for row in compare(mine, theirs)]

    assert found == [("b.c", "x", "y"), ("b.d", "[1]", "[1, 2]"), ("gone", "true", None), ("new", None, "null")]


@pytest.mark.parametrize("raw", [None, "x", [1, {"name": "a"}], [{"name": "a", "url": "//evil/characters/"}], {"a": 1}])
def test_saved_filters_written_by_hand_and_useless_are_passed_over(raw: Any) -> None:
    assert saved({"saved_filters": raw}) == []
