"""An image from the user's disk as cover: taken by its content, never by its name (faults F58, F93, F97)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from litestar import Request, Response, post
from litestar.datastructures import UploadFile
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.errors import Refusal
from gaze.web.answer import HTML, answer, is_htmx, toast, wants_json

AnyRequest = Request[Any, Any, Any]


@post("/{category:str}/{slug:str}/upload", include_in_schema=False)
async def upload(request: AnyRequest, gaze: Context, category: str, slug: str) -> Response[Any]:
    """Keep the image `image` beside the asset's others and make it the cover. 413, 415 in words."""
    asset = gaze.library.get(category, slug)
    name, content = await _image(request)
    path = await asyncio.to_thread(_keep, gaze, category, slug, name, content)
    if is_htmx(request) and not wants_json(request):
        return Response(toast(request, "The image is the cover now."), media_type=HTML, status_code=200)
    return answer(request, data={"cover": path}, goto=f"/{category}/{asset.slug}")


async def _image(request: AnyRequest) -> tuple[str, bytes]:
    """Name and content of the file that was sent. Raises Refusal if there is none."""
    form = await request.form()
    for value in form.getall("image", []):
        if isinstance(value, UploadFile) and (value.filename or value.file):
            content = await value.read()
            await value.close()
            if content or value.filename:
                return value.filename or "upload", content
    raise Refusal("Choose an image first: PNG, JPEG, WebP, AVIF or GIF.", field="image")


def _keep(gaze: Context, category: str, slug: str, name: str, content: bytes) -> str:
    stem = name.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0] or "upload"
    sidecar = {"source": name[:200], "created": datetime.now(UTC).isoformat(timespec="seconds")}
    path = gaze.library.gallery.save(category, slug, stem, content, sidecar)
    gaze.library.preferences.set_cover(category, slug, path)
    return path


ROUTES: list[ControllerRouterHandler] = [upload]
