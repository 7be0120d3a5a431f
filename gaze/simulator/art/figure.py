"""How a person looks in a certain light. Units: a face is 104 wide; 0, 0 lies just above the eyes."""

from __future__ import annotations

from random import Random

import msgspec

from gaze.simulator.art.palette import (
    CLOTHES_BY_CHANCE,
    COLORS,
    HAIR_BY_CHANCE,
    RGB,
    brightness,
    dark,
    light,
    mix,
)
from gaze.simulator.art.sky import Light
from gaze.simulator.art.tags import Wish


class Look(msgspec.Struct, frozen=True):
    """One person's colours in this light, and what differs between the people of a picture.

    `side` is 1 when the light comes from the right, `tilt` the head's in degrees.
    """

    wish: Wish
    female: bool
    skin: RGB
    hair: RGB
    tips: RGB
    cloth: RGB
    trim: RGB
    side: int
    tilt: float

    @property
    def shade(self) -> RGB:
        """Skin out of the light."""
        return mix(dark(self.skin, 0.22), (190, 70, 70), 0.16)

    @property
    def line(self) -> RGB:
        """For the fine lines of a face."""
        return mix(dark(self.skin, 0.55), (110, 40, 40), 0.25)

    @property
    def hair_dark(self) -> RGB:
        """Hair in shadow."""
        return dark(self.hair, 0.34)

    @property
    def hair_light(self) -> RGB:
        """Hair where it shines."""
        return light(self.hair, 0.3 if brightness(self.hair) > 0.3 else 0.24)

    @property
    def breadth(self) -> float:
        """How wide the shoulders are."""
        return (0.82 if self.female else 1.0) * (0.9 if self.wish.young else 1.0)


def look(wish: Wish, lit: Light, rng: Random, *, female: bool, other: bool) -> Look:
    """The looks of one person; `other` is somebody the prompt says nothing of."""

    air = lit.colors[1] if lit.time == "night" else lit.sun
    share = {"night": 0.2, "sunset": 0.14, "overcast": 0.08}.get(lit.time, 0.05)
    hair, tips, cloth = wish.hair, wish.hair_tips, wish.cloth
    if other:
        hair = tips = COLORS[rng.choice(HAIR_BY_CHANCE)]
        cloth = COLORS[rng.choice(CLOTHES_BY_CHANCE)]
    return Look(
        wish=wish,
        female=female,
        skin=mix(wish.skin, air, share * 0.8),
        hair=mix(hair, air, share),
        tips=mix(tips, air, share),
        cloth=mix(cloth, air, share),
        trim=mix(wish.trim, air, share),
        side=1 if lit.at[0] > lit.width / 2 else -1,
        tilt=rng.uniform(-5, 5),
    )
