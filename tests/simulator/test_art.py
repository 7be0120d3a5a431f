"""Pictures: the same for the same wish, another for another seed, and possible for every word."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageChops, ImageStat

from gaze.simulator.art import paint, tags, words
from gaze.simulator.art.palette import COLORS, SKINS
from gaze.simulator.art.scene import PLACES
from gaze.simulator.art.style import STYLES
from gaze.simulator.draw import preview
from gaze.simulator.png import encode
from gaze.simulator.work import Art

GIRL = "1girl, solo, long silver hair, teal eyes, green cloak, night, mountains"


def difference(one: Image.Image, other: Image.Image) -> float:
    """The mean difference of two pictures, 0 to 255."""
    return sum(ImageStat.Stat(ImageChops.difference(one, other)).mean) / 3


def test_the_same_wish_gives_the_same_bytes() -> None:
    assert encode(paint(GIRL, 7, 128, 192)) == encode(paint(GIRL, 7, 128, 192))


def test_another_seed_gives_another_picture() -> None:
    assert difference(paint(GIRL, 7, 128, 192), paint(GIRL, 8, 128, 192)) > 8


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("size", [(96, 160), (160, 96)])
def test_every_place_can_be_painted(place: str, size: tuple[int, int]) -> None:
    picture = paint(f"scenery, no humans, {place}", 3, *size)

    assert picture.size == size
    assert max(ImageStat.Stat(picture).stddev) > 5


@pytest.mark.parametrize("style", STYLES)
def test_every_style_changes_the_picture(style: str) -> None:
    word = {"pixel": "pixel art", "oil": "oil painting", "mono": "monochrome", "pop": "pop art"}.get(style, style)
    word = {"glass": "stained glass", "film": "cinematic"}.get(style, word)

    assert style in tags.read(f"{GIRL}, {word}").styles
    assert difference(paint(GIRL, 7, 160, 160), paint(f"{GIRL}, {word}", 7, 160, 160)) > 2


@pytest.mark.parametrize("clothes", words.CLOTHES)
def test_all_clothes_fit_women_and_men(clothes: str) -> None:
    for who in ("1girl", "1boy, beard"):
        assert paint(f"{who}, full body, {clothes}, simple background", 5, 96, 144).size == (96, 144)


def test_everything_can_be_worn_and_held_at_once() -> None:
    tables = (words.WEAR, words.PROPS, words.POSES, words.EXPRESSIONS, words.WEATHER, words.SKY)
    everything = ", ".join(name for table in tables for name in table)

    assert paint(f"2girls, 1boy, old, {everything}", 1, 256, 144).size == (256, 144)


@pytest.mark.parametrize("prompt", ["", ",,,", "(((", "日本語", "1girl, (((long hair:1.2))), <lora:x:1>", "x" * 5000])
def test_any_text_is_a_prompt(prompt: str) -> None:
    assert paint(prompt, 2**64 - 1, 16, 16).size == (16, 16)


def test_named_colours_are_read_from_tags() -> None:
    wish = tags.read("1girl, long_silver_hair, (green eyes:1.2), dark skin, red dress, blue scarf")

    assert wish.hair == COLORS["silver"]
    assert wish.eyes == COLORS["green"]
    assert wish.cloth == COLORS["red"]
    assert wish.skin == SKINS["dark"]
    assert wish.length == "long"


def test_a_preview_grows_sharper_with_the_steps() -> None:
    art = Art(GIRL, "", 7, 256, 256)
    final = paint(GIRL, 7, 256, 256).resize((512, 512))

    far = [difference(Image.open(io.BytesIO(preview(art, share))), final) for share in (0.1, 0.5, 1.0)]

    assert far[0] > far[1] > far[2]


def test_a_png_is_read_back_pixel_for_pixel() -> None:
    picture = paint(GIRL, 7, 96, 64)

    read = Image.open(io.BytesIO(encode(picture, {"prompt": "{}"})))

    assert read.convert("RGB").tobytes() == picture.tobytes()
    assert read.text == {"prompt": "{}"}
