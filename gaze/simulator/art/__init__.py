"""Pictures drawn from prompts: a person, a place, a light, a style, all told by tags and varied by a seed."""

from __future__ import annotations

from functools import lru_cache
from random import Random

from PIL import Image

from gaze.simulator.art import sky, style, tags
from gaze.simulator.art.canvas import Canvas
from gaze.simulator.art.figure import look
from gaze.simulator.art.palette import dark, light
from gaze.simulator.art.person import paint_figure
from gaze.simulator.art.scene import paint_scene

VIEWS = {"close": 372.0, "": 478.0, "upper": 590.0, "far": 1010.0}
"""How many units of a figure fit into the height of a picture."""


def paint(prompt: str, seed: int, width: int, height: int, *, mood: str = "") -> Image.Image:
    """A picture of `width` by `height` pixels. Equal arguments give equal pixels.

    `mood` is any text that stands for the model: another one gives another choice of light and framing.
    """
    wish = _wish(prompt)
    rng = Random(f"{seed}|{mood}|{prompt}")
    image = Image.new("RGB", (width, height))
    canvas = Canvas(image, height / 100)
    lit = sky.choose(wish, rng, 100 * width / height)
    paint_scene(canvas, lit, wish, rng)
    sky.weather(canvas, lit, wish, rng, near=False)
    if wish.people:
        _people(canvas, wish, lit, rng)
        sky.weather(canvas, lit, wish, rng, near=True)
    _finish(canvas, lit)
    return style.apply(image, wish.styles)


_wish = lru_cache(maxsize=64)(tags.read)


def _people(canvas: Canvas, wish: tags.Wish, lit: sky.Light, rng: Random) -> None:
    count = len(wish.people)
    view = wish.view or rng.choice(["close", "", "", "", "upper"])
    if wish.props - {"sparkles"} or wish.pose in ("crossed", "hips", "clasped"):
        view = "upper" if view in ("", "close") and wish.view != "close" else view
    units = VIEWS[view] * rng.uniform(0.96, 1.06)
    across = canvas.width / canvas.height * units
    if across < 300 * count and view != "far":
        units *= max(1.0, min(1.5, 290 * count / across))
    scale = canvas.height / units
    aside = canvas.width / canvas.height
    shift = rng.uniform(0.1, 0.18) * rng.choice([-1, 1]) * canvas.width if aside > 1.25 and count == 1 else 0.0
    shift += rng.uniform(-0.035, 0.035) * canvas.width
    top = canvas.height * (0.12 if view == "far" else 0.1) + 118 * scale
    if {"witch hat", "rabbit ears", "top hat", "horns"} & wish.wear:
        top += 62 * scale
    _behind(canvas, lit)
    for place in range(count):
        x = canvas.width / 2 + shift + (place - (count - 1) / 2) * min(250 * scale, canvas.width / count)
        own = scale * rng.uniform(0.94, 1.02) * (0.86 if wish.young and count == 1 else 1.0)
        down = top + (canvas.height * 0.05 if wish.young else 0) + rng.uniform(0, 18) * scale * (place % 2)
        who = look(wish, lit, rng, female=wish.people[place], other=place > 0)
        mirrored = rng.random() < 0.5 if count == 1 else place > 0
        paint_figure(canvas.placed(own, (x, down), flip=mirrored), who, rng)


def _behind(canvas: Canvas, lit: sky.Light) -> None:
    """Push the background back a little, so that the figure stands out."""
    canvas.glow(lit.width / 2, 46, 70, light(lit.haze, 0.1), 0.28)


def _finish(canvas: Canvas, lit: sky.Light) -> None:
    """The sun's light over everything, and a darker lower edge and corners."""
    x, y = lit.at
    canvas.glow(x, y, 78, lit.sun, 0.16)
    canvas.image.paste(dark(lit.colors[0], 0.75), (0, 0), _shade(canvas.image.size))


@lru_cache(maxsize=8)
def _shade(size: tuple[int, int]) -> Image.Image:
    """How much darker each pixel becomes: the lower edge and the corners."""
    shade = Image.new("L", (8, 8))
    shade.putdata([round(30 * max(0, abs(i % 8 - 3.5) - 2) + 14 * max(0, i // 8 - 4)) for i in range(64)])
    return shade.resize(size, Image.Resampling.BICUBIC)
