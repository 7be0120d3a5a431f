"""A library in memory, made from files as they would lie on disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from gaze.categories import declared
from gaze.core.asset import Asset, read_asset, settle
from gaze.core.category import Category
from gaze.core.template import Template, read_template
from gaze.core.wildcards import read_options


class FileShelf:
    """The shelf that `files` make: path -> JSON value, or text for `.txt`; null is no file."""

    def __init__(self, files: Mapping[str, Any], categories: Mapping[str, Category] | None = None) -> None:
        self.categories = categories or declared()
        files = {path: content for path, content in files.items() if content is not None}
        settings = files.get("data/settings.json") or {}
        self.default_checkpoint: str = settings.get("default_checkpoint") or ""
        self._assets: dict[str, dict[str, Asset]] = {}
        for category in self.categories.values():
            assets = self._read(category, files)
            self._assets[category.name] = {asset.choice: asset for asset in reversed(assets)}
        self._states = {path: content for path, content in files.items() if path.startswith("data/state/")}
        self._wildcards = {
            path.removeprefix("data/wildcards/").removesuffix(".txt").lower(): read_options(content)
            for path, content in files.items()
            if path.startswith("data/wildcards/") and path.endswith(".txt")
        }
        self._templates: dict[str, Template] = {}
        for path, content in files.items():
            if path.startswith("workflows/") and path.endswith(".json"):
                name = path.removeprefix("workflows/").removesuffix(".json")
                template, _ = read_template(name, path, content)
                if template is not None:
                    self._templates[name] = template

    def without_wildcards(self) -> FileShelf:
        """The same library without its wildcard files."""
        other = object.__new__(FileShelf)
        other.__dict__.update(self.__dict__, _wildcards={})
        return other

    def assets(self) -> list[Asset]:
        return [asset for assets in self._assets.values() for asset in assets.values()]

    def find(self, category: str, choice: str) -> Asset | None:
        return self._assets.get(category, {}).get(choice)

    def choices(self, category: str) -> Sequence[str]:
        return sorted(self._assets.get(category, {}))

    def owned(self, owner: Asset, category: str) -> Sequence[str]:
        key = self.categories[category].owner_key
        assets = self._assets.get(category, {})
        return sorted(
            choice for choice, asset in assets.items() if key and getattr(asset.data, key).strip() == owner.id
        )

    def saved_fields(self, asset: Asset) -> Sequence[str] | None:
        state = self._states.get(f"data/state/{asset.category.name}/{asset.slug}.json") or {}
        fields = state.get("default_fields")
        return None if fields is None else list(fields)

    def wildcard(self, name: str) -> Sequence[str] | None:
        return self._wildcards.get(name.lower())

    def template(self, name: str) -> Template | None:
        return self._templates.get(name)

    def templates(self) -> Sequence[str]:
        return sorted(self._templates)

    def _read(self, category: Category, files: Mapping[str, Any]) -> list[Asset]:
        folder = f"data/{category.data_folder}/"
        made = {}
        for path in sorted(files):
            if path.startswith(folder) and path.endswith(".json") and isinstance(files[path], Mapping):
                made[path], _ = read_asset(category, path, files[path], version=path)
        slugs = settle({path: asset.own_slug for path, asset in made.items()})
        return [_renamed(asset, slugs[path]) for path, asset in made.items()]


def slugs_of(category: Category, ids: Mapping[str, str | None]) -> dict[str, str]:
    """Final slugs by path of files that hold these ids; null: the file has none."""
    own = {}
    for path, asset_id in ids.items():
        asset, _ = read_asset(category, path, {} if asset_id is None else {category.id_field: asset_id}, version=path)
        own[path] = asset.own_slug
    return settle(own)


def _renamed(asset: Asset, slug: str) -> Asset:
    return msgspec.structs.replace(asset, slug=slug)
