"""The LoRAs of a recipe as forms show them: on or off, and how strong."""

from __future__ import annotations

import msgspec

from gaze.context import Context
from gaze.core.asset import Asset
from gaze.core.recipe import Recipe


class Lora(msgspec.Struct, frozen=True):
    """The LoRA of a chosen asset: its key, the weight as it will be (or its range), whether it is used."""

    key: str
    weight: str
    usual: str
    on: bool


def lora_of(asset: Asset, recipe: Recipe) -> Lora | None:
    """The LoRA of an asset in a recipe; None if it has none."""
    lora = asset.lora
    if lora is None:
        return None
    ends = [lora.lora_weight if end is None else end for end in (lora.lora_weight_min, lora.lora_weight_max)]
    ranged = (lora.lora_weight_min, lora.lora_weight_max) != (None, None) and ends[0] != ends[1]
    usual = f"{min(ends):g}–{max(ends):g}" if ranged else f"{lora.lora_weight:g}"
    given = recipe.weights.get(asset.key, recipe.weights.get(asset.category.name))
    weight = f"{given:g}" if given is not None else "" if ranged else usual
    return Lora(asset.key, weight, usual, asset.key not in recipe.off and asset.category.name not in recipe.off)


def loras_of(gaze: Context, recipe: Recipe) -> list[tuple[Asset, Lora]]:
    """The LoRAs of all that a recipe chooses by name, with their owners."""
    shelf = gaze.library.shelf()
    found = []
    for category in gaze.categories.values():
        for choice in recipe.chosen(category.choice) if category.choosable else ():
            asset = shelf.find(category.name, choice)
            lora = lora_of(asset, recipe) if asset else None
            if asset and lora:
                found.append((asset, lora))
    return found


def without_usual_weights(gaze: Context, recipe: Recipe) -> Recipe:
    """The recipe without the weights that the assets have anyway: a box shows them, and nobody changed them."""
    usual = set()
    for key, weight in recipe.weights.items():
        category, _, slug = key.partition("/")
        asset = gaze.library.find(category, slug) if slug and category in gaze.categories else None
        lora = asset.lora if asset else None
        if lora and lora.lora_weight_min is None and lora.lora_weight_max is None and lora.lora_weight == weight:
            usual.add(key)
    return msgspec.structs.replace(
        recipe, weights={key: weight for key, weight in recipe.weights.items() if key not in usual}
    )
