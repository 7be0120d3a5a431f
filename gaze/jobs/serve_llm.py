"""The LLM worker's process: what writing works with, made once, and the arq worker."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis

from gaze.jobs import events
from gaze.jobs.llm_job import LlmTools, llm_job
from gaze.jobs.queue import JobQueue
from gaze.jobs.redis import connect
from gaze.jobs.serve import run_worker
from gaze.jobs.worker import Cancels, hear_cancels, make_worker, tend
from gaze.library.proposals import Proposals
from gaze.library.secrets import Secrets
from gaze.library.service import Library
from gaze.llm import mcp_config, mcp_state, provider
from gaze.llm.prompts import Prompts
from gaze.llm.tools import Tool
from gaze.settings import LiveSettings

# Jobs of an LLM at a time: a model on this machine does one after the other anyway.
LLM_NEAR, LLM_FAR = 1, 4


async def serve_llm(settings: LiveSettings, redis_url: str, library: Library) -> None:
    """Do authoring jobs until SIGTERM or SIGINT."""
    connection = connect(redis_url)
    queue = JobQueue(connection, settings().keep_jobs_h * 3600)
    secrets, cancels = Secrets(settings().private), Cancels()
    known = ReadWhenNeeded(library, settings)
    mcp = Tools(settings, secrets, connection)
    tools = LlmTools(
        queue=queue,
        root=settings().root,
        categories=library.categories,
        proposals=Proposals(settings().root),
        prompts=Prompts(settings().root, library.program, library.categories),
        provider=lambda: provider.required(settings(), secrets),
        tools=mcp.get,
        library=known.get,
        cancelled=cancels.of,
    )

    async def write(job_id: str) -> None:
        try:
            await llm_job(tools, job_id)
        finally:
            cancels.forget(job_id)

    def at_once() -> int:
        found = provider.standing(settings(), secrets).provider
        return LLM_FAR if found and not found.near else LLM_NEAR

    worker = make_worker(connection, "llm", [("llm_job", write)], LLM_FAR)
    await run_worker(worker, queue, "llm", hear_cancels(queue, cancels), tend(queue, "llm", worker, at_once))
    await mcp.stop()
    await known.stop()


class Tools:
    """The tools of MCP servers, whose client is loaded when the first job needs it."""

    def __init__(self, settings: LiveSettings, secrets: Secrets, redis: Redis) -> None:
        self._settings, self._secrets, self._redis = settings, secrets, redis
        self._connections: Any = None

    async def get(self) -> tuple[Sequence[Tool], Sequence[str]]:
        """Tools that may be called, and a note for each server that cannot be had."""
        if self._connections is None:
            from gaze.llm.mcp_client import Connections

            self._connections = Connections(
                lambda: mcp_config.servers(self._settings().root),
                lambda server: mcp_config.confirmed(server, self._secrets),
                lambda server: mcp_config.key_of(server, self._secrets),
                self._told,
            )
        found: tuple[Sequence[Tool], Sequence[str]] = await self._connections.tools()
        return found

    async def _told(self, state: mcp_state.State) -> None:
        before = (await mcp_state.states(self._redis)).get(state.name)
        if before != state:
            await mcp_state.keep(self._redis, state)
            await events.publish(self._redis, events.SettingsChanged())

    async def stop(self) -> None:
        if self._connections is not None:
            await self._connections.stop()


class ReadWhenNeeded:
    """A library that is read, and watched from then on, when the first answer is to be written into it."""

    def __init__(self, library: Library, settings: LiveSettings) -> None:
        self._library, self._settings = library, settings
        self._lock = asyncio.Lock()
        self._started = False

    async def get(self) -> Library:
        async with self._lock:
            if not self._started:
                self._started = True
                await asyncio.to_thread(self._library.scan)
                await self._library.start(polling=self._settings().polling)
        return self._library

    async def stop(self) -> None:
        if self._started:
            await self._library.stop()
