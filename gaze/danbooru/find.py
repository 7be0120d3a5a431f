"""Looking tags up: by prefix, exactly with aliases, and forgivingly while one types."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from heapq import nsmallest
from math import log10

import msgspec

from gaze.danbooru.index import TagIndex, words_of
from gaze.danbooru.rows import CATEGORIES, clean

_NUMBERS = {word: number for number, word in CATEGORIES.items()}
# How much better a way to fit is, in powers of ten of a tag's count.
EXACT, PREFIX, WORD, ALIAS, TYPO = 90.0, 1.5, 0.0, -0.5, -3.0
_POOL = 64  # the most used tags of each way to fit are weighed against each other
_LOOKED_AT = 2000  # rows gone through for a search of several words
_CUTS = str.maketrans("(-/:.+", "______")
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_LONG_ENOUGH = 4  # letters a word needs before a slip of the finger is looked for

# Brackets and weight around a tag in a prompt, whole or still being typed: `(v:0.5)` (faults F17).
_WRAPPED = re.compile(r"[(\[{]+(.*?)(?::\s*[+-]?[\d.]*)?(?:(?<!\\)[)\]}])*")


class Tag(msgspec.Struct, frozen=True):
    """A tag that was found; `alias` is the other name by which it was, "" where its own name fits."""

    name: str
    category: str
    count: int
    alias: str = ""


class Verdict(msgspec.Struct, frozen=True):
    """What is known of a tag as somebody wrote it. `valid` only for a name that is in the list itself.

    `tag` is the name to use: its own, or that which it is an alias of; "" for an unknown one, with `suggestions`.
    """

    given: str
    valid: bool
    tag: str = ""
    category: str = ""
    count: int = 0
    suggestions: tuple[str, ...] = ()


def written(text: str) -> str:
    """A tag as lists have it, from one as prompts do: weights and escapes away, underscores for spaces."""
    bare = text.strip()
    if not _is_face(bare) and (wrapped := _WRAPPED.fullmatch(bare)) and wrapped[1]:
        bare = wrapped[1]
    return clean(bare.replace("\\(", "(").replace("\\)", ")"))


def as_inserted(name: str) -> str:
    """A tag as a prompt takes it: spaces for underscores except in faces (faults F02), brackets escaped (F03)."""
    text = name if _is_face(name) else name.replace("_", " ")
    return text.replace("(", "\\(").replace(")", "\\)")


def _is_face(name: str) -> bool:
    """Whether a tag is an emoticon such as `>_<`, `0_0`, `o_o`, `(o)_(o)`: hardly a letter on either side."""
    left, cut, right = name.partition("_")
    letters = [re.sub(r"[\W_]", "", side) for side in (left, right)]
    if not cut or max(map(len, letters)) > 1:
        return False
    return left == right or bool(re.search(r"[^\w]", name)) or "".join(letters).isdigit()


def search(index: TagIndex, query: str, limit: int = 20, category: str = "") -> list[Tag]:
    """Tags whose name begins with a text, the most used first."""
    rows = index.beginning(written(query))
    if category:
        wanted = _NUMBERS.get(category, -1)
        rows = type(rows)("I", (row for row in rows if index.categories[row] == wanted))
    return [_tag(index, row) for row in nsmallest(limit, rows)]


def validate(index: TagIndex, tags: Iterable[str], near: int = 3) -> list[Verdict]:
    """A verdict on each tag, in order."""
    return [_verdict(index, given, near) for given in tags]


def known(index: TagIndex, tag: str) -> str | None:
    """The name to use for a tag: itself, or what it is an alias of; None where the list has neither."""
    name = written(tag)
    if index.exact(name) is not None:
        return name
    row = index.of_alias(name)
    return None if row is None else index.names[row]


def _verdict(index: TagIndex, given: str, near: int) -> Verdict:
    name = written(given)
    row = index.exact(name)
    valid = row is not None
    if row is None:
        row = index.of_alias(name)
    if row is None:
        return Verdict(given, False, suggestions=_near(index, name, near) if near else ())
    category = CATEGORIES[index.categories[row]]
    return Verdict(given, valid, index.names[row], category, index.counts[row])


def _near(index: TagIndex, name: str, most: int) -> tuple[str, ...]:
    """Tags that read alike: what completion offers for a beginning is too far from a whole word."""
    found = {tag.name: tag.alias or tag.name for tag in suggest(index, name, 4 * most)}
    alike = set(get_close_matches(name, found.values(), n=4 * most, cutoff=0.66))
    return tuple(tag for tag, read in found.items() if read in alike)[:most]


def suggest(index: TagIndex, partial: str, limit: int = 8, category: str = "") -> list[Tag]:
    """Tags that may be meant by what was typed so far, the best first.

    A tag fits by the beginning of its name, of any of its words in any order, or of an alias; if little does, with
    one slip of the finger. How well it fits is weighed against how often it is used.
    """
    return [tag for _, tag in weighed(index, partial, limit, category)]


def weighed(index: TagIndex, partial: str, limit: int = 8, category: str = "") -> list[tuple[float, Tag]]:
    """As `suggest`, each with its weight: the power of ten of its count, and what its way to fit adds."""
    typed = written(partial)
    if not typed:
        return []
    wanted = _NUMBERS.get(category, -1) if category else None
    scores: dict[int, float] = {}
    for bonus, rows in _ways(index, typed):
        for row in rows:
            if wanted is None or index.categories[row] == wanted:
                score = bonus + log10(index.counts[row] + 1)
                if score > scores.get(row, -9.0):
                    scores[row] = score
    best = sorted(scores, key=lambda row: (-scores[row], row))[:limit]
    return [(scores[row], _tag(index, row, typed)) for row in best]


def _ways(index: TagIndex, typed: str) -> Iterator[tuple[float, Sequence[int]]]:
    """Rows that fit, by how well; a later way is only tried where the earlier ones found little."""
    found = 0
    exact = index.exact(typed)
    if exact is None:
        exact = index.of_alias(typed)
    if exact is not None:
        yield EXACT, (exact,)
    for bonus, rows in (
        (PREFIX, nsmallest(_POOL, index.beginning(typed))),
        (ALIAS, nsmallest(_POOL, index.alias_beginning(typed, _LOOKED_AT))),
    ):
        found += len(rows)
        yield bonus, rows
    words = words_of(typed)
    if len(typed) < 3 or not words:
        return
    rows = _with_words(index, words)
    yield WORD, rows
    if found + len(rows) < 3:
        for meant in _meant(index, words):
            yield TYPO, _with_words(index, meant)


def _with_words(index: TagIndex, words: Sequence[str]) -> list[int]:
    """The most used rows that have all words, each perhaps only its beginning."""
    slices = sorted((index.with_word(word) for word in words), key=len)
    if len(slices) == 1:
        return sorted(set(nsmallest(_POOL * 2, slices[0])))[:_POOL]
    rest = {f"_{word}" for word in words}
    found: list[int] = []
    for row in nsmallest(_LOOKED_AT, set(slices[0])):
        text = "_".join(("", index.names[row], *index.aliases_of(row))).translate(_CUTS)
        if all(start in text for start in rest):
            found.append(row)
            if len(found) >= _POOL:
                break
    return found


def _meant(index: TagIndex, words: Sequence[str]) -> Iterator[list[str]]:
    """The words with one slip in one of them mended, where that makes words that some tag has."""
    wrong = [place for place, word in enumerate(words) if not index.has_word(word)]
    places = wrong or [place for place, word in enumerate(words) if len(word) >= _LONG_ENOUGH][-1:]
    if len(places) != 1 or len(words[places[0]]) < _LONG_ENOUGH:
        return
    place = places[0]
    for at in range(3, len(words[place]) - 2):  # two words without their gap
        pair = [words[place][:at], words[place][at:]]
        if all(map(index.has_word, pair)):
            yield [*words[:place], *pair, *words[place + 1 :]]
    for near in _slips(words[place]):
        if index.has_word(near):
            yield [*words[:place], near, *words[place + 1 :]]


def _slips(word: str) -> Iterator[str]:
    """What may have been meant: two letters swapped, one too many, one wrong, one left out."""
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    made = dict.fromkeys(left + right[1] + right[0] + right[2:] for left, right in cuts if len(right) > 1)
    made |= dict.fromkeys(left + right[1:] for left, right in cuts if right)
    made |= dict.fromkeys(left + letter + right[1:] for left, right in cuts if right for letter in _LETTERS)
    made |= dict.fromkeys(left + letter + right for left, right in cuts for letter in _LETTERS)
    made.pop(word, None)
    yield from made


def _tag(index: TagIndex, row: int, typed: str = "") -> Tag:
    name = index.names[row]
    alias = "" if not typed or name.startswith(typed) else _alias(index, row, typed)
    return Tag(name, CATEGORIES[index.categories[row]], index.counts[row], alias)


def _alias(index: TagIndex, row: int, typed: str) -> str:
    """The alias that fits what was typed, where the name itself does not."""
    starts = words_of(typed)
    named = words_of(index.names[row])
    if starts and all(any(word.startswith(start) for word in named) for start in starts):
        return ""
    for alias in index.aliases_of(row):
        there = words_of(alias)
        if alias.startswith(typed) or (
            starts and all(any(word.startswith(start) for word in there) for start in starts)
        ):
            return alias
    return ""
