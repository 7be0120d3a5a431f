"""Give raw JSON the shape of a struct, kindly: what is missing gets its default, what can be meant is read so.

The rules are those of specification data, "Schemas": null is missing; numbers and booleans may be written as
strings; a number where text belongs is its text; old list-form tags and flat wardrobes are understood.
"""

from __future__ import annotations

import math
import types
from collections.abc import Mapping
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec

from gaze.core.category import Section
from gaze.core.recipe import Recipe, gather_others

Path = tuple[str | int, ...]


class Misfit(msgspec.Struct, frozen=True):
    """A value that cannot be read as what belongs at `path`; `message` says what is there and what is needed."""

    path: Path
    message: str

    @property
    def field(self) -> str:
        """`lora.lora_weight`."""
        return ".".join(str(part) for part in self.path)


def shape(raw: Any, struct: type[msgspec.Struct]) -> tuple[Any, list[Misfit]]:
    """An instance of `struct` made from `raw`, and all values that did not fit (they got their default)."""
    misfits: list[Misfit] = []
    if not isinstance(raw, Mapping):
        misfits.append(Misfit((), f"the file holds {_named(raw)}; an object {{...}} is needed"))
        raw = {}
    return _struct(raw, struct, (), misfits), misfits


@cache
def _hints(struct: type[msgspec.Struct]) -> dict[str, Any]:
    return get_type_hints(struct)


def _struct(raw: Mapping[str, Any], struct: type[msgspec.Struct], path: Path, misfits: list[Misfit]) -> Any:
    if struct is Recipe:
        raw = gather_others(raw)
    values = {}
    for key, hint in _hints(struct).items():
        value = raw.get(key)
        if value is not None:
            fits, shaped = _value(value, hint, (*path, key), misfits)
            if fits:
                values[key] = shaped
    return struct(**values)


def _value(value: Any, hint: Any, path: Path, misfits: list[Misfit]) -> tuple[bool, Any]:
    """Whether `value` fits `hint`, and as what."""
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(arg for arg in get_args(hint) if arg is not type(None))
    origin = get_origin(hint)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        if isinstance(value, list) and "listed" in hint.__struct_fields__:
            value = {"listed": value}
        if not isinstance(value, Mapping):
            return _misfit(value, "an object {...}", path, misfits)
        return True, _struct(value, hint, path, misfits)
    if origin is dict:
        return _dict(value, get_args(hint)[1], path, misfits)
    if origin is list:
        return _list(value, get_args(hint)[0], path, misfits)
    return _scalar(value, hint, path, misfits)


def _scalar(value: Any, hint: Any, path: Path, misfits: list[Misfit]) -> tuple[bool, Any]:
    if hint is str:
        if isinstance(value, str):
            return True, value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return True, str(value)
        return _misfit(value, "text in quotes", path, misfits)
    if hint is bool:
        if isinstance(value, bool):
            return True, value
        if isinstance(value, str) and value.strip().lower() in ("true", "false", ""):
            return True, value.strip().lower() == "true"
        return _misfit(value, "true or false", path, misfits)
    needed = "a whole number such as 25" if hint is int else "a number such as 0.8"
    number = _number(value)
    if number is None:
        return _misfit(value, needed, path, misfits)
    if isinstance(number, float) and not math.isfinite(number):
        misfits.append(Misfit(path, f"{path[-1]} is out of range; {needed} is needed"))
        return False, None
    if hint is int:
        return (True, int(number)) if number == int(number) else _misfit(value, needed, path, misfits)
    try:
        return True, float(number)
    except OverflowError:
        misfits.append(Misfit(path, f"{path[-1]} is out of range; {needed} is needed"))
        return False, None


def _number(value: Any) -> int | float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    if isinstance(value, str):
        text = value.strip()
        if not text.isascii() or "_" in text:
            return None
        for kind in (int, float):
            try:
                return kind(text)
            except ValueError:
                continue
    return None


def _list(value: Any, inner: Any, path: Path, misfits: list[Misfit]) -> tuple[bool, Any]:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        value = [value]  # a plain string is read as a one-item list
    if not isinstance(value, list):
        return _misfit(value, "a list [...]", path, misfits)
    shaped = [_value(item, inner, (*path, place), misfits) for place, item in enumerate(value) if item is not None]
    return True, [item for fits, item in shaped if fits]


def _dict(value: Any, inner: Any, path: Path, misfits: list[Misfit]) -> tuple[bool, Any]:
    if not isinstance(value, Mapping):
        return _misfit(value, "an object {...}", path, misfits)
    if isinstance(inner, type) and issubclass(inner, Section):
        value = _outfits(value, inner)
    found = {}
    for key, item in value.items():
        if item is None:
            continue
        fits, shaped = _value(item, inner, (*path, key), misfits)
        if fits:
            found[key] = shaped
    return True, found


def _outfits(value: Mapping[str, Any], outfit: type[Section]) -> dict[str, Any]:
    """A flat or mixed wardrobe as named outfits, in the order of the file (specification data, Character)."""
    keys = outfit.__struct_fields__
    loose = {k: v for k, v in value.items() if _is_text(v) or (v is None and k in keys)}
    named: dict[str, Any] = {}
    for key, item in value.items():
        if key not in loose:
            named[key] = {} if item is None else item
        elif "default" not in value or _is_text(value["default"]):
            named.setdefault("default", loose)
    return named


def _is_text(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _misfit(value: Any, needed: str, path: Path, misfits: list[Misfit]) -> tuple[bool, Any]:
    misfits.append(Misfit(path, f"{path[-1]} is {_named(value)}; {needed} is needed"))
    return False, None


def _named(value: Any) -> str:
    match value:
        case str():
            shown = value if len(value) <= 40 else value[:40] + "…"
            return f"the text «{shown}»"
        case bool():
            return "true" if value else "false"
        case None:
            return "null"
        case list():
            return "a list [...]"
        case Mapping():
            return "an object {...}"
        case _:
            shown = repr(value)
            return shown if len(shown) <= 40 else shown[:40] + "…"
