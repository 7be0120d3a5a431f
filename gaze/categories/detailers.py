"""Detailers: what sharpens faces, hands and skin."""

from __future__ import annotations

from gaze.core.category import AssetFile, Category, CommonTags, Lora, LoraNode, Part, Section, Slot, new


class Focus(Section):
    """Which of the two detail prompts take the detailer's items too."""

    face: bool = False
    hands: bool = False


class DetailerTags(CommonTags):
    associated_resource: str = ""
    adetailer_targets: list[str] = []


class DetailerAsset(AssetFile):
    detailer_id: str = ""
    detailer_name: str = ""
    prompt: list[str] = []
    focus: Focus = new(Focus)
    lora: Lora = new(Lora)
    tags: DetailerTags = new(DetailerTags)


CATEGORY = Category(
    name="detailers",
    one="detailer",
    struct=DetailerAsset,
    order=7,
    key="d",
    icon="focus",
    choice="detailers",
    slots=(Slot(Part.DETAIL, "", main="prompt", face="prompt", hand="prompt", focus="focus"),),
    lora=LoraNode(4, rank=5, folder="Illustrious/Detailers"),
    beside=("characters", "actions"),
    system_prompt="detailer_system.txt",
    blurb="Prompts that sharpen faces, hands and skin.",
)
