"""Characters: who is in the picture."""

from __future__ import annotations

from typing import Annotated

from gaze.categories._origin import ORIGINS
from gaze.categories._wardrobe import SLOTS, Wardrobe
from gaze.core.category import (
    AssetFile,
    Category,
    Choice,
    CommonTags,
    Lora,
    LoraNode,
    Part,
    Participants,
    Section,
    Slot,
    TagLine,
    new,
)


class Identity(Section):
    """What stays the same whatever is worn."""

    base_specs: TagLine = ""
    hair: TagLine = ""
    eyes: TagLine = ""
    hands: TagLine = ""
    arms: TagLine = ""
    torso: TagLine = ""
    pelvis: TagLine = ""
    legs: TagLine = ""
    feet: TagLine = ""
    extra: TagLine = ""


class Defaults(Section):
    """What holds until an action or a scene says otherwise."""

    expression: TagLine = ""
    pose: TagLine = ""
    scene: TagLine = ""


class Styles(Section):
    """How a character likes to be drawn; the first primary colour tints a simple background."""

    aesthetic: TagLine = ""
    primary_color: TagLine = ""
    secondary_color: TagLine = ""
    tertiary_color: TagLine = ""


class CharacterTags(CommonTags):
    origin_series: str = ""
    origin_type: Annotated[str, Choice(ORIGINS, closed=True)] = ""


class CharacterAsset(AssetFile):
    character_id: str = ""
    character_name: str = ""
    identity: Identity = new(Identity)
    defaults: Defaults = new(Defaults)
    wardrobe: dict[str, Wardrobe] = {}
    styles: Styles = new(Styles)
    lora: Lora = new(Lora)
    tags: CharacterTags = new(CharacterTags)
    participants: Participants = new(Participants)


CATEGORY = Category(
    name="characters",
    one="character",
    struct=CharacterAsset,
    order=1,
    key="c",
    icon="user",
    choice="character",
    many=False,
    shows_people=True,
    backdrop=False,
    name_tag=True,
    slots=(
        Slot(Part.PARTICIPANTS, "participants", main="orientation solo_focus", rank=1),
        Slot(
            Part.IDENTITY,
            "identity",
            main="base_specs hair eyes arms torso pelvis legs feet extra",
            face="hair eyes",
            hand="arms",
        ),
        *SLOTS,
        Slot(Part.HANDS, "identity", main="hands", rank=3),
        Slot(Part.DEFAULTS, "defaults", main="expression pose scene", face="expression"),
        Slot(Part.AESTHETIC, "styles", main="aesthetic", face="aesthetic"),
        Slot(Part.BACKGROUND, "styles", main="primary_color"),
    ),
    keeps=("identity::*", "wardrobe::*", "special::name", "lora::lora_triggers"),
    lora=LoraNode(1, rank=1, folder="Illustrious/Looks"),
    beside=("scenes", "actions"),
    system_prompt="character_system.txt",
    blurb="People and creatures, each with its looks, outfits and habits.",
)
