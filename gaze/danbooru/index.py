"""A tag list in memory: packed arrays instead of objects, 200,000 tags in some 25 MiB.

Rows are numbered by popularity, so the least number is the most used tag. Names and aliases lie in one run of bytes
each; sorted arrays of row numbers find a name by halving. Every word of a name or an alias has the rows it is in, so
that `hair blonde` and `ponytail` find what only a whole search through all names could.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import Any

import msgpack as _msgpack

from gaze.danbooru.rows import Row

FORMAT = 1
msgpack: Any = _msgpack

_WORD = re.compile(r"[^\W_]+")
_LAST = "\U0010ffff"  # after every letter: the end of a range of texts that begin alike


def words_of(name: str) -> list[str]:
    """The words of a tag, for search: what is between underscores, brackets and signs."""
    return _WORD.findall(name)


class Texts:
    """Many short texts in one run of bytes."""

    def __init__(self, blob: bytes, ends: array[int]) -> None:
        self._blob = blob
        self._ends = ends

    @classmethod
    def of(cls, texts: Iterable[str]) -> Texts:
        blob, ends = bytearray(), array("I")
        for text in texts:
            blob += text.encode()
            ends.append(len(blob))
        return cls(bytes(blob), ends)

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, place: int) -> str:
        return self._blob[self._ends[place - 1] if place else 0 : self._ends[place]].decode()

    def packed(self) -> list[bytes]:
        return [self._blob, self._ends.tobytes()]

    @classmethod
    def unpacked(cls, parts: Sequence[bytes]) -> Texts:
        return cls(parts[0], _array(parts[1]))


class TagIndex:
    """A list of tags. Row numbers go from 0, the most used tag, to `len(index) - 1`."""

    def __init__(
        self,
        names: Texts,
        categories: bytes,
        counts: array[int],
        by_name: array[int],
        aliases: Texts,
        alias_ends: array[int],
        by_alias: array[int],
        words: Texts,
        word_ends: array[int],
        word_rows: array[int],
    ) -> None:
        self.names = names
        self.categories = categories
        self.counts = counts
        self._by_name = by_name
        self._aliases = aliases
        self._alias_ends = alias_ends
        self._by_alias = by_alias
        self._words = words
        self._word_ends = word_ends
        self._word_rows = word_rows

    def __len__(self) -> int:
        return len(self.names)

    @classmethod
    def build(cls, rows: Sequence[Row]) -> TagIndex:
        """An index of these rows, in any order."""
        rows = sorted(rows, key=lambda row: -row.count)
        alias_ends, total = array("I"), 0
        places: dict[str, array[int]] = {}
        for number, row in enumerate(rows):
            total += len(row.aliases)
            alias_ends.append(total)
            text = "_".join((row.name, *row.aliases)) if row.aliases else row.name
            for word in set(_WORD.findall(text)):
                found = places.get(word)
                if found is None:
                    places[word] = array("I", (number,))
                else:
                    found.append(number)
        names = [row.name for row in rows]
        aliases = [alias for row in rows for alias in row.aliases]
        words = sorted(places)
        word_ends, word_rows = array("I"), array("I")
        for word in words:
            word_rows.extend(places.pop(word))
            word_ends.append(len(word_rows))
        return cls(
            Texts.of(names),
            bytes(row.category for row in rows),
            array("I", (row.count for row in rows)),
            array("I", sorted(range(len(names)), key=names.__getitem__)),
            Texts.of(aliases),
            alias_ends,
            array("I", sorted(range(len(aliases)), key=aliases.__getitem__)),
            Texts.of(words),
            word_ends,
            word_rows,
        )

    # rows

    def exact(self, name: str) -> int | None:
        """The row of a tag, None for no tag."""
        place = bisect_left(self._by_name, name, key=self.names.__getitem__)
        if place < len(self) and self.names[self._by_name[place]] == name:
            return self._by_name[place]
        return None

    def of_alias(self, name: str) -> int | None:
        """The most used row that has this alias, None for no alias."""
        low = bisect_left(self._by_alias, name, key=self._aliases.__getitem__)
        found = []
        while low < len(self._by_alias) and self._aliases[self._by_alias[low]] == name:
            found.append(self._row_of_alias(self._by_alias[low]))
            low += 1
        return min(found, default=None)

    def beginning(self, start: str) -> array[int]:
        """Rows whose name begins so, in the order of names."""
        return self._by_name[slice(*_range(self._by_name, start, self.names))]

    def alias_beginning(self, start: str, most: int) -> list[int]:
        """Rows with an alias that begins so, at most of so many aliases."""
        low, high = _range(self._by_alias, start, self._aliases)
        return [self._row_of_alias(place) for place in self._by_alias[low : min(high, low + most)]]

    def with_word(self, start: str) -> array[int]:
        """Rows with a word that begins so in their name or an alias; a row may come twice."""
        low, high = _range(range(len(self._words)), start, self._words)
        if low == high:
            return array("I")
        return self._word_rows[self._word_ends[low - 1] if low else 0 : self._word_ends[high - 1]]

    def has_word(self, start: str) -> bool:
        """Whether any word begins so."""
        low = bisect_left(range(len(self._words)), start, key=self._words.__getitem__)
        return low < len(self._words) and self._words[low].startswith(start)

    def aliases_of(self, row: int) -> list[str]:
        """The other names of a tag."""
        first = self._alias_ends[row - 1] if row else 0
        return [self._aliases[place] for place in range(first, self._alias_ends[row])]

    def _row_of_alias(self, place: int) -> int:
        return bisect_right(self._alias_ends, place)

    # on the disk

    def pack(self) -> bytes:
        """The index as bytes; only this machine's own program reads them again."""
        arrays = (self.counts, self._by_name, self._alias_ends, self._by_alias, self._word_ends, self._word_rows)
        texts = (self.names, self._aliases, self._words)
        packed = [[each.packed() for each in texts], self.categories, [each.tobytes() for each in arrays]]
        content: bytes = msgpack.packb(packed)
        return content

    @classmethod
    def unpack(cls, content: bytes) -> TagIndex:
        """The index that `pack` made these bytes of. Raises ValueError and others for any other bytes."""
        texts, categories, arrays = msgpack.unpackb(content)
        names, aliases, words = map(Texts.unpacked, texts)
        counts, by_name, alias_ends, by_alias, word_ends, word_rows = map(_array, arrays)
        if not len(names) == len(categories) == len(counts) == len(by_name) == len(alias_ends):
            raise ValueError("the parts of the index do not fit")
        return cls(names, categories, counts, by_name, aliases, alias_ends, by_alias, words, word_ends, word_rows)


def _range(places: Sequence[int], start: str, texts: Texts) -> tuple[int, int]:
    low = bisect_left(places, start, key=texts.__getitem__)
    return low, bisect_left(places, start + _LAST, lo=low, key=texts.__getitem__)


def _array(content: bytes) -> array[int]:
    made = array("I")
    made.frombytes(content)
    return made
