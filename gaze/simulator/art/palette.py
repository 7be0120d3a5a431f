"""Colours: their names in prompts, and what can be done with them."""

from __future__ import annotations

RGB = tuple[int, int, int]


def rgb(text: str) -> RGB:
    """The colour written as six hexadecimal digits."""
    return int(text[0:2], 16), int(text[2:4], 16), int(text[4:6], 16)


def mix(one: RGB, other: RGB, share: float) -> RGB:
    """`one` with `share` (0 to 1) of `other` in it."""
    return (
        round(one[0] + (other[0] - one[0]) * share),
        round(one[1] + (other[1] - one[1]) * share),
        round(one[2] + (other[2] - one[2]) * share),
    )


def light(color: RGB, share: float) -> RGB:
    """The colour nearer to a warm white."""
    return mix(color, (255, 250, 240), share)


def dark(color: RGB, share: float) -> RGB:
    """The colour nearer to a deep blue, which looks better than grey in a shadow."""
    return mix(color, (22, 18, 44), share)


def brightness(color: RGB) -> float:
    """0 for black to 1 for white."""
    return (color[0] * 0.3 + color[1] * 0.59 + color[2] * 0.11) / 255


COLORS = {
    "black": rgb("2a2833"),
    "white": rgb("eeeaf0"),
    "grey": rgb("8f919d"),
    "gray": rgb("8f919d"),
    "silver": rgb("c6cbdb"),
    "platinum": rgb("e6dcc4"),
    "blonde": rgb("efcf85"),
    "blond": rgb("efcf85"),
    "golden": rgb("e5b649"),
    "gold": rgb("e0ae3f"),
    "yellow": rgb("f0cc57"),
    "orange": rgb("e8873c"),
    "ginger": rgb("d0663a"),
    "red": rgb("c63a45"),
    "crimson": rgb("a82341"),
    "scarlet": rgb("d6303c"),
    "maroon": rgb("6f2438"),
    "auburn": rgb("8a3f2e"),
    "brown": rgb("75493a"),
    "chestnut": rgb("7d4630"),
    "brunette": rgb("5d3b30"),
    "tan": rgb("c79d74"),
    "beige": rgb("d8c3a0"),
    "cream": rgb("efe3c9"),
    "pink": rgb("ef92b4"),
    "rose": rgb("d9607f"),
    "magenta": rgb("c73a93"),
    "purple": rgb("7d4ea8"),
    "violet": rgb("7e5bc4"),
    "lavender": rgb("b49be0"),
    "lilac": rgb("c1a5de"),
    "indigo": rgb("47449a"),
    "blue": rgb("4a7bd0"),
    "navy": rgb("27345f"),
    "azure": rgb("5aa5e6"),
    "cyan": rgb("46bfd0"),
    "turquoise": rgb("3bb8ae"),
    "aqua": rgb("55c8cf"),
    "teal": rgb("237d80"),
    "mint": rgb("98d9b8"),
    "green": rgb("4c9a5c"),
    "emerald": rgb("1f8a63"),
    "olive": rgb("7b7a3e"),
    "lime": rgb("a4cf4a"),
    "jade": rgb("3f9a7c"),
    "copper": rgb("b5693a"),
    "bronze": rgb("9a6b3a"),
    "amber": rgb("e0992f"),
    "ruby": rgb("b02545"),
    "sapphire": rgb("2f55b8"),
    "ivory": rgb("f2ead8"),
    "khaki": rgb("a3946a"),
    "burgundy": rgb("6b2136"),
    "peach": rgb("f4b591"),
    "coral": rgb("ee7c64"),
    "multicolored": rgb("c069b4"),
}

SKINS = {
    "pale": rgb("f9e4d8"),
    "fair": rgb("f7d8c3"),
    "light": rgb("f3cdb2"),
    "olive": rgb("d9ac82"),
    "tan": rgb("cf9a70"),
    "brown": rgb("9c6444"),
    "dark": rgb("7a4a34"),
    "black": rgb("5b3626"),
    "green": rgb("8fbd7c"),
    "blue": rgb("86a9dd"),
    "purple": rgb("ab8ed0"),
    "red": rgb("cf6a5c"),
    "grey": rgb("a9adb8"),
    "white": rgb("f4f0f2"),
}

HAIR_BY_CHANCE = [
    "black",
    "brown",
    "chestnut",
    "blonde",
    "auburn",
    "ginger",
    "silver",
    "blue",
    "pink",
    "purple",
    "teal",
    "red",
    "white",
]
EYES_BY_CHANCE = ["blue", "green", "brown", "amber", "violet", "teal", "grey", "emerald"]
CLOTHES_BY_CHANCE = [
    "navy",
    "teal",
    "crimson",
    "emerald",
    "violet",
    "maroon",
    "olive",
    "indigo",
    "burgundy",
    "cream",
    "copper",
    "sapphire",
]
