"""Versions of a file compared field by field."""

from __future__ import annotations

from typing import Any

import pytest

from gaze.web.editing.merge import compare


@pytest.mark.parametrize(
    ("mine", "theirs", "names"),
    [
        ({"a": {"x": "1"}}, {"a": {"x": "2"}}, ["/a/x"]),
        ({"tags": {"nsfw": True}}, {"tags": ["old"]}, ["/tags"]),
        ({"wardrobe": {"d": {"top": "coat"}}}, {"wardrobe": {}}, ["/wardrobe/d/top"]),
        ({"wardrobe": {"d": {}}}, {"wardrobe": {"d": {"top": "coat"}}}, ["/wardrobe/d/top"]),
    ],
    ids=["one field", "a list against an object", "nothing yet", "emptied"],
)
def test_what_differs_is_named_once(mine: Any, theirs: Any, names: list[str]) -> None:
    found = compare(mine, theirs, theirs)

    assert [choice.name for choice in found] == names


def test_a_value_that_changed_its_kind_is_carried_whole() -> None:
    (choice,) = compare({"tags": {"nsfw": True, "mood": "calm"}}, {"tags": ["old"]}, {"tags": ["old"]})

    assert (choice.mine_json, choice.theirs_json) == ('{"nsfw":true,"mood":"calm"}', '["old"]')
