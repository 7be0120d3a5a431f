"""What a gallery page asks for, and how rows of images answer: filter, count, cut.

Each filter is one walk over all rows that gives a byte a row; filters are then combined as whole numbers, and the
values of each facet are counted on the smaller side of the split. That keeps 100,000 rows within 100 ms.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import chain, compress
from operator import attrgetter
from typing import Any

import msgspec

from gaze.library.imagerow import Row

FACETS = ("favourite", "nsfw", "category", "asset", "checkpoint", "lora", "size", "tool")
Counts = dict[str, dict[str, int]]
_NOT = bytes((1, *(0,) * 255))
key_of_row = attrgetter("key")
_shape = attrgetter("owner", "nsfw", "favourite", "tool")


class ImageQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Filters of a gallery page. All `words` must occur in the prompt, all `assets` (`category/slug`) have taken part.

    `since` and `until` are days of this machine's clock, both counted in. `stacks` shows one image of each recipe.
    """

    words: tuple[str, ...] = ()
    favourite: bool = False
    nsfw: str = "all"
    category: str = ""
    assets: tuple[str, ...] = ()
    checkpoint: str = ""
    lora: str = ""
    size: str = ""
    tool: str = ""
    seed: int | None = None
    since: date | None = None
    until: date | None = None
    batch: str = ""
    recipe: int = 0
    stacks: bool = False


class FoundImages(msgspec.Struct, frozen=True, gc=False):
    """Rows that pass, oldest first; how many images each facet's values would leave under all *other* filters.

    `stacks` says for a recipe how many images it has here, if one stands for all.
    """

    rows: list[Row]
    counts: Counts
    stacks: Mapping[int, int]

    @property
    def total(self) -> int:
        return len(self.rows)

    def before(self, key: int | None, limit: int) -> list[Row]:
        """The next rows, newest first, that are older than `key`; from the newest on if it is None."""
        end = len(self.rows) if key is None else bisect_left(self.rows, key, key=key_of_row)
        return self.rows[max(0, end - limit) : end][::-1]

    def after(self, key: int, limit: int) -> list[Row]:
        """The rows next newer than `key`, newest first."""
        begin = bisect_left(self.rows, key + 1, key=key_of_row)
        return self.rows[begin : begin + limit][::-1]

    def newer(self, key: int) -> int:
        """How many rows are newer than `key`."""
        return len(self.rows) - bisect_left(self.rows, key + 1, key=key_of_row)

    def place(self, row: Row) -> int | None:
        """The place of a row, newest first, from 0; None if it is not among them."""
        at = bisect_left(self.rows, row.key, key=key_of_row)
        while at < len(self.rows) and self.rows[at].key == row.key:
            if self.rows[at].path == row.path:
                return len(self.rows) - 1 - at
            at += 1
        return None

    def at(self, place: int) -> Row | None:
        """The row at a place, newest first, from 0."""
        return self.rows[len(self.rows) - 1 - place] if 0 <= place < len(self.rows) else None

    def of_day(self, day: date) -> int:
        """How many rows are of a day."""
        begin, end = (bisect_left(self.rows, bound, key=key_of_row) for bound in bounds(day, day))
        return end - begin

    def months(self) -> list[tuple[date, int]]:
        """The months that have images, newest first, with how many."""
        found = []
        end = len(self.rows)
        while end:
            first = datetime.fromtimestamp(self.rows[end - 1].time_s).date().replace(day=1)
            begin = min(bisect_left(self.rows, bounds(first, first)[0], key=key_of_row), end - 1)
            found.append((first, end - begin))
            end = begin
        return found


def bounds(since: date, until: date) -> tuple[int, int]:
    """The keys between which images of these days lie."""
    low = datetime(since.year, since.month, since.day)
    high = datetime(until.year, until.month, until.day) + timedelta(days=1)
    return int(max(low.timestamp(), 0) * 1e6) << 12, int(max(high.timestamp(), 0) * 1e6) << 12


def day_of(row: Row) -> date:
    """The day an image was made, by this machine's clock."""
    return datetime.fromtimestamp(row.time_s).date()


class Totals:
    """The counts of all rows, kept as rows come and go."""

    def __init__(self) -> None:
        self.shapes: Counter[tuple[Any, ...]] = Counter()
        self.values: dict[str, Counter[Any]] = {name: Counter() for name in ("asset", "checkpoint", "lora", "size")}

    def add(self, rows: Sequence[Row], sign: int = 1) -> None:
        """Take rows in, or out with `sign` -1."""
        for kept, found in (
            (self.shapes, _shapes(rows)),
            *((self.values[name], _values(name, rows)) for name in self.values),
        ):
            for value, number in found.items():
                kept[value] += sign * number
                if not kept[value]:
                    del kept[value]

    def copy(self) -> Totals:
        """The counts as they are now."""
        made = Totals()
        made.shapes = self.shapes.copy()
        made.values = {name: kept.copy() for name, kept in self.values.items()}
        return made


def _shapes(rows: Iterable[Row]) -> Counter[tuple[Any, ...]]:
    return Counter(map(_shape, rows))


def _values(name: str, rows: Iterable[Row]) -> Counter[Any]:
    if name == "asset":
        return Counter(chain.from_iterable(map(attrgetter("assets"), rows)))
    if name == "lora":
        return Counter(chain.from_iterable(map(attrgetter("loras"), rows)))
    if name == "size":
        return Counter(map(attrgetter("width", "height"), rows))
    return Counter(map(attrgetter(name), rows))


def select(rows: list[Row], totals: Totals, query: ImageQuery, nsfw: frozenset[str]) -> FoundImages:
    """What passes of `rows` (oldest first), and the counts. `nsfw` holds the owners whose images are NSFW unsaid."""
    flags = {name: made for name, made in _flags(rows, query, nsfw).items() if made is not None}
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


def _flags(rows: list[Row], query: ImageQuery, nsfw: frozenset[str]) -> dict[str, bytes | None]:
    """A byte a row for each filter that is on: 1 where it lets the row pass."""

    def where(on: object, test: Callable[[], bytes]) -> bytes | None:
        return test() if on else None

    asked = query
    width, _, height = asked.size.partition("x")
    size = (int(width), int(height)) if width.isdecimal() and height.isdecimal() else (-1, -1)
    owner = f"{asked.category}/"
    low, high = bounds(asked.since or date(1970, 1, 2), asked.until or date(9998, 1, 1))
    wants = asked.nsfw == "nsfw"
    return {
        "words": _worded(rows, asked.words) if asked.words else None,
        "seed": where(asked.seed is not None, lambda: bytes([row.seed == asked.seed for row in rows])),
        "date": where(asked.since or asked.until, lambda: bytes([low <= row.key < high for row in rows])),
        "batch": where(asked.batch, lambda: bytes([row.batch == asked.batch for row in rows])),
        "recipe": where(asked.recipe, lambda: bytes([row.recipe == asked.recipe for row in rows])),
        "favourite": where(asked.favourite, lambda: bytes(map(attrgetter("favourite"), rows))),
        "nsfw": where(asked.nsfw != "all", lambda: bytes([is_nsfw(row, nsfw) == wants for row in rows])),
        "category": where(
            asked.category, lambda: bytes([row.owner.startswith(owner) or row.owner == asked.category for row in rows])
        ),
        "asset": where(asked.assets, lambda: bytes([all(a in row.assets for a in asked.assets) for row in rows])),
        "checkpoint": where(asked.checkpoint, lambda: bytes([row.checkpoint == asked.checkpoint for row in rows])),
        "lora": where(asked.lora, lambda: bytes([asked.lora in row.loras for row in rows])),
        "size": where(asked.size, lambda: bytes([(row.width, row.height) == size for row in rows])),
        "tool": where(asked.tool, lambda: bytes([row.tool == asked.tool for row in rows])),
    }


def _worded(rows: list[Row], words: Sequence[str]) -> bytes:
    """Where the prompt holds every word; the longest word first, for it is the rarest."""
    found = bytes(len(rows))
    for place, word in enumerate(
        sorted((word.casefold().encode("utf-8", "replace") for word in words), key=len, reverse=True)
    ):
        if place == 0:
            found = bytes([word in row.text for row in rows])
        elif 1 in found:
            found = bytes([one and word in row.text for one, row in zip(found, rows, strict=True)])
    return found


def is_nsfw(row: Row, owners: frozenset[str]) -> bool:
    """Whether an image is NSFW: as its sidecar says, else as its asset is (its owner among `owners`)."""
    return row.owner in owners if row.nsfw is None else row.nsfw


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


class _Split:
    """Counts the values of rows that pass, or of those that do not, whichever are fewer."""

    def __init__(self, rows: list[Row], totals: Totals, nsfw: frozenset[str]) -> None:
        self.rows = rows
        self.totals = totals
        self.nsfw = nsfw
        self._sides: dict[bytes | None, tuple[list[Row], bool]] = {}
        self._shapes: dict[bytes | None, Counter[tuple[Any, ...]]] = {}

    def count(self, name: str, flags: bytes | None) -> dict[str, int]:
        if name not in self.totals.values:
            return _folded(name, self._shaped(flags), self.nsfw)
        found = self._counted(flags, self.totals.values[name], lambda rows: _values(name, rows))
        if name == "size":
            named = {f"{width}x{height}": number for (width, height), number in found.items() if width and height}
        else:
            named = {value: number for value, number in found.items() if value}
        return dict(sorted(named.items(), key=lambda pair: -pair[1]))

    def _shaped(self, flags: bytes | None) -> Counter[tuple[Any, ...]]:
        if flags not in self._shapes:
            self._shapes[flags] = self._counted(flags, self.totals.shapes, _shapes)
        return self._shapes[flags]

    def _counted(
        self, flags: bytes | None, total: Counter[Any], count: Callable[[list[Row]], Counter[Any]]
    ) -> Counter[Any]:
        if flags is None:
            return total
        if flags not in self._sides:
            outside = flags.count(1) * 2 > len(flags)
            self._sides[flags] = (list(compress(self.rows, flags.translate(_NOT) if outside else flags)), outside)
        rows, outside = self._sides[flags]
        found = count(rows)
        return total - found if outside else found


def _folded(name: str, shapes: Mapping[tuple[Any, ...], int], owners: frozenset[str]) -> dict[str, int]:
    """The counts of a facet that shapes hold: owner, NSFW mark, favourite, tool."""
    found: dict[str, int] = {}
    for (owner, marked, favourite, tool), number in shapes.items():
        if name == "favourite":
            value = "on" if favourite else ""
        elif name == "nsfw":
            value = "nsfw" if (owner in owners if marked is None else marked) else "sfw"
        else:
            value = tool if name == "tool" else owner.partition("/")[0]
        if value:
            found[value] = found.get(value, 0) + number
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))


def _stacked(rows: list[Row]) -> tuple[list[Row], dict[int, int]]:
    """The newest row of each recipe, oldest first, and how many rows each recipe has."""
    stacks = Counter(map(attrgetter("recipe"), rows))
    seen: set[int] = set()
    shown = []
    for row in reversed(rows):
        if not row.recipe:
            shown.append(row)
        elif row.recipe not in seen:
            seen.add(row.recipe)
            shown.append(row)
    return shown[::-1], {recipe: number for recipe, number in stacks.items() if recipe and number > 1}
