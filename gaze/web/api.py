"""The REST API for programs (specification pages, "REST API"); described at /api/v1/openapi.json."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Request, Response, Router, delete, get, post
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.response import ServerSentEvent
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.plantext import read_recipe
from gaze.jobs.generate import Order, generate
from gaze.jobs.record import Job, Result
from gaze.web import api_assets, forms, guard
from gaze.web.answer import HTML
from gaze.web.api_assets import refusals
from gaze.web.asset import order
from gaze.web.body import json_object
from gaze.web.gallery import api as gallery_api

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


class Cancelled(msgspec.Struct):
    id: str
    status: str


_TEXT = Schema(type=[OpenAPIType.STRING, OpenAPIType.NULL])
_WHOLE = Schema(type=[OpenAPIType.INTEGER, OpenAPIType.STRING, OpenAPIType.NULL])


@dataclass
class PresetIn(Operation):
    """What a preset's own values are replaced by; all may be left out.

    `action` names an action (its slug); `preview` and `replace` keep the page's meaning.
    """

    def __post_init__(self) -> None:
        texts = dict.fromkeys(("action", "checkpoint", "extra_positive", "extra_negative"), _TEXT)
        whole = dict.fromkeys(("seed", "width", "height", "count"), _WHOLE)
        schema = Schema(type=OpenAPIType.OBJECT, properties={**texts, **whole})
        self.request_body = RequestBody(content={"application/json": OpenAPIMediaType(schema=schema)})


@dataclass
class RecipeIn(Operation):
    """A recipe; docs/api.md has an example."""

    def __post_init__(self) -> None:
        whole = dict.fromkeys(("seed", "width", "height", "steps", "count"), _WHOLE)
        schema = Schema(type=OpenAPIType.OBJECT, properties={"character": _TEXT, **whole})
        self.request_body = RequestBody(content={"application/json": OpenAPIMediaType(schema=schema)})


def with_key(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard: only with the right key."""
    guard.require_key(connection)  # type: ignore[arg-type]


@post(
    "/generate/{preset_slug:str}",
    status_code=200,
    summary="Generate from a preset",
    operation_class=PresetIn,
    responses=refusals(400, 401, 403, 404, 405, 413, 415, 422, 503),
)
async def generate_preset(request: AnyRequest, gaze: Context, preset_slug: str) -> QueuedJobs:
    """Queue the images of a preset. 400 for a value out of range, 404, 422 if it cannot be planned, 503."""
    presets = next(c.name for c in gaze.categories.values() if c.has_recipe)
    asset = gaze.library.get(presets, preset_slug)
    raw = await _body(request)
    given = {name: _texts(value) for name, value in raw.items() if value is not None}
    wanted = forms.one(given, "action")
    if wanted and wanted not in ("preview", "replace"):
        given["actions"] = [wanted]
    made = await order(gaze, asset, given)
    return QueuedJobs([Queued(job.id, "queued") for job in made.jobs], made.notes)


@post(
    "/generate",
    status_code=200,
    summary="Generate from a recipe",
    operation_class=RecipeIn,
    responses=refusals(400, 401, 403, 404, 405, 413, 415, 422, 503),
)
async def generate_recipe(request: AnyRequest, gaze: Context) -> QueuedJobs:
    """Queue the images of a recipe (the struct of specification prompts)."""
    recipe = read_recipe(await _body(request))
    made = await generate(recipe, gaze.library.shelf(), gaze.rng, gaze.queue, gaze.pool, Order())
    return QueuedJobs([Queued(job.id, "queued") for job in made.jobs], made.notes)


@get("/job/{job_id:str}", summary="A job's state", responses=refusals(400, 401, 404, 405, 503))
async def job(gaze: Context, job_id: str) -> JobOut:
    """Poll this until the status is `done`, `failed` or `cancelled`. Raises 404."""
    found = await gaze.queue.get(job_id)
    return JobOut(found.id, found.label, found.public_status, found.error, found.result)


@delete(
    "/job/{job_id:str}", status_code=200, summary="Cancel a job", responses=refusals(400, 401, 403, 404, 405, 409, 503)
)
async def cancel_job(gaze: Context, job_id: str) -> Cancelled:
    """Take a job out of the queue, or stop it. Raises 404, 409 if it is over."""
    found = await gaze.queue.cancel(job_id)
    return Cancelled(found.id, found.public_status)


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
    return json_object(content) if content.strip() else {}


def _texts(value: Any) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [item if isinstance(item, str) else str(item) for item in items]


API = Router(
    path="/api/v1",
    route_handlers=[
        *gallery_api.ROUTES,
        *api_assets.ROUTES,
        generate_preset,
        generate_recipe,
        job,
        cancel_job,
        api_events,
    ],
    guards=[with_key],
    tags=["GAZE"],
    security=[{"key": []}],
)
DESCRIPTION = Router(path="/api/v1", route_handlers=[openapi, docs])
ROUTES: list[ControllerRouterHandler] = [API, DESCRIPTION, page_status]
