"""Do one piece of writing: read what is there, ask the model, keep its answer as a proposal (specification llm).

Every way out is one of: done with a proposal (or, where that was asked for, with the file written), failed with a
sentence and the raw answer kept, cancelled, or back to the queue when Redis is away.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import redis
from arq import Retry

from gaze.core.category import Category
from gaze.core.errors import Conflict, NotFound, Refusal
from gaze.jobs import events
from gaze.jobs.queue import JobQueue
from gaze.jobs.record import Job, Result, now
from gaze.library.proposals import Proposal, Proposals, accept
from gaze.library.service import Library
from gaze.llm import author, pictures
from gaze.llm.failure import Failed
from gaze.llm.prompts import Prompts
from gaze.llm.provider import Provider
from gaze.llm.task import Task
from gaze.llm.writing import Writing

if TYPE_CHECKING:
    from gaze.llm.tools import Tool

log = logging.getLogger("gaze.jobs")

LONGEST_S = 1800.0
TOOLS_S = 60.0
TOLD_S = 0.25
REDIS_AWAY_S = 1


class LlmTools(msgspec.Struct, frozen=True):
    """What writing works with. `provider` raises Refusal while none is set up; `tools` gives what the model may call,
    with a note for each server that cannot be had; `library` is a library that has been read, for writing into it.
    """

    queue: JobQueue
    root: Path
    categories: Any
    proposals: Proposals
    prompts: Prompts
    provider: Callable[[], Provider]
    tools: Callable[[], Awaitable[tuple[Sequence[Tool], Sequence[str]]]]
    library: Callable[[], Awaitable[Library]]
    cancelled: Callable[[str], asyncio.Event]


async def llm_job(tools: LlmTools, job_id: str) -> None:
    """Bring one job to its end. Raises arq's Retry to wait for Redis."""
    cancelled = tools.cancelled(job_id)
    try:
        found = await tools.queue.many([job_id])
        task = await tools.queue.task(job_id)
        if not found or found[0].over:
            return
        job = found[0]
        if task is None:
            await tools.queue.move(job, "failed", error="What was asked for is no longer kept; ask for it anew.")
            return
        kept = await asyncio.to_thread(tools.proposals.find, job_id) if job.status == "running" else None
        if kept and kept.created >= job.started:  # the worker before died right after it was written
            await _finish(tools, job, task, kept, job.llm)
            return
        if not await tools.queue.move(job, "running", started=now(), message="", llm=None):
            return
        await _run(tools, job, task, cancelled)
    except redis.RedisError as error:
        log.warning("job waits for redis", extra={"job": job_id, "cause": str(error)})
        raise Retry(defer=REDIS_AWAY_S) from error


async def _run(tools: LlmTools, job: Job, task: Task, cancelled: asyncio.Event) -> None:
    """Write, unless somebody cancels first: closing the connection makes the provider stop."""
    teller = _Teller(tools.queue, job.id)
    writing = asyncio.create_task(_write(tools, job, task, teller), name=f"writing {job.id}")
    stopping = asyncio.create_task(cancelled.wait())
    telling = asyncio.create_task(teller.run())
    try:
        await asyncio.wait({writing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not writing.done():
            return
        await writing
    except (redis.RedisError, asyncio.CancelledError):
        raise
    except Failed as failed:
        await _keep_answer(tools, job, task, failed, teller.now)
    except Refusal as refusal:
        await _fail(tools, job, refusal.message, teller.now)
    except TimeoutError:
        await _fail(tools, job, f"The model was not done after {LONGEST_S / 60:.0f} min.", teller.now)
    except Exception as error:
        log.exception("job stumbled", extra={"job": job.id})
        await _fail(tools, job, f"Something in GAZE went wrong ({type(error).__name__}); see the log.", teller.now)
    finally:
        await _ended(writing, stopping, telling)


async def _ended(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks until they are over: one that took its cancel for an error of the network is asked once more."""
    while left := [task for task in tasks if not task.done()]:
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=1.0)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # looked at, so that nobody complains that it was not


async def _write(tools: LlmTools, job: Job, task: Task, teller: _Teller) -> None:
    from gaze.llm.loop import complete

    provider = tools.provider()
    category: Category = tools.categories[task.category]
    began = time.monotonic()
    raw, version = await asyncio.to_thread(_read, tools, task)
    was = author.begin(task, category, raw)
    system = (await asyncio.to_thread(tools.prompts.get, author.prompt_file(task, category))).text
    picture = await asyncio.to_thread(pictures.data_url, tools.root, task.picture) if task.picture else ""
    asked = author.request(task, category, was, system, picture)
    teller.tell(Writing(provider=provider.name, model=provider.model))
    available, teller.notes = await _available(tools)
    async with asyncio.timeout(LONGEST_S):
        done = await complete(provider, asked.messages, asked.schema, available, teller.tell)
    proposal = _proposal(job, task, was, version, teller.now, time.monotonic() - began)
    made = author.laid_over(task, category, was, done.value)
    proposal = msgspec.structs.replace(proposal, now=made, answer=done.raw, name=_name(category, made, task))
    await asyncio.to_thread(tools.proposals.save, proposal)
    await _finish(tools, job, task, proposal, teller.now)


async def _available(tools: LlmTools) -> tuple[Sequence[Tool], tuple[str, ...]]:
    """The tools that can be had within a minute; writing goes on without those that cannot."""
    try:
        async with asyncio.timeout(TOOLS_S):
            available, notes = await tools.tools()
            return available, tuple(notes)
    except TimeoutError:
        return [], (f"The MCP servers were not ready after {TOOLS_S:.0f} s, so nothing was looked up.",)


def _read(tools: LlmTools, task: Task) -> tuple[dict[str, Any] | None, str]:
    """The asset's JSON as it is now, and its version; None for a new one. Raises Refusal."""
    if not task.path:
        return None, ""
    library = Library(tools.root, tools.root, tools.categories)
    try:
        text, version = library.raw(task.path)
        raw = json.loads(text)
    except ValueError:
        raw = None
    if not isinstance(raw, dict):
        raise NotFound(f"«{task.path}» cannot be read; mend it first.")
    return raw, version


def _proposal(job: Job, task: Task, was: Any, version: str, writing: Writing, took_s: float) -> Proposal:
    return Proposal(
        id=job.id,
        act=task.act,
        category=task.category,
        created=now(),
        path=task.path,
        version=version,
        name=task.name or job.label,
        group=task.group,
        title=job.summary,
        batch=job.batch,
        source=task.source,
        asked=task.wish,
        was=was,
        task=msgspec.to_builtins(task),
        provider=writing.provider,
        model=writing.model,
        tokens_in=writing.usage.tokens_in,
        tokens_out=writing.usage.tokens_out,
        cost=writing.usage.cost,
        took_s=round(took_s, 1),
        turns=writing.turn,
        repairs=writing.repairs,
        calls=[msgspec.to_builtins(call) for call in writing.calls],
        notes=list(writing.notes),
    )


def _name(category: Category, made: Any, task: Task) -> str:
    return str(made.get(category.name_field) or task.name or category.one.capitalize())


async def _finish(tools: LlmTools, job: Job, task: Task, proposal: Proposal, writing: Writing | None) -> None:
    """Say that the job is done; with `accept` its answer is written, unless the file is another one by now."""
    message, result = "", Result(category=task.category, slug=task.slug, proposal=proposal.id)
    if proposal.broken:
        await tools.queue.move(job, "failed", error=proposal.fault, result=result, llm=_short(writing))
        return
    if task.accept:
        try:
            library = await tools.library()
            asset = await asyncio.to_thread(accept, library, tools.proposals, proposal)
            if task.notes and not task.path:
                await asyncio.to_thread(library.preferences.set, task.category, asset.slug, {"notes": task.notes})
            result = Result(category=task.category, slug=asset.slug)
        except (Conflict, NotFound):
            message = "The file was changed meanwhile, so nothing was written; the draft waits to be reviewed."
        except Refusal as refusal:
            message = f"{refusal.message} The draft waits to be reviewed."
    if task.picture:
        await asyncio.to_thread(pictures.forget, tools.root, task.picture)
    label = proposal.name if not task.path else job.label
    changes: dict[str, Any] = {"label": label, "message": message, "result": result, "llm": _short(writing)}
    if await tools.queue.move(job, "done", **changes):
        log.info("job done", extra={"job": job.id})
    await events.publish(tools.queue.redis, events.ProposalsChanged())


async def _keep_answer(tools: LlmTools, job: Job, task: Task, failed: Failed, writing: Writing) -> None:
    """Fail; what the model wrote is kept for the user to mend, for it cost money."""
    if not failed.raw.strip():
        await _fail(tools, job, failed.message, writing)
        return
    category: Category = tools.categories[task.category]
    raw, version = await asyncio.to_thread(_read, tools, task)
    proposal = _proposal(job, task, author.begin(task, category, raw), version, writing, 0.0)
    proposal = msgspec.structs.replace(proposal, answer=failed.raw, fault=failed.message)
    await asyncio.to_thread(tools.proposals.save, proposal)
    await _finish(tools, job, task, proposal, writing)
    await events.publish(tools.queue.redis, events.ProposalsChanged())


async def _fail(tools: LlmTools, job: Job, sentence: str, writing: Writing) -> None:
    if await tools.queue.move(job, "failed", error=sentence, llm=_short(writing), eta=None):
        log.warning("job failed", extra={"job": job.id, "cause": sentence})


def _short(writing: Writing | None) -> Writing | None:
    """What of the writing stays on the record: numbers, no texts."""
    return msgspec.structs.replace(writing, text="", calls=(), note="") if writing else None


class _Teller:
    """Tells pages how far the writing is, at most four times a second."""

    def __init__(self, queue: JobQueue, job_id: str) -> None:
        self._queue, self._job_id = queue, job_id
        self._told: Writing | None = None
        self.now = Writing()
        self.notes: tuple[str, ...] = ()

    def tell(self, writing: Writing) -> None:
        notes = tuple(dict.fromkeys((*self.notes, *writing.notes)))
        self.now = msgspec.structs.replace(writing, notes=notes)

    async def run(self) -> None:
        while True:
            if self.now is not self._told:
                self._told = self.now
                with contextlib.suppress(redis.RedisError):
                    await self._queue.writing(self._job_id, self.now)
            await asyncio.sleep(TOLD_S)
