"""What must hold of every declaration, so that pages, plans and files can rely on it."""

from __future__ import annotations

import pytest

from gaze.categories import declared
from gaze.core.category import Category, Part
from gaze.core.recipe import Recipe

each_category = pytest.mark.parametrize("category", declared().values(), ids=lambda category: category.name)


@each_category
def test_every_slot_names_fields_there_are(category: Category) -> None:
    addresses = {field.address for field in category.fields}

    for slot in category.slots:
        for name in f"{slot.main} {slot.face} {slot.hand}".split():
            assert (f"{slot.section}::{name}" if slot.section else name) in addresses


@each_category
def test_every_rule_of_giving_way_names_fields_there_are(category: Category) -> None:
    known = {field.address for other in declared().values() for field in other.fields}
    sections = {address.partition("::")[0] for address in known}

    for rule in category.replaces:
        for address in (rule.target, *rule.when):
            assert address in known or (address.endswith("::*") and address[:-3] in sections)


@each_category
def test_a_recipe_can_choose_it_by_its_key(category: Category) -> None:
    assert not category.choice or category.choice in Recipe.__struct_fields__


@each_category
def test_metadata_never_reach_a_prompt(category: Category) -> None:
    assert all(slot.section != "tags" for slot in category.slots)
    assert not any(address.startswith("tags::") for address in category.selectable)


def test_names_keys_orders_and_folders_are_told_apart() -> None:
    for attribute in ("name", "one", "order", "key", "data_folder"):
        values = [getattr(category, attribute) for category in declared().values()]
        assert len(set(values)) == len(values) == 9


def test_loras_have_the_order_of_the_triggers() -> None:
    ranked = [category for category in declared().values() if category.lora is not None]
    ranked.sort(key=lambda category: category.lora.rank if category.lora else 0)

    names = [category.name for category in ranked]
    assert names == ["looks", "characters", "outfits", "actions", "styles", "detailers", "scenes"]


def test_people_are_counted_by_actions_before_characters() -> None:
    counting = {
        category.name: slot.rank
        for category in declared().values()
        for slot in category.slots
        if slot.part is Part.PARTICIPANTS
    }

    assert counting["actions"] < counting["characters"]
