"""Static files, uploads and thumbnails: with ETag, 304 and Range, and by content, never by name."""

from __future__ import annotations

import asyncio
import mimetypes
import re
from email.utils import formatdate
from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.errors import NotFound
from gaze.library.pictures import Thumb

_RANGE = re.compile(r"bytes=(\d*)-(\d*)$")
_CHUNK_LIMIT = 64 * 2**20
RAW = {"raw": True}
AnyRequest = Request[Any, Any, Any]


@get("/static/{path:path}", opt=RAW, include_in_schema=False)
async def static(request: AnyRequest, gaze: Context, path: str) -> Response[bytes]:
    """A file of the program's `static/`, or an image below the root's `static/uploads/`."""
    name = path.lstrip("/")
    if name.startswith("uploads/"):
        return await upload(request, gaze, name.removeprefix("uploads/"))
    base = gaze.program / "static"
    file = (base / name).resolve()
    if not file.is_relative_to(base) or file.is_relative_to(base / "uploads"):
        raise NotFound("There is no such file.")
    content_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return await serve(request, file, content_type)


async def upload(request: AnyRequest, gaze: Context, path: str) -> Response[bytes]:
    """An image of the library; what is none by its content is served as a download (F93)."""
    file = await asyncio.to_thread(gaze.library.gallery.file, path)
    info = await asyncio.to_thread(gaze.library.gallery.info, path)
    if not info.content_type:
        headers = {"Content-Disposition": "attachment", "Content-Security-Policy": "sandbox"}
        return await serve(request, file, "application/octet-stream", headers)
    return await serve(request, file, info.content_type)


@get("/thumbs/{width:int}/{path:path}", opt=RAW, include_in_schema=False)
async def thumbnail(request: AnyRequest, gaze: Context, width: int, path: str) -> Response[bytes]:
    """A WebP of an image, at most `width` pixels wide (384 or 768)."""
    if width not in (384, 768):
        raise NotFound("Thumbnails are 384 or 768 pixels wide.")
    return await serve_thumb(request, await asyncio.to_thread(gaze.library.gallery.thumbnail, path.lstrip("/"), width))


async def serve_thumb(request: AnyRequest, thumb: Thumb) -> Response[bytes]:
    """A thumbnail, or a picture of why there is none."""
    if thumb.file is None:
        text = thumb.mark or "no image"
        svg = (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 384 512">'
            '<rect width="384" height="512" fill="#26282d"/>'
            f'<text x="192" y="262" fill="#b3b7c0" font-family="sans-serif" font-size="26" text-anchor="middle">{text}'
            "</text></svg>"
        )
        return Response(svg.encode(), media_type="image/svg+xml", headers={"Cache-Control": "no-store"})
    return await serve(request, thumb.file, "image/webp")


async def serve(
    request: AnyRequest, file: Path, content_type: str, headers: dict[str, str] | None = None
) -> Response[bytes]:
    """A file with ETag and Last-Modified; 304 and 206 where they are asked for. Raises NotFound."""
    try:
        stat = await asyncio.to_thread(file.stat)
    except OSError as error:
        raise NotFound("There is no such file.") from error
    if not file.is_file():
        raise NotFound("There is no such file.")
    etag = f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"'
    common = {
        "ETag": etag,
        "Last-Modified": formatdate(stat.st_mtime, usegmt=True),
        "Cache-Control": "no-cache",  # kept, but asked about: 304 is quick, and a changed file shows at once
        "Accept-Ranges": "bytes",
        **(headers or {}),
    }
    if etag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=common, media_type=content_type)
    asked = _RANGE.match(request.headers.get("range", ""))
    if asked and (asked[1] or asked[2]):
        first = int(asked[1]) if asked[1] else max(stat.st_size - int(asked[2]), 0)
        last = min(int(asked[2]), stat.st_size - 1) if asked[1] and asked[2] else stat.st_size - 1
        if first > last:
            wrong = {**common, "Content-Range": f"bytes */{stat.st_size}"}
            return Response(b"", status_code=416, headers=wrong, media_type=content_type)
        last = min(last, first + _CHUNK_LIMIT - 1)
        content = await asyncio.to_thread(_read, file, first, last - first + 1)
        part = {**common, "Content-Range": f"bytes {first}-{last}/{stat.st_size}"}
        return Response(content, status_code=206, headers=part, media_type=content_type)
    content = await asyncio.to_thread(file.read_bytes)
    return Response(content, headers=common, media_type=content_type)


def _read(file: Path, first: int, length: int) -> bytes:
    with file.open("rb") as opened:
        opened.seek(first)
        return opened.read(length)


ROUTES: list[ControllerRouterHandler] = [static, thumbnail]
