"""What the generator is making, and what it made last."""

from __future__ import annotations

import msgspec
import redis

from gaze.context import Context
from gaze.jobs.record import Job

IN_OUTS = 12


class Outs(msgspec.Struct, frozen=True):
    """What the generator makes and made: open jobs, then images, newest first."""

    jobs: list[Job]
    images: list[tuple[str, bool]]  # path, and whether it is NSFW


async def outs_of(gaze: Context) -> Outs:
    """The generator's jobs of the last day and their pictures, then the newest of its own folder."""
    try:
        listing = await gaze.queue.listing("comfy", window=50, recent=100)
    except redis.RedisError:
        return Outs([], [])
    jobs = [job for job in [*listing.running, *listing.queued] if job.via == "generator"][:IN_OUTS]
    made = [job.result.relative_path for job in listing.recent if job.via == "generator" and job.result]
    older = gaze.library.gallery.newest("generator", IN_OUTS)
    there = [path for path in dict.fromkeys([*made, *older]) if gaze.library.gallery.has(path)]
    shown = there[: max(4, IN_OUTS - len(jobs))]
    return Outs(jobs, [(path, gaze.library.image_nsfw(path)) for path in shown])
