"""The categories, one declaration a file; they are found by listing this folder."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from gaze.core.category import Category


@cache
def declared() -> Mapping[str, Category]:
    """Every declared category by name, in the order of the navigation."""
    names = [module.name for module in iter_modules(__path__) if not module.name.startswith("_")]
    found: list[Category] = [import_module(f"{__name__}.{name}").CATEGORY for name in names]
    return {category.name: category for category in sorted(found, key=lambda category: (category.order, category.name))}
