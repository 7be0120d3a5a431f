"""What is wrong with a recipe's own values, whatever the library holds (specification prompts, "Errors")."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from gaze.core.category import Category
from gaze.core.errors import Fault
from gaze.core.recipe import Recipe
from gaze.core.settings import allowed, fits

_NUMBERS = ("seed", "width", "height", "steps", "cfg", "count", "variation_seed", "variation_strength")
_SLUG = re.compile(r"[a-zA-Z0-9_]+")


def recipe_faults(recipe: Recipe, categories: Mapping[str, Category]) -> list[Fault]:
    """A fault for each value out of bounds and each category that there is not; they name field and range (F109)."""
    return [*bounds_faults(recipe), *_category_faults(recipe, categories)]


def bounds_faults(recipe: Recipe) -> Iterator[Fault]:
    """A fault for each number outside ComfyUI's bounds; never clamped."""
    for name in _NUMBERS:
        value = getattr(recipe, name)
        if value is None or (name == "seed" and value == -1):
            continue
        if not fits(name, value):
            yield _fault(name, f"{name} is {value}; {allowed(name)} is allowed.")
    for key, weight in recipe.weights.items():
        if not fits("weights", weight):
            yield _fault("weights", f"The weight of {key} is {weight}; {allowed('weights')} is allowed.")


def _category_faults(recipe: Recipe, categories: Mapping[str, Category]) -> Iterator[Fault]:
    known = ", ".join(categories)
    for field, names in (("off", recipe.off), ("weights", recipe.weights)):
        for name in names:
            if name.partition("/")[0] not in categories:
                yield _fault(field, f"{field} names «{name}», which is of no category; there are {known}.")
    if not recipe.subject:
        return
    category, _, slug = recipe.subject.partition("/")
    if category not in categories:
        yield _fault("subject", f"The subject «{recipe.subject}» is of no category; there are {known}.")
    elif not _SLUG.fullmatch(slug):
        # It names files at the backend, so it may hold no path of its own.
        yield _fault("subject", f"The subject «{recipe.subject}» is no category/slug; write it as «{category}/slug».")


def _fault(field: str, message: str) -> Fault:
    return Fault("bad-value", message, field)
