"""The sky, its lights, and what falls from it. Units: a hundredth of the picture's height."""

from __future__ import annotations

import math
from random import Random

import msgspec

from gaze.simulator.art.canvas import Canvas, Point, ellipse, path
from gaze.simulator.art.palette import RGB, dark, light, mix, rgb
from gaze.simulator.art.tags import Wish

SKIES = {
    "night": (
        "0b1030 1a2660 3d4a8f 7a74ae",
        "071a2c 0d3b52 1f6d7a 6fb3a6",
        "120d2e 2e2160 5d3f86 a5709c",
        "0a0f26 141f4a 26407a 5f83b0",
    ),
    "sunset": (
        "2d2a5e 8a4a7d e97f6b fbd08a",
        "3a3f78 a8628a f29c7a ffe0a8",
        "5a2f5e c8526a f58a5a ffd27e",
        "27415f 7a6a8a e8a07a fbe0ae",
    ),
    "dawn": ("6f8fc6 b9a4cc f5bfb4 ffe9c9", "86a9c9 c9c1d6 f7d3c0 fff0d8", "7fb3c4 b9d4cf f3dcc0 fff2dc"),
    "overcast": ("5d6b80 8f9cae bcc5cd dfe1dd", "4d6470 83989c b5c4c0 dde2d8"),
    "day": ("3f86cf 7db8ea bfe0f5 f1f6ee", "4b9fd6 93cdea cfeaf0 f7f4e2", "5a8fd8 a1bff0 d5def7 f9f1ea"),
}
SUNS = {
    "night": rgb("f3f1e2"),
    "sunset": rgb("ffd98c"),
    "dawn": rgb("fff0cd"),
    "overcast": rgb("f4f1e6"),
    "day": rgb("fffbe6"),
}


class Light(msgspec.Struct, frozen=True):
    """The light of a picture: colours of the sky from top to bottom, sun or moon and its place (units)."""

    time: str
    colors: tuple[RGB, ...]
    sun: RGB
    at: Point
    width: float

    @property
    def haze(self) -> RGB:
        """The colour far things fade into."""
        return self.colors[-1]

    @property
    def ground(self) -> RGB:
        """The darkest colour of things near by."""
        return dark(self.colors[0], 0.62 if self.time == "night" else 0.5)

    @property
    def dim(self) -> bool:
        """Whether windows are lit and lamps are on."""
        return self.time in ("night", "sunset")

    def layer(self, near: float, tone: RGB | None = None) -> RGB:
        """The colour of a layer, `near` from 0 (far) to 1, of things that are `tone` in plain light."""
        own = mix(mix(self.colors[1], self.colors[2], 0.5), tone, 0.82) if tone else self.colors[1]
        if self.time == "night" and tone:
            own = dark(own, 0.45)
        return mix(mix(self.haze, own, 0.35 + 0.65 * near), self.ground, max(0.0, near - 0.6) * 0.8)


def choose(wish: Wish, rng: Random, width: float) -> Light:
    """The light a wish asks for, or one of the seed's choice."""
    usual = {
        "snow": "day night dawn",
        "city": "night sunset",
        "desert": "sunset day",
        "beach": "sunset day dawn",
    }
    kinds = usual.get(wish.place, "day dawn sunset sunset night night").split()
    time = wish.time or rng.choice(kinds)
    colors = tuple(rgb(text) for text in rng.choice(SKIES[time]).split())
    across = rng.uniform(0.12, 0.38) if rng.random() < 0.5 else rng.uniform(0.62, 0.88)
    if not wish.people:
        across = rng.uniform(0.2, 0.8)
    low = {"sunset": (40.0, 52.0), "dawn": (34.0, 48.0)}.get(time, (14.0, 28.0))
    return Light(time, colors, SUNS[time], (across * width, rng.uniform(*low)), width)


def sky(canvas: Canvas, light_: Light, wish: Wish, rng: Random, horizon: float = 72.0) -> None:
    """Paint the sky down to `horizon` and on, with whatever belongs into it."""
    width = light_.width
    canvas.shape(((-1, -1), (width + 1, -1), (width + 1, horizon), (-1, horizon)), light_.colors)
    canvas.shape(((-1, horizon - 1), (width + 1, horizon - 1), (width + 1, 101), (-1, 101)), light_.haze)
    x, y = light_.at
    canvas.glow(x, y, 62, light_.sun, 0.5)
    canvas.glow(x, y, 24, light_.sun, 0.5)
    if light_.time == "night" or "stars" in wish.sky:
        _stars(canvas, light_, rng, horizon)
    if "aurora" in wish.sky:
        _aurora(canvas, light_, rng)
    if light_.time != "overcast":
        _disc(canvas, light_, wish, rng)
    if "rainbow" in wish.sky:
        _rainbow(canvas, light_)
    _clouds(canvas, light_, rng, many="clouds" in wish.sky or light_.time == "overcast")
    if "fireworks" in wish.sky:
        _fireworks(canvas, light_, rng)
    if "birds" in wish.sky or (light_.time != "night" and rng.random() < 0.4):
        _birds(canvas, light_, rng)


def _disc(canvas: Canvas, light_: Light, wish: Wish, rng: Random) -> None:
    x, y = light_.at
    radius = rng.uniform(4.5, 7.5) if light_.time != "day" else 4.0
    crescent = light_.time == "night" and ("crescent" in wish.sky or rng.random() < 0.35)
    disc = _sickle(x, y, radius) if crescent else ellipse(x, y, radius, radius)
    canvas.shape(disc, (light(light_.sun, 0.4), light_.sun))
    if light_.time != "night" or crescent:
        return
    for _ in range(4):
        angle, far = rng.uniform(0, 6.28), rng.uniform(0.1, 0.6) * radius
        spot = ellipse(x + far * math.cos(angle), y + far * math.sin(angle), radius * 0.2, radius * 0.17)
        canvas.shape(spot, dark(light_.sun, 0.35), 0.18)


def _sickle(x: float, y: float, r: float) -> list[Point]:
    outer = [(x + r * math.cos(a), y + r * math.sin(a)) for a in (0.9 + n * 4.5 / 24 for n in range(25))]
    start, end = outer[0], outer[-1]
    inner = path(f"M{end[0]} {end[1]} C{x - r * 0.5} {y - r * 0.5} {x - r * 0.5} {y + r * 0.4} {start[0]} {start[1]}")
    return [*outer, *inner[1:-1]]


def _stars(canvas: Canvas, light_: Light, rng: Random, horizon: float) -> None:
    for _ in range(46):
        x, y = rng.uniform(0, light_.width), rng.uniform(0, 1) ** 1.4 * horizon * 0.85
        size = rng.uniform(0.12, 0.34)
        canvas.dot(x, y, size * 0.8, (255, 252, 240), rng.uniform(0.4, 1))
    for _ in range(4):
        x, y, size = rng.uniform(0, light_.width), rng.uniform(2, horizon * 0.5), rng.uniform(0.7, 1.2)
        thin = size * 0.13
        star = [(x, y - size), (x + thin, y - thin), (x + size, y), (x + thin, y + thin)]
        star += [(x, y + size), (x - thin, y + thin), (x - size, y), (x - thin, y - thin)]
        canvas.shape(star, (255, 252, 240), 0.9)


def _aurora(canvas: Canvas, light_: Light, rng: Random) -> None:
    colors = [rgb("5ff0b0"), rgb("48d8d0"), rgb("9a7cf0")]
    for place in range(3):
        color = colors[place]
        base, phase = rng.uniform(22, 44), rng.uniform(0, 6)
        for step in range(15):
            x = light_.width * step / 14
            wave = 5 * math.sin(phase + x * 0.07) + 2.5 * math.sin(phase * 2 + x * 0.19)
            tall = rng.uniform(12, 24)
            canvas.glow(x, base + wave - tall * 0.3, tall * 0.75, color, 0.22)


def _rainbow(canvas: Canvas, light_: Light) -> None:
    for place, name in enumerate(["e8564f", "f09a3e", "f4d94f", "6cc56a", "58a4e8", "8a6cd0"]):
        arc = [
            (
                light_.width / 2 + (62 - place * 1.4) * math.cos(a / 24 * math.pi),
                78 - (62 - place * 1.4) * math.sin(a / 24 * math.pi),
            )
            for a in range(25)
        ]
        canvas.line(arc, 1.5, rgb(name), 0.42)


def _clouds(canvas: Canvas, light_: Light, rng: Random, *, many: bool) -> None:
    tone = light(light_.colors[2], 0.55) if light_.time != "night" else light_.colors[2]
    for _ in range(rng.randint(6, 9) if many else rng.randint(2, 4)):
        x, y, size = rng.uniform(-5, light_.width + 5), rng.uniform(6, 46), rng.uniform(0.6, 1.5)
        if many or light_.time == "day":
            _puff(canvas, x, y, size, tone, rng)
        else:
            streak = ellipse(x, y, 15 * size, 0.9 * size)
            canvas.shape(streak, tone, 0.4)
            canvas.shape(ellipse(x + 7 * size, y + 1.7, 9 * size, 0.6 * size), tone, 0.3)


def _puff(canvas: Canvas, x: float, y: float, size: float, tone: RGB, rng: Random) -> None:
    alpha = 0.78
    outline: list[Point] = [(x - 12 * size, y + 2.5 * size)]
    for step in range(25):
        angle = math.pi * (1 - step / 24)
        swell = 1 + 0.22 * abs(math.sin(angle * rng.choice([3.0, 3.0]) + x))
        outline.append((x + 11 * size * math.cos(angle), y + 2 * size - 6 * size * math.sin(angle) * swell))
    outline.append((x + 12 * size, y + 2.5 * size))
    canvas.shape(outline, (light(tone, 0.5), tone, mix(tone, (255, 255, 255), 0.1)), alpha)


def _fireworks(canvas: Canvas, light_: Light, rng: Random) -> None:
    for _ in range(4):
        x, y, size = rng.uniform(8, light_.width - 8), rng.uniform(8, 34), rng.uniform(6, 12)
        color = rng.choice([rgb("ffd07a"), rgb("ff8fa8"), rgb("8fd8ff"), rgb("c8a0ff")])
        canvas.glow(x, y, size * 1.5, color, 0.4)
        for ray in range(18):
            cos, sin = math.cos(ray * math.pi / 9), math.sin(ray * math.pi / 9)
            start, end = size * 0.3, size * rng.uniform(0.75, 1)
            canvas.line([(x + cos * start, y + sin * start), (x + cos * end, y + sin * end)], 0.34, light(color, 0.3))
            canvas.dot(x + cos * end, y + sin * end, 0.4, (255, 250, 235))


def _birds(canvas: Canvas, light_: Light, rng: Random) -> None:
    x, y = rng.uniform(0.2, 0.8) * light_.width, rng.uniform(16, 36)
    for _ in range(rng.randint(3, 6)):
        bx, by, s = x + rng.uniform(-12, 12), y + rng.uniform(-6, 6), rng.uniform(0.5, 1.0)
        wing = [
            (bx - 2 * s, by - 0.6 * s),
            (bx - 0.9 * s, by - 0.9 * s),
            (bx, by),
            (bx + 0.9 * s, by - 0.9 * s),
            (bx + 2 * s, by - 0.6 * s),
        ]
        canvas.line(wing, 0.3, dark(light_.colors[0], 0.3), 0.7)


LEAF = path("M0 -1.6 C1.1 -0.9 1.1 0.7 0 1.6 C-1.1 0.7 -1.1 -0.9 0 -1.6 Z")


def weather(canvas: Canvas, light_: Light, wish: Wish, rng: Random, *, near: bool) -> None:
    """What is in the air; `near` is drawn over the figure and is sparse and larger."""
    width, count = light_.width, 9 if near else 30
    grow = 1.7 if near else 1.0
    if "rain" in wish.weather:
        for _ in range(count * 3):
            x, y, long = rng.uniform(-5, width), rng.uniform(-5, 100), rng.uniform(3, 7) * grow
            canvas.line([(x, y), (x + long * 0.25, y + long)], 0.16 * grow, (226, 238, 250), 0.4)
    elif "snowfall" in wish.weather:
        for _ in range(count * 2):
            size = rng.uniform(0.25, 0.7) * grow
            canvas.dot(rng.uniform(0, width), rng.uniform(0, 100), size, (255, 255, 255), rng.uniform(0.5, 0.95))
    for name, colors in (("petals", "f7b8cc f9d3dd ef9db8"), ("leaves", "d9803a c25a34 e0a64a")):
        if name not in wish.weather:
            continue
        for _ in range(count):
            color = rgb(rng.choice(colors.split()))
            turn, size = rng.uniform(0, 6.28), rng.uniform(0.5, 1.0) * grow
            cos, sin = math.cos(turn) * size, math.sin(turn) * size
            x, y = rng.uniform(0, width), rng.uniform(0, 100)
            if size * canvas.scale < 1.6:
                canvas.dot(x, y, size * 1.1, color, 0.9)
                continue
            canvas.shape([(x + px * cos - py * sin, y + px * sin + py * cos) for px, py in LEAF], color, 0.9)
    if "fireflies" in wish.weather or "sparkles" in wish.props:
        for _ in range(count):
            x, y = rng.uniform(0, width), rng.uniform(20, 98)
            canvas.glow(x, y, rng.uniform(1.2, 2.4) * grow, (255, 232, 150), 0.6)
            canvas.dot(x, y, 0.24 * grow, (255, 250, 220))
    if "bubbles" in wish.weather:
        for _ in range(count):
            x, y, size = rng.uniform(0, width), rng.uniform(0, 100), rng.uniform(0.4, 1.4) * grow
            canvas.line([*ellipse(x, y, size, size), ellipse(x, y, size, size)[0]], 0.16, (230, 250, 255), 0.7)
            canvas.dot(x - size * 0.35, y - size * 0.35, size * 0.2, (255, 255, 255), 0.8)
    if "fog" in wish.weather and not near:
        for _ in range(7):
            canvas.glow(rng.uniform(0, width), rng.uniform(55, 95), rng.uniform(18, 32), light_.haze, 0.5)
