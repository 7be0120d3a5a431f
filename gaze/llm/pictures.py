"""Pictures for models that can see: made small, kept privately until their job is done."""

from __future__ import annotations

import base64
import contextlib
import io
import re
from pathlib import Path
from uuid import uuid4

from PIL import Image, ImageOps, UnidentifiedImageError

from gaze.core.errors import Refusal
from gaze.library.files import make_folder, write

FOLDER = "data/.gaze/pictures"
SIZE_PX = 1024  # what vision models look at; more costs tokens and shows them nothing
MOST_PIXELS = 100_000_000
_NAME = re.compile(r"^[0-9a-f]{32}\.jpg$")


def keep(root: Path, content: bytes) -> str:
    """Keep a picture, by its content and never by its name. Raises Refusal (415), NoRoom, Unavailable."""
    try:
        with Image.open(io.BytesIO(content)) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise Refusal("The picture has more than 100 megapixels.", field="picture", status=413)
            picture = ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Refusal("That is no picture that can be read.", field="picture", status=415) from error
    picture.thumbnail((SIZE_PX, SIZE_PX))
    made = io.BytesIO()
    picture.save(made, "JPEG", quality=88)
    name = f"{uuid4().hex}.jpg"
    make_folder(root / FOLDER, FOLDER)
    write(root, f"{FOLDER}/{name}", made.getvalue())
    return name


def data_url(root: Path, name: str) -> str:
    """The picture as a request carries it; "" where it is gone."""
    if not _NAME.match(name):
        return ""
    try:
        content = (root / FOLDER / name).read_bytes()
    except OSError:
        return ""
    return f"data:image/jpeg;base64,{base64.b64encode(content).decode()}"


def forget(root: Path, name: str) -> None:
    """Take a picture away."""
    if _NAME.match(name):
        with contextlib.suppress(OSError):
            (root / FOLDER / name).unlink()
