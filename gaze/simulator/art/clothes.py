"""What makes a trunk into a coat, a kimono or plate armour. Units as in `figure`."""

from __future__ import annotations

from collections.abc import Callable

from gaze.simulator.art.canvas import Canvas, Points, ellipse, flipped, path
from gaze.simulator.art.figure import Look
from gaze.simulator.art.palette import RGB, dark, light, mix, rgb

LINEN = rgb("f2ece2")


def both(
    canvas: Canvas, text: str, fill: RGB | tuple[RGB, ...], alpha: float = 1.0, within: Points | None = None
) -> None:
    """An outline and its mirror image."""
    points = path(text)
    canvas.shape(points, fill, alpha, within)
    canvas.shape(flipped(points), fill, alpha, within)


def stripes(
    canvas: Canvas, text: str, width: float, color: RGB, alpha: float = 1.0, within: Points | None = None
) -> None:
    """A line and its mirror image."""
    points = path(text)
    canvas.line(points, width, color, alpha, within)
    canvas.line(flipped(points), width, color, alpha, within)


def _dress(canvas: Canvas, who: Look, trunk: Points, wide: float) -> None:
    cloth = who.cloth
    top = path(
        f"M-150 176 C{-90 * wide} 190 {-70 * wide} 150 -34 168 Q0 186 34 168 C{70 * wide} 150 "
        f"{90 * wide} 190 150 176 L150 460 L-150 460 Z"
    )
    canvas.shape(top, (light(cloth, 0.16), cloth, dark(cloth, 0.3)), 1, trunk)
    stripes(canvas, f"M-34 166 C{-60 * wide} 150 {-74 * wide} 140 {-76 * wide} 122", 9, light(cloth, 0.1))
    canvas.line(path("M-36 168 Q0 186 36 168"), 4, who.trim)
    canvas.shape(
        path("M-110 292 Q0 306 110 292 L110 320 Q0 334 -110 320 Z"),
        (light(who.trim, 0.2), who.trim),
        1,
        trunk,
    )
    stripes(canvas, "M-40 330 Q-56 380 -66 450", 3, dark(cloth, 0.35), 0.6, trunk)
    stripes(canvas, "M-12 112 L-40 108", 2, who.shade, 0.5)


def _kimono(canvas: Canvas, who: Look, trunk: Points, wide: float) -> None:
    for n, (x, y) in enumerate(((-70, 210), (66, 240), (-40, 260), (92, 200), (-96, 170), (50, 180))):
        for a in range(5):
            petal = (x * wide + (6, 2, -5, -5, 2)[a], y + (0, 6, 4, -4, -6)[a])
            canvas.dot(*petal, 5, light(who.trim, 0.2), 0.55 + 0.1 * (n % 2))
    canvas.shape(path("M-34 92 L-58 112 L-10 300 L20 300 L-4 190 Z"), who.trim, 1, trunk)
    canvas.shape(path("M34 92 L58 112 L-20 300 L-52 300 L-8 180 Z"), (LINEN, who.trim), 1, trunk)
    canvas.shape(path("M46 104 L62 114 L-22 312 L-44 312 Z"), dark(who.cloth, 0.2), 0.9, trunk)
    canvas.shape(
        path("M-130 286 L130 286 L130 356 L-130 356 Z"),
        (light(who.trim, 0.1), who.trim, dark(who.trim, 0.2)),
        1,
        trunk,
    )
    canvas.line([(-130, 320), (130, 320)], 6, dark(who.cloth, 0.2), 1, trunk)


def _armor(canvas: Canvas, who: Look, trunk: Points, wide: float) -> None:
    metal, edge = who.cloth, who.trim
    canvas.shape(trunk, (light(metal, 0.45), metal, dark(metal, 0.45)))
    plate = path(
        f"M{-86 * wide} 140 Q0 118 {86 * wide} 140 C{98 * wide} 220 {70 * wide} 280 0 306 "
        f"C{-70 * wide} 280 {-98 * wide} 220 {-86 * wide} 140 Z"
    )
    canvas.shape(plate, (light(metal, 0.6), metal, dark(metal, 0.3)))
    canvas.line([*plate, plate[0]], 4, edge)
    canvas.line([(0, 130), (0, 304)], 3, dark(metal, 0.35), 0.7)
    canvas.shape(path(f"M{-60 * wide} 150 Q{-40 * wide} 230 -8 262 L-20 150 Z"), light(metal, 0.75), 0.4)
    for y in (330, 366, 402):
        canvas.line([(-140, y), (0, y + 14), (140, y)], 4, dark(metal, 0.5), 0.7, trunk)
    canvas.shape(path("M-46 84 Q0 112 46 84 L56 120 Q0 146 -56 120 Z"), (light(metal, 0.4), dark(metal, 0.1)))
    canvas.line(path("M-56 120 Q0 146 56 120"), 4, edge)
    for side in (-1, 1):
        for level in (2, 1, 0):
            x, y = side * (112 * wide), 152 + level * 22
            canvas.shape(
                ellipse(x, y, (46 - level * 4) * max(wide, 0.9), 32, side * 18),
                (light(metal, 0.55), metal, dark(metal, 0.4)),
            )
        canvas.line(path(f"M{side * 80 * wide} 130 Q{side * 112 * wide} 116 {side * 148 * wide} 148"), 4, edge)


def _spacesuit(canvas: Canvas, who: Look, trunk: Points, wide: float) -> None:
    canvas.shape(path("M-56 92 Q0 76 56 92 L66 124 Q0 148 -66 124 Z"), (light(who.trim, 0.3), dark(who.trim, 0.3)))
    canvas.line(path("M-66 124 Q0 148 66 124"), 5, dark(who.cloth, 0.5))
    both(
        canvas,
        f"M{-118 * wide} 140 L{-80 * wide} 128 L{-60 * wide} 420 L{-92 * wide} 420 Z",
        light(who.cloth, 0.4),
        0.8,
        trunk,
    )
    canvas.shape(path("M-40 196 L40 196 L36 268 L-36 268 Z"), (dark(who.cloth, 0.3), dark(who.cloth, 0.55)))
    for n, color in enumerate(("ff6b6b", "ffd166", "5ee0a8")):
        canvas.glow(-22 + n * 22, 218, 14, rgb(color), 0.7)
        canvas.shape(ellipse(-22 + n * 22, 218, 5, 5), rgb(color))
    canvas.line([(-26, 246), (26, 246)], 4, rgb("7fd4ff"))


def _robe(canvas: Canvas, who: Look, trunk: Points, wide: float) -> None:
    canvas.shape(path("M-34 100 L0 190 L34 100 L24 96 L-24 96 Z"), dark(who.cloth, 0.55))
    both(
        canvas,
        "M-36 88 C-60 104 -62 112 -64 118 L-8 230 L-8 460 L10 460 L6 200 Z",
        (light(who.trim, 0.15), who.trim),
        1,
        trunk,
    )
    canvas.shape(path("M-120 304 Q0 322 120 304 L120 330 Q0 348 -120 330 Z"), dark(who.trim, 0.35), 1, trunk)
    stripes(canvas, f"M{-70 * wide} 150 Q{-80 * wide} 300 {-64 * wide} 450", 3.5, dark(who.cloth, 0.4), 0.6, trunk)
    for n in range(5):
        canvas.shape(ellipse(0, 214 + n * 44, 4.5, 4.5), light(who.trim, 0.5))


def _cloak(canvas: Canvas, who: Look, trunk: Points, wide: float) -> None:
    inner = mix(light(who.cloth, 0.55), LINEN, 0.5)
    canvas.shape(path("M-50 108 L50 108 L80 460 L-80 460 Z"), (inner, dark(inner, 0.15)), 1, trunk)
    canvas.line(path("M-16 108 L0 150 L16 108"), 4, dark(inner, 0.3))
    canvas.shape(path("M-90 306 L90 306 L90 330 L-90 330 Z"), rgb("5a3b2c"), 1, trunk)
    canvas.shape(ellipse(0, 318, 14, 12), who.trim)
    cape = (
        f"M-20 86 C-60 100 {-120 * wide} 112 {-150 * wide} 190 C{-164 * wide} 290 {-160 * wide} "
        f"390 {-156 * wide} 470 L{-62 * wide} 470 C-56 360 -50 220 -12 150 Z"
    )
    both(canvas, cape, (light(who.cloth, 0.2), who.cloth, dark(who.cloth, 0.35)))
    stripes(
        canvas,
        f"M{-60 * wide} 140 C{-90 * wide} 230 {-96 * wide} 350 {-92 * wide} 460",
        3.5,
        dark(who.cloth, 0.4),
        0.6,
    )
    both(
        canvas,
        "M-14 150 C-30 120 -44 106 -62 98 C-40 86 -22 84 0 96 L0 150 Z",
        (light(who.cloth, 0.3), dark(who.cloth, 0.1)),
    )
    stripes(canvas, f"M-13 152 C-50 220 -56 360 {-61 * wide} 470", 4.5, who.trim)
    _jewel(canvas, who, 0, 146, 13)


def _jewel(canvas: Canvas, who: Look, x: float, y: float, size: float) -> None:
    canvas.shape(ellipse(x, y, size, size), (light(who.trim, 0.4), dark(who.trim, 0.2)))
    canvas.shape(ellipse(x, y, size * 0.66, size * 0.66), (light(who.wish.eyes, 0.3), dark(who.wish.eyes, 0.2)))
    canvas.shape(ellipse(x - size * 0.2, y - size * 0.25, size * 0.18, size * 0.18), (255, 255, 255), 0.85)


def _sailor(canvas: Canvas, who: Look, trunk: Points, wide: float) -> None:
    canvas.shape(trunk, (LINEN, LINEN, mix(LINEN, (150, 160, 200), 0.4)))
    canvas.shape(path("M-30 100 L0 168 L30 100 Z"), who.skin)
    both(
        canvas,
        f"M-26 88 C-60 104 {-90 * wide} 112 {-98 * wide} 124 C{-90 * wide} 170 {-60 * wide} 180 -4 208 L-2 176 Z",
        (light(who.cloth, 0.12), who.cloth),
    )
    stripes(canvas, f"M{-86 * wide} 128 C{-78 * wide} 160 {-56 * wide} 168 -10 192", 3.5, LINEN)
    both(
        canvas,
        "M0 196 C-34 186 -50 206 -44 224 C-26 232 -8 220 0 206 Z",
        (light(who.trim, 0.1), dark(who.trim, 0.15)),
    )
    both(canvas, "M-4 208 L-28 268 L-12 276 L2 214 Z", who.trim)
    canvas.shape(ellipse(0, 203, 9, 10), dark(who.trim, 0.15))
    canvas.shape(path("M-150 336 L150 336 L150 460 L-150 460 Z"), who.cloth, 1, trunk)


def _suit(canvas: Canvas, who: Look, trunk: Points, wide: float) -> None:
    canvas.shape(path("M-34 96 L34 96 L22 300 L-22 300 Z"), LINEN)
    canvas.shape(path("M-7 126 L7 126 L14 262 L0 286 L-14 262 Z"), (light(who.trim, 0.1), dark(who.trim, 0.25)))
    canvas.shape(path("M-10 112 L10 112 L7 130 L-7 130 Z"), dark(who.trim, 0.2))
    both(canvas, "M-26 88 L-40 104 L-6 136 L0 118 Z", (255, 255, 255))
    both(
        canvas,
        f"M-36 98 C-52 108 -60 112 {-72 * wide} 118 L{-70 * wide} 168 L-50 176 L-58 190 L-4 330 L-22 200 Z",
        (light(who.cloth, 0.28), light(who.cloth, 0.05)),
    )
    for y in (346, 384):
        canvas.shape(ellipse(6, y, 6, 6), light(who.cloth, 0.4))
    canvas.shape(path(f"M{46 * wide} 206 L{84 * wide} 200 L{82 * wide} 214 L{46 * wide} 218 Z"), (255, 255, 255), 0.9)


def _uniform(canvas: Canvas, who: Look, trunk: Points, wide: float) -> None:
    canvas.shape(path("M-34 82 Q0 104 34 82 L40 118 Q0 140 -40 118 Z"), (light(who.cloth, 0.15), who.cloth))
    canvas.line(path("M-36 86 Q0 108 36 86"), 4, who.trim)
    canvas.line([(0, 128), (0, 460)], 4, dark(who.cloth, 0.4))
    for n in range(5):
        for side in (-1, 1):
            canvas.shape(ellipse(side * (34 - n * 2), 160 + n * 46, 6.5, 6.5), (light(who.trim, 0.4), who.trim))
        canvas.line([(-34 + n * 2, 160 + n * 46), (34 - n * 2, 160 + n * 46)], 2.5, who.trim, 0.8)
    for side in (-1, 1):
        canvas.shape(
            path(
                f"M{side * 74 * wide} 120 L{side * 132 * wide} 138 L{side * 138 * wide} 160 L{side * 78 * wide} 140 Z"
            ),
            who.trim,
        )
        for n in range(5):
            x = side * (92 + n * 10) * wide
            canvas.line([(x, 146 + n * 3), (x + side * 2, 164 + n * 3)], 4, light(who.trim, 0.2))
    canvas.shape(path("M-130 316 L130 316 L130 344 L-130 344 Z"), rgb("4a3026"), 1, trunk)
    canvas.shape(path("M-16 312 L16 312 L16 348 L-16 348 Z"), who.trim)


def _hoodie(canvas: Canvas, who: Look, trunk: Points, wide: float) -> None:
    both(
        canvas,
        "M-12 150 C-52 140 -72 112 -58 84 C-46 92 -30 98 -18 112 Z",
        (light(who.cloth, 0.25), who.cloth, dark(who.cloth, 0.2)),
    )
    canvas.shape(path("M-40 98 Q0 160 40 98 Q30 128 0 146 Q-30 128 -40 98 Z"), dark(who.cloth, 0.45))
    stripes(canvas, "M-16 146 Q-20 190 -18 222", 3.6, light(who.trim, 0.4))
    both(canvas, "M-21 220 L-15 220 L-15 236 L-21 236 Z", light(who.trim, 0.2))
    pocket = path("M-62 330 L-44 296 L44 296 L62 330 L62 390 L-62 390 Z")
    canvas.shape(pocket, dark(who.cloth, 0.12), 0.9)
    canvas.line([*pocket, pocket[0]], 2.5, dark(who.cloth, 0.4), 0.6)
    canvas.shape(ellipse(0, 252, 20, 20), who.trim, 0.9)
    canvas.shape(
        path("M0 238 L5 249 L16 250 L7 257 L10 268 L0 262 L-10 268 L-7 257 L-16 250 L-5 249 Z"),
        light(who.cloth, 0.3),
    )


def _coat(canvas: Canvas, who: Look, trunk: Points, wide: float) -> None:
    inner = light(mix(who.trim, LINEN, 0.4), 0.1)
    canvas.shape(path("M-44 96 L44 96 L20 320 L-20 320 Z"), (inner, dark(inner, 0.15)))
    canvas.line(path("M-26 100 Q0 122 26 100"), 6, dark(inner, 0.15))
    both(
        canvas,
        f"M-32 78 C-60 84 -76 100 {-84 * wide} 118 L{-88 * wide} 176 L-58 190 L-66 206 L-2 360 "
        "L-16 230 C-26 170 -40 130 -36 104 Z",
        (light(who.cloth, 0.35), light(who.cloth, 0.08)),
    )
    canvas.line([(4, 350), (6, 460)], 3.5, dark(who.cloth, 0.45))
    for n in range(2):
        for x in (-34, 40):
            canvas.shape(ellipse(x, 300 + n * 60, 7.5, 7.5), (light(who.trim, 0.2), dark(who.trim, 0.3)))
    canvas.shape(path("M-130 350 L130 350 L130 372 L-130 372 Z"), dark(who.cloth, 0.25), 0.8, trunk)


def _jacket(canvas: Canvas, who: Look, trunk: Points, wide: float) -> None:
    inner = mix(LINEN, who.trim, 0.25)
    canvas.shape(path("M-50 100 L50 100 L40 460 L-40 460 Z"), (inner, dark(inner, 0.18)), 1, trunk)
    canvas.line(path("M-32 104 Q0 132 32 104"), 5, dark(inner, 0.2))
    both(
        canvas,
        f"M-30 84 C-50 96 -70 108 {-80 * wide} 120 L-56 168 L-34 150 L-40 460 L-30 460 L-22 150 Z",
        (light(who.cloth, 0.35), light(who.cloth, 0.05)),
    )
    stripes(canvas, "M-33 150 L-40 460", 3, light(who.trim, 0.3))
    stripes(canvas, f"M{-108 * wide} 260 L{-64 * wide} 246", 4, dark(who.cloth, 0.45), 0.8, trunk)


def _sweater(canvas: Canvas, who: Look, trunk: Points, wide: float) -> None:
    collar = path("M-34 62 Q0 82 34 62 L42 112 Q0 136 -42 112 Z")
    canvas.shape(collar, (light(who.cloth, 0.3), who.cloth))
    canvas.line(path("M-40 110 Q0 134 40 110"), 3, dark(who.cloth, 0.35), 0.7)
    for x in (-24, -12, 0, 12, 24):
        canvas.line([(x, 74), (x * 1.2, 120)], 2.2, dark(who.cloth, 0.25), 0.5, collar)
    for row in range(7):
        y = 178 + row * 40
        zigzag = [(x * wide, y + (7 if n % 2 else -7)) for n, x in enumerate(range(-132, 140, 22))]
        canvas.line(zigzag, 4 if row == 1 else 2.5, who.trim if row == 1 else dark(who.cloth, 0.22), 0.75, trunk)


def _apron(canvas: Canvas, who: Look, trunk: Points, wide: float) -> None:
    both(canvas, "M-26 88 L-50 108 L-8 140 L0 116 Z", light(who.cloth, 0.35))
    white = light(LINEN, 0.3)
    canvas.shape(path("M-58 190 Q0 204 58 190 L64 300 L-64 300 Z"), (white, mix(white, who.cloth, 0.15)))
    canvas.shape(path("M-104 300 L104 300 L124 460 L-124 460 Z"), (white, mix(white, who.cloth, 0.25)), 1, trunk)
    stripes(canvas, f"M-54 194 C{-66 * wide} 160 {-70 * wide} 140 {-62 * wide} 118", 13, white)
    canvas.shape(path("M-110 296 L110 296 L110 312 L-110 312 Z"), who.trim, 1, trunk)
    both(canvas, "M0 140 C-26 128 -36 142 -32 156 C-20 160 -8 154 0 148 Z", who.trim)


def _tunic(canvas: Canvas, who: Look, trunk: Points, wide: float) -> None:
    canvas.shape(path("M-40 98 Q0 104 40 98 L6 196 L-6 196 Z"), LINEN)
    canvas.line(path("M-40 98 L-6 196 L6 196 L40 98"), 5, who.trim)
    for n in range(4):
        y, half = 122 + n * 19, 24 - n * 5
        canvas.line([(-half, y), (half, y + 14)], 2.6, rgb("6a4530"))
        canvas.line([(half, y), (-half, y + 14)], 2.6, rgb("6a4530"))
    canvas.shape(path("M-130 296 L130 296 L130 326 L-130 326 Z"), (rgb("7c5238"), rgb("4f3325")), 1, trunk)
    canvas.shape(path("M-18 292 L18 292 L18 330 L-18 330 Z"), who.trim)
    canvas.shape(path("M-9 300 L9 300 L9 322 L-9 322 Z"), rgb("5a3b2a"))
    canvas.line(path(f"M{-96 * wide} 128 L{66 * wide} 300"), 13, rgb("6a4530"), 1, trunk)


def _shirt(canvas: Canvas, who: Look, trunk: Points, wide: float) -> None:
    canvas.shape(path("M-26 96 L0 150 L26 96 Z"), who.skin)
    both(
        canvas,
        "M-24 84 C-40 96 -46 102 -54 112 L-16 160 L0 142 Z",
        (light(who.cloth, 0.4), light(who.cloth, 0.18)),
    )
    canvas.line([(0, 150), (0, 460)], 3, dark(who.cloth, 0.3), 0.7)
    for n in range(6):
        canvas.shape(ellipse(0, 182 + n * 46, 4.5, 4.5), light(who.trim, 0.3))
    canvas.shape(
        path(f"M{34 * wide} 206 L{82 * wide} 202 L{80 * wide} 254 L{58 * wide} 264 L{35 * wide} 256 Z"),
        dark(who.cloth, 0.14),
        0.8,
    )


DETAILS: dict[str, Callable[[Canvas, Look, Points, float], None]] = {
    "apron": _apron,
    "armor": _armor,
    "cloak": _cloak,
    "coat": _coat,
    "dress": _dress,
    "hoodie": _hoodie,
    "jacket": _jacket,
    "kimono": _kimono,
    "robe": _robe,
    "sailor": _sailor,
    "shirt": _shirt,
    "spacesuit": _spacesuit,
    "suit": _suit,
    "sweater": _sweater,
    "tunic": _tunic,
    "uniform": _uniform,
}
