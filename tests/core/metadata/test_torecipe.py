"""Foreign metadata to a recipe, and what does not map; fault F111."""

from __future__ import annotations

from gaze.categories import declared
from gaze.core.metadata import Metadata, UsedLora
from gaze.core.metadata.torecipe import Mapped, Model, to_recipe

LORAS = [
    Model("Illustrious/Looks/mira.safetensors", "characters", "mira_vale"),
    Model("Illustrious/Styles/wash.safetensors", "styles", "watercolour"),
    Model("a/same.safetensors", "styles", "one"),
    Model("b/same.safetensors", "styles", "two"),
]
CHECKPOINTS = [Model("Illustrious/lumen.safetensors", "checkpoints", "Illustrious/lumen.safetensors")]


def mapped(**said: object) -> Mapped:
    return to_recipe(Metadata(**said), declared(), LORAS, CHECKPOINTS)  # type: ignore[arg-type]


def test_prompts_settings_and_the_checkpoint_are_taken() -> None:
    made = mapped(
        positive="a fox",
        negative="blur",
        checkpoint="lumen",
        seed=5,
        width=832,
        height=1216,
        steps=20,
        cfg=6.0,
        sampler_name="euler",
        scheduler="karras",
    )

    recipe = made.recipe
    assert (recipe.extra_positive, recipe.extra_negative) == ("a fox", "blur")
    assert recipe.checkpoint == "Illustrious/lumen.safetensors"
    assert (recipe.seed, recipe.width, recipe.steps, recipe.cfg) == (5, 832, 20, 6.0)
    assert (recipe.sampler_name, recipe.scheduler) == ("euler", "karras")
    assert made.unmapped == ()


def test_loras_become_the_assets_that_name_them_with_their_weights() -> None:
    made = mapped(loras=(UsedLora("mira", 0.7), UsedLora("Illustrious/Styles/wash.safetensors", 0.4)))

    assert (made.recipe.character, made.recipe.styles) == ("mira_vale", ["watercolour"])
    assert made.recipe.weights == {"characters/mira_vale": 0.7, "styles/watercolour": 0.4}
    assert "own words" in made.unmapped[-1]


def test_F111_a_name_that_several_files_could_mean_is_said_and_not_guessed_at() -> None:
    made = mapped(loras=(UsedLora("same", 1.0), UsedLora("gone", 0.5)), checkpoint="missing")

    assert made.recipe.styles == []
    said = "\n".join(made.unmapped)
    assert "«a/same.safetensors» or «b/same.safetensors»" in said
    assert "LoRA «gone» (0.5): no asset names it." in said
    assert "Checkpoint «missing»" in said


def test_what_comfyui_would_not_take_is_left_out_and_said() -> None:
    made = mapped(width=5, steps=20, sampler_name="Magic 3000", clip_skip=2)

    assert (made.recipe.width, made.recipe.sampler_name, made.recipe.steps) == (None, None, 20)
    assert [text.split()[0] for text in made.unmapped] == ["width", "Sampler", "Clip"]
