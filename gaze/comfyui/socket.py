"""A server's websocket, shared by all jobs submitted to it: it tells how far they are (specification comfyui 3).

The history decides whether a job is done; a listener that hears nothing for a while asks there.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from typing import Any

import msgspec
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

log = logging.getLogger("gaze.comfyui")

# A connection younger than this is not doubted.
RENEW_S = 4.0


class Heard(msgspec.Struct, frozen=True):
    """Something the server said of one prompt.

    `kind`: `start`, `node` (a node begins), `step` (value of max in that node), `preview` (an image), `over`
    (done, failed or interrupted: ask the history), `gap` (the connection was lost or made: messages may be missing).
    """

    kind: str
    node: str = ""
    value: int = 0
    max: int = 0
    image: bytes = b""
    mime: str = ""


class Listener:
    """One job's ear: the newest step and preview, and a flag that something was said.

    Nothing is queued up: a slow job sees the newest state only, and the socket is always read.
    """

    def __init__(self) -> None:
        self.node = ""
        self.step: Heard | None = None
        self.preview: Heard | None = None
        self.started = False
        self.over = False
        self.gap = False
        self._news = asyncio.Event()

    def tell(self, heard: Heard) -> None:
        match heard.kind:
            case "start":
                self.started = True
            case "node":
                self.node, self.step = heard.node, None
                self.started = True
            case "step":
                self.step = heard
                self.node = heard.node or self.node
                self.started = True
            case "preview":
                self.preview = heard
            case "over":
                self.over = True
            case "gap":
                self.gap = True
        self._news.set()

    async def news(self, timeout_s: float) -> bool:
        """Wait until something is said; False after `timeout_s` of silence."""
        try:
            await asyncio.wait_for(self._news.wait(), timeout_s)
        except TimeoutError:
            return False
        self._news.clear()
        return True


class Socket:
    """Keeps one websocket open while somebody listens, and reconnects by itself."""

    def __init__(self, url: str, client_id: str) -> None:
        self.client_id = client_id
        self._uri = f"{url.replace('http', 'ws', 1)}/ws?clientId={client_id}"
        self._listeners: dict[str, Listener] = {}
        self._task: asyncio.Task[None] | None = None
        self._open = asyncio.Event()
        self._began = 0.0

    async def listen(self, prompt_id: str, wait_s: float = 2.0) -> Listener:
        """An ear for `prompt_id`; waits up to `wait_s` for the socket, so that the first messages are heard."""
        listener = self._listeners.setdefault(prompt_id, Listener())
        if self._task is None or self._task.done():
            self._start()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._open.wait(), wait_s)
        return listener

    def forget(self, prompt_id: str) -> None:
        self._listeners.pop(prompt_id, None)

    @property
    def wanted(self) -> bool:
        """Whether anybody listens."""
        return bool(self._listeners)

    async def renew(self) -> None:
        """Drop the connection and open another: one that is open may have gone deaf (specification comfyui 3).

        Many jobs may ask for it at once; two sockets of one client id would make each other deaf.
        """
        if time.monotonic() - self._began < RENEW_S:
            return
        self._began = time.monotonic()
        await self.close()
        if self._listeners and self._task is None:
            self._start()

    async def close(self) -> None:
        task, self._task = self._task, None
        if task:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _start(self) -> None:
        self._open.clear()
        self._began = time.monotonic()
        self._task = asyncio.create_task(self._run(), name=f"comfyui socket {self._uri}")

    async def _run(self) -> None:
        """Read until nobody listens any more and the connection is lost."""
        delay_s = 0.2
        while True:
            try:
                # Compression costs most of the speed; a slow close would hold a shutdown (F72: frames of 5 MiB).
                async with connect(
                    self._uri, max_size=64 * 2**20, compression=None, proxy=None, ping_interval=20, close_timeout=1
                ) as socket:
                    await socket.send(
                        json.dumps({"type": "feature_flags", "data": {"supports_preview_metadata": True}})
                    )
                    self._open.set()
                    delay_s = 0.2
                    self._tell_all(Heard("gap"))
                    async for message in socket:
                        self._take(message)
            except (OSError, WebSocketException, TimeoutError) as error:
                log.debug("websocket lost", extra={"uri": self._uri, "cause": repr(error)})
            self._open.clear()
            self._tell_all(Heard("gap"))
            if not self._listeners:
                return
            await asyncio.sleep(delay_s)
            delay_s = min(delay_s * 2, 5.0)

    def _take(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self._take_frame(message)
            return
        with contextlib.suppress(ValueError, TypeError, AttributeError, KeyError, OverflowError):
            said = json.loads(message)
            self._take_text(said["type"], said.get("data") or {})

    def _take_text(self, kind: str, data: dict[str, Any]) -> None:
        listener = self._listeners.get(str(data.get("prompt_id", "")))
        if listener is None:
            return
        match kind:
            case "execution_start":
                listener.tell(Heard("start"))
            case "executing":
                node = data.get("node")
                listener.tell(Heard("over") if node is None else Heard("node", str(node)))
            case "progress":
                listener.tell(Heard("step", str(data.get("node", "")), int(data["value"]), int(data["max"])))
            case "execution_success" | "execution_error" | "execution_interrupted":
                listener.tell(Heard("over"))

    def _take_frame(self, frame: bytes) -> None:
        event = int.from_bytes(frame[:4], "big")
        if event == 4:
            length = int.from_bytes(frame[4:8], "big")
            with contextlib.suppress(ValueError, AttributeError):
                meta = json.loads(frame[8 : 8 + length])
                listener = self._listeners.get(str(meta.get("prompt_id", "")))
                if listener:
                    mime = str(meta.get("image_type") or "image/jpeg")
                    listener.tell(Heard("preview", image=frame[8 + length :], mime=mime))
        elif event == 1 and len(self._listeners) == 1:
            # A frame without an id can only be matched while a single prompt is followed.
            mime = "image/png" if int.from_bytes(frame[4:8], "big") == 2 else "image/jpeg"
            next(iter(self._listeners.values())).tell(Heard("preview", image=frame[8:], mime=mime))

    def _tell_all(self, heard: Heard) -> None:
        for listener in self._listeners.values():
            listener.tell(heard)
