"""Hair: what hangs behind the body, falls over the shoulders and frames the face."""

from __future__ import annotations

from random import Random

from gaze.simulator.art.canvas import Canvas, Fill, Point, ellipse, flipped, path
from gaze.simulator.art.figure import Look
from gaze.simulator.art.palette import dark, light, mix

BACK = {
    "short": path(
        "M-64 -6 C-72 -72 -42 -108 0 -108 C42 -108 72 -72 64 -6 C66 22 60 42 46 58 L-46 58 C-60 42 -66 22 -64 -6 Z"
    ),
    "medium": path(
        "M-66 -6 C-76 -74 -44 -110 0 -110 C44 -110 76 -74 66 -6 C74 40 80 74 66 106 C46 116 -46 "
        "116 -66 106 C-80 74 -74 40 -66 -6 Z"
    ),
    "long": path(
        "M-66 -10 C-76 -76 -44 -111 0 -111 C44 -111 76 -76 66 -10 C74 50 98 130 96 250 C70 282 "
        "40 262 0 264 C-40 262 -70 282 -96 250 C-98 130 -74 50 -66 -10 Z"
    ),
    "very long": path(
        "M-67 -10 C-78 -76 -44 -112 0 -112 C44 -112 78 -76 67 -10 C76 60 116 170 124 400 C90 440 "
        "40 420 0 424 C-40 420 -90 440 -124 400 C-116 170 -76 60 -67 -10 Z"
    ),
}
CURLS = {
    "short": path(
        "M-66 0 C-92 -18 -84 -58 -66 -70 C-62 -104 -22 -120 0 -110 C22 -120 62 -104 66 -70 C84 "
        "-58 92 -18 66 0 C78 24 66 56 48 62 L-48 62 C-66 56 -78 24 -66 0 Z"
    ),
    "medium": path(
        "M-68 0 C-94 -20 -84 -62 -66 -72 C-60 -106 -22 -120 0 -112 C22 -120 60 -106 66 -72 C84 "
        "-62 94 -20 72 0 C102 22 96 62 80 72 C92 100 70 124 44 116 L-44 116 C-70 124 -92 100 -80 "
        "72 C-96 62 -102 22 -68 0 Z"
    ),
    "long": path(
        "M-68 -4 C-92 -22 -84 -64 -66 -74 C-58 -108 -20 -120 0 -112 C20 -120 58 -108 66 -74 C84 "
        "-64 92 -22 72 -4 C102 18 92 56 84 66 C116 90 106 130 96 140 C124 170 112 214 98 222 "
        "C100 256 66 272 40 258 L-40 258 C-66 272 -100 256 -98 222 C-112 214 -124 170 -96 140 "
        "C-106 130 -116 90 -84 66 C-92 56 -102 18 -68 -4 Z"
    ),
}
CURLS["very long"] = CURLS["long"]
CAP = "M-61 6 C-66 -70 -40 -108 0 -108 C40 -108 66 -70 61 6 "
BANGS = {
    "swept": path(CAP + "C58 -16 54 -30 46 -38 C20 -34 -6 -44 -22 -66 C-30 -44 -46 -22 -55 -8 Z"),
    "parted": path(CAP + "C58 -14 52 -34 38 -44 C20 -54 6 -62 0 -76 C-6 -62 -20 -54 -38 -44 C-52 -34 -58 -14 -61 6 Z"),
    "blunt": path(
        CAP + "L52 -8 C51 -16 50 -22 50 -26 L34 -22 L30 -24 L12 -19 L8 -22 L-10 -19 L-14 -22 L-32 -21 "
        "L-36 -24 L-50 -26 C-50 -22 -51 -16 -52 -8 Z"
    ),
    "choppy": path(
        CAP + "C58 -6 52 -24 48 -36 C42 -28 36 -20 28 -16 C30 -26 28 -36 24 -44 C16 -30 6 -20 -6 -14 "
        "C-2 -26 -4 -38 -8 -46 C-18 -30 -28 -22 -38 -16 C-36 -26 -38 -34 -42 -42 C-50 -28 -56 "
        "-10 -61 6 Z"
    ),
    "veil": path(CAP + "C58 -12 52 -36 38 -50 C30 -16 6 16 -20 40 C-34 52 -50 40 -56 20 Z"),
    "spiky": path(
        "M-62 8 L-74 -20 L-66 -26 L-82 -56 L-62 -62 L-66 -96 L-40 -92 L-32 -122 L-10 -104 L10 "
        "-128 L24 -102 L50 -112 L50 -86 L76 -78 L66 -56 L84 -36 L68 -26 L72 0 L61 8 C58 -8 54 "
        "-22 47 -34 L34 -12 L26 -40 L8 -14 L-4 -42 L-22 -14 L-32 -40 L-48 -14 L-54 -26 Z"
    ),
    "receding": path(CAP + "C58 -10 54 -40 40 -62 C20 -78 -20 -78 -40 -62 C-54 -40 -58 -10 -61 6 Z"),
}
LOCK_LONG = path(
    "M-60 -40 C-72 10 -78 60 -70 124 C-66 150 -58 160 -50 168 C-54 120 -42 60 -50 4 C-52 -16 -54 -28 -60 -40 Z"
)
LOCK_SHORT = path(
    "M-59 -36 C-68 0 -66 34 -54 56 C-50 62 -47 64 -44 66 C-48 42 -46 20 -50 -4 C-52 -18 -54 -26 -59 -36 Z"
)
SHINE = path("M-50 -60 C-34 -80 -6 -84 16 -80 C34 -76 46 -68 50 -58 C42 -64 30 -68 14 -70 C-8 -73 -32 -68 -50 -60 Z")
TAIL_HIGH = path(
    "M10 -104 C50 -140 104 -112 112 -40 C118 20 96 70 104 140 C106 180 96 210 84 226 C84 150 "
    "62 90 66 20 C68 -30 50 -60 10 -82 Z"
)
TWIN = path(
    "M52 -70 C92 -98 128 -62 126 0 C126 70 104 120 116 200 C118 226 108 250 98 258 C98 190 "
    "66 130 72 50 C74 0 70 -30 50 -50 Z"
)


def _fill(who: Look) -> Fill:
    return (who.hair, who.hair, mix(who.hair_dark, who.tips, 0.25 if who.tips == who.hair else 1.0))


def _length(who: Look) -> str:
    if not who.female and who.wish.length not in ("long", "very long", "medium"):
        return "short"
    return who.wish.length


def behind(top: Canvas, who: Look, rng: Random) -> None:
    """The mass of hair behind neck and shoulders, and tails."""
    style, length = who.wish.hair_style, _length(who)
    if style == "bald":
        return
    shaded: Fill = (who.hair_dark, who.hair_dark, mix(who.hair_dark, who.tips, 0.5))
    if style == "afro":
        for x, y, r in (
            (0, -62, 70),
            (-58, -46, 48),
            (58, -46, 48),
            (-70, -2, 36),
            (70, -2, 36),
            (-44, -98, 42),
            (44, -98, 42),
        ):
            top.shape(ellipse(x, y, r, r), who.hair)
        return
    if style == "mohawk":
        top.shape(path("M-16 -70 C-30 -150 0 -168 0 -168 C0 -168 30 -150 16 -70 Z"), _fill(who))
        return
    tied = style in ("ponytail", "bun", "buns", "twintails", "braid", "braids")
    shape = (CURLS if style == "curly" else BACK)["short" if tied else length]
    top.shape(shape, shaded if not tied and length != "short" else who.hair_dark)
    if not tied and length in ("long", "very long"):
        inner = tuple((x * 0.86, y * 0.97) for x, y in shape)
        top.shape(inner, _fill(who))
        for x in (-58, -40, 44, 60):
            top.line(path(f"M{x * 0.8} 60 Q{x * 1.2} 130 {x * 1.1} 240"), 2.4, who.hair_dark, 0.4)
    if style == "ponytail":
        tail = TAIL_HIGH if who.side < 0 else flipped(TAIL_HIGH)
        top.shape(tail, _fill(who))
        for shift in (0, 14):
            line = path(f"M{60 + shift} -70 C{96 + shift / 2} -30 {74 + shift} 60 {88 + shift / 2} 190")
            top.line(line if who.side < 0 else flipped(line), 2.4, who.hair_dark, 0.45)
        top.shape(ellipse(22 * -who.side, -96, 13, 10), who.trim)
    if style == "twintails":
        for side in (-1, 1):
            top.shape(TWIN if side > 0 else flipped(TWIN), _fill(who))
            line = path("M84 -50 C112 0 86 90 102 220")
            top.line(line if side > 0 else flipped(line), 2.6, who.hair_dark, 0.45)
            top.shape(ellipse(side * 57, -64, 9, 13), who.trim)
    if style in ("bun", "buns"):
        for x, y, r in ((0, -122, 30),) if style == "bun" else ((-50, -102, 25), (50, -102, 25)):
            top.shape(ellipse(x, y, r, r * 0.9), (who.hair_light, who.hair, who.hair_dark))
            top.line(
                path(f"M{x - r * 0.6} {y + r * 0.2} Q{x} {y - r * 0.7} {x + r * 0.6} {y + r * 0.1}"),
                2.2,
                who.hair_dark,
                0.5,
            )


def over_shoulders(top: Canvas, who: Look, rng: Random) -> None:
    """Locks and braids that lie on the clothes."""
    style, length = who.wish.hair_style, _length(who)
    if style in ("braid", "braids"):
        for side in (-1, 1) if style == "braids" else (-who.side,):
            for n in range(9):
                color = mix(who.hair, who.tips, n / 9)
                x, y = side * (52 + 12 * (n / 4) - n * n * 0.18), 44 + n * 22
                for half in (-1, 1):
                    knot = ellipse(x + half * 6, y, 11 - n * 0.35, 15 - n * 0.4, half * 28)
                    top.shape(knot, (light(color, 0.12), color, dark(color, 0.3)))
            top.shape(ellipse(side * (52 + 27 - 14), 246, 8, 7), who.trim)
        return
    if style in ("", "curly") and length in ("long", "very long"):
        for side in (-1, 1):
            lock = LOCK_LONG if side < 0 else flipped(LOCK_LONG)
            top.shape(lock, (who.hair, who.hair, mix(who.hair, who.tips, 0.8)))


def front(top: Canvas, who: Look, rng: Random) -> None:
    """Crown, bangs, side locks, shine."""
    style = who.wish.hair_style
    if style == "bald":
        top.shape(ellipse(who.side * 20, -62, 18, 10, who.side * 20), light(who.skin, 0.6), 0.35)
        return
    if style == "mohawk":
        top.shape(path("M-14 -60 C-22 -120 0 -150 0 -150 C0 -150 22 -120 14 -60 Z"), (who.hair_light, who.hair))
        return
    kind = "spiky" if style == "spiky" else "receding" if who.wish.old and not who.female else who.wish.bangs
    bangs = BANGS[kind if kind in BANGS else "swept"]
    mirrored = kind in ("swept", "veil") and who.side > 0
    bangs = flipped(bangs) if mirrored else bangs
    locks = LOCK_SHORT if who.female else ()
    for side in (-1, 1) if locks else ():
        top.shape(locks if side < 0 else flipped(locks), (who.hair, mix(who.hair, who.hair_dark, 0.5)))
    top.shape(bangs, (who.hair_light, who.hair, who.hair, mix(who.hair, who.hair_dark, 0.55)))
    _strands(top, who, bangs)
    top.shape(SHINE, light(who.hair, 0.6), 0.24, bangs)
    if style == "afro" or style == "curly":
        for n in range(9):
            x = -56 + n * 14
            top.shape(ellipse(x, -58 - 18 * (1 - (x / 60) ** 2), 15, 14), (who.hair_light, who.hair))


def _strands(top: Canvas, who: Look, within: tuple[Point, ...]) -> None:
    for x in (-40, -20, 2, 22, 42):
        top.line(path(f"M{x * 0.45} -106 Q{x * 1.15} -80 {x * 1.22} -18"), 1.8, who.hair_dark, 0.33, within)
