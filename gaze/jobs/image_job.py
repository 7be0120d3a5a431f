"""Do one image job: find its prompt or submit it, follow it, keep the pictures (specification jobs).

Every way out is one of: done with a picture, failed with a sentence, cancelled, or back to the queue to try again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import quote

import msgspec
import redis
from arq import Retry

from gaze.comfyui.client import Comfy, Image, Rejected, Uncertain, Unreachable
from gaze.comfyui.pool import Pool
from gaze.core.errors import Refusal
from gaze.jobs.choose import Choice, NoneFits, Slots, choose
from gaze.jobs.follow import Again, Meter, Over, follow, host, look_twice
from gaze.jobs.queue import JobQueue
from gaze.jobs.record import OPEN, Attempt, Job, Result, Status, Work, new_id, now

log = logging.getLogger("gaze.jobs")

# A backend that lost a run, or ran it without leaving a picture, gets it again so many times.
MOST_ATTEMPTS = 5
# How long a dead backend's run is waited for before another backend gets it.
PATIENCE_S = 15.0
RETRY_S = 3


class Keep(Protocol):
    """Where pictures go."""

    def save(self, category: str, slug: str, stem: str, data: bytes, sidecar: Mapping[str, Any]) -> str:
        """Write image and sidecar; the image's path below `static/uploads`.

        Raises Refusal: 415 if `data` is no whole image, 503 or 507 if it cannot be written.
        """

    def show(self, category: str, slug: str, path: str, action: str, kind: str) -> None:
        """Make the picture its asset's preview or cover, as the request said."""


class JobTools(msgspec.Struct, frozen=True):
    """What job functions work with; made by the worker, handed in as an argument.

    `cancelled` gives the event that is set when somebody cancels the job.
    """

    queue: JobQueue
    pool: Pool
    slots: Slots
    keep: Keep
    image_added: Callable[[str, str, str], Awaitable[None]]
    cancelled: Callable[[str], asyncio.Event]
    monotonic: Callable[[], float] = time.monotonic


async def image_job(tools: JobTools, job_id: str) -> None:
    """Bring one job to its end. Raises arq's Retry to wait for a backend."""
    found = await tools.queue.many([job_id])
    work = await tools.queue.work(job_id)
    if not found or work is None:
        return
    if found[0].over:
        await _take_off(tools, found[0])
        return
    try:
        await _do(tools, found[0], work)
    except Unreachable as error:
        await _wait(tools, job_id, str(error))
    except Over as over:
        await _end(tools, job_id, over)
    except (Retry, redis.RedisError):
        raise  # arq gives it back
    except Exception as error:
        # A fault of ours must not leave a job running for ever.
        log.exception("job stumbled", extra={"job": job_id})
        await _end(
            tools, job_id, Over("failed", f"Something in GAZE went wrong ({type(error).__name__}); see the log.")
        )
    finally:
        await tools.slots.give_back(job_id)


async def _do(tools: JobTools, job: Job, work: Work) -> None:
    while True:
        try:
            choice, job = await _resume(tools, job, work) or await _submit(tools, job, work)
            images = await _follow(tools, job, work, choice)
            await _keep(tools, job, work, choice, images)
            return
        except Again as again:
            job = (await tools.queue.many([job.id]) or [job])[0]
            attempts = tuple(msgspec.structs.replace(attempt, lost=True) for attempt in job.attempts)
            if len(attempts) >= MOST_ATTEMPTS:
                raise Over("failed", f"{again} It was tried {len(attempts)} times.") from again
            job = msgspec.structs.replace(job, attempts=attempts, message=str(again))
            await tools.queue.note(job, attempts=attempts, message=job.message)
            await tools.slots.give_back(job.id)


# -- finding or submitting ----------------------------------------------------------------------------


async def _resume(tools: JobTools, job: Job, work: Work) -> tuple[Choice, Job] | None:
    """The last attempt's backend, if it has the prompt or its history; None if there is none to look for.

    Raises Again if the backend has lost it, Unreachable if it has to be waited for.
    """
    attempt = next((attempt for attempt in reversed(job.attempts) if not attempt.lost), None)
    if attempt is None:
        return None
    comfy = tools.pool.client(attempt.backend)
    began = tools.monotonic()
    while True:
        try:
            found = await look_twice(comfy, attempt.prompt_id)
            break
        except Unreachable:
            in_use = {backend.url for backend in tools.pool.backends}
            others = any(backend.url != attempt.backend for backend in await tools.pool.current())
            if not others and attempt.backend in in_use:
                raise
            if attempt.backend not in in_use or tools.monotonic() - began > PATIENCE_S:
                raise Again(f"{host(attempt.backend)} is gone; the job was given to another server.") from None
            await _sleep(tools, job.id, 1.0)
    if found.place == "lost":
        raise Again(f"{host(attempt.backend)} no longer knew the job (restarted?); it was submitted once more.")
    await tools.slots.take(attempt.backend, job.id, force=True)
    status: Status = "running" if found.place == "running" else "queued"
    if not await tools.queue.move(job, status, allowed=OPEN, message=""):
        raise Over("cancelled")
    return Choice(attempt.backend, job.backend or host(attempt.backend), work.graph, ()), job


async def _submit(tools: JobTools, job: Job, work: Work) -> tuple[Choice, Job]:
    """Choose a backend and queue the graph there under a new id, which is written down first."""
    try:
        choice = await choose(tools.pool, tools.slots, job.id, work)
    except NoneFits as error:
        if error.permanent:
            raise Over("failed", " ".join(error.sentences)) from error
        raise Unreachable(" ".join(error.sentences)) from error
    prompt_id = new_id()
    job = msgspec.structs.replace(
        job,
        attempts=(*job.attempts, Attempt(prompt_id, choice.backend)),
        backend=choice.name,
        message=" ".join((*choice.notes, job.message)).strip(),
    )
    changes = {key: getattr(job, key) for key in ("attempts", "backend", "message")}
    # It stays queued until the backend says that it runs: another job may be before it there.
    if not await tools.queue.move(job, "queued", allowed=OPEN, **changes):
        raise Over("cancelled")
    log.info("job submitted", extra={"job": job.id, "backend": choice.backend, "prompt": prompt_id})
    log.debug("prompts of job %s\n%s", job.id, prompts_block(work))
    comfy, socket = tools.pool.client(choice.backend), tools.pool.socket(choice.backend)
    await socket.listen(prompt_id)
    graph = with_prefix(choice.graph, work, prompt_id)
    try:
        partly = await comfy.submit(
            graph, prompt_id, socket.client_id, {"gaze": {"job": job.id, "recipe": work.recipe}}
        )
    except Uncertain:
        if (await look_twice(comfy, prompt_id)).place == "lost":
            raise Again("The server did not take the job; it was submitted once more.") from None
        partly = []
    except Rejected as error:
        tools.pool.forget_info(choice.backend)
        raise Over("failed", " ".join(error.sentences)) from error
    if partly:
        await _judge_partial_refusal(tools, job, work, comfy, prompt_id, partly)
    return choice, job


async def _judge_partial_refusal(
    tools: JobTools, job: Job, work: Work, comfy: Comfy, prompt_id: str, sentences: list[str]
) -> None:
    """A 200 with `node_errors`: the job fails if the picture's own output was refused, else goes on (F115)."""
    text = " ".join(sentences)
    outputs = [node for node, content in work.graph.items() if content.get("class_type") == "SaveImage"]
    if f"(node {work.roles['save']}" in text or len(outputs) < 2:
        await comfy.cancel(prompt_id)
        raise Over("failed", text)
    await tools.queue.note(job, message=f"A part of the workflow was refused: {text}")


async def _follow(tools: JobTools, job: Job, work: Work, choice: Choice) -> tuple[Image, ...]:
    prompt_id = job.attempts[-1].prompt_id
    comfy, socket = tools.pool.client(choice.backend), tools.pool.socket(choice.backend)
    listener = await socket.listen(prompt_id)
    meter = Meter(tools.queue, job, work, tools.monotonic)
    try:
        return await follow(comfy, socket, listener, prompt_id, work, tools.cancelled(job.id), meter.tell)
    finally:
        socket.forget(prompt_id)


# -- keeping --------------------------------------------------------------------------------------------


async def _keep(tools: JobTools, job: Job, work: Work, choice: Choice, images: tuple[Image, ...]) -> None:
    """Fetch, verify and save the pictures with their sidecars, then say that the job is done."""
    comfy = tools.pool.client(choice.backend)
    job = await tools.queue.get(job.id)  # with the time at which it began
    category, _, slug = str(work.recipe.get("subject") or "generator").partition("/")
    stem = f"{job.created[:19].replace('-', '').replace(':', '')}_{job.attempts[-1].prompt_id[-8:]}"
    paths = [
        await _fetch(
            tools, comfy, image, (category, slug, f"{stem}_{place}" if place else stem), _sidecar(job, work, choice)
        )
        for place, image in enumerate(images)
    ]
    if slug:
        await asyncio.to_thread(tools.keep.show, category, slug, paths[0], job.action, job.kind)
    for path in paths:
        await tools.image_added(path, category, slug)
    result = Result(f"/static/uploads/{quote(paths[0])}", paths[0], job.seed)
    if await tools.queue.move(job, "done", result=result, eta=None):
        log.info("job done", extra={"job": job.id, "backend": choice.backend})


async def _fetch(
    tools: JobTools, comfy: Comfy, image: Image, place: tuple[str, str, str], sidecar: Mapping[str, Any]
) -> str:
    problem = ""
    for wait_s in (0.0, 0.3, 1.0):
        await asyncio.sleep(wait_s)
        try:
            data = await comfy.fetch(image)
            return await asyncio.to_thread(tools.keep.save, *place, data, sidecar)
        except FileNotFoundError:
            # Named by the history, gone from the disk: a cached rerun repeats old names.
            raise Again("The picture was no longer at the server; it was made once more.") from None
        except Refusal as error:
            if error.status in (503, 507):
                raise Unreachable(error.message) from error  # a full disk may be mended; the picture is at the server
            problem = error.message
    raise Again(f"The picture arrived damaged ({problem}); it was made once more.")


def _sidecar(job: Job, work: Work, choice: Choice) -> dict[str, Any]:
    """What the picture was made from (specification data, "Image sidecars"); width and height come from the file."""
    took = datetime.now(UTC) - datetime.fromisoformat(job.started) if job.started else None
    return {
        "is_favourite": False,
        "is_nsfw": False,
        "recipe": work.recipe,
        "job_id": job.id,
        "seed": job.seed,
        "checkpoint": work.checkpoint,
        "assets": work.assets,
        "versions": work.versions,
        "positive": work.positive,
        "negative": work.negative,
        "batch": job.batch or None,
        "source": work.source or None,
        "backend": choice.backend,
        "created": now(),
        "duration_s": round(took.total_seconds(), 1) if took else None,
    }


# -- waiting, failing, cancelling ----------------------------------------------------------------------


async def _wait(tools: JobTools, job_id: str, why: str) -> None:
    """Give the job back to the queue, to be tried again; its page says why."""
    job = await tools.queue.get(job_id)
    message = f"{why[:1].upper()}{why[1:].rstrip('.')}. The job waits and is tried again."
    if await tools.queue.move(job, "waiting", message=message, eta=None):
        raise Retry(defer=RETRY_S)
    await _take_off(tools, job)


async def _end(tools: JobTools, job_id: str, over: Over) -> None:
    job = await tools.queue.get(job_id)
    if over.status == "failed" and await tools.queue.move(job, "failed", error=over.message, eta=None):
        log.warning("job failed", extra={"job": job_id, "cause": over.message})
    elif job.status == "cancelled":
        await _take_off(tools, job)


async def _take_off(tools: JobTools, job: Job) -> None:
    """Take a cancelled job off its backend."""
    for attempt in job.attempts if job.status == "cancelled" else ():
        if not attempt.lost:
            try:
                await tools.pool.client(attempt.backend).cancel(attempt.prompt_id)
            except Unreachable:
                continue  # a dead server runs nothing


async def _sleep(tools: JobTools, job_id: str, wait_s: float) -> None:
    try:
        await asyncio.wait_for(tools.cancelled(job_id).wait(), wait_s)
    except TimeoutError:
        return
    raise Over("cancelled")


# -- the graph ------------------------------------------------------------------------------------------


def with_prefix(graph: Mapping[str, Any], work: Work, prompt_id: str) -> dict[str, Any]:
    """The graph whose save node bears the attempt's mark, so that no run is answered wholly from the cache."""
    save = work.roles["save"]
    inputs = {**graph[save]["inputs"], "filename_prefix": f"{work.prefix}_{prompt_id[-8:]}"}
    return {**graph, save: {**graph[save], "inputs": inputs}}


def prompts_block(work: Work) -> str:
    """The finished prompts of a job as a readable block, for the debug log."""

    def text(role: str) -> str:
        return str(work.graph.get(work.roles.get(role, ""), {}).get("inputs", {}).get("text", ""))

    rows = {
        "checkpoint": work.checkpoint,
        "positive": work.positive,
        "face": text("face_prompt"),
        "hand": text("hand_prompt"),
        "negative": work.negative,
    }
    return "\n".join(f"  {name:>10}  {value}" for name, value in rows.items() if value)
