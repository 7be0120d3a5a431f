"""Runs that have to be taken off a server that did not answer just then: done when it is back.

A job that was cancelled, or given to another server, while its own was away would else be drawn there for nobody.
"""

from __future__ import annotations

import logging
import time

from redis.asyncio import Redis

from gaze.comfyui.client import Unreachable
from gaze.comfyui.pool import Pool

log = logging.getLogger("gaze.jobs")

_STRAYS = "gaze:strays"
# A server that has been away for longer has been restarted, and its queue is empty.
_KEPT_S = 24 * 3600


async def take_off(redis: Redis, pool: Pool, backend: str, prompt_id: str) -> None:
    """Take a prompt off its server; one that does not answer now gets it later."""
    try:
        await pool.client(backend).cancel(prompt_id)
    except Unreachable:
        await redis.zadd(_STRAYS, {f"{prompt_id} {backend}": time.time()})


async def collect(redis: Redis, pool: Pool) -> None:
    """Take off what strayed on servers that are up again."""
    await redis.zremrangebyscore(_STRAYS, "-inf", time.time() - _KEPT_S)
    up = {backend.url for backend in pool.healthy()}
    for entry in await redis.zrange(_STRAYS, 0, -1):
        prompt_id, _, backend = entry.decode().partition(" ")
        if backend not in up:
            continue
        try:
            await pool.client(backend).cancel(prompt_id)
        except Unreachable:
            continue
        await redis.zrem(_STRAYS, entry)
        log.info("stray run taken off", extra={"prompt": prompt_id, "backend": backend})
