"""What an asset's file says: each declared value with its place, and what its category does not declare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from gaze.core.asset import Asset
from gaze.core.category import Category, Field

FieldPath = tuple[str, ...]

LORA, TAGS, OUTFITS, OUTFIT = "lora", "tags", "wardrobe", "default"


def said(asset: Asset) -> Iterator[tuple[FieldPath, Field, Any]]:
    """Every declared value that is another than the usual one; a LoRA is one value."""
    category = asset.category
    own = {category.id_field, category.name_field}
    for section, fields in category.sections.items():
        if section == LORA:
            lora = msgspec.to_builtins(asset.data.lora)
            told = {key: value for key, value in lora.items() if value not in ("", None)}
            if set(told) - {"lora_weight"}:
                yield (LORA,), fields[0], told
            continue
        for path, holder in _holders(asset, section):
            usual = type(holder)()
            for field in fields:
                value = getattr(holder, field.key, None)
                if field.kind in ("name", "recipe") or (not section and field.key in own):
                    continue
                if value != getattr(usual, field.key) and not (isinstance(value, str) and not value.strip()):
                    yield (*path, field.key), field, value
            if listed := getattr(holder, "listed", None):
                yield (*path, "listed"), Field(section, "listed", "listed", "list"), listed


def _holders(asset: Asset, section: str) -> Iterator[tuple[FieldPath, Any]]:
    if not section:
        yield (), asset.data
    elif section == OUTFITS and asset.category.has_outfits:
        for name, outfit in asset.outfits.items():
            yield (section, name), outfit
    elif hasattr(asset.data, section) and getattr(asset.data, section) is not None:
        yield (section,), getattr(asset.data, section)


def usual_outfit(asset: Asset) -> str:
    return OUTFIT if OUTFIT in asset.outfits else next(iter(asset.outfits), "")


def unknown(source: Category, raw: Mapping[str, Any], target: Category) -> Iterator[tuple[FieldPath, Any]]:
    """What the source's category does not declare; an object is parted where the target has a section by its name."""
    known = set(source.struct.__struct_fields__)
    for key, value in raw.items():
        inner = {field.key for field in source.sections.get(key, ())}
        if key not in known and not (isinstance(value, Mapping) and key in target.sections):
            yield (key,), value
        elif isinstance(value, Mapping) and key == OUTFITS and source.has_outfits:
            for outfit, fields in value.items():
                if not isinstance(fields, Mapping):
                    if fields is not None and outfit not in inner:
                        yield (key, outfit), fields
                    continue
                for name in fields:
                    if name not in inner:
                        yield (key, outfit, name), fields[name]
        elif isinstance(value, Mapping) and (key not in known or inner):
            yield from (((key, name), value[name]) for name in value if name not in inner and name != "listed")
