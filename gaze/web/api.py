"""The REST API for programs (specification pages, "REST API"); described at /api/v1/openapi.json."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler
from litestar.params import Parameter
from litestar.response import ServerSentEvent
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.errors import Refusal
from gaze.core.plantext import read_recipe
from gaze.jobs.generate import Order, generate
from gaze.jobs.record import Job, Result
from gaze.web import forms, guard
from gaze.web.answer import HTML
from gaze.web.asset import order
from gaze.web.library import category_of, listing

AnyRequest = Request[Any, Any, Any]


class JobOut(msgspec.Struct):
    """A job's state: `pending` (queued or waiting), `running`, `done`, `failed` or `cancelled`."""

    id: str
    label: str
    status: str
    error: str | None
    result: Result | None


class Queued(msgspec.Struct):
    job_id: str
    status: str


class QueuedJobs(msgspec.Struct):
    """The jobs of one request, and what was noted while it was planned."""

    jobs: list[Queued]
    notes: list[str] = []


class GenerateIn(msgspec.Struct, forbid_unknown_fields=False):
    """What a preset's own values are replaced by; all may be left out.

    `action` names an action (its slug); `preview` and `replace` keep the page's meaning.
    """

    action: str | None = None
    checkpoint: str | None = None
    extra_positive: str | None = None
    extra_negative: str | None = None
    seed: int | str | None = None
    width: int | str | None = None
    height: int | str | None = None
    count: int | str | None = None


class Cancelled(msgspec.Struct):
    id: str
    status: str


def with_key(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard: only with the right key."""
    guard.require_key(connection)  # type: ignore[arg-type]


@get("/{category:str}", sync_to_thread=False, summary="List a category")
def list_assets(
    gaze: Context,
    category: str,
    q: str = "",
    favourite: bool = False,
    nsfw: str = "all",
    sort: str = "name",
    limit: int | None = Parameter(default=None, ge=1, le=100_000),
    offset: int = Parameter(default=0, ge=0),
) -> dict[str, Any]:
    """All assets of a category (`presets`, `characters`, ...), whole unless `limit` is given."""
    wanted = category_of(gaze, category)
    given = {"q": [q], "nsfw": [nsfw], "sort": [sort], "favourite": ["on"] if favourite else []}
    query = forms.query(wanted, given)
    found = gaze.library.query(
        wanted.name, msgspec.structs.replace(query, offset=offset, limit=limit if limit is not None else 10**9)
    )
    return listing(wanted, found)


@post("/generate/{preset_slug:str}", status_code=200, summary="Generate from a preset")
async def generate_preset(request: AnyRequest, gaze: Context, preset_slug: str) -> QueuedJobs:
    """Queue the images of a preset. 400 for a value out of range, 404, 422 if it cannot be planned, 503."""
    presets = next(c.name for c in gaze.categories.values() if "recipe" in c.struct.__struct_fields__)
    asset = gaze.library.get(presets, preset_slug)
    raw = await _body(request)
    given = {name: _texts(value) for name, value in raw.items() if value is not None}
    wanted = forms.one(given, "action")
    if wanted and wanted not in ("preview", "replace"):
        given["actions"] = [wanted]
    made = await order(gaze, asset, given)
    return QueuedJobs([Queued(job.id, "queued") for job in made.jobs], made.notes)


@post("/generate", status_code=200, summary="Generate from a recipe")
async def generate_recipe(request: AnyRequest, gaze: Context) -> QueuedJobs:
    """Queue the images of a recipe (the struct of specification prompts)."""
    recipe = read_recipe(await _body(request))
    made = await generate(recipe, gaze.library.shelf(), gaze.rng, gaze.queue, gaze.pool, Order())
    return QueuedJobs([Queued(job.id, "queued") for job in made.jobs], made.notes)


@get("/job/{job_id:str}", summary="A job's state")
async def job(gaze: Context, job_id: str) -> JobOut:
    """Poll this until the status is `done`, `failed` or `cancelled`. Raises 404."""
    found = await gaze.queue.get(job_id)
    return JobOut(found.id, found.label, found.public_status, found.error, found.result)


@get("/events", include_in_schema=False)
async def api_events(request: AnyRequest, gaze: Context, after: str = "") -> ServerSentEvent:
    """The event feed as JSON, one event a message."""
    seen = request.headers.get("last-event-id") or after or request.app.state.live.last_id
    return ServerSentEvent(request.app.state.live.stream(seen, as_json=True))


@get("/api/queue/{job_id:str}/status", include_in_schema=False)
async def page_status(gaze: Context, job_id: str) -> dict[str, Any]:
    """The status route of pages: no key, same origin only."""
    found: Job = await gaze.queue.get(job_id)
    return {"status": found.public_status, "result": found.result, "error": found.error}


@get("/openapi.json", include_in_schema=False, sync_to_thread=False)
def openapi(request: AnyRequest) -> Response[bytes]:
    """The description of the API, OpenAPI 3.1; needs no key."""
    return Response(msgspec.json.encode(request.app.openapi_schema.to_schema()), media_type="application/json")


@get("/docs", include_in_schema=False, sync_to_thread=False)
def docs(request: AnyRequest) -> Response[str]:
    """The description as a page for people; works offline."""
    return Response(request.app.state.render("api/docs.html"), media_type=HTML)


async def _body(request: AnyRequest) -> dict[str, Any]:
    """The JSON object of the body; empty if there is none. Raises Refusal."""
    content = await request.body()
    if not content.strip():
        return {}
    try:
        body = msgspec.json.decode(content)
    except msgspec.DecodeError as error:
        raise Refusal(f"The body is not valid JSON: {error}.") from error
    if not isinstance(body, dict):
        raise Refusal("The body is not an object {...}.")
    return body


def _texts(value: Any) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [item if isinstance(item, str) else str(item) for item in items]


API = Router(
    path="/api/v1",
    route_handlers=[list_assets, generate_preset, generate_recipe, job, api_events],
    guards=[with_key],
    tags=["GAZE"],
    security=[{"key": []}],
)
DESCRIPTION = Router(path="/api/v1", route_handlers=[openapi, docs])
ROUTES: list[ControllerRouterHandler] = [API, DESCRIPTION, page_status]
