"""Tell a program of the user's that a job is over, and that the queue is empty: one POST of JSON each.

The address is the environment's or lies in the secrets, never in a library's settings: a library may be a stranger's.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import redis
from redis.asyncio import Redis

from gaze.jobs.queue import JobQueue
from gaze.jobs.record import Job

log = logging.getLogger("gaze.jobs")

_TIMEOUT_S = 5.0
_TRIES = 3
# Two workers may end the last two jobs at once; the empty queue is told by one of them.
_EMPTY_ONCE_S = 2


class Webhook:
    """Posts in the background: a slow listener holds up no job."""

    def __init__(self, http: httpx.AsyncClient, queue: JobQueue, address: Callable[[], str]) -> None:
        self._http = http
        self._queue = queue
        self._address = address
        self._tasks: set[asyncio.Task[None]] = set()

    async def over(self, job_id: str) -> None:
        """Say that a job is done or failed, if it is, and whether it was the last. Raises RedisError."""
        if not self._address():
            return
        found = await self._queue.many([job_id])
        if not found or found[0].status not in ("done", "failed"):
            return
        job = found[0]
        self._send({"event": f"job.{job.status}", "job": told(job)})
        if (await self._queue.counts(job.queue)).active == 0 and await self._first(self._queue.redis, job):
            self._send({"event": "queue.empty", "queue": job.queue})

    async def _first(self, connection: Redis, job: Job) -> bool:
        return bool(await connection.set(f"gaze:webhook:empty:{job.queue}", "1", nx=True, ex=_EMPTY_ONCE_S))

    def _send(self, message: dict[str, Any]) -> None:
        task = asyncio.create_task(self._post(message), name="webhook")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _post(self, message: dict[str, Any]) -> None:
        content, cause = msgspec.json.encode(message), ""
        for wait_s in range(_TRIES):
            await asyncio.sleep(wait_s)
            try:
                answer = await self._http.post(
                    self._address(), content=content, headers={"Content-Type": "application/json"}, timeout=_TIMEOUT_S
                )
                if answer.status_code < 500:
                    return
                cause = str(answer.status_code)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                cause = type(error).__name__
        log.warning("the webhook did not take a message", extra={"event": message["event"], "cause": cause})


def told(job: Job) -> dict[str, Any]:
    """A job as the webhook says it: as the status route does, with what it was for."""
    return {
        "id": job.id,
        "label": job.label,
        "status": job.public_status,
        "error": job.error,
        "result": job.result,
        "kind": job.kind,
        "category": job.category,
        "slug": job.slug,
        "batch": job.batch or None,
    }


async def tell(webhook: Webhook, job_id: str) -> None:
    """As `over`; a Redis that is away loses the message, not the job."""
    try:
        await webhook.over(job_id)
    except redis.RedisError as error:
        log.warning("the webhook was not told", extra={"job": job_id, "cause": str(error)})
