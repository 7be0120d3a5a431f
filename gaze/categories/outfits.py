"""Outfits: clothes any character can wear."""

from __future__ import annotations

from typing import Annotated

from gaze.categories._wardrobe import SLOTS, Wardrobe
from gaze.core.category import AssetFile, Category, Choice, CommonTags, Lora, LoraNode, Replaces, new


class OutfitTags(CommonTags):
    outfit_type: Annotated[
        str, Choice(("Casual", "Formal", "Uniform", "Fantasy", "Historical", "Sport", "Swimwear", "Costume"))
    ] = ""


class OutfitAsset(AssetFile):
    outfit_id: str = ""
    outfit_name: str = ""
    wardrobe: Wardrobe = new(Wardrobe)
    lora: Lora = new(Lora)
    tags: OutfitTags = new(OutfitTags)


CATEGORY = Category(
    name="outfits",
    one="outfit",
    struct=OutfitAsset,
    order=3,
    key="o",
    icon="shirt",
    folder="clothing",
    choice="outfits",
    shows_people=True,
    slots=SLOTS,
    replaces=(Replaces("wardrobe::*"),),
    lora=LoraNode(2, rank=2, folder="Illustrious/Clothing"),
    beside=("characters", "actions"),
    system_prompt="outfit_system.txt",
    blurb="Clothes that any character can wear.",
)
