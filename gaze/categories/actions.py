"""Actions: poses and what is being done."""

from __future__ import annotations

from gaze.core.category import (
    AssetFile,
    Category,
    CommonTags,
    Lora,
    LoraNode,
    Part,
    Participants,
    Replaces,
    Section,
    Slot,
    TagLine,
    new,
)


class Action(Section):
    """The pose, from the whole body to the hands."""

    full_body: TagLine = ""
    additional: TagLine = ""
    head: TagLine = ""
    eyes: TagLine = ""
    arms: TagLine = ""
    hands: TagLine = ""


class ActionTags(CommonTags):
    participants: str = ""  # metadata; only the section of this name reaches a prompt


class ActionAsset(AssetFile):
    action_id: str = ""
    action_name: str = ""
    action: Action = new(Action)
    participants: Participants = new(Participants)
    lora: Lora = new(Lora)
    tags: ActionTags = new(ActionTags)


CATEGORY = Category(
    name="actions",
    one="action",
    struct=ActionAsset,
    order=4,
    key="a",
    icon="pose",
    choice="actions",
    shows_people=True,
    slots=(
        Slot(Part.PARTICIPANTS, "participants", main="orientation solo_focus", rank=0),
        Slot(Part.ACTION, "action", main="full_body additional head eyes arms", face="head eyes", hand="arms hands"),
        Slot(Part.HANDS, "action", main="hands", rank=2),
    ),
    replaces=(
        Replaces("defaults::pose", when=("action::*",)),
        Replaces("defaults::expression", when=("action::head", "action::eyes")),
    ),
    lora=LoraNode(3, rank=3, folder="Illustrious/Poses"),
    beside=("characters", "scenes"),
    system_prompt="action_system.txt",
    blurb="Poses and deeds, for one or several people.",
)
