"""`/mcp`: the library for an assistant over streamable HTTP, with the API key and the rules of every page."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import msgspec
from litestar import Request, asgi
from litestar.types import ASGIApp, ControllerRouterHandler, Receive, Scope, Send

from gaze.context import Context
from gaze.core.errors import Refusal
from gaze.core.plantext import fault_json
from gaze.web import guard

AnyRequest = Request[Any, Any, Any]


class Assistant:
    """The MCP application, made when it is first asked: its libraries take half a second to import."""

    def __init__(self, gaze: Context) -> None:
        self._gaze = gaze
        self._lock = asyncio.Lock()
        self._app: ASGIApp | None = None
        self._task: asyncio.Task[None] | None = None
        self._end = asyncio.Event()

    async def app(self) -> ASGIApp:
        """The application, ready."""
        async with self._lock:
            if self._app is None:
                ready: asyncio.Future[ASGIApp] = asyncio.get_running_loop().create_future()
                self._task = asyncio.create_task(self._run(ready), name="mcp")
                self._app = await ready
            return self._app

    async def _run(self, ready: asyncio.Future[ASGIApp]) -> None:
        """Hold the sessions open from one task, as their task group wants it."""
        try:
            made = await asyncio.to_thread(self._server)
            app: Any = made.streamable_http_app(
                streamable_http_path="/", stateless_http=True, json_response=True, transport_security=_ours()
            )
            async with made.session_manager.run():
                ready.set_result(app)
                await self._end.wait()
        except Exception as error:
            if not ready.done():
                ready.set_exception(error)

    def _server(self) -> Any:
        from gaze.mcp.library import server

        return server(self._gaze)

    async def stop(self) -> None:
        """End what still runs."""
        self._end.set()
        if self._task:
            with contextlib.suppress(asyncio.CancelledError):
                await self._task


def _ours() -> Any:
    """No second opinion about hosts: `guard` has checked them."""
    from mcp.server.transport_security import TransportSecuritySettings

    return TransportSecuritySettings(enable_dns_rebinding_protection=False)


@asgi("/mcp", is_mount=True, copy_scope=True)
async def mcp(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer an MCP client that may ask. 401 without the key, 403 from elsewhere, 405 for anything but POST."""
    request: AnyRequest = Request(scope, receive, send)
    try:
        guard.check_request(request)
        guard.require_key(request)
        if request.method != "POST":
            raise Refusal("This address takes POST: it holds no stream open.", status=405, code="method")
    except Refusal as refusal:
        await _refuse(refusal, send)
        return
    assistant: Assistant = request.app.state.assistant
    app = await assistant.app()
    await app(scope, receive, send)


async def _refuse(refusal: Refusal, send: Send) -> None:
    body = msgspec.json.encode({"errors": [fault_json(fault) for fault in refusal.faults]})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if refusal.status == 405:
        headers.append((b"allow", b"POST"))
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


ROUTES: list[ControllerRouterHandler] = [mcp]
