"""The list of Danbooru tags: what it is, and another one in its place."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.errors import Refusal
from gaze.danbooru.taglist import MOST_BYTES, Imported
from gaze.web.answer import HTML, answer, is_htmx

AnyRequest = Request[Any, Any, Any]


class State(msgspec.Struct, frozen=True):
    """The list that holds: how many tags, and whether it is the user's own. `found` is what an import brought."""

    tags: int
    own: bool
    found: Imported | None = None


def state(gaze: Context, found: Imported | None = None) -> State:
    """The list as the settings show it; blocking."""
    loaded = gaze.tags()
    return State(len(loaded.index), loaded.own, found)


@get("/settings/tags", include_in_schema=False)
async def show(request: AnyRequest, gaze: Context) -> Response[Any]:
    """Which list of tags holds."""
    now = await asyncio.to_thread(state, gaze)
    return answer(
        request, fragment="settings/_tags.html", goto="/settings#tags", data=_data(now), context={"tag_list": now}
    )


@post("/settings/tags", include_in_schema=False, request_max_body_size=MOST_BYTES + 2**20)
async def take_in(request: AnyRequest, gaze: Context) -> Response[Any]:
    """Take a CSV as the list; rows that cannot be used are named. 400 where it is none, 413 where it is too large."""
    form = await request.form()
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise Refusal("Choose a CSV of tags first.", field="file")
    content = await file.read()
    await file.close()
    found = await asyncio.to_thread(gaze.tags.take_in, content)
    now = await asyncio.to_thread(state, gaze, found)
    if is_htmx(request):
        html = request.app.state.render("settings/_tags.html", tag_list=now)
        return Response(html, media_type=HTML, status_code=200)
    return answer(request, data=_data(now), goto="/settings#tags")


def _data(now: State) -> dict[str, Any]:
    found = now.found
    more = {"left_out": found.left_out, "bad": list(map(str, found.bad))} if found else {}
    return {"tags": now.tags, "own": now.own, **more}


ROUTES: list[ControllerRouterHandler] = [show, take_in]
