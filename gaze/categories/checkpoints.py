"""Checkpoints: the models that draw, each with the settings it likes."""

from __future__ import annotations

from typing import Annotated

from gaze.core.category import AssetFile, Category, Choice, CommonTags, Label, Part, Slot, TagLine, Widget, new


class CheckpointTags(CommonTags):
    art_style: Annotated[str, Choice(("Anime", "Realistic", "Semi-realistic", "Painting", "3D"))] = ""
    base_model: Annotated[str, Choice(("Illustrious", "NoobAI", "Pony", "SDXL", "SD 1.5"))] = ""


class CheckpointAsset(AssetFile):
    checkpoint_path: Annotated[str, Widget("checkpoint"), Label("file")] = ""
    checkpoint_name: str = ""
    base_positive: TagLine = ""
    base_negative: TagLine = ""
    steps: int | None = None
    cfg: float | None = None
    sampler_name: Annotated[str, Label("sampler")] = ""
    scheduler: str = ""
    vae: str = ""
    clip_skip: int | None = None
    width: int | None = None
    height: int | None = None
    tags: CheckpointTags = new(CheckpointTags)


CATEGORY = Category(
    name="checkpoints",
    one="checkpoint",
    struct=CheckpointAsset,
    order=8,
    key="k",
    icon="cube",
    choice="checkpoint",
    many=False,
    chosen_by_id=True,
    folders=("Illustrious", "Noob"),
    without_file=CheckpointAsset(
        steps=25, cfg=5.0, sampler_name="euler_ancestral", scheduler="normal", vae="integrated"
    ),
    id_key="checkpoint_path",
    replace_slug_with="_",
    slots=(
        Slot(Part.BASE, "", main="base_positive"),
        Slot(Part.NEGATIVE, "", main="base_negative"),
    ),
    beside=("characters", "scenes"),
    system_prompt="checkpoint_system.txt",
    blurb="Model files with the settings they like.",
)
