"""The fields of an asset as its page shows them: sections of rows, and facts."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from gaze.core.asset import Asset
from gaze.core.category import Field
from gaze.web.forms import Values, one

# Sections that pages do not show as fields: facts have them, or the name stands at the top.
_FACTS = ("lora", "tags", "participants")


class Row(msgspec.Struct, frozen=True):
    """One field of the asset."""

    id: str
    address: str
    label: str
    value: str
    letters: tuple[str, ...]
    selectable: bool
    checked: bool
    empty: bool


class SectionView(msgspec.Struct, frozen=True):
    """The fields of a section that say something; `empty` names the rest."""

    id: str
    label: str
    rows: list[Row]
    empty: list[str]
    open: bool
    outfits: list[str] = []
    outfit: str = ""


def sections_of(asset: Asset, asked: Values, selected: frozenset[str] | None) -> list[SectionView]:
    """What the file says, by section; `selected` are addresses that count, None is all."""
    found = []
    hidden = (asset.category.id_field, asset.category.name_field)
    for name, fields in asset.category.sections.items():
        shown = [
            f for f in fields if f.key not in hidden and f.kind != "recipe" and (f.selectable or name not in _FACTS)
        ]
        if not shown:
            continue
        values, outfits, outfit = _values(asset, name, asked)
        rows = [_row(asset, field, values, selected) for field in shown]
        label = {"special": "Name tag", "": asset.category.one.capitalize(), "lora": "LoRA"}.get(
            name, name.capitalize()
        )
        filled = [row for row in rows if not row.empty]
        empty = [row.label for row in rows if row.empty]
        if filled or outfits or (name == "wardrobe" and asset.category.has_outfits):
            found.append(SectionView(name or "own", label, filled, empty, True, outfits, outfit))
    return found


def facts_of(asset: Asset) -> list[tuple[str, str, bool]]:
    """What is known about the asset in a few words: name, value, and whether that is to be read letter by letter."""
    found: list[tuple[str, str, bool]] = []
    if lora := asset.lora:
        low, high = lora.lora_weight_min, lora.lora_weight_max
        ends = [lora.lora_weight if end is None else end for end in (low, high)]
        span = f" ({min(ends):.2f}–{max(ends):.2f})"
        found.append(("LoRA", lora.lora_name, True))
        found.append(
            ("Weight", f"{lora.lora_weight:.2f}" + (span if low is not None or high is not None else ""), False)
        )
        if lora.lora_triggers:
            found.append(("Triggers", lora.lora_triggers, True))
    people = getattr(asset.data, "participants", None)
    if people is not None and people.orientation:
        found.append(("Participants", people.orientation, False))
    for field in asset.category.sections.get("tags", ()):
        value = _shown(getattr(asset.data.tags, field.key))
        if value and field.key != "nsfw":
            found.append((field.label.capitalize(), value, False))
    if asset.data.tags.listed:
        found.append(("Tags", ", ".join(asset.data.tags.listed), False))
    return found


def _values(asset: Asset, section: str, asked: Values) -> tuple[Any, list[str], str]:
    """The struct that holds a section's values; for a wardrobe of outfits the one that is worn."""
    if not section:
        return asset.data, [], ""
    if section == "wardrobe" and asset.category.has_outfits:
        outfits = list(asset.outfits)
        wanted = one(asked, "character_outfit", "default")
        worn = wanted if wanted in outfits else outfits[0] if outfits else ""
        return asset.outfits.get(worn), outfits if len(outfits) > 1 else [], worn
    return getattr(asset.data, section, None), [], ""


def _row(asset: Asset, field: Field, values: Any, selected: frozenset[str] | None) -> Row:
    value = asset.id.replace("_", " ") if field.kind == "name" else _shown(getattr(values, field.key, ""))
    checked = selected is None or field.address in selected or "*" in selected
    identifier = re.sub(r"[^a-z0-9]+", "-", field.address.lower())
    empty = not value.strip(" ,")
    return Row(
        identifier, field.address, field.label, value, field.letters, field.selectable and not empty, checked, empty
    )


def _shown(value: Any) -> str:
    match value:
        case None | False:
            return ""
        case True:
            return "yes"
        case list():
            return ", ".join(map(str, value))
        case dict():
            return ", ".join(f"{key}: {item}" for key, item in value.items())
        case msgspec.Struct():
            given = {key: item for key, item in msgspec.to_builtins(value).items() if item not in ("", None, [], {})}
            return ", ".join(f"{key.replace('_', ' ')}: {item}" for key, item in given.items())
        case _:
            return str(value)
