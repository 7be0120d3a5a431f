"""A category of one's own is one declaration, and takes part in plans at once (specification README, idea 3)."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from gaze.categories import declared
from gaze.core.category import AssetFile, Category, CommonTags, Lora, LoraNode, Part, Section, Slot, TagLine, new
from gaze.core.graph import wire
from gaze.core.plan import Plan, PlanError, plan
from gaze.core.plantext import plan_json, planned, read_plan, read_recipe
from gaze.core.recipe import to_json
from tests.golden.runner import HERE, LIBRARY, TEMPLATE
from tests.golden.shelf import FileShelf


class Prop(Section):
    item: TagLine = ""
    grip: TagLine = ""
    shine: TagLine = ""


class PropAsset(AssetFile):
    prop_id: str = ""
    prop_name: str = ""
    prop: Prop = new(Prop)
    unwanted: TagLine = ""
    lora: Lora = new(Lora)
    tags: CommonTags = new(CommonTags)


PROPS = Category(
    name="props",
    one="prop",
    struct=PropAsset,
    order=10,
    key="b",
    icon="tool",
    slots=(
        Slot(Part.OWN, "prop", main="item shine", face="shine", hand="grip"),
        Slot(Part.OWN_NEGATIVE, "", main="unwanted"),
    ),
    lora=LoraNode(0, rank=9, folder="Illustrious/Props"),
)

SWORD = {
    "prop_id": "sword",
    "prop": {"item": "{sword|sword}", "grip": "holding sword", "shine": "glint"},
    "unwanted": "rust",
    "lora": {"lora_name": "sword.safetensors", "lora_weight": 0.4, "lora_triggers": "swd"},
}


@pytest.fixture(scope="module")
def shelf() -> FileShelf:
    library = json.loads((HERE / LIBRARY).read_text("utf-8"))
    template = json.loads((HERE / TEMPLATE).read_text("utf-8"))
    files = {**library, "workflows/default.json": template, "data/props/sword.json": SWORD}
    files["data/props/shield.json"] = {"prop_id": "shield", "prop": {"item": "shield"}}
    return FileShelf(files, {**declared(), "props": PROPS})


def made(shelf: FileShelf, **recipe: Any) -> Plan:
    return plan(read_recipe({"seed": 1, **recipe}), shelf, Random(1))


def test_its_texts_come_after_all_others_and_before_the_extras(shelf: FileShelf) -> None:
    finished = made(
        shelf, props=["sword", "shield"], styles=["ink"], subject="styles/ink", extra_positive="x", extra_negative="y"
    )

    assert finished.positive == "masterpiece, best quality, swd, ink wash, simple background, sword, glint, shield, x"
    assert finished.negative.endswith("watermark, rust, y")
    assert finished.face == "ink wash, glint"
    assert finished.hand == "holding sword"


def test_its_lora_comes_after_all_others(shelf: FileShelf) -> None:
    finished = made(shelf, props=["sword"], actions=["sitting", "high_five"], scenes=["beach"])

    assert [(use.slot, use.category) for use in finished.loras] == [
        (3, "actions"),
        (4, "scenes"),
        (5, "actions"),
        (6, "props"),
    ]
    template = shelf.template("default")
    assert template is not None
    assert wire(template, finished)["3"]["inputs"]["model"] == ["gaze_lora6", 0]


def test_it_can_be_left_to_chance_switched_off_and_weighed(shelf: FileShelf) -> None:
    assert made(shelf, props=["__random__", "shield"]).resolved.others == {"props": ["sword", "shield"]}
    assert made(shelf, props=["sword"], off=["props"]).loras == ()
    assert made(shelf, props=["sword"], weights={"props": 2}).loras[0].weight == 2


def test_its_fields_can_be_selected_on_its_page(shelf: FileShelf) -> None:
    finished = made(shelf, subject="props/sword", props=["sword"], scenes=["void"], fields=["prop::item"])

    assert finished.positive == "masterpiece, best quality, sword"
    assert finished.prefix == "gaze/props_sword"


def test_its_assets_are_found_or_missed_like_any_other(shelf: FileShelf) -> None:
    with pytest.raises(PlanError) as caught:
        made(shelf, props=["swrd"])

    (fault,) = caught.value.faults
    assert (fault.code, fault.category, fault.near) == ("unknown-asset", "props", "sword")


def test_a_resolved_recipe_with_it_is_the_same_plan_again(shelf: FileShelf) -> None:
    first = made(shelf, props=["__random__"])

    raw = json.loads(json.dumps(to_json(first.resolved)))

    assert raw["props"] == first.assets["props"]
    assert plan(read_recipe(raw), shelf.without_wildcards(), Random(9)).resolved == first.resolved
    assert read_plan(planned(raw, shelf, Random(1))).positive == first.positive
    assert read_plan(plan_json(first)) == first
