"""What the generator's page does to a recipe (specification pages, "Generator")."""

from __future__ import annotations

from random import Random

import pytest

from gaze.categories import declared
from gaze.core.mix import How, add, bare, combine, drop, shuffle
from gaze.core.plantext import read_recipe
from gaze.core.recipe import RANDOM, Recipe, to_json
from tests.golden.shelf import FileShelf

CATEGORIES = declared()
CHOOSABLE = [category for category in CATEGORIES.values() if category.choosable]
SCENES, CHARACTERS = CATEGORIES["scenes"], CATEGORIES["characters"]


def test_several_of_a_kind_stay_in_the_order_of_choice() -> None:
    recipe = add(add(Recipe(), SCENES, "beach"), SCENES, "alley")

    assert recipe.scenes == ["beach", "alley"]
    assert add(recipe, SCENES, "beach") == recipe


def test_where_one_can_be_chosen_it_takes_the_others_place() -> None:
    assert add(Recipe(character="alice"), CHARACTERS, "mira").character == "mira"


def test_random_may_be_chosen_twice() -> None:
    assert add(Recipe(scenes=[RANDOM]), SCENES, RANDOM).scenes == [RANDOM, RANDOM]


def test_what_was_said_of_an_asset_leaves_with_it() -> None:
    recipe = Recipe(
        subject="scenes/beach",
        scenes=["beach", "alley"],
        weights={"scenes/beach": 0.4, "scenes/alley": 0.5},
        off=["scenes/beach"],
        texts={"scenes/beach/scene::background": "sea", "recipe/extra_positive": "x"},
    )

    left = drop(recipe, SCENES, "beach")

    assert left == Recipe(scenes=["alley"], weights={"scenes/alley": 0.5}, texts={"recipe/extra_positive": "x"})


@pytest.mark.parametrize(
    ("how", "scenes", "character", "extra", "steps"),
    [
        ("replace", ["alley"], "mira", "rain", 12),
        ("stack", ["beach", "alley"], "mira", "night, rain", 12),
        ("fill", ["beach"], "alice", "night", 30),
    ],
)
def test_a_preset_replaces_stacks_or_fills(how: How, scenes: list[str], character: str, extra: str, steps: int) -> None:
    mine = Recipe(character="alice", scenes=["beach"], extra_positive="night", steps=30)
    theirs = Recipe(character="mira", scenes=["alley"], styles=["ink"], extra_positive="rain", steps=12, cfg=4.5)

    made = combine(mine, theirs, how, CHOOSABLE)

    assert (made.scenes, made.character, made.extra_positive, made.steps) == (scenes, character, extra, steps)
    assert (made.styles, made.cfg) == (["ink"], 4.5)


def test_shuffling_draws_others_of_the_kinds_chosen(shelf: FileShelf) -> None:
    there = shelf.choices("scenes")
    recipe = Recipe(scenes=[there[0], RANDOM], seed=5)

    made = shuffle(recipe, shelf, Random(3))

    assert made.scenes[0] in there[1:]
    assert made.scenes[1] == RANDOM
    assert (made.character, made.seed) == (None, None)


def test_a_preset_holds_only_what_is_not_as_usual() -> None:
    recipe = Recipe(subject="scenes/beach", scenes=["beach"], steps=20, texts={"x": "y"}, others={"props": ["cup"]})

    kept = bare(recipe)

    assert kept == {"scenes": ["beach"], "steps": 20, "props": ["cup"]}
    assert to_json(read_recipe(kept))["props"] == ["cup"]
