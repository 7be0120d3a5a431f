"""Saved filters: named addresses of library pages, in the navigation and in each library."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from litestar import Request, Response, get, post
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.errors import Refusal
from gaze.library.saved_filters import Saved, delete, rename, save, saved
from gaze.library.undo import Filtered, keep
from gaze.web import forms
from gaze.web.answer import HTML, answer, is_htmx, toast
from gaze.web.filters import address
from gaze.web.undo import address as undo_address

AnyRequest = Request[Any, Any, Any]


@get("/filters", include_in_schema=False)
async def page(request: AnyRequest, gaze: Context) -> Response[Any]:
    """The saved filters, as the navigation shows them."""
    kept = saved(gaze.library.settings())
    if not is_htmx(request) and "json" not in request.headers.get("accept", ""):
        return answer(request, goto=kept[0].url if kept else "/")
    return answer(request, fragment="live/_saved.html", data={"filters": kept}, context={"saved": kept})


@post("/filters/save", include_in_schema=False)
async def save_one(request: AnyRequest, gaze: Context) -> Response[Any]:
    """Keep `url`, or the page htmx asks from, under `name`."""
    given = await forms.values(request)
    url = checked_url(gaze, request.headers.get("hx-current-url") or forms.one(given, "url"))
    kept = await asyncio.to_thread(save, gaze.library, forms.one(given, "name"), url)
    return _done(request, f"Saved as “{forms.one(given, 'name')}”.", kept, url)


@post("/filters/rename", include_in_schema=False)
async def rename_one(request: AnyRequest, gaze: Context) -> Response[Any]:
    """Give the filter `name` the name `new`."""
    given = await forms.values(request)
    kept = await asyncio.to_thread(rename, gaze.library, forms.one(given, "name"), forms.one(given, "new"))
    return _done(request, "Renamed.", kept, "/")


@post("/filters/delete", include_in_schema=False)
async def delete_one(request: AnyRequest, gaze: Context) -> Response[Any]:
    """Forget the filter `name`; Undo saves it again."""
    name = forms.one(await forms.values(request), "name")
    old = next((item for item in saved(gaze.library.settings()) if item.name == name), None)
    kept = await asyncio.to_thread(delete, gaze.library, name)
    steps = [Filtered(name, old.url)] if old else []
    undo = undo_address(await asyncio.to_thread(keep, gaze.library.root, steps))
    return _done(request, f"“{name}” deleted.", kept, "/", undo)


def checked_url(gaze: Context, url: str) -> str:
    """The address of a library page with filters that exist, in its usual spelling. Raises Refusal."""
    parts = urlsplit(url)
    name = parts.path.strip("/") or next(iter(gaze.categories))
    if name not in gaze.categories:
        raise Refusal("Only filters of a library can be saved.", field="url")
    category = gaze.categories[name]
    return address(category, forms.query(category, parse_qs(parts.query)))


def _done(request: AnyRequest, text: str, kept: Sequence[Saved], goto: str, undo: str = "") -> Response[Any]:
    if is_htmx(request):
        return Response(toast(request, text, undo=undo), media_type=HTML, status_code=200)
    return answer(request, data={"filters": kept}, goto=goto)


ROUTES: list[ControllerRouterHandler] = [page, save_one, rename_one, delete_one]
