"""PNG files written fast: one filter for all rows and the lowest compression."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

from PIL import Image, ImageChops

SIGNATURE = b"\x89PNG\r\n\x1a\n"
UP = b"\x02"


def encode(picture: Image.Image, texts: Mapping[str, str] | None = None) -> bytes:
    """The bytes of an RGB picture as PNG, with one tEXt chunk per text, in their order.

    Several times as fast as Pillow's writer, which tries all filters on every row. Raises
    UnicodeEncodeError for a key outside latin-1, as the real server's save does.
    """
    width, height = picture.size
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [SIGNATURE, _chunk(b"IHDR", head)]
    for key, text in (texts or {}).items():
        chunks.append(_chunk(b"tEXt", key.encode("latin-1") + b"\0" + text.encode("latin-1")))
    chunks += [_chunk(b"IDAT", _pixels(picture)), _chunk(b"IEND", b"")]
    return b"".join(chunks)


def _pixels(picture: Image.Image) -> bytes:
    width, height = picture.size
    rows = ImageChops.subtract_modulo(picture, ImageChops.offset(picture, 0, 1))
    rows.paste(picture.crop((0, 0, width, 1)), (0, 0))
    raw, stride = rows.tobytes(), width * 3
    packed = zlib.compressobj(1, zlib.DEFLATED, 15, 9)
    lines = b"".join([UP + raw[start : start + stride] for start in range(0, stride * height, stride)])
    return packed.compress(lines) + packed.flush()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))
