"""The form follows from the declaration: a tenth category gets all of it."""

from __future__ import annotations

from typing import Any

import pytest

from gaze.categories import declared
from gaze.core.asset import read_asset
from gaze.web.editing.form import make_form, unknown_keys
from gaze.web.editing.merge import compare, marked, pick
from gaze.web.editing.values import Unfit, path_of, pointer, read, shown
from gaze.web.editing.vocabulary import ranked
from tests.categories.test_tenth import PROPS, SWORD

TEN = {**declared(), "props": PROPS}


def test_a_tenth_category_has_a_form_with_sections_letters_and_widgets() -> None:
    made = make_form(PROPS, SWORD, TEN)

    by_name = {item.name: item for item in made.inputs}
    assert [section.label for section in made.sections] == ["Name", "Prop", "LoRA", "Tags"]
    assert by_name["/prop/item"].letters == ("M",)
    assert by_name["/prop/grip"].letters == ("H",)
    assert (by_name["/lora/lora_name"].kind, by_name["/tags/nsfw"].kind) == ("lora", "switch")
    assert by_name["/lora/lora_weight"].value == "0.4"


def test_a_tenth_categorys_assets_can_be_chosen_in_the_recipe_form() -> None:
    preset = {"preset_id": "p", "recipe": {"props": ["sword", "__random__"]}}

    made = make_form(TEN["presets"], preset, TEN)

    chosen = next(item for item in made.inputs if item.name == "/recipe/props")
    assert (chosen.value, chosen.complete) == ("sword, __random__", "choice:props")


@pytest.mark.parametrize("name", TEN)
def test_every_form_reads_back_what_it_shows(name: str) -> None:
    category = TEN[name]
    raw: dict[str, Any] = {category.id_field: "x", category.name_field: "X"}
    made = make_form(category, raw, TEN)

    for item in made.inputs:
        assert shown("lines" if item.reads == "some lines" else item.reads, read(item.reads, item.key, item.value)) in (
            item.value,
            "",
        )
    assert len({item.id for item in made.inputs}) == len(list(made.inputs))
    assert read_asset(category, "x.json", raw, "")[1] == []


def test_outfits_of_any_name_have_inputs_of_their_own() -> None:
    wardrobe = {"a/b": {"top": "1"}, "a~b": {"top": "2"}, "a.b": {"top": "3"}, "": {"top": "4"}}

    made = make_form(TEN["characters"], {"wardrobe": wardrobe}, TEN)

    tops = {item.path: item.value for item in made.inputs if item.key == "top"}
    assert tops == {("wardrobe", name, "top"): outfit["top"] for name, outfit in wardrobe.items()}
    assert all(path_of(pointer(path)) == path for path in tops)
    assert len({item.id for item in made.inputs}) == len(list(made.inputs))


def test_keys_that_are_not_declared_are_named() -> None:
    raw = {"voice": 1, "tags": {"mood": "x", "nsfw": False}, "wardrobe": {"x": {"y": ""}}}

    assert unknown_keys(TEN["characters"], raw) == ["voice", "tags.mood"]


@pytest.mark.parametrize(
    ("was", "mine", "theirs", "whose"),
    [
        ("a", "b", "a", "mine"),
        ("a", "a", "b", "theirs"),
        ("a", "b", "c", "mine"),
        (None, "b", "c", "mine"),
        ("a\r\nb", "a\nb", "c", "theirs"),
    ],
)
def test_the_side_that_changed_a_field_stands(was: str | None, mine: str, theirs: str, whose: str) -> None:
    assert pick(was, mine, theirs) == whose


def test_files_are_compared_by_their_values_whatever_their_kind() -> None:
    was = {"a": 1, "b": {"c": "x", "d": [1, 2]}, "e": True}
    mine = {"a": 1.0, "b": {"c": "y", "d": [1, 2]}, "e": True, "new": None}
    theirs = {"a": 1, "b": {"c": "x", "d": [1]}}

    found = {choice.name: (choice.pick, choice.mine_json) for choice in compare(mine, theirs, was)}

    assert found == {
        "/b/c": ("mine", '"y"'),
        "/b/d": ("theirs", "[1,2]"),
        "/e": ("theirs", "true"),
        "/new": ("mine", "null"),
    }


def test_what_the_other_side_lacks_is_marked() -> None:
    assert marked("long hair, braided", "Long Hair") == [("long hair", False), (", ", False), ("braided", True)]


@pytest.mark.parametrize(
    ("reads", "key", "text"),
    [
        ("int", "steps", "1.5"),
        ("int", "steps", "0"),
        ("float", "cfg", "nan"),
        ("float", "cfg", "1e400"),
        ("int", "seed", "-2"),
        ("weights", "weights", "scenes/beach"),
        ("weights", "weights", "scenes/beach = many"),
    ],
)
def test_what_does_not_fit_is_said(reads: str, key: str, text: str) -> None:
    with pytest.raises(Unfit):
        read(reads, key, text)


def test_completions_that_begin_with_what_was_typed_come_first() -> None:
    counted = [("long hair", 9), ("hairband", 2), ("hair ribbon", 5), ("chair", 50), ("hair", 99)]

    assert [word for word, _ in ranked(counted, "hair")] == ["hair ribbon", "hairband", "long hair", "chair"]
