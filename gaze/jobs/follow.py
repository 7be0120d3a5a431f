"""Follow one prompt at its backend until the history has its end (specification jobs, step 2; comfyui 4).

The history decides whether a run is over; the websocket only tells how far it is.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import msgspec

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
) -> tuple[Image, ...]:
    """The pictures of the save node. Raises Again, Over, or Unreachable while the backend is away.

    `tell` publishes what was heard; it returns True while it owes something it was too early for.
    """
    owes, ending, silent = False, False, 0
    while True:
        timeout_s = ENDING_S if ending else TELL_EVERY_S if owes else SILENCE_S
        heard = await _news(listener, cancel, timeout_s)
        if cancel.is_set():
            raise Over("cancelled")
        if heard or owes:
            silent = 0
            owes = await tell(listener)
        if not (listener.over or ending or not (heard or owes)):
            continue
        found = await comfy.history(prompt_id) if listener.over else await look_twice(comfy, prompt_id)
        if found.place == "lost":
            found = await look_twice(comfy, prompt_id)
        images = _pictures(found, work, comfy.url)
        if images is not None:
            return images
        ending, listener.over = listener.over, False
        silent += 1
        if silent % 2 == 0 and found.place == "running" and not ending:
            await socket.renew()


async def look_twice(comfy: Comfy, prompt_id: str) -> Found:
    """Where a prompt is; after a broken POST it may not yet be validated, so `lost` is asked twice."""
    found = await comfy.find(prompt_id)
    if found.place == "lost":
        await asyncio.sleep(0.5)
        found = await comfy.find(prompt_id)
    return found


def _pictures(found: Found, work: Work, url: str) -> tuple[Image, ...] | None:
    """The pictures of a finished run; None while it is not over."""
    match found.place:
        case "done":
            # Only what the save node made counts, never a preview's temporary file (F80).
            kept = tuple(image for image in found.images.get(work.roles["save"], ()) if image.type == "output")
            if not kept:
                # A run answered from the cache may name no file (0.19 to 0.27 without a client id, F70).
                raise Again(f"{host(url)} finished without a picture; the job was submitted once more.")
            return kept
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
        self._running = job.status == "running"

    async def tell(self, listener: Listener) -> bool:
        """Publish the newest step and preview; True if it was too early, so that they are still owed."""
        at = self._monotonic()
        if listener.started and not self._running:
            self._running = True
            await self._queue.move(self._job, "running", started=self._job.started or now())
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
        """Progress, and seconds left in the node at the speed it has had."""
        node = words.named(self._graph, listener.node).split(" (")[0] if listener.node else ""
        step, preview = listener.step, self._progress.preview
        if step is None:
            return Progress(node=node, preview=preview), None
        began_node, began_at, began_value = self._began
        if began_node != listener.node or step.value < began_value:
            self._began = (listener.node, at, step.value)
            return Progress(node, step.value, step.max, preview), None
        took_s = at - began_at
        per_s = (step.value - began_value) / took_s if took_s > 0 else 0.0
        eta = (step.max - step.value) / per_s if per_s else None
        return Progress(node, step.value, step.max, preview, round(per_s, 2)), eta


def host(url: str) -> str:
    """`gpu1:8188` of an address, as sentences name a backend."""
    return url.split("//", 1)[-1]
