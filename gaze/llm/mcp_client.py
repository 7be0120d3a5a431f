"""Connections to MCP servers: started when first needed, kept, started again when they died."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, TextIO

import httpx2
import msgspec
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

from gaze.core.address import is_near
from gaze.llm.mcp_config import Server
from gaze.llm.mcp_state import State
from gaze.llm.tools import Tool, ToolError, safe_name

log = logging.getLogger("gaze.llm")

# Starting a server (a container, an interpreter) may take longer than a call.
START_S = 30.0
STOP_S = 3.0
# A server that could not be started is left alone for so long: a bulk job of hundreds would wait for it each time.
LEFT_ALONE_S = 20.0


class Away(Exception):
    """A server that cannot be had, in words."""


class Connection:
    """One server. A task of its own opens and closes it, as the client's scopes ask for."""

    def __init__(self, server: Server, key: str = "") -> None:
        self.server = server
        self._key = key
        self._client: Client | None = None
        self._task: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()
        self._said = ""  # the last line that a command wrote to its standard error
        self.tools: list[Any] = []

    @property
    def alive(self) -> bool:
        return self._client is not None and self._task is not None and not self._task.done()

    async def start(self) -> None:
        """Open it and ask for its tools. Raises Away."""
        opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._hold(opened), name=f"mcp {self.server.name}")
        done, _ = await asyncio.wait({opened}, timeout=max(START_S, self.server.timeout_s))
        if not done:
            await self.stop()
            raise Away(f"it did not start within {max(START_S, self.server.timeout_s):g} s")
        if error := opened.exception():
            await self.stop()
            raise Away(self._in_words(error)) from None

    async def _hold(self, opened: asyncio.Future[None]) -> None:
        with tempfile.TemporaryFile("w+", errors="replace") as errors:
            try:
                async with contextlib.AsyncExitStack() as stack:
                    client = await stack.enter_async_context(Client(await self._transport(stack, errors)))
                    self.tools = list((await client.list_tools()).tools)
                    self._client = client
                    opened.set_result(None)
                    await self._stop.wait()
            except asyncio.CancelledError:
                if not opened.done():
                    opened.set_exception(Away("it was stopped"))
                raise
            except Exception as error:
                self._said = _last_line(errors)
                if not opened.done():
                    opened.set_exception(error)
                else:
                    log.info("mcp server ended", extra={"server": self.server.name, "cause": _first(error)})
            finally:
                self._client = None

    async def _transport(self, stack: contextlib.AsyncExitStack, errors: TextIO) -> Any:
        if self.server.url:
            headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
            http = await stack.enter_async_context(
                httpx2.AsyncClient(
                    headers=headers,
                    timeout=self.server.timeout_s,
                    follow_redirects=False,  # a key goes to one address only
                    trust_env=not is_near(self.server.url),
                )
            )
            return streamable_http_client(self.server.url, http_client=http)
        command, *arguments = self.server.command
        # A command gets a plain environment: our keys are none of its business.
        return stdio_client(StdioServerParameters(command=command, args=arguments), errlog=errors)

    async def call(self, tool: str, given: Mapping[str, Any]) -> str:
        """What a tool says. Raises ToolError; Away where the server died or fell silent."""
        client = self._client
        if client is None:
            raise Away("it is not running")
        calling = asyncio.create_task(client.call_tool(tool, dict(given)))
        holding = self._task
        assert holding is not None
        try:
            done, _ = await asyncio.wait(
                {calling, holding}, timeout=self.server.timeout_s, return_when=asyncio.FIRST_COMPLETED
            )
            if calling not in done:
                raise Away(
                    "it ended in the middle of a call" if done else f"it said nothing for {self.server.timeout_s:g} s"
                )
            try:
                result = calling.result()
            except Exception as error:
                raise Away(_first(error)) from None
        finally:
            calling.cancel()
            await asyncio.gather(calling, return_exceptions=True)
        text = _text(result)
        if result.is_error:
            raise ToolError(text or "the tool failed without a word")
        return text

    async def stop(self) -> None:
        """Close it, and end its process."""
        self._stop.set()
        self._client = None
        if self._task:
            await asyncio.wait({self._task}, timeout=STOP_S)
            self._task.cancel()
            # A transport that does not let go must not hold up the jobs.
            await asyncio.wait({self._task}, timeout=STOP_S)

    def _in_words(self, error: BaseException) -> str:
        if isinstance(_innermost(error), FileNotFoundError):
            return f"there is no command «{self.server.command[0]}» here" if self.server.command else _first(error)
        if self.server.url:
            return f"nothing that speaks MCP answers at {self.server.url} ({_first(error)})"
        if self._said:
            return f"the command ended at once: {self._said}"
        return f"the command does not speak MCP ({_first(error)})"


class Connections:
    """All servers that are on. `servers` tells them anew for each job, so that the settings are live."""

    def __init__(
        self,
        servers: Callable[[], Sequence[Server]],
        confirmed: Callable[[Server], bool],
        key_of: Callable[[Server], str],
        told: Callable[[State], Awaitable[None]],
    ) -> None:
        self._servers, self._confirmed, self._key_of, self._told = servers, confirmed, key_of, told
        self._open: dict[str, Connection] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._failed: dict[str, tuple[float, Server, Away]] = {}

    async def tools(self) -> tuple[list[Tool], list[str]]:
        """The tools that the model may call, and a sentence for each server that cannot be had."""
        wanted = [server for server in self._servers() if server.on]
        await self._close({server.name: server for server in wanted})
        found = await asyncio.gather(*(self._tools_of(server) for server in wanted))
        tools: dict[str, Tool] = {}
        for each in (tool for some, _ in found for tool in some):
            name = each.name if each.name not in tools else safe_name(f"{each.server}_{each.name}")
            tools.setdefault(name, msgspec.structs.replace(each, name=name))
        return list(tools.values()), [note for _, note in found if note]

    async def _tools_of(self, server: Server) -> tuple[list[Tool], str]:
        if not self._confirmed(server):
            await self._told(State(name=server.name, state="unconfirmed"))
            return [], f"The MCP server {server.name} was left out: nobody on this machine has confirmed it."
        try:
            connection = await self._connection(server)
        except Away as away:
            await self._told(State(name=server.name, state="down", error=str(away)))
            return [], f"The MCP server {server.name} was left out: {away}."
        allowed = [tool for tool in connection.tools if server.tools is None or tool.name in server.tools]
        return [_offer(server, tool, partial(self._call, server, tool.name)) for tool in allowed], ""

    async def _connection(self, server: Server) -> Connection:
        """The open connection, or a new one. Raises Away."""
        async with self._locks.setdefault(server.name, asyncio.Lock()):
            known = self._open.get(server.name)
            if known and known.alive and known.server == server:
                return known
            if known:
                await known.stop()
                del self._open[server.name]
            at, failed, why = self._failed.get(server.name, (0.0, None, Away()))
            if failed == server and time.monotonic() - at < LEFT_ALONE_S:
                raise why
            made = Connection(server, self._key_of(server))
            try:
                await made.start()
            except Away as away:
                self._failed[server.name] = (time.monotonic(), server, away)
                raise
            self._open[server.name] = made
            names = tuple(tool.name for tool in made.tools)
            await self._told(State(name=server.name, state="up", tools=names))
            return made

    async def _call(self, server: Server, tool: str, given: dict[str, Any]) -> str:
        try:
            connection = await self._connection(server)
            return await connection.call(tool, given)
        except Away as away:
            # It is started again at the next call.
            if known := self._open.pop(server.name, None):
                await known.stop()
            await self._told(State(name=server.name, state="down", error=str(away)))
            raise ToolError(f"the server {server.name} did not answer: {away}. Go on without it.") from None

    async def _close(self, wanted: Mapping[str, Server]) -> None:
        """Close servers that were turned off or are others now."""
        for name in [name for name, each in self._open.items() if wanted.get(name) != each.server]:
            await self._open.pop(name).stop()

    async def stop(self) -> None:
        """Close all."""
        await self._close({})


async def look(server: Server, key: str = "") -> State:
    """Start a server, ask for its tools and stop it again: the test of the settings page."""
    connection = Connection(server, key)
    try:
        await connection.start()
    except Away as away:
        return State(name=server.name, state="down", error=str(away))
    try:
        return State(name=server.name, state="up", tools=tuple(tool.name for tool in connection.tools))
    finally:
        await connection.stop()


def _offer(server: Server, tool: Any, run: Callable[[dict[str, Any]], Awaitable[str]]) -> Tool:
    schema = tool.input_schema if isinstance(tool.input_schema, dict) else {"type": "object"}
    # A little more than the server's own limit: its sentence says more than ours.
    return Tool(safe_name(tool.name), tool.description or "", schema, run, server.timeout_s + 2 * STOP_S, server.name)


def _last_line(file: TextIO) -> str:
    with contextlib.suppress(OSError, ValueError):
        file.seek(0)
        lines = [line.strip() for line in file.read()[-4000:].splitlines() if line.strip()]
        return lines[-1][:200] if lines else ""
    return ""


def _text(result: Any) -> str:
    texts = [block.text for block in result.content or [] if getattr(block, "text", None)]
    if texts:
        return "\n".join(texts)
    found = result.structured_content
    return msgspec.json.encode(found).decode() if found else ""


def _innermost(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    return error


def _first(error: BaseException) -> str:
    """The first of a group of errors, in a line."""
    inner = _innermost(error)
    return (str(inner).strip().splitlines() or [type(inner).__name__])[0][:200]
