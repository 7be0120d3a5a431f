"""Ears, horns, wings, glasses, scarves and jewels. Units as in `figure`."""

from __future__ import annotations

import math
from random import Random

from gaze.simulator.art import hats
from gaze.simulator.art.canvas import Canvas, ellipse, flipped, path
from gaze.simulator.art.clothes import both, stripes
from gaze.simulator.art.figure import Look
from gaze.simulator.art.palette import RGB, brightness, dark, light, mix, rgb


def behind(canvas: Canvas, top: Canvas, who: Look) -> None:
    """What is behind body and hair: wings, a hood, a halo, the back of a hat."""
    wear = who.wish.wear
    if "wings" in wear:
        feather = light(mix(who.trim, (255, 255, 255), 0.7), 0.2)
        for n in range(5):
            wing = (
                f"M-40 {150 + n * 18} C{-130 - n * 8} {20 + n * 20} {-250 + n * 6} {-20 + n * 52} "
                f"{-262 + n * 18} {40 + n * 60} C{-240 + n * 20} {110 + n * 48} {-150} {180 + n * 30} -40 "
                f"{190 + n * 24} Z"
            )
            both(canvas, wing, (feather, mix(feather, (160, 170, 210), 0.25 + 0.05 * n)))
    if who.wish.clothes == "cloak" or "hood" in wear:
        hood = dark(who.cloth, 0.3)
        if "hood" in wear:
            top.shape(
                path("M-84 70 C-104 -60 -66 -132 0 -136 C66 -132 104 -60 84 70 C60 120 -60 120 -84 70 Z"),
                (who.cloth, hood),
            )
        else:
            canvas.shape(path("M-70 96 C-84 60 -60 44 0 44 C60 44 84 60 70 96 C40 120 -40 120 -70 96 Z"), hood)
    if "halo" in wear:
        top.glow(0, -104, 120, (255, 236, 170), 0.6)
    if "rabbit ears" in wear:
        for side in (-1, 1):
            ear = path("M12 -96 C8 -170 20 -230 38 -232 C58 -226 54 -150 44 -90 Z")
            inner = path("M22 -104 C20 -170 28 -214 38 -216 C48 -208 44 -150 36 -100 Z")
            top.shape(ear if side > 0 else flipped(ear), (who.hair_light, who.hair))
            top.shape(inner if side > 0 else flipped(inner), rgb("f0b5b5"))


def on_head(top: Canvas, who: Look, rng: Random) -> None:
    """Everything on the head, and scarf and necklace, which hang from there."""
    wear = who.wish.wear
    for name, put in ON.items():
        if name in wear:
            put(top, who)


def _cat_ears(top: Canvas, who: Look) -> None:
    both(
        top,
        "M18 -92 C26 -126 46 -152 62 -158 C76 -132 78 -96 64 -62 C50 -78 34 -88 18 -92 Z",
        (who.hair_light, who.hair),
    )
    both(
        top,
        "M34 -94 C40 -118 50 -134 60 -140 C68 -120 66 -96 60 -78 C52 -86 44 -92 34 -94 Z",
        rgb("eeb0a8"),
        0.9,
    )
    both(top, "M30 -96 C36 -104 42 -104 46 -92 C52 -96 56 -92 58 -82 C48 -90 40 -94 30 -96 Z", who.hair_light)


def _horns(top: Canvas, who: Look) -> None:
    horn = "M34 -86 C58 -100 84 -128 78 -164 C74 -186 58 -192 58 -192 C66 -168 56 -140 20 -104 Z"
    both(top, horn, (rgb("efe1c8"), rgb("a1745a"), rgb("4d3438")))
    for n in range(3):
        stripes(top, f"M{44 + n * 9} {-98 - n * 16} L{60 + n * 8} {-96 - n * 16}", 2.2, rgb("5a3a36"), 0.5)


def _halo(top: Canvas, who: Look) -> None:
    ring = ellipse(0, -136, 58, 14)
    top.line([*ring, ring[0]], 7, rgb("ffe08a"))
    top.line([*ring, ring[0]], 2.5, rgb("fffbe8"))


def blossom(canvas: Canvas, x: float, y: float, size: float, color: RGB) -> None:
    """A flower with five petals."""
    for n in range(5):
        a = n * 1.2566 - 1.57
        canvas.shape(
            ellipse(x + math.cos(a) * size * 0.62, y + math.sin(a) * size * 0.62, size * 0.5, size * 0.5),
            (light(color, 0.4), color),
        )
    canvas.shape(ellipse(x, y, size * 0.3, size * 0.3), rgb("f6cf5c"))


def _flower(top: Canvas, who: Look) -> None:
    blossom(top, 50 * who.side, -62, 22, light(who.trim, 0.2))
    both_leaf = path("M62 -46 C84 -44 92 -28 92 -22 C76 -24 66 -32 62 -46 Z")
    top.shape(both_leaf if who.side > 0 else flipped(both_leaf), rgb("5f9e62"))


def _wreath(top: Canvas, who: Look) -> None:
    colors = (rgb("f4a3bd"), rgb("fff3e6"), rgb("f2c14e"), rgb("b79bea"), rgb("ef7f78"))
    for n in range(9):
        x = -56 + n * 14
        y = -58 - 26 * (1 - (x / 58) ** 2)
        top.shape(ellipse(x + 4, y + 7, 9, 5, 30), rgb("5f9e62"))
        blossom(top, x, y, 12, colors[n % 5])


def _bow(top: Canvas, who: Look) -> None:
    x, y = 46 * who.side, -92
    for side in (-1, 1):
        loop = path(
            f"M{x} {y} C{x + side * 14} {y - 30} {x + side * 46} {y - 30} {x + side * 42} {y} "
            f"C{x + side * 46} {y + 24} {x + side * 14} {y + 22} {x} {y} Z"
        )
        top.shape(loop, (light(who.trim, 0.25), who.trim, dark(who.trim, 0.15)))
        top.line(path(f"M{x} {y} Q{x + side * 10} {y + 26} {x + side * 22} {y + 44}"), 9, dark(who.trim, 0.1))
    top.shape(ellipse(x, y, 9, 10), dark(who.trim, 0.2))


def _glasses(top: Canvas, who: Look) -> None:
    frame = rgb("3a2c33") if brightness(who.skin) > 0.4 else rgb("d9b36a")
    for side in (-1, 1):
        lens = ellipse(side * 25.5, 13, 21, 20)
        top.shape(lens, (235, 245, 255), 0.16)
        top.line([*lens, lens[0]], 3, frame)
        top.line([(side * 46, 10), (side * 54, 6)], 3, frame)
    top.line(path("M-5 10 Q0 6 5 10"), 3, frame)


def _monocle(top: Canvas, who: Look) -> None:
    lens = ellipse(25.5, 13, 20, 20)
    top.shape(lens, (235, 245, 255), 0.16)
    top.line([*lens, lens[0]], 3.2, rgb("d9aa4e"))
    top.line(path("M44 20 C56 60 54 90 48 120"), 1.8, rgb("d9aa4e"))


def _eyepatch(top: Canvas, who: Look) -> None:
    top.shape(path("M8 -2 Q26 -12 44 -2 C44 20 36 32 26 34 C16 32 8 20 8 -2 Z"), rgb("2b2430"))
    top.line([(10, 0), (-54, -34)], 3.2, rgb("2b2430"))
    top.line([(42, 0), (56, -8)], 3.2, rgb("2b2430"))


def _scar(top: Canvas, who: Look) -> None:
    top.line(path("M34 -20 Q28 10 38 44"), 3, mix(who.skin, rgb("a8434a"), 0.6))


def _tattoo(top: Canvas, who: Look) -> None:
    for line in ("M-44 30 L-26 36", "M-42 38 L-28 43"):
        stripes(top, line, 4, who.wish.trim)


def _earrings(top: Canvas, who: Look) -> None:
    for side in (-1, 1):
        top.line([(side * 55, 20), (side * 56, 34)], 2, who.trim)
        top.shape(ellipse(side * 56, 40, 6, 8), (light(who.trim, 0.5), dark(who.trim, 0.1)))


def _mask(top: Canvas, who: Look) -> None:
    top.shape(
        path("M-50 26 Q0 20 50 26 C46 58 24 78 0 78 C-24 78 -46 58 -50 26 Z"),
        (light(who.cloth, 0.25), who.cloth),
    )


def _scarf(top: Canvas, who: Look) -> None:
    wool = who.trim
    top.shape(
        path("M-58 72 Q0 104 58 72 C74 84 74 112 58 124 Q0 148 -58 124 C-74 112 -74 84 -58 72 Z"),
        (light(wool, 0.25), wool, dark(wool, 0.25)),
    )
    end = path("M14 118 L52 112 L70 236 L30 240 Z")
    top.shape(end if who.side < 0 else flipped(end), (wool, dark(wool, 0.25)))
    for y in (200, 216):
        line = ((27, y), (66, y - 4))
        top.line(line if who.side < 0 else flipped(line), 4, light(wool, 0.4), 0.8)
    top.line(path("M-56 100 Q0 126 56 98"), 3, dark(wool, 0.3), 0.6)


def _fur(top: Canvas, who: Look) -> None:
    fur = rgb("f1ebe2")
    for n in range(13):
        x = -78 + n * 13
        top.shape(ellipse(x, 116 + 14 * (1 - (x / 80) ** 2) - 4, 17, 16), (fur, mix(fur, rgb("b9a893"), 0.5)))


def _necklace(top: Canvas, who: Look) -> None:
    top.line(path("M-34 104 Q0 176 34 104"), 2.6, light(who.trim, 0.1))
    top.shape(ellipse(0, 146, 9, 11), (light(who.wish.eyes, 0.4), dark(who.wish.eyes, 0.1)))
    top.shape(ellipse(-2.5, 142, 2.4, 2.8), (255, 255, 255), 0.85)


def _bowtie(top: Canvas, who: Look) -> None:
    both(top, "M0 116 L-30 102 L-30 134 Z", (light(who.trim, 0.2), who.trim))
    top.shape(ellipse(0, 117, 7, 8), dark(who.trim, 0.25))


def _star(top: Canvas, who: Look) -> None:
    points = []
    for n in range(10):
        a, r = n * math.pi / 5 - math.pi / 2, 14 if n % 2 == 0 else 6
        points.append((46 * who.side + r * math.cos(a), -46 + r * math.sin(a)))
    top.shape(points, (rgb("fff0b0"), rgb("f2b84a")))


ON = {
    "necklace": _necklace,
    "fur": _fur,
    "scarf": _scarf,
    "bowtie": _bowtie,
    "earrings": _earrings,
    "scar": _scar,
    "tattoo": _tattoo,
    "glasses": _glasses,
    "monocle": _monocle,
    "eyepatch": _eyepatch,
    "mask": _mask,
    "veil": hats.nun,
    "hood": hats.hood,
    "star": _star,
    "flower": _flower,
    "wreath": _wreath,
    "bow": _bow,
    "circlet": hats.circlet,
    "crown": hats.crown,
    "goggles": hats.goggles,
    "headphones": hats.headphones,
    "cat ears": _cat_ears,
    "horns": _horns,
    "halo": _halo,
    "beret": hats.beret,
    "cap": hats.cap,
    "beanie": hats.beanie,
    "top hat": hats.top_hat,
    "straw hat": hats.straw_hat,
    "witch hat": hats.witch_hat,
    "helmet": hats.helmet,
}
