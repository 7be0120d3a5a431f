"""What other tools wrote beside a model file, read kindly: nothing in it can be wrong enough to be a fault.

A1111 writes `x.json`, LoRA Manager `x.metadata.json`, Civitai helpers `x.civitai.info`, all of them `x.preview.png` or
`x.png`. Where several say the same the user's own words (A1111, then LoRA Manager) win over Civitai's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from gaze.library.safetensors import base_of

TEXTS = {".json": "A1111 notes", ".metadata.json": "LoRA Manager", ".civitai.info": "Civitai info"}
PICTURES = (".preview.png", ".preview.jpg", ".preview.jpeg", ".preview.webp", ".png", ".jpg", ".jpeg", ".webp")
BESIDE = (*TEXTS, *PICTURES)
MAX_BYTES = 4 * 2**20
_NSFW_LEVEL = 4  # Civitai's R; 1 and 2 are PG and PG-13


class Sidecar(msgspec.Struct, frozen=True, kw_only=True):
    """What is said about a model file; empty where nothing is. `weight` is None unless one is preferred."""

    name: str = ""
    triggers: str = ""
    weight: float | None = None
    negative: str = ""
    notes: str = ""
    base_model: str = ""
    nsfw: bool = False


def stem_of(name: str) -> str:
    """The path that sidecars share with their model: without the ending."""
    return name.rsplit(".", 1)[0]


def read_sidecars(model: Path, beside: Iterable[str]) -> Sidecar:
    """What all text sidecars of a model say together. `beside` names the endings that are there."""
    found = set(beside)
    said = [
        reader(raw)
        for ending, reader in ((".json", _a1111), (".metadata.json", _lora_manager), (".civitai.info", _civitai))
        if ending in found and (raw := _object(Path(stem_of(str(model)) + ending)))
    ]
    return Sidecar(
        name=_first(item.name for item in said),
        triggers=_first(item.triggers for item in said),
        weight=next((item.weight for item in said if item.weight is not None), None),
        negative=_first(item.negative for item in said),
        notes="\n\n".join(dict.fromkeys(item.notes for item in said if item.notes)),
        base_model=_first(item.base_model for item in said),
        nsfw=any(item.nsfw for item in said),
    )


def picture_of(model: Path, beside: Sequence[str]) -> Path | None:
    """The preview picture of a model, if there is one."""
    ending = next((ending for ending in PICTURES if ending in beside), "")
    return Path(stem_of(str(model)) + ending) if ending else None


def _a1111(raw: Mapping[str, Any]) -> Sidecar:
    return Sidecar(
        triggers=_text(raw.get("activation text")),
        weight=_weight(raw.get("preferred weight")),
        negative=_text(raw.get("negative text")),
        notes=_text(raw.get("notes")) or _text(raw.get("description")),
        base_model=base_of(_text(raw.get("sd version"))),
    )


def _lora_manager(raw: Mapping[str, Any]) -> Sidecar:
    tips = raw.get("usage_tips")
    if isinstance(tips, str):
        try:
            tips = json.loads(tips)
        except (ValueError, RecursionError):
            tips = {}
    civitai = raw.get("civitai")
    level = raw.get("preview_nsfw_level")
    return Sidecar(
        name=_text(raw.get("model_name")),
        triggers=_words(civitai.get("trainedWords")) if isinstance(civitai, dict) else "",
        weight=_weight(tips.get("strength")) if isinstance(tips, dict) else None,
        notes=_text(raw.get("notes")),
        base_model=base_of(_text(raw.get("base_model"))),
        nsfw=isinstance(level, int) and level >= _NSFW_LEVEL,
    )


def _civitai(raw: Mapping[str, Any]) -> Sidecar:
    model = raw.get("model")
    model = model if isinstance(model, dict) else {}
    return Sidecar(
        name=_text(model.get("name")),
        triggers=_words(raw.get("trainedWords")),
        base_model=base_of(_text(raw.get("baseModel"))),
        nsfw=model.get("nsfw") is True or _first_picture_is_nsfw(raw.get("images")),
    )


def _first_picture_is_nsfw(images: Any) -> bool:
    """Whether Civitai rates the picture that helpers keep as the preview R or beyond."""
    first = images[0] if isinstance(images, list) and images else None
    level = first.get("nsfwLevel") if isinstance(first, dict) else None
    return isinstance(level, int) and level >= _NSFW_LEVEL


def _object(file: Path) -> Mapping[str, Any]:
    """The JSON object in a file; empty for anything else."""
    try:
        with file.open("rb") as source:
            body = source.read(MAX_BYTES + 1)
        value = json.loads(body.decode("utf-8-sig")) if len(body) <= MAX_BYTES else None
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value.strip()[:4000] if isinstance(value, str) else ""


def _words(value: Any) -> str:
    """The first group of trained words: Civitai lists alternatives, each complete in itself."""
    words = [_text(item).strip(", ") for item in value] if isinstance(value, list) else []
    return next((word for word in words if word), "")


def _weight(value: Any) -> float | None:
    """A preferred weight; A1111 writes 0 for none."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return round(number, 4) if number and -10 <= number <= 10 else None


def _first(texts: Iterable[str]) -> str:
    return next((text for text in texts if text), "")
