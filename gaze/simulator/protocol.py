"""The ASGI app of a simulated ComfyUI: what holds for every request, and the websocket."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from gaze.simulator.exchange import (
    EMPTY,
    LARGEST_BODY,
    TROUBLE,
    Answer,
    Request,
    TooLarge,
    headers_of,
    reply,
)
from gaze.simulator.files import Folders
from gaze.simulator.options import Options
from gaze.simulator.origin import refused
from gaze.simulator.routes import route
from gaze.simulator.sockets import Receive, Send, Socket
from gaze.simulator.state import State

CORS = (
    ("access-control-allow-origin", "*"),
    ("access-control-allow-methods", "POST, GET, DELETE, PUT, OPTIONS, PATCH"),
    ("access-control-allow-headers", "Content-Type, Authorization"),
    ("access-control-allow-credentials", "true"),
)
NOT_ALLOWED = Answer(405, b"405: Method Not Allowed", "text/plain; charset=utf-8")


class App:
    """One simulated server."""

    def __init__(self, options: Options, folders: Folders) -> None:
        self._state = State(options, folders)
        self._tasks: list[asyncio.Task[None]] = []

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """The ASGI entry."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            request = Request(scope, receive)
            answer = await self._answer(request)
            if self._state.options.cors:
                answer = msgspec.structs.replace(answer, headers=(*answer.headers, *CORS))
            await reply(send, answer, head=request.method == "HEAD")

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        state = self._state
        self._tasks = [asyncio.create_task(state.worker.run()), asyncio.create_task(state.sockets.publish())]
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def stop(self) -> None:
        """End all connections and the run, at once and without a word, as ComfyUI does."""
        self._state.stopping.set()
        self._state.sockets.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _websocket(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        await receive()
        if scope["path"] not in ("/ws", "/api/ws") or self._forbidden(headers_of(scope)):
            await send({"type": "websocket.close"})
            return
        await send({"type": "websocket.accept"})
        query = Request({**scope, "method": "GET"}, receive).query
        socket = Socket(send, scope["extensions"]["gaze.abort"]["call"])
        await self._state.sockets.serve(query.get("clientId", ""), socket, receive, self._greeting)

    def _greeting(self, sid: str) -> list[dict[str, Any]]:
        worker = self._state.worker
        messages: list[dict[str, Any]] = [{"type": "status", "data": {**self._state.status(), "sid": sid}}]
        if worker.client_id == sid and worker.node is not None:
            messages.append({"type": "executing", "data": {"node": worker.node}})
        return messages

    def _forbidden(self, headers: dict[str, str]) -> bool:
        return not self._state.options.cors and refused(headers, fetch_site=self._state.able.fetch_site_check)

    async def _answer(self, request: Request) -> Answer:
        method = "GET" if request.method == "HEAD" else request.method
        if request.path.startswith("/simulator/"):
            return await self._handle(request, method, request.path)
        plain = request.path.removeprefix("/api") or "/"
        path = request.path if plain.startswith("/jobs") else plain  # /jobs without /api is unknown
        name = f"{request.method} {route(method, path)[0]}"
        self._state.requests[name] = self._state.requests.get(name, 0) + 1
        if request.method == "OPTIONS":
            return EMPTY
        if self._forbidden(request.headers):
            return Answer(403)
        if slow := self._state.board.take("slow", plain):
            await self._state.wait(slow.seconds or 1.0)
        if self._state.board.take("server-error", plain):
            return TROUBLE
        return await self._handle(request, method, path)

    async def _handle(self, request: Request, method: str, path: str) -> Answer:
        _, handler, rest = route(method, path)
        if handler is None:
            elsewhere = any(route(other, path)[1] for other in ("GET", "POST"))
            return NOT_ALLOWED if elsewhere else Answer(404)
        try:
            return await handler(self._state, request, rest)
        except TooLarge:
            text = f"Maximum request body size {LARGEST_BODY} exceeded."
            return Answer(413, text.encode(), "text/plain; charset=utf-8")
        except Exception:  # whatever the real server did not foresee is this answer too
            return TROUBLE
