"""Live events: one reader of the stream a process, one bounded queue a tab (specification jobs, "Events").

An event becomes *patches*, fragments with an id that every tab swaps in and a tab without that id ignores, or a
*nudge*, a name on which a region asks for itself again with its own filters and half-typed values.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

import msgspec
import redis
from litestar.response.sse import ServerSentEventMessage

from gaze.context import Context
from gaze.jobs import events
from gaze.jobs.record import Job
from gaze.library.images import UPLOADS
from gaze.web.fragments import FRAGMENTS
from gaze.web.render import Renderer
from gaze.web.tabs import Message, Tab
from gaze.web.views import Status

log = logging.getLogger("gaze.web")

COMMENT_S = 15.0
# Jobs listed in the tray that the queue's pill opens.
IN_TRAY = 6


class Live:
    """Reads the stream, keeps the status of the shell, renders each message once, and fills every tab's queue."""

    def __init__(self, gaze: Context, render: Renderer) -> None:
        self.gaze = gaze
        self._render = render
        self._tabs: set[Tab] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._jobs: dict[str, Job] = {}
        self._open: list[Job] = []
        self.closed = False
        self.status = Status()
        self.last_id = "0-0"

    async def start(self) -> None:
        try:
            self.last_id = await events.last_id(self.gaze.redis)
        except redis.RedisError:
            self.status = msgspec.structs.replace(self.status, redis=False)
        await self._look()
        self._tasks = [
            asyncio.create_task(self._read(), name="live events"),
            asyncio.create_task(self._tick(), name="live status"),
        ]

    def close(self) -> None:
        """End every stream, before the server waits for them."""
        self.closed = True
        for tab in self._tabs:
            tab.wake()

    async def stop(self) -> None:
        self.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def tabs(self) -> int:
        """How many streams are open."""
        return len(self._tabs)

    def job_of(self, key: str) -> Job | None:
        """The open job that an asset's card and page show, by `category/slug`."""
        return self._jobs.get(key)

    @property
    def open_jobs(self) -> Sequence[Job]:
        """The running jobs and the first of the queued."""
        return self._open

    async def look(self) -> None:
        """Bring the status up to date now: a handler has just queued something."""
        await self._look()

    @property
    def jobs(self) -> Mapping[str, Job]:
        return self._jobs

    def say(self, key: str, html: str) -> None:
        """Send a fragment to every tab now; a newer one of the same key replaces it. On the loop's thread only."""
        self._broadcast([Message(key, self.last_id, html=html)])

    # -- a tab's stream -----------------------------------------------------------------------------

    async def stream(self, after: str, as_json: bool = False) -> AsyncIterator[ServerSentEventMessage]:
        """The messages of one tab from stream id `after` on, until it leaves or the server ends."""
        tab = Tab()
        self._tabs.add(tab)
        try:
            yield ServerSentEventMessage(comment="", data=None, retry=500)
            tab.put(await self._missed(after))
            while not self.closed:  # asked after registering, so that no wake-up is missed
                messages = await tab.take(COMMENT_S)
                if not messages and not self.closed:
                    yield ServerSentEventMessage(comment="", data=None)
                for message in messages:
                    if as_json:
                        if message.data is not None:
                            data = msgspec.json.encode(message.data).decode()
                            yield ServerSentEventMessage(data=data, id=message.id)
                    elif message.name:
                        # One event name for all nudges, the real one as data: a page can then hear them all.
                        yield ServerSentEventMessage(data=message.name, event="nudge", id=message.id)
                    else:
                        yield ServerSentEventMessage(data=message.html, id=message.id)
        finally:
            self._tabs.discard(tab)

    async def _missed(self, after: str) -> list[Message]:
        """What came between the id a page was rendered at (or last saw) and now."""
        if not after or after == self.last_id:
            return []
        try:
            if not await events.holds(self.gaze.redis, after):
                return [Message("stale", self.last_id, "stale")]
            found = await self.gaze.redis.xrange(events.STREAM, min=f"({after}", count=events.KEPT)
        except redis.RedisError:
            return []
        missed = [(entry_id.decode(), event) for entry_id, fields in found if (event := events.decode(fields))]
        return await self._messages(missed)

    # -- reading ------------------------------------------------------------------------------------

    async def _read(self) -> None:
        while True:
            try:
                async for batch in events.read(self.gaze.redis, self.last_id):
                    if not self.status.redis:
                        await self._look()
                    if batch:
                        await self._take(batch)
            except redis.RedisError as error:
                if self.status.redis:
                    log.warning("redis is away", extra={"cause": str(error)})
                    self.status = msgspec.structs.replace(self.status, redis=False, open=None)
                    self._broadcast(self._shell_messages())
                await asyncio.sleep(0.5)
            except Exception:
                log.exception("a live event could not be shown")
                await asyncio.sleep(0.1)

    async def _take(self, batch: list[tuple[str, events.AnyEvent]]) -> None:
        before = self.status
        self.last_id = batch[-1][0]
        messages = await self._messages(batch)
        await self._look()
        if self.status != before:
            messages += self._shell_messages()
        self._broadcast(messages)

    def _broadcast(self, messages: list[Message]) -> None:
        for tab in self._tabs:
            tab.put(messages)

    async def _tick(self) -> None:
        """Look once a second for what comes without an event: reading progress, a restarted Redis."""
        while True:
            await asyncio.sleep(0.5 if not self.gaze.library.ready else 2.0)
            try:
                reading = self.status.reading_images
                if await self._look():
                    news = [Message("images", self.last_id, "images-changed")]
                    self._broadcast(self._shell_messages() + (news if reading != self.status.reading_images else []))
            except redis.RedisError:
                continue

    # -- status -------------------------------------------------------------------------------------

    async def _look(self) -> bool:
        """Bring the status up to date; True if the shell has to be drawn again."""
        before = self.status
        gaze = self.gaze
        common: dict[str, Any] = {
            "backends": gaze.pool.backends,
            "simulator": gaze.pool.using_simulator,
            "reading": None if gaze.library.ready else gaze.library.progress,
            "problems": len(gaze.library.problems()),
            "counts": gaze.library.counts(),
            "images": len(gaze.library.images),
            "reading_images": _unfinished(gaze.library.images.progress),
            "llm": gaze.llm(),
        }
        try:
            listing = await gaze.queue.listing("comfy", window=60, recent=0)
            writing = await gaze.queue.counts("llm")
        except redis.RedisError:
            away = {"redis": False, "open": None, "running": 0, "job": None, "jobs": ()}
            self.status = msgspec.structs.replace(before, **common, **away)
            return self.status != before
        self._open = [*listing.running, *listing.queued]
        self._jobs = {}
        for job in self._open:
            self._jobs.setdefault(f"{job.category}/{job.slug}", job)
        first = listing.running[0] if listing.running else None
        batches = await gaze.queue.batches(listing.running[:1] or listing.queued[:1])
        batch = batches[0] if batches else None
        self.status = Status(
            **common,
            open=len(listing.running) + listing.queued_total,
            running=len(listing.running),
            waiting=sum(job.status == "waiting" for job in listing.queued),
            paused=listing.paused,
            job=first,
            jobs=tuple(self._open[:IN_TRAY]),
            nsfw_jobs=frozenset(job.id for job in self._open[:IN_TRAY] if self._is_nsfw(job)),
            llm_open=writing.active,
            llm_running=writing.running,
            percent=batch.percent if batch else first.progress.percent if first else None,
            batch=batch,
        )
        return self.status != before

    def _is_nsfw(self, job: Job) -> bool:
        asset = self.gaze.library.find(job.category, job.slug) if job.slug else None
        return bool(asset and asset.nsfw)

    def heard(self, job: Job) -> bool:
        """Take note of a job's progress; True if the shell shows this job."""
        self._jobs.setdefault(f"{job.category}/{job.slug}", job)
        if self.status.job is None or self.status.job.id != job.id:
            return False
        jobs = (job, *(other for other in self.status.jobs if other.id != job.id))
        percent = self.status.percent if self.status.batch else job.progress.percent
        self.status = msgspec.structs.replace(self.status, job=job, jobs=jobs, percent=percent)
        return True

    def _shell_messages(self) -> list[Message]:
        parts = {
            "pills": ("#pills", "live/_pills.html"),
            "tray": ("#tray", "live/_tray.html"),
            "mini": ("#mini", "live/_mini.html"),
            "strip": ("#strip", "live/_strip.html"),
            "badge": ("#badge", "live/_badge.html"),
        }
        html = "".join(self.partial(target, name) for target, name in parts.values())
        numbers = {
            **self.status.counts,
            "gallery": self.status.images,
            "queue": self.status.open,
            "problems": self.status.problems,
        }
        html += "".join(
            self.partial(f"#n-{name}", "live/_count.html", id=name, number=number, hot=name == "problems")
            for name, number in numbers.items()
        )
        return [Message("shell", self.last_id, html=html)]

    def partial(self, target: str, template: str, swap: str = "outerMorph", **context: Any) -> str:
        """A fragment that every tab swaps in at `target`; a tab without it takes no notice."""
        inner = self._render(template, status=self.status, **context)
        return f'<hx-partial hx-target="{target}" hx-swap="{swap}">{inner}</hx-partial>'

    # -- events to messages -------------------------------------------------------------------------

    async def _messages(self, batch: list[tuple[str, events.AnyEvent]]) -> list[Message]:
        """The messages for a run of events, each thing told once, as it is now."""
        newest: dict[tuple[str, ...], tuple[str, events.AnyEvent]] = {}
        for entry_id, event in batch:
            key = _identity(event)
            newest.pop(key, None)
            newest[key] = (entry_id, event)
        ids = {event.id for _, event in newest.values() if isinstance(event, events.JobChanged | events.JobProgress)}
        jobs = {job.id: job for job in await self.gaze.queue.many(ids)} if ids else {}
        if any(isinstance(event, events.JobChanged | events.QueueChanged) for _, event in newest.values()):
            await self._look()
        # A worker may tell of an image before the watcher has: memory knows it before pages ask.
        unknown = [
            f"{UPLOADS}/{event.path}"
            for _, event in newest.values()
            if isinstance(event, events.ImageAdded) and self.gaze.library.images.get(event.path) is None
        ]
        for path in unknown if self.gaze.library.ready else ():
            await asyncio.to_thread(self.gaze.library.refresh, path)
        messages: list[Message] = []
        for entry_id, event in newest.values():
            make: Callable[..., list[Message]] = FRAGMENTS[type(event)]
            job = jobs.get(getattr(event, "id", ""))
            messages += make(self, entry_id, event, job)
        return messages


def _unfinished(progress: tuple[int, int]) -> tuple[int, int] | None:
    """Progress that is still going on."""
    return progress if progress[0] < progress[1] else None


def _identity(event: events.AnyEvent) -> tuple[str, ...]:
    """What an event is about: of several about one thing only the newest is told."""
    about = [str(getattr(event, name, "")) for name in ("id", "category", "slug", "path")]
    return (type(event).__name__, *about)
