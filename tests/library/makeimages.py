"""Made-up images as a worker and other tools leave them: small pictures, whole sidecars and texts."""

from __future__ import annotations

import json
import os
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from tests.library.make import WORDS, png

CHECKPOINTS = [f"Illustrious/{name}.safetensors" for name in ("lumen_2", "lumen_1", "noob_x", "wai_14", "hassaku")]
SIZES = [(832, 1216), (1216, 832), (1024, 1024), (896, 1152), (768, 1344)]
TAGS = [f"{one} {two}" for one in WORDS for two in ("hair", "eyes", "dress", "sky", "light", "coat", "field", "mood")]
SEEDS = 4  # images of one recipe
NEWEST = datetime(2026, 11, 20, 12, tzinfo=UTC)


def chunk(kind: bytes, body: bytes) -> bytes:
    """One PNG chunk."""
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def with_chunks(picture: bytes, texts: dict[str, str]) -> bytes:
    """A PNG with these texts before its pixels."""
    made = [chunk(b"tEXt", key.encode() + b"\0" + text.encode("latin-1", "replace")) for key, text in texts.items()]
    return picture[:33] + b"".join(made) + picture[33:]


def make_images(root: Path, count: int, assets: int = 500, seed: int = 7, workflow: Path | None = None) -> None:
    """Write `count` images of a library made by `make_library(assets=assets)`: four in five with sidecars, the rest
    dropped in by hand with ComfyUI's or A1111's metadata; some 40 a day, back from `NEWEST`."""
    rng = Random(seed)
    graph = json.loads((workflow or Path(__file__).parents[2] / "workflows/default.json").read_text())
    editor = json.dumps({"nodes": [{"id": number, "type": "Note", "pos": [0, 0]} for number in range(120)]})
    pictures = {size: png(*size) for size in SIZES}
    made = set()
    for number in range(count):
        if number % SEEDS == 0:
            size = rng.choice(SIZES)
            recipe = _facts(rng, number, assets, size)
        facts = _again(recipe, number, rng.randrange(2**63))
        folder = root / "static/uploads" / facts.pop("folder")
        if folder not in made:
            folder.mkdir(parents=True, exist_ok=True)
            made.add(folder)
        when = NEWEST - timedelta(minutes=36 * number, seconds=rng.random() * 60)
        file = folder / f"{when:%Y%m%dT%H%M%S}_{number:06}.png"
        if number % 5:
            texts = {"prompt": _graph(graph, facts), "workflow": editor}
            sidecar = {**facts, "created": when.isoformat(timespec="seconds"), "is_favourite": rng.random() < 0.04}
            Path(f"{file}.json").write_text(json.dumps(sidecar, indent=2))
        elif number % 10:
            texts = {"prompt": _graph(graph, facts), "workflow": editor}
        else:
            texts = {"parameters": _parameters(facts, size)}
        file.write_bytes(with_chunks(pictures[size], texts))
        os.utime(file, (when.timestamp(), when.timestamp()))


def _facts(rng: Random, number: int, assets: int, size: tuple[int, int]) -> dict[str, Any]:
    mine = {
        "characters": [f"character_{rng.randrange(assets // 10) * 10:05}"],
        "outfits": [f"outfit_{rng.randrange(40):05}"],
        "styles": [f"style_{rng.randrange(20):05}"],
        "scenes": [f"scene_{rng.randrange(30):05}"],
    }
    seed = rng.randrange(2**63)
    weights = {f"{category}/{slugs[0]}": rng.choice((0.6, 0.8, 1.0)) for category, slugs in mine.items()}
    subject = f"characters/{mine['characters'][0]}"
    checkpoint = rng.choices(CHECKPOINTS, weights=(60, 20, 10, 6, 4))[0]
    return {
        "folder": subject if number % 7 else "generator",
        "is_nsfw": rng.random() < 0.1,
        "recipe": {
            "subject": subject,
            "character": mine["characters"][0],
            "outfits": mine["outfits"],
            "styles": mine["styles"],
            "scenes": mine["scenes"],
            "checkpoint": checkpoint,
            "weights": weights,
            "seed": seed,
            "width": size[0],
            "height": size[1],
            "steps": 25,
            "cfg": 5.0,
            "sampler_name": "euler_ancestral",
            "scheduler": "normal",
        },
        "seed": seed,
        "checkpoint": checkpoint,
        "assets": mine,
        "versions": {key: f"{rng.randrange(9):020x}" for key in weights},
        "positive": ", ".join(rng.sample(TAGS, 24)),
        "negative": "lowres, bad anatomy, bad hands, watermark",
        "batch": f"batch{number // 20:06}",
        "backend": "http://127.0.0.1:8188",
        "duration_s": 11.4,
        "width": size[0],
        "height": size[1],
    }


def _again(facts: dict[str, Any], number: int, seed: int) -> dict[str, Any]:
    """The same recipe with another seed."""
    return {**facts, "seed": seed, "job_id": f"0197{number:08x}", "recipe": {**facts["recipe"], "seed": seed}}


def _graph(graph: dict[str, Any], facts: dict[str, Any]) -> str:
    """The graph as a worker wires it: prompt, seed, and a chain of two LoRAs."""
    sampler = next(key for key, node in graph.items() if node["class_type"] == "KSampler")
    made = {**graph, sampler: {**graph[sampler], "inputs": {**graph[sampler]["inputs"], "seed": facts["seed"]}}}
    model = graph[sampler]["inputs"]["model"]
    for number, (key, weight) in enumerate(_loras(facts)):
        inputs = {"lora_name": f"{key}.safetensors", "strength_model": weight, "model": model}
        made[f"{900 + number}"] = {"class_type": "LoraLoader", "inputs": inputs}
        model = [f"{900 + number}", 0]
    made[sampler]["inputs"]["model"] = model
    return json.dumps(made).replace("{{POSITIVE_PROMPT}}", facts["positive"])


def _loras(facts: dict[str, Any]) -> list[tuple[str, float]]:
    return list(facts["recipe"]["weights"].items())[:2]


def _parameters(facts: dict[str, Any], size: tuple[int, int]) -> str:
    tags = " ".join(f"<lora:{key.rpartition('/')[2]}:{weight}>" for key, weight in _loras(facts))
    return (
        f"{facts['positive']}, {tags}\nNegative prompt: {facts['negative']}\nSteps: 25, Sampler: Euler a, "
        f"CFG scale: 7, Seed: {facts['seed']}, Size: {size[0]}x{size[1]}, Model: lumen_2, Version: v1.10.1"
    )
