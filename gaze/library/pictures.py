"""Pixels: what a file is by its content, whether it can be shown, and its thumbnails."""

from __future__ import annotations

import io
import os
import secrets
import struct
import threading
import zlib
from hashlib import sha256
from pathlib import Path

import msgspec
from PIL import Image, ImageOps, UnidentifiedImageError

from gaze.core.errors import Refusal

MAX_PIXELS = 100_000_000
WIDTHS = (192, 384, 768, 1536)

Image.MAX_IMAGE_PIXELS = None  # the limit is checked here, before a pixel is read; Pillow's own would only warn
_TWO_AT_A_TIME = threading.BoundedSemaphore(2)  # a picture at the limit takes 400 MB

_KINDS = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "image/avif": ".avif", "image/gif": ".gif"}
FAULTS = (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, OverflowError, struct.error)


class ImageInfo(msgspec.Struct, frozen=True, kw_only=True):
    """`content_type` is "" for what is no image: serve it as a download. `mark` is "", "damaged", "too many pixels"."""

    content_type: str = ""
    width: int = 0
    height: int = 0
    mark: str = ""


class Thumb(msgspec.Struct, frozen=True):
    """A thumbnail's file, or why there is none: "damaged", "too many pixels", "not an image"."""

    file: Path | None
    mark: str = ""


def content_type(head: bytes) -> str:
    """The type of an image by its first bytes (32 are enough), never by its name; `""` if it is none (faults F93)."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp" and (head[8:12] in (b"avif", b"avis") or b"avif" in head[16:32]):
        return "image/avif"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    return ""


def info(file: Path) -> ImageInfo:
    """What a file is, from its header alone. Raises OSError if it cannot be read."""
    with file.open("rb") as source:
        kind = content_type(source.read(32))
        if not kind:
            return ImageInfo()
        source.seek(0)
        try:
            width, height = _size(source, kind)
        except FAULTS:
            return ImageInfo(content_type=kind, mark="damaged")
    mark = "too many pixels" if width * height > MAX_PIXELS else ""
    return ImageInfo(content_type=kind, width=width, height=height, mark=mark)


def _size(source: io.BufferedReader | io.BytesIO, kind: str) -> tuple[int, int]:
    if kind == "image/png":  # Pillow would read all texts before the first pixel
        head = source.read(24)
        width, height = struct.unpack(">II", head[16:24])
        if head[12:16] != b"IHDR" or not width or not height:
            raise ValueError("no header")
        return width, height
    with Image.open(source, formats=[kind.removeprefix("image/").upper()]) as picture:
        return picture.size


def verify(content: bytes) -> tuple[str, int, int]:
    """Ending, width and height of an image that can be shown.

    Raises Refusal: 415 if the content is no image or damaged, 413 if it has too many pixels (faults F58, F93).
    """
    kind = content_type(content[:32])
    if not kind:
        wanted = "PNG, JPEG, WebP, AVIF or GIF is needed"
        raise Refusal(f"This is not an image; {wanted}.", status=415, code="not-an-image")
    try:
        width, height = _size(io.BytesIO(content), kind)
        if width * height > MAX_PIXELS:
            limit = f"at most {MAX_PIXELS / 1e6:.0f} megapixels are taken"
            raise Refusal(f"The image has too many pixels ({width} × {height}); {limit}.", status=413, code="too-large")
        with _TWO_AT_A_TIME, _open(content, kind) as picture:
            picture.load()
    except (*FAULTS, UnidentifiedImageError) as error:
        raise Refusal("The image is damaged and cannot be shown.", status=415, code="damaged") from error
    return _KINDS[kind], width, height


def _open(content: bytes, kind: str) -> Image.Image:
    formats = [kind.removeprefix("image/").upper()]
    try:
        return Image.open(io.BytesIO(content), formats=formats)
    except ValueError:  # a text chunk that inflates without end (faults F57); the picture may be fine without it
        if kind != "image/png":
            raise
        return Image.open(io.BytesIO(_without_texts(content)), formats=formats)


def _without_texts(content: bytes) -> bytes:
    """A PNG without its text chunks."""
    kept, at = [content[:8]], 8
    while at + 12 <= len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        end = at + 12 + length
        if content[at + 4 : at + 8] not in (b"zTXt", b"iTXt", b"tEXt", b"iCCP"):
            kept.append(content[at:end])
        at = end
    return b"".join(kept)


class Thumbnails:
    """WebP copies under `data/.gaze/thumbs`, keyed by path, time and size, made when first seen (faults F61)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._marks: dict[str, str] = {}

    def get(self, file: Path, path: str, width: int) -> Thumb:
        """The thumbnail of an image, at most the next of `WIDTHS` wide; never larger than the image.

        A file that cannot be shown gives a mark, never an exception (faults F58, F59). Raises FileNotFoundError.
        """
        width = next((fit for fit in WIDTHS if fit >= width), WIDTHS[-1])
        found = file.stat()
        key = sha256(f"{path}\n{found.st_mtime_ns}\n{found.st_size}".encode()).hexdigest()[:32]
        if key in self._marks:
            return Thumb(None, self._marks[key])
        target = self.folder / key[:2] / f"{key}-{width}.webp"
        if target.exists():
            return Thumb(target)
        about = info(file)
        mark = about.mark or ("" if about.content_type else "not an image")
        if not mark:
            try:
                with _TWO_AT_A_TIME:
                    body = shrink(file.read_bytes(), about.content_type, width)
            except (*FAULTS, UnidentifiedImageError, MemoryError, zlib.error):
                mark = "damaged"
        if mark:
            if len(self._marks) > 10_000:
                self._marks.clear()
            self._marks[key] = mark
            return Thumb(None, mark)
        return Thumb(_keep(target, body))


def shrink(content: bytes, kind: str, width: int) -> bytes:
    """A WebP of an image, at most `width` pixels wide and twice as high."""
    with _open(content, kind) as picture:
        picture.draft("RGB", (width * 2, width * 4))  # JPEG only: decodes at a smaller scale
        turned = ImageOps.exif_transpose(picture)
        has_alpha = turned.mode in ("RGBA", "LA", "PA") or "transparency" in turned.info
        made = turned.convert("RGBA" if has_alpha else "RGB")
    made.thumbnail((width, width * 2), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    made.save(out, "WEBP", quality=82, method=2)
    return out.getvalue()


def _keep(target: Path, body: bytes) -> Path:
    """Write without fsync: what a power cut damages here is made again."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.parent / f".gaze-{os.getpid()}-{secrets.token_hex(6)}.tmp"
    temporary.write_bytes(body)
    temporary.replace(target)
    return target
