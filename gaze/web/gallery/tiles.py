"""Images as tiles, by day, and the rail of months."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from hashlib import sha256

import msgspec

from gaze.context import Context
from gaze.library.imagequery import FoundImages, day_of
from gaze.library.imagerow import Row
from gaze.web.gallery.ask import Ask, image_url

_RAIL = 14


class Tile(msgspec.Struct, frozen=True):
    """One image of the grid. `count` is how many images its stack has, `stack` their address."""

    path: str
    href: str
    key: int
    ratio: str
    label: str
    favourite: bool
    nsfw: bool
    mark: str
    count: int = 0
    stack: str = ""

    @property
    def id(self) -> str:
        """A short name for the ids of the tile's elements."""
        return tile_id(self.path)


class Day(msgspec.Struct, frozen=True):
    """The tiles of one day within a window; `count` is how many images the whole day has."""

    day: str
    label: str
    count: int
    tiles: list[Tile]


class Month(msgspec.Struct, frozen=True):
    """A step of the rail: a month of the first year shown, else a year."""

    label: str
    title: str
    href: str
    at: str


def tile_id(path: str) -> str:
    """A short name for the ids of an image's elements."""
    return sha256(path.encode("utf-8", "replace")).hexdigest()[:10]


def tile_of(gaze: Context, row: Row, count: int = 0, stack: str = "") -> Tile:
    """An image's tile; it is named by what made it."""
    nsfw = gaze.library.image_nsfw(row)
    names = [gaze.library.name_of(key) for key in row.assets[:4]]
    label = ", ".join(names) or row.path.rsplit("/", 1)[-1]
    marks = [mark for mark, on in (("favourite", row.favourite), ("NSFW", nsfw), (row.mark, row.mark)) if on]
    return Tile(
        path=row.path,
        href=image_url(row.path),
        key=row.key,
        ratio=f"{row.ratio:.3f}",
        label=", ".join([label, *marks]),
        favourite=row.favourite,
        nsfw=nsfw,
        mark=row.mark,
        count=count,
        stack=stack,
    )


def days_of(gaze: Context, ask: Ask, found: FoundImages, rows: Sequence[Row], *, goes_on: bool = False) -> list[Day]:
    """Rows, newest first, as days; the first day has no label if the list `goes_on` within it."""
    days: list[Day] = []
    last = None
    for row in rows:
        day = day_of(row)
        if day != last:
            label = "" if goes_on and not days and _shown_before(found, row, day) else day_label(day)
            days.append(Day(day.isoformat(), label, found.of_day(day), []))
            last = day
        count = found.stacks.get(row.recipe, 0)
        stack = ask.href(recipe=f"{row.recipe:x}", stacks="") if count else ""
        days[-1].tiles.append(tile_of(gaze, row, count, stack))
    return days


def alike_of(gaze: Context, rows: Sequence[Row]) -> list[Day]:
    """Rows in the order of their likeness: no days."""
    tiles = [tile_of(gaze, row) for row in rows]
    return [Day("", "The most alike first", len(tiles), tiles)] if tiles else []


def _shown_before(found: FoundImages, row: Row, day: date) -> bool:
    newer = found.after(row.key, 1)
    return bool(newer) and day_of(newer[0]) == day


def day_label(day: date, today: date | None = None) -> str:
    """`Today`, `Yesterday`, `Monday, 23 November`, `23 November 2025`."""
    today = today or date.today()
    ago = (today - day).days
    if ago in (0, 1):
        return "Yesterday" if ago else "Today"
    return f"{day:%A}, {day.day} {day:%B}" if day.year == today.year else f"{day.day} {day:%B} {day.year}"


def rail_of(ask: Ask, found: FoundImages) -> list[Month]:
    """The steps of the date rail: months of the newest year, then years, as many as fit."""
    months = found.months()
    if not months:
        return []
    newest = months[0][0].year
    steps: list[Month] = []
    years: set[int] = set()
    for first, count in months:
        if first.year == newest:
            label, title = f"{first:%b}", f"{first:%B} {first.year}, {count:,} images"
        elif first.year not in years:
            years.add(first.year)
            label, title = str(first.year), str(first.year)
        else:
            continue
        at = f"{first:%Y-%m}"
        steps.append(Month(label, title, ask.href(at=at), at))
    return steps[:_RAIL]
