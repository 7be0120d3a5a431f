"""One open stream of a browser: what it has not been sent yet, bounded, the newest of each thing only."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import msgspec

# A tab that is this far behind gets `stale` instead: its regions ask for themselves again.
MOST_BEHIND = 300


class Message(msgspec.Struct, frozen=True):
    """One SSE message: `html` partials without a `name`, or a nudge with one. A newer one of a `key` replaces it."""

    key: str
    id: str
    name: str = ""
    html: str = ""
    data: Any = None  # the same for programs


class Tab:
    """One open stream: what it has not been sent yet, the newest of each key only."""

    def __init__(self) -> None:
        self._waiting: dict[str, Message] = {}
        self._news = asyncio.Event()

    def put(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self._waiting.pop(message.key, None)
            self._waiting[message.key] = message
        if len(self._waiting) > MOST_BEHIND:
            newest = next(reversed(self._waiting.values()))
            self._waiting = {"stale": Message("stale", newest.id, "stale")}
        self._news.set()

    def wake(self) -> None:
        self._news.set()

    async def take(self, timeout_s: float) -> list[Message]:
        """What has come, in order; empty after `timeout_s`."""
        if not self._waiting:
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), timeout_s)
            except TimeoutError:
                return []
        taken, self._waiting = list(self._waiting.values()), {}
        return taken
