"""From the description of a picture to its pixels, its preview and its files."""

from __future__ import annotations

import io
from functools import lru_cache

from PIL import Image

from gaze.simulator import work
from gaze.simulator.art import paint

PREVIEW_PX = 512
"""Long side of a sampler's preview, whatever the size of the picture (specification comfyui §3)."""


@lru_cache(maxsize=8)
def picture(what: work.Picture) -> Image.Image:
    """The pixels, RGB; shared, so not to be changed. Raises UnidentifiedImageError if a file is none."""
    if isinstance(what, work.Art):
        return paint(what.positive, what.seed, what.width, what.height, mood=what.checkpoint)
    if isinstance(what, work.Blank):
        rgb = (what.color >> 16 & 255, what.color >> 8 & 255, what.color & 255)
        return Image.new("RGB", (what.width, what.height), rgb)
    with Image.open(what.path) as stored:
        loaded = stored.convert("RGB")
    if what.scale == 1.0:
        return loaded
    return loaded.resize((max(1, round(loaded.width * what.scale)), max(1, round(loaded.height * what.scale))))


def preview(what: work.Picture, share: float, *, part: bool = False) -> bytes:
    """A JPEG of the picture as it looks with `share` (0 to 1) of the steps done: blurred, less and less.

    `part` shows the upper middle, where a detailer works.
    """
    full = picture(what)
    if part:
        width, height = full.size
        full = full.crop((width // 4, height // 8, width - width // 4, height - height * 3 // 8))
    scale = PREVIEW_PX / max(full.size) / (2 if part else 1)
    size = (max(1, round(full.width * scale)), max(1, round(full.height * scale)))
    grain = max(2, round(6 * (max(size) / 6) ** min(1.0, share)))
    tiny = (max(1, size[0] * grain // max(size)), max(1, size[1] * grain // max(size)))
    small = full.resize(tiny, Image.Resampling.BILINEAR, reducing_gap=1.5)
    out = io.BytesIO()
    small.resize(size, Image.Resampling.BICUBIC).save(out, "JPEG", quality=85)
    return out.getvalue()
