"""The texts that image files carry: PNG chunks and EXIF, read without a pixel and never more than a bound."""

from __future__ import annotations

import io
import zlib
from collections.abc import Container
from pathlib import Path
from typing import BinaryIO

import msgspec
from PIL import ExifTags, Image, UnidentifiedImageError

from gaze.library.pictures import FAULTS, MAX_PIXELS, content_type

MOST_BYTES = 4 * 2**20  # of one text, packed or not
MOST_ALL = 16 * 2**20
MOST_TEXTS = 64
MOST_CHUNKS = 4_000
_HEAD = 1 << 16  # read at once: most images have their texts there
_USER_COMMENT, _MAKE, _MODEL, _DESCRIPTION = 0x9286, 0x010F, 0x0110, 0x010E


class Texts(msgspec.Struct, frozen=True, kw_only=True):
    """Type by content, size in pixels, texts by keyword, and what was not read, in words.

    `mark` is as in `ImageInfo`: "", "damaged", "too many pixels"; `content_type` is "" for what is no image.
    """

    content_type: str = ""
    width: int = 0
    height: int = 0
    mark: str = ""
    texts: dict[str, str] = {}
    notes: tuple[str, ...] = ()


def read_texts(file: Path, wanted: Container[str] | None = None) -> Texts:
    """Header and texts of an image file; with `wanted` only those keywords. Raises OSError if it cannot be read."""
    with file.open("rb", buffering=0) as source:
        return texts_of(source, wanted)


def texts_of(source: BinaryIO, wanted: Container[str] | None = None) -> Texts:
    """As `read_texts`, from an open file."""
    head = source.read(_HEAD)
    kind = content_type(head[:32])
    if kind == "image/png":
        return _Png(source, head, wanted).read()
    return _exif(source, kind) if kind else Texts()


class _Png:
    """One walk over a PNG's chunks up to the first pixels; lengths are what strangers claim."""

    def __init__(self, source: BinaryIO, head: bytes, wanted: Container[str] | None) -> None:
        self.source = source
        self.head = head
        self.wanted = wanted
        self.texts: dict[str, str] = {}
        self.notes: list[str] = []
        self.left = MOST_ALL

    def read(self) -> Texts:
        head = self.head
        width, height = int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
        if head[12:16] != b"IHDR" or not width or not height:
            return Texts(content_type="image/png", mark="damaged")
        damaged = not self._walk()
        mark = "too many pixels" if width * height > MAX_PIXELS else "damaged" if damaged else ""
        return Texts(
            content_type="image/png",
            width=width,
            height=height,
            mark=mark,
            texts=self.texts,
            notes=tuple(self.notes[:20]),
        )

    def _walk(self) -> bool:
        """Read texts until the pixels begin; False if the file ends before."""
        at = 33
        for _ in range(MOST_CHUNKS):
            chunk = self._at(at, 8)
            if len(chunk) < 8:
                return False
            length, kind = int.from_bytes(chunk[:4], "big"), chunk[4:]
            if kind in (b"IDAT", b"IEND"):
                return kind == b"IDAT"
            if kind in (b"tEXt", b"zTXt", b"iTXt"):
                if length > MOST_BYTES:
                    self.notes.append(f"A text in the image claims {_size(length)}; it was not read.")
                elif len(self.texts) < MOST_TEXTS:
                    self._text(kind, at + 8, length)
            at += length + 12
        return True

    def _at(self, at: int, length: int) -> bytes:
        if at + length <= len(self.head):
            return self.head[at : at + length]
        self.source.seek(at)
        return self.source.read(length)

    def _text(self, kind: bytes, at: int, length: int) -> None:
        keyword = self._at(at, min(length, 81)).partition(b"\0")[0]
        key = keyword.decode("latin-1", "replace")[:79]
        if (self.wanted is not None and key not in self.wanted) or key in self.texts:
            return
        body = self._at(at, length)[len(keyword) + 1 :]
        try:
            if kind == b"tEXt":
                text = body
            elif kind == b"zTXt":
                text = self._inflate(body[1:])
            else:
                packed, rest = body[:1] == b"\1", body[2:]
                text = rest.partition(b"\0")[2].partition(b"\0")[2]
                text = self._inflate(text) if packed else text
        except (zlib.error, OverflowError) as error:
            name = key or "a text"
            reason = str(error) if isinstance(error, OverflowError) else "it is damaged"
            self.notes.append(f"«{name}» in the image was not read: {reason}.")
            return
        self.left -= len(text)
        if self.left < 0:
            self.notes.append(f"The image holds more than {_size(MOST_ALL)} of texts; the rest was not read.")
            return
        # Most tools write UTF-8 into chunks that are Latin-1 by the letter.
        try:
            self.texts[key] = text.decode("utf-8")
        except UnicodeDecodeError:
            self.texts[key] = text.decode("latin-1" if kind != b"iTXt" else "utf-8", "replace")

    def _inflate(self, packed: bytes) -> bytes:
        """The unpacked text. Raises OverflowError for more than is read (faults F57), zlib.error."""
        made = zlib.decompressobj()
        text = made.decompress(packed, MOST_BYTES + 1)
        if len(text) > MOST_BYTES:
            raise OverflowError(f"it unpacks to more than {_size(MOST_BYTES)}")
        return text


def _exif(source: BinaryIO, kind: str) -> Texts:
    """Size and EXIF texts of any other image."""
    source.seek(0)
    try:
        with Image.open(io.BufferedReader(_Raw(source)), formats=[kind.removeprefix("image/").upper()]) as picture:
            width, height = picture.size
            exif = picture.getexif()
            if exif.get(ExifTags.Base.Orientation, 1) in (5, 6, 7, 8):
                width, height = height, width
            texts = _exif_texts(exif)
            if comment := picture.info.get("comment"):
                texts.setdefault("comment", _plain(comment))
    except (*FAULTS, UnidentifiedImageError, zlib.error):
        return Texts(content_type=kind, mark="damaged")
    mark = "too many pixels" if width * height > MAX_PIXELS else ""
    return Texts(content_type=kind, width=width, height=height, mark=mark, texts=texts)


class _Raw(io.RawIOBase):
    """An open file that outlives the image read from it."""

    def __init__(self, source: BinaryIO) -> None:
        self.source = source

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self.source.seek(offset, whence)

    def tell(self) -> int:
        return self.source.tell()

    def readinto(self, target: object, /) -> int:
        view = memoryview(target)  # type: ignore[arg-type]
        part = self.source.read(len(view))
        view[: len(part)] = part
        return len(part)


def _exif_texts(exif: Image.Exif) -> dict[str, str]:
    """EXIF texts under the names that PNG chunks have: A1111's `parameters`, ComfyUI's `prompt` and `workflow`."""
    found: dict[str, str] = {}
    inner = exif.get_ifd(ExifTags.IFD.Exif)
    comment = inner.get(_USER_COMMENT, exif.get(_USER_COMMENT))
    if comment and (text := user_comment(comment)):
        found["parameters"] = text
    for tag in (_MAKE, _MODEL, _DESCRIPTION):
        text = _plain(exif.get(tag))
        for key in ("prompt", "workflow"):
            if text.lower().startswith(f"{key}:"):
                found.setdefault(key, text[len(key) + 1 :])
        if tag == _DESCRIPTION and text and not found:
            found["Description"] = text
    return found


def user_comment(raw: object) -> str:
    """The text of an EXIF UserComment; its UTF-16 may be of another byte order than the file's (faults F56)."""
    if isinstance(raw, str):
        return raw[:MOST_BYTES].strip("\0 ")
    if not isinstance(raw, bytes):
        return ""
    code, body = raw[:8], raw[8:MOST_BYTES]
    if code == b"UNICODE\0":
        if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return body.decode("utf-16", "replace").strip("\0 ")
        # of mostly Latin letters the zero bytes are the upper ones
        big = body[0::2].count(0) >= body[1::2].count(0)
        return body.decode("utf-16-be" if big else "utf-16-le", "replace").strip("\0 ")
    if code in (b"ASCII\0\0\0", b"\0" * 8, b"JIS\0\0\0\0\0"):
        return body.decode("utf-8", "replace").strip("\0 ")
    return raw[:MOST_BYTES].decode("utf-8", "replace").strip("\0 ")


def _plain(value: object) -> str:
    if isinstance(value, bytes):
        return value[:MOST_BYTES].decode("utf-8", "replace").strip("\0 ")
    return value[:MOST_BYTES].strip("\0 ") if isinstance(value, str) else ""


def with_text(png: bytes, key: str, text: str) -> bytes:
    """A PNG with one more text before its pixels; what is no PNG, or has that text already, is left as it is."""
    at, begin = 8, -1
    while png.startswith(b"\x89PNG\r\n\x1a\n") and at + 12 <= len(png):
        length, kind = int.from_bytes(png[at : at + 4], "big"), png[at + 4 : at + 8]
        if kind in (b"tEXt", b"zTXt", b"iTXt") and png[at + 8 :].startswith(key.encode("latin-1") + b"\0"):
            return png
        if kind == b"IDAT":
            begin = at
            break
        at += length + 12
    if begin < 0:
        return png
    try:  # as PNG has it: Latin-1 where that is enough
        kind, body = b"tEXt", key.encode("latin-1") + b"\0" + text.encode("latin-1")
    except UnicodeEncodeError:
        kind, body = b"iTXt", key.encode("latin-1") + b"\0\0\0\0\0" + text.encode("utf-8", "replace")
    chunk = len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")
    return png[:begin] + chunk + png[begin:]


def _size(count: int) -> str:
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.0f} MiB"
