"""Follow one prompt at its backend until the history has its end (specification jobs, step 2; comfyui 4).

The history decides whether a run is over; the websocket only tells how far it is.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

import msgspec
import redis

from gaze.comfyui import words
from gaze.comfyui.client import Comfy, Found, Image
from gaze.comfyui.socket import Listener, Socket
from gaze.jobs.queue import JobQueue
from gaze.jobs.record import Job, Progress, Work, now

# Silence after which the history is asked, and after the second time the socket is doubted (F71).
SILENCE_S = 5.0
# Progress and previews are told at most so often.
TELL_EVERY_S = 0.25
# The history is written a moment after the success message on some servers.
ENDING_S = 0.1
_ENDS = ("done", "error", "interrupted")


class Pictures(msgspec.Struct, frozen=True):
    """What a finished run left: the save node's pictures, and the seconds it took at the server."""

    images: tuple[Image, ...]
    took_s: float | None = None


class Again(Exception):
    """The run has to be submitted once more; the text says why."""


class Over(Exception):
    """The job has ended without a picture: `failed` with a sentence, or `cancelled`."""

    def __init__(self, status: str, message: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message


async def follow(
    comfy: Comfy,
    socket: Socket,
    listener: Listener,
    prompt_id: str,
    work: Work,
    cancel: asyncio.Event,
    tell: Callable[[Listener], Awaitable[bool]],
) -> Pictures:
    """The pictures of the save node. Raises Again, Over, or Unreachable while the backend is away.

    `tell` publishes what was heard; it returns True while it owes something it was too early for.
    """
    owes, ending, silent = False, False, 0
    while True:
        timeout_s = ENDING_S if ending else TELL_EVERY_S if owes else SILENCE_S
        heard = await _news(listener, cancel, timeout_s)
        if cancel.is_set():
            raise Over("cancelled")
        if moved := heard or owes:
            silent = 0
            with contextlib.suppress(redis.RedisError):  # the run goes on without Redis, and so do we
                owes = await tell(listener)
        asked, listener.gap = listener.gap, False
        if moved and not (listener.over or ending or asked):
            continue
        found = await comfy.history(prompt_id) if listener.over else await look_twice(comfy, prompt_id)
        if found.place == "lost":
            found = await look_twice(comfy, prompt_id)
        silent += not moved
        # An end that was not heard, or a long silence of a run: the socket may have gone deaf, for the next jobs too.
        if not moved and not ending and (found.place in _ENDS or (silent % 2 == 0 and found.place == "running")):
            await socket.renew()
        pictures = _pictures(found, work, comfy.url)
        if pictures is not None:
            return pictures
        ending, listener.over = listener.over, False


async def look_twice(comfy: Comfy, prompt_id: str) -> Found:
    """Where a prompt is; after a broken POST it may not yet be validated, so `lost` is asked twice."""
    found = await comfy.find(prompt_id)
    if found.place == "lost":
        await asyncio.sleep(0.5)
        found = await comfy.find(prompt_id)
    return found


def _pictures(found: Found, work: Work, url: str) -> Pictures | None:
    """The pictures of a finished run; None while it is not over."""
    match found.place:
        case "done":
            # Only what the save node made counts, never a preview's temporary file (F80).
            kept = tuple(image for image in found.images.get(work.roles["save"], ()) if image.type == "output")
            if not kept:
                # A run answered from the cache may name no file (0.19 to 0.27 without a client id, F70).
                raise Again(f"{host(url)} finished without a picture; the job was submitted once more.")
            return Pictures(kept, found.took_s)
        case "error":
            error = found.error or {}
            sentence = words.failure(error, work.graph) if error else "ComfyUI says only that the run failed."
            raise Over("failed", sentence)
        case "interrupted":
            raise Over("failed", f"Interrupted at {host(url)} by somebody else.")
        case "lost":
            raise Again(f"{host(url)} no longer knew the job (restarted?); it was submitted once more.")
        case _:
            return None


async def _news(listener: Listener, cancel: asyncio.Event, timeout_s: float) -> bool:
    """True when the server said something; False after silence or a cancel."""
    news = asyncio.ensure_future(listener.news(timeout_s))
    stop = asyncio.ensure_future(cancel.wait())
    try:
        await asyncio.wait({news, stop}, return_when=asyncio.FIRST_COMPLETED)
        return news.done() and news.result()
    finally:
        for task in (news, stop):
            task.cancel()
        await asyncio.gather(news, stop, return_exceptions=True)


class Meter:
    """Turns what is heard into progress on the record, at most four times a second."""

    def __init__(self, queue: JobQueue, job: Job, work: Work, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._queue = queue
        self._job = job
        self._graph = work.graph
        self._monotonic = monotonic
        self._told = 0.0
        self._progress = Progress()
        self._began: tuple[str, float, int] = ("", 0.0, 0)
        self._per_s = 0.0
        self._seen: set[str] = set()
        self._running = job.status == "running"

    async def tell(self, listener: Listener) -> bool:
        """Publish the newest step and preview; True if it was too early, so that they are still owed."""
        at = self._monotonic()
        if listener.started and not self._running:
            await self._queue.move(self._job, "running", started=now())
            self._running = True
        if at - self._told < TELL_EVERY_S:
            return not listener.over
        progress, eta = self._measure(listener, at)
        if listener.preview is not None:
            preview, listener.preview = listener.preview, None
            progress = msgspec.structs.replace(progress, preview=progress.preview + 1)
            await self._queue.keep_preview(self._job.id, preview.image, preview.mime)
        if progress != self._progress:
            self._progress, self._told = progress, at
            await self._queue.progress(self._job.id, progress, eta)
        return False

    def _measure(self, listener: Listener, at: float) -> tuple[Progress, float | None]:
        """Progress, and seconds left at the speed that the sampling has had; None before it is known."""
        node = words.named(self._graph, listener.node).split(" (")[0] if listener.node else ""
        self._seen.add(listener.node)
        step, preview = listener.step, self._progress.preview
        if step is None:
            return Progress(node=node, preview=preview), self._left_s(0)
        began_node, began_at, began_value = self._began
        if began_node != listener.node or step.value < began_value:
            # The first step of a bar: a detailer begins one for each box.
            self._began = (listener.node, at, step.value)
        elif at > began_at and step.value > began_value:
            self._per_s = (step.value - began_value) / (at - began_at)
        progress = Progress(node, step.value, step.max, preview, round(self._per_s, 2))
        return progress, self._left_s(step.max - step.value)

    def _left_s(self, steps: int) -> float | None:
        """Seconds for `steps` and those of the samplers and detailers that have not begun yet."""
        for node_id, node in self._graph.items():
            wanted = node.get("inputs", {}).get("steps")
            if node_id not in self._seen and isinstance(wanted, int):
                steps += wanted
        return round(steps / self._per_s, 1) if self._per_s else None


def host(url: str) -> str:
    """`gpu1:8188` of an address, as sentences name a backend."""
    return url.split("//", 1)[-1]
