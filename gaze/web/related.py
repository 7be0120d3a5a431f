"""Other assets on the page of one: what belongs to it, what uses it, what can be chosen with it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from gaze.context import Context
from gaze.core.asset import Asset
from gaze.library.query import Card, Query
from gaze.web.forms import Values, one
from gaze.web.recipe_form import owner_of


class Pick(msgspec.Struct, frozen=True):
    """A choice of another asset; `name` is the recipe's key."""

    name: str
    category: str
    label: str
    value: str
    placeholder: str
    options: list[tuple[str, str]] = []


def owned_by(gaze: Context, asset: Asset) -> list[Card]:
    """Cards of assets that belong to this one: a character's looks."""
    shelf = gaze.library.shelf()
    found = []
    for category in gaze.categories.values():
        if category.owner == asset.category.name:
            owned = [shelf.find(category.name, choice) for choice in shelf.owned(asset, category.name)]
            found += [gaze.library.card(item) for item in owned if item is not None]
    return found


def uses_of(gaze: Context, asset: Asset) -> list[tuple[str, list[tuple[str, str]]]]:
    """Where the asset is used: presets whose recipe chooses it, the owner it belongs to."""
    found: list[tuple[str, list[tuple[str, str]]]] = []
    category = asset.category
    if owner := owner_of(asset, gaze.library.shelf()):
        found.append((owner.category.one.capitalize(), [(f"/{owner.category.name}/{owner.slug}", owner.name)]))
    if category.choice:
        for other in gaze.categories.values():
            if "recipe" not in other.struct.__struct_fields__:
                continue
            cards = gaze.library.query(other.name, Query(limit=500)).cards
            links = [
                (f"/{other.name}/{card.asset.slug}", card.asset.name)
                for card in cards
                if asset.choice in card.asset.data.recipe.chosen(category.choice)
            ]
            if links:
                found.append((f"In {other.name}", links[:12]))
    return found


def picks_for(gaze: Context, asset: Asset, asked: Values) -> list[Pick]:
    """A box for each other category that a recipe can choose; the two most used come first."""
    first = asset.category.beside
    found = []
    for category in gaze.categories.values():
        if not category.choosable or category is asset.category:
            continue
        value = one(asked, category.choice)
        if not value and category.name == asset.category.owner:
            owner = owner_of(asset, gaze.library.shelf())
            value = owner.choice if owner else ""
        usual = f"as in {asset.category.one}" if asset.category.has_recipe else "none"
        usual = "usual" if category.chosen_by_id and not asset.category.has_recipe else usual
        found.append(Pick(category.choice, category.name, category.one.capitalize(), value, usual))
    found.sort(key=lambda pick: first.index(pick.category) if pick.category in first else len(first))
    return found


def more_label(picks: Sequence[Pick], *more: str) -> str:
    """What is behind the fold of the form, in words."""
    return ", ".join([*(pick.label.lower() for pick in picks), *more]).capitalize()
