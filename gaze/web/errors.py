"""Refusals and faults as pages, fragments or JSON: the right status, a sentence, never a trace."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import msgspec
import redis
from litestar import Request, Response
from litestar.exceptions import HTTPException

from gaze.core.errors import Fault, Refusal, Unavailable
from gaze.core.plantext import fault_json
from gaze.web.answer import HTML, is_htmx, render, toast, wants_json

log = logging.getLogger("gaze.web")
AnyRequest = Request[Any, Any, Any]

TITLES = {
    400: "That does not fit",
    401: "A key is needed",
    403: "Not allowed",
    404: "Not found",
    405: "Not possible here",
    409: "It has changed meanwhile",
    412: "It has changed meanwhile",
    413: "Too large",
    415: "Not an image",
    422: "It cannot be used",
    500: "That went wrong here",
    503: "Not available now",
    507: "No room",
}


def on_refusal(request: AnyRequest, error: Refusal) -> Response[Any]:
    """A Refusal in the way that was asked for."""
    return refuse(request, error.status, error.faults, error.offers)


def on_redis(request: AnyRequest, error: redis.RedisError) -> Response[Any]:
    """Redis is away, still loading, or may not write (MISCONF): nothing is shown as queued (F84)."""
    log.warning("redis failed", extra={"path": request.url.path, "cause": str(error)})
    if isinstance(error, redis.ResponseError) and "MISCONF" in str(error):
        text = "Redis cannot write to its disk, so nothing was queued. Free some space, then try again."
    elif isinstance(error, redis.BusyLoadingError):
        text = "Redis is still loading, so nothing was queued. Try again in a moment."
    else:
        text = "Redis does not answer, so nothing was queued. It is tried again by itself; then send this once more."
    refusal = Unavailable(text, code="redis")
    return refuse(request, refusal.status, refusal.faults)


def on_http(request: AnyRequest, error: HTTPException) -> Response[Any]:
    """Litestar's own: no such route, a body too large, a parameter that does not fit."""
    faults = [Fault("bad-value", _sentence(request, error))]
    if error.extra and isinstance(error.extra, list):
        faults = [
            Fault("bad-value", f"{item.get('key', 'value')}: {item.get('message', error.detail)}", item.get("key", ""))
            for item in error.extra
            if isinstance(item, dict)
        ]
    return refuse(request, error.status_code, faults)


def on_fault(request: AnyRequest, error: Exception) -> Response[Any]:
    """A fault of ours: logged with its trace, shown without."""
    log.exception("a request failed", exc_info=error, extra={"path": request.url.path})
    text = "Something in GAZE went wrong. It is in the log; what you had is unchanged."
    return refuse(request, 500, [Fault("internal", text)])


def refuse(request: AnyRequest, status: int, faults: Sequence[Fault], offers: Sequence[str] = ()) -> Response[Any]:
    """The answer of an error, with a sentence for each fault."""
    if wants_json(request) or request.url.path.startswith("/api/"):
        return Response(
            msgspec.json.encode({"errors": [fault_json(fault) for fault in faults]}),
            media_type="application/json",
            status_code=status,
        )
    sentences = [fault.message for fault in faults]
    if is_htmx(request):
        html = request.app.state.render("asset/_errors.html", errors=sentences, offers=offers)
        if "hx-in-place" not in request.headers:
            html = toast(request, " ".join(sentences), "bad")
        return Response(html, media_type=HTML, status_code=status)
    title = TITLES.get(status, TITLES[400 if status < 500 else 500])
    context = {"title": title, "errors": sentences, "status_code": status, "offers": offers}
    return render(request, "error.html", context, status=status, place="")


def _sentence(request: AnyRequest, error: HTTPException) -> str:
    match error.status_code:
        case 404:
            return "There is no such page."
        case 405:
            return "This address does not take that kind of request."
        case 413:
            most = request.app.state.gaze.settings().max_upload_mib
            return f"What was sent is too large; at most {most} MiB are taken."
        case _:
            return error.detail


HANDLERS = {
    Refusal: on_refusal,
    redis.RedisError: on_redis,
    HTTPException: on_http,
    Exception: on_fault,
}
