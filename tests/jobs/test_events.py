"""The stream of events: told once, read after an id, trimmed."""

from __future__ import annotations

import asyncio
import time

from gaze.jobs import events
from gaze.jobs.events import AssetChanged, ImageAdded, JobChanged, JobProgress, ProblemsChanged
from gaze.jobs.queue import JobQueue


async def after(queue: JobQueue, entry_id: str) -> list[events.AnyEvent]:
    return [event for _, event in await anext(aiter(events.read(queue.redis, entry_id, block_ms=20)))]


async def test_events_are_read_in_the_order_in_which_they_were_told(queue: JobQueue) -> None:
    told = [JobChanged("a", "done"), AssetChanged("scenes", "beach", "v1", True), ImageAdded("p", "scenes", "beach")]

    await events.publish(queue.redis, *told)

    assert await after(queue, "0-0") == told


async def test_a_reader_gets_only_what_came_after_its_id(queue: JobQueue) -> None:
    await events.publish(queue.redis, JobProgress("a"))
    seen = await events.last_id(queue.redis)
    await events.publish(queue.redis, JobProgress("b"))

    assert await after(queue, seen) == [JobProgress("b")]


async def test_an_event_of_one_version_is_told_once(queue: JobQueue) -> None:
    change = ("asset:scenes/beach", "v1", AssetChanged("scenes", "beach", "v1"))

    await asyncio.gather(*(events.publish_once(queue.redis, change) for _ in range(8)))

    assert len(await after(queue, "0-0")) == 1


async def test_a_new_version_and_an_old_one_again_are_told(queue: JobQueue) -> None:
    for version in ("1", "2", "1"):
        await events.publish_once(queue.redis, ("problems", version, ProblemsChanged(int(version))))

    assert await after(queue, "0-0") == [ProblemsChanged(1), ProblemsChanged(2), ProblemsChanged(1)]


async def test_silence_gives_an_empty_batch(queue: JobQueue) -> None:
    began = time.monotonic()

    assert await after(queue, "0-0") == []

    assert time.monotonic() - began < 1


async def test_a_waiting_reader_hears_at_once(queue: JobQueue) -> None:
    reading = asyncio.create_task(anext(aiter(events.read(queue.redis, "0-0", block_ms=5000))))  # type: ignore[arg-type]
    await asyncio.sleep(0.05)
    began = time.monotonic()

    await events.publish(queue.redis, JobProgress("a"))
    await reading

    assert time.monotonic() - began < 0.5


async def test_an_event_of_another_version_of_the_program_is_passed_over(queue: JobQueue) -> None:
    await queue.redis.xadd(events.STREAM, {"e": b'{"type": "moon.landed"}'})
    await queue.redis.xadd(events.STREAM, {"other": b"1"})
    await events.publish(queue.redis, JobProgress("a"))

    assert await after(queue, "0-0") == [JobProgress("a")]


async def test_the_stream_holds_all_until_it_is_trimmed(queue: JobQueue) -> None:
    """A page rendered before the first event must not be refreshed whole for it."""
    before = await events.last_id(queue.redis)
    await events.publish(queue.redis, *(JobProgress(str(n)) for n in range(300)))

    assert before == "0-0" and await events.holds(queue.redis, before)


async def test_an_id_older_than_the_stream_is_not_held(queue: JobQueue) -> None:
    await events.publish(queue.redis, JobProgress("a"))
    early = await events.last_id(queue.redis)
    await events.publish(queue.redis, *(JobProgress(str(n)) for n in range(50)))
    newest = await events.last_id(queue.redis)

    await queue.redis.xtrim(events.STREAM, maxlen=10, approximate=False)

    assert not await events.holds(queue.redis, early)
    assert await events.holds(queue.redis, newest)


async def test_nonsense_as_an_id_is_not_held_once_trimmed(queue: JobQueue) -> None:
    await events.publish(queue.redis, *(JobProgress(str(n)) for n in range(20)))
    await queue.redis.xtrim(events.STREAM, maxlen=10, approximate=False)

    assert not await events.holds(queue.redis, "yesterday")


async def test_an_empty_stream_holds_only_its_beginning(queue: JobQueue) -> None:
    assert await events.holds(queue.redis, "0-0")
    assert not await events.holds(queue.redis, "1795602311078-0")
