"""Search over all assets: best first, and for each hit why it is one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from gaze.core.asset import Asset
from gaze.library.catalog import Catalog, Entry
from gaze.library.query import Card

MOST_LETTERS = 200  # of a search text
MOST_WORDS = 12
_AROUND = 46
LOOSE = 8  # the rank of a match anywhere
_MOST_RANKED = 1500
_EARLY = {"tags": 0, "lora": 1}

Marked = tuple[tuple[str, bool], ...]  # pieces of a text, and whether each is what was searched for


class Reason(msgspec.Struct, frozen=True):
    """Where a hit holds what was searched for: the field, and its text with the matches marked."""

    label: str
    text: Marked


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """One asset found."""

    card: Card
    rank: int
    name: Marked
    why: list[Reason]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a search found: hits best first, how many in each category, images newest first and how many."""

    hits: list[Hit]
    total: int
    counts: Mapping[str, int]
    images: list[str]
    image_total: int


def words_of(q: str) -> list[str]:
    """The words of a search text, folded, each once."""
    return list(dict.fromkeys(q[:MOST_LETTERS].casefold().split()))[:MOST_WORDS]


def rank_assets(
    catalogs: Mapping[str, Catalog],
    states: Mapping[str, Mapping[str, Mapping[str, Any]]],
    words: Sequence[str],
    nsfw: str,
) -> list[tuple[int, str, Entry]]:
    """Every asset that holds all words, with its rank (0 is best) and category, best first, then by name."""
    found: list[tuple[int, int, int, str, Entry]] = []
    whole, longest = " ".join(words), max(words, key=len)
    rest = [word for word in words if word != longest]
    for place, (category, catalog) in enumerate(catalogs.items()):
        notes = {slug: text for slug, state in states.get(category, {}).items() if (text := notes_of(state).casefold())}
        for order, entry in enumerate(catalog.entries()):
            text = entry.text
            if notes and entry.slug in notes:
                text = f"{text}\n{notes[entry.slug]}"
            if longest not in text or (rest and not all(word in text for word in rest)):
                continue
            if nsfw == "all" or entry.nsfw == (nsfw == "nsfw"):
                found.append((_rank_by_name(text, words, whole), place, order, category, entry))
    loose = sum(item[0] == LOOSE for item in found)
    if loose <= _MOST_RANKED:  # beyond, nobody looks at the last ones, and it would take longer than a keystroke
        found = [(_rank_else(item[4], words), *item[1:]) if item[0] == LOOSE else item for item in found]
    found.sort(key=lambda item: item[:3])
    return [(rank, category, entry) for rank, _, _, category, entry in found]


def notes_of(state: Mapping[str, Any]) -> str:
    """The user's notes on an asset."""
    notes = state.get("notes")
    return notes if isinstance(notes, str) else ""


def _rank_by_name(text: str, words: Sequence[str], whole: str) -> int:
    """How good a match of the name or id is: the name itself, its beginning, its words' beginnings, within it, the id.

    The first two lines of an asset's text are its name and id.
    """
    name_ends = text.find("\n")
    if name_ends < 0:
        name_ends = len(text)
    if all(text.find(word, 0, name_ends) >= 0 for word in words):
        name = text[:name_ends]
        if name == whole:
            return 0
        if name.startswith(whole):
            return 1
        return 2 if all(re.search(rf"\b{re.escape(word)}", name) for word in words) else 3
    id_ends = text.find("\n", name_ends + 1)
    return 4 if all(text.find(word, name_ends, id_ends) >= 0 for word in words) else LOOSE


def _rank_else(entry: Entry, words: Sequence[str]) -> int:
    """How good any other match is: a tag, the LoRA, partly the name, somewhere."""
    if all(any(word in value for values in entry.folded.values() for value in values) for word in words):
        return 5
    if all(word in str(entry.row["lora"]).casefold() for word in words):
        return 6
    name = str(entry.row["name"]).casefold()
    return 7 if any(word in name for word in words) else LOOSE


def reasons(asset: Asset, words: Sequence[str], *, owner: str = "", notes: str = "", most: int = 4) -> list[Reason]:
    """The fields that hold a word, in the order of the declaration; a field whose words were all said is left out."""
    pattern = pattern_of(words)
    found: list[Reason] = []
    missing = set(words)
    rest: list[Reason] = []
    for label, text in _places(asset, owner, notes):
        folded = text.casefold()
        held = {word for word in words if word in folded}
        if not held:
            continue
        reason = Reason(label, marked(text, pattern))
        if held & missing:
            missing -= held
            found.append(reason)
        elif label != "Id":  # an id mostly repeats the name
            rest.append(reason)
    return [*found, *rest][:most]


def _places(asset: Asset, owner: str, notes: str) -> Iterator[tuple[str, str]]:
    """Every text of an asset that search looks at, with its label; tags and the LoRA before what is long."""
    category = asset.category
    yield "Name", asset.name
    yield "Id", asset.id
    if owner:
        yield f"{category.one.capitalize()} of", owner
    named = (category.id_field, category.name_field)
    for field in sorted(category.fields, key=lambda field: _EARLY.get(field.section, len(_EARLY))):
        if field.key in named and not field.section:
            continue
        label = "LoRA" if (field.section, field.key) == ("lora", "lora_name") else field.label.capitalize()
        for text in _values(asset, field.section, field.key):
            yield label, text
    yield "Tags", ", ".join(asset.data.tags.listed)
    yield "Notes", notes


def _values(asset: Asset, section: str, key: str) -> Iterator[str]:
    """The texts of one field; those of each outfit where there are several, with its name."""
    held = getattr(asset.data, section, None) if section else asset.data
    if isinstance(held, Mapping):
        for name, inner in held.items():
            for text in _texts(getattr(inner, key, None)):
                yield f"{name}: {text}"
        return
    yield from _texts(getattr(held, key, None))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if value:
            yield value
    elif isinstance(value, list | tuple):
        yield ", ".join(text for item in value for text in _texts(item))
    elif isinstance(value, msgspec.Struct):
        for key in value.__struct_fields__:
            for text in _texts(getattr(value, key)):
                yield f"{key.replace('_', ' ')}: {text}"
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            for text in _texts(inner):
                yield f"{key}: {text}"


def pattern_of(words: Sequence[str]) -> re.Pattern[str]:
    """Finds any of the words, the longest first, case aside."""
    return re.compile(
        "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)) or "(?!)", re.IGNORECASE
    )


def marked(text: str, pattern: re.Pattern[str], around: int = _AROUND) -> Marked:
    """A text around its first match, with every match in it marked."""
    text = " ".join(text.split())
    first = pattern.search(text)
    begin = max(first.start() - around, 0) if first else 0
    end = min((first.end() if first else 0) + 2 * around, len(text))
    if begin:
        begin = text.find(" ", begin) + 1 or begin
    cut = text[begin:end]
    pieces: list[tuple[str, bool]] = [("…", False)] if begin else []
    at = 0
    for match in pattern.finditer(cut):
        if match.start() > at:
            pieces.append((cut[at : match.start()], False))
        pieces.append((match.group(), True))
        at = match.end()
    pieces.append((cut[at:] + ("…" if end < len(text) else ""), False))
    return tuple(piece for piece in pieces if piece[0])
