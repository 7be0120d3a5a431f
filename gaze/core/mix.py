"""Changes to a recipe that the generator's page makes: choose, leave out, lay a preset over it, shuffle. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, Literal

import msgspec

from gaze.core.category import Category
from gaze.core.recipe import RANDOM, Recipe
from gaze.core.shelf import Shelf

How = Literal["replace", "stack", "fill"]
HOWS: tuple[How, ...] = ("replace", "stack", "fill")

_SETTINGS = (
    *("seed", "width", "height", "steps", "cfg", "sampler_name", "scheduler"),
    *("variation_seed", "variation_strength"),
)
_EXTRAS = ("extra_positive", "extra_negative")


def choose(recipe: Recipe, category: Category, choices: Sequence[str]) -> Recipe:
    """The recipe with these chosen of a category, and nothing kept about others of it."""
    gone = {f"{category.name}/{choice}" for choice in recipe.chosen(category.choice)} - {
        f"{category.name}/{choice}" for choice in choices
    }
    changes: dict[str, Any] = {
        "weights": {key: weight for key, weight in recipe.weights.items() if key not in gone},
        "off": [key for key in recipe.off if key not in gone],
    }
    # What wildcards became belongs to texts that may now be others.
    changes["texts"] = {key: text for key, text in recipe.texts.items() if not _of_any(key, gone)}
    if category.choice not in Recipe.__struct_fields__:
        changes["others"] = {**recipe.others, category.choice: list(choices)}
    elif category.many:
        changes[category.choice] = list(choices)
    else:
        changes[category.choice] = choices[-1] if choices else None
    if recipe.subject in gone:
        changes["subject"] = ""
    return msgspec.structs.replace(recipe, **changes)


def _of_any(key: str, assets: set[str]) -> bool:
    return any(key.startswith(f"{asset}/") for asset in assets)


def add(recipe: Recipe, category: Category, choice: str) -> Recipe:
    """One more chosen; where only one can be, instead of the other. Random may be chosen several times."""
    before = recipe.chosen(category.choice) if category.many else []
    return choose(recipe, category, before if choice in before and choice != RANDOM else [*before, choice])


def drop(recipe: Recipe, category: Category, choice: str) -> Recipe:
    """The last of these choices left out."""
    left = recipe.chosen(category.choice)
    if choice in left:
        del left[len(left) - 1 - left[::-1].index(choice)]
    return choose(recipe, category, left)


def combine(recipe: Recipe, other: Recipe, how: How, categories: Sequence[Category]) -> Recipe:
    """A preset's recipe over one that is being made.

    `replace` takes the other one whole; `stack` adds its choices and texts, and what it sets wins; `fill` takes only
    what is not chosen or set yet.
    """
    if how == "replace":
        return other
    made = recipe
    for category in categories:
        mine, theirs = recipe.chosen(category.choice), other.chosen(category.choice)
        if how == "fill" or not theirs:
            made = made if mine or not theirs else choose(made, category, theirs)
        elif category.many:
            made = choose(made, category, [*mine, *(choice for choice in theirs if choice not in mine)])
        else:
            made = choose(made, category, theirs)
    first, second = (other, recipe) if how == "stack" else (recipe, other)
    usual = Recipe()
    changes: dict[str, Any] = {}
    for name in _SETTINGS:
        value = getattr(first, name)
        changes[name] = getattr(second, name) if value is None else value
    for name in ("workflow", "character_outfit", "detail_face", "detail_hands"):
        value = getattr(first, name)
        changes[name] = getattr(second, name) if value == getattr(usual, name) else value
    for name in _EXTRAS:
        mine, theirs = getattr(recipe, name), getattr(other, name)
        stacked = ", ".join(text for text in (mine, theirs) if text.strip())
        changes[name] = stacked if how == "stack" or not mine.strip() else mine
    changes["weights"] = {**second.weights, **first.weights}
    changes["off"] = list(dict.fromkeys([*recipe.off, *other.off])) if how == "stack" else recipe.off or other.off
    changes["texts"] = {**second.texts, **first.texts}
    return msgspec.structs.replace(made, **changes)


def shuffle(recipe: Recipe, shelf: Shelf, rng: Random) -> Recipe:
    """Another asset for each that is chosen, and a new seed; checkpoints and what is random anyway stay."""
    made = msgspec.structs.replace(recipe, seed=None, texts={})
    for category in shelf.categories.values():
        chosen = recipe.chosen(category.choice) if category.choosable and not category.chosen_by_id else []
        there = sorted(set(shelf.choices(category.name)) - set(chosen)) or list(shelf.choices(category.name))
        wanted = sum(choice != RANDOM for choice in chosen)
        if not wanted or not there:
            continue
        drawn = iter(rng.sample(there, min(wanted, len(there))))
        made = choose(made, category, [choice if choice == RANDOM else next(drawn, choice) for choice in chosen])
    return msgspec.structs.replace(made, character_outfit="default")


def bare(recipe: Recipe) -> dict[str, Any]:
    """The recipe as a preset keeps it: what differs from the usual, without subject and what chance once gave."""
    usual = Recipe()
    kept = {}
    for name in Recipe.__struct_fields__:
        value = getattr(recipe, name)
        if name not in ("subject", "texts", "others") and value != getattr(usual, name):
            kept[name] = value
    return {**kept, **{name: choices for name, choices in recipe.others.items() if choices}}
