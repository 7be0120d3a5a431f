"""Where files name an asset, and following it to its new name (specification data, "Renaming")."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from gaze.core.asset import Asset
from gaze.core.category import Category
from gaze.core.errors import Refusal
from gaze.library.editor import FieldPath
from gaze.library.service import Library


class Reference(msgspec.Struct, frozen=True):
    """A file that names an asset: which one, where in it."""

    category: str
    slug: str
    name: str
    path: str
    fields: list[str]


class Renamed(msgspec.Struct, frozen=True):
    """An asset under its new name; the files that follow it, and sentences about those that could not."""

    asset: Asset
    changed: list[str]
    failed: list[str]


class Names(msgspec.Struct, frozen=True):
    """What other files call an asset: by choice, by `category/slug`, by id."""

    choice: str
    key: str
    id: str
    slug: str

    @classmethod
    def of(cls, asset: Asset) -> Names:
        return cls(asset.choice, asset.key, asset.id, asset.slug)


def references(library: Library, asset: Asset) -> list[Reference]:
    """Every other asset whose file names this one."""
    names = Names.of(asset)
    return [
        Reference(other.category.name, other.slug, other.name, other.path, [".".join(map(str, path)) for path in paths])
        for other, paths in _all(library, asset, names, names)
        if paths
    ]


def rename_everywhere(library: Library, asset: Asset, name: str, new_id: str) -> Renamed:
    """Rename; then state of others, settings and every file that names it get the new name, one line of diff each.

    Raises Conflict where the id is taken, Refusal, Unavailable, NoRoom: then nothing has changed. A file that cannot
    be written later is told, the rest follows.
    """
    before = Names.of(asset)
    waiting = [other for other, paths in _all(library, asset, before, before) if paths]
    renamed = library.writing.rename(asset.category.name, asset.slug, name, new_id)
    after = Names.of(renamed)
    if before == after:
        return Renamed(renamed, [], [])
    changed: list[str] = []
    failed: list[str] = []
    for other in waiting:
        try:
            if _follow(library, other.path, asset.category, before, after):
                changed.append(other.path)
        except (Refusal, ValueError) as error:
            failed.append(f"«{other.path}» still names {before.choice}: {error}")
    changed += _settings(library, asset.category, before, after)
    changed += library.preferences.repoint(asset.category.choice, before.choice, after.choice)
    return Renamed(renamed, changed, failed)


def _follow(library: Library, path: str, of: Category, before: Names, after: Names) -> bool:
    """Change one file that names the asset; whether there was something to change."""
    other = library.at(path)
    if other is None:
        return False
    raw = json.loads(library.raw(other)[0])
    values: dict[FieldPath, Any] = dict(_found(other.category, raw, of, before, after))
    if values:
        library.writing.save_fields(other.category.name, other.slug, values)
    keys = list(_keys(other.category, raw, before))
    for key in keys:
        name = after.key + key[-1].removeprefix(before.key)
        library.writing.rename_key(other.category.name, other.slug, key, name)
    return bool(values or keys)


def rename_outfit(library: Library, asset: Asset, old: str, new: str) -> list[str]:
    """Recipes that dress this asset in an outfit name it by its new name; returns the files changed."""
    changed = []
    for other in _recipes(library, old):
        recipe = other.data.recipe
        if recipe.character_outfit == old and asset.choice in recipe.chosen(asset.category.choice):
            library.writing.save_fields(other.category.name, other.slug, {("recipe", "character_outfit"): new})
            changed.append(other.path)
    return changed


def _settings(library: Library, category: Category, before: Names, after: Names) -> list[str]:
    """The default checkpoint is named by its path in the settings."""
    if category.chosen_by_id and library.settings().get("default_checkpoint") == before.id != after.id:
        library.writing.save_settings({"default_checkpoint": after.id})
        return ["data/settings.json"]
    return []


def _recipes(library: Library, holding: str) -> Iterator[Asset]:
    for _, _, asset in library.each({}, (holding,)):
        if asset and asset.category.has_recipe:
            yield asset


def _all(
    library: Library, asset: Asset, before: Names, after: Names
) -> Iterator[tuple[Asset, list[tuple[str | int, ...]]]]:
    """Assets of the categories whose files can name others, with the places where they name this one."""
    able = {
        category.name
        for category in library.categories.values()
        if category.owner == asset.category.name or category.has_recipe
    }
    if not able:
        return
    for path, _, other in library.each({}, (before.choice, before.id, before.key)):
        if other is None or other.category.name not in able or path == asset.path:
            continue
        raw = msgspec.to_builtins(other.data)
        if not _mentions(raw, before):
            continue
        raw = json.loads(library.raw(other)[0])
        found = _found(other.category, raw, asset.category, before, after)
        yield other, [*(field for field, _ in found), *_keys(other.category, raw, before)]


def _mentions(raw: Any, names: Names) -> bool:
    """Whether one of the names stands anywhere in a value; quick, so that most files need not be read."""
    if isinstance(raw, str):
        return raw in (names.choice, names.key, names.id, names.slug) or raw.startswith(names.key)
    if isinstance(raw, Mapping):
        return any(_mentions(key, names) or _mentions(value, names) for key, value in raw.items())
    return isinstance(raw, list) and any(_mentions(item, names) for item in raw)


def _found(
    category: Category, raw: Mapping[str, Any], of: Category, before: Names, after: Names
) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Each value in a file's JSON that names the asset, and what it says afterwards."""
    if category.owner == of.name and raw.get(category.owner_key) == before.id:
        yield (category.owner_key,), after.id
    recipe = raw.get("recipe")
    if "recipe" not in category.struct.__struct_fields__ or not isinstance(recipe, Mapping):
        return
    if of.choosable:
        chosen = recipe.get(of.choice)
        if chosen == before.choice:
            yield ("recipe", of.choice), after.choice
        if isinstance(chosen, list):
            for place, item in enumerate(chosen):
                if item == before.choice:
                    yield ("recipe", of.choice, place), after.choice
    if recipe.get("subject") == before.key:
        yield ("recipe", "subject"), after.key
    for place, item in enumerate(recipe["off"] if isinstance(recipe.get("off"), list) else ()):
        if item == before.key:
            yield ("recipe", "off", place), after.key


def _keys(category: Category, raw: Mapping[str, Any], before: Names) -> Iterator[tuple[str, ...]]:
    """Each key in a file's JSON that names the asset: weights, texts of wildcards."""
    recipe = raw.get("recipe")
    if "recipe" not in category.struct.__struct_fields__ or not isinstance(recipe, Mapping):
        return
    for name in ("weights", "texts"):
        inner = recipe.get(name)
        for key in inner if isinstance(inner, Mapping) else ():
            if key == before.key or key.startswith(before.key + "/"):
                yield "recipe", name, key
