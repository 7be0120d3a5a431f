"""Places without an open sky: rooms, space, the sea's floor, plain backgrounds. Units as in `sky`."""

from __future__ import annotations

import math
from random import Random

from gaze.simulator.art.canvas import Canvas, ellipse, path
from gaze.simulator.art.land import hills
from gaze.simulator.art.palette import RGB, dark, light, mix, rgb
from gaze.simulator.art.sites import city
from gaze.simulator.art.sky import LEAF, Light
from gaze.simulator.art.tags import Wish

WARM = rgb("ffce86")


def _box(x: float, y: float, right: float, bottom: float) -> tuple[tuple[float, float], ...]:
    return ((x, y), (right, y), (right, bottom), (x, bottom))


def library(canvas: Canvas, lit: Light, wish: Wish, rng: Random) -> None:
    """Shelves of books, a tall window, a lamp."""
    wood = rgb(rng.choice(["4a2f27", "3a2c3a", "54392a", "2f3440"]))
    canvas.shape(_box(-1, -1, lit.width + 1, 101), (dark(wood, 0.35), dark(wood, 0.1)))
    books = [rgb(t) for t in ["8c3b3b", "3f5f7f", "c49a4a", "4f7353", "6b4a7a", "b8683e", "2f4660", "9a8f7a", "7a2f45"]]
    for row in range(6):
        y = 2 + row * 16.0
        canvas.shape(_box(-1, y + 12.8, lit.width + 1, y + 14.6), (light(wood, 0.18), wood))
        x = 0.0
        while x < lit.width:
            wide, tall = rng.uniform(1.1, 2.6), rng.uniform(8.5, 12)
            if rng.random() < 0.93:
                cover = mix(rng.choice(books), wood, 0.25)
                canvas.box(x, y + 12.8 - tall, x + wide - 0.15, y + 12.8, cover)
                if wide > 1.7:
                    canvas.box(
                        x + 0.3,
                        y + 12.8 - tall * 0.8,
                        x + wide - 0.45,
                        y + 12.8 - tall * 0.7,
                        light(cover, 0.4),
                        0.7,
                    )
            x += wide
    for side in (0.0, 0.5, 1.0):
        canvas.shape(_box(side * lit.width - 2, -1, side * lit.width + 2, 101), (light(wood, 0.1), dark(wood, 0.2)))
    x = rng.choice([0.25, 0.75]) * lit.width
    _arch(canvas, x, lit, 13, 10, 66)
    _beam(canvas, x, lit)
    _lamp(canvas, lit.width - x, rng.uniform(12, 22))


def _arch(canvas: Canvas, x: float, lit: Light, half: float, top: float, bottom: float) -> None:
    """A window with a round head, and the sky in it."""
    frame = path(
        f"M{x - half} {bottom} L{x - half} {top + half} C{x - half} {top - 2} {x + half} "
        f"{top - 2} {x + half} {top + half} L{x + half} {bottom} Z"
    )
    canvas.shape(frame, lit.colors)
    canvas.glow(x, top + half, half * 1.7, lit.sun, 0.6)
    bars = rgb("3a2a2a")
    canvas.line([*frame, frame[0]], 1.6, bars)
    canvas.line([(x, top), (x, bottom)], 0.8, bars)
    for y in (top + half, (top + half + bottom) / 2):
        canvas.line([(x - half, y), (x + half, y)], 0.8, bars)


def _beam(canvas: Canvas, x: float, lit: Light) -> None:
    lean = 26 if x < lit.width / 2 else -26
    canvas.shape([(x - 12, 14), (x + 12, 14), (x + lean + 20, 101), (x + lean - 20, 101)], lit.sun, 0.13)


def _lamp(canvas: Canvas, x: float, y: float) -> None:
    canvas.line([(x, -1), (x, y)], 0.35, rgb("2a2226"))
    canvas.glow(x, y + 4, 30, WARM, 0.5)
    canvas.shape(
        path(f"M{x - 5.5} {y + 4} Q{x - 4.5} {y - 1.5} {x} {y - 2} Q{x + 4.5} {y - 1.5} {x + 5.5} {y + 4} Z"),
        (rgb("c96f45"), rgb("8f4431")),
    )
    canvas.shape(ellipse(x, y + 4.4, 2.4, 1.6), rgb("fff0cc"))


def cafe(canvas: Canvas, lit: Light, wish: Wish, rng: Random) -> None:
    """A warm room: window, shelf with jars, hanging lamps, a counter."""
    wall = rgb(rng.choice(["8a5a45", "5f6f63", "7a4b52", "54617a"]))
    canvas.shape(_box(-1, -1, lit.width + 1, 101), (dark(wall, 0.3), wall, light(wall, 0.08)))
    x = rng.choice([0.24, 0.76]) * lit.width
    view = canvas.placed(canvas.scale, canvas.pixel(0, 0))
    view.shape(_box(x - 15, 14, x + 15, 58), lit.colors)
    canvas.glow(x, 40, 22, lit.sun, 0.5)
    for step in range(5):
        top = 58 - rng.uniform(8, 22)
        canvas.shape(_box(x - 15 + step * 6, top, x - 9.4 + step * 6, 58), lit.layer(0.6), 0.8)
    frame = light(wall, 0.3)
    for line in (
        ((x - 15, 14), (x + 15, 14)),
        ((x - 15, 58), (x + 15, 58)),
        ((x - 15, 14), (x - 15, 58)),
        ((x + 15, 14), (x + 15, 58)),
        ((x, 14), (x, 58)),
        ((x - 15, 34), (x + 15, 34)),
    ):
        canvas.line(line, 1.2, frame)
    sx = lit.width - x
    for y in (30.0, 46.0):
        canvas.shape(_box(sx - 17, y, sx + 17, y + 1.5), rgb("3d2a26"))
        for jar in range(7):
            jx, tall = sx - 14 + jar * 4.6, rng.uniform(3.5, 7)
            color = rgb(rng.choice(["d9a05b", "6f8f72", "c46a4f", "e6d2a8", "7a8fa8", "a8566a"]))
            canvas.shape(_box(jx - 1.5, y - tall, jx + 1.5, y), (light(color, 0.25), color))
            canvas.shape(_box(jx - 1.1, y - tall - 0.8, jx + 1.1, y - tall), dark(color, 0.4))
    for place in (0.2, 0.5, 0.8):
        _lamp(canvas, place * lit.width + rng.uniform(-4, 4), rng.uniform(6, 14))
    canvas.shape(_box(-1, 80, lit.width + 1, 83), light(rgb("6b4632"), 0.15))
    canvas.shape(_box(-1, 83, lit.width + 1, 101), (rgb("5a3a2b"), rgb("35211c")))
    _plant(canvas, rng.choice([0.06, 0.94]) * lit.width, 80, rng)


def _plant(canvas: Canvas, x: float, y: float, rng: Random) -> None:
    canvas.shape([(x - 4, y - 8), (x + 4, y - 8), (x + 3, y), (x - 3, y)], (rgb("c7724e"), rgb("96503a")))
    for leaf in range(9):
        angle = math.radians(-160 + leaf * 17.5 + rng.uniform(-6, 6))
        dx, dy = 12 * math.cos(angle), 15 * math.sin(angle)
        shape = path(
            f"M{x} {y - 8} Q{x + dx * 0.3 - 2} {y - 8 + dy * 0.8} {x + dx} {y - 8 + dy} "
            f"Q{x + dx * 0.7 + 2} {y - 8 + dy * 0.4} {x} {y - 8} Z"
        )
        canvas.shape(shape, (rgb("6fa06a"), rgb("3d6b4c")) if leaf % 2 else rgb("4f8258"))


def window(canvas: Canvas, lit: Light, wish: Wish, rng: Random) -> None:
    """A big window with a view; curtains, plants on the sill."""
    (city if rng.random() < 0.4 else hills)(canvas, lit, wish, rng)
    wall = mix(rgb(rng.choice(["d8c4b4", "b9c4cc", "c7b7c9", "cfc9b0"])), lit.colors[0], 0.55 if lit.dim else 0.2)
    half = min(lit.width * 0.36, 44)
    x = lit.width / 2
    canvas.shape(_box(-1, -1, x - half, 101), (wall, dark(wall, 0.25)))
    canvas.shape(_box(x + half, -1, lit.width + 1, 101), (wall, dark(wall, 0.25)))
    canvas.shape(_box(x - half - 1, -1, x + half + 1, 8), wall)
    canvas.shape(_box(-1, 82, lit.width + 1, 101), (light(wall, 0.12), dark(wall, 0.2)))
    bars = light(wall, 0.45)
    for line in (
        ((x - half, 8), (x - half, 82)),
        ((x + half, 8), (x + half, 82)),
        ((x - half, 8), (x + half, 8)),
        ((x, 8), (x, 82)),
        ((x - half, 38), (x + half, 38)),
    ):
        canvas.line(line, 1.5, bars)
    canvas.shape(_box(x - half - 4, 81, x + half + 4, 84.5), (light(wall, 0.6), wall))
    cloth = mix(wish.cloth, wall, 0.45)
    for side in (-1, 1):
        edge = x + side * half
        curtain = path(
            f"M{edge + side * 13} -1 L{edge - side * 9} -1 Q{edge - side * 10} 46 {edge + side * 4} "
            f"62 Q{edge - side * 1} 76 {edge + side * 1} 94 L{edge + side * 13} 94 Z"
        )
        canvas.shape(curtain, (light(cloth, 0.2), cloth, dark(cloth, 0.2)))
        for fold in (3, 7, 10):
            canvas.line(
                [
                    (edge + side * (fold - 6), 0),
                    (edge + side * (fold - 1), 60),
                    (edge + side * (fold - 2), 93),
                ],
                0.5,
                dark(cloth, 0.3),
                0.5,
            )
    _plant(canvas, x - half + 6, 81, rng)


def hall(canvas: Canvas, lit: Light, wish: Wish, rng: Random) -> None:
    """A vaulted hall with columns and high windows."""
    stone = rgb(rng.choice(["5a5470", "6b5f58", "4c5a6a", "70606a"]))
    canvas.shape(_box(-1, -1, lit.width + 1, 101), (dark(stone, 0.45), stone, dark(stone, 0.2)))
    x = lit.width / 2
    _arch(canvas, x, lit, 15, 6, 72)
    for depth in range(3):
        spread = 24 + depth * 15
        color = mix(stone, lit.haze, 0.22 - depth * 0.1) if depth < 2 else dark(stone, 0.3)
        for side in (-1, 1):
            cx, thick = x + side * spread, 2.5 + depth * 1.8
            canvas.shape(_box(cx - thick, -1, cx + thick, 90 + depth * 5), (light(color, 0.1), color, dark(color, 0.3)))
            canvas.shape(_box(cx - thick * 1.4, 86 + depth * 5, cx + thick * 1.4, 92 + depth * 5), dark(color, 0.2))
            if depth == 1:
                banner = mix(wish.cloth, stone, 0.2)
                canvas.shape(
                    [(cx - 2.6, 16), (cx + 2.6, 16), (cx + 2.6, 52), (cx, 57), (cx - 2.6, 52)],
                    (banner, dark(banner, 0.35)),
                )
                canvas.shape(ellipse(cx, 30, 1.5, 1.5), wish.trim)
    for reach in (-18.0, 0.0, 18.0):
        canvas.shape([(x - 10, 10), (x + 10, 10), (x + reach + 16, 101), (x + reach - 16, 101)], lit.sun, 0.09)
    canvas.shape(
        [(x - 12, 74), (x + 12, 74), (x + 44, 101), (x - 44, 101)],
        (mix(wish.trim, stone, 0.4), dark(rgb("8a2f3f"), 0.25)),
        0.8,
    )


def space(canvas: Canvas, lit: Light, wish: Wish, rng: Random) -> None:
    """Nebulae, stars, a planet with a ring."""
    deep = rgb(rng.choice(["0a0a22", "0d0820", "061626"]))
    canvas.shape(_box(-1, -1, lit.width + 1, 101), (deep, light(deep, 0.06), deep))
    colors = [rgb(t) for t in rng.sample(["6a3fb0", "b0407f", "2f6fc0", "1f9a94", "d0743f", "8f3fb8"], 3)]
    for place in range(15):
        x = lit.width * rng.uniform(-0.1, 1.1)
        canvas.glow(x, 60 - 30 * (x / lit.width) + rng.uniform(-22, 22), rng.uniform(14, 40), colors[place % 3], 0.45)
    for _ in range(130):
        size = rng.uniform(0.1, 0.3) if rng.random() < 0.9 else 0.5
        canvas.dot(rng.uniform(0, lit.width), rng.uniform(0, 100), size, (255, 250, 245), rng.uniform(0.4, 1))
    x, y, r = rng.choice([0.2, 0.8]) * lit.width, rng.uniform(20, 34), rng.uniform(11, 17)
    body = rgb(rng.choice(["d99a5e", "5f9fd0", "b86f9a", "7fb58a"]))
    canvas.glow(x, y, r * 1.8, body, 0.4)
    disc, ring = ellipse(x, y, r, r), ellipse(x, y, r * 1.85, r * 0.42, -16)
    canvas.line([*ring, ring[0]], 1.0, light(body, 0.4), 0.75)
    canvas.shape(disc, (light(body, 0.3), body, dark(body, 0.4)))
    for band in range(4):
        canvas.shape(ellipse(x, y - r * 0.6 + band * r * 0.42, r, r * 0.1, -12), light(body, 0.25), 0.4, disc)
    canvas.shape(ellipse(x + r * 0.5, y + r * 0.35, r * 1.05, r * 1.05), deep, 0.45, disc)
    canvas.line(ring[: len(ring) // 2 + 1], 1.0, light(body, 0.5), 0.9)
    canvas.shape(ellipse(lit.width - x, 70, 3.5, 3.5), (rgb("cfd3e0"), rgb("6a6f86")))


def underwater(canvas: Canvas, lit: Light, wish: Wish, rng: Random) -> None:
    """Light from above, coral, fish."""
    tone = rng.choice(["8fe3e0 2f9fc0 14598f 0a2f5c", "a8ead0 36a89a 136a78 0a3a4e"])
    colors = tuple(rgb(t) for t in tone.split())
    canvas.shape(_box(-1, -1, lit.width + 1, 101), colors)
    for _ in range(7):
        x, lean = rng.uniform(0, lit.width), rng.uniform(-14, 14)
        canvas.shape([(x - 3, -1), (x + 3, -1), (x + lean + 9, 92), (x + lean - 9, 92)], (235, 255, 250), 0.1)
    for _ in range(9):
        y, s = rng.uniform(14, 70), rng.uniform(0.8, 1.8)
        x, turn = rng.uniform(0, lit.width), rng.choice([-1, 1])
        color = rgb(rng.choice(["ffb04f", "ff7a6b", "ffe27a", "d6f0ff"]))
        fish = path(
            f"M{3 * turn} 0 Q{1 * turn} -2 {-2 * turn} -0.2 L{-3.6 * turn} -1.6 L{-3.2 * turn} 0.2 "
            f"L{-3.6 * turn} 1.7 L{-2 * turn} 0.4 Q{1 * turn} 2 {3 * turn} 0 Z"
        )
        canvas.shape([(x + px * s, y + py * s) for px, py in fish], mix(color, colors[1], 0.25), 0.95)
    floor = mix(colors[2], rgb("e0c79a"), 0.3)
    canvas.shape(
        path(
            f"M-1 101 L-1 90 Q{lit.width * 0.3} 82 {lit.width * 0.6} 89 Q{lit.width * 0.8} 93 "
            f"{lit.width + 1} 86 L{lit.width + 1} 101 Z"
        ),
        (light(floor, 0.1), dark(floor, 0.3)),
    )
    for _ in range(12):
        x, tall = rng.uniform(0, lit.width), rng.uniform(7, 24)
        color = mix(rgb(rng.choice(["ef6f86", "f2a25c", "a66fd0", "4fb88a", "e8d06a"])), colors[2], 0.3)
        for branch in range(-2, 3):
            bend = path(
                f"M{x} 95 Q{x + branch} {95 - tall * 0.6} {x + branch * tall * 0.17} "
                f"{95 - tall * (1 - abs(branch) * 0.14)}"
            )
            canvas.line(bend, 1.3, color, 0.95)


def simple(canvas: Canvas, lit: Light, wish: Wish, rng: Random) -> None:
    """A plain ground with one quiet ornament."""
    tone: RGB = mix(rng.choice([wish.cloth, wish.trim, wish.eyes, lit.colors[1]]), (255, 255, 255), 0.25)
    if rng.random() < 0.45:
        tone = dark(tone, 0.45)
    canvas.shape(_box(-1, -1, lit.width + 1, 101), (dark(tone, 0.12), tone, light(tone, 0.4)))
    x = lit.width / 2
    pale = light(tone, 0.55)
    kind = rng.randrange(5)
    if kind == 0:
        canvas.glow(x, 46, 60, pale, 0.5)
        canvas.shape(ellipse(x, 44, 36, 36), pale, 0.4)
    elif kind == 1:
        wide = lit.width / 6.2
        for place in range(6):
            top = rng.uniform(-12, 16)
            left = place * lit.width / 6 + wide * 0.1
            canvas.line(
                [(left + wide * 0.45, top + wide), (left + wide * 0.45, top + 66)],
                wide * 0.8,
                pale,
                rng.uniform(0.2, 0.4),
            )
    elif kind == 2:
        canvas.glow(x, 40, 66, pale, 0.5)
        for _ in range(22):
            turn, size = rng.uniform(0, 6.28), rng.uniform(1.2, 2.6)
            px, py = rng.uniform(0, lit.width), rng.uniform(0, 100)
            cos, sin = math.cos(turn) * size, math.sin(turn) * size
            canvas.shape([(px + a * cos - b * sin, py + a * sin + b * cos) for a, b in LEAF], dark(tone, 0.35), 0.55)
    elif kind == 3:
        for place in range(5):
            r = 62 - place * 11
            canvas.shape(ellipse(x, 44, r, r), pale, 0.13)
    else:
        lean = rng.uniform(-30, 30)
        for place in range(5):
            left = lit.width * (place / 4) - 20
            canvas.shape([(left, -1), (left + 12, -1), (left + 12 + lean, 101), (left + lean, 101)], pale, 0.22)
