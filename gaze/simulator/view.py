"""/view: a file as it is, a part of it, or re-encoded (specification comfyui §6)."""

from __future__ import annotations

import io
import mimetypes
import re
from email.utils import formatdate
from pathlib import Path

from PIL import Image

from gaze.simulator.exchange import Answer


def view(path: Path, query: dict[str, str], headers: dict[str, str]) -> Answer:
    """The answer for a file that exists. Raises OSError for a picture that cannot be re-encoded."""
    disposition = ("content-disposition", f'filename="{path.name}"')
    if "preview" in query:
        kind, _, quality = query["preview"].partition(";")
        kind = kind if kind in ("webp", "jpeg") else "webp"
        data = _encoded(path, kind.upper(), int(quality) if quality.isdigit() else 90)
        return Answer(200, data, f"image/{kind}", (disposition,))
    if query.get("channel") in ("rgb", "a"):
        return Answer(200, _channel(path, query["channel"]), "image/png", (disposition,))
    return _as_it_is(path, disposition, headers)


def _as_it_is(path: Path, disposition: tuple[str, str], headers: dict[str, str]) -> Answer:
    state = path.stat()
    etag = f'"{state.st_mtime_ns:x}-{state.st_size:x}"'
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    about: tuple[tuple[str, str], ...] = (
        disposition,
        ("etag", etag),
        ("last-modified", formatdate(state.st_mtime, usegmt=True)),
    )
    if headers.get("if-none-match") in (etag, "*"):
        return Answer(304, b"", kind, about)
    data = path.read_bytes()
    about = (*about, ("accept-ranges", "bytes"))
    wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", headers.get("range", ""))
    if wanted is None or wanted.groups() == ("", ""):
        return Answer(200, data, kind, about)
    if wanted[1]:
        start, end = int(wanted[1]), min(int(wanted[2] or len(data)), len(data) - 1)
    else:
        start, end = max(0, len(data) - int(wanted[2])), len(data) - 1
    if start > end:
        return Answer(416, b"", "", (*about, ("content-range", f"bytes */{len(data)}")))
    part = ("content-range", f"bytes {start}-{end}/{len(data)}")
    return Answer(206, data[start : end + 1], kind, (*about, part))


def _encoded(path: Path, kind: str, quality: int) -> bytes:
    out = io.BytesIO()
    with Image.open(path) as picture:
        picture.convert("RGB").save(out, kind, quality=quality)
    return out.getvalue()


def _channel(path: Path, channel: str) -> bytes:
    out = io.BytesIO()
    with Image.open(path) as picture:
        rgba = picture.convert("RGBA")
        (rgba.convert("RGB") if channel == "rgb" else rgba.getchannel("A")).save(out, "PNG")
    return out.getvalue()
