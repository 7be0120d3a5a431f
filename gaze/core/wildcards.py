"""Wildcards: `__name__`, `{a|b}`, `{2$$a|b}`, expanded with chance of their own (specification prompts, "Text").

Expansion always ends: a name inside its own expansion stays, and so does everything beyond `MOST_PICKS` picks,
`MOST_LETTERS` letters or `DEEPEST` levels.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from random import Random

import msgspec

from gaze.core.brackets import pairs

MOST_PICKS = 2_000
MOST_LETTERS = 100_000
DEEPEST = 20

Lookup = Callable[[str], Sequence[str] | None]

# Letters, digits, `_-./` and spaces, without `_` or a space at the ends; a bound on the length keeps the search linear.
NAME = re.compile(r"__((?:[^\W_]|[-./])(?:[\w\-./ ]{0,150}?(?:[^\W_]|[-./]))??)__")
_WEIGHT = re.compile(r"\s*([0-9]{1,9}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})\s*::")
# How many, and what joins them: `2$$`, `1-2$$`, `2$$ and $$`.
_COUNT = re.compile(r"\s*([0-9]{1,6})\s*(?:-\s*([0-9]{1,6}))?\s*\$\$(?:([^|${}]*|\s*\|\s*)\$\$)?")


class Note(msgspec.Struct, frozen=True):
    """Something a person should know about a plan: a code for programs, a sentence for people."""

    code: str
    message: str


class Expansion(msgspec.Struct, frozen=True):
    """A text after its wildcards, what there is to say about it, and what was picked."""

    text: str
    notes: tuple[Note, ...] = ()
    picks: tuple[str, ...] = ()

    @property
    def drawn(self) -> bool:
        return bool(self.picks)


def read_options(text: str) -> tuple[str, ...]:
    """The options of a wildcard file: its lines, trimmed, without blank ones and those that begin with `#`.

    A byte order mark and any kind of line end are understood (specification data, "Folders"; F04, F05).
    """
    lines = (line.strip() for line in text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return tuple(line for line in lines if line and not line.startswith("#"))


def expand(text: str, rng: Random, lookup: Lookup) -> Expansion:
    """`text` with every wildcard and option picked once; never raises, always ends (F07).

    `lookup` gives the options of a name, its case aside, or None. LoRA tags are left in.
    """
    if not wild(text):
        return Expansion(text)
    run = _Run(rng, lookup)
    made = run.text(text, (), 0)
    return Expansion(made, tuple(run.notes.values()), tuple(run.picks))


def wild(text: str) -> bool:
    """Whether a text may hold anything to expand."""
    return "__" in text or "{" in text


class _Run:
    """One expansion: its chance, its notes and what is left of its bounds."""

    def __init__(self, rng: Random, lookup: Lookup) -> None:
        self.rng = rng
        self.lookup = lookup
        self.notes: dict[tuple[str, str], Note] = {}
        self.picks: list[str] = []
        self.letters = 0

    def note(self, code: str, about: str, message: str) -> None:
        self.notes.setdefault((code, about), Note(code, message))

    def exhausted(self, depth: int) -> bool:
        if len(self.picks) < MOST_PICKS and self.letters < MOST_LETTERS and depth < DEEPEST:
            return False
        message = "The wildcards of a text give more and more text; the rest stays as written. Shorten their files."
        self.note("wildcard-loop", "", message)
        return True

    def text(self, text: str, inside: tuple[str, ...], depth: int) -> str:
        """`text` expanded; `inside` are the names whose expansion it is part of."""
        made: list[str] = []
        last = 0
        for start, end, group in _wild(text):
            made.append(text[last:start])
            last = end
            if self.exhausted(depth):
                made.append(text[start:end])
            elif group:
                made.append(self.group(text[start + 1 : end - 1], inside, depth))
            else:
                made.append(self.name(text[start:end], inside, depth))
        made.append(text[last:])
        joined = "".join(made)
        self.letters += len(joined) if depth else 0
        return joined

    def name(self, token: str, inside: tuple[str, ...], depth: int) -> str:
        name = token[2:-2]
        options = self.options(name, inside)
        if options is None:
            return token
        picked = self.pick([_weighed(option) for option in options], 1)
        self.picks.append(token)
        return self.text(picked[0], (*inside, name.casefold()), depth + 1) if picked else ""

    def options(self, name: str, inside: tuple[str, ...]) -> Sequence[str] | None:
        """The lines of a name; None, and a note, where it has to stay."""
        if name.casefold() in inside:
            cycle = " > ".join(f"__{part}__" for part in (*inside[inside.index(name.casefold()) :], name.casefold()))
            message = f"The wildcard __{name}__ is part of itself ({cycle}); it stays as text. Break the circle."
            self.note("wildcard-loop", name.casefold(), message)
            return None
        options = self.lookup(name)
        if not options:
            why = "there is no such file" if options is None else "its file has no lines"
            message = f"The wildcard __{name}__ stays as text: {why}; see data/wildcards/{name}.txt."
            self.note("unknown-wildcard", name.casefold(), message)
            return None
        return options

    def group(self, inner: str, inside: tuple[str, ...], depth: int) -> str:
        count = _COUNT.match(inner)
        if count is None:
            picked = self.pick([_weighed(option) for option in _options(inner)], 1)
            self.picks.append(f"{{{inner}}}")
            return self.text(picked[0], inside, depth + 1) if picked else ""
        low, high = sorted((int(count[1]), int(count[2] or count[1])))
        joiner = ", " if count[3] is None else count[3]
        weighed: list[tuple[float, str, tuple[str, ...]]] = []
        for option in _options(inner[count.end() :]):
            weighed += self.spread(option, inside)
        usable = sum(1 for weight, _, _ in weighed if weight)
        if high > usable:
            message = f"«{{{inner}}}» asks for {high}, but there are only {usable} to choose from; each is taken once."
            self.note("wildcard-short", inner, message)
        wanted = low if low == high else self.rng.randint(low, high)
        self.picks.append(f"{{{inner}}}")
        places = self.places([weight for weight, _, _ in weighed], wanted)
        return joiner.join(self.text(weighed[place][1], weighed[place][2], depth + 1) for place in places)

    def spread(self, option: str, inside: tuple[str, ...]) -> list[tuple[float, str, tuple[str, ...]]]:
        """An option of a count, or all lines of the name it is; each with the names it is inside of."""
        weight, text = _weighed(option)
        token = NAME.fullmatch(text.strip())
        if token and weight and not self.exhausted(0):
            lines = self.options(token[1], inside)
            if lines is not None:
                within = (*inside, token[1].casefold())
                return [(weight * each, line, within) for each, line in map(_weighed, lines)]
        return [(weight, text, inside)]

    def pick(self, weighed: Sequence[tuple[float, str]], wanted: int) -> list[str]:
        return [weighed[place][1] for place in self.places([weight for weight, _ in weighed], wanted)]

    def places(self, weights: Sequence[float], wanted: int) -> list[int]:
        """`wanted` distinct places drawn by weight, in order; all with a weight if there are too few."""
        left = [place for place, weight in enumerate(weights) if weight]
        if wanted >= len(left):
            # One option is a pick like any other, but there is nothing to draw.
            return left
        if wanted == 1:
            return self.rng.choices(left, [weights[place] for place in left])
        # Weighed sampling without replacement in one pass: the largest of u ** (1 / weight) (Efraimidis, Spirakis).
        keys = {place: self.rng.random() ** (1 / weights[place]) for place in left}
        return sorted(sorted(left, key=keys.__getitem__, reverse=True)[:wanted])


def _wild(text: str) -> Iterator[tuple[int, int, bool]]:
    """Start, end and kind (True: braces) of what is to be expanded in `text` and lies in nothing else such."""
    found, _ = pairs(text, "{<")
    bars = _owned(text, found)
    spans = [(name.start(), name.end(), "name") for name in NAME.finditer(text)]
    for start, end in found:
        if text[start] == "<":
            spans.append((start, end + 1, "kept"))
        elif start in bars or _COUNT.match(text, start + 1, end):
            spans.append((start, end + 1, "braces"))
    last = 0
    for start, end, kind in sorted(spans):
        if start < last:
            continue  # inside the one before
        last = end
        if kind != "kept":
            yield start, end, kind == "braces"


def _owned(text: str, found: Sequence[tuple[int, int]]) -> frozenset[int]:
    """The braces that have a `|` of their own, by their place."""
    if "|" not in text:
        return frozenset()
    opened = dict(found)
    closing = {end for _, end in found}
    stack: list[int] = []
    owners = set()
    for place, letter in enumerate(text):
        if place in opened:
            stack.append(place)
        elif place in closing:
            stack.pop()
        elif letter == "|" and stack and text[stack[-1]] == "{":
            owners.add(stack[-1])
    return frozenset(owners)


def _options(inner: str) -> list[str]:
    """What stands between the `|` of the braces themselves."""
    found, _ = pairs(inner, "{<")
    depth = 0
    opens, closes = {start for start, _ in found}, {end for _, end in found}
    parts: list[str] = []
    last = 0
    for place, letter in enumerate(inner):
        if place in opens:
            depth += 1
        elif place in closes:
            depth -= 1
        elif letter == "|" and not depth:
            parts.append(inner[last:place])
            last = place + 1
    return [*parts, inner[last:]]


def _weighed(option: str) -> tuple[float, str]:
    """An option's weight, 1 where it names none, and its text."""
    if "::" not in option:
        return 1.0, option
    found = _WEIGHT.match(option)
    return (float(found[1]), option[found.end() :]) if found else (1.0, option)
