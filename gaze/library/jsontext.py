"""Where each value of a JSON text stands: spans, lines and columns; what is wrong with a text, in words."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from json.decoder import JSONDecodeError
from json.decoder import scanstring as _scanstring  # type: ignore[attr-defined]
from typing import Any

from gaze.core.errors import Problem

Path = tuple[str | int, ...]
MAX_DEPTH = 64

_string: Callable[[str, int, bool], tuple[str, int]] = _scanstring

_SPACE = re.compile(r"[ \t\r\n]*")
_PLAIN = re.compile(r"[^ \t\r\n,:\[\]{}\"]+")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")
_HALF_PAIR = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\)\\u[dD][c-fC-F]")


class Node:
    """One value: its kind (`{`, `[`, `"` or `v`), its span, and what it holds."""

    __slots__ = ("end", "items", "kind", "members", "start")

    def __init__(self, kind: str, start: int) -> None:
        self.kind = kind
        self.start = start
        self.end = start
        self.members: list[Member] = []
        self.items: list[Node] = []

    def child(self, step: str | int) -> Node | None:
        """The value under a key (the last one, if there are several) or at a place."""
        if isinstance(step, int):
            return self.items[step] if self.kind == "[" and -len(self.items) <= step < len(self.items) else None
        member = self.member(step)
        return member.node if member else None

    def member(self, key: str) -> Member | None:
        return next((member for member in reversed(self.members) if member.key == key), None)


class Member:
    """One key of an object with the span of the key and its value."""

    __slots__ = ("key", "key_end", "key_start", "node")

    def __init__(self, key: str, key_start: int, key_end: int, node: Node) -> None:
        self.key, self.key_start, self.key_end, self.node = key, key_start, key_end, node


def scan(text: str) -> Node:
    """The spans of all values of a valid JSON text (NaN and Infinity pass as values)."""
    node, _ = _value(text, _skip(text, 0))
    return node


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    assert match
    return match.end()


def _value(text: str, at: int) -> tuple[Node, int]:
    char = text[at]
    if char == "{":
        return _object(text, at)
    if char == "[":
        return _array(text, at)
    node = Node('"' if char == '"' else "v", at)
    if char == '"':
        node.end = _string(text, at + 1, False)[1]
    else:
        match = _PLAIN.match(text, at)
        assert match
        node.end = match.end()
    return node, node.end


def _object(text: str, at: int) -> tuple[Node, int]:
    node = Node("{", at)
    at = _skip(text, at + 1)
    while text[at] != "}":
        key, key_end = _string(text, at + 1, False)
        value, after = _value(text, _skip(text, _skip(text, key_end) + 1))
        node.members.append(Member(key, at, key_end, value))
        at = _skip(text, after)
        if text[at] == ",":
            at = _skip(text, at + 1)
    node.end = at + 1
    return node, node.end


def _array(text: str, at: int) -> tuple[Node, int]:
    node = Node("[", at)
    at = _skip(text, at + 1)
    while text[at] != "]":
        value, after = _value(text, at)
        node.items.append(value)
        at = _skip(text, after)
        if text[at] == ",":
            at = _skip(text, at + 1)
    node.end = at + 1
    return node, node.end


def find(node: Node, path: Path) -> Node | None:
    """The node at a path, or None."""
    found: Node | None = node
    for step in path:
        found = found.child(step) if found else None
    return found


def place(text: str, at: int) -> tuple[int, int]:
    """Line and column of an offset, both from 1."""
    return text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1) + 1


def place_of(text: str, path: Path, node: Node | None = None) -> tuple[int, int]:
    """Line and column of the value at a path, or of the nearest value above it."""
    found = node or scan(text)
    for step in path:
        below = found.child(step)
        if below is None:
            break
        found = below
    return place(text, found.start)


def parse(text: str, path: str) -> tuple[Any, list[Problem]]:
    """The value of a JSON text and its problems; the value is None if one of them is fatal.

    Problems name the line, the column and, where there is one, the field (faults F19 to F25).
    """
    try:
        _check_depth(text)
        strange: list[str] = []
        value = json.loads(
            text,
            object_pairs_hook=lambda pairs: _pairs(pairs, strange),
            parse_constant=lambda word: strange.append(word),
            parse_float=lambda number: _float(number, strange),
        )
        if "\\u" in text and _HALF_PAIR.search(text):
            json.dumps(value, ensure_ascii=False).encode()
    except JSONDecodeError as error:
        return None, [_syntax(text, path, error)]
    except _TooDeep as error:
        line, column = place(text, error.at)
        message = f"nested more than {MAX_DEPTH} levels deep"
        return None, [Problem(path=path, line=line, column=column, message=message)]
    except UnicodeEncodeError:
        match = _HALF_PAIR.search(text)
        line, column = place(text, match.start() if match else 0)
        message = "half of a surrogate pair; the letter it stands for is cut in two"
        return None, [Problem(path=path, line=line, column=column, message=message)]
    except ValueError:  # a whole number of more than 4300 digits
        line, column = place(text, max(0, getattr(re.search(r"\d{4300}", text), "start", lambda: 0)()))
        message = "the number is out of range"
        return None, [Problem(path=path, line=line, column=column, message=message)]
    if not strange:
        return value, []
    problems = list(_strange(text, path, scan(text), ()))
    return (None if any(problem.fatal for problem in problems) else value), problems


class _TooDeep(Exception):
    def __init__(self, at: int) -> None:
        self.at = at


def _check_depth(text: str) -> None:
    if text.count("{") + text.count("[") <= MAX_DEPTH:
        return
    blank = _STRING.sub(lambda match: " " * len(match[0]), text)
    depth = 0
    for match in _BRACKET.finditer(blank):
        depth += 1 if match[0] in "[{" else -1
        if depth > MAX_DEPTH:
            raise _TooDeep(match.start())


def _pairs(pairs: list[tuple[str, Any]], strange: list[str]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        strange.append("twice")
    return made


def _float(number: str, strange: list[str]) -> float:
    value = float(number)
    if not math.isfinite(value):
        strange.append(number)
    return value


def _strange(text: str, path: str, node: Node, above: Path) -> Iterator[Problem]:
    """Problems of values that JSON's readers let pass: NaN, numbers out of range, keys that occur twice."""
    field = ".".join(str(step) for step in above)
    if node.kind == "v":
        word = text[node.start : node.end]
        line, column = place(text, node.start)
        where = above[-1] if above else "the value"
        if word in ("NaN", "Infinity", "-Infinity"):
            message = f"{where} is {word}; JSON has no such number, a number such as 0.8 is needed"
            yield Problem(path=path, field=field, line=line, column=column, message=message)
        elif word not in ("true", "false", "null") and not math.isfinite(float(word)):
            message = f"{where} is out of range: {word} is larger than any number this program can hold"
            yield Problem(path=path, field=field, line=line, column=column, message=message)
    first: dict[str, int] = {}
    for member in node.members:
        line, column = place(text, member.key_start)
        inner = (*above, member.key)
        if member.key in first:
            message = f"«{member.key}» stands in line {first[member.key]} and again in line {line}; the last one counts"
            named = ".".join(str(step) for step in inner)
            yield Problem(path=path, code="twice", field=named, line=line, column=column, message=message, fatal=False)
        first[member.key] = line
        yield from _strange(text, path, member.node, inner)
    for number, item in enumerate(node.items):
        yield from _strange(text, path, item, (*above, number))


_WORDS = (
    ("Extra data", "there is text after the end of the JSON"),
    ("Expecting property name", "a key in double quotes is needed here"),
    ("Illegal trailing comma", "the comma before the closing bracket is one too many"),
    ("Expecting ':'", "a colon is missing after the key"),
    ("Expecting ','", "a comma or a closing bracket is missing here"),
    ("Expecting value", "a value is missing here"),
    ("Unterminated string", "the text that begins here has no closing quotation mark"),
    ("Invalid control character", "a line break or control character stands inside a text; write \\n instead"),
    ("Invalid \\", "this backslash begins no escape that JSON knows; write \\\\ for a backslash"),
)


def _syntax(text: str, path: str, error: JSONDecodeError) -> Problem:
    if not text.strip():
        return Problem(path=path, line=1, column=1, message="the file is empty; an object {...} is needed")
    at = error.pos
    words = next((words for start, words in _WORDS if error.msg.startswith(start)), error.msg)
    if text[at : at + 1] == "\0":
        words = "NUL bytes; the file was probably damaged while it was written"
        if error.msg.startswith("Extra data"):
            words = "NUL bytes after the end of the JSON; the file was probably damaged while it was written"
    elif at >= len(text.rstrip()) and not error.msg.startswith("Unterminated"):
        words = "the file ends too early; something is not closed"
    elif words.startswith(("a key", "a value")) and text[at : at + 1] in ("}", "]"):
        comma = text.rfind(",", 0, at)
        if comma >= 0 and not text[comma + 1 : at].strip():
            at, words = comma, "the comma before the closing bracket is one too many"
    line, column = place(text, at)
    return Problem(path=path, line=line, column=column, message=words)
