"""Which brackets of a text belong together, in linear time (specification prompts, "Text")."""

from __future__ import annotations

import re
from collections.abc import Iterator

_CLOSES = {")": "(", "]": "[", "}": "{", ">": "<"}
_OPENS = frozenset("([{<")
_BRACKET = re.compile(r"(?<!\\)[()\[\]{}<>]")


def pairs(text: str, kinds: str = "([{<") -> tuple[list[tuple[int, int]], list[int]]:
    """The places of opening and closing brackets that pair, and of those that stay without a partner.

    A closing bracket closes the nearest open one of its kind; those opened in between are ordinary text, as are a
    bracket right after a backslash and `<` without a letter after it. Pairs come in order of their closing ones,
    and never cross. Angle brackets are never reported as partnerless: `>_<` is a face.
    """
    found: list[tuple[int, int]] = []
    alone: list[int] = []
    if not _BRACKET.search(text):
        return found, alone
    stack: list[tuple[str, int]] = []
    waiting = dict.fromkeys(kinds, 0)
    for place, letter in _brackets(text):
        kind = _CLOSES.get(letter, letter)
        if kind not in waiting:
            continue
        if letter in _OPENS:
            stack.append((letter, place))
            waiting[letter] += 1
        elif waiting[kind]:
            while True:
                opener, start = stack.pop()
                waiting[opener] -= 1
                if opener == kind:
                    found.append((start, place))
                    break
                _leave(opener, start, alone)
        else:
            _leave(letter, place, alone)
    for opener, start in stack:
        _leave(opener, start, alone)
    return found, sorted(alone)


def outermost(found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Those pairs that lie in no other, in order of the text."""
    kept: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if not kept or start > kept[-1][1]:
            kept.append((start, end))
    return kept


def _brackets(text: str) -> Iterator[tuple[int, str]]:
    for found in _BRACKET.finditer(text):
        place, letter = found.start(), found[0]
        if letter != "<" or text[place + 1 : place + 2].isalpha():
            yield place, letter


def _leave(letter: str, place: int, alone: list[int]) -> None:
    if letter not in "<>":
        alone.append(place)
