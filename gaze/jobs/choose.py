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

# How often a job that waits for a place looks whether the servers have changed.
_LOOK_AGAIN_S = 1.0

# KEYS: slots of a backend. ARGV: job, most, seconds. A dead worker's slots run out by themselves, by Redis' own
# clock, since those of several machines differ.
_TAKE = """
local now = tonumber(redis.call('TIME')[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
return 1
"""
_USED = """
local now, used = redis.call('TIME')[1], {}
for place, key in ipairs(KEYS) do used[place] = redis.call('ZCOUNT', key, '(' .. now, '+inf') end
return used
"""
# A place that ran out while this process was held up is taken again: the job is still at the backend.
_RENEW = """
redis.call('ZADD', KEYS[1], redis.call('TIME')[1] + ARGV[2], ARGV[1])
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
        self._used = redis.register_script(_USED)
        self._renew = redis.register_script(_RENEW)
        self._mine: dict[str, str] = {}

    async def take(self, backend: str, job_id: str, force: bool = False) -> bool:
        """Hold a place at a backend; False if all are taken."""
        most = 1000 if force else PER_BACKEND
        taken = bool(await self._take([_slots(backend)], [job_id, most, SLOT_S]))
        if taken:
            self._mine[job_id] = backend
        return taken

    async def used(self, backends: Sequence[Backend]) -> list[int]:
        """Places taken at each backend."""
        return [int(count) for count in await self._used([_slots(backend.url) for backend in backends])]

    async def renew(self) -> None:
        """Keep what this process holds; called more often than places run out."""
        for job_id, backend in list(self._mine.items()):
            if job_id in self._mine:
                await self._renew([_slots(backend)], [job_id, SLOT_S])
            if job_id not in self._mine:  # given back meanwhile
                await self._redis.zrem(_slots(backend), job_id)

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
    fitting: list[tuple[Backend, Choice]] = []
    looked = 0.0
    while True:
        if not fitting or time.monotonic() - looked > _LOOK_AGAIN_S:
            fitting, looked = await _fitting(pool, work), time.monotonic()
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


async def _fitting(pool: Pool, work: Work) -> list[tuple[Backend, Choice]]:
    """At least one backend that is up and has all the graph needs. Raises NoneFits."""
    healthy = await pool.current()
    if not healthy:
        raise NoneFits([offline(pool)], permanent=False)
    fitting, sentences, silent = await _checked(pool, healthy, work)
    if fitting:
        return fitting
    silent += [backend.name for backend in pool.backends if not backend.up]
    if silent:
        sentences = [*sentences, f"{', '.join(silent)} may have it, but does not answer."]
    raise NoneFits(sentences, permanent=not silent)


async def fit(pool: Pool, backends: Sequence[Backend], work: Work) -> tuple[list[tuple[Backend, Choice]], list[str]]:
    """The backends that have all the graph needs, each with the graph as it takes it; else why not, in words.

    Neither if none of them has said what it has, and the job has to wait.
    """
    fitting, sentences, silent = await _checked(pool, backends, work)
    return fitting, [] if silent else sentences


async def _checked(
    pool: Pool, backends: Sequence[Backend], work: Work
) -> tuple[list[tuple[Backend, Choice]], list[str], list[str]]:
    """Backends that fit; the faults of the others, in words; names of those that did not say what they have."""
    fitting: list[tuple[Backend, Choice]] = []
    faults: dict[str, list[str]] = {}
    silent: list[str] = []
    for backend in backends:
        try:
            info = await pool.object_info(backend.url)
        except Unreachable:
            silent.append(backend.name)
            continue
        checked = check(work.graph, info, any_model=backend.any_model)
        if checked.faults:
            for fault in checked.faults:
                faults.setdefault(fault.message, []).append(backend.name)
        else:
            notes = tuple(note.message for note in checked.notes)
            fitting.append((backend, Choice(backend.url, backend.name, checked.graph, notes)))
    if fitting:
        return fitting, [], silent
    many = len(backends) > 1
    return [], [f"{text} ({', '.join(names)})" if many else text for text, names in faults.items()], silent


def offline(pool: Pool) -> str:
    """Why no backend can be used, in words."""
    down = [f"{backend.name}: {backend.message or 'not asked yet'}" for backend in pool.backends]
    return "No ComfyUI is up" + (f" ({'; '.join(down)})." if down else ".")


def _slots(backend: str) -> str:
    return f"gaze:slots:{backend}"
