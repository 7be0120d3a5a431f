"""Styles laid over a finished picture: watercolour, ink, pixels and the like."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from random import Random

from PIL import Image, ImageChops, ImageEnhance, ImageFilter, ImageOps

PAPER = (250, 245, 234)


@lru_cache(maxsize=8)
def _noise(size: tuple[int, int], cell: int, seed: int) -> Image.Image:
    """Soft grey blotches, `cell` pixels each: paper, canvas or pigment."""
    small = (max(2, size[0] // cell), max(2, size[1] // cell))
    rng = Random(seed)
    return Image.frombytes("L", small, rng.randbytes(small[0] * small[1])).resize(size, Image.Resampling.BICUBIC)


def _lines(picture: Image.Image, strength: float) -> Image.Image:
    """Dark lines where colours meet, on white."""
    grey = ImageOps.grayscale(picture)
    around = grey.filter(ImageFilter.BoxBlur(max(1, picture.width / 340)))
    return ImageChops.subtract(grey, around, 1, 0).point([max(0, 255 - round(v * strength)) for v in range(256)])


def watercolor(picture: Image.Image) -> Image.Image:
    """Pigment that gathers, pale edges, paper."""
    size = picture.size
    scale = max(1, min(size) // 256)
    soft = picture.filter(ImageFilter.MedianFilter(3)) if min(size) < 600 else picture.filter(ImageFilter.BoxBlur(2))
    soft = ImageEnhance.Color(soft).enhance(1.25)
    washed = Image.blend(soft, Image.new("RGB", size, PAPER), 0.3)
    blotch = _noise(size, 34 * scale, 3).point([222 + v * 33 // 255 for v in range(256)])
    grain = _noise(size, 2 * scale, 5).point([242 + v * 13 // 255 for v in range(256)])
    washed = ImageChops.multiply(
        washed, Image.merge("RGB", (blotch, blotch, blotch.point([min(255, v + 10) for v in range(256)])))
    )
    washed = ImageChops.multiply(washed, Image.merge("RGB", (grain, grain, grain)))
    lines = _lines(picture, 3.2)
    washed = ImageChops.multiply(washed, Image.merge("RGB", (lines, lines, lines)))
    return Image.composite(washed, Image.new("RGB", size, PAPER), _frayed(size, scale))


def _frayed(size: tuple[int, int], scale: int) -> Image.Image:
    """White inside, ragged towards the edges."""
    width, height = size
    border = Image.new("L", size, 0)
    margin = round(min(size) * 0.03)
    border.paste(255, (margin, margin, width - margin, height - margin))
    border = border.filter(ImageFilter.BoxBlur(margin))
    rough = _noise(size, 6 * scale, 11)
    return ImageChops.add(border, rough, 1, -128).point(
        [0 if v < 96 else 255 if v > 138 else (v - 96) * 6 for v in range(256)]
    )


def ink(picture: Image.Image) -> Image.Image:
    """Black lines and a grey wash on paper."""
    grey = ImageOps.autocontrast(ImageOps.grayscale(picture), cutoff=1)
    wash = grey.point([255 if v > 176 else 226 if v > 120 else 168 if v > 66 else 62 for v in range(256)])
    wash = wash.filter(ImageFilter.BoxBlur(1))
    both = ImageChops.multiply(wash, _lines(picture, 8))
    return ImageOps.colorize(both, (26, 24, 34), PAPER, (146, 140, 140))


def sketch(picture: Image.Image) -> Image.Image:
    """Pencil: lines, hatching, a breath of colour."""
    size = picture.size
    grey = ImageOps.grayscale(picture)
    blurred = ImageOps.invert(grey).filter(ImageFilter.BoxBlur(max(2, min(size) // 90)))
    table = ImageChops.add(grey, blurred)
    lines = ImageChops.multiply(table.point([max(0, 255 - (255 - v) * 3) for v in range(256)]), _lines(picture, 9))
    hatch = _noise((size[0] // 3 + 1, size[1]), 3, 17).resize(size).rotate(38, Image.Resampling.NEAREST, expand=False)
    tone = ImageChops.add(grey, hatch.point([v // 2 for v in range(256)])).point(
        [200 if v < 150 else 255 for v in range(256)]
    )
    drawn = ImageOps.colorize(ImageChops.multiply(lines, tone.filter(ImageFilter.BoxBlur(1))), (52, 48, 58), PAPER)
    return ImageChops.multiply(drawn, Image.blend(picture, Image.new("RGB", size, (255, 255, 255)), 0.8))


def pixel(picture: Image.Image) -> Image.Image:
    """Big pixels of few colours."""
    width, height = picture.size
    small = max(48, min(112, min(width, height) // 4))
    scale = small / min(width, height)
    tiny = picture.resize((max(1, round(width * scale)), max(1, round(height * scale))), Image.Resampling.BOX)
    few = ImageEnhance.Color(tiny).enhance(1.25).quantize(28, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    return few.convert("RGB").resize((width, height), Image.Resampling.NEAREST)


def oil(picture: Image.Image) -> Image.Image:
    """Strokes and the weave of a canvas."""
    size = picture.size
    work = max(1, min(size) // 420)
    small = picture.resize((size[0] // work, size[1] // work), Image.Resampling.BILINEAR)
    painted = small.filter(ImageFilter.ModeFilter(5)).resize(size, Image.Resampling.BICUBIC)
    strokes = _noise((max(4, size[0] // 3), size[1]), 4 * work, 23).resize(size, Image.Resampling.BICUBIC)
    bump = ImageChops.subtract(strokes, ImageChops.offset(strokes, work, work), 1, 128)
    bump = bump.point([128 + (v - 128) // 3 for v in range(256)])
    rough = Image.merge("RGB", (bump, bump, bump))
    return ImageEnhance.Color(ImageChops.overlay(painted, rough)).enhance(1.25)


def mono(picture: Image.Image) -> Image.Image:
    """Black and white, with the contrast of film."""
    return ImageEnhance.Contrast(ImageOps.grayscale(picture)).enhance(1.18).convert("RGB")


def sepia(picture: Image.Image) -> Image.Image:
    """The brown of an old photograph."""
    return ImageOps.colorize(ImageOps.grayscale(picture), (44, 28, 22), (250, 234, 204), (162, 118, 84))


def pop(picture: Image.Image) -> Image.Image:
    """Flat colours, dots, black lines."""
    width, height = picture.size
    flat = ImageOps.posterize(ImageEnhance.Color(picture).enhance(1.5), 3)
    dot = Image.radial_gradient("L").point([255 if v > 74 else 222 for v in range(256)])
    cell = max(5, min(width, height) // 76)
    tile = dot.resize((cell, cell))
    dots = Image.new("L", (width, height))
    dots.paste(tile, (0, 0))
    for step in _doubling(cell, max(width, height)):
        dots.paste(dots.crop((0, 0, step, cell)), (step, 0))
    for step in _doubling(cell, height):
        dots.paste(dots.crop((0, 0, width, step)), (0, step))
    lines = _lines(picture, 7)
    dotted = ImageChops.multiply(flat, Image.merge("RGB", (dots, dots, dots)))
    return ImageChops.multiply(dotted, Image.merge("RGB", (lines, lines, lines)))


def _doubling(start: int, end: int) -> list[int]:
    steps = [start]
    while steps[-1] < end:
        steps.append(steps[-1] * 2)
    return steps


def neon(picture: Image.Image) -> Image.Image:
    """Magenta shadows, cyan lights, a bloom."""
    grey = ImageOps.grayscale(picture)
    toned = ImageOps.colorize(grey, (26, 8, 60), (196, 252, 255), (206, 62, 180))
    return _bloom(Image.blend(picture, toned, 0.5), 0.5)


def pastel(picture: Image.Image) -> Image.Image:
    """Light and soft."""
    pale = Image.blend(ImageEnhance.Color(picture).enhance(0.85), Image.new("RGB", picture.size, (255, 240, 244)), 0.34)
    return _bloom(pale, 0.3)


def glass(picture: Image.Image) -> Image.Image:
    """Facets with dark leads between them."""
    width, height = picture.size
    cell = max(8, min(width, height) // 34)
    leaning = picture.rotate(30, Image.Resampling.BILINEAR, expand=True)
    small = (max(2, leaning.width // cell), max(2, leaning.height // cell))
    facets = ImageEnhance.Color(leaning.resize(small, Image.Resampling.BOX)).enhance(1.6)
    facets = facets.resize(leaning.size, Image.Resampling.NEAREST).rotate(-30, Image.Resampling.NEAREST, expand=True)
    facets = facets.crop(_middle(facets.size, picture.size))
    lines = _lines(facets, 9)
    mixed = Image.blend(facets, ImageEnhance.Color(picture).enhance(1.5), 0.5)
    return ImageChops.multiply(mixed, Image.merge("RGB", (lines, lines, lines)))


def _middle(size: tuple[int, int], part: tuple[int, int]) -> tuple[int, int, int, int]:
    left, top = (size[0] - part[0]) // 2, (size[1] - part[1]) // 2
    return left, top, left + part[0], top + part[1]


def film(picture: Image.Image) -> Image.Image:
    """Deep contrast, teal shadows and warm lights, a bloom."""
    grey = ImageOps.grayscale(picture)
    toned = ImageOps.colorize(grey, (10, 26, 40), (255, 238, 210), (132, 112, 104))
    return _bloom(ImageEnhance.Contrast(Image.blend(picture, toned, 0.26)).enhance(1.16), 0.28)


def _bloom(picture: Image.Image, share: float) -> Image.Image:
    tiny = picture.resize((max(2, picture.width // 16), max(2, picture.height // 16)), Image.Resampling.BOX)
    soft = tiny.filter(ImageFilter.BoxBlur(2)).resize(picture.size, Image.Resampling.BICUBIC)
    return Image.blend(picture, ImageChops.screen(picture, soft.point([v * 3 // 4 for v in range(256)] * 3)), share)


STYLES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "film": film,
    "neon": neon,
    "pastel": pastel,
    "oil": oil,
    "watercolor": watercolor,
    "sketch": sketch,
    "glass": glass,
    "pop": pop,
    "ink": ink,
    "mono": mono,
    "sepia": sepia,
    "pixel": pixel,
}


def apply(picture: Image.Image, styles: frozenset[str]) -> Image.Image:
    """The picture in those styles, one upon the other."""
    for name, change in STYLES.items():
        if name in styles:
            picture = change(picture)
    return picture
