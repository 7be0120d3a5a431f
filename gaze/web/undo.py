"""Acts that can be taken back for a while: by a name nobody guesses, in memory, the newest few."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import Any

from litestar import Request, Response, post
from litestar.types import ControllerRouterHandler

from gaze.core.errors import NotFound
from gaze.web.answer import HTML, answer, is_htmx, toast

AnyRequest = Request[Any, Any, Any]
KEPT = 20


class Undos:
    """The last acts, each with what takes it back and returns how many things that changed."""

    def __init__(self) -> None:
        self._acts: dict[str, Callable[[], int]] = {}

    def keep(self, act: Callable[[], int]) -> str:
        """The address that takes `act` back; the oldest one is forgotten."""
        name = secrets.token_urlsafe(12)
        self._acts[name] = act
        while len(self._acts) > KEPT:
            del self._acts[next(iter(self._acts))]
        return f"/undo/{name}"

    def take(self, name: str) -> Callable[[], int]:
        """The act of that name, once. Raises NotFound."""
        act = self._acts.pop(name, None)
        if act is None:
            raise NotFound("That can no longer be undone; it was undone already, or too much came after it.")
        return act


@post("/undo/{name:str}", include_in_schema=False)
async def undo(request: AnyRequest, name: str) -> Response[Any]:
    """Take one act back. Raises NotFound when it was already, or is too old."""
    undone = await asyncio.to_thread(request.app.state.undos.take(name))
    if is_htmx(request):
        return Response(toast(request, "Undone."), media_type=HTML, status_code=200)
    return answer(request, data={"undone": undone}, goto=request.headers.get("referer", "/").split("?")[0])


ROUTES: list[ControllerRouterHandler] = [undo]
