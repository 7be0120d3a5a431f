"""A server that answers what a real ComfyUI once answered: recordings, and what a test sets by hand."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from pathlib import Path
from typing import Any

import uvicorn

RECORDINGS = Path(__file__).parent / "recordings"


def recording(name: str) -> dict[str, Any]:
    """A recorded exchange: `request` and `response`, or the `messages` of a websocket."""
    return dict(json.loads((RECORDINGS / f"{name}.json").read_text()))


class Replay:
    """Real HTTP and websockets on a free loopback port, in a thread of its own.

    `asked` holds (method, path, body) of each request; a path without an answer is 404.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.connections = 0
        self.open: list[asyncio.Queue[str | bytes | None]] = []
        self.first_messages: list[str] = []
        self._answers: dict[tuple[str, str], tuple[int, bytes, str]] = {}
        config = uvicorn.Config(
            self, host="127.0.0.1", port=0, log_level="error", lifespan="off", ws="websockets-sansio"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def start(self) -> Replay:
        self._thread.start()
        deadline = time.monotonic() + 5
        while not self._server.started and time.monotonic() < deadline:
            time.sleep(0.005)
        self.url = f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"
        self.reset()
        return self

    def reset(self) -> None:
        """Forget all answers but an empty queue, all requests and connections."""
        self.cut()
        self.asked.clear()
        self.first_messages.clear()
        self._answers.clear()
        self.open, self.connections = [], 0
        self.say("GET", "/queue", {"queue_running": [], "queue_pending": []})

    def stop(self) -> None:
        self.cut()
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(5)

    def say(self, method: str, path: str, body: Any, status: int = 200, kind: str = "application/json") -> None:
        """Answer `path` with this from now on; what is not bytes is sent as JSON (bare NaN included)."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self._answers[method, path] = (status, data, kind)

    def replay(self, name: str) -> dict[str, Any]:
        """Answer as in a recorded exchange, which is also given back."""
        found = recording(name)
        asked, answered = found["request"], found["response"]
        body = answered["body"]
        kind = answered["headers"].get("Content-Type", "text/plain")
        data = body.encode() if isinstance(body, str) else body
        self.say(asked["method"], asked["path"], data, answered["status"], kind)
        return found

    def tell(self, *messages: str | bytes | dict[str, Any]) -> None:
        """Send to every open websocket."""
        for message in messages:
            sent = json.dumps(message) if isinstance(message, dict) else message
            for outbox in list(self.open):
                self._loop.call_soon_threadsafe(outbox.put_nowait, sent)

    def cut(self) -> None:
        """Close every open websocket."""
        for outbox in list(self.open):
            self._loop.call_soon_threadsafe(outbox.put_nowait, None)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """The ASGI entry."""
        self._loop = asyncio.get_running_loop()
        if scope["type"] == "websocket":
            await self._websocket(receive, send)
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        self.asked.append((scope["method"], scope["path"], json.loads(body) if body else None))
        status, data, kind = self._answers.get((scope["method"], scope["path"]), (404, b"", "text/plain"))
        headers = [(b"content-type", kind.encode()), (b"content-length", str(len(data)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": data})

    async def _websocket(self, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        self.connections += 1
        outbox: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self.open.append(outbox)
        reading = asyncio.create_task(self._read(receive, outbox))
        try:
            while (message := await outbox.get()) is not None:
                key = "bytes" if isinstance(message, bytes) else "text"
                await send({"type": "websocket.send", key: message})
            await send({"type": "websocket.close"})
        except Exception:  # the client is gone
            pass
        finally:
            if outbox in self.open:
                self.open.remove(outbox)
            reading.cancel()

    async def _read(self, receive: Any, outbox: asyncio.Queue[str | bytes | None]) -> None:
        while (message := await receive())["type"] == "websocket.receive":
            self.first_messages.append(message.get("text") or "")
        outbox.put_nowait(None)
