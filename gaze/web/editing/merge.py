"""Three versions of a file's fields: as they were, as typed here, as they are on the disk now. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from gaze.library.jsonedit import leaves, same
from gaze.web.editing.values import plain, pointer

# Beyond this a file's two texts differ in everything, and a table of it would help nobody.
MOST = 300


Path = tuple[str | int, ...]


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A field whose two versions differ. `pick` is the version that a merge takes unless its owner says otherwise.

    `mine_json` and `theirs_json` are what the file would get; "" takes the key out.
    """

    name: str
    label: str
    section: str
    mine: str
    theirs: str
    was: str | None
    pick: str
    mine_json: str
    theirs_json: str

    @property
    def mine_parts(self) -> list[tuple[str, bool]]:
        """The text of this side in pieces, each with whether the other side lacks it."""
        return marked(self.mine, self.theirs if self.was is None or self.was == self.mine else self.was)

    @property
    def theirs_parts(self) -> list[tuple[str, bool]]:
        return marked(self.theirs, self.mine if self.was is None or self.was == self.theirs else self.was)


def pick(was: str | None, mine: str, theirs: str) -> str:
    """Whose version stands: the one of the side that changed the field, mine where both did."""
    return "theirs" if was is not None and plain(was) == plain(mine) and plain(theirs) != plain(was) else "mine"


def marked(text: str, other: str) -> list[tuple[str, bool]]:
    """Items of a text and the commas between them; True for items that the other text does not have."""
    have = {item.strip().casefold() for item in re.split(r"[,\n]", other)}
    parts = re.split(r"(\s*[,\n]\s*)", text)
    return [(part, bool(part.strip(" ,\n")) and part.strip().casefold() not in have) for part in parts if part]


def compare(mine: Any, theirs: Any, was: Any = None) -> list[Choice]:
    """The fields in which two versions of a file's JSON differ; `was` is the version both began from, if known."""
    here, there, before = _whole([leaves(side) if isinstance(side, Mapping) else {} for side in (mine, theirs, was)])
    found = []
    for path in dict.fromkeys([*there, *here]):
        one, other = here.get(path, _NONE), there.get(path, _NONE)
        if one is not _NONE and other is not _NONE and same(one, other):
            continue
        known = _text(before.get(path, _NONE)) if isinstance(was, Mapping) else None
        found.append(
            Choice(
                name=pointer(path),
                label=str(path[-1]).replace("_", " ") if path else "file",
                section=" / ".join(map(str, path[:-1])).replace("_", " "),
                mine=_text(one),
                theirs=_text(other),
                was=known,
                pick=pick(known, _text(one), _text(other)),
                mine_json=_json(one),
                theirs_json=_json(other),
            )
        )
    return found[:MOST]


_NONE: Any = object()


def _whole(sides: Sequence[dict[Path, Any]]) -> list[dict[Path, Any]]:
    """The sides with one value where any of them has one: `wardrobe` as a text against `wardrobe/x/top`."""
    every = {path for side in sides for path in side}
    above = {path[:depth] for path in every for depth in range(1, len(path))} & every
    sides = [{path: value for path, value in side.items() if path not in above or value != {}} for side in sides]
    tops = {path for side in sides for path in side} & above  # an empty object is no value of its own
    return [_gathered(side, tops) for side in sides] if tops else list(sides)


def _gathered(side: Mapping[Path, Any], tops: Collection[Path]) -> dict[Path, Any]:
    found: dict[Path, Any] = {}
    for path, value in side.items():
        top = next((path[:depth] for depth in range(1, len(path)) if path[:depth] in tops), None)
        if top is None:
            found[path] = value
            continue
        place = found.setdefault(top, {})
        for step in path[len(top) : -1]:
            place = place.setdefault(step, {})
        place[path[-1]] = value
    return found


def _json(value: Any) -> str:
    return "" if value is _NONE else msgspec.json.encode(value).decode()


def _text(value: Any) -> str:
    if value is _NONE or value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return msgspec.json.encode(value).decode()
