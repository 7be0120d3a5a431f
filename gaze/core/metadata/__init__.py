"""Metadata of images as ComfyUI, A1111, SwarmUI, InvokeAI and NovelAI write it; nothing in it is believed."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from gaze.core.metadata import a1111, comfyui, invokeai, novelai, swarmui
from gaze.core.metadata.meta import Metadata, UsedLora, shown

__all__ = ["READ", "Metadata", "UsedLora", "read"]

# The texts that say how an image was made; all others are only shown.
READ = ("parameters", "prompt", invokeai.KEY, invokeai.OLD, "Comment", "Description", "Software", "Source")


def read(texts: Mapping[str, str]) -> Metadata | None:
    """What the texts of an image say about how it was made, by their keys; None if nothing does."""
    found = _read(texts)
    if found is None:
        return None
    used = set(READ)
    more = [(key[:80], shown(value)) for key, value in texts.items() if key not in used and key != "workflow"]
    return msgspec.structs.replace(found, more=(*found.more, *more[:50]))


def _read(texts: Mapping[str, str]) -> Metadata | None:
    parameters = texts.get("parameters", "")
    if swarmui.KEY in parameters[:200_000]:
        return swarmui.read(parameters)
    if invokeai.KEY in texts:
        return invokeai.read(texts[invokeai.KEY])
    if invokeai.OLD in texts:
        return invokeai.read_old(texts[invokeai.OLD])
    if novelai.is_one(texts):
        return novelai.read(texts)
    graph = comfyui.read(texts["prompt"]) if "prompt" in texts else None
    if parameters.strip() and (graph is None or graph.empty):
        return a1111.read(parameters)
    return graph
