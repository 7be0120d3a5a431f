"""Tag lists as tag-completion tools share them: CSV rows of `name,category,count,"aliases"`."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping

import msgspec

# Numbers of Danbooru's categories, as its lists have them.
CATEGORIES: Mapping[int, str] = {0: "general", 1: "artist", 3: "copyright", 4: "character", 5: "meta"}
MOST_LETTERS = 200
_MOST_COUNT = 2**32 - 1
_HEAD = {"name", "tag", "tags"}


class Row(msgspec.Struct, frozen=True, gc=False):
    """A tag as its list has it; `count` is how many pictures have it."""

    name: str
    category: int
    count: int
    aliases: tuple[str, ...] = ()


class BadRow(msgspec.Struct, frozen=True):
    """A row that is left out, with its line in the file (from 1) and why."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


def read_rows(lines: Iterable[str]) -> Iterator[Row | BadRow]:
    """Each row of a list, or what is wrong with it; empty rows and a row of headings are passed over.

    A tag that comes again counts once. Category and count may be missing: general, and none.
    """
    reader = csv.reader(_without_nulls(lines))
    seen: set[str] = set()
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield BadRow(reader.line_num, f"this is no CSV ({error})")
            continue
        if cells is None:
            return
        if not any(cells) or (reader.line_num == 1 and cells[0].strip().casefold() in _HEAD and len(cells) > 1):
            continue
        row = _row(cells)
        if isinstance(row, str):
            yield BadRow(reader.line_num, row)
        elif row.name in seen:
            yield BadRow(reader.line_num, f"«{row.name}» is in the list already")
        else:
            seen.add(row.name)
            yield row


def _row(cells: list[str]) -> Row | str:
    """The row, or what is wrong with it in words."""
    name = clean(cells[0])
    if not name:
        return "the tag has no name"
    if len(name) > MOST_LETTERS:
        return f"the tag «{name[:40]}…» has more than {MOST_LETTERS} letters"
    _, category, count, aliases, *_ = (*cells, "", "", "")
    for what, text in (("category", category), ("count", count)):
        if text and not (text.isascii() and text.strip().isdigit()):
            return f"the {what} of «{name}» is «{text[:40]}»; a whole number is needed"
    kind = int(category[:9] or 0)
    if kind not in CATEGORIES:
        known = ", ".join(f"{number} {word}" for number, word in CATEGORIES.items())
        return f"the category of «{name}» is {kind}; it can be {known}"
    return Row(name, kind, min(int(count[:19] or 0), _MOST_COUNT), _aliases(aliases, name) if aliases else ())


def _aliases(text: str, name: str) -> tuple[str, ...]:
    found = dict.fromkeys(map(clean, text.split(",")))
    return tuple(alias for alias in found if alias and alias != name and len(alias) <= MOST_LETTERS)


def clean(name: str) -> str:
    """A tag as Danbooru writes it: lower case, words joined by underscores."""
    return "_".join(name.lower().split())


def _without_nulls(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield line.replace("\0", "") if "\0" in line else line
