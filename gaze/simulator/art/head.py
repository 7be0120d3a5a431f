"""The face: its shape, eyes, mouth, and what age and mood make of it."""

from __future__ import annotations

from random import Random

from gaze.simulator.art.canvas import Canvas, ellipse, flipped, moved, path
from gaze.simulator.art.figure import Look
from gaze.simulator.art.palette import RGB, dark, light, mix, rgb

ROUND = path(
    "M-52 -20 C-53 16 -43 40 -24 58 C-14 67 -6 71 0 71 C6 71 14 67 24 58 C43 40 53 16 52 -20 "
    "C52 -62 30 -86 0 -86 C-30 -86 -52 -62 -52 -20 Z"
)
SQUARE = path(
    "M-53 -20 C-54 18 -49 40 -33 60 C-22 72 -10 76 0 76 C10 76 22 72 33 60 C49 40 54 18 53 "
    "-20 C52 -62 30 -86 0 -86 C-30 -86 -52 -62 -53 -20 Z"
)
SHADED = path(
    "M-54 -60 C-54 16 -43 42 -22 60 C-14 67 -6 72 4 73 C-14 58 -34 36 -36 -6 C-37 -34 -28 -56 -12 -86 L-54 -88 Z"
)
LASH = path("M-14 3 C-10 -11 5 -16 15 -6 L20 -9 C18 -2 16 2 14.5 5 C10 -6 1 -9 -14 3 Z")
LID = path("M-11 -14 Q2 -21 15 -14")
BROW_SOFT = path("M-14 -26 Q0 -34 17 -27")
BROW_THICK = path("M-16 -23 Q0 -32 19 -26")
CLOSED = path("M-14 3 Q1 14 16 2")
BEARD = path(
    "M-54 -2 C-50 22 -42 44 -26 45 C-14 45 -8 41 0 41 C8 41 14 45 26 45 C42 44 50 22 54 -2 "
    "C56 40 46 78 24 96 C12 108 6 112 0 112 C-6 112 -12 108 -24 96 C-46 78 -56 40 -54 -2 Z"
)


def paint_head(top: Canvas, who: Look, rng: Random) -> None:
    """Paint ears, face and features."""
    outline = ROUND if who.female or who.wish.young else SQUARE
    _ears(top, who)
    top.shape(outline, (light(who.skin, 0.1), who.skin, who.skin, mix(who.skin, who.shade, 0.3)))
    shaded = SHADED if who.side > 0 else flipped(SHADED)
    top.shape(shaded, who.shade, 0.26, outline)
    top.shape(path("M-60 -100 L60 -100 L60 -34 Q0 -14 -60 -34 Z"), who.shade, 0.26, outline)  # the hair's shadow
    _cheeks(top, who)
    for side in (-1, 1):
        _eye(top, who, side)
    _nose(top, who)
    _mouth(top, who, rng)
    _age(top, who)


def _ears(top: Canvas, who: Look) -> None:
    pointed = "elf ears" in who.wish.wear
    if "cat ears" in who.wish.wear or "rabbit ears" in who.wish.wear:
        return
    for side in (-1, 1):
        ear = path("M46 -6 C62 -26 84 -34 98 -36 C90 -14 74 14 48 24 Z") if pointed else ellipse(53, 6, 10, 16)
        inner = path("M52 -2 C64 -16 78 -24 88 -28 C80 -10 68 6 52 14 Z") if pointed else ellipse(53, 7, 5.5, 10)
        top.shape(ear if side > 0 else flipped(ear), mix(who.skin, who.shade, 0.35))
        top.shape(inner if side > 0 else flipped(inner), who.shade, 0.6)


def _cheeks(top: Canvas, who: Look) -> None:
    strong = "blush" in who.wish.face
    rosy = mix(who.skin, rgb("e2574f"), 0.75)
    for side in (-1, 1):
        top.glow(side * 32, 33, 21, rosy, 0.75 if strong else 0.4)
        if strong:
            for n in range(3):
                top.line([(side * 32 + n * 5 - 8, 35), (side * 32 + n * 5 - 4, 29)], 1.3, rosy, 0.8)
    if "freckles" in who.wish.wear:
        for n, (x, y) in enumerate(((20, 28), (27, 32), (33, 27), (38, 33), (25, 25), (14, 31))):
            for side in (-1, 1):
                top.shape(ellipse(side * x, y + n % 2, 1.3, 1.3), who.line, 0.45)


def _eye(top: Canvas, who: Look, side: int) -> None:
    wish = who.wish
    x, y = side * 25.0, 12.0
    color = wish.eyes if side > 0 else wish.other_eye
    size = (1.08 if who.female else 0.9) * (1.08 if wish.young else 1.0)
    lash = mix(dark(who.hair, 0.7), rgb("2a1a24"), 0.6)

    def place(points: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
        return moved(points if side > 0 else flipped(points), x, y, size)

    if (
        "closed" in wish.face
        or ("grin" in wish.face and "open" not in wish.face and wish.young)
        or ("wink" in wish.face and side > 0)
    ):
        top.line(place(CLOSED), 3.6, lash)
        for n in (-1, 0, 1):
            top.line(place(((11 + n * 3.0, 5.5 - n), (15 + n * 3.2, 9.5 - n))), 1.6, lash)
    else:
        narrow = (
            0.62
            if "sleepy" in wish.face
            else 0.8
            if {"frown", "smirk"} & wish.face and "open" not in wish.face
            else 1.0
        )
        _open_eye(top, who, side, color, size, narrow)
        top.shape(place(tuple((px, py + (1 - narrow) * 9) for px, py in LASH)), lash)
        top.line(place(LID), 1.3, who.line, 0.5)
        top.line(place(path("M-8 13 Q2 16.5 11 12")), 1.3, who.line, 0.5)
    _brow(top, who, side, size)


def _open_eye(top: Canvas, who: Look, side: int, color: RGB, size: float, narrow: float) -> None:
    x, y = side * 25.0, 12.0
    white = moved(path("M-13 3 C-9 -9 4 -13 14 -3 C15 6 10 14 1 14 C-7 14 -12 9 -13 3 Z"), 0, 0, size)
    white = tuple((px, py * (1 if py > 0 else narrow) + (1 - narrow) * 5) for px, py in white)
    white = moved(white if side > 0 else flipped(white), x, y)
    top.shape(white, (mix(who.shade, (255, 255, 255), 0.45), (252, 250, 252), (252, 250, 252)))
    ix, iy, r = x + side * 0.5, y + 1.5, 9.4 * size
    top.shape(ellipse(ix, iy, r, r * 1.24), dark(color, 0.55), 1, white)
    top.shape(ellipse(ix, iy, r * 0.88, r * 1.12), (dark(color, 0.5), color, light(color, 0.4)), 1, white)
    top.shape(ellipse(ix, iy - 0.5, r * 0.42, r * 0.56), dark(color, 0.82), 1, white)
    top.shape(ellipse(ix, iy + r * 0.72, r * 0.55, r * 0.32), light(color, 0.55), 0.65, white)
    top.shape(ellipse(ix + who.side * 3.2, iy - 4.6, 3.1 * size, 3.6 * size), (255, 255, 255))
    top.shape(ellipse(ix - who.side * 3.4, iy + 5, 1.5, 1.7), (255, 255, 255), 0.85)


def _brow(top: Canvas, who: Look, side: int, size: float) -> None:
    face = who.wish.face
    angle = -12.0 if "frown" in face else 11.0 if "sad" in face else 4.0 if "open" in face else 0.0
    lift = -4.0 if "open" in face else 3.0 if "frown" in face else 0.0
    if "smirk" in face:
        angle, lift = (-8.0, 0.0) if side > 0 else (0.0, -4.0)
    shape = moved(BROW_SOFT if who.female else BROW_THICK, 0, 0, size)
    turned = moved(shape, 0, 0, 1.0, -angle)
    color = mix(dark(who.hair, 0.35), who.line, 0.3)
    if who.wish.old and not who.female:
        color = light(who.hair, 0.1)
    points = moved(turned if side > 0 else flipped(turned), side * 25, 14 + lift)
    top.line(points, 3.2 if who.female else 5.2, color, 0.92)


def _nose(top: Canvas, who: Look) -> None:
    side = -who.side
    if who.female or who.wish.young:
        top.line(tuple((px * side, py) for px, py in path("M1 33 Q4 38 -1 39")), 2.0, who.line, 0.55)
        top.shape(ellipse(0, 28, 2.2, 4.0), light(who.skin, 0.5), 0.45)
    else:
        top.shape(
            tuple((px * side, py) for px, py in path("M2 10 C5 24 10 32 9 38 C5 42 0 41 -3 39 C1 36 2 24 2 10 Z")),
            who.shade,
            0.5,
        )
        top.line(tuple((px * side, py) for px, py in path("M8 35 Q8 41 1 41")), 1.9, who.line, 0.6)


def _mouth(top: Canvas, who: Look, rng: Random) -> None:
    face = who.wish.face
    lip = mix(who.line, rgb("c4444c"), 0.35)
    y = 52.0 if who.female else 55.0
    if "grin" in face or ("open" in face and "smile" in face):
        mouth = moved(path("M-14 -3 Q0 1 14 -3 Q11 13 0 13 Q-11 13 -14 -3 Z"), 0, y)
        top.shape(mouth, (rgb("7a2436"), rgb("8f2d40")))
        top.shape(moved(path("M-13 -4 Q0 0 13 -4 L12 2 Q0 4 -12 2 Z"), 0, y), (255, 252, 250), 1, mouth)
        top.shape(ellipse(0, y + 12, 8, 5), rgb("e5808a"), 1, mouth)
    elif "open" in face:
        top.shape(ellipse(0, y + 2, 6.5, 8), rgb("7a2436"))
        top.shape(ellipse(0, y + 7, 4.4, 3), rgb("e5808a"))
    elif "frown" in face or "sad" in face:
        top.line(moved(path("M-9 3 Q0 -3 9 3"), 0, y), 2.5, lip)
    elif "smirk" in face:
        top.line(moved(path("M-9 2 Q4 4 12 -4"), 0, y), 2.5, lip)
    elif "smile" in face or rng.random() < 0.55:
        top.line(moved(path("M-13 -2 Q0 7.5 13 -2"), 0, y), 2.5, lip)
    else:
        top.line(moved(path("M-8 0 Q0 2.6 8 0"), 0, y), 2.5, lip)
    if who.female and "grin" not in face and "open" not in face:
        top.shape(moved(path("M-6 6 Q0 9.5 6 6 Q0 12 -6 6 Z"), 0, y), lip, 0.3)


def _age(top: Canvas, who: Look) -> None:
    wear = who.wish.wear
    if who.wish.old:
        for side in (-1, 1):
            for line in (
                "M12 30 Q24 37 34 31",
                "M14 40 Q20 48 19 58",
                "M42 6 Q48 4 51 0",
                "M42 11 Q48 13 51 14",
            ):
                points = path(line)
                top.line(points if side > 0 else flipped(points), 1.5, who.line, 0.45)
        top.line(path("M-20 -34 Q0 -38 20 -34"), 1.4, who.line, 0.35)
    if who.female:
        return
    hair = who.hair if not who.wish.old else light(who.hair, 0.15)
    if "beard" in wear:
        top.shape(BEARD, (hair, hair, dark(hair, 0.3)))
        for x in (-22, -8, 8, 22):
            top.line(path(f"M{x} 58 Q{x * 0.9} 78 {x * 0.5} 98"), 1.8, dark(hair, 0.3), 0.5)
        top.shape(path("M-9 52 Q0 57 9 52 Q5 61 0 61 Q-5 61 -9 52 Z"), mix(who.line, rgb("9c3a40"), 0.5))
    elif "stubble" in wear:
        top.shape(BEARD, hair, 0.16, SQUARE)
    if "beard" in wear or "mustache" in wear:
        top.shape(
            path("M0 43 C10 38 20 43 32 52 C20 54 8 52 0 48 C-8 52 -20 54 -32 52 C-20 43 -10 38 0 43 Z"),
            (light(hair, 0.12), hair),
        )
