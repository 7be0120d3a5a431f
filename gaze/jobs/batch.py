"""Pictures of many recipes as one batch: all are queued first; one that cannot be made stops no other."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from random import Random

import msgspec

from gaze.comfyui.pool import Pool
from gaze.core.errors import Refusal
from gaze.core.recipe import Recipe
from gaze.core.shelf import Shelf
from gaze.jobs.choose import fit
from gaze.jobs.generate import Order, prepare
from gaze.jobs.queue import JobQueue, new_batch
from gaze.jobs.record import Job, Work


class Wanted(msgspec.Struct, frozen=True):
    """One recipe of a batch and what it is called where it fails."""

    name: str
    recipe: Recipe
    order: Order


class Left(msgspec.Struct, frozen=True):
    """A recipe no picture can be made of, and why."""

    name: str
    message: str


class Batch(msgspec.Struct, frozen=True):
    """What was queued under one id, and what could not be."""

    id: str
    label: str
    jobs: list[Job]
    left: list[Left]


async def generate_batch(
    wanted: Sequence[Wanted], label: str, shelf: Shelf, rng: Random, queue: JobQueue, pool: Pool, batch: str = ""
) -> Batch:
    """Queue the pictures of all recipes under one label, as `batch` if its id is fixed already.

    Raises Unavailable (503) where Redis is away.
    """
    made, left = await asyncio.to_thread(_prepared, wanted, shelf, rng)
    healthy = await pool.current()
    everybody = len(healthy) == len(pool.backends)
    fitting: list[tuple[Job, Work]] = []
    refused: dict[str, str] = {}
    for name, pairs in made:
        _, sentences = await fit(pool, healthy, pairs[0][1]) if healthy else ([], [])
        if sentences and everybody:
            refused.setdefault(name, " ".join(sentences))
        else:
            fitting += pairs
        await asyncio.sleep(0)  # hundreds of graphs to look at; pages are answered in between
    batch = batch or new_batch()
    total = len(fitting)
    jobs = [
        (msgspec.structs.replace(job, batch=batch, batch_label=label, place=place, count=total), work)
        for place, (job, work) in enumerate(fitting, 1)
    ]
    if jobs:
        await queue.enqueue(jobs)
    return Batch(batch, label, [job for job, _ in jobs], [*left, *(Left(*pair) for pair in refused.items())])


def _prepared(
    wanted: Sequence[Wanted], shelf: Shelf, rng: Random
) -> tuple[list[tuple[str, list[tuple[Job, Work]]]], list[Left]]:
    made, left = [], []
    for one in wanted:
        try:
            made.append((one.name, prepare(one.recipe, shelf, rng, one.order)))
        except Refusal as refusal:
            left.append(Left(one.name, refusal.message))
    return made, left
