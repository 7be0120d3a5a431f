"""A recipe: everything that can be generated, as one struct (specification prompts, Recipe)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

RANDOM = "__random__"

# Only workflows with the role know what to do with them, so recipes name them only where they are set.
_IF_SET = ("variation_seed", "variation_strength")


class Recipe(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """What to make: assets by slug, fields, LoRA weights, extra prompts and settings.

    `others` holds the choices of categories beyond the nine, by category name; in JSON they stand at the top, beside
    the rest. `None` for a setting means the checkpoint's, else the template's. A variation seed is mixed into the noise
    with its strength, 0..1, where the workflow can.
    """

    subject: str = ""
    character: str | None = None
    character_outfit: str = "default"
    look: str | None = None
    outfits: list[str] = []
    actions: list[str] = []
    styles: list[str] = []
    scenes: list[str] = []
    detailers: list[str] = []
    checkpoint: str | None = None
    fields: list[str] | None = None
    off: list[str] = []
    weights: dict[str, float] = {}
    extra_positive: str = ""
    extra_negative: str = ""
    texts: dict[str, str] = {}
    seed: int | None = None
    width: int | None = None
    height: int | None = None
    steps: int | None = None
    cfg: float | None = None
    sampler_name: str | None = None
    scheduler: str | None = None
    count: int = 1
    workflow: str = "default"
    detail_face: bool = True
    detail_hands: bool = True
    variation_seed: int | None = None
    variation_strength: float | None = None
    others: dict[str, list[str]] = {}

    def chosen(self, key: str) -> list[str]:
        """The slugs (or paths) chosen under a recipe key (`character`, `outfits`, a category's own name)."""
        if key not in self.__struct_fields__:
            return self.others.get(key, [])
        value = getattr(self, key)
        return [] if value is None or value == "" else [value] if isinstance(value, str) else list(value)


def to_json(recipe: Recipe) -> dict[str, Any]:
    """The recipe as plain values; `others` are spread among the other keys."""
    made: dict[str, Any] = msgspec.to_builtins(recipe)
    others = made.pop("others")
    for name in _IF_SET:
        if made[name] is None:
            del made[name]
    return {**others, **made}


def gather_others(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of what `to_json` does to `others`: unknown keys that hold lists of text move below it."""
    known = set(Recipe.__struct_fields__)
    mine = {key: value for key, value in raw.items() if key in known}
    rest = {
        key: value
        for key, value in raw.items()
        if key not in known and isinstance(value, list) and all(isinstance(item, str) for item in value)
    }
    given = mine.get("others")
    return {**mine, "others": {**given, **rest} if isinstance(given, Mapping) else rest} if rest else mine
