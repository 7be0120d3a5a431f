"""The usable assets of one category, by slug, path and id, in order of name."""

from __future__ import annotations

import json
from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import msgspec

from gaze.core.asset import Asset, natural_key, read_asset
from gaze.core.category import Category
from gaze.core.errors import Problem
from gaze.library.files import Stat, trusted
from gaze.library.tables import Row

Key = tuple[tuple[tuple[int, int | str], ...], str]


Values = tuple[tuple[str, str], ...]

ALIKE: list[Values] = []  # every combination of filter values that assets have; entries name theirs by its place
_PLACES: dict[Values, int] = {}


class Entry:
    """One usable asset in the index; never changed, only replaced, so that shelves may hold it."""

    __slots__ = (
        "_asset",
        "alike",
        "category",
        "folded",
        "group",
        "key",
        "model",
        "nsfw",
        "path",
        "row",
        "slug",
        "text",
    )

    def __init__(self, category: Category, row: Row, asset: Asset | None = None) -> None:
        self.category = category
        self.row = row
        self.path: str = row["path"]
        self.slug: str = row["slug"]
        self.key: Key = (natural_key(row["name"]), self.slug)
        tags: Mapping[str, list[str]] = row["tags"]
        self.folded = {key: [value.casefold() for value in values] for key, values in tags.items()}
        self.group = "/".join(self.path.split("/")[2:-1])
        chosen = row["id"].replace("\\", "/") if category.chosen_by_id else ""
        self.model: str = row["lora"] or chosen  # the file it cannot do without
        self.alike = _place(
            (
                ("nsfw", "nsfw" if row["nsfw"] else "sfw"),
                ("group", self.group),
                *((key, value) for key, values in tags.items() for value in values),
            )
        )
        self.nsfw: bool = row["nsfw"]
        self.text: str = row["text"]
        self._asset = asset

    @property
    def asset(self) -> Asset:
        """The asset, made from the row when first asked for."""
        if self._asset is None:
            self._asset = self.fresh()
        return self._asset

    def fresh(self) -> Asset:
        """The asset, made anew and not kept."""
        made, _ = read_asset(self.category, self.path, json.loads(self.row["raw"]), self.row["version"])
        return msgspec.structs.replace(made, slug=self.slug)

    @property
    def choice(self) -> str:
        return self.row["id"] if self.category.chosen_by_id else self.slug


def _place(values: Values) -> int:
    place = _PLACES.get(values)
    if place is None:
        ALIKE.append(values)
        place = _PLACES[values] = len(ALIKE) - 1
    return place


class Catalog:
    """The usable assets of one category. Once `shared` with a shelf it is copied before the next change."""

    def __init__(self, category: Category) -> None:
        self.category = category
        self.by_slug: dict[str, Entry] = {}
        self.by_path: dict[str, Entry] = {}
        self.taken: dict[str, str] = {}  # slugs without case -> path
        self.order: list[Key] = []
        self.shared = False

    def copy(self) -> Catalog:
        made = Catalog(self.category)
        made.by_slug, made.by_path = dict(self.by_slug), dict(self.by_path)
        made.taken, made.order = dict(self.taken), list(self.order)
        return made

    def add(self, entry: Entry) -> None:
        self.by_slug[entry.slug] = self.by_path[entry.path] = entry
        self.taken[entry.slug.lower()] = entry.path
        insort(self.order, entry.key)

    def take_out(self, entry: Entry) -> None:
        self.by_path.pop(entry.path, None)
        if self.by_slug.get(entry.slug) is entry:
            del self.by_slug[entry.slug]
        if self.taken.get(entry.slug.lower()) == entry.path:
            del self.taken[entry.slug.lower()]
        at = bisect_left(self.order, entry.key)
        if at < len(self.order) and self.order[at] == entry.key:
            del self.order[at]

    def entries(self) -> Iterator[Entry]:
        """In order of name."""
        return (self.by_slug[slug] for _, slug in self.order)

    @cached_property
    def by_id(self) -> dict[str, Entry]:
        """By id; of several with one id the first by path."""
        return {entry.row["id"]: entry for entry in sorted(self.by_path.values(), key=_path, reverse=True)}

    @cached_property
    def choices(self) -> list[str]:
        """Everything a recipe can choose, in code-point order."""
        return sorted({entry.choice for entry in self.by_path.values()})

    @cached_property
    def owned(self) -> dict[str, list[str]]:
        """Choices by the id of what they belong to, in code-point order."""
        found: dict[str, list[str]] = {}
        for entry in self.by_path.values():
            if entry.row["owner"]:
                found.setdefault(entry.row["owner"], []).append(entry.choice)
        return {owner: sorted(choices) for owner, choices in found.items()}


def _path(entry: Entry) -> str:
    return entry.path


def row_of(asset: Asset, raw: Any, stat: Stat, problems: list[Problem]) -> Row:
    """The row of an asset: what lists, filters and searches ask for, and its JSON to make it again."""
    tags = asset.data.tags
    found: dict[str, list[str]] = {}
    for key in tags.__struct_fields__:
        value = getattr(tags, key)
        items = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        if kept := [text for item in items if (text := str(item).strip())]:
            found[key] = kept
    lora = asset.lora
    owner = getattr(asset.data, asset.category.owner_key, "") if asset.category.owner_key else ""
    return {
        "path": asset.path,
        "slug": asset.own_slug,
        "own": asset.own_slug,
        "id": asset.id,
        "name": asset.name,
        "owner": owner.strip(),
        "tags": found,
        "nsfw": asset.nsfw,
        "lora": lora.lora_name.strip().replace("\\", "/") if lora else "",
        "text": "\n".join(_texts(asset.name, asset.id, asset.slug, asset.data)).casefold(),
        "version": asset.version,
        "seen": asset.version,
        "stat": list(trusted(stat)),
        "changed": stat[0],
        "raw": json.dumps(raw, ensure_ascii=False, separators=(",", ":")).encode(),
        "problems": [msgspec.to_builtins(problem) for problem in problems],
    }


def _texts(*values: Any) -> Iterator[str]:
    """All texts in values, for search; unknown keys are not in the structs and so not found."""
    for value in values:
        if isinstance(value, str):
            if value:
                yield value
        elif isinstance(value, msgspec.Struct):
            yield from _texts(*(getattr(value, key) for key in value.__struct_fields__))
        elif isinstance(value, Mapping):
            yield from _texts(*value, *value.values())
        elif isinstance(value, list | tuple):
            yield from _texts(*value)
