"""Job records and the two queues in Redis: enqueue, look up, list, cancel, retry, pause, move to front.

Each record is a hash of its own; a move between states is one atomic script, so that a worker that finishes and
a user who cancels at the same moment never both win. arq carries ids only.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from arq.connections import ArqRedis
from arq.constants import in_progress_key_prefix, job_key_prefix, retry_key_prefix

from gaze.core.errors import NotFound
from gaze.jobs import events
from gaze.jobs.events import JobChanged, JobProgress, QueueChanged
from gaze.jobs.record import KINDS, MOVES, OPEN, Attempt, Job, Progress, QueueName, Status, Work, new_id, now

# arq forgets a job after a day unless told otherwise; a queue may wait for its ComfyUI over a holiday.
_NEVER_S = 10 * 365 * 24 * 3600
_PREVIEW_S = 600

# KEYS: record, active, running, recent, stream, work. ARGV: status, allowed, time, keep_s, id, event, then fields.
_MOVE = """
local before = redis.call('HGET', KEYS[1], 'status')
if not before or not string.find(ARGV[2], ',' .. before .. ',', 1, true) then return 0 end
local id, status = ARGV[5], ARGV[1]
redis.call('HSET', KEYS[1], 'status', status, unpack(ARGV, 7))
if status == 'done' or status == 'failed' or status == 'cancelled' then
  redis.call('ZREM', KEYS[2], id) redis.call('SREM', KEYS[3], id) redis.call('ZADD', KEYS[4], ARGV[3], id)
  redis.call('EXPIRE', KEYS[1], ARGV[4]) redis.call('EXPIRE', KEYS[6], ARGV[4])
else
  redis.call('ZADD', KEYS[2], 'NX', ARGV[3], id) redis.call('ZREM', KEYS[4], id)
  redis.call('PERSIST', KEYS[1]) redis.call('PERSIST', KEYS[6])
  if status == 'running' then redis.call('SADD', KEYS[3], id) else redis.call('SREM', KEYS[3], id) end
end
redis.call('XADD', KEYS[5], 'MAXLEN', '~', 5000, '*', 'e', ARGV[6])
return 1
"""

_TEXT_FIELDS = frozenset({"id", "status"})
_TYPES = {field.name: field.type for field in msgspec.structs.fields(Job)}


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


class JobQueue:
    """The one door to jobs, for web, workers and programs."""

    def __init__(self, redis: ArqRedis, keep_s: float = 24 * 3600) -> None:
        self.redis = redis
        self._keep_s = int(keep_s)
        self._move = redis.register_script(_MOVE)

    # -- putting in ---------------------------------------------------------------------------------

    async def enqueue(self, jobs: Sequence[tuple[Job, Work | None]]) -> None:
        """Write the records, then hand their ids to arq; all in few round trips, however many there are."""
        order = time.time() * 1000
        async with self.redis.pipeline(transaction=True) as pipe:
            for place, (job, work) in enumerate(jobs):
                pipe.hset(_record(job.id), mapping=_fields(job))
                if work is not None:
                    pipe.set(_work(job.id), msgspec.msgpack.encode(work))
                pipe.zadd(_active(job.queue), {job.id: order + place / 1000})
                if job.batch:
                    pipe.rpush(_batch(job.batch), job.id)
                    pipe.expire(_batch(job.batch), _NEVER_S)
            await pipe.execute()
        for job, _ in jobs:
            await self._hand_over(job.id, job.kind)
        await events.publish(self.redis, *(JobChanged(job.id, job.status) for job, _ in jobs[-200:]))
        if len(jobs) > 200:
            await events.publish(self.redis, QueueChanged(jobs[0][0].queue))

    async def _hand_over(self, job_id: str, kind: str) -> None:
        chosen = KINDS[kind]
        await self.redis.enqueue_job(
            chosen.function, _job_id=job_id, _queue_name=arq_queue(chosen.queue), _expires=_NEVER_S
        )

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
                pipe.hgetall(_record(job_id))
            found = await pipe.execute()
        return [job for fields in found if (job := _job(fields)) is not None]

    async def work(self, job_id: str) -> Work | None:
        """What the worker needs for an image job."""
        data = await self.redis.get(_work(job_id))
        return msgspec.msgpack.decode(data, type=Work) if data else None

    async def counts(self, queue: QueueName) -> Counts:
        async with self.redis.pipeline(transaction=False) as pipe:
            pipe.zcard(_active(queue))
            pipe.scard(_running(queue))
            pipe.exists(_paused(queue))
            active, running, paused = await pipe.execute()
        return Counts(int(active), int(running), bool(paused))

    async def listing(self, queue: QueueName, window: int = 50, recent: int = 30) -> Listing:
        """Running jobs, the first `window` queued, the last `recent` finished."""
        async with self.redis.pipeline(transaction=False) as pipe:
            pipe.smembers(_running(queue))
            # Running jobs stand in the active set too, so some more are asked for.
            pipe.zrange(_active(queue), 0, window + 63)
            pipe.zcard(_active(queue))
            pipe.zremrangebyscore(_recent(queue), "-inf", time.time() * 1000 - self._keep_s * 1000)
            pipe.zrevrange(_recent(queue), 0, recent - 1)
            pipe.exists(_paused(queue))
            running_ids, active_ids, active, _, recent_ids, paused = await pipe.execute()
        running = await self.many(sorted(_texts(running_ids)))
        waiting = [job_id for job_id in _texts(active_ids) if job_id.encode() not in running_ids][:window]
        queued = [job for job in await self.many(waiting) if not job.over]
        return Listing(
            running=[job for job in running if not job.over],
            queued=queued,
            queued_total=max(int(active) - len(running_ids), len(queued)),
            recent=await self.many(_texts(recent_ids)),
            paused=bool(paused),
        )

    async def batch(self, batch_id: str) -> list[Job]:
        """All jobs of a batch that are still on record, in order."""
        return await self.many(_texts(await self.redis.lrange(_batch(batch_id), 0, -1)))  # type: ignore[misc]

    async def open_ids(self, queue: QueueName) -> list[str]:
        """Ids of all jobs that are not over, in order."""
        return _texts(await self.redis.zrange(_active(queue), 0, -1))

    async def preview(self, job_id: str) -> tuple[bytes, str] | None:
        """The newest preview picture of a running job and its type."""
        data = await self.redis.hmget(_preview(job_id), ["image", "mime"])  # type: ignore[misc]
        return (data[0], (data[1] or b"image/jpeg").decode()) if data[0] else None

    # -- moving -------------------------------------------------------------------------------------

    async def move(self, job: Job, status: Status, allowed: Iterable[str] | None = None, **changes: Any) -> bool:
        """Bring a job to `status` with `changes` to its record; False if it is in a state that does not allow it."""
        fields = {key: _text(key, value) for key, value in changes.items()}
        if status in ("done", "failed", "cancelled"):
            fields.setdefault("finished", _text("finished", now()))
        event = msgspec.json.encode(JobChanged(job.id, status))
        flat = [part for pair in fields.items() for part in pair] or ["id", job.id]
        keys = [
            _record(job.id),
            _active(job.queue),
            _running(job.queue),
            _recent(job.queue),
            events.STREAM,
            _work(job.id),
        ]
        states = f",{','.join(allowed or MOVES[status])},"
        at = time.time() * 1000
        return bool(await self._move(keys, [status, states, at, self._keep_s, job.id, event, *flat]))

    async def note(self, job: Job, **changes: Any) -> None:
        """Write fields of the record without changing its state."""
        fields = {key: _text(key, value) for key, value in changes.items()}
        await self.redis.hset(_record(job.id), mapping=fields)  # type: ignore[misc]

    async def progress(self, job_id: str, progress: Progress, eta: float | None) -> None:
        """Tell how far a job is."""
        async with self.redis.pipeline(transaction=False) as pipe:
            pipe.hset(_record(job_id), mapping={"progress": _text("", progress), "eta": _text("", eta)})
            pipe.xadd(
                events.STREAM,
                {"e": msgspec.json.encode(JobProgress(job_id))},
                maxlen=events.KEPT,
                approximate=True,
            )
            await pipe.execute()

    async def keep_preview(self, job_id: str, image: bytes, mime: str) -> None:
        """Keep the newest preview; it is fetched by its own address, never queued up."""
        async with self.redis.pipeline(transaction=False) as pipe:
            pipe.hset(_preview(job_id), mapping={"image": image, "mime": mime})
            pipe.expire(_preview(job_id), _PREVIEW_S)
            await pipe.execute()

    async def attempt(self, job: Job, attempt: Attempt) -> Job:
        """Write an attempt down before it is submitted."""
        updated = msgspec.structs.replace(job, attempts=(*job.attempts, attempt))
        await self.note(job, attempts=updated.attempts)
        return updated

    # -- what people ask for ------------------------------------------------------------------------

    async def cancel(self, job_id: str) -> Job:
        """Cancel in any state; the worker takes a running one off its backend. Raises NotFound."""
        job = await self.get(job_id)
        if await self.move(job, "cancelled", allowed=OPEN, eta=None) and not job.attempts:
            # With an attempt on record the worker still has to look after it.
            await self._drop(job)
        return await self.get(job_id)

    async def cancel_many(self, ids: Iterable[str]) -> int:
        """Cancel all that are still open; how many were."""
        cancelled = 0
        for job in await self.many(ids):
            if not job.over:
                await self.cancel(job.id)
                cancelled += 1
        return cancelled

    async def retry(self, job_id: str) -> Job:
        """Queue a finished job again; its next attempt gets an id of its own (F76). Raises NotFound."""
        job = await self.get(job_id)
        if KINDS[job.kind].function == "image_job" and not await self.redis.exists(_work(job_id)):
            raise NotFound(f"What {job.label} was made from is no longer kept; generate it again.")
        changes = {
            "error": None,
            "message": "",
            "result": None,
            "progress": Progress(),
            "eta": None,
            "created": now(),
            "started": "",
            "finished": "",
            # Attempts that are over are no longer looked for.
            "attempts": tuple(msgspec.structs.replace(attempt, lost=True) for attempt in job.attempts),
        }
        if await self.move(job, "queued", allowed=("done", "failed", "cancelled"), **changes):
            await self._drop(job)
            await self._hand_over(job.id, job.kind)
        return await self.get(job_id)

    async def front(self, job_id: str) -> None:
        """Let a queued job run next. A score of 0 would never run, so the lowest one counts down from now."""
        job = await self.get(job_id)
        for key in (_active(job.queue), arq_queue(job.queue)):
            lowest = await self.redis.zrange(key, 0, 0, withscores=True)
            if lowest:
                await self.redis.zadd(key, {job_id: max(lowest[0][1] - 1, 1)}, xx=True)
        await events.publish(self.redis, QueueChanged(job.queue))

    async def pause(self, queue: QueueName, paused: bool) -> None:
        """Stop or go on handing out jobs; running ones end."""
        if paused:
            await self.redis.set(_paused(queue), "1")
        else:
            await self.redis.delete(_paused(queue))
        await events.publish(self.redis, QueueChanged(queue))

    async def paused(self, queue: QueueName) -> bool:
        return bool(await self.redis.exists(_paused(queue)))

    async def wake(self, queue: QueueName) -> None:
        """Let every waiting job try again now: a backend came up."""
        due = time.time() * 1000
        later = await self.redis.zrangebyscore(arq_queue(queue), due, "+inf")
        if later:
            await self.redis.zadd(arq_queue(queue), dict.fromkeys(later, due), xx=True)

    async def _drop(self, job: Job) -> None:
        """Take a job out of arq's hands."""
        await self.redis.zrem(arq_queue(job.queue), job.id)
        await self.redis.delete(job_key_prefix + job.id, retry_key_prefix + job.id)

    async def reconcile(self, queue: QueueName) -> int:
        """Hand over again what a crash between record and queue left behind; how many there were."""
        known = set(_texts(await self.redis.zrange(arq_queue(queue), 0, -1)))
        missing = [job for job in await self.many(set(await self.open_ids(queue)) - known) if not job.over]
        for job in missing:
            if not await self.held(job.id):
                await self.redis.delete(job_key_prefix + job.id)
                await self._hand_over(job.id, job.kind)
        return len(missing)

    async def held(self, job_id: str) -> bool:
        """Whether a live worker holds the job."""
        return bool(await self.redis.exists(in_progress_key_prefix + job_id))


def arq_queue(queue: QueueName) -> str:
    """The name of the arq queue."""
    return f"gaze:{queue}"


def new_batch() -> str:
    """The id of a batch."""
    return new_id()


def _record(job_id: str) -> str:
    return f"gaze:job:{job_id}"


def _work(job_id: str) -> str:
    return f"gaze:work:{job_id}"


def _preview(job_id: str) -> str:
    return f"gaze:preview:{job_id}"


def _batch(batch_id: str) -> str:
    return f"gaze:batch:{batch_id}"


def _active(queue: str) -> str:
    return f"gaze:active:{queue}"


def _running(queue: str) -> str:
    return f"gaze:running:{queue}"


def _recent(queue: str) -> str:
    return f"gaze:recent:{queue}"


def _paused(queue: str) -> str:
    return f"gaze:paused:{queue}"


def _texts(values: Iterable[bytes]) -> list[str]:
    return [value.decode() for value in values]


def _text(key: str, value: Any) -> bytes | str:
    return str(value) if key in _TEXT_FIELDS else msgspec.json.encode(value)


def _fields(job: Job) -> dict[str, Any]:
    return {key: _text(key, getattr(job, key)) for key in Job.__struct_fields__}


def _job(fields: dict[bytes, bytes]) -> Job | None:
    """The record behind a hash; None for one that is gone or was written by another version."""
    values: dict[str, Any] = {}
    for name, data in fields.items():
        key = name.decode()
        if key in _TYPES:
            values[key] = data.decode() if key in _TEXT_FIELDS else msgspec.json.decode(data)
    try:
        return msgspec.convert(values, Job)
    except msgspec.ValidationError:
        return None
