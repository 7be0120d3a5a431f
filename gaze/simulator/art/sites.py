"""Places that somebody built or sails to, under the open sky. Units as in `land`."""

from __future__ import annotations

import math
from random import Random

from gaze.simulator.art.canvas import Canvas, ellipse, path
from gaze.simulator.art.land import GREEN, SAND, STONE, WOOD, pines, ridge, tree
from gaze.simulator.art.palette import dark, light, mix, rgb
from gaze.simulator.art.sky import Light, sky
from gaze.simulator.art.tags import Wish


def city(canvas: Canvas, lit: Light, wish: Wish, rng: Random) -> None:
    """Three rows of buildings with lit windows."""
    sky(canvas, lit, wish, rng, 86)
    neon = "neon" in wish.styles
    for place in range(3):
        near = (place + 0.6) / 3
        color = mix(lit.layer(near), lit.ground, 0.2 * place)
        x = rng.uniform(-8, -2)
        while x < lit.width + 2:
            wide, top = rng.uniform(7, 14), rng.uniform(34, 60) + place * 7
            canvas.shape(
                [(x, 101), (x, top), (x + wide, top), (x + wide, 101)],
                (mix(color, lit.haze, 0.1), color, dark(color, 0.2)),
            )
            if rng.random() < 0.4:
                canvas.line([(x + wide / 2, top), (x + wide / 2, top - rng.uniform(3, 7))], 0.4, color)
            if place:
                _windows(canvas, lit, rng, x, top, wide, neon=neon and place == 2)
            x += wide + rng.uniform(-1.5, 2.5)
    if neon:
        for color in (rgb("ff3d9a"), rgb("38e0ff"), rgb("9a5bff")):
            canvas.glow(rng.uniform(0, lit.width), rng.uniform(60, 95), 30, color, 0.4)


def _windows(canvas: Canvas, lit: Light, rng: Random, x: float, top: float, wide: float, *, neon: bool) -> None:
    pane = rgb("ffd98a") if lit.dim else light(lit.haze, 0.4)
    y = top + 3
    while y < 98:
        for column in range(int(wide / 2.6)):
            if rng.random() < (0.42 if lit.dim else 0.25):
                left = x + 1.3 + column * 2.5
                canvas.box(left, y, left + 1.1, y + 1.7, pane, rng.uniform(0.5, 0.95))
        y += 4.4
    if neon and rng.random() < 0.7:
        color, left = (
            rng.choice([rgb("ff4fa3"), rgb("46e6ff"), rgb("b06bff"), rgb("ffe45c")]),
            x + wide * 0.35,
        )
        canvas.glow(left + 1, top + 12, 9, color, 0.5)
        canvas.shape(
            [(left, top + 5), (left + 2.2, top + 5), (left + 2.2, top + 19), (left, top + 19)],
            light(color, 0.2),
        )


def beach(canvas: Canvas, lit: Light, wish: Wish, rng: Random) -> None:
    """Sea to the horizon with the light on it, sand in front."""
    horizon = rng.uniform(56, 62)
    sky(canvas, lit, wish, rng, horizon + 1)
    far = lit.layer(0.35)
    for _ in range(2):
        x, long, tall = rng.uniform(0, lit.width), rng.uniform(14, 34), rng.uniform(3, 8)
        isle = (
            f"M{x - long} {horizon + 0.2} C{x - long * 0.5} {horizon} {x - long * 0.3} "
            f"{horizon - tall} {x} {horizon - tall}"
        )
        isle += f" C{x + long * 0.2} {horizon - tall} {x + long * 0.4} {horizon - tall * 0.3}"
        isle += f" {x + long} {horizon + 0.2} Z"
        canvas.shape(path(isle), (far, mix(far, lit.haze, 0.4)), 0.85)
    sea = (
        mix(lit.colors[2], lit.haze, 0.3),
        mix(lit.colors[1], rgb("2a8fa8"), 0.3),
        mix(lit.colors[0], rgb("1f6f8e"), 0.35),
    )
    canvas.shape([(-1, horizon), (lit.width + 1, horizon), (lit.width + 1, 101), (-1, 101)], sea)
    for _ in range(44):
        down = rng.uniform(0, 1) ** 1.5
        y, spread = horizon + 0.8 + down * 30, 4 + down * 13
        x, long = lit.at[0] + rng.uniform(-spread, spread), rng.uniform(1, 3.5) * (0.5 + down)
        canvas.line([(x - long, y), (x + long, y)], 0.25 + 0.3 * down, lit.sun, rng.uniform(0.35, 0.85))
    if rng.random() < 0.6:
        _boat(canvas, rng.uniform(0.15, 0.85) * lit.width, horizon + 1.5, rng.uniform(0.8, 1.3), lit)
    sand = mix(SAND, lit.colors[1], 0.35 if not lit.dim else 0.5)
    line = ridge(rng, lit.width, 88, 2.2)
    canvas.shape([(x, y - 1.5 if y < 100 else y) for x, y in line], light(lit.haze, 0.5), 0.75)
    canvas.shape(line, (light(sand, 0.15), sand, dark(sand, 0.3)))
    if rng.random() < 0.55:
        _palm(canvas, rng.choice([0.06, 0.94]) * lit.width, 92, lit, rng)


def _boat(canvas: Canvas, x: float, y: float, s: float, lit: Light) -> None:
    hull = dark(lit.layer(0.8), 0.2)
    canvas.shape([(x - 3 * s, y), (x + 3 * s, y), (x + 2 * s, y + 1.3 * s), (x - 2 * s, y + 1.3 * s)], hull)
    canvas.shape([(x + 0.3 * s, y - 0.5), (x + 0.3 * s, y - 6 * s), (x + 3 * s, y - 0.5)], light(lit.haze, 0.6))
    canvas.shape([(x - 0.1 * s, y - 0.5), (x - 0.1 * s, y - 5 * s), (x - 2 * s, y - 0.5)], light(lit.haze, 0.35))


def _palm(canvas: Canvas, x: float, y: float, lit: Light, rng: Random) -> None:
    lean = 8 if x < lit.width / 2 else -8
    trunk = path(f"M{x} {y} Q{x} {y - 28} {x + lean} {y - 50}")
    dusk = dark(lit.layer(1, GREEN), 0.35)
    canvas.line(trunk, 1.6, dark(lit.layer(1, WOOD), 0.3))
    tx, ty = x + lean, y - 50
    for leaf in range(8):
        a = leaf * math.pi / 4 + rng.uniform(-0.2, 0.2)
        dx, dy = 13 * math.cos(a), 7 * math.sin(a)
        frond = path(
            f"M{tx} {ty} Q{tx + dx * 0.6} {ty + dy - 6} {tx + dx} {ty + dy + 4} Q{tx + dx * 0.5} "
            f"{ty + dy - 1} {tx} {ty} Z"
        )
        canvas.shape(frond, dusk)


def castle(canvas: Canvas, lit: Light, wish: Wish, rng: Random) -> None:
    """A castle on a hill."""
    sky(canvas, lit, wish, rng)
    for place in range(2):
        color = lit.layer(place * 0.3, STONE)
        canvas.shape(ridge(rng, lit.width, 64 + place * 6, 10, sharp=True), (color, mix(color, lit.haze, 0.6)))
    x = rng.uniform(0.62, 0.8) * lit.width if rng.random() < 0.5 else rng.uniform(0.2, 0.38) * lit.width
    if not wish.people:
        x = rng.uniform(0.4, 0.6) * lit.width
    wall = lit.layer(0.55, rgb("9c93ad"))
    pane = rgb("ffdc8c") if lit.dim else dark(wall, 0.5)
    for dx, wide, tall in (
        (-11, 5, 30),
        (10, 5.5, 34),
        (-3, 6, 46),
        (4, 4, 38),
        (-17, 3.5, 22),
        (16, 3.5, 24),
    ):
        left, top = x + dx - wide / 2, 78 - tall
        canvas.shape([(left, 82), (left, top), (left + wide, top), (left + wide, 82)], (light(wall, 0.12), wall))
        canvas.shape(
            [(left + wide * 0.62, 82), (left + wide * 0.62, top), (left + wide, top), (left + wide, 82)],
            dark(wall, 0.3),
            0.5,
        )
        roof = lit.layer(0.7, rgb("4f5f9f"))
        canvas.shape(
            [(left - 0.8, top + 0.2), (left + wide / 2, top - wide * 1.5), (left + wide + 0.8, top + 0.2)],
            (light(roof, 0.1), roof),
        )
        for level in range(3, int(tall) - 6, 8):
            canvas.shape(ellipse(left + wide / 2, top + level, 0.55, 1.0), pane)
        tip = top - wide * 1.5
        canvas.shape(
            [(left + wide / 2, tip - 3), (left + wide / 2 + 2.6, tip - 2.2), (left + wide / 2, tip - 1.4)],
            rgb("d6504f"),
        )
        canvas.line([(left + wide / 2, tip), (left + wide / 2, tip - 3)], 0.25, dark(wall, 0.5))
    canvas.shape([(x - 20, 86), (x - 20, 68), (x + 20, 68), (x + 20, 86)], (wall, dark(wall, 0.2)))
    for place in range(3):
        near = 0.5 + place * 0.25
        color = lit.layer(near, GREEN)
        hill = ridge(rng, lit.width, 80 + place * 7, 4)
        canvas.shape(hill, (color, dark(color, 0.15)))
        pines(canvas, lit, rng, hill, near)


def shrine(canvas: Canvas, lit: Light, wish: Wish, rng: Random) -> None:
    """A red gate on a path between trees."""
    sky(canvas, lit, wish, rng)
    for place in range(3):
        color = lit.layer(place * 0.3, GREEN)
        canvas.shape(ridge(rng, lit.width, 60 + place * 7, 6), (color, mix(color, lit.haze, 0.5)))
    x = lit.width / 2 if not wish.people else rng.uniform(0.25, 0.75) * lit.width
    pink = lit.layer(0.6, rgb("f0a5bd") if rng.random() < 0.6 else rgb("6e9e5e"))
    for side in (-26, 26):
        tree(canvas, x + side, 84, 44, pink, dark(WOOD, 0.2), rng)
    ground = lit.layer(0.9, rgb("6b7a58"))
    canvas.shape(ridge(rng, lit.width, 84, 1.5), (ground, dark(ground, 0.3)))
    canvas.shape([(x - 5, 83), (x + 5, 83), (x + 22, 101), (x - 22, 101)], light(lit.layer(0.8, STONE), 0.25))
    red = mix(rgb("d2453a"), lit.colors[1], 0.22)
    for side in (-1, 1):
        canvas.shape(
            [(x + side * 11, 90), (x + side * 10, 46), (x + side * 12.4, 46), (x + side * 13.6, 90)],
            (light(red, 0.1), dark(red, 0.25)),
        )
    canvas.shape([(x - 15, 53), (x + 15, 53), (x + 15, 55.4), (x - 15, 55.4)], red)
    canvas.shape(
        path(f"M{x - 20} 41 Q{x} 46 {x + 20} 41 L{x + 19} 46.4 Q{x} 49 {x - 19} 46.4 Z"),
        (dark(red, 0.5), red),
    )
    for side in (-17, 17):
        canvas.glow(x + side, 80, 9, rgb("ffd489"), 0.6 if lit.dim else 0.2)
        canvas.shape(
            [(x + side - 1.8, 86), (x + side - 1.8, 78), (x + side + 1.8, 78), (x + side + 1.8, 86)],
            dark(STONE, 0.35),
        )
        canvas.shape(ellipse(x + side, 81, 1.1, 1.4), rgb("ffe3a3"))
