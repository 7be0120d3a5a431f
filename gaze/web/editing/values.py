"""Between what a file holds and what an input shows: text both ways, and a sentence for what does not fit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from gaze.core.settings import BOUNDS


class Unfit(Exception):
    """What was typed cannot be kept; the text says what is needed, for a place beside the field."""


class Bounds(msgspec.Struct, frozen=True):
    """What a number may be, and how far one press of an arrow goes."""

    least: float | None = None
    most: float | None = None
    step: float = 1

    @property
    def words(self) -> str:
        return f"{self.least:g} to {self.most:g}" if self.least is not None and self.most is not None else ""


_STEPS = {"width": 8.0, "height": 8.0, "cfg": 0.5}


def bounds(key: str, number: str) -> Bounds:
    """The bounds of a number by its key: ComfyUI's where it has any, those of a weight for any weight."""
    known = BOUNDS.get("weights" if "weight" in key else key)
    usual = 1.0 if number == "int" else 0.05
    low, high = known if known else (None, None)
    return Bounds(low, high, _STEPS.get(key, usual))


def plain(text: str) -> str:
    """Text as it compares: a form sends CRLF for every line end."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def shown(reads: str, value: Any) -> str:
    """What an input shows for a value of the file."""
    if value is None:
        return ""
    match reads:
        case "switch":
            return "on" if value else ""
        case "lines":
            return "\n".join(map(str, value))
        case "commas":
            return ", ".join(map(str, value))
        case "weights":
            return "\n".join(f"{key} = {_short(number)}" for key, number in value.items())
        case "float":
            return _short(value)
        case _:
            return str(value)


def _short(number: float) -> str:
    """`0.8`, `5`: as short as it can be and still be that number."""
    text = f"{number:g}"
    return text if float(text) == number and "e" not in text else repr(number)


def read(reads: str, key: str, text: str) -> Any:
    """What the file gets for what was typed; an emptied number or single choice is null. Raises Unfit."""
    text = plain(text)
    match reads:
        case "switch":
            return text.strip().lower() in ("on", "true", "1", "yes")
        case "lines":
            return [line.strip() for line in text.split("\n") if line.strip()]
        case "some lines":
            return [line.strip() for line in text.split("\n") if line.strip()] or None
        case "commas":
            return [item.strip() for item in text.replace("\n", ",").split(",") if item.strip()]
        case "weights":
            return _weights(text)
        case "int" | "float":
            return _number(reads, key, text.strip())
        case "one":
            return text.strip() or None
        case "prose":
            return text.rstrip()
        case "tags":  # completion leaves a comma for the next one
            return text.strip().rstrip(", ")
        case _:
            return text.strip()


def _number(kind: str, key: str, text: str) -> int | float | None:
    if not text:
        return None
    what = "a whole number such as 25" if kind == "int" else "a number such as 0.8"
    try:
        value: int | float = int(text) if kind == "int" else float(text.replace(",", ".", 1))
    except ValueError:
        raise Unfit(f"«{text[:40]}» is no number; {what} is needed.") from None
    if not math.isfinite(value):
        raise Unfit(f"«{text[:40]}» is out of range; {what} is needed.")
    _within(key, kind, value)
    return value


def _within(key: str, kind: str, value: float) -> None:
    limits = bounds(key, kind)
    if limits.least is None or limits.most is None or limits.least <= value <= limits.most:
        return
    if key == "seed" and value == -1:
        return
    raise Unfit(f"{value} is out of range; {limits.words} is allowed.")


def _weights(text: str) -> Mapping[str, float]:
    found = {}
    for line in text.split("\n"):
        if not line.strip():
            continue
        key, equals, number = line.rpartition("=")
        if not equals or not key.strip():
            raise Unfit(f"«{line.strip()[:60]}» is no weight; write it as scenes/beach = 0.6.")
        weight = _number("float", "weights", number.strip())
        if weight is None:
            raise Unfit(f"«{key.strip()[:60]}» has no number; write it as scenes/beach = 0.6.")
        found[key.strip()] = weight
    return found


def pointer(path: Sequence[str | int]) -> str:
    """A path as a JSON Pointer (RFC 6901): the name of its input; names of outfits may hold anything."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def path_of(name: str) -> tuple[str, ...]:
    """The path behind a pointer, or behind `section.key` and `section::key`."""
    if name.startswith("/"):
        return tuple(step.replace("~1", "/").replace("~0", "~") for step in name[1:].split("/"))
    return tuple(name.split("::") if "::" in name else name.split("."))
