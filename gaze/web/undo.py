"""Taking an act back by the address that its answer gave."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Request, Response, post
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.library.undo import take_back
from gaze.web.answer import HTML, answer, is_htmx, toast

AnyRequest = Request[Any, Any, Any]


def address(name: str) -> str:
    """Where the act of that name is taken back; "" if it cannot be."""
    return f"/undo/{name}" if name else ""


@post("/undo/{name:str}", include_in_schema=False)
async def undo(request: AnyRequest, gaze: Context, name: str) -> Response[Any]:
    """Take one act back. Raises NotFound when it was already, or is too old."""
    undone = await asyncio.to_thread(take_back, gaze.library, name)
    if is_htmx(request):
        text = "Undone." if undone else "Nothing was undone; all of it was changed since."
        return Response(toast(request, text, "ok" if undone else ""), media_type=HTML, status_code=200)
    return answer(request, data={"undone": undone}, goto=request.headers.get("referer", "/").split("?")[0])


ROUTES: list[ControllerRouterHandler] = [undo]
