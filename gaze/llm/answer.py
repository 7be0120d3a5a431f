"""The JSON object in what a model wrote: behind its thinking, in a fence, with prose around. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

_DECODER = json.JSONDecoder()
_THINKING = (("<think>", "</think>"), ("<thinking>", "</thinking>"), ("<reasoning>", "</reasoning>"))
# A text is looked through at so many braces; a model that writes more of them writes no answer.
_MOST_BRACES = 2000


class NoJson(ValueError):
    """There is no object in the text; the message says what is there instead."""


def spoken(text: str) -> str:
    """The text without what the model thought aloud (F100); a thought that never ends hides all that follows it."""
    for opens, closes in _THINKING:
        while (start := text.find(opens)) >= 0:
            end = text.find(closes, start)
            text = text[:start] + (text[end + len(closes) :] if end >= 0 else "")
        # Templates often put the opening mark into the prompt, so that only the closing one is written.
        text = text.rpartition(closes)[2]
    return text.strip()


def object_in(text: str) -> dict[str, Any]:
    """The last whole object that is not inside another one; of several the largest wins. Raises NoJson."""
    said = spoken(text)
    if not said:
        raise NoJson("the answer is empty")
    found = list(_objects(said))
    if found:
        return max(found, key=lambda item: item[1])[0]
    at = said.find("{")
    if at < 0:
        raise NoJson("there is no JSON object in the answer")
    try:
        _DECODER.raw_decode(said, at)
    except json.JSONDecodeError as error:
        raise NoJson(f"the JSON cannot be read: {error.msg.lower()} at line {error.lineno}") from None
    except RecursionError:
        raise NoJson("the JSON is nested too deeply") from None
    raise NoJson("there is no JSON object in the answer")


def _objects(text: str) -> Iterator[tuple[dict[str, Any], int]]:
    """Every outermost object with its length in letters."""
    at, tries = text.find("{"), 0
    while at >= 0 and tries < _MOST_BRACES:
        tries += 1
        try:
            value, end = _DECODER.raw_decode(text, at)
        except (json.JSONDecodeError, RecursionError):
            at = text.find("{", at + 1)
            continue
        if isinstance(value, dict) and value:
            yield value, end - at
        at = text.find("{", end)


def arguments(given: Any) -> dict[str, Any]:
    """The arguments of a tool call: an object, a text that holds one, or nothing (F105). Raises NoJson."""
    if given is None:
        return {}
    if isinstance(given, str):
        if not given.strip():
            return {}
        try:
            given = json.loads(given)
        except (ValueError, RecursionError) as error:
            raise NoJson(f"the arguments are no JSON ({error})") from None
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise NoJson("the arguments must be a JSON object {...}")
    return given
