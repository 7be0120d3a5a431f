"""What the header of a .safetensors file tells, read kindly and never past a few MB (faults F45-F48, F50).

A header is 8 bytes with its length (little endian) and that many bytes of JSON: `__metadata__` as its trainer wrote it,
then name, type and shape of each tensor.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

MAX_HEADER = 16 * 2**20  # ComfyUI's largest are under 2 MB; longer ones say nothing that is asked for here
MOST_TAGS = 40
_CHUNK = 2**20


class Header(msgspec.Struct, frozen=True, array_like=True):
    """`fault` says in words why the file cannot be used. `tags` are what it was trained on, most used first."""

    fault: str = ""
    base_model: str = ""
    output_name: str = ""  # what its trainer called it: for people, never to choose a file by (F50)
    tags: tuple[tuple[str, int], ...] = ()


def read_header(file: Path) -> Header:
    """What the header says; what is missing stays empty. Raises OSError where the file cannot be read."""
    if file.suffix.lower() != ".safetensors":
        return Header()
    with file.open("rb") as source:
        start = source.read(8)
        size = file.stat().st_size
        length = int.from_bytes(start, "little")
        begin = source.read(1)
        if len(start) < 8 or (begin and begin != b"{"):
            return Header(fault="incomplete file" if size < 8 else "not a safetensors file")
        if 8 + length > size:
            return Header(fault="incomplete file")
        if not begin or length < 2:
            return Header(fault="not a safetensors file")
        if length > MAX_HEADER:
            return Header()
        body = begin + source.read(length - 1)
    try:
        found = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Header(fault="not a safetensors file")
    metadata = _object(found.pop("__metadata__", None))
    try:
        ends = max((_end(raw) for raw in found.values()), default=0)
    except (msgspec.DecodeError, ValueError):
        return Header(fault="not a safetensors file")
    if 8 + length + ends > size:
        return Header(fault="incomplete file")
    return Header(
        base_model=_base_model(metadata) or _guess(found),
        output_name=_text(metadata.get("ss_output_name") or metadata.get("modelspec.title")),
        tags=tuple(_tags(metadata.get("ss_tag_frequency"))),
    )


def autov3(file: Path, goes_on: Callable[[], bool]) -> str:
    """The sha256 of what follows the header, as Civitai's AutoV3 counts it (64 hex digits).

    `""` once `goes_on` says no, asked about each MiB. Raises OSError.
    """
    digest = hashlib.sha256()
    with file.open("rb") as source:
        source.seek(8 + int.from_bytes(source.read(8), "little"))
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            if not goes_on():
                return ""
    return digest.hexdigest()


class _Tensor(msgspec.Struct):
    shape: list[int] = []
    data_offsets: list[int] = []


def _end(raw: msgspec.Raw) -> int:
    return max(msgspec.json.decode(raw, type=_Tensor).data_offsets, default=0)


def _object(raw: msgspec.Raw | None) -> Mapping[str, Any]:
    """A JSON object, or an empty one for anything else."""
    if raw is None:
        return {}
    value = msgspec.json.decode(raw)
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value.strip()[:200] if isinstance(value, str) else ""


def _tags(value: Any) -> list[tuple[str, int]]:
    """Counts of all folders it was trained on together: a JSON text of {folder: {tag: count}}."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return []
    counted: dict[str, int] = {}
    for tag, count in _counts(value):
        counted[tag] = counted.get(tag, 0) + count
    return sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_TAGS]


def _counts(value: Any) -> Iterator[tuple[str, int]]:
    for key, inner in value.items() if isinstance(value, dict) else ():
        if isinstance(inner, dict):
            yield from _counts(inner)
        elif isinstance(inner, int | float) and str(key).strip():
            yield str(key).strip()[:120], int(inner)


# Names of models that say what they are made from, before the family they belong to.
_NAMED = (
    ("NoobAI", re.compile(r"noob|(?<![a-z])nai[ _-]?xl", re.I)),
    ("Illustrious", re.compile(r"illustrious|(?<![a-z])il(?:xl|lu)", re.I)),
    ("Pony", re.compile(r"pony", re.I)),
)
_VERSIONS = (
    ("SDXL", re.compile(r"sdxl|sd_?xl|stable-diffusion-xl|(?<![a-z])xl", re.I)),
    ("SD 1.5", re.compile(r"sd[ _-]?v?1|stable-diffusion-v1", re.I)),
    ("SD 2", re.compile(r"sd[ _-]?v?2|stable-diffusion-v2", re.I)),
    ("SD 3", re.compile(r"sd[ _-]?v?3|stable-diffusion-(?:v?3)", re.I)),
    ("Flux", re.compile(r"flux", re.I)),
)


def base_of(text: str) -> str:
    """The base model that a name or version means, in the words of the checkpoints' tags; `""` if none."""
    return next((name for name, pattern in (*_NAMED, *_VERSIONS) if pattern.search(text)), "")


def _base_model(metadata: Mapping[str, Any]) -> str:
    """By what it was trained on, else its version."""
    for key in ("ss_sd_model_name", "modelspec.title"):
        name = _text(metadata.get(key))
        if found := next((base for base, pattern in _NAMED if pattern.search(name)), ""):
            return found
    for key in ("ss_base_model_version", "modelspec.architecture"):
        if found := base_of(_text(metadata.get(key))):
            return found
    return ""


def _guess(tensors: Mapping[str, msgspec.Raw]) -> str:
    """The family by names and shapes of tensors."""
    for name, raw in tensors.items():
        if "double_blocks" in name or "single_transformer_blocks" in name:
            return "Flux"
        if "lora_te2_" in name or name.startswith("conditioner.embedders.1"):
            return "SDXL"
        if name.startswith("cond_stage_model.model."):
            return "SD 2"
        if "attn2" in name and "to_k" in name and ("down" in name or name.endswith("to_k.weight")):
            wide = msgspec.json.decode(raw, type=_Tensor).shape[1:2]
            if found := {768: "SD 1.5", 1024: "SD 2", 2048: "SDXL"}.get(wide[0] if wide else 0):
                return found
    return ""
