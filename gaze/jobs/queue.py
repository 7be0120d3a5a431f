"""Job records and the two queues in Redis: enqueue, look up, list, cancel, retry, pause, move to front.

Each record is a hash of its own; a move between states is one atomic script, so that a worker that finishes and
a user who cancels at the same moment never both win. arq carries ids only.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from arq.connections import ArqRedis
from arq.constants import in_progress_key_prefix, job_key_prefix, retry_key_prefix
from arq.jobs import serialize_job

from gaze.core.errors import NotFound
from gaze.jobs import events, keys, scripts
from gaze.jobs.events import JobChanged, JobProgress, QueueChanged
from gaze.jobs.record import KINDS, MOVES, OPEN, OVER, Job, Progress, QueueName, Status, Work, new_id, now
from gaze.jobs.redis import pack
from gaze.llm.task import Task
from gaze.llm.writing import Writing

# arq forgets a job after a day unless told otherwise; a queue may wait for its ComfyUI over a holiday.
_NEVER_S = 10 * 365 * 24 * 3600
_PREVIEW_S = 600
# Jobs written in one go: Redis answers nobody else meanwhile.
_TOGETHER = 200


class Listing(msgspec.Struct, frozen=True):
    """A queue as its page shows it: the queued are a window of the first, `queued_total` counts all."""

    running: list[Job]
    queued: list[Job]
    queued_total: int
    recent: list[Job]
    paused: bool


class Counts(msgspec.Struct, frozen=True):
    """Open jobs of a queue: `active` counts all that are not over."""

    active: int
    running: int
    paused: bool


class BatchState(msgspec.Struct, frozen=True):
    """How far a batch is: `open` of its `total` jobs are not over."""

    id: str
    label: str
    total: int
    open: int

    @property
    def done(self) -> int:
        return self.total - self.open

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 0


class JobQueue:
    """The one door to jobs, for web, workers and programs."""

    def __init__(self, redis: ArqRedis, keep_s: float = 24 * 3600) -> None:
        self.redis = redis
        self._keep_s = int(keep_s)
        self._move = redis.register_script(scripts.MOVE)
        self._progress = redis.register_script(scripts.PROGRESS)
        self._note = redis.register_script(scripts.NOTE)

    # -- putting in ---------------------------------------------------------------------------------

    async def enqueue(self, jobs: Sequence[tuple[Job, Work | Task | None]]) -> None:
        """Write records and hand their ids to arq, all or none, in one round trip for some hundred jobs."""
        at = time.time() * 1000
        for first in range(0, len(jobs), _TOGETHER):
            async with self.redis.pipeline(transaction=True) as pipe:
                for place, (job, work) in enumerate(jobs[first : first + _TOGETHER], first):
                    # arq runs equal scores in the order of ids, which is chance within a millisecond.
                    order = at + place / 1000
                    pipe.hset(keys.record(job.id), mapping=keys.fields(job))
                    if work is not None:
                        pipe.set(keys.work(job.id), msgspec.msgpack.encode(work))
                    pipe.zadd(keys.active(job.queue), {job.id: order})
                    if job.batch:
                        pipe.rpush(keys.batch(job.batch), job.id)
                        pipe.expire(keys.batch(job.batch), _NEVER_S)
                    _hand_over(pipe, job, order)
                    if len(jobs) <= _TOGETHER:
                        _tell(pipe, JobChanged(job.id, job.status))
                if len(jobs) > _TOGETHER:
                    _tell(pipe, QueueChanged(jobs[0][0].queue))
                await pipe.execute()

    # -- looking up ---------------------------------------------------------------------------------

    async def get(self, job_id: str) -> Job:
        """A job's record. Raises NotFound."""
        found = await self.many([job_id])
        if not found:
            raise NotFound(f"There is no job {job_id}; finished ones are kept for {self._keep_s // 3600} h.")
        return found[0]

    async def many(self, ids: Iterable[str]) -> list[Job]:
        """The records that are there, in the order asked for."""
        async with self.redis.pipeline(transaction=False) as pipe:
            for job_id in ids:
                pipe.hgetall(keys.record(job_id))
            found = await pipe.execute()
        return [job for fields in found if (job := keys.decoded(fields)) is not None]

    async def work(self, job_id: str) -> Work | None:
        """What the worker needs for an image job."""
        data = await self.redis.get(keys.work(job_id))
        return msgspec.msgpack.decode(data, type=Work) if data else None

    async def task(self, job_id: str) -> Task | None:
        """What the worker needs for an LLM job."""
        data = await self.redis.get(keys.work(job_id))
        return msgspec.msgpack.decode(data, type=Task) if data else None

    async def counts(self, queue: QueueName) -> Counts:
        async with self.redis.pipeline(transaction=False) as pipe:
            pipe.zcard(keys.active(queue))
            pipe.scard(keys.running(queue))
            pipe.exists(keys.paused(queue))
            active, running, paused = await pipe.execute()
        return Counts(int(active), int(running), bool(paused))

    async def listing(self, queue: QueueName, window: int = 50, recent: int = 30) -> Listing:
        """Running jobs, the first `window` queued, the last `recent` finished."""
        async with self.redis.pipeline(transaction=False) as pipe:
            pipe.smembers(keys.running(queue))
            # Running jobs stand in the active set too, so some more are asked for.
            pipe.zrange(keys.active(queue), 0, window + 63)
            pipe.zcard(keys.active(queue))
            # Nothing is written here: the page is to be seen when Redis may not write, too (F84).
            since = time.time() * 1000 - self._keep_s * 1000
            pipe.zrevrangebyscore(keys.recent(queue), "+inf", since, start=0, num=recent)
            pipe.exists(keys.paused(queue))
            running_ids, active_ids, active, recent_ids, paused = await pipe.execute()
        running = await self.many(sorted(keys.texts(running_ids)))
        waiting = [job_id for job_id in keys.texts(active_ids) if job_id.encode() not in running_ids][:window]
        queued = [job for job in await self.many(waiting) if not job.over]
        return Listing(
            running=[job for job in running if not job.over],
            queued=queued,
            queued_total=max(int(active) - len(running_ids), len(queued)),
            recent=await self.many(keys.texts(recent_ids)),
            paused=bool(paused),
        )

    async def batch(self, batch_id: str) -> list[Job]:
        """All jobs of a batch that are still on record, in order."""
        return await self.many(keys.texts(await self.redis.lrange(keys.batch(batch_id), 0, -1)))  # type: ignore[misc]

    async def batches(self, jobs: Iterable[Job]) -> list[BatchState]:
        """How far the batches of these jobs are, in their order."""
        labels = {job.batch: job.batch_label or job.label for job in reversed(list(jobs)) if job.batch}
        found = []
        for batch, label in reversed(labels.items()):
            ids = keys.texts(await self.redis.lrange(keys.batch(batch), 0, -1))  # type: ignore[misc]
            scores = await self.redis.zmscore(keys.active("comfy"), ids) if ids else []
            found.append(BatchState(batch, label, len(ids), sum(score is not None for score in scores)))
        return found

    async def open_ids(self, queue: QueueName) -> list[str]:
        """Ids of all jobs that are not over, in order."""
        return keys.texts(await self.redis.zrange(keys.active(queue), 0, -1))

    async def preview(self, job_id: str) -> tuple[bytes, str] | None:
        """The newest preview picture of a running job and its type."""
        data = await self.redis.hmget(keys.preview(job_id), ["image", "mime"])  # type: ignore[misc]
        return (data[0], (data[1] or b"image/jpeg").decode()) if data[0] else None

    # -- moving -------------------------------------------------------------------------------------

    async def move(self, job: Job, status: Status, allowed: Iterable[str] | None = None, **changes: Any) -> bool:
        """Bring a job to `status` with `changes` to its record; False if it is in a state that does not allow it."""
        fields = {key: keys.encoded(key, value) for key, value in changes.items()}
        if status in ("done", "failed", "cancelled"):
            fields.setdefault("finished", keys.encoded("finished", now()))
        event = msgspec.json.encode(JobChanged(job.id, status))
        flat = [part for pair in fields.items() for part in pair] or ["id", job.id]
        touched = [
            keys.record(job.id),
            keys.active(job.queue),
            keys.running(job.queue),
            keys.recent(job.queue),
            events.STREAM,
            keys.work(job.id),
        ]
        states = f",{','.join(allowed or MOVES[status])},"
        at = time.time() * 1000
        return bool(await self._move(touched, [status, states, at, self._keep_s, job.id, event, *flat]))

    async def note(self, job: Job, **changes: Any) -> None:
        """Write fields of the record without changing its state."""
        await self._note(
            [keys.record(job.id)], [part for key, value in changes.items() for part in (key, keys.encoded(key, value))]
        )

    async def progress(self, job_id: str, progress: Progress, eta: float | None) -> None:
        """Tell how far a running job is; nothing of one that is over."""
        await self._tell_progress(job_id, progress=progress, eta=eta)

    async def writing(self, job_id: str, writing: Writing) -> None:
        """Tell what a model has written so far; nothing of a job that is over."""
        await self._tell_progress(job_id, llm=writing)

    async def _tell_progress(self, job_id: str, **fields: Any) -> None:
        event = msgspec.json.encode(JobProgress(job_id))
        flat = [part for key, value in fields.items() for part in (key, keys.encoded(key, value))]
        await self._progress([keys.record(job_id), events.STREAM], [event, *flat])

    async def keep_preview(self, job_id: str, image: bytes, mime: str) -> None:
        """Keep the newest preview; it is fetched by its own address, never queued up."""
        async with self.redis.pipeline(transaction=False) as pipe:
            pipe.hset(keys.preview(job_id), mapping={"image": image, "mime": mime})
            pipe.expire(keys.preview(job_id), _PREVIEW_S)
            await pipe.execute()

    # -- what people ask for ------------------------------------------------------------------------

    async def cancel(self, job_id: str) -> Job:
        """Cancel in any state; the worker takes a submitted one off its backend. Raises NotFound."""
        job = await self.get(job_id)
        await self._cancel([job])
        return await self.get(job_id)

    async def cancel_many(self, ids: Iterable[str]) -> int:
        """Cancel all that are still open; how many were."""
        wanted = list(ids)
        found = (wanted[first : first + _TOGETHER] for first in range(0, len(wanted), _TOGETHER))
        return sum([await self._cancel([job for job in await self.many(some) if not job.over]) for some in found])

    async def _cancel(self, jobs: Sequence[Job]) -> int:
        moved = [job.id for job in jobs if await self.move(job, "cancelled", allowed=OPEN, eta=None)]
        async with self.redis.pipeline(transaction=False) as pipe:
            for job in await self.many(moved):
                # With an attempt on record the worker still has to look after it.
                if not job.attempts and job.status == "cancelled":
                    _drop(pipe, job)
            await pipe.execute()
        return len(moved)

    async def retry(self, job_id: str) -> Job:
        """Queue a finished job again; its next attempt gets an id of its own (F76). Raises NotFound."""
        job = await self.get(job_id)
        if not await self.redis.exists(keys.work(job_id)):
            again = "generate it again" if job.queue == "comfy" else "ask for it anew"
            raise NotFound(f"What {job.label} was made from is no longer kept; {again}.")
        changes = {
            "error": None,
            "message": "",
            "result": None,
            "progress": Progress(),
            "eta": None,
            "llm": None,
            "created": now(),
            "started": "",
            "finished": "",
            # Attempts that are over are no longer looked for.
            "attempts": tuple(msgspec.structs.replace(attempt, lost=True) for attempt in job.attempts),
        }
        await self._let_go(job_id)
        if await self.move(job, "queued", allowed=OVER, **changes):
            async with self.redis.pipeline(transaction=True) as pipe:
                _drop(pipe, job)
                _hand_over(pipe, job, time.time() * 1000)
                await pipe.execute()
        return await self.get(job_id)

    async def front(self, job_id: str) -> None:
        """Let a queued job run next. A score of 0 would never run, so the lowest one counts down from now."""
        job = await self.get(job_id)
        for key in (keys.active(job.queue), keys.arq_queue(job.queue)):
            lowest = await self.redis.zrange(key, 0, 0, withscores=True)
            if lowest:
                await self.redis.zadd(key, {job_id: max(lowest[0][1] - 1, 1)}, xx=True)
        await events.publish(self.redis, QueueChanged(job.queue))

    async def pause(self, queue: QueueName, paused: bool) -> None:
        """Stop or go on handing out jobs; running ones end."""
        if paused:
            await self.redis.set(keys.paused(queue), "1")
        else:
            await self.redis.delete(keys.paused(queue))
        await events.publish(self.redis, QueueChanged(queue))

    async def paused(self, queue: QueueName) -> bool:
        return bool(await self.redis.exists(keys.paused(queue)))

    async def wake(self, queue: QueueName) -> None:
        """Let every waiting job try again now, in the order of the queue: a backend came up."""
        due = time.time() * 1000
        later = keys.texts(await self.redis.zrangebyscore(keys.arq_queue(queue), due, "+inf"))
        if later:
            order = await self.redis.zmscore(keys.active(queue), later)
            now_due = {job_id: min(at or due, due) for job_id, at in zip(later, order, strict=True)}
            await self.redis.zadd(keys.arq_queue(queue), now_due, xx=True)

    async def reconcile(self, queue: QueueName) -> int:
        """Hand over again what a crash left without a place in arq's queue; how many there were."""
        known = set(keys.texts(await self.redis.zrange(keys.arq_queue(queue), 0, -1)))
        missing = [job for job in await self.many(set(await self.open_ids(queue)) - known) if not job.over]
        missing = [job for job in missing if not await self.held(job.id)]
        async with self.redis.pipeline(transaction=True) as pipe:
            for job in missing:
                _hand_over(pipe, job, await self.redis.zscore(keys.active(queue), job.id) or time.time() * 1000)
            await pipe.execute()
        return len(missing)

    async def _let_go(self, job_id: str, within_s: float = 2.0) -> None:
        """Wait until no worker holds a job that is over: arq's own end of it would take a new entry away."""
        deadline = time.monotonic() + within_s
        while await self.held(job_id) and time.monotonic() < deadline:
            await asyncio.sleep(0.02)

    async def held(self, job_id: str) -> bool:
        """Whether a live worker holds the job."""
        return bool(await self.redis.exists(in_progress_key_prefix + job_id))


def _hand_over(pipe: Any, job: Job, order: float) -> None:
    """Put a job into arq's queue, as `ArqRedis.enqueue_job` does, but within the transaction of its record."""
    chosen = KINDS[job.kind]
    data = serialize_job(chosen.function, (), {}, None, int(order), serializer=pack)
    pipe.psetex(job_key_prefix + job.id, _NEVER_S * 1000, data)
    pipe.zadd(keys.arq_queue(chosen.queue), {job.id: order})


def _drop(pipe: Any, job: Job) -> None:
    """Take a job out of arq's hands."""
    pipe.zrem(keys.arq_queue(job.queue), job.id)
    pipe.delete(job_key_prefix + job.id, retry_key_prefix + job.id)


def _tell(pipe: Any, event: events.AnyEvent) -> None:
    pipe.xadd(events.STREAM, {"e": msgspec.json.encode(event)}, maxlen=events.KEPT, approximate=True)


def new_batch() -> str:
    """The id of a batch."""
    return new_id()
