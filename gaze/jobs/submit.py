"""Find the run of an image job at its backend, or submit it to one (specification jobs, step 2)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Any

import msgspec

from gaze.comfyui.client import Comfy, Partly, Rejected, Uncertain, Unreachable
from gaze.core.errors import Refusal
from gaze.core.graph import with_image
from gaze.jobs.choose import Choice, NoneFits, choose
from gaze.jobs.follow import Again, Over, host, look_twice
from gaze.jobs.record import OPEN, Attempt, Job, Progress, Status, Work, new_id
from gaze.jobs.strays import take_off
from gaze.jobs.tools import JobTools

log = logging.getLogger("gaze.jobs")

# How long a backend may be away before another one gets its runs.
PATIENCE_S = 10.0


async def resume(tools: JobTools, job: Job, work: Work) -> tuple[Choice, Job] | None:
    """The last attempt's backend, if it has the prompt or its history; None if there is none to look for.

    Raises Again if the backend has lost it, Unreachable if it has to be waited for.
    """
    attempt = next((attempt for attempt in reversed(job.attempts) if not attempt.lost), None)
    if attempt is None:
        return None
    comfy = tools.pool.client(attempt.backend)
    while True:
        try:
            found = await look_twice(comfy, attempt.prompt_id)
            break
        except Unreachable:
            others = any(backend.url != attempt.backend for backend in await tools.pool.current())
            away_s = _away_s(tools, attempt.backend)
            if not others and away_s is not None:
                raise
            if away_s is None or away_s > PATIENCE_S:
                await take_off(tools.queue.redis, tools.pool, attempt.backend, attempt.prompt_id)
                raise Again(f"{host(attempt.backend)} is gone; the job was given to another server.") from None
            await _sleep(tools, job.id, 1.0)
    if found.place == "lost":
        raise Again(f"{host(attempt.backend)} no longer knew the job (restarted?); it was submitted once more.")
    await tools.slots.take(attempt.backend, job.id, force=True)
    status: Status = "running" if found.place == "running" else "queued"
    if not await tools.queue.move(job, status, allowed=OPEN, message=job.message):
        raise Over("cancelled")
    job = msgspec.structs.replace(job, status=status)
    return Choice(attempt.backend, job.backend or host(attempt.backend), work.graph, ()), job


async def submit(tools: JobTools, job: Job, work: Work) -> tuple[Choice, Job]:
    """Choose a backend and queue the graph there under a new id, which is written down first."""
    try:
        choice = await choose(tools.pool, tools.slots, job.id, work)
    except NoneFits as error:
        if error.permanent:
            raise Over("failed", " ".join(error.sentences)) from error
        raise Unreachable(" ".join(error.sentences)) from error
    comfy, socket = tools.pool.client(choice.backend), tools.pool.socket(choice.backend)
    prompt_id = new_id()
    job = msgspec.structs.replace(
        job,
        attempts=(*job.attempts, Attempt(prompt_id, choice.backend, client=socket.client_id)),
        status="queued",
        backend=choice.name,
        message=" ".join((*choice.notes, job.message)).strip(),
        progress=Progress(),
        eta=None,
    )
    changes = {key: getattr(job, key) for key in ("attempts", "backend", "message", "progress", "eta")}
    # It stays queued until the backend says that it runs: another job may be before it there.
    if not await tools.queue.move(job, "queued", allowed=OPEN, **changes):
        raise Over("cancelled")
    log.info("job submitted", extra={"job": job.id, "backend": choice.backend, "prompt": prompt_id})
    log.debug("prompts of job %s\n%s", job.id, prompts_block(work))
    await socket.listen(prompt_id)
    graph = with_prefix(choice.graph, work, prompt_id)
    chunks = {"gaze": {"job": job.id, "recipe": work.recipe}}
    try:
        graph = await _with_source(tools, comfy, graph, work)
        partly = await comfy.submit(graph, prompt_id, socket.client_id, chunks)
        if partly.outputs:
            await _judge(tools, job, work, comfy, prompt_id, partly)
    except Uncertain:
        if (await look_twice(comfy, prompt_id)).place == "lost":
            raise Again("The server did not take the job; it was submitted once more.") from None
    except Rejected as error:
        tools.pool.forget_info(choice.backend)
        raise Over("failed", " ".join(error.sentences)) from error
    except Unreachable:
        # It never arrived, so there is nothing to look for, and it is no attempt that counts.
        await tools.queue.note(job, attempts=job.attempts[:-1])
        raise
    except BaseException:
        socket.forget(prompt_id)
        raise
    return choice, job


def with_prefix(graph: Mapping[str, Any], work: Work, prompt_id: str) -> dict[str, Any]:
    """The graph whose save node bears the attempt's mark, so that no run is answered wholly from the cache."""
    save = work.roles["save"]
    inputs = {**graph[save]["inputs"], "filename_prefix": f"{work.prefix}_{prompt_id[-8:]}"}
    return {**graph, save: {**graph[save], "inputs": inputs}}


async def _with_source(tools: JobTools, comfy: Comfy, graph: dict[str, Any], work: Work) -> dict[str, Any]:
    """The graph with the image it works on, uploaded under a name of its content. Raises Over if it is gone."""
    node = work.roles.get("init_image", "")
    if not work.source or node not in graph:
        return graph
    try:
        data = await asyncio.to_thread(tools.keep.read, work.source)
    except Refusal as error:
        raise Over("failed", f"The image it works on is gone: {error.message}") from error
    name = f"gaze_{sha256(data).hexdigest()[:16]}{PurePosixPath(work.source).suffix}"
    return with_image(graph, node, await comfy.upload(name, data))


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


async def _judge(tools: JobTools, job: Job, work: Work, comfy: Comfy, prompt_id: str, partly: Partly) -> None:
    """A 200 with `node_errors`: the job fails if the picture's own output was refused, else goes on (F115)."""
    text = " ".join(partly.sentences)
    if work.roles["save"] in partly.outputs:
        await comfy.cancel(prompt_id)
        raise Over("failed", text)
    await tools.queue.note(job, message=f"A part of the workflow was refused: {text}")


def _away_s(tools: JobTools, url: str) -> float | None:
    """Seconds for which a backend has not answered; None for one that the settings no longer name."""
    backend = next((backend for backend in tools.pool.backends if backend.url == url), None)
    if backend is None:
        return None
    return 0.0 if backend.up else time.time() - backend.since


async def _sleep(tools: JobTools, job_id: str, wait_s: float) -> None:
    try:
        await asyncio.wait_for(tools.cancelled(job_id).wait(), wait_s)
    except TimeoutError:
        return
    raise Over("cancelled")
