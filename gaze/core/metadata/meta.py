"""What an image says about how it was made, whoever wrote it; every value bounded, whatever strangers wrote."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import msgspec

MOST_LETTERS = 20_000  # of a prompt
MOST_LORAS = 100
MOST_ROWS = 200  # of values that no field of ours takes
SHORT = 500


class UsedLora(msgspec.Struct, frozen=True):
    """A LoRA as its maker named it: a path below the LoRA folder, or only a file name without ending."""

    name: str
    weight: float = 1.0


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """What an image was made from. `sampler_name` and `scheduler` are ComfyUI's names where they are known.

    `more` holds what no field takes, as it was written; `notes` what could not be read, in words.
    """

    tool: str = ""
    positive: str = ""
    negative: str = ""
    checkpoint: str = ""
    loras: tuple[UsedLora, ...] = ()
    seed: int | None = None
    width: int | None = None
    height: int | None = None
    steps: int | None = None
    cfg: float | None = None
    sampler_name: str = ""
    scheduler: str = ""
    clip_skip: int | None = None
    more: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing is said that a recipe could use."""
        return self == Metadata(tool=self.tool, more=self.more, notes=self.notes)


def text(value: Any, most: int = MOST_LETTERS) -> str:
    """A text without the characters that no prompt has; "" for anything else."""
    if not isinstance(value, str):
        return ""
    kept = value[:most].replace("\r\n", "\n").replace("\0", "")
    return kept.encode("utf-8", "replace").decode().strip()


def whole(value: Any) -> int | None:
    """A whole number of up to 64 bits, also written as text or as 25.0; None for anything else."""
    if isinstance(value, str):
        value = value.strip()
        if not value.lstrip("-").isdecimal() or len(value) > 20:
            return None
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value) if value == int(value) and 0 <= value < 2**64 else None


def number(value: Any) -> float | None:
    """A finite number, also written as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) and abs(found) < 1e9 else None


def listed(value: Any) -> list[Any]:
    """A list as it is; anything else is none (faults F54)."""
    return value if isinstance(value, list) else []


def mapped(value: Any) -> Mapping[str, Any]:
    """An object as it is; anything else is an empty one."""
    return value if isinstance(value, dict) else {}


def loads(raw: str) -> Any:
    """The value of a JSON text, bare NaN included (faults F52); None if it is none."""
    try:
        return msgspec.json.decode(raw)  # ten times as quick, and strict
    except (ValueError, RecursionError):
        pass
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def shown(value: Any) -> str:
    """A value as a short text to show."""
    if isinstance(value, str):
        return text(value, SHORT)
    try:
        return text(json.dumps(value, ensure_ascii=False), SHORT)
    except (ValueError, RecursionError):
        return ""


def rest(raw: Mapping[str, Any], known: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """What `raw` holds beyond the keys that were understood, to show."""
    found = [(text(str(key), 80), shown(value)) for key, value in raw.items() if key not in known]
    return tuple((key, value) for key, value in found[:MOST_ROWS] if value)
