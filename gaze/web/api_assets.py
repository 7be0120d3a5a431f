"""Assets over the REST API: list, read, replace, merge, delete, by version (ETag and If-Match)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Request, Response, delete, get, patch, put
from litestar.datastructures import ResponseHeader
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import Parameter
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.errors import Refusal
from gaze.library import document
from gaze.library.document import Document
from gaze.web import forms
from gaze.web.body import json_object
from gaze.web.library import category_of, listing

AnyRequest = Request[Any, Any, Any]


class ErrorOut(msgspec.Struct, omit_defaults=True):
    """One thing that is wrong: `code` for programs, `message` for people, `field` where it is one value."""

    code: str
    message: str
    field: str | None = None
    category: str | None = None
    slug: str | None = None
    near: str | None = None


class ErrorsOut(msgspec.Struct):
    """What every refusal looks like."""

    errors: list[ErrorOut]


class Deleted(msgspec.Struct):
    """Where the asset is now; `POST /trash/<trash_id>/restore` brings it back."""

    trash_id: str


MEANING = {
    400: "A value is out of range or of the wrong type",
    401: "The key is missing or wrong",
    403: "Not allowed from there",
    404: "There is no such thing",
    405: "Not possible at this address",
    409: "It clashes with what is there",
    412: "Another version is there than If-Match names",
    413: "Too large",
    415: "The body is not JSON",
    422: "Well-formed, but it cannot be used",
    428: "If-Match is missing",
    503: "Redis, a backend or a folder is away",
    507: "The disk is full",
}
_WRITING = (400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 428, 503, 507)
_CREATED = ResponseSpec(data_container=dict[str, Any], description="Created", generate_examples=False)
ETAG = ResponseHeader(name="ETag", documentation_only=True, required=False, description="The version of the file")


def refusals(*statuses: int) -> dict[int, ResponseSpec]:
    """The errors a route may answer with, for its description."""
    return {
        status: ResponseSpec(data_container=ErrorsOut, description=MEANING[status], generate_examples=False)
        for status in statuses
    }


@dataclass
class JsonIn(Operation):
    """A route whose body is any JSON object, read by hand so that nothing in it is lost."""

    def __post_init__(self) -> None:
        body = {"application/json": OpenAPIMediaType(schema=Schema(type=OpenAPIType.OBJECT))}
        self.request_body = RequestBody(content=body, required=True)


@dataclass
class MergeIn(Operation):
    """A route whose body is a JSON Merge Patch."""

    def __post_init__(self) -> None:
        media = OpenAPIMediaType(schema=Schema(type=OpenAPIType.OBJECT))
        self.request_body = RequestBody(
            content={"application/merge-patch+json": media, "application/json": media}, required=True
        )


@get("/{category:str}", summary="List a category", responses=refusals(400, 401, 404, 405))
async def list_assets(
    request: AnyRequest,
    gaze: Context,
    category: str,
    q: str = "",
    favourite: bool = False,
    nsfw: str = Parameter(default="all", description="all, sfw or nsfw"),
    has_problem: bool = False,
    no_cover: bool = False,
    missing_lora: bool = False,
    rating: int = Parameter(default=0, ge=0, le=5, description="at least so many stars"),
    sort: str = Parameter(default="name", description="name, newest or rating"),
    limit: int | None = Parameter(default=None, ge=1, le=100_000),
    offset: int = Parameter(default=0, ge=0, le=10**9),
) -> dict[str, Any]:
    """All assets of a category (`presets`, `characters`, ...), whole unless `limit` is given.

    Every tag of the category is a filter, too: `?origin_series=Original`.
    """
    declared = category_of(gaze, category)
    given: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        if name not in ("limit", "offset", "group"):
            given.setdefault(name, []).append(value)
    query = forms.query(declared, given)
    wanted = msgspec.structs.replace(query, offset=offset, limit=limit if limit is not None else 10**9)
    return listing(declared, gaze.library.query(declared.name, wanted))


@get(
    "/{category:str}/{slug:str}",
    summary="Read an asset",
    response_headers=[ETAG],
    responses=refusals(400, 401, 404, 405, 422, 503),
)
async def read_asset(request: AnyRequest, gaze: Context, category: str, slug: str) -> Response[dict[str, Any]]:
    """The JSON of the asset's file; the ETag is its version. 304 if If-None-Match names it."""
    category_of(gaze, category)
    found = await asyncio.to_thread(document.read, gaze.library, category, slug)
    if found.version in document.tags_of(request.headers.get("if-none-match", "")):
        return Response(b"", status_code=304, headers={"ETag": f'"{found.version}"'})  # type: ignore[arg-type]
    return _document(found)


@put(
    "/{category:str}/{slug:str}",
    summary="Replace or create an asset",
    operation_class=JsonIn,
    response_headers=[ETAG],
    responses={
        **refusals(*_WRITING),
        201: ResponseSpec(dict[str, Any], description="Created", generate_examples=False),
    },
)
async def put_asset(
    request: AnyRequest,
    gaze: Context,
    category: str,
    slug: str,
    if_match: str | None = Parameter(default=None, header="If-Match", description="The ETag it replaces, or *"),
    if_none_match: str | None = Parameter(default=None, header="If-None-Match", description="*: only create"),
) -> Response[dict[str, Any]]:
    """Make the body the asset's file; what stays the same keeps its bytes. A free slug creates it."""
    category_of(gaze, category)
    if if_none_match is not None and gaze.library.find(category, slug) is not None:
        raise document.Stale(f"There is a «{slug}» among {category} already.")
    value = await body(request)
    return _document(await asyncio.to_thread(document.replace, gaze.library, category, slug, value, if_match))


@patch(
    "/{category:str}/{slug:str}",
    summary="Change parts of an asset",
    operation_class=MergeIn,
    response_headers=[ETAG],
    responses=refusals(*_WRITING),
)
async def patch_asset(
    request: AnyRequest,
    gaze: Context,
    category: str,
    slug: str,
    if_match: str | None = Parameter(default=None, header="If-Match", description="The ETag it changes, or *"),
) -> Response[dict[str, Any]]:
    """Apply a JSON Merge Patch (RFC 7396): null takes a key out. One value changed is one line of the file."""
    category_of(gaze, category)
    value = await body(request)
    return _document(await asyncio.to_thread(document.merge, gaze.library, category, slug, value, if_match))


@delete(
    "/{category:str}/{slug:str}",
    status_code=200,
    summary="Move an asset to the trash",
    responses=refusals(400, 401, 403, 404, 405, 412, 428, 503, 507),
)
async def delete_asset(
    gaze: Context,
    category: str,
    slug: str,
    if_match: str | None = Parameter(default=None, header="If-Match", description="The ETag it deletes, or *"),
) -> Deleted:
    """Its state and images go along; nothing leaves the trash by itself."""
    category_of(gaze, category)
    return Deleted(await asyncio.to_thread(document.remove, gaze.library, category, slug, if_match))


def _document(found: Document) -> Response[dict[str, Any]]:
    return Response(found.value, status_code=201 if found.created else 200, headers={"ETag": f'"{found.version}"'})


async def body(request: AnyRequest) -> dict[str, Any]:
    """The JSON object of the body. Raises Refusal."""
    kind = request.headers.get("content-type", "application/json").split(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise Refusal("The body must be JSON (application/json).", status=415, code="not-json")
    return json_object(await request.body())


ROUTES: list[ControllerRouterHandler] = [list_assets, read_asset, put_asset, patch_asset, delete_asset]
