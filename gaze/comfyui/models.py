"""Which models the reachable servers list, kept for pages; read in the background, never on a request."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from gaze.comfyui.client import Unreachable
from gaze.comfyui.pool import Pool
from gaze.core.check import options

EVERY_S = 15.0
_OPTIONS = {
    "sampler_name": ("KSampler", "sampler_name"),
    "scheduler": ("KSampler", "scheduler"),
    "vae": ("VAELoader", "vae_name"),
}


class Models(msgspec.Struct, frozen=True):
    """File names below ComfyUI's folders, with forward slashes; `known` is False while nobody could be asked."""

    checkpoints: tuple[str, ...] = ()
    loras: tuple[str, ...] = ()
    known: bool = False
    drawn: bool = False  # only by a simulator that takes any name: what it does not list is not missing
    options: Mapping[str, tuple[str, ...]] = {}  # sampler_name, scheduler, vae: what the servers list
    servers: Mapping[str, frozenset[str]] = {}  # files of both kinds by the name of a server that takes no others


def models_of(info: Mapping[str, Any]) -> Models:
    """The models that an `/object_info` lists."""
    return Models(
        checkpoints=_names(info, "CheckpointLoaderSimple", "ckpt_name"),
        loras=_names(info, "LoraLoader", "lora_name"),
        known=True,
        options={key: _names(info, *place) for key, place in _OPTIONS.items()},
    )


async def watch(pool: Pool, tell: Callable[[Models], None]) -> None:
    """Tell what the servers that are up list together, whenever it changes, for ever."""
    before = Models()
    while True:
        found = await _together(pool)
        if found != before:
            before = found
            tell(found)
        await asyncio.sleep(EVERY_S if found.known else 1.0)


async def _together(pool: Pool) -> Models:
    listed = []
    servers = {}
    asked = pool.healthy()
    for backend in asked:
        with contextlib.suppress(Unreachable):
            listed.append(found := models_of(await pool.object_info(backend.url)))
            if not backend.any_model:
                servers[backend.name] = frozenset((*found.checkpoints, *found.loras))
    return Models(
        checkpoints=tuple(sorted({name for models in listed for name in models.checkpoints})),
        loras=tuple(sorted({name for models in listed for name in models.loras})),
        known=bool(listed),
        drawn=bool(listed) and all(backend.any_model for backend in asked),
        options={
            key: tuple(dict.fromkeys(name for models in listed for name in models.options.get(key, ())))
            for key in (_OPTIONS if listed else ())
        },
        servers=servers,
    )


def _names(info: Mapping[str, Any], node: str, key: str) -> tuple[str, ...]:
    try:
        listed = options(info[node]["input"]["required"][key])
    except (KeyError, TypeError):
        return ()
    return tuple(str(name).replace("\\", "/") for name in listed or ())
