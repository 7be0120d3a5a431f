"""Outfits of a wardrobe: worn, added, taken out, called otherwise; a flat wardrobe is understood as it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gaze.core.asset import Asset
from gaze.core.errors import Conflict, NotFound, Refusal
from gaze.library.editor import FieldPath
from gaze.library.jsonedit import REMOVE
from gaze.library.references import rename_outfit
from gaze.library.service import Library
from gaze.web.editing.form import outfit_path

MOST_LETTERS = 100


def switch(library: Library, asset: Asset, name: str) -> None:
    """Remember the outfit that the asset's page wears. Raises NotFound."""
    library.preferences.set(asset.category.name, asset.slug, {"character_outfit": _there(asset, name)})


def add(library: Library, asset: Asset, name: str, copy_of: str = "") -> str:
    """A new outfit at the end, empty or as another one; returns its name. Raises Conflict, NotFound, Refusal."""
    if copy_of and (not name or name == copy_of):
        name = _free(asset, f"{_there(asset, copy_of)} copy")
    name = _checked(asset, name)
    raw = _raw(library, asset)
    made: Mapping[str, Any] = {}
    if copy_of:
        _there(asset, copy_of)
        made = _values(asset, raw, copy_of)
    library.writing.save_fields(asset.category.name, asset.slug, {("wardrobe", name): dict(made)}, exactly=True)
    return name


def delete(library: Library, asset: Asset, name: str) -> None:
    """Take an outfit out of the file. Raises NotFound."""
    _there(asset, name)
    raw = _raw(library, asset)
    values: dict[FieldPath, Any] = {}
    if outfit_path(raw, name) == ("wardrobe",):
        values = {("wardrobe", key): REMOVE for key in _values(asset, raw, name)}
    else:
        values[("wardrobe", name)] = REMOVE
    library.writing.save_fields(asset.category.name, asset.slug, values)
    if library.preferences.of(asset.category.name, asset.slug).get("character_outfit") == name:
        library.preferences.set(asset.category.name, asset.slug, {"character_outfit": None})


def rename(library: Library, asset: Asset, name: str, new_name: str) -> list[str]:
    """Another name for an outfit, in its place; returns the other files that follow. Raises Conflict, NotFound."""
    _there(asset, name)
    if new_name.strip() == name:
        return []
    new_name = _checked(asset, new_name)
    raw = _raw(library, asset)
    if outfit_path(raw, name) == ("wardrobe",):
        loose = _values(asset, raw, name)
        kept = {key: value for key, value in raw["wardrobe"].items() if key not in loose}
        library.writing.save_fields(asset.category.name, asset.slug, {("wardrobe",): {new_name: loose, **kept}})
    else:
        library.writing.rename_key(asset.category.name, asset.slug, ("wardrobe", name), new_name)
    if library.preferences.of(asset.category.name, asset.slug).get("character_outfit") == name:
        library.preferences.set(asset.category.name, asset.slug, {"character_outfit": new_name})
    return rename_outfit(library, asset, name, new_name)


def _raw(library: Library, asset: Asset) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(library.raw(asset)[0])
    return found


def _values(asset: Asset, raw: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The JSON of one outfit, keys that this program does not know included."""
    wardrobe = raw.get("wardrobe")
    if not isinstance(wardrobe, Mapping):
        return {}
    inner = wardrobe.get(name)
    if isinstance(inner, Mapping):
        return dict(inner)
    return {key: value for key, value in wardrobe.items() if not isinstance(value, Mapping)}


def _there(asset: Asset, name: str) -> str:
    if name not in asset.outfits:
        raise NotFound(f"{asset.name} has no outfit «{name}».")
    return name


def _checked(asset: Asset, name: str) -> str:
    name = name.strip()
    if not asset.category.has_outfits:
        raise NotFound(f"{asset.category.name.capitalize()} have no outfits.")
    if not name:
        raise Refusal("The outfit needs a name.", field="name")
    if len(name) > MOST_LETTERS:
        raise Refusal(f"The name is too long; at most {MOST_LETTERS} letters are taken.", field="name")
    if name in asset.outfits:
        raise Conflict(f"{asset.name} has an outfit «{name}» already.", field="name")
    fields = {field.key for field in asset.category.sections.get("wardrobe", ())}
    if name in fields:
        raise Refusal(f"«{name}» is the name of a field; call the outfit otherwise.", field="name")
    return name


def _free(asset: Asset, wish: str) -> str:
    number, name = 1, wish
    while name in asset.outfits:
        number += 1
        name = f"{wish} {number}"
    return name
