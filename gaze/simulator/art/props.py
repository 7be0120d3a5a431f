"""Things in a hand. Units as in `figure`; each is drawn about the hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

from gaze.simulator.art.body import hand_of
from gaze.simulator.art.canvas import Canvas, ellipse, path
from gaze.simulator.art.figure import Look
from gaze.simulator.art.palette import dark, light, rgb
from gaze.simulator.art.wear import blossom

GRIPPED = frozenset({"sword", "staff", "umbrella", "lantern", "flower", "fan", "pipe", "balloon"})
GOLD, STEEL, WOOD = rgb("e0b04a"), rgb("c3cad8"), rgb("7a5138")


def in_hands(canvas: Canvas, who: Look, rng: Random) -> None:
    """Draw the first thing the prompt names; fingers over it."""
    x, y = hand_of(who)
    at = canvas.placed(canvas.scale, canvas.pixel(x, y), flip=canvas.flip < 0)
    for name, draw in THINGS.items():
        if name in who.wish.props:
            draw(at, who)
            for n in range(4) if name in GRIPPED else ():
                at.line(((-9, -10 + n * 8), (8, -11 + n * 8)), 9, who.skin)
                at.line(((-7, -5 + n * 8), (7, -6 + n * 8)), 1.3, who.shade, 0.6)
            return


def _sword(at: Canvas, who: Look) -> None:
    at.shape(path("M-8 -34 L-6 -250 L0 -272 L6 -250 L8 -34 Z"), (light(STEEL, 0.5), STEEL))
    at.shape(path("M0 -34 L0 -272 L6 -250 L8 -34 Z"), dark(STEEL, 0.25), 0.6)
    at.line([(-38, -32), (38, -32)], 11, GOLD)
    at.line([(0, -28), (0, 26)], 11, rgb("4a2f2a"))
    at.shape(ellipse(0, 32, 10, 10), (light(GOLD, 0.3), GOLD))


def _staff(at: Canvas, who: Look) -> None:
    at.line(path("M6 240 Q-4 0 -2 -196"), 11, WOOD)
    at.line(path("M-2 -196 C-34 -216 -30 -256 0 -262 C28 -264 36 -236 22 -220"), 8, WOOD)
    at.glow(0, -232, 76, who.wish.eyes, 0.7)
    at.shape(path("M0 -254 L15 -232 L0 -208 L-15 -232 Z"), (light(who.wish.eyes, 0.6), who.wish.eyes))


def _book(at: Canvas, who: Look) -> None:
    cover = dark(who.trim, 0.35)
    at.shape(path("M-118 -64 Q-60 -86 -14 -58 Q34 -86 92 -64 L92 26 Q34 6 -14 32 Q-60 6 -118 26 Z"), cover)
    page = rgb("f6efdf")
    at.shape(path("M-112 -66 Q-60 -90 -14 -62 L-14 24 Q-60 0 -112 18 Z"), (page, dark(page, 0.1)))
    at.shape(path("M86 -66 Q34 -90 -14 -62 L-14 24 Q34 0 86 18 Z"), (light(page, 0.4), page))
    for n in range(5):
        at.line([(-100, -52 + n * 13), (-32, -54 + n * 13)], 2, rgb("9a8a78"), 0.6)
        at.line([(4, -54 + n * 13), (74, -52 + n * 13)], 2, rgb("9a8a78"), 0.6)


def _cup(at: Canvas, who: Look) -> None:
    china = rgb("f4efe8")
    at.line(path("M24 -18 C50 -24 50 14 22 12"), 7, china)
    at.shape(path("M-30 -34 L30 -34 C28 10 18 26 0 26 C-18 26 -28 10 -30 -34 Z"), (china, dark(china, 0.16)))
    at.shape(ellipse(0, -34, 30, 8), rgb("6f4630"))
    at.line(path("M-29 -10 Q0 0 29 -10"), 6, who.trim)
    for x in (-10, 8):
        at.line(path(f"M{x} -48 C{x - 14} -66 {x + 14} -80 {x} -102"), 5, (255, 255, 255), 0.4)


def _umbrella(at: Canvas, who: Look) -> None:
    at.line([(0, 60), (0, -300)], 7, WOOD)
    cloth = who.trim
    at.shape(
        path(
            "M-200 -236 C-170 -370 -60 -396 0 -398 C60 -396 170 -370 200 -236 Q166 -262 134 -236 "
            "Q100 -264 66 -236 Q34 -264 0 -236 Q-34 -264 -66 -236 Q-100 -264 -134 -236 Q-166 -262 "
            "-200 -236 Z"
        ),
        (light(cloth, 0.3), cloth, dark(cloth, 0.2)),
    )
    for x in (-66, 66):
        at.line(path(f"M0 -396 Q{x} -340 {x} -236"), 3, dark(cloth, 0.3), 0.6)


def _flower(at: Canvas, who: Look) -> None:
    for n, (x, y) in enumerate(((-30, -86), (0, -110), (30, -84), (-12, -66), (18, -60))):
        at.line(path(f"M0 10 Q{x * 0.4} {y * 0.5} {x} {y}"), 4, rgb("5b9460"))
        blossom(at, x, y, 24, (rgb("ef7d92"), rgb("f6d365"), rgb("f5a3c0"), rgb("fff1e6"), rgb("b79bea"))[n])


def _lantern(at: Canvas, who: Look) -> None:
    at.line([(0, 0), (0, 26)], 3.5, rgb("3a2f33"))
    at.glow(0, 62, 120, rgb("ffcf7d"), 0.8)
    at.shape(path("M-24 30 L24 30 L30 92 L-30 92 Z"), (rgb("fff2c9"), rgb("ffc766")))
    at.line([(-24, 30), (-30, 92), (30, 92), (24, 30), (-24, 30)], 5, rgb("3a2f33"))
    at.shape(path("M-20 28 L0 12 L20 28 Z"), rgb("3a2f33"))


def _guitar(at: Canvas, who: Look) -> None:
    at.line([(20, 10), (-206, 60)], 18, rgb("5a3a28"))
    at.shape(ellipse(-20, 26, 62, 50, -12), (rgb("d9995a"), rgb("a8652f")))
    at.shape(ellipse(56, 8, 50, 40, -12), (rgb("d9995a"), rgb("a8652f")))
    at.shape(ellipse(6, 20, 20, 18), rgb("3f261b"))
    for n in (-4, 0, 4):
        at.line([(50, 6 + n), (-200, 58 + n)], 1.4, rgb("f0e4cf"), 0.8)


def _fan(at: Canvas, who: Look) -> None:
    for n in range(8):
        a, b = math.radians(-165 + n * 18), math.radians(-147 + n * 18)
        blade = [(0, 0), (120 * math.cos(a), 120 * math.sin(a)), (120 * math.cos(b), 120 * math.sin(b))]
        at.shape(blade, light(who.trim, 0.3) if n % 2 else who.trim)
        at.line([(0, 0), (122 * math.cos(a), 122 * math.sin(a))], 2.5, WOOD)


def _orb(at: Canvas, who: Look) -> None:
    glow = light(who.wish.eyes, 0.3)
    at.glow(0, -62, 130, glow, 0.8)
    at.shape(ellipse(0, -62, 38, 38), (light(glow, 0.6), glow, dark(glow, 0.2)), 0.92)
    at.shape(ellipse(-12, -76, 9, 7), (255, 255, 255), 0.9)
    for n in range(8):
        a = n * math.pi / 4
        x, y = 70 * math.cos(a), -62 + 70 * math.sin(a)
        at.shape(
            [
                (x, y - 8),
                (x + 2, y - 2),
                (x + 8, y),
                (x + 2, y + 2),
                (x, y + 8),
                (x - 2, y + 2),
                (x - 8, y),
                (x - 2, y - 2),
            ],
            (255, 252, 230),
        )


def _pipe(at: Canvas, who: Look) -> None:
    at.line(path("M-6 -4 C-40 -10 -60 -36 -76 -52"), 6, rgb("3a2622"))
    at.shape(path("M-14 -26 L18 -26 L14 14 Q2 22 -10 14 Z"), (rgb("8a5637"), rgb("5a3422")))
    at.line(path("M2 -34 C-16 -60 22 -80 4 -112"), 7, (255, 255, 255), 0.35)


def _phone(at: Canvas, who: Look) -> None:
    at.shape(path("M-26 -74 L26 -74 L26 28 L-26 28 Z"), rgb("2b2a36"))
    at.shape(path("M-22 -68 L22 -68 L22 20 L-22 20 Z"), (rgb("a8d8ff"), rgb("7a8cf0")))


def _apple(at: Canvas, who: Look) -> None:
    at.shape(
        path("M0 -46 C20 -60 42 -44 36 -18 C32 4 14 14 0 8 C-14 14 -32 4 -36 -18 C-42 -44 -20 -60 0 -46 Z"),
        (rgb("f07a5e"), rgb("b82f3c")),
    )
    at.line(path("M0 -46 Q4 -60 10 -66"), 4, WOOD)
    at.shape(path("M8 -62 C20 -74 36 -68 38 -60 C28 -54 16 -54 8 -62 Z"), rgb("6fb060"))


def _bird(at: Canvas, who: Look) -> None:
    color = who.trim
    at.shape(
        path("M-34 -14 C-34 -50 -6 -66 12 -56 C28 -72 52 -66 52 -46 L64 -40 L50 -36 C46 -8 14 0 -8 -4 L-56 12 Z"),
        (light(color, 0.3), color),
    )
    at.shape(path("M-24 -16 C-10 -44 14 -40 20 -26 C10 -8 -10 -6 -24 -16 Z"), dark(color, 0.3))
    at.shape(ellipse(38, -50, 4, 4), rgb("241c28"))


def _cat(at: Canvas, who: Look) -> None:
    fur = rgb("4b4654") if sum(who.cloth) > 330 else rgb("e7d3bd")
    at.line(path("M40 30 C86 24 90 -30 66 -44"), 13, fur)
    at.shape(ellipse(-6, 14, 56, 40), (light(fur, 0.1), fur))
    at.shape(
        path("M-66 -74 L-58 -20 C-50 8 -6 8 2 -20 L8 -74 L-14 -54 Q-28 -60 -44 -54 Z"),
        (light(fur, 0.15), fur),
    )
    for x in (-44, -14):
        at.shape(ellipse(x, -28, 6.5, 8), rgb("f2c84f"))
        at.shape(ellipse(x, -28, 2.4, 7), rgb("241c28"))
    at.shape(path("M-33 -16 L-25 -16 L-29 -10 Z"), rgb("e58f92"))


def _balloon(at: Canvas, who: Look) -> None:
    for x, y, color in ((-50, -250, rgb("ef6f7f")), (44, -262, rgb("f4c455")), (0, -310, rgb("6fb5ea"))):
        at.line(path(f"M0 0 Q{x * 0.2} {y * 0.5} {x} {y + 54}"), 2, (255, 255, 255), 0.8)
        at.shape(ellipse(x, y, 46, 56), (light(color, 0.4), color))
        at.shape(ellipse(x - 16, y - 20, 9, 14), (255, 255, 255), 0.5)


def _violin(at: Canvas, who: Look) -> None:
    _guitar(at, who)
    at.line([(-90, -60), (60, 70)], 4, WOOD)


THINGS: dict[str, Callable[[Canvas, Look], None]] = {
    "sword": _sword,
    "umbrella": _umbrella,
    "lantern": _lantern,
    "guitar": _guitar,
    "violin": _violin,
    "staff": _staff,
    "orb": _orb,
    "book": _book,
    "cup": _cup,
    "flower": _flower,
    "pipe": _pipe,
    "fan": _fan,
    "cat": _cat,
    "bird": _bird,
    "phone": _phone,
    "apple": _apple,
    "balloon": _balloon,
}
