"""Which rows of images pass a query, and how many images each filter value would leave.

Each filter is one walk over all rows that gives a byte a row; filters are then combined as whole numbers, and the
values of each facet are counted on the smaller side of the split. That keeps 100,000 rows within 100 ms.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import compress
from operator import attrgetter
from typing import Any

from gaze.library.imagequery import Counts, FoundImages, ImageQuery, bounds, key_of_row
from gaze.library.imagerow import Row
from gaze.library.imagetotals import COUNT, FORM, SHAPE, WORDS, Totals

FACETS = ("favourite", "nsfw", "category", "asset", "checkpoint", "lora", "size", "tool")
_NOT = bytes((1, *(0,) * 255))
_OF_SHAPE, _OF_FORM = ("favourite", "nsfw", "category", "tool"), ("checkpoint", "size")


def select(rows: list[Row], totals: Totals, query: ImageQuery, nsfw: frozenset[str]) -> FoundImages:
    """What passes of `rows` (oldest first), and the counts. `nsfw` holds the owners whose images are NSFW unsaid."""
    flags = _flags(rows, totals, query, nsfw)
    common = _all(made for name, made in flags.items() if name not in FACETS)
    everything = _all((common, *(flags[name] for name in flags if name in FACETS)))
    passed = rows if everything is None else list(compress(rows, everything))
    counts: Counts = {}
    split = _Split(rows, totals, nsfw)
    for name in FACETS:
        others = everything
        if name in flags and name != "asset":  # assets narrow each other: all of them must have taken part
            others = _all((common, *(flags[other] for other in flags if other in FACETS and other != name)))
        counts[name] = split.count(name, others)
    if not query.stacks:
        return FoundImages(passed, counts, {})
    shown, stacks = _stacked(passed)
    return FoundImages(shown, counts, stacks)


def _flags(rows: list[Row], totals: Totals, query: ImageQuery, nsfw: frozenset[str]) -> dict[str, bytes]:
    """A byte a row for each filter that is on: 1 where it lets the row pass."""
    asked = query
    made: dict[str, bytes] = {}
    if asked.words:
        made["words"] = _worded(rows, totals.texts.values, asked.words)
    if asked.seed is not None:
        made["seed"] = bytes([row.seed == asked.seed for row in rows])
    if asked.batch:
        made["batch"] = bytes([row.batch == asked.batch for row in rows])
    if asked.recipe:
        made["recipe"] = bytes([row.recipe == asked.recipe for row in rows])
    if asked.lora:
        made["lora"] = bytes([asked.lora in row.loras for row in rows])
    for asset in asked.assets:
        one = bytes([asset in row.assets for row in rows])
        made["asset"] = _all((made.get("asset"), one)) or one
    if asked.since or asked.until:
        low, high = bounds(asked.since or date(1970, 1, 2), asked.until or date(9998, 1, 1))
        begin, end = (bisect_left(rows, key, key=key_of_row) for key in (low, high))
        made["date"] = b"\0" * begin + b"\1" * (end - begin) + b"\0" * (len(rows) - end)
    for name, wanted in (
        ("favourite", "on" if asked.favourite else ""),
        ("nsfw", asked.nsfw if asked.nsfw != "all" else ""),
        *((name, getattr(asked, name)) for name in ("category", "tool", "checkpoint", "size")),
    ):
        if wanted:
            numbered, number = (totals.shapes, SHAPE) if name in _OF_SHAPE else (totals.forms, FORM)
            right = {at for at, value in enumerate(numbered.values) if facet(name, value, nsfw) == wanted}
            made[name] = bytes(map(right.__contains__, map(number, rows)))
    return made


def _worded(rows: list[Row], texts: list[bytes], words: Sequence[str]) -> bytes:
    """Where the prompt holds every word; the longest word first, for it is the rarest."""
    first, *rest = sorted((word.casefold().encode("utf-8", "replace") for word in words), key=len, reverse=True)
    right = [number for number, text in enumerate(texts) if first in text]
    for word in rest:
        right = [number for number in right if word in texts[number]]
    return bytes(map(set(right).__contains__, map(WORDS, rows)))


def _all(flags: Iterable[bytes | None]) -> bytes | None:
    """Where all of these are 1; None, which is everywhere, if there are none."""
    made: int | None = None
    length = 0
    for one in flags:
        if one is not None:
            length = len(one)
            number = int.from_bytes(one, "little")
            made = number if made is None else made & number
    return None if made is None else made.to_bytes(length, "little")


def facet(name: str, value: tuple[Any, ...], owners: frozenset[str]) -> str:
    """What a shape or form says about a facet. `owners` are those whose images are NSFW unless they say otherwise."""
    if name == "checkpoint":
        return str(value[0])
    if name == "size":
        return f"{value[1]}x{value[2]}" if value[1] and value[2] else ""
    owner, marked, favourite, tool = value
    if name == "favourite":
        return "on" if favourite else ""
    if name == "nsfw":
        return "nsfw" if (owner in owners if marked is None else marked) else "sfw"
    return str(tool) if name == "tool" else str(owner).partition("/")[0]


class _Split:
    """Counts the values of rows that pass, or of those that do not, whichever are fewer."""

    def __init__(self, rows: list[Row], totals: Totals, nsfw: frozenset[str]) -> None:
        self.rows = rows
        self.totals = totals
        self.nsfw = nsfw
        self._sides: dict[bytes | None, tuple[list[Row], bool]] = {}
        self._counted: dict[tuple[str, bytes | None], Counter[Any]] = {}

    def count(self, name: str, flags: bytes | None) -> dict[str, int]:
        """How many of the rows that pass have each value of a facet, the most first."""
        found: dict[str, int] = {}
        if name in _OF_SHAPE or name in _OF_FORM:
            numbered, kind = (self.totals.shapes, "shape") if name in _OF_SHAPE else (self.totals.forms, "form")
            for at, number in self._count(kind, flags).items():
                value = facet(name, numbered.values[at], self.nsfw)
                found[value] = found.get(value, 0) + number
        else:
            found = dict(self._count(name, flags))
        return {value: number for value, number in sorted(found.items(), key=lambda pair: -pair[1]) if value}

    def _count(self, kind: str, flags: bytes | None) -> Counter[Any]:
        if flags is None:
            return self.totals.counts[kind]
        if (kind, flags) not in self._counted:
            rows, outside = self._side(flags)
            found = COUNT[kind](rows)
            self._counted[kind, flags] = self.totals.counts[kind] - found if outside else found
        return self._counted[kind, flags]

    def _side(self, flags: bytes) -> tuple[list[Row], bool]:
        if flags not in self._sides:
            outside = flags.count(1) * 2 > len(flags)
            self._sides[flags] = (list(compress(self.rows, flags.translate(_NOT) if outside else flags)), outside)
        return self._sides[flags]


def _stacked(rows: list[Row]) -> tuple[list[Row], dict[int, int]]:
    """The newest row of each recipe, oldest first, and how many rows each recipe has."""
    stacks = Counter(map(attrgetter("recipe"), rows))
    seen: set[int] = {0}
    shown = []
    for row in reversed(rows):
        if row.recipe not in seen or not row.recipe:
            seen.add(row.recipe)
            shown.append(row)
    return shown[::-1], {recipe: number for recipe, number in stacks.items() if recipe and number > 1}
