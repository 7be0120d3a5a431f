"""Everything a simulated server holds while it lives; only files outlast it."""

from __future__ import annotations

import asyncio
from typing import Any

from gaze.simulator.faults import Board
from gaze.simulator.files import Folders
from gaze.simulator.nodes import Nodes
from gaze.simulator.options import Options
from gaze.simulator.prompts import Prompts
from gaze.simulator.queue import Queue
from gaze.simulator.run import Worker
from gaze.simulator.sockets import Sockets
from gaze.simulator.versions import Abilities, abilities

OLD = "0.3.40"
"""The release that the fault `old-version` plays."""


class State:
    """Queue, history, caches, sockets and switches of one server."""

    def __init__(self, options: Options, folders: Folders) -> None:
        self.options = options
        self.folders = folders
        self.board = Board(options.faults)
        self.sockets = Sockets(self.board)
        self.queue = Queue(self._tell_status)
        self.nodes = Nodes(options, folders.root, self.board)
        self.prompts = Prompts(self.queue, self.nodes, self.board, folders.root / "input")
        self.worker = Worker(options, self.able, folders, self.queue, self.sockets, self.board)
        self.stopping = asyncio.Event()
        self.follow_version()
        self.requests: dict[str, int] = {}

    @property
    def able(self) -> Abilities:
        """What the release that is played can do."""
        return abilities(self.version)

    @property
    def version(self) -> str:
        """The release that is played."""
        return OLD if self.board.on("old-version") else self.options.version

    def follow_version(self) -> None:
        """Tell worker and sockets which release is played, after a change of the switches."""
        self.worker.able = self.able
        self.sockets.knows_flags = self.able.metadata_previews

    def status(self) -> dict[str, Any]:
        """How much there is to do, as /prompt and the websocket say it."""
        return {"status": {"exec_info": {"queue_remaining": self.queue.remaining}}}

    def _tell_status(self) -> None:
        self.sockets.tell("status", self.status())

    async def wait(self, seconds: float) -> None:
        """Wait, but not longer than the server lives."""
        try:
            await asyncio.wait_for(self.stopping.wait(), seconds)
        except TimeoutError:
            return
