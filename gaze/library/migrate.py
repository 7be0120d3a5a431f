"""Tags of the old list form (`"tags": ["a", "b"]`) written as the dict form, without anything being lost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from gaze.core.category import Category
from gaze.core.errors import NoRoom, Refusal, Unavailable
from gaze.library.bulk import Failed
from gaze.library.query import Query
from gaze.library.service import Library


class Migrated(msgspec.Struct, frozen=True):
    """Which assets were changed (`category/slug`), and why others could not be."""

    migrated: list[str]
    failed: list[Failed]


def migrate_tags(library: Library) -> Migrated:
    """Write the dict form into every asset that has a list; blocking. A full disk ends it, and is said."""
    migrated: list[str] = []
    failed: list[Failed] = []
    for category in library.categories.values():
        for slug in library.slugs(category.name, Query()):
            asset = library.find(category.name, slug)
            if asset is None or not getattr(asset.data.tags, "listed", None):
                continue
            try:
                text, version = library.raw(asset)
                old = json.loads(text).get("tags")
                if not isinstance(old, list):
                    continue
                library.writing.save_fields(category.name, slug, {("tags",): dict_form(category, old)}, version)
                migrated.append(asset.key)
            except (NoRoom, Unavailable) as refusal:
                failed.append(Failed(asset.key, refusal.message))
                return Migrated(migrated, failed)
            except (Refusal, ValueError) as error:
                failed.append(Failed(asset.key, str(error)))
    return Migrated(migrated, failed)


def dict_form(category: Category, old: Sequence[Any]) -> dict[str, Any]:
    """The tags section for a list: usual values go to their field, `nsfw` sets the mark, the rest stays as `listed`."""
    fields = [field for field in category.fields if field.section == "tags"]
    made: dict[str, Any] = {
        field.key: False if field.kind == "switch" else [] if field.kind == "list" else "" for field in fields
    }
    rest = []
    for item in old:
        word = str(item).strip()
        home = next(
            (f for f in fields if word.casefold() in {o.casefold() for o in f.options} and not made[f.key]), None
        )
        if word.casefold() in ("nsfw", "sfw"):
            made["nsfw"] = word.casefold() == "nsfw"
        elif home is not None:
            made[home.key] = next(option for option in home.options if option.casefold() == word.casefold())
        elif word:
            rest.append(item)
    return {**made, "listed": rest} if rest else made
