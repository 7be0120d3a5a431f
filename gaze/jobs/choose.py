"""Which backend takes a job: healthy, has the models, shortest queue, same checkpoint (specification jobs, step 2)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import msgspec
from redis.asyncio import Redis

from gaze.comfyui.client import Unreachable
from gaze.comfyui.pool import Backend, Pool
from gaze.core.check import check
from gaze.jobs.record import Work

# Jobs of ours submitted to one backend at a time: the GPU never waits, and the rest can still be reordered.
PER_BACKEND = 2
SLOT_S = 10
_LAST = "gaze:last_checkpoint"

# KEYS: slots of a backend. ARGV: now, job, most, seconds. A dead worker's slots run out by themselves.
_TAKE = """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
if not redis.call('ZSCORE', KEYS[1], ARGV[2]) and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
redis.call('ZADD', KEYS[1], ARGV[1] + ARGV[4], ARGV[2])
return 1
"""


class Choice(msgspec.Struct, frozen=True):
    """A backend and the graph as it takes it (names as it lists them, detailers off where it has none)."""

    backend: str
    name: str
    graph: dict[str, Any]
    notes: tuple[str, ...]


class NoneFits(Exception):
    """No backend can take the job; `permanent` if waiting cannot mend it."""

    def __init__(self, sentences: Sequence[str], permanent: bool) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = list(sentences)
        self.permanent = permanent


class Slots:
    """Places at backends, counted in Redis so that several workers share them."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._take = redis.register_script(_TAKE)
        self._mine: dict[str, str] = {}

    async def take(self, backend: str, job_id: str, force: bool = False) -> bool:
        """Hold a place at a backend; False if all are taken."""
        most = 1000 if force else PER_BACKEND
        taken = bool(await self._take([_slots(backend)], [time.time(), job_id, most, SLOT_S]))
        if taken:
            self._mine[job_id] = backend
        return taken

    async def used(self, backends: Sequence[Backend]) -> list[int]:
        """Places taken at each backend."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for backend in backends:
                pipe.zcount(_slots(backend.url), time.time(), "+inf")
            return [int(count) for count in await pipe.execute()]

    async def renew(self) -> None:
        """Keep what this process holds; called more often than places run out."""
        for job_id, backend in list(self._mine.items()):
            await self._redis.zadd(_slots(backend), {job_id: time.time() + SLOT_S}, xx=True)

    async def give_back(self, job_id: str) -> None:
        backend = self._mine.pop(job_id, None)
        if backend is not None:
            await self._redis.zrem(_slots(backend), job_id)

    async def last_checkpoints(self) -> dict[str, str]:
        """The checkpoint each backend loaded last for us."""
        found = await self._redis.hgetall(_LAST)  # type: ignore[misc]
        return {url.decode(): name.decode() for url, name in found.items()}

    async def loaded(self, backend: str, checkpoint: str | None) -> None:
        await self._redis.hset(_LAST, backend, checkpoint or "")  # type: ignore[misc]


async def choose(pool: Pool, slots: Slots, job_id: str, work: Work, poll_s: float = 0.05) -> Choice:
    """The best backend, with a place there held for the job; waits while all that fit are full. Raises NoneFits."""
    while True:
        healthy = await pool.current()
        if not healthy:
            raise NoneFits([offline(pool)], permanent=False)
        fitting, sentences = await fit(pool, healthy, work)
        if not fitting:
            away = [backend.name for backend in pool.backends if not backend.up]
            if away:
                sentences.append(f"{', '.join(away)} may have it, but does not answer.")
            raise NoneFits(sentences, permanent=not away)
        used = await slots.used([backend for backend, _ in fitting])
        last = await slots.last_checkpoints()
        ranked = sorted(
            zip(fitting, used, strict=True),
            key=lambda item: (item[1], item[0][0].load, last.get(item[0][0].url) != (work.checkpoint or "")),
        )
        for (backend, choice), _ in ranked:
            if await slots.take(backend.url, job_id):
                await slots.loaded(backend.url, work.checkpoint)
                return choice
        await asyncio.sleep(poll_s)


async def fit(pool: Pool, backends: Sequence[Backend], work: Work) -> tuple[list[tuple[Backend, Choice]], list[str]]:
    """The backends that have all the graph needs, each with the graph as it takes it; else why not, in words."""
    fitting: list[tuple[Backend, Choice]] = []
    faults: dict[str, list[str]] = {}
    for backend in backends:
        try:
            info = await pool.object_info(backend.url)
        except Unreachable as error:
            faults.setdefault(str(error), []).append(backend.name)
            continue
        checked = check(work.graph, info, any_model=backend.simulator)
        if checked.faults:
            for fault in checked.faults:
                faults.setdefault(fault.message, []).append(backend.name)
        else:
            notes = tuple(note.message for note in checked.notes)
            fitting.append((backend, Choice(backend.url, backend.name, checked.graph, notes)))
    if fitting:
        return fitting, []
    many = len(backends) > 1
    return [], [f"{text} ({', '.join(names)})" if many else text for text, names in faults.items()]


def offline(pool: Pool) -> str:
    """Why no backend can be used, in words."""
    down = [f"{backend.name}: {backend.message or 'not asked yet'}" for backend in pool.backends]
    return "No ComfyUI is up" + (f" ({'; '.join(down)})." if down else ".")


def _slots(backend: str) -> str:
    return f"gaze:slots:{backend}"
