"""What is chosen on the page of an asset: typed there now, kept from the last time, saved as fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gaze.core.asset import Asset
from gaze.core.category import Category
from gaze.web import forms
from gaze.web.forms import Values, one


def choices_to_keep(given: Values, categories: Mapping[str, Category]) -> dict[str, Any]:
    """The page's last choices, as the state of the asset keeps them (specification data, User state)."""
    kept: dict[str, Any] = {
        name: one(given, name) for name in ("character_outfit", "extra_positive", "extra_negative", "size")
    }
    for category in categories.values():
        if category.choice:
            kept[category.choice] = one(given, category.choice)
    return kept


def last_choices(state: Mapping[str, Any], categories: Mapping[str, Category]) -> dict[str, list[str]]:
    """What `choices_to_keep` kept, as if it were typed again."""
    names = ["character_outfit", "extra_positive", "extra_negative", "size"]
    names += [category.choice for category in categories.values() if category.choosable]
    return {name: [str(state[name])] for name in names if state.get(name)}


def selected_fields(asset: Asset, asked: Values, state: Mapping[str, Any]) -> frozenset[str] | None:
    """Addresses that count; None is all."""
    fields = forms.selection(asset, asked)
    if fields is not None:
        return frozenset(fields)
    saved = state.get("default_fields")
    return None if saved is None else frozenset(str(field) for field in saved)
