"""A made-up library on disk, as large as wanted, for benches and tests."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path
from random import Random
from typing import Any

from gaze.categories import declared

SERIES = ("Final Fantasy VII", "Touhou", "Original", "Persona 5", "NieR", "Zelda", "Chrono Trigger", "Okami")
WORDS = [
    "red",
    "blue",
    "tall",
    "small",
    "old",
    "young",
    "night",
    "rain",
    "neon",
    "forest",
    "castle",
    "silver",
    "gold",
    "quiet",
    "storm",
    "desert",
    "glass",
]


def png(width: int = 8, height: int = 8, colour: int = 120) -> bytes:
    """A small, whole PNG of one colour."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + bytes((colour, 60, 90)) * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def write_json(root: Path, path: str, value: Any) -> Path:
    """A JSON file below `root`, with its folders."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return file


def make_library(root: Path, assets: int = 10_000, images: int = 0, seed: int = 7, only: str = "") -> None:
    """Write `assets` asset files, four in ten of them characters, and `images` tiny images beside them.

    With `only` all of them are of that category.
    """
    rng = Random(seed)
    categories = list(declared().values())
    for number in range(assets):
        category = (
            declared()[only] if only else categories[0] if number % 10 < 4 else categories[number % len(categories)]
        )
        slug = f"{category.one}_{number:05}"
        group = rng.choice(("", "a/", "b/"))
        write_json(root, f"data/{category.data_folder}/{group}{slug}.json", _asset(category, slug, rng))
        if number % 20 == 0:
            write_json(root, f"data/state/{category.name}/{slug}.json", {"is_favourite": True})
    body = png()
    for number in range(images):
        slug = f"character_{number // 10 * 10 % max(assets, 10):05}"
        folder = root / "static/uploads/characters" / slug
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number:06}.png").write_bytes(body)


def _asset(category: Any, slug: str, rng: Random) -> dict[str, Any]:
    made: dict[str, Any] = {category.id_field: slug, category.name_field: slug.replace("_", " ").title()}
    for field in category.fields:
        if field.kind not in ("tags", "text", "choice") or field.section == "special" or field.path in made:
            continue
        if field.section == "lora":
            continue
        text = rng.choice(field.options) if field.options else " ".join(rng.choices(WORDS, k=5))
        if field.key == "origin_series":
            text = rng.choice(SERIES)
        if field.key == "orientation":
            text = rng.choice(("1F", "1M1F", "2F"))
        if field.section == "wardrobe" and category.has_outfits:
            made.setdefault("wardrobe", {}).setdefault("default", {})[field.key] = text
        elif field.section:
            made.setdefault(field.section, {})[field.key] = text
        else:
            made[field.key] = text
    if category.lora:
        name = f"{category.lora.folder}/{slug}.safetensors"
        made["lora"] = {"lora_name": name, "lora_weight": 0.8, "lora_triggers": slug}
    made.setdefault("tags", {})["nsfw"] = rng.random() < 0.2
    return made
