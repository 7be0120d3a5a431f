"""Presets and what is put over them (specification data, "Preset")."""

from __future__ import annotations

import pytest

from gaze.core.plan import PlanError
from gaze.core.plantext import preset_recipe, with_overrides
from gaze.core.recipe import Recipe
from tests.golden.shelf import FileShelf


def test_overrides_replace_and_extras_are_appended() -> None:
    preset = Recipe(actions=["sitting"], extra_positive="night", width=512)

    made = with_overrides(preset, {"action": "waving", "extra_positive": "rain", "extra_negative": "x", "width": None})

    assert made == Recipe(actions=["waving"], extra_positive="night, rain", extra_negative="x")


def test_an_empty_action_takes_the_presets_away() -> None:
    assert with_overrides(Recipe(actions=["sitting"]), {"action": None}).actions == []


def test_an_addition_is_not_lost_to_a_text_that_was_resolved() -> None:
    preset = Recipe(extra_positive="__colour__", texts={"recipe/extra_positive": "red"})

    made = with_overrides(preset, {"extra_positive": "rain"})

    assert (made.extra_positive, made.texts) == ("red, rain", {})


def test_a_value_of_the_wrong_type_is_refused() -> None:
    with pytest.raises(PlanError) as caught:
        with_overrides(Recipe(), {"width": "abc"})

    assert caught.value.faults[0].field == "width"


def test_the_subject_of_a_preset_is_the_preset_unless_it_names_one(shelf: FileShelf) -> None:
    preset = shelf.find("presets", "evening")
    # Presets cannot be chosen by a recipe; a shelf finds them all the same.
    assert preset is not None

    assert preset_recipe(preset).subject == "presets/evening"
    assert preset_recipe(preset, {"subject": "scenes/beach"}).subject == "scenes/beach"
