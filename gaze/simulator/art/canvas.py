"""Smooth shapes on a picture: each is drawn as a mask of twice the size and pasted through it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from PIL import Image, ImageChops, ImageDraw

from gaze.simulator.art.palette import RGB

Point = tuple[float, float]
Points = Sequence[Point]
Fill = RGB | tuple[RGB, ...]
"""One colour, or several from top to bottom of the shape."""

FINE = 2
CURVE = 9


@lru_cache(maxsize=2048)
def path(text: str) -> tuple[Point, ...]:
    """The points of an outline in SVG's notation: absolute M, L, C, Q and Z."""
    points: list[Point] = []
    for command, rest in re.findall(r"([MLCQZ])([^MLCQZ]*)", text):
        numbers = [float(number) for number in re.findall(r"-?\d+\.?\d*", rest)]
        pairs = list(zip(numbers[0::2], numbers[1::2], strict=True))
        if command in "ML":
            points += pairs
        size = {"C": 3, "Q": 2}.get(command, 0)
        for start in range(0, len(pairs), size) if size else ():
            points += _curve([points[-1], *pairs[start : start + size]])
    return tuple(points)


def _curve(control: list[Point]) -> list[Point]:
    made = []
    for step in range(1, CURVE + 1):
        t = step / CURVE
        level = control
        while len(level) > 1:
            level = [(a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t) for a, b in pairwise(level)]
        made.append(level[0])
    return made


@lru_cache(maxsize=512)
def ellipse(x: float, y: float, rx: float, ry: float, turn: float = 0.0) -> tuple[Point, ...]:
    """The outline of an ellipse, turned by `turn` degrees."""
    count = 20 if max(rx, ry) < 12 else 36
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    around = [(rx * math.cos(a), ry * math.sin(a)) for a in (2 * math.pi * n / count for n in range(count))]
    return tuple((x + px * cos - py * sin, y + px * sin + py * cos) for px, py in around)


def flipped(points: Points) -> tuple[Point, ...]:
    """The outline mirrored left to right."""
    return tuple((-x, y) for x, y in points)


def moved(points: Points, dx: float, dy: float, scale: float = 1.0, turn: float = 0.0) -> tuple[Point, ...]:
    """The outline turned (degrees), scaled about 0 and then moved."""
    cos, sin = math.cos(math.radians(turn)) * scale, math.sin(math.radians(turn)) * scale
    return tuple((dx + x * cos - y * sin, dy + x * sin + y * cos) for x, y in points)


class Canvas:
    """A picture and the way from a drawing's units to its pixels."""

    def __init__(self, image: Image.Image, scale: float = 1.0, at: Point = (0.0, 0.0), turn: float = 0.0) -> None:
        self.image = image
        self.width, self.height = image.size
        self.scale = scale
        self._at = at
        self._cos = math.cos(math.radians(turn)) * scale
        self._sin = math.sin(math.radians(turn)) * scale
        self.flip = 1.0

    def placed(self, scale: float, at: Point, turn: float = 0.0, *, flip: bool = False) -> Canvas:
        """The same picture in other units: 0, 0 is at `at` (pixels), one unit is `scale` pixels."""
        other = Canvas(self.image, scale, at, turn)
        other.flip = -1.0 if flip else 1.0
        return other

    def pixel(self, x: float, y: float) -> Point:
        """Where a point of the drawing lies in the picture."""
        x *= self.flip
        return self._at[0] + x * self._cos - y * self._sin, self._at[1] + x * self._sin + y * self._cos

    def _pixels(self, points: Points) -> list[Point]:
        left, top, cos, sin, flip = *self._at, self._cos, self._sin, self.flip
        if not sin:
            across = cos * flip
            return [(left + x * across, top + y * cos) for x, y in points]
        return [(left + x * flip * cos - y * sin, top + x * flip * sin + y * cos) for x, y in points]

    def shape(self, points: Points, fill: Fill, alpha: float = 1.0, within: Points | None = None) -> None:
        """Fill an outline; `within` another one only."""
        self._through(self._pixels(points), fill, alpha, within, 0.0)

    def line(self, points: Points, width: float, fill: Fill, alpha: float = 1.0, within: Points | None = None) -> None:
        """Draw a line with round ends, `width` in units."""
        thick = width * self.scale
        if thick * alpha < 0.42:
            return  # finer than anybody could see
        if thick < 0.4:
            alpha, thick = alpha * max(0.25, thick / 0.7), 0.7
        self._through(self._pixels(points), fill, alpha, within, max(thick, 0.7))

    def box(self, x: float, y: float, right: float, bottom: float, color: RGB, alpha: float = 1.0) -> None:
        """Fill an upright rectangle; its edges are whole pixels, which is much faster than a shape."""
        left, top = self.pixel(x, y)
        far, low = self.pixel(right, bottom)
        box = (
            max(0, round(left)),
            max(0, round(top)),
            min(self.width, round(far)),
            min(self.height, round(low)),
        )
        if box[2] > box[0] and box[3] > box[1]:
            size = (box[2] - box[0], box[3] - box[1])
            self.image.paste(color, box, None if alpha >= 1 else Image.new("L", size, round(255 * alpha)))

    def blobs(self, spots: Sequence[tuple[float, float, float]], color: RGB) -> None:
        """Several flat discs (x, y, radius) in one go, which is much faster than one by one."""
        placed = [(*self.pixel(x, y), radius * self.scale) for x, y, radius in spots]
        left, top = (max(0, int(min(spot[axis] - spot[2] for spot in placed))) for axis in (0, 1))
        right = min(self.width, int(max(x + r for x, _, r in placed)) + 1)
        bottom = min(self.height, int(max(y + r for _, y, r in placed)) + 1)
        if right <= left or bottom <= top:
            return
        mask = Image.new("L", ((right - left) * FINE, (bottom - top) * FINE))
        pen = ImageDraw.Draw(mask)
        for x, y, r in placed:
            across, down = (x - left) * FINE, (y - top) * FINE
            pen.ellipse((across - r * FINE, down - r * 0.8 * FINE, across + r * FINE, down + r * 0.8 * FINE), fill=255)
        self.image.paste(color, (left, top, right, bottom), mask.reduce(FINE))

    def dot(self, x: float, y: float, radius: float, color: RGB, alpha: float = 1.0) -> None:
        """A small disc; fast, for stars, snow and petals."""
        size = radius * self.scale
        if size > 8:
            self.shape(ellipse(x, y, radius, radius), color, alpha)
            return
        px, py = self.pixel(x, y)
        quarters = round(size * 4) if size < 1.5 else round(size * 2) * 2
        mask = _disc(quarters, round(px * 2) % 2, round(py * 2) % 2, max(1, round(alpha * 4)))
        left, top = int(round(px * 2) // 2) - mask.width // 2, int(round(py * 2) // 2) - mask.height // 2
        if 0 <= left <= self.width - mask.width and 0 <= top <= self.height - mask.height:
            self.image.paste(color, (left, top, left + mask.width, top + mask.height), mask)

    def _through(self, points: list[Point], fill: Fill, alpha: float, within: Points | None, width: float) -> None:
        margin = width / 2 + 1
        xs, ys = zip(*points, strict=True)
        high, low = min(ys) - margin, max(ys) + margin
        left, top = max(0, int(min(xs) - margin)), max(0, int(high))
        right, bottom = min(self.width, int(max(xs) + margin) + 1), min(self.height, int(low) + 1)
        if right <= left or bottom <= top:
            return
        size = (right - left, bottom - top)
        mask = _mask(points, (left, top), size, width, round(255 * alpha))
        if within is not None:
            clip = _mask(self._pixels(within), (left, top), size, 0.0, 255)
            mask = ImageChops.multiply(mask, clip)
        box = (left, top, right, bottom)
        if isinstance(fill[0], int):
            self.image.paste(fill, box, mask)
        else:
            self.image.paste(_gradient(fill, size, (high, low), (top, bottom)), box, mask)

    def glow(self, x: float, y: float, radius: float, color: RGB, alpha: float = 1.0) -> None:
        """A soft round light."""
        cx, cy = self.pixel(x, y)
        reach = max(1.0, radius * self.scale)
        left, top = max(0, round(cx - reach)), max(0, round(cy - reach))
        right, bottom = min(self.width, round(cx + reach)), min(self.height, round(cy + reach))
        if right <= left or bottom <= top:
            return
        unit = 128 / reach
        box = (
            max(0.0, (left - cx + reach) * unit),
            max(0.0, (top - cy + reach) * unit),
            min(256.0, (right - cx + reach) * unit),
            min(256.0, (bottom - cy + reach) * unit),
        )
        size = (right - left, bottom - top)
        mask = _soft(round(alpha * 255)).resize(size, Image.Resampling.BILINEAR, box, reducing_gap=1.0)
        self.image.paste(color, (left, top, right, bottom), mask)


def _mask(points: list[Point], origin: Point, size: tuple[int, int], width: float, level: int) -> Image.Image:
    mask = Image.new("L", (size[0] * FINE, size[1] * FINE))
    local = [((x - origin[0]) * FINE, (y - origin[1]) * FINE) for x, y in points]
    pen = ImageDraw.Draw(mask)
    if not width:
        pen.polygon(local, fill=level)
    else:
        thick = width * FINE
        pen.line(local, fill=level, width=max(1, round(thick)), joint="curve")
        if thick > 2:
            for x, y in (local[0], local[-1]):
                pen.ellipse((x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2), fill=level)
    return mask.reduce(FINE)


def _gradient(fill: Fill, size: tuple[int, int], span: tuple[float, float], part: tuple[int, int]) -> Image.Image:
    """Colours down a column, of which only `part` of `span` is visible."""
    colors = _column(fill)
    unit = (colors.height - 1) / max(1.0, span[1] - span[0])
    start, end = (min(max(0.0, (y - span[0]) * unit), colors.height - 1.0) + 0.5 for y in part)
    if size[0] < 9:
        return colors.resize(size, Image.Resampling.BILINEAR, (0, start, 1, max(end, start + 0.01)))
    strip = colors.resize((8, size[1]), Image.Resampling.BILINEAR, (0, start, 1, max(end, start + 0.01)))
    return strip.resize(size, Image.Resampling.NEAREST)


@lru_cache(maxsize=512)
def _column(fill: Fill) -> Image.Image:
    column = Image.new("RGB", (1, len(fill)))
    column.putdata(fill)
    return column


@lru_cache(maxsize=2048)
def _disc(quarters: int, odd_x: int, odd_y: int, level: int) -> Image.Image:
    """The mask of a disc of `quarters` / 4 pixels radius, its middle on a pixel or half a pixel off."""
    radius = max(quarters, 1) / 4
    half = int(radius) + 2
    fine = 4
    mask = Image.new("L", (half * 2 * fine, half * 2 * fine))
    x, y, r = (half + odd_x / 2) * fine, (half + odd_y / 2) * fine, radius * fine
    ImageDraw.Draw(mask).ellipse((x - r, y - r, x + r, y + r), fill=min(255, level * 64))
    return mask.reduce(fine)


@lru_cache(maxsize=64)
def _soft(level: int) -> Image.Image:
    """A round spot that fades out, `level` in the middle."""
    spot = Image.radial_gradient("L")  # 0 in the middle, 181 at the middle of an edge
    return spot.point([round(level * max(0.0, 1 - value / 181) ** 2.2) for value in range(256)])
