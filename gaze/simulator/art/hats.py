"""What covers a head: hats, hoods, crowns, helmets. Units as in `figure`."""

from __future__ import annotations

from gaze.simulator.art.canvas import Canvas, ellipse, path
from gaze.simulator.art.clothes import both, stripes
from gaze.simulator.art.figure import Look
from gaze.simulator.art.palette import RGB, brightness, dark, light, mix, rgb


def _cloth(who: Look) -> RGB:
    """A hat's colour: the clothes', unless it would vanish in the hair."""
    near = abs(brightness(who.cloth) - brightness(who.hair)) < 0.12
    return (
        light(who.cloth, 0.3) if near and brightness(who.cloth) < 0.5 else dark(who.cloth, 0.25) if near else who.cloth
    )


def witch_hat(top: Canvas, who: Look) -> None:
    """A pointed hat, bent at its tip."""
    felt = dark(mix(_cloth(who), rgb("3a2f5c"), 0.5), 0.2)
    top.shape(
        path(
            "M-62 -58 C-40 -110 -34 -160 -6 -216 C20 -244 56 -232 72 -204 C50 -206 38 -196 36 -180 "
            "C44 -140 52 -104 62 -58 Z"
        ),
        (light(felt, 0.22), felt),
    )
    top.shape(path("M-64 -70 Q0 -44 64 -70 L60 -96 Q0 -72 -58 -96 Z"), who.trim)
    top.shape(
        path("M-128 -48 C-90 -84 90 -84 128 -48 C80 -30 -80 -30 -128 -48 Z"),
        (light(felt, 0.25), dark(felt, 0.15)),
    )
    top.shape(path("M-10 -90 L12 -86 L10 -62 L-12 -66 Z"), light(who.trim, 0.5))


def straw_hat(top: Canvas, who: Look) -> None:
    """A wide hat of straw."""
    straw = rgb("e3c27c")
    top.shape(path("M-58 -58 C-60 -120 -34 -136 0 -136 C34 -136 60 -120 58 -58 Z"), (light(straw, 0.3), straw))
    top.shape(path("M-60 -62 Q0 -40 60 -62 L59 -86 Q0 -66 -59 -86 Z"), who.cloth)
    top.shape(
        path("M-138 -46 C-96 -80 96 -80 138 -46 C86 -22 -86 -22 -138 -46 Z"),
        (light(straw, 0.25), dark(straw, 0.15)),
    )


def top_hat(top: Canvas, who: Look) -> None:
    """A tall black hat."""
    felt = rgb("2b2733")
    top.shape(path("M-56 -62 L-62 -176 Q0 -190 62 -176 L56 -62 Z"), (light(felt, 0.2), felt))
    top.shape(path("M-58 -74 Q0 -56 58 -74 L59 -100 Q0 -82 -59 -100 Z"), who.trim)
    top.shape(path("M-96 -58 C-60 -76 60 -76 96 -58 C60 -40 -60 -40 -96 -58 Z"), (light(felt, 0.2), felt))


def beret(top: Canvas, who: Look) -> None:
    """A beret."""
    felt = _cloth(who)
    top.shape(
        path("M-70 -62 C-92 -104 -46 -138 10 -134 C64 -132 92 -104 66 -66 C30 -84 -30 -82 -70 -62 Z"),
        (light(felt, 0.25), felt, dark(felt, 0.2)),
    )
    top.line([(8, -132), (12, -144)], 5, dark(felt, 0.2))


def cap(top: Canvas, who: Look) -> None:
    """A cap with a peak."""
    felt = _cloth(who)
    top.shape(
        path("M-64 -52 C-66 -116 -34 -132 0 -132 C34 -132 66 -116 64 -52 Q0 -74 -64 -52 Z"),
        (light(felt, 0.25), felt),
    )
    top.shape(
        path("M-62 -56 Q0 -82 62 -56 C60 -38 40 -30 0 -30 C-40 -30 -60 -38 -62 -56 Z"),
        (dark(felt, 0.15), dark(felt, 0.4)),
    )
    top.shape(ellipse(0, -92, 13, 13), who.trim)


def beanie(top: Canvas, who: Look) -> None:
    """A knitted hat with a bobble."""
    felt = _cloth(who)
    top.shape(path("M-66 -48 C-70 -124 -36 -140 0 -140 C36 -140 70 -124 66 -48 Z"), (light(felt, 0.25), felt))
    top.shape(path("M-68 -44 Q0 -60 68 -44 L68 -74 Q0 -92 -68 -74 Z"), light(felt, 0.2))
    for x in range(-56, 60, 14):
        top.line([(x, -78), (x, -50)], 2.2, dark(felt, 0.25), 0.5)
    top.shape(ellipse(0, -148, 18, 18), (light(who.trim, 0.4), who.trim))


def helmet(top: Canvas, who: Look) -> None:
    """A knight's helmet, or an astronaut's."""
    if who.wish.clothes == "spacesuit":
        top.shape(ellipse(0, -10, 108, 112), (190, 225, 255), 0.16)
        ring = ellipse(0, -10, 108, 112)
        top.line([*ring, ring[0]], 9, light(who.cloth, 0.4))
        top.line(path("M-76 -60 C-60 -92 -30 -106 0 -108"), 8, (255, 255, 255), 0.6)
        return
    metal = light(rgb("a9b0c2"), 0.1)
    top.shape(
        path("M-66 4 C-74 -92 -40 -124 0 -126 C40 -124 74 -92 66 4 L48 -4 L48 -40 Q0 -62 -48 -40 L-48 -4 Z"),
        (light(metal, 0.5), metal, dark(metal, 0.35)),
    )
    top.line(path("M-48 -40 Q0 -62 48 -40"), 5, who.trim)
    top.shape(path("M-7 -126 L7 -126 L5 -52 L-5 -52 Z"), who.trim)
    top.shape(path("M0 -124 C30 -176 84 -160 96 -104 C74 -126 40 -124 0 -112 Z"), (light(who.cloth, 0.2), who.cloth))


def hood(top: Canvas, who: Look) -> None:
    """A hood that is up."""
    both(
        top,
        "M0 -136 C66 -132 104 -60 84 70 C76 92 62 104 46 110 C62 60 66 20 60 -20 C54 -70 30 -98 0 -104 Z",
        (light(who.cloth, 0.2), who.cloth, dark(who.cloth, 0.25)),
    )
    stripes(top, "M0 -104 C30 -98 54 -70 60 -20 C66 20 62 60 46 110", 5, who.trim)


def crown(top: Canvas, who: Look) -> None:
    """A golden crown."""
    gold = rgb("e9bd4e")
    top.shape(
        path("M-52 -72 L-60 -128 L-32 -104 L-18 -140 L0 -108 L18 -140 L32 -104 L60 -128 L52 -72 Q0 -56 -52 -72 Z"),
        (light(gold, 0.45), gold, dark(gold, 0.15)),
    )
    for x, y in ((-60, -130), (-18, -142), (18, -142), (60, -130)):
        top.shape(ellipse(x, y, 5, 5), light(gold, 0.5))
    for x, color in ((-30, who.wish.eyes), (0, rgb("c93a52")), (30, who.wish.eyes)):
        top.shape(ellipse(x, -82 + abs(x) * 0.1, 6.5, 7), (light(color, 0.3), color))


def circlet(top: Canvas, who: Look) -> None:
    """A band across the forehead."""
    band = path("M-58 -46 Q0 -74 58 -46 L59 -58 Q0 -88 -59 -58 Z")
    top.shape(band, (light(who.trim, 0.35), who.trim))
    top.shape(ellipse(0, -66, 8, 9), (light(who.wish.eyes, 0.35), who.wish.eyes))


def nun(top: Canvas, who: Look) -> None:
    """A veil."""
    both(
        top,
        "M0 -118 C60 -116 82 -60 78 20 C86 70 104 120 116 150 L60 140 C66 80 60 20 56 -30 C48 -64 26 -76 0 -78 Z",
        (light(who.cloth, 0.1), dark(who.cloth, 0.2)),
    )
    stripes(top, "M0 -78 C26 -76 48 -64 56 -30 C60 20 64 70 60 120", 9, rgb("f6f3ee"))


def goggles(top: Canvas, who: Look) -> None:
    """Goggles on the forehead."""
    top.shape(path("M-60 -50 Q0 -72 60 -50 L60 -66 Q0 -90 -60 -66 Z"), rgb("5b3d2e"))
    for side in (-1, 1):
        top.shape(ellipse(side * 24, -66, 22, 19), (rgb("d9b36a"), rgb("8a6232")))
        top.shape(ellipse(side * 24, -66, 15, 13), (rgb("b9ecf4"), rgb("3d8fa8")))
        top.shape(ellipse(side * 24 - 5, -71, 4, 3), (255, 255, 255), 0.8)


def headphones(top: Canvas, who: Look) -> None:
    """Headphones."""
    top.line(path("M-64 0 C-74 -84 -40 -120 0 -120 C40 -120 74 -84 64 0"), 9, dark(who.trim, 0.5))
    for side in (-1, 1):
        top.shape(ellipse(side * 66, 8, 16, 26), (light(who.trim, 0.2), dark(who.trim, 0.3)))
