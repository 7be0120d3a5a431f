"""What rows of images share, kept once: equal values, numbered shapes, and how many rows have each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any

from gaze.library.imagerow import Row


class Sharing:
    """One object for equal values of many rows: most have their strings and lists in common with others."""

    def __init__(self) -> None:
        self._values: dict[Any, Any] = {}

    def share(self, row: Row) -> Row:
        """The row, its values shared with equal ones of other rows."""
        one = self._values.setdefault
        row.owner, row.checkpoint = one(row.owner, row.owner), one(row.checkpoint, row.checkpoint)
        row.batch, row.tool = one(row.batch, row.batch), one(row.tool, row.tool)
        row.assets, row.weights = self._tuple(row.assets), self._tuple(row.weights)
        row.versions, row.loras = self._tuple(row.versions), self._tuple(row.loras)
        return row

    def _tuple(self, value: tuple[Any, ...]) -> Any:
        kept = self._values.get(value)
        if kept is None:
            kept = tuple([self._values.setdefault(item, item) for item in value])
            self._values[value] = kept
        return kept


class Numbered:
    """Values that many rows share, by number: a filter asks each of them once, and rows are told apart by a number.

    Callers hold a lock. A value stays until the end of the process, also if its last row goes.
    """

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._numbers: dict[Any, int] = {}

    def number(self, value: Any) -> int:
        """The number of a value, a new one if it is new."""
        found = self._numbers.setdefault(value, len(self.values))
        if found == len(self.values):
            self.values.append(value)
        return found


class Totals:
    """The counts of all rows, kept as rows come and go; rows' shapes are (owner, NSFW mark, favourite, tool), their
    forms (checkpoint, width, height), their prompts are texts: images of one recipe share theirs."""

    def __init__(self) -> None:
        self.shapes, self.forms, self.texts = Numbered(), Numbered(), Numbered()
        self.counts: dict[str, Counter[Any]] = {name: Counter() for name in COUNT}

    def number(self, row: Row) -> None:
        """Give a row the numbers of its shape and form."""
        row.shape = self.shapes.number((row.owner, row.nsfw, row.favourite, row.tool))
        row.form = self.forms.number((row.checkpoint, row.width, row.height))
        row.words = self.texts.number(row.text)
        row.text = self.texts.values[row.words]

    def add(self, rows: Sequence[Row], sign: int = 1) -> None:
        """Take rows in, or out with `sign` -1."""
        for name, kept in self.counts.items():
            for value, number in COUNT[name](rows).items():
                kept[value] += sign * number
                if not kept[value]:
                    del kept[value]

    def copy(self) -> Totals:
        """The counts as they are now."""
        made = Totals()
        made.shapes, made.forms, made.texts = self.shapes, self.forms, self.texts
        made.counts = {name: kept.copy() for name, kept in self.counts.items()}
        return made


SHAPE, FORM, WORDS = attrgetter("shape"), attrgetter("form"), attrgetter("words")
COUNT: Mapping[str, Callable[[Iterable[Row]], Counter[Any]]] = {
    "shape": lambda rows: Counter(map(SHAPE, rows)),
    "form": lambda rows: Counter(map(FORM, rows)),
    "asset": lambda rows: Counter(chain.from_iterable(map(attrgetter("assets"), rows))),
    "lora": lambda rows: Counter(chain.from_iterable(map(attrgetter("loras"), rows))),
}
