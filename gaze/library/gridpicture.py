"""A sweep's grid as one picture with labels."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from gaze.core.errors import Refusal

# The longest side of a cell, in pixels; smaller where the whole would grow beyond MAX_SIDE.
CELL = 512
MAX_SIDE = 12_000
_GAP, _MARGIN = 8, 16
_BACK, _INK, _EMPTY = "#121316", "#e8e9ec", "#26282d"


def grid_picture(
    title: str, columns: Sequence[str], rows: Sequence[str], files: Mapping[tuple[int, int], Path]
) -> bytes:
    """A PNG of cells by (column, row), with what each column and row stands for. Raises Refusal without a picture."""
    if not files:
        raise Refusal("No picture of this sweep is done yet.")
    with Image.open(next(iter(files.values()))) as first:
        ratio = first.width / first.height
    side = min(CELL, MAX_SIDE // max(len(columns), len(rows)))
    width, height = (side, round(side / ratio)) if ratio >= 1 else (round(side * ratio), side)
    letters, titles = max(14, side // 20), max(16, side // 16)
    font, heading = ImageFont.load_default(letters), ImageFont.load_default(titles)
    left = max((round(font.getlength(text)) for text in rows), default=0) + (_MARGIN if any(rows) else 0) + _MARGIN
    top = _MARGIN + titles * 2 + letters * 2
    size = (left + len(columns) * (width + _GAP) + _MARGIN, round(top + len(rows) * (height + _GAP) + _MARGIN))
    sheet = Image.new("RGB", size, _BACK)
    draw = ImageDraw.Draw(sheet)
    draw.text((_MARGIN, _MARGIN), title, _INK, heading)
    for x, text in enumerate(columns):
        draw.text((left + x * (width + _GAP) + width // 2, top - letters // 2), text, _INK, font, anchor="mb")
    for y, text in enumerate(rows):
        draw.text((left - _MARGIN // 2, top + y * (height + _GAP) + height // 2), text, _INK, font, anchor="rm")
        for x in range(len(columns)):
            place = (left + x * (width + _GAP), round(top + y * (height + _GAP)))
            _paste(sheet, files.get((x, y)), place, (width, height))
    out = io.BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()


def _paste(sheet: Image.Image, file: Path | None, place: tuple[int, int], size: tuple[int, int]) -> None:
    cell = Image.new("RGB", size, _EMPTY)
    if file is not None:
        try:
            with Image.open(file) as picture:
                cell = ImageOps.pad(picture.convert("RGB"), size, color=_EMPTY)
        except OSError:
            pass  # a damaged one stays an empty cell
    sheet.paste(cell, place)
