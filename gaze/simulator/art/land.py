"""Places under the open sky. Units: a hundredth of the picture's height."""

from __future__ import annotations

import math
from itertools import pairwise
from random import Random

from gaze.simulator.art.canvas import Canvas, Point
from gaze.simulator.art.palette import RGB, dark, light, mix, rgb
from gaze.simulator.art.sky import Light, sky
from gaze.simulator.art.tags import Wish

GREEN, SAND, SNOW, STONE, WOOD = rgb("5f8a52"), rgb("dcb27c"), rgb("eef3fb"), rgb("7d8094"), rgb("5b4033")


def ridge(rng: Random, width: float, base: float, tall: float, *, sharp: bool = False) -> list[Point]:
    """A skyline across the picture, closed below."""
    if sharp:
        count = max(5, round(width / 16)) // 2 * 2 + 1
        line = []
        for n in range(count):
            high = rng.uniform(0.55, 1.35) if n % 2 else rng.uniform(-0.1, 0.45)
            shift = rng.uniform(-0.3, 0.3) if 0 < n < count - 1 else 0
            line.append((width * (n + shift) / (count - 1), base - tall * high))
        for rough in (0.16, 0.07):
            wider: list[Point] = []
            for (ax, ay), (bx, by) in pairwise(line):
                wider += [(ax, ay), ((ax + bx) / 2, (ay + by) / 2 + rng.uniform(-rough, rough) * tall)]
            line = [*wider, line[-1]]
    else:
        phases = [rng.uniform(0, 6.28) for _ in range(3)]
        waves = ((0.045, 1.0), (0.11, 0.45), (0.23, 0.16))
        line = []
        for n in range(41):
            x = width * n / 40
            line.append(
                (
                    x,
                    base - tall * sum(a * math.sin(x * f + p) for (f, a), p in zip(waves, phases, strict=True)),
                )
            )
    return [(-1, 101), (-1, line[0][1]), *line, (width + 1, line[-1][1]), (width + 1, 101)]


def hills(canvas: Canvas, lit: Light, wish: Wish, rng: Random) -> None:
    """Rolling layers that fade into the haze; sharp ones behind where mountains are wanted."""
    sky(canvas, lit, wish, rng)
    peaks = wish.place == "mountains" or rng.random() < 0.5
    for place in range(5):
        near = place / 4
        base = 62 + 8.5 * place
        sharp = peaks and place < 2
        outline = ridge(rng, lit.width, base, (15 - place * 2.5) if sharp else 5.5, sharp=sharp)
        color = lit.layer(near, GREEN if place > 1 else STONE)
        canvas.shape(outline, (color, color, mix(color, lit.haze, 0.5 * (1 - near))))
        if sharp and place == 0:
            _caps(canvas, outline, lit)
        if place >= 3:
            pines(canvas, lit, rng, outline, near)


def _caps(canvas: Canvas, outline: list[Point], lit: Light) -> None:
    """Snow on the peaks."""
    line = outline[2:-2]
    high = sorted(y for _, y in line)[len(line) // 3]
    for before, top, after in zip(line, line[2:], line[4:], strict=False):
        if top[1] < before[1] and top[1] < after[1] and top[1] < high:
            x, y = top
            left, right = (
                ((before[0] - x) * 0.8, (before[1] - y) * 0.8),
                ((after[0] - x) * 0.8, (after[1] - y) * 0.8),
            )
            cap = [(x, y), (x + right[0], y + right[1]), (x + right[0] * 0.3, y + right[1] * 0.55)]
            cap += [(x, y + 2.0), (x + left[0] * 0.4, y + left[1] * 0.6), (x + left[0], y + left[1])]
            canvas.shape(cap, mix(SNOW, lit.haze, 0.25), 0.85)


def pines(canvas: Canvas, lit: Light, rng: Random, outline: list[Point], near: float) -> None:
    """Firs along a skyline."""
    for _ in range(rng.randint(4, 9)):
        x, y = rng.choice(outline[2:-2])
        pine(
            canvas,
            x + rng.uniform(-2, 2),
            y + 1.5,
            rng.uniform(5, 9) * (0.5 + near),
            lit.layer(near, dark(GREEN, 0.3)),
        )


def pine(canvas: Canvas, x: float, y: float, tall: float, color: RGB) -> None:
    """A fir tree standing on a point."""
    points: list[Point] = [(x, y - tall)]
    for level in (1, 2, 3):
        down, wide = y - tall + tall * 0.28 * level, tall * 0.1 * level
        points += [(x + wide, down), (x + wide * 0.55, down)]
    points += [(x + tall * 0.03, y - tall * 0.16), (x + tall * 0.03, y)]
    points += [(2 * x - px, py) for px, py in reversed(points[1:])]
    canvas.shape(points, (light(color, 0.08), color))


def tree(canvas: Canvas, x: float, y: float, tall: float, leaves: RGB, bark: RGB, rng: Random) -> None:
    """A broad tree: a forked trunk and a crown of blobs."""
    t = tall
    trunk = [(x - t * 0.06, y), (x - t * 0.03, y - t * 0.5), (x - t * 0.16, y - t * 0.72), (x, y - t * 0.55)]
    trunk += [(x + t * 0.15, y - t * 0.74), (x + t * 0.035, y - t * 0.46), (x + t * 0.07, y)]
    canvas.shape(trunk, bark)
    blobs = [(rng.uniform(-0.3, 0.3), rng.uniform(-1.0, -0.62), rng.uniform(0.16, 0.26)) for _ in range(8)]
    layers = ((dark(leaves, 0.28), 0.02, 1.0), (leaves, -0.02, 0.9), (light(leaves, 0.16), -0.06, 0.6))
    for shade, shift, grow in layers:
        spots = [(x + (dx + shift) * t, y + (dy + shift) * t, size * grow * t) for dx, dy, size in blobs]
        canvas.blobs(spots, shade)


def forest(canvas: Canvas, lit: Light, wish: Wish, rng: Random) -> None:
    """Rows of firs in mist, shafts of light, dark trunks near by."""
    sky(canvas, lit, wish, rng, 80)
    for place in range(4):
        near, base = 0.1 + place / 3.6, 62 + place * 9
        color = lit.layer(near, dark(GREEN, 0.2))
        canvas.shape(ridge(rng, lit.width, base, 2.5), (color, mix(color, lit.haze, 0.35)))
        x = rng.uniform(-4, 0)
        while x < lit.width + 4:
            pine(canvas, x, base + 3, rng.uniform(20, 36) * (0.7 + near * 0.5), color)
            x += rng.uniform(4, 9) * (1 + near)
    shafts(canvas, lit, rng)
    for side in (rng.uniform(-0.02, 0.08), rng.uniform(0.92, 1.02)):
        x, thick = side * lit.width, rng.uniform(4, 7)
        bark = dark(lit.layer(1, WOOD), 0.25)
        canvas.shape(
            [(x - thick * 0.7, -1), (x + thick * 0.7, -1), (x + thick, 101), (x - thick, 101)],
            (bark, dark(bark, 0.4)),
        )
    _grass(canvas, lit, rng, 93, dark(lit.layer(1, GREEN), 0.2))


def shafts(canvas: Canvas, lit: Light, rng: Random) -> None:
    """Beams of light that fall from the sun."""
    x, y = lit.at
    for _ in range(4):
        reach, wide = rng.uniform(-40, 40), rng.uniform(4, 9)
        beam = [(x - 1, y), (x + 1, y), (x + reach + wide, 96), (x + reach - wide, 96)]
        canvas.shape(beam, lit.sun, 0.09)


def _grass(canvas: Canvas, lit: Light, rng: Random, base: float, color: RGB) -> None:
    points: list[Point] = [(-1, 101), (-1, base)]
    x = 0.0
    while x < lit.width:
        points += [(x, base + rng.uniform(0, 1.5)), (x + 0.5, base - rng.uniform(1.5, 5))]
        x += rng.uniform(0.8, 1.8)
    canvas.shape([*points, (lit.width + 1, base), (lit.width + 1, 101)], (color, dark(color, 0.5)))


def desert(canvas: Canvas, lit: Light, wish: Wish, rng: Random) -> None:
    """Dunes, each with a lit and a dark side; mesas far off."""
    sky(canvas, lit, wish, rng)
    for _ in range(3):
        x, wide, top = rng.uniform(0, lit.width), rng.uniform(8, 18), rng.uniform(48, 60)
        mesa = lit.layer(0.25, rgb("b5644a"))
        canvas.shape(
            [(x - wide, 72), (x - wide * 0.7, top), (x + wide * 0.7, top), (x + wide, 72)],
            (mesa, mix(mesa, lit.haze, 0.6)),
        )
    for place in range(4):
        near, base = place / 3, 68 + 9 * place
        color = mix(
            mix(
                rgb("e3a25f"),
                lit.colors[0 if lit.time == "night" else 1],
                0.5 if lit.time == "night" else 0.14,
            ),
            lit.haze,
            0.4 * (1 - near),
        )
        dune = ridge(rng, lit.width, base, 4)
        canvas.shape(dune, (light(color, 0.15), color, dark(color, 0.15)))
        crest = min(dune[2:-2], key=lambda point: point[1])
        lee = [(px, py) for px, py in dune[2:-2] if px >= crest[0]]
        if len(lee) > 2:
            canvas.shape(
                [*lee, (lee[-1][0], 101), (crest[0] - 8, 101), (crest[0] + 3, (crest[1] + 101) / 2)],
                dark(color, 0.35),
                0.5,
            )
    if rng.random() < 0.7:
        x, green = rng.choice([0.1, 0.88]) * lit.width, dark(lit.layer(1, GREEN), 0.2)
        canvas.line([(x, 94), (x, 70)], 3, green)
        canvas.line([(x, 84), (x - 5, 82), (x - 5, 76)], 2, green)
        canvas.line([(x, 88), (x + 5, 86), (x + 5, 79)], 2, green)


def snow(canvas: Canvas, lit: Light, wish: Wish, rng: Random) -> None:
    """White hills and firs."""
    sky(canvas, lit, wish, rng)
    far = ridge(rng, lit.width, 62, 16, sharp=True)
    stone = mix(lit.colors[1], lit.haze, 0.3)
    canvas.shape(far, (stone, lit.haze))
    _caps(canvas, far, lit)
    for place in range(4):
        near, base = place / 3, 68 + 9 * place
        white = mix(mix(SNOW, lit.colors[2], 0.55 - 0.35 * near), lit.colors[0], 0.3 if lit.time == "night" else 0.05)
        hill = ridge(rng, lit.width, base, 3.5)
        for _ in range(6):
            x, y = rng.choice(hill[2:-2])
            pine(
                canvas,
                x,
                y + 2,
                rng.uniform(9, 16) * (0.6 + near * 0.7),
                lit.layer(0.4 + 0.6 * near, rgb("3f6b66")),
            )
        canvas.shape(hill, (light(white, 0.4), white, mix(white, lit.colors[1], 0.35)))


def garden(canvas: Canvas, lit: Light, wish: Wish, rng: Random) -> None:
    """A meadow full of flowers, trees at its edge."""
    sky(canvas, lit, wish, rng, 66)
    canvas.shape(ridge(rng, lit.width, 60, 4), lit.layer(0.3, GREEN))
    pink = "petals" in wish.weather
    leaves = rgb("f2a9c0") if pink else rgb("d98a44") if "leaves" in wish.weather else rgb("6fa65a")
    tone = lit.layer(0.7, leaves)
    for side in (rng.uniform(0.02, 0.16), rng.uniform(0.84, 0.98)):
        tree(canvas, side * lit.width, 74, rng.uniform(38, 52), tone, dark(lit.layer(0.7, WOOD), 0.2), rng)
    for place in range(3):
        color = lit.layer(0.4 + place * 0.28, rgb("7fb05a"))
        canvas.shape(ridge(rng, lit.width, 70 + place * 9, 2), (light(color, 0.12), color, dark(color, 0.22)))
        _flowers(canvas, lit, rng, 71 + place * 9, 0.45 + place * 0.4)


def _flowers(canvas: Canvas, lit: Light, rng: Random, base: float, size: float) -> None:
    colors = [rgb(text) for text in rng.sample(["f6e27a", "f49ac1", "ffffff", "e8706a", "b79bf0", "f7b267"], 3)]
    for _ in range(30):
        x, y, s = rng.uniform(0, lit.width), base + rng.uniform(1, 11), size * rng.uniform(0.7, 1.2)
        color = mix(rng.choice(colors), lit.colors[1], 0.45 if lit.time == "night" else 0.1)
        if s * canvas.scale < 2.6:
            canvas.dot(x, y, s * 1.15, color)
            canvas.dot(x, y, s * 0.4, rgb("f7c94b"))
            continue
        canvas.line([(x, y), (x, y + 2.6 * s)], 0.3 * s, dark(lit.layer(0.9, GREEN), 0.2))
        for a in range(5):
            angle = a * 1.2566
            canvas.dot(x + math.cos(angle) * s * 0.8, y + math.sin(angle) * s * 0.7, s * 0.58, color)
        canvas.dot(x, y, s * 0.4, rgb("f7c94b") if color[1] < 220 else rgb("e79a3c"))
