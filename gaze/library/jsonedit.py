"""Change single values of a JSON text and leave every other byte (specification data, "Writing")."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from gaze.library.jsontext import Member, Node, Path, find, scan


class _Remove:
    def __repr__(self) -> str:
        return "REMOVE"


REMOVE: Any = _Remove()


def put(text: str, path: Path, value: Any) -> str:
    """The text with `value` at `path`; missing objects on the way are made, new keys go to the end.

    Objects and lists that are there already are changed inside, so that what stays the same keeps its bytes.
    """
    if value is REMOVE:
        return remove(text, path)
    node = find(root := scan(text), path)
    if node is None:
        return _insert(text, root, path, value)
    return _replace(text, node, path, value)


def remove(text: str, path: Path) -> str:
    """The text without the value at `path`: its key, its comma and its line go too."""
    root = scan(text)
    above = find(root, path[:-1])
    if above is None or not path:
        return text
    step = path[-1]
    spans: list[tuple[int, int]]
    if isinstance(step, int):
        spans = [(item.start, item.end) for item in above.items]
        gone = [step % len(spans)] if above.child(step) else []
    else:
        spans = [(member.key_start, member.node.end) for member in above.members]
        gone = [at for at, member in enumerate(above.members) if member.key == step]
    for at in reversed(gone):
        if at > 0:  # with the comma before it
            begin, end = spans[at - 1][1], spans[at][1]
        elif len(spans) > 1:
            begin, end = spans[0][0], spans[1][0]
        else:
            begin, end = above.start + 1, above.end - 1
        text = text[:begin] + text[end:]
        if len(gone) > 1:
            return remove(text, path)
    return text


def rename(text: str, path: Path, key: str) -> str:
    """The text with the key at the end of `path` called `key`, in its place."""
    above = find(scan(text), path[:-1])
    member = above.member(str(path[-1])) if above else None
    if member is None:
        return text
    return text[: member.key_start] + _scalar(text, key) + text[member.key_end :]


def same(old: Any, new: Any) -> bool:
    """Whether two JSON values are equal; 25 and 25.0 are, 1 and true are not."""
    if isinstance(old, bool) or isinstance(new, bool):
        return old is new
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return list(old) == list(new) and all(same(old[key], new[key]) for key in old)
    if isinstance(old, list) and isinstance(new, list | tuple):
        return len(old) == len(new) and all(same(one, other) for one, other in zip(old, new, strict=True))
    return bool(old == new) and isinstance(old, str) == isinstance(new, str)


def means(old: Any, new: Any) -> bool:
    """Whether a form's value says what the file says already: "" for null, 0.8 for "0.8" (faults F24, F26)."""
    if same(old, new):
        return True
    if old is None:
        return new in ("", None, False) or new == [] or new == {}
    if isinstance(old, str) and isinstance(new, bool):
        return old.strip().lower() == str(new).lower()
    if isinstance(old, str) and isinstance(new, int | float):
        try:
            return float(old) == new
        except ValueError:
            return False
    return False


def _replace(text: str, node: Node, path: Path, value: Any) -> str:
    old = json.loads(text[node.start : node.end])
    if same(old, value):
        return text
    if node.kind == "{" and isinstance(value, Mapping):
        for key in [member.key for member in node.members]:
            if key not in value:
                text = remove(text, (*path, key))
        for key, inner in value.items():
            text = put(text, (*path, key), inner)
        return text
    if node.kind == "[" and isinstance(value, list | tuple) and len(node.items) > 0 and len(value) > 0:
        for at in range(len(node.items) - 1, len(value) - 1, -1):
            text = remove(text, (*path, at))
        for at, inner in enumerate(value):
            text = put(text, (*path, at), inner)
        return text
    return text[: node.start] + _dump(text, value, _indent_at(text, node.start)) + text[node.end :]


def _insert(text: str, root: Node, path: Path, value: Any) -> str:
    node, at = root, 0
    while (below := node.child(path[at])) is not None:
        node, at = below, at + 1
    rest = path[at + 1 :]
    for step in reversed(rest):
        value = {str(step): value}
    if node.kind not in "{[":  # null, or text where an object belongs
        return text[: node.start] + _dump(text, {str(path[at]): value}, _indent_at(text, node.start)) + text[node.end :]
    if node.kind == "{":
        last = node.members[-1] if node.members else None
        begin, end = (last.key_start, last.node.end) if last else (0, 0)
        head = _scalar(text, str(path[at])) + _colon(text, last or _any_member(root))
    else:
        begin, end = (node.items[-1].start, node.items[-1].end) if node.items else (0, 0)
        head = ""
    newline = _newline(text)
    if not end:
        if newline not in text.strip():
            return text[: node.start + 1] + head + _dump(text, value, None) + text[node.end - 1 :]
        outer = _indent_at(text, node.start)
        inner = (outer or "") + _unit(text)
        body = newline + inner + head + _dump(text, value, inner) + newline + (outer or "")
        return text[: node.start + 1] + body + text[node.end - 1 :]
    indent = _own_line(text, begin)
    if indent is None:
        gap = " " if ", " in text or "," not in text else ""
        return text[:end] + "," + gap + head + _dump(text, value, None) + text[end:]
    return text[:end] + "," + newline + indent + head + _dump(text, value, indent) + text[end:]


def _any_member(node: Node) -> Member | None:
    return node.members[0] if node.members else None


def _own_line(text: str, at: int) -> str | None:
    """The indentation before `at` if nothing else stands before it in its line."""
    start = text.rfind("\n", 0, at) + 1
    before = text[start:at]
    return before if start and not before.strip() else None


def _indent_at(text: str, at: int) -> str | None:
    """The indentation of the line `at` is in; None in a text of one line."""
    if "\n" not in text.strip():
        return None
    start = text.rfind("\n", 0, at) + 1
    line = text[start:at]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _unit(text: str) -> str:
    match = re.search(r"\n([ \t]+)\S", text)
    return match[1] if match else "" if re.search(r'\n"', text) else "  "


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _colon(text: str, like: Member | None) -> str:
    return text[like.key_end : like.node.start] if like and "\n" not in text[like.key_end : like.node.start] else ": "


def _scalar(text: str, value: Any) -> str:
    # a file that spells its letters \u00e9 goes on doing so
    return json.dumps(value, ensure_ascii="\\u" in text and text.isascii(), allow_nan=False)


def _dump(text: str, value: Any, indent: str | None) -> str:
    """A value in the style of the text: on one line, or indented from `indent` on."""
    if not isinstance(value, Mapping | list | tuple) or not value:
        return _scalar(text, value)
    tight = "," in text and ", " not in text and ": " not in text
    if indent is None:
        ascii_only = "\\u" in text and text.isascii()
        return json.dumps(
            value, ensure_ascii=ascii_only, allow_nan=False, separators=(",", ":") if tight else (", ", ": ")
        )
    inner = indent + _unit(text)
    newline = _newline(text)
    if isinstance(value, Mapping):
        parts = [f"{_scalar(text, str(key))}: {_dump(text, item, inner)}" for key, item in value.items()]
        opening, closing = "{", "}"
    else:
        parts = [_dump(text, item, inner) for item in value]
        opening, closing = "[", "]"
    return opening + newline + inner + f",{newline}{inner}".join(parts) + newline + indent + closing


def leaves(raw: Any, at: tuple[str | int, ...] = ()) -> dict[tuple[str | int, ...], Any]:
    """Every value of a JSON object by its path; a list is one value."""
    if not isinstance(raw, Mapping) or (not raw and at):
        return {at: raw}
    found: dict[tuple[str | int, ...], Any] = {}
    for key, value in raw.items():
        found |= leaves(value, (*at, key))
    return found
