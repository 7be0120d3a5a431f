"""How an MCP server fares, as the worker that uses it tells and the settings page shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec
from redis.asyncio import Redis

from gaze.llm.mcp_config import Server

_KEY = "gaze:mcp"


class State(msgspec.Struct, frozen=True, kw_only=True):
    """`unknown` until it was needed for the first time."""

    name: str
    state: Literal["up", "down", "unconfirmed", "unknown"] = "unknown"
    tools: tuple[str, ...] = ()
    error: str = ""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A server with its state, for a page."""

    server: Server
    state: State
    confirmed: bool

    @property
    def name(self) -> str:
        return self.server.name

    @property
    def on(self) -> bool:
        return self.server.on

    @property
    def known_tools(self) -> tuple[str, ...]:
        """Tools it was seen with, and those that are allowed."""
        return tuple(dict.fromkeys((*self.state.tools, *(self.server.tools or ()))))

    @property
    def allowed(self) -> int:
        return len([tool for tool in self.state.tools if self.server.tools is None or tool in self.server.tools])

    @property
    def dot(self) -> str:
        if not self.on:
            return ""
        if not self.confirmed:
            return "warn"
        return {"up": "ok", "down": "bad"}.get(self.state.state, "")

    @property
    def short(self) -> str:
        if not self.on:
            return "Off"
        if not self.confirmed:
            return "To confirm"
        counted = f"{self.allowed} tool{'s' if self.allowed != 1 else ''}"
        return {"up": counted, "down": "Does not run"}.get(self.state.state, "Not needed yet")

    @property
    def sentence(self) -> str:
        if self.on and not self.confirmed:
            return "This library names it; nobody on this machine has confirmed it, so it is not started."
        if self.on and self.state.state == "down":
            return f"{self.state.error[:1].upper()}{self.state.error[1:]}."
        if self.on and self.state.tools:
            return ", ".join(
                tool for tool in self.state.tools if self.server.tools is None or tool in self.server.tools
            )
        return ""


async def keep(redis: Redis, state: State) -> None:
    """Note how a server fares."""
    await redis.hset(_KEY, mapping={state.name: msgspec.json.encode(state)})  # type: ignore[misc]


async def states(redis: Redis) -> Mapping[str, State]:
    """How every server fared last, by name."""
    found = await redis.hgetall(_KEY)  # type: ignore[misc]
    kept = {}
    for name, data in found.items():
        try:
            kept[name.decode()] = msgspec.json.decode(data, type=State)
        except msgspec.MsgspecError:
            continue
    return kept
