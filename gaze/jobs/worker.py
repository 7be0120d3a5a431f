"""An arq worker with leases: a dead worker's jobs are taken over in seconds (jobs, "What must survive")."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import redis
from arq.connections import ArqRedis
from arq.constants import in_progress_key_prefix
from arq.worker import Worker, func

from gaze.jobs import events
from gaze.jobs.events import JobChanged
from gaze.jobs.keys import arq_queue
from gaze.jobs.queue import JobQueue
from gaze.jobs.record import QueueName
from gaze.jobs.redis import pack, unpack

log = logging.getLogger("gaze.jobs")

# arq keeps a dead worker's jobs locked for the longest job time-out (arq issue 402); these run out in 10 s.
LEASE_S = 10.0
RECONCILE_S = 10.0
MOST_JOBS = 64

JobFunction = Callable[[str], Awaitable[None]]


class LeasedWorker(Worker):
    """arq's worker, holding each running job by a lease of `LEASE_S` seconds that it renews."""

    async def main(self) -> None:
        self.in_progress_timeout_s = LEASE_S
        beat = asyncio.create_task(self._renew())
        try:
            await super().main()
        finally:
            beat.cancel()
            await asyncio.gather(beat, return_exceptions=True)

    async def start_jobs(self, job_ids: list[bytes]) -> None:
        # A lost lease must not start a job of our own twice.
        await super().start_jobs([job_id for job_id in job_ids if job_id.decode() not in self.tasks])

    async def _poll_iteration(self) -> None:
        try:
            await super()._poll_iteration()
        except (redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError, redis.ResponseError) as error:
            # Without this a worker that loses Redis takes no more jobs and ends (F81).
            log.warning("redis is away", extra={"cause": str(error)})
            await asyncio.sleep(0.5)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(LEASE_S / 3)
            with contextlib.suppress(redis.RedisError):
                for job_id in list(self.job_tasks):
                    await self.pool.pexpire(in_progress_key_prefix + job_id, int(LEASE_S * 1000))


class Cancels:
    """Events that are set when a job is cancelled, by job id."""

    def __init__(self) -> None:
        self._events: dict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def of(self, job_id: str) -> asyncio.Event:
        """The event of a job that this process does; it exists from the first call to `forget`."""
        return self._events[job_id]

    def set(self, job_id: str) -> None:
        if job_id in self._events:
            self._events[job_id].set()

    def forget(self, job_id: str) -> None:
        self._events.pop(job_id, None)


def make_worker(
    connection: ArqRedis, queue: QueueName, functions: Sequence[tuple[str, JobFunction]], most_jobs: int
) -> LeasedWorker:
    """A worker of one queue; each function gets the job's id."""
    return LeasedWorker(
        functions=[func(_as_arq(function), name=name, timeout=None, max_tries=10**9) for name, function in functions],
        queue_name=arq_queue(queue),
        redis_pool=connection,
        max_jobs=most_jobs,
        job_timeout=None,  # type: ignore[arg-type]
        keep_result=0,  # a kept result would block its id
        poll_delay=0.02,  # at 0.1 two slots cap at 20 jobs/s
        handle_signals=False,
        job_serializer=pack,
        job_deserializer=unpack,
        log_results=False,
    )


def _as_arq(function: JobFunction) -> Any:
    async def run(ctx: dict[str, Any]) -> None:
        await function(ctx["job_id"])

    return run


async def hear_cancels(queue: JobQueue, cancels: Cancels) -> None:
    """Set the events of jobs that get cancelled, for ever; those of a time without Redis too."""
    after = ""
    while True:
        with contextlib.suppress(redis.RedisError):
            after = after or await events.last_id(queue.redis)
            async for batch in events.read(queue.redis, after):
                for entry_id, event in batch:
                    after = entry_id
                    if isinstance(event, JobChanged) and event.status == "cancelled":
                        cancels.set(event.id)
        await asyncio.sleep(0.5)


async def tend(queue: JobQueue, name: QueueName, worker: LeasedWorker, ready: Callable[[], int]) -> None:
    """Keep the worker's pause and slots as they should be, and hand over again what a crash left behind, for ever.

    `ready` says how many jobs may run at a time; with 0 they are tried one by one, so that they say why they wait.
    """
    reconciled = 0.0
    while True:
        with contextlib.suppress(redis.RedisError):
            slots = ready()
            worker.max_jobs = min(max(slots, 1), MOST_JOBS)
            worker.allow_pick_jobs = not await queue.paused(name)
            if time.monotonic() - reconciled > RECONCILE_S:
                reconciled = time.monotonic()
                await queue.reconcile(name)
        await asyncio.sleep(0.2)
