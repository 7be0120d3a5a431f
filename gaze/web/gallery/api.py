"""Images over the REST API: the gallery's filters, a page at a time."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
from litestar import Request, get
from litestar.params import Parameter
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.web.api_assets import refusals
from gaze.web.gallery.ask import MOST, ask_of
from gaze.web.gallery.page import image_json, next_of

AnyRequest = Request[Any, Any, Any]


class ImageOut(msgspec.Struct):
    """An image: `path` below `static/uploads`, `url` relative to the server. `seed` is text: JavaScript would round it.

    `assets` are `category/slug`; `tool` is GAZE, ComfyUI, A1111, SwarmUI, InvokeAI or NovelAI; `problem` says why an
    image cannot be shown.
    """

    path: str
    url: str
    created: str
    width: int
    height: int
    is_favourite: bool
    is_nsfw: bool
    seed: str | None
    checkpoint: str | None
    assets: list[str]
    loras: list[str]
    batch: str | None
    tool: str | None
    problem: str | None


class ImagesOut(msgspec.Struct):
    """Images, newest first. `next` goes into `before` for the next page; null after the last. `counts` says for each
    filter how many images its values would leave under all other filters."""

    images: list[ImageOut]
    total: int
    next: str | None
    counts: dict[str, dict[str, int]]


@get("/images", summary="List images", responses=refusals(400, 401, 404, 405))
async def list_images(
    request: AnyRequest,
    gaze: Context,
    q: str = Parameter(default="", description="words that the prompt must hold"),
    favourite: bool = False,
    nsfw: str = Parameter(default="all", description="all, sfw or nsfw"),
    category: str = Parameter(default="", description="the category whose image it is, or generator"),
    asset: Annotated[list[str] | None, Parameter(description="category/slug; all of them took part")] = None,
    checkpoint: str = "",
    lora: str = Parameter(default="", description="a LoRA's path as the image names it"),
    size: str = Parameter(default="", description="width and height, such as 832x1216"),
    seed: str = "",
    since: str = Parameter(default="", description="the first day, such as 2026-11-25"),
    until: str = Parameter(default="", description="the last day"),
    batch: str = "",
    tool: str = "",
    stacks: bool = Parameter(default=False, description="one image of each recipe"),
    limit: int = Parameter(default=60, ge=1, le=MOST),
    before: str = Parameter(default="", description="what `next` of the page before says"),
) -> ImagesOut:
    """All images under static/uploads that pass, newest first, `limit` at a time."""
    given: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        if name not in ("after", "at", "like", "recipe"):
            given.setdefault(name, []).append(value)
    ask = ask_of({**given, "favourite": ["on" if favourite else ""], "stacks": ["on" if stacks else ""]})
    found = await asyncio.to_thread(gaze.library.find_images, ask.query)
    rows = found.before(ask.before, ask.limit)
    following = next_of(found, rows)
    return ImagesOut(
        images=[msgspec.convert(image_json(gaze, row), ImageOut) for row in rows],
        total=found.total,
        next=None if following is None else str(following),
        counts=found.counts,
    )


ROUTES: list[ControllerRouterHandler] = [list_images]
