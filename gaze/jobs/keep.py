"""Fetch a run's pictures, verify them and save them with their sidecars."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import redis

from gaze import __version__
from gaze.comfyui.client import Comfy, Image, Unreachable
from gaze.core.errors import Refusal
from gaze.core.metadata import Metadata, UsedLora, a1111, comfyui
from gaze.jobs.choose import Choice
from gaze.jobs.follow import Again, Over, Pictures
from gaze.jobs.record import Job, Result, Work, now
from gaze.jobs.tools import JobTools
from gaze.library.imagetexts import with_text

Loras = tuple[UsedLora, ...]

log = logging.getLogger("gaze.jobs")

# Longer than a restart takes; after that the job goes back to the queue.
REDIS_PATIENCE_S = 60.0


async def keep(tools: JobTools, job: Job, work: Work, choice: Choice, pictures: Pictures) -> None:
    """Fetch, verify and save the pictures with their sidecars, then say that the job is done.

    A Redis that is away or may not write is waited for: all that is done here may be done twice.
    """
    deadline = tools.monotonic() + REDIS_PATIENCE_S
    while True:
        try:
            await _keep(tools, job, work, choice, pictures)
            return
        except redis.RedisError:
            if tools.monotonic() > deadline:
                raise
            await asyncio.sleep(0.5)


async def _keep(tools: JobTools, job: Job, work: Work, choice: Choice, pictures: Pictures) -> None:
    comfy = tools.pool.client(choice.backend)
    job = await tools.queue.get(job.id)
    if job.over:
        raise Over(job.status)
    category, _, slug = str(work.recipe.get("subject") or "generator").partition("/")
    stem = f"{job.created[:19].replace('-', '').replace(':', '')}_{job.attempts[-1].prompt_id[-8:]}"
    paths = [
        await _fetch(
            tools,
            comfy,
            image,
            (category, slug, f"{stem}_{place}" if place else stem),
            _sidecar(job, work, choice, pictures.took_s),
            comfyui.read_graph(work.graph).loras,
        )
        for place, image in enumerate(pictures.images)
    ]
    if job.sweep:
        async with tools.queue.redis.lock(f"gaze:sweep:{job.sweep}", timeout=20):  # several workers may write it
            await asyncio.to_thread(tools.keep.put_in_sweep, job.sweep, job.cell, paths[0])
    elif slug:
        await asyncio.to_thread(tools.keep.show, category, slug, paths[0], job.action, job.kind)
    for path in paths:
        await tools.image_added(path, category, slug)
    result = Result(f"/static/uploads/{quote(paths[0])}", paths[0], job.seed)
    if await tools.queue.move(job, "done", result=result, eta=None, started=job.started or now()):
        log.info("job done", extra={"job": job.id, "backend": choice.backend})


async def _fetch(
    tools: JobTools, comfy: Comfy, image: Image, place: tuple[str, str, str], sidecar: Mapping[str, Any], loras: Loras
) -> str:
    problem = ""
    for wait_s in (0.0, 0.3, 1.0):
        await asyncio.sleep(wait_s)
        try:
            data = await comfy.fetch(image)
            return await asyncio.to_thread(_save, tools, place, data, sidecar, loras)
        except FileNotFoundError:
            # Named by the history, gone from the disk: a cached rerun repeats old names.
            raise Again("The picture was no longer at the server; it was made once more.") from None
        except Refusal as error:
            if error.status in (503, 507):
                raise Unreachable(error.message) from error  # a full disk may be mended; the picture is at the server
            problem = error.message
    raise Again(f"The picture arrived damaged ({problem}); it was made once more.")


def _save(tools: JobTools, place: tuple[str, str, str], data: bytes, sidecar: Mapping[str, Any], loras: Loras) -> str:
    """Keep a picture; beside ComfyUI's `prompt` and `workflow` it says `parameters`, which other tools read."""
    return tools.keep.save(*place, with_text(data, "parameters", _parameters(sidecar, loras)), sidecar)


def _parameters(sidecar: Mapping[str, Any], loras: Loras) -> str:
    """What the sidecar says, in the form of A1111."""
    recipe = sidecar["recipe"]
    made = Metadata(
        positive=sidecar["positive"],
        negative=sidecar["negative"],
        checkpoint=sidecar["checkpoint"] or "",
        loras=loras,
        seed=sidecar["seed"],
        sampler_name=recipe.get("sampler_name") or "",
        scheduler=recipe.get("scheduler") or "",
        **{name: recipe.get(name) for name in ("width", "height", "steps", "cfg")},
    )
    return a1111.write(made, f"GAZE {__version__}")


def _sidecar(job: Job, work: Work, choice: Choice, took_s: float | None) -> dict[str, Any]:
    """What the picture was made from (specification data, "Image sidecars"); width and height come from the file.

    `duration_s` is the time at the server, by its own clock: a picture fetched after a crash took no longer.
    """
    return {
        "is_favourite": False,
        "is_nsfw": work.nsfw,
        "recipe": work.recipe,
        "job_id": job.id,
        "seed": job.seed,
        "checkpoint": work.checkpoint,
        "assets": work.assets,
        "versions": work.versions,
        "positive": work.positive,
        "negative": work.negative,
        "batch": job.batch or None,
        "source": work.source or None,
        "backend": choice.backend,
        "created": now(),
        "duration_s": None if took_s is None else round(took_s, 2),
    }
