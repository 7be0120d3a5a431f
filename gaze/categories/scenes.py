"""Scenes: where it happens."""

from __future__ import annotations

from typing import Annotated

from gaze.core.category import (
    AssetFile,
    Category,
    Choice,
    CommonTags,
    Lora,
    LoraNode,
    Part,
    Replaces,
    Section,
    Slot,
    TagLine,
    new,
)


class Scene(Section):
    """The place and its light."""

    background: TagLine = ""
    foreground: TagLine = ""
    furniture: TagLine = ""
    colors: TagLine = ""
    lighting: TagLine = ""
    theme: TagLine = ""


class SceneTags(CommonTags):
    scene_type: Annotated[str, Choice(("Indoor", "Outdoor", "Abstract"))] = ""


class SceneAsset(AssetFile):
    scene_id: str = ""
    scene_name: str = ""
    scene: Scene = new(Scene)
    lora: Lora = new(Lora)
    tags: SceneTags = new(SceneTags)


CATEGORY = Category(
    name="scenes",
    one="scene",
    struct=SceneAsset,
    order=6,
    key="e",
    icon="scene",
    choice="scenes",
    slots=(Slot(Part.SCENE, "scene", main="theme background foreground furniture lighting colors"),),
    replaces=(Replaces("defaults::scene"),),
    lora=LoraNode(4, rank=6, folder="Illustrious/Backgrounds"),
    beside=("characters", "actions"),
    system_prompt="scene_system.txt",
    blurb="Places, weather and light.",
)
