"""Recipes as flat values, and back: nothing of one is lost in an address (specification pages, "Generator")."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaze.categories import declared
from gaze.core.plan import PlanError
from gaze.core.recipe import Recipe
from gaze.web.recipe_form import flat, recipe_of, recipe_url

CATEGORIES = declared()
slugs = st.text("abc_9", min_size=1, max_size=6)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20).filter(lambda text: not text or text.strip())
weights = st.floats(-2, 2, allow_nan=False)
recipes = st.builds(
    Recipe,
    subject=st.just("characters/alice"),
    character=st.none() | slugs,
    character_outfit=slugs,
    scenes=st.lists(slugs, max_size=3),
    checkpoint=st.none() | st.just("Illustrious/a b#%.safetensors"),
    fields=st.none() | st.lists(st.sampled_from(["identity::hair", "*"]), max_size=2),
    off=st.lists(st.sampled_from(["scenes", "styles/ink"]), unique=True),
    weights=st.dictionaries(st.sampled_from(["scenes", "styles/ink"]), weights),
    extra_positive=texts,
    extra_negative=texts,
    texts=st.dictionaries(st.sampled_from(["recipe/extra_positive", "scenes/a/scene::theme"]), texts),
    seed=st.none() | st.integers(0, 2**64 - 1),
    width=st.none() | st.integers(16, 16384),
    cfg=st.none() | st.floats(0, 100),
    count=st.integers(1, 20),
    detail_face=st.booleans(),
)


def values(url: str) -> Mapping[str, list[str]]:
    return parse_qs(urlsplit(url).query, keep_blank_values=True)


@given(recipes)
def test_an_address_holds_the_whole_recipe(recipe: Recipe) -> None:
    assert recipe_of(values(recipe_url(recipe, CATEGORIES)), CATEGORIES) == recipe


def test_f68_a_seed_beyond_what_javascript_counts_is_unchanged() -> None:
    recipe = Recipe(seed=9007199254740993)

    assert "seed=9007199254740993" in recipe_url(recipe, CATEGORIES)
    assert recipe_of({"seed": ["9007199254740993"]}, CATEGORIES).seed == 9007199254740993


def test_nothing_chosen_is_the_bare_address() -> None:
    assert recipe_url(Recipe(), CATEGORIES) == "/generator"


def test_an_unchecked_switch_is_told_by_the_hidden_value_before_it() -> None:
    off = recipe_of({"detail_face": ["off"], "lora:styles/ink": ["off"]}, CATEGORIES)
    on = recipe_of({"detail_face": ["off", "on"], "lora:styles/ink": ["off", "on"]}, CATEGORIES)

    assert (off.detail_face, off.off) == (False, ["styles/ink"])
    assert (on.detail_face, on.off) == (True, [])


@pytest.mark.parametrize(
    ("size", "expected"),
    [("832x1216", {"width": "832", "height": "1216"}), ("", {}), ("own", {"width": "640", "height": "480"})],
)
def test_a_size_wins_over_what_is_typed_unless_it_is_ones_own(size: str, expected: dict[str, str]) -> None:
    assert flat({"size": [size], "width": ["640"], "height": ["480"]}, CATEGORIES) == expected


def test_f69_a_seed_below_minus_one_is_refused() -> None:
    with pytest.raises(PlanError) as caught:
        recipe_of({"seed": ["-7"]}, CATEGORIES)

    assert caught.value.status == 400
