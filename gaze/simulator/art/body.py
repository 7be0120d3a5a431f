"""Neck, trunk, arms and legs, and the clothes on them. Units as in `figure`."""

from __future__ import annotations

from random import Random

from gaze.simulator.art.canvas import Canvas, Point, ellipse, flipped, path
from gaze.simulator.art.clothes import DETAILS
from gaze.simulator.art.figure import Look
from gaze.simulator.art.palette import RGB, dark, light, mix

TRUNK_MAN = path(
    "M-24 84 C-26 104 -36 112 -60 117 C-100 124 -128 140 -135 184 C-138 240 -118 320 -112 "
    "450 L112 450 C118 320 138 240 135 184 C128 140 100 124 60 117 C36 112 26 104 24 84 Z"
)
TRUNK_WOMAN = path(
    "M-22 84 C-24 106 -34 114 -60 120 C-98 127 -124 142 -130 182 C-134 216 -104 250 -92 300 "
    "C-90 336 -112 370 -122 450 L122 450 C112 370 90 336 92 300 C104 250 134 216 130 182 "
    "C124 142 98 127 60 120 C34 114 24 106 22 84 Z"
)
NECK = path("M-24 40 C-22 76 -24 96 -44 116 L44 116 C24 96 22 76 24 40 Z")
NECK_SHADE = path("M-26 48 C-16 84 16 84 26 48 L24 40 L-24 40 Z")
LONG = frozenset({"sword", "staff", "umbrella", "lantern", "balloon"})
SKIRTED = frozenset({"dress", "kimono", "robe", "cloak", "apron", "sailor"})

ARMS: dict[str, tuple[tuple[Point, ...], tuple[Point, ...]]] = {
    "": (((112, 168), (124, 280), (114, 388)), ((112, 168), (124, 280), (114, 388))),
    "behind": (((112, 168), (128, 280), (92, 372)), ((112, 168), (128, 280), (92, 372))),
    "raised": (((112, 168), (124, 280), (114, 388)), ((112, 164), (176, 232), (168, 96))),
    "crossed": (((112, 172), (122, 262), (-34, 258)), ((112, 172), (122, 278), (-40, 284))),
    "hips": (((112, 168), (178, 262), (100, 330)), ((112, 168), (178, 262), (100, 330))),
    "chin": (((112, 172), (116, 276), (-46, 268)), ((112, 172), (108, 280), (36, 112))),
    "clasped": (((112, 172), (112, 284), (10, 216)), ((112, 172), (112, 284), (10, 216))),
    "heart": (((112, 168), (124, 280), (114, 388)), ((112, 168), (122, 278), (22, 204))),
    "grip": (((112, 168), (124, 280), (114, 388)), ((112, 168), (152, 268), (130, 236))),
    "hold": (((112, 168), (124, 280), (114, 388)), ((112, 168), (128, 278), (76, 252))),
}


def pose_of(who: Look) -> str:
    """How the arms are held: as the prompt says, or so that the hand can hold what it must."""
    if who.wish.pose in ARMS and who.wish.pose:
        return who.wish.pose
    if who.wish.props & LONG:
        return "grip"
    return "hold" if who.wish.props - {"sparkles"} else ""


def hand_of(who: Look) -> Point:
    """Where the hand is that holds things."""
    x, y = ARMS[pose_of(who)][1][2]
    return x * _wide(who), y


def _wide(who: Look) -> float:
    return who.breadth


def paint_body(canvas: Canvas, who: Look, rng: Random) -> None:
    """Paint a person from the neck down."""
    wide = _wide(who)
    trunk = tuple((x * (wide if abs(x) > 30 else 1.0), y) for x, y in (TRUNK_WOMAN if who.female else TRUNK_MAN))
    _legs(canvas, who, wide)
    pose = pose_of(who)
    bare = who.wish.clothes == "dress"
    if pose in ("", "behind", "hips"):
        for side in (-1, 1):
            _arm(canvas, who, ARMS[pose][side > 0], side, bare=bare)
    canvas.shape(NECK, (who.shade, who.skin, who.skin))
    base = who.skin if bare else who.cloth
    lit = light(base, 0.16)
    canvas.shape(trunk, (lit, base, dark(base, 0.3)))
    canvas.shape(NECK, (mix(who.skin, who.shade, 0.2), who.skin))
    canvas.shape(tuple((x, y + 6) for x, y in NECK_SHADE), who.shade, 0.62, NECK)
    DETAILS[who.wish.clothes](canvas, who, trunk, wide)
    for reach, alpha in ((52, 0.1), (78, 0.1), (100, 0.1)):
        away = path(f"M170 90 L{reach} 130 C{reach * 1.1} 220 {reach * 0.8} 300 {reach} 460 L170 460 Z")
        canvas.shape(away if who.side < 0 else flipped(away), dark(base, 0.7), alpha, trunk)
    if pose not in ("", "behind", "hips"):
        for side in (-1, 1):
            _arm(canvas, who, ARMS[pose][side > 0], side, bare=bare)


def _arm(canvas: Canvas, who: Look, points: tuple[Point, ...], side: int, *, bare: bool) -> None:
    wide = _wide(who)
    shoulder, elbow, hand = ((side * x * (wide if x > 30 else 1.0), y) for x, y in points)
    sleeve: RGB = who.skin if bare else mix(who.cloth, dark(who.cloth, 0.5), 0.18 if side == who.side else 0.4)
    if who.wish.clothes == "sailor":
        sleeve = light(who.trim, 0.7)
    thick = 50 * wide
    inner = (shoulder[0] - side * 8, shoulder[1])
    bend = (inner, ((inner[0] + elbow[0]) / 2 + side * 2, (inner[1] + elbow[1]) / 2), elbow)
    canvas.line(bend, thick, sleeve)
    wrist = (elbow[0] + (hand[0] - elbow[0]) * 0.82, elbow[1] + (hand[1] - elbow[1]) * 0.82)
    canvas.line((elbow, wrist), thick * (0.98 if who.wish.clothes in ("kimono", "robe") else 0.8), dark(sleeve, 0.06))
    angle_x, angle_y = hand[0] - wrist[0], hand[1] - wrist[1]
    canvas.line((wrist, hand), 25 * (0.9 if who.female else 1.05), who.skin)
    canvas.shape(ellipse(hand[0] + angle_x * 0.2, hand[1] + angle_y * 0.2, 17, 17), (light(who.skin, 0.1), who.skin))
    thumb = (hand[0] - side * 13, hand[1] - 6)
    canvas.line(((hand[0], hand[1] + 4), thumb), 8, who.skin)
    for n in (-1, 1):
        finger = (hand[0] + angle_x * 0.5 + n * 4, hand[1] + angle_y * 0.5)
        canvas.line(((hand[0] + n * 4, hand[1]), finger), 1.4, who.shade, 0.6)
    if not bare:
        across = (
            (wrist[0] - angle_y * 0.7, wrist[1] + angle_x * 0.7),
            (wrist[0] + angle_y * 0.7, wrist[1] - angle_x * 0.7),
        )
        canvas.line(
            across,
            8,
            who.trim if who.wish.clothes in ("suit", "uniform", "robe", "armor", "kimono") else dark(sleeve, 0.2),
        )


def _legs(canvas: Canvas, who: Look, wide: float) -> None:
    """Only a picture from afar shows them."""
    if canvas.pixel(0, 445)[1] > canvas.height:
        return
    cloth = who.cloth
    if who.wish.clothes in SKIRTED:
        for side in (-1, 1):
            canvas.line([(side * 34, 600), (side * 36, 800)], 36, who.skin)
            canvas.line([(side * 36, 770), (side * 40, 806), (side * 58, 812)], 36, dark(cloth, 0.55))
        long = 770 if who.wish.clothes in ("robe", "kimono", "cloak") else 640
        skirt = path(
            f"M{-100 * wide} 330 C{-118 * wide} 420 {-150 * wide} 560 {-165 * wide} {long} Q0 "
            f"{long + 34} {165 * wide} {long} C{150 * wide} 560 {118 * wide} 420 {100 * wide} 330 Z"
        )
        canvas.shape(skirt, (cloth, mix(cloth, dark(cloth, 0.3), 0.5), dark(cloth, 0.35)))
        for x in (-0.6, -0.2, 0.25, 0.65):
            canvas.line([(x * 90 * wide, 420), (x * 150 * wide, long)], 3, dark(cloth, 0.35), 0.5)
        hem = [(-163 * wide, long - 8), (0, long + 10), (163 * wide, long - 8)]
        canvas.line(path(f"M{hem[0][0]} {hem[0][1]} Q0 {long + 24} {hem[2][0]} {hem[2][1]}"), 7, who.trim, 0.9)
        return
    trousers = dark(mix(cloth, (40, 44, 70), 0.55), 0.2)
    for side in (-1, 1):
        canvas.line([(side * 52 * wide, 430), (side * 50 * wide, 610), (side * 48 * wide, 760)], 72 * wide, trousers)
        canvas.line([(side * 48 * wide, 700), (side * 48 * wide, 796)], 58 * wide, dark(trousers, 0.45))
        canvas.line([(side * 48 * wide, 800), (side * 66 * wide, 806)], 46 * wide, dark(trousers, 0.55))
    canvas.shape(
        flipped(path(f"M{-118 * wide} 440 L{118 * wide} 440 L{100 * wide} 480 L0 500 L{-100 * wide} 480 Z")),
        trousers,
    )
