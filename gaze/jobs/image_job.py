"""Do one image job: find its prompt or submit it, follow it, keep the pictures (specification jobs).

Every way out is one of: done with a picture, failed with a sentence, cancelled, or back to the queue to try again.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence

import msgspec
import redis
from arq import Retry

from gaze.comfyui.client import Unreachable
from gaze.jobs.choose import Choice
from gaze.jobs.follow import Again, Meter, Over, Pictures, follow
from gaze.jobs.keep import keep
from gaze.jobs.record import Attempt, Job, Work
from gaze.jobs.strays import take_off
from gaze.jobs.submit import resume, submit
from gaze.jobs.tools import JobTools

log = logging.getLogger("gaze.jobs")

# A backend that lost a run, or ran it without leaving a picture, gets it again so many times.
MOST_ATTEMPTS = 5
# A job that waits is woken when a server comes up; it looks by itself so often, sooner while one is up.
RETRY_S = 3
RETRY_OFFLINE_S = 10
REDIS_AWAY_S = 1


async def image_job(tools: JobTools, job_id: str) -> None:
    """Bring one job to its end. Raises arq's Retry to wait for a backend or for Redis."""
    # Before the record is read: a cancel that comes after that sets the event.
    tools.cancelled(job_id)
    try:
        found = await tools.queue.many([job_id])
        work = await tools.queue.work(job_id)
        if found and found[0].over:
            await _leave(tools, found[0].attempts if found[0].status == "cancelled" else ())
        elif found and work is None:
            await tools.queue.move(
                found[0], "failed", error="What it was made from is no longer kept; generate it again."
            )
        elif found and work:
            await _bring_to_end(tools, found[0], work)
    except redis.RedisError as error:
        # To arq this would be the job's end; the run goes on at its server and is found again.
        log.warning("job waits for redis", extra={"job": job_id, "cause": str(error)})
        raise Retry(defer=REDIS_AWAY_S) from error
    finally:
        with contextlib.suppress(redis.RedisError):
            await tools.slots.give_back(job_id)


async def _bring_to_end(tools: JobTools, job: Job, work: Work) -> None:
    try:
        await _do(tools, job, work)
    except Unreachable as error:
        await _wait(tools, job.id, str(error))
    except Over as over:
        await _end(tools, job.id, over)
    except (Retry, redis.RedisError):
        raise
    except Exception as error:
        # A fault of ours must not leave a job running for ever.
        log.exception("job stumbled", extra={"job": job.id})
        sentence = f"Something in GAZE went wrong ({type(error).__name__}); see the log."
        await _end(tools, job.id, Over("failed", sentence))


async def _do(tools: JobTools, job: Job, work: Work) -> None:
    if job.status == "waiting":
        job = msgspec.structs.replace(job, message="")  # why it waited is over
    while True:
        try:
            choice, job = await resume(tools, job, work) or await submit(tools, job, work)
            pictures = await _follow(tools, job, work, choice)
            await keep(tools, job, work, choice, pictures)
            return
        except Again as again:
            job = (await tools.queue.many([job.id]) or [job])[0]
            attempts = tuple(msgspec.structs.replace(attempt, lost=True) for attempt in job.attempts)
            if len(attempts) >= MOST_ATTEMPTS:
                raise Over("failed", f"{again} It was tried {len(attempts)} times.") from again
            job = msgspec.structs.replace(job, attempts=attempts, message=str(again))
            await tools.queue.note(job, attempts=attempts, message=job.message)
            await tools.slots.give_back(job.id)


async def _follow(tools: JobTools, job: Job, work: Work, choice: Choice) -> Pictures:
    attempt = job.attempts[-1]
    comfy, socket = tools.pool.client(choice.backend), tools.pool.socket(choice.backend, attempt.client)
    listener = await socket.listen(attempt.prompt_id)
    meter = Meter(tools.queue, job, work, tools.monotonic)
    try:
        return await follow(comfy, socket, listener, attempt.prompt_id, work, tools.cancelled(job.id), meter.tell)
    finally:
        socket.forget(attempt.prompt_id)
        await tools.pool.release(socket)


async def _wait(tools: JobTools, job_id: str, why: str) -> None:
    """Give the job back to the queue, to be tried again; its page says why."""
    job = await tools.queue.get(job_id)
    message = f"{why[:1].upper()}{why[1:].rstrip('.')}. The job waits and is tried again."
    told = job.status == "waiting" and job.message == message  # a long outage is told once, not at each try
    if told or await tools.queue.move(job, "waiting", message=message, eta=None):
        raise Retry(defer=RETRY_S if tools.pool.healthy() else RETRY_OFFLINE_S)
    await _leave(tools, job.attempts)


async def _end(tools: JobTools, job_id: str, over: Over) -> None:
    job = await tools.queue.get(job_id)
    if over.status == "failed" and await tools.queue.move(job, "failed", error=over.message, eta=None):
        log.warning("job failed", extra={"job": job_id, "cause": over.message})
        return
    if job.status == "queued":
        # Cancelled, and queued again before this run saw it: its attempts are marked as lost, and it stays with arq.
        await _leave(tools, job.attempts[-1:])
        raise Retry(defer=0)
    await _leave(tools, [attempt for attempt in job.attempts if not attempt.lost])


async def _leave(tools: JobTools, attempts: Sequence[Attempt]) -> None:
    """Take the runs of a cancelled job off their backends."""
    for attempt in attempts:
        await take_off(tools.queue.redis, tools.pool, attempt.backend, attempt.prompt_id)
