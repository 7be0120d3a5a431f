"""Every URL answers three ways: a whole page, a fragment for htmx, JSON (specification pages)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.response import Redirect

from gaze.web.views import shell_of

AnyRequest = Request[Any, Any, Any]
NOTHING: Mapping[str, Any] = {}
HTML = "text/html; charset=utf-8"


def is_htmx(request: AnyRequest) -> bool:
    """Whether htmx asks for a fragment; going back in history wants a whole page."""
    return "hx-request" in request.headers and "hx-history-restore-request" not in request.headers


def wants_json(request: AnyRequest) -> bool:
    """Whether a program asks: by Accept, or as the earlier program's scripts did."""
    if "application/json" in request.headers.get("accept", ""):
        return True
    return request.headers.get("x-requested-with") == "XMLHttpRequest" and not is_htmx(request)


def answer(
    request: AnyRequest,
    *,
    page: str = "",
    fragment: str = "",
    data: Any = None,
    goto: str = "",
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    place: str = "library",
    context: Mapping[str, Any] | Callable[[], Mapping[str, Any]] = NOTHING,
) -> Response[Any]:
    """The answer in the way that was asked for.

    `data` is what programs get, `fragment` what htmx gets ("" answers it with an empty 200), and a page is `page`, or
    a redirect (303) to `goto` after a form was sent without JavaScript. A callable `context` is asked only for HTML.
    """
    if wants_json(request) and data is not None:
        return Response(msgspec.json.encode(data), media_type="application/json", status_code=status, headers=headers)
    if goto and not is_htmx(request):
        return Redirect(goto, status_code=303)
    values = context() if callable(context) else context
    template = fragment if is_htmx(request) else page
    if not template:
        return Response("", media_type=HTML, status_code=status, headers=headers)
    return render(request, template, values, status, headers, place)


def render(
    request: AnyRequest,
    template: str,
    context: Mapping[str, Any],
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    place: str = "library",
) -> Response[Any]:
    """A template with the shell and the live status around it."""
    state = request.app.state
    html = state.render(template, shell=shell_of(request, place), status=state.live.status, request=request, **context)
    vary = {"Vary": "Accept, HX-Request", "Cache-Control": "no-store"}
    return Response(html, media_type=HTML, status_code=status, headers={**vary, **(headers or {})})


def toast(request: AnyRequest, text: str, kind: str = "ok", undo: str = "") -> str:
    """A toast as a partial that any answer can carry; `undo` is the address that takes the act back."""
    return str(request.app.state.render("_toast.html", text=text, kind=kind, undo=undo))
