"""Files that name an asset name what it has become: another asset, of another category (specification pages, Transfer).

A recipe that chose a character chooses the style it is now. What does not fit stays as it is, and is said.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from gaze.core.asset import Asset
from gaze.core.errors import Refusal
from gaze.library.editor import FieldPath
from gaze.library.jsonedit import REMOVE
from gaze.library.references import references
from gaze.library.service import Library


class Pointed(msgspec.Struct, frozen=True):
    """A file that names another asset now: its text before, and its version since."""

    path: str
    text: str
    version: str


def point_anew(library: Library, old: Asset, new: Asset) -> tuple[list[Pointed], list[str]]:
    """Change every file that names `old` so that it names `new`; and sentences about those that stay as they are."""
    changed, left = [], []
    for reference in references(library, old):
        try:
            text, version = library.raw(reference.path)
            values, why = _values(json.loads(text), old, new, reference.fields)
            if values:
                written = library.writing.save_fields(reference.category, reference.slug, values, version)
                changed.append(Pointed(reference.path, text, written.version))
        except (Refusal, ValueError) as error:
            why = str(error)
        if why:
            left.append(f"{reference.name} still names {old.name} the {old.category.one}: {why}")
    return changed, left


def point_back(library: Library, pointed: Sequence[Pointed]) -> list[str]:
    """Write the texts of before; sentences about files that were changed since, which stay."""
    left = []
    for file in pointed:
        asset = library.at(file.path)
        try:
            if asset is not None:
                library.writing.save_text(asset.category.name, asset.slug, file.text, file.version)
        except Refusal:
            left.append(f"«{file.path}» was changed since, so it stays as it is.")
    return left


def _values(raw: Mapping[str, Any], old: Asset, new: Asset, fields: Sequence[str]) -> tuple[dict[FieldPath, Any], str]:
    """What to write into a file that names `old` in these fields, and in words what cannot be."""
    recipe = raw.get("recipe")
    kind, target = old.category, new.category
    if not isinstance(recipe, Mapping) or not all(field.startswith("recipe.") for field in fields):
        return {}, f"{', '.join(fields)} takes no {target.one}."
    if not target.choosable:
        return {}, f"a recipe chooses no {target.one}."
    values: dict[FieldPath, Any] = {}
    if kind.choosable and old.choice in _listed(chosen := recipe.get(kind.choice)):
        there = _listed(recipe.get(target.choice))
        if not target.many and there and there != [new.choice]:
            return {}, f"it chooses a {target.one} already, {there[0]}."
        rest = [item for item in _listed(chosen) if item != old.choice]
        values["recipe", kind.choice] = rest if isinstance(chosen, list) else REMOVE
        values["recipe", target.choice] = list(dict.fromkeys([*there, new.choice])) if target.many else new.choice
    if recipe.get("subject") == old.key:
        values["recipe", "subject"] = new.key
    if old.key in _listed(recipe.get("off")):
        values["recipe", "off"] = [new.key if item == old.key else item for item in recipe["off"]]
    weights = recipe.get("weights")
    if isinstance(weights, Mapping) and old.key in weights:
        values["recipe", "weights"] = {new.key if key == old.key else key: weight for key, weight in weights.items()}
    return values, ""


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value] if value else []
