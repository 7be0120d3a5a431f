"""Looks: another appearance of a character, with a LoRA of its own."""

from __future__ import annotations

from typing import Annotated

from gaze.categories._origin import ORIGINS
from gaze.core.category import (
    AssetFile,
    Category,
    Choice,
    CommonTags,
    Label,
    Lora,
    LoraNode,
    Part,
    Slot,
    TagLine,
    new,
)


class LookTags(CommonTags):
    origin_series: str = ""
    origin_type: Annotated[str, Choice(ORIGINS, closed=True)] = ""


class LookAsset(AssetFile):
    look_id: str = ""
    look_name: str = ""
    character_id: Annotated[str, Label("character")] = ""
    positive: TagLine = ""
    negative: TagLine = ""
    lora: Lora = new(Lora)
    tags: LookTags = new(LookTags)


CATEGORY = Category(
    name="looks",
    one="look",
    struct=LookAsset,
    order=2,
    key="l",
    icon="look",
    choice="look",
    many=False,
    shows_people=True,
    owner_key="character_id",
    owner="characters",
    slots=(
        Slot(Part.LOOK, "", main="positive"),
        Slot(Part.NEGATIVE, "", main="negative"),
    ),
    lora=LoraNode(1, rank=0, folder="Illustrious/Looks", stands_in="characters"),
    beside=("characters", "scenes"),
    system_prompt="look_system.txt",
    blurb="Variations of a character; each may bring its own LoRA.",
)
