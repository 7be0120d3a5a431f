"""Problems of JSON texts name line, column and field; edits touch nothing else."""

from __future__ import annotations

import difflib
import json

import pytest

from gaze.library.jsonedit import REMOVE, put, remove, rename
from gaze.library.jsontext import parse, place_of

STYLES = {
    "two spaces": '{\n  "a": {\n    "b": 1.0,\n    "c": "x"\n  },\n  "l": ["p", "q"]\n}\n',
    "four spaces": '{\n    "a": {\n        "b": 1.0,\n        "c": "x"\n    },\n    "l": [\n        "p",\n'
    '        "q"\n    ]\n}',
    "tabs": '{\n\t"a": {\n\t\t"b": 1.0,\n\t\t"c": "x"\n\t},\n\t"l": ["p", "q"]\n}\n',
    "CRLF": '{\r\n  "a": {\r\n    "b": 1.0,\r\n    "c": "x"\r\n  },\r\n  "l": ["p", "q"]\r\n}\r\n',
    "one line": '{"a": {"b": 1.0, "c": "x"}, "l": ["p", "q"]}',
    "tight": '{"a":{"b":1.0,"c":"x"},"l":["p","q"]}',
    "odd": '{ "l" : [ "p","q" ]\n, "a" :\n { "b":1.0\n , "c":"x" } }\n\n',
    "escapes": '{\n  "a": {"b": 1.0, "c": "x", "d": "\\u00e9"},\n  "l": ["p", "q"]\n}\n',
}


def changed_lines(before: str, after: str) -> int:
    lines = difflib.unified_diff(before.splitlines(True), after.splitlines(True), n=0)
    return sum(line.startswith("+") and not line.startswith("+++") for line in lines)


@pytest.mark.parametrize("style", STYLES)
def test_changing_one_value_changes_one_line(style: str) -> None:
    text = STYLES[style]

    after = put(text, ("a", "c"), "new é")

    assert json.loads(after)["a"]["c"] == "new é"
    assert changed_lines(text, after) == 1
    assert "1.0" in after
    assert after.count("\r") == text.count("\r")


@pytest.mark.parametrize("style", STYLES)
def test_every_edit_gives_what_it_says(style: str) -> None:
    text = STYLES[style]
    edits = [
        (("a", "new"), {"deep": [1, {"x": None}]}),
        (("z", "y", "x"), "made on the way"),
        (("l",), ["p", "r", "s"]),
        (("l",), []),
        (("l",), ["q"]),
        (("a",), {"c": "x"}),
        (("a", "b"), None),
    ]
    for path, value in edits:
        found = json.loads(put(text, path, value))
        for step in path:
            found = found[step]
        assert found == value, (style, path)
    assert "b" not in json.loads(put(text, ("a", "b"), REMOVE))["a"]
    assert json.loads(remove(text, ("l", 0)))["l"] == ["q"]
    assert list(json.loads(rename(text, ("a", "b"), "k"))["a"])[:2] == ["k", "c"]


def test_removing_a_key_takes_its_line_along() -> None:
    assert put('{\n  "a": 1,\n  "b": 2\n}\n', ("b",), REMOVE) == '{\n  "a": 1\n}\n'
    assert put('{\n  "a": 1,\n  "b": 2\n}\n', ("a",), REMOVE) == '{\n  "b": 2\n}\n'
    assert put('{"a": 1}', ("a",), REMOVE) == "{}"


def test_an_empty_object_opens_in_the_style_of_its_file() -> None:
    assert put('{\n    "a": {}\n}\n', ("a", "b"), 1) == '{\n    "a": {\n        "b": 1\n    }\n}\n'


def test_new_values_in_a_file_of_escapes_are_escaped() -> None:
    assert "\\u00e8" in put(STYLES["escapes"], ("a", "c"), "è")


def test_the_place_of_a_value_counts_lines_and_columns_from_one() -> None:
    assert place_of('{\n  "a": {\n    "b": [1, 2]\n  }\n}', ("a", "b", 1)) == (3, 14)


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("", 1, 1, "empty"),
        ("  \n ", 1, 1, "empty"),
        ('{"a": 1}\0\0', 1, 9, "NUL"),
        ("\0\0", 1, 1, "NUL"),
        ('{"a": 1}\n{"b": 2}', 2, 1, "after the end"),
        ('{"a": 1,\n}', 1, 8, "comma"),
        ('{"a": 1\n "b": 2}', 2, 2, "comma"),
        ('{"a": "x\n"}', 1, 9, "line break"),
        ('{"a": "x', 1, 7, "quotation"),
        ('{"a": [1', 1, 9, "ends too early"),
        ('{"a": "\\q"}', 1, 8, "backslash"),
        ('{"a": "\\ud800"}', 1, 8, "surrogate"),
        ("[" * 70 + "]" * 70, 1, 65, "64 levels"),
        ('{"n": ' + "9" * 5000 + "}", 1, 7, "out of range"),
        ('{"n": [1, -Infinity]}', 1, 11, "Infinity"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, line: int, column: int, words: str) -> None:
    value, problems = parse(text, "f.json")

    assert value is None
    assert words in problems[0].message
    assert (problems[0].line, problems[0].column) == (line, column)


def test_brackets_inside_texts_are_no_depth() -> None:
    value, problems = parse(json.dumps({"a": "[" * 500 + '"\\'}), "f.json")

    assert problems == []
    assert value["a"].startswith("[[")
