"""Presets: recipes worth keeping."""

from __future__ import annotations

from gaze.core.category import AssetFile, Category, CommonTags, new
from gaze.core.recipe import Recipe


class PresetAsset(AssetFile):
    preset_id: str = ""
    preset_name: str = ""
    recipe: Recipe = Recipe()
    tags: CommonTags = new(CommonTags)


CATEGORY = Category(
    name="presets",
    one="preset",
    struct=PresetAsset,
    order=9,
    key="p",
    icon="preset",
    backdrop=False,
    choosable=False,
    beside=("actions", "checkpoints"),
    system_prompt="preset_system.txt",
    blurb="Recipes to make again with one click.",
)
