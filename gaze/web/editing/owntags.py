"""The tags that a user writes, in assets and in prompts of images: found while one types, and what goes with what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from math import log10

from gaze.core.text import BREAK, items
from gaze.danbooru import rows
from gaze.danbooru.find import PREFIX, WORD, as_inserted, weighed, written
from gaze.danbooru.index import TagIndex
from gaze.library.imagerow import Row
from gaze.library.service import Library

_LOOKED_AT = 400  # images with a tag that are asked what else they have; the newest ones

Found = tuple[float, str, str, int]  # weight as `danbooru.find.weighed` has it, name, text, uses


def spelled(item: str) -> tuple[str, str]:
    """An item of a prompt as tag lists name it, and as one would write it again without its weight."""
    name = written(item)
    return name, as_inserted(name) if item[:1] in "([{" else item


class PromptCounts:
    """In how many images' prompts each item is; only images that came or changed are counted again."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._rows: dict[str, Row] = {}

    def behind(self, library: Library) -> int:
        """About how many images are to be counted."""
        return abs(len(library.images) - len(self._rows))

    def follow(self, library: Library) -> None:
        """Bring the counts up to date; blocking, some 30 µs a new image."""
        gone = dict(self._rows)
        for row in library.images.rows():
            old = gone.pop(row.path, None)
            if old is row:
                continue
            if old is not None:
                self._count(old, -1)
            self._count(row, 1)
            self._rows[row.path] = row
        for path, row in gone.items():
            self._count(row, -1)
            del self._rows[path]
        self.counts += Counter()  # drops what is at nothing

    def _count(self, row: Row, step: int) -> None:
        for item in set(items(row.text.decode("utf-8", "replace"))):
            self.counts[item] += step


class OwnTags:
    """The tags by how often they are used, as an index; making one of 100,000 tags takes a second."""

    def __init__(self, counted: Iterable[tuple[str, int]] = ()) -> None:
        self._uses: Counter[str] = Counter()
        self._texts: dict[str, str] = {}  # where one writes it in another way than a suggestion does
        for item, number in counted:
            name, text = spelled(item)
            if number > 0 and name:
                if name not in self._uses and text != as_inserted(name):
                    self._texts[name] = text
                self._uses[name] += number
        self._index = TagIndex.build([rows.Row(name, 0, number) for name, number in self._uses.items()])

    def uses(self, name: str) -> int:
        """How many assets and images have a tag."""
        return self._uses[name]

    def text(self, name: str) -> str:
        """A tag as the user writes it."""
        return self._texts.get(name) or as_inserted(name)

    def find(self, typed: str, most: int, fresh: Iterable[str] = ()) -> Iterator[Found]:
        """Tags that may be meant, the best first; `fresh` are items that came after the index was made."""
        for weight, tag in weighed(self._index, typed, most):
            yield weight, tag.name, self.text(tag.name), tag.count
        wanted = written(typed)
        for item in fresh:
            name, text = spelled(item)
            if wanted and wanted in name and name not in self._uses:
                yield (PREFIX if name.startswith(wanted) else WORD) + log10(2), name, text, 1


def related(own: OwnTags, tag: str, together: Iterable[Sequence[str]], most: int) -> list[tuple[str, str, int]]:
    """What is used with a tag more than elsewhere: name, text, and in how many of `together`, which all have it.

    Tags that are everywhere (`1girl`) say nothing about this one, so what counts is how much of a tag's use is here.
    Once together is chance.
    """
    counted: Counter[str] = Counter()
    for each in together:
        counted.update({spelled(item)[0] for item in each if item != BREAK})
    counted.pop(written(tag), None)
    weights = {
        name: number / (max(own.uses(name), number) + 2) ** 0.6
        for name, number in counted.items()
        if name and number > 1
    }
    best = sorted(weights, key=lambda name: (-weights[name], name))[:most]
    return [(name, own.text(name), counted[name]) for name in best]


def having(tag: str, words: Sequence[str], library: Library) -> Iterator[list[str]]:
    """The items of the newest images' prompts that have a tag; `words` are those of the tag."""
    name, wanted = written(tag), [word.encode() for word in words]
    left = _LOOKED_AT
    for row in reversed(library.images.rows()) if wanted else ():
        if not all(word in row.text for word in wanted):
            continue
        parts = items(row.text.decode("utf-8", "replace"))
        if any(spelled(item)[0] == name for item in parts):
            yield parts
            left -= 1
            if not left:
                return
