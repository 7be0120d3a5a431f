"""The entry that a model file without one gets: from its name, its header, and what other tools wrote beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from gaze.core.category import Category, Part
from gaze.library.safetensors import Header
from gaze.library.sidecars import Sidecar, stem_of

MOST_TRIGGERS = 3
# Tags of nearly every training set: they call nobody.
_COMMON = {"1girl", "1boy", "2girls", "solo", "looking at viewer", "simple background", "white background", "smile"}
# Endings that say which version of a file it is, not who: `_v2`, `-epoch-08`, `_illustrious`.
_VERSION = re.compile(
    r"[ _-]+(?:v\d[\w.]*|epoch[ _-]?\d+|e\d+|\d{4,}|il|ill|illustrious\w*|xl|sdxl|pony|noob\w*)$", re.I
)


class Draft(msgspec.Struct, frozen=True):
    """What to create, and notes for the user's own state."""

    name: str
    raw: Mapping[str, Any]
    notes: str = ""


def name_of(path: str) -> str:
    """A name for people: `juno-epoch-08` is Juno."""
    text = stem_of(path.rsplit("/", 1)[-1])
    while (shorter := _VERSION.sub("", text)) != text and shorter.strip(" _-"):
        text = shorter
    words = re.sub(r"[_\s-]+", " ", text).strip()
    return words.title() if words.islower() else words or path


def triggers_of(header: Header) -> str:
    """Tags that nearly every training picture had, without those that every set has."""
    most = header.tags[0][1] if header.tags else 0
    found = [tag for tag, count in header.tags if count >= 0.9 * most and tag.replace("_", " ") not in _COMMON]
    return ", ".join(found[:MOST_TRIGGERS])


def draft(category: Category, path: str, header: Header, said: Sidecar, blank: Mapping[str, Any]) -> Draft:
    """The entry of a file. `blank` is an empty one; only its empty fields are filled.

    A checkpoint gets the defaults of specification data. What other tools wrote wins over the header.
    """
    raw: dict[str, Any] = {key: dict(value) if isinstance(value, dict) else value for key, value in blank.items()}
    if category.chosen_by_id:
        raw |= usual(category)
        raw[category.id_field] = path
    else:
        lora = {"lora_name": path, "lora_weight": 1.0 if said.weight is None else said.weight}
        raw["lora"] = {**raw.get("lora", {}), **lora, "lora_triggers": said.triggers or triggers_of(header)}
        for key in ("lora_weight_min", "lora_weight_max"):
            if raw["lora"].get(key, 0) is None:
                del raw["lora"][key]
    for slot in category.slots:
        if slot.part in (Part.NEGATIVE, Part.OWN_NEGATIVE) and said.negative and not slot.section:
            raw[slot.main.split()[0]] = said.negative
    tags = dict(raw.get("tags") or {})
    tags["nsfw"] = said.nsfw
    base = said.base_model or header.base_model
    if base and any(field.path == "tags.base_model" for field in category.fields):
        tags["base_model"] = base
    raw["tags"] = tags
    return Draft(said.name or name_of(path), raw, said.notes)


def usual(category: Category) -> dict[str, Any]:
    """What a chosen model file has that no JSON describes (specification data, Checkpoint)."""
    found: dict[str, Any] = msgspec.to_builtins(category.without_file or category.struct())
    for value in found.values():
        if isinstance(value, dict):
            value.pop("listed", None)
    return {key: value for key, value in found.items() if key not in (category.id_field, category.name_field)}
