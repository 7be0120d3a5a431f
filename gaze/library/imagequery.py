"""What a gallery page asks for, and the images that pass: windows, places, days, months."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from operator import attrgetter

import msgspec

from gaze.library.imagerow import Row

Counts = dict[str, dict[str, int]]
key_of_row = attrgetter("key")


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
