"""The wardrobe that characters and outfits share."""

from __future__ import annotations

from gaze.core.category import Part, Section, Slot, TagLine


class Wardrobe(Section):
    """What is worn, from head to foot."""

    full_body: TagLine = ""
    headwear: TagLine = ""
    top: TagLine = ""
    bottom: TagLine = ""
    legwear: TagLine = ""
    footwear: TagLine = ""
    hands: TagLine = ""
    gloves: TagLine = ""
    accessories: TagLine = ""


SLOTS = (
    Slot(
        Part.WARDROBE,
        "wardrobe",
        main="full_body headwear top bottom legwear footwear accessories",
        face="headwear",
    ),
    Slot(Part.HANDS, "wardrobe", main="gloves", rank=0),
    Slot(Part.HANDS, "wardrobe", main="hands", rank=1),
)
