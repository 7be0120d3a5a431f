"""Styles: artists and media."""

from __future__ import annotations

from typing import Annotated

from gaze.core.category import (
    AssetFile,
    Category,
    Choice,
    CommonTags,
    Label,
    Lora,
    LoraNode,
    Part,
    Section,
    Slot,
    TagLine,
    new,
)


class Style(Section):
    """`artist_name` may name several, parted by commas."""

    artist_name: Annotated[TagLine, Label("artists")] = ""
    artistic_style: TagLine = ""


class StyleTags(CommonTags):
    style_type: Annotated[str, Choice(("Anime", "Painting", "Watercolor", "Ink", "Sketch", "Photo", "3D", "Pixel"))] = (
        ""
    )


class StyleAsset(AssetFile):
    style_id: str = ""
    style_name: str = ""
    style: Style = new(Style)
    lora: Lora = new(Lora)
    tags: StyleTags = new(StyleTags)


CATEGORY = Category(
    name="styles",
    one="style",
    struct=StyleAsset,
    order=5,
    key="s",
    icon="brush",
    choice="styles",
    slots=(
        Slot(Part.STYLE, "style", main="artist_name", face="artist_name", prefix="by "),
        Slot(Part.STYLE, "style", main="artistic_style", face="artistic_style"),
    ),
    lora=LoraNode(4, rank=4, folder="Illustrious/Styles"),
    beside=("characters", "scenes"),
    system_prompt="style_system.txt",
    blurb="Artists, media and moods.",
)
