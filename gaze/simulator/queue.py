"""The priority queue and the history of a server (specification comfyui §1, §2, §4)."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from typing import Any

Item = tuple[float, str, dict[str, Any], dict[str, Any], list[str]]
"""number, prompt id, graph, extra data, output node ids: as in /queue and history."""

HISTORY_CAP = 10_000


class Queue:
    """Waiting, running and finished prompts. Ids may occur more than once; none is checked for reuse."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._heap: list[tuple[float, int, Item]] = []
        self._count = 0
        self._filled = asyncio.Event()
        self.running: Item | None = None
        self.history: dict[str, dict[str, Any]] = {}

    @property
    def remaining(self) -> int:
        """Running and pending."""
        return len(self._heap) + (self.running is not None)

    @property
    def pending(self) -> list[Item]:
        """What waits, in heap order, which is not the order of running."""
        return [item for _, _, item in self._heap]

    def put(self, item: Item) -> None:
        """Queue an item; the lowest number runs first, of equal ones the older."""
        self._count += 1
        heapq.heappush(self._heap, (item[0], self._count, item))
        self._filled.set()
        self._changed()

    async def take(self) -> Item:
        """Wait for the next item and make it the running one."""
        while not self._heap:
            self._filled.clear()
            await self._filled.wait()
        self.running = heapq.heappop(self._heap)[2]
        self._changed()
        return self.running

    def finish(self, entry: dict[str, Any] | None) -> None:
        """Nothing runs any more; `entry` goes into history, in place of an older one of that id."""
        item, self.running = self.running, None
        if entry is not None and item is not None:
            if len(self.history) >= HISTORY_CAP:
                del self.history[next(iter(self.history))]
            self.history[item[1]] = entry
        self._changed()

    def delete(self, prompt_id: Any) -> bool:
        """Take the first pending item of that id away."""
        for place, (_, _, item) in enumerate(self._heap):
            if item[1] == prompt_id:
                if len(self._heap) == 1:
                    self._heap = []
                else:
                    self._heap.pop(place)
                    heapq.heapify(self._heap)
                self._changed()
                return True
        return False

    def clear(self) -> None:
        """Take everybody's pending items away."""
        self._heap = []
        self._changed()

    def page(self, max_items: int | None, offset: int) -> dict[str, dict[str, Any]]:
        """Part of history, oldest first; a negative offset means the newest `max_items`."""
        entries = list(self.history.items())
        if offset < 0 and max_items is not None:
            offset = max(0, len(entries) - max_items)
        offset = max(0, offset)
        return dict(entries[offset:] if max_items is None else entries[offset : offset + max_items])
