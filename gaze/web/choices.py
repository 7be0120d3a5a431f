"""What is chosen on the page of an asset: typed there now, kept from the last time, saved as fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gaze.core.asset import Asset
from gaze.core.category import Category
from gaze.web.forms import Values, one
from gaze.web.recipe_form import LORA, WEIGHT, selection

_TEXTS = ("character_outfit", "extra_positive", "extra_negative", "size", "width", "height", "workflow", "count")
_SWITCHES = ("detail_face", "detail_hands")


def choices_to_keep(given: Values, categories: Mapping[str, Category]) -> dict[str, Any]:
    """The page's last choices, as the state of the asset keeps them (specification data, User state)."""
    kept: dict[str, Any] = {name: one(given, name) for name in (*_TEXTS, *_SWITCHES)}
    for category in categories.values():
        if category.choice:
            kept[category.choice] = one(given, category.choice)
    kept["weights"] = {
        name.removeprefix(WEIGHT): one(given, name) for name in given if name.startswith(WEIGHT) and one(given, name)
    }
    kept["off"] = [name.removeprefix(LORA) for name in given if name.startswith(LORA) and one(given, name) == "off"]
    return kept


def last_choices(state: Mapping[str, Any], categories: Mapping[str, Category]) -> dict[str, list[str]]:
    """What `choices_to_keep` kept, as if it were typed again."""
    names = [*_TEXTS, *_SWITCHES, *(category.choice for category in categories.values() if category.choosable)]
    found = {name: [str(state[name])] for name in names if state.get(name)}
    weights, off = state.get("weights"), state.get("off")
    if isinstance(weights, dict):
        found |= {f"{WEIGHT}{key}": [str(weight)] for key, weight in weights.items()}
    if isinstance(off, list):
        found |= {f"{LORA}{key}": ["off"] for key in off}
    return found


def selected_fields(asset: Asset, asked: Values, state: Mapping[str, Any]) -> frozenset[str] | None:
    """Addresses that count; None is all."""
    fields = selection(asset, asked)
    if fields is not None:
        return frozenset(fields)
    saved = state.get("default_fields")
    return None if saved is None else frozenset(str(field) for field in saved)
