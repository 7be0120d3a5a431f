"""The websockets: who is registered, who hears what, in which order (specification comfyui §3)."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

from gaze.simulator.faults import Board

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

SERVER_FEATURES = {
    "supports_preview_metadata": True,
    "max_upload_size": 104857600,
    "extension": {"manager": {"supports_v4": True}},
    "node_replacements": True,
    "assets": False,
}


class Socket(msgspec.Struct, eq=False):
    """One open connection. `wants_metadata`: its first message asked for previews with ids."""

    send: Send
    abort: Callable[[], None]
    wants_metadata: bool = False


class Sockets:
    """All connections and the one stream of messages to them.

    A single task sends everything, so that a client that does not read stalls all others, as the real
    server does.
    """

    def __init__(self, board: Board) -> None:
        self._board = board
        self._registered: dict[str, Socket] = {}
        self._open: set[Socket] = set()
        self._outbox: asyncio.Queue[tuple[str | bytes, str | None]] = asyncio.Queue()
        self.sent = 0
        self.knows_flags = True

    @property
    def count(self) -> int:
        """Open connections, registered or not."""
        return len(self._open)

    def hears(self, client_id: str | None) -> bool:
        """Whether anybody would get a message for that client; None means everyone."""
        return bool(self._registered) if client_id is None else client_id in self._registered

    def wants_metadata(self, client_id: str | None) -> bool:
        """Whether previews for that client are frames of type 4."""
        return client_id is not None and client_id in self._registered and self._registered[client_id].wants_metadata

    def tell(self, kind: str, data: Any, client_id: str | None = None) -> None:
        """Queue a message for one client; for all without an id. Nobody there: it is lost."""
        self._outbox.put_nowait((json.dumps({"type": kind, "data": data}), client_id))

    def tell_raw(self, message: str | bytes, client_id: str | None = None) -> None:
        """Queue a text or a binary frame that is ready to send."""
        self._outbox.put_nowait((message, client_id))

    async def publish(self) -> None:
        """Send what is queued, for ever."""
        while True:
            message, client_id = await self._outbox.get()
            while self._board.on("stall-all"):
                await self._board.change()
            if client_id is None:
                targets = list(self._registered.values())
            else:
                targets = [self._registered[client_id]] if client_id in self._registered else []
            for socket in targets:
                await self._deliver(socket, message)

    async def _deliver(self, socket: Socket, message: str | bytes) -> None:
        key = "text" if isinstance(message, str) else "bytes"
        try:
            await socket.send({"type": "websocket.send", key: message})
        except Exception:  # the client is gone; its own task unregisters it
            return
        self.sent += 1

    async def serve(
        self, client_id: str, socket: Socket, receive: Receive, greet: Callable[[str], list[dict[str, Any]]]
    ) -> None:
        """Hold one accepted connection until it closes. `greet` makes its first messages from its sid.

        A newer socket of the same id takes the older one's place, and the older one's end unregisters the
        newer: the real server does so.
        """
        sid = client_id or uuid.uuid4().hex
        self._registered[sid] = socket
        self._open.add(socket)
        try:
            for message in greet(sid):
                await self._deliver(socket, json.dumps(message))
            await self._listen(socket, receive)
        finally:
            self._registered.pop(sid, None)
            self._open.discard(socket)

    async def _listen(self, socket: Socket, receive: Receive) -> None:
        first = True
        while (message := await receive())["type"] == "websocket.receive":
            if first and isinstance(text := message.get("text"), str):
                first = False
                await self._negotiate(socket, text)

    async def _negotiate(self, socket: Socket, text: str) -> None:
        try:
            asked = json.loads(text)
            flags = asked["data"] if asked.get("type") == "feature_flags" else None
        except (ValueError, KeyError, AttributeError):
            return
        if isinstance(flags, dict) and self.knows_flags:
            socket.wants_metadata = bool(flags.get("supports_preview_metadata"))
            await self._deliver(socket, json.dumps({"type": "feature_flags", "data": SERVER_FEATURES}))

    def cut(self, client_id: str | None) -> None:
        """End the client's connection without a close frame; everybody's without an id."""
        for socket in self._of(client_id):
            socket.abort()

    def silence(self, client_id: str | None) -> None:
        """Forget the client's connection but leave it open."""
        for sid in [client_id] if client_id is not None else list(self._registered):
            self._registered.pop(sid, None)

    def close(self) -> None:
        """End all connections at once, as a server does that is killed."""
        for socket in list(self._open):
            socket.abort()

    def _of(self, client_id: str | None) -> list[Socket]:
        if client_id is None:
            return list(self._open)
        return [self._registered[client_id]] if client_id in self._registered else []
