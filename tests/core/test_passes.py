"""Templates beyond the default: plain ones, ones that work on an image, ones that vary a seed."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from gaze.core.check import check
from gaze.core.graph import wire, with_image
from gaze.core.plan import plan
from gaze.core.recipe import Recipe, to_json
from gaze.core.template import Template, is_link, read_template
from tests.golden.shelf import FileShelf
from tests.site import REPOSITORY


def template(name: str, raw: Any = None) -> Template:
    found, problems = read_template(
        name, f"workflows/{name}.json", raw or json.loads((REPOSITORY / f"workflows/{name}.json").read_text())
    )
    assert found is not None
    assert problems == []
    return found


@pytest.mark.parametrize("name", ["plain", "upscale"])
def test_shipped_templates_take_every_lora_and_leave_no_loose_end(shelf: FileShelf, name: str) -> None:
    recipe = Recipe(character="mira_vale", styles=["watercolor"], scenes=["beach"], seed=3)
    made = plan(recipe, shelf, Random(7))

    graph = wire(template(name), made)

    loaders = [node for node in graph.values() if node["class_type"] == "LoraLoader"]
    assert [node["inputs"]["lora_name"] for node in loaders] == [use.lora_name for use in made.loras]
    assert len(loaders) >= 2
    for node in graph.values():
        assert all(value[0] in graph for value in node["inputs"].values() if is_link(value))
    sampler = graph["3"]["inputs"]
    assert graph[sampler["model"][0]]["class_type"] == "LoraLoader"
    assert graph["6"]["inputs"]["text"] == made.positive


def test_the_plain_one_has_no_detailers() -> None:
    assert not {"face", "hand"} & set(template("plain").roles)


def test_an_image_is_put_into_the_node_with_the_role() -> None:
    upscale = template("upscale")

    graph = with_image(upscale.graph, upscale.roles["init_image"], "gaze_1.png")

    assert graph["1"]["inputs"]["image"] == "gaze_1.png"
    assert upscale.graph["1"]["inputs"]["image"] == "gaze.png"
    assert upscale.works_on_an_image
    assert not template("plain").works_on_an_image


def test_the_templates_own_image_need_not_be_at_the_backend() -> None:
    info = {"LoadImage": {"input": {"required": {"image": [["other.png"], {"image_upload": True}]}}}}

    checked = check({"1": template("upscale").graph["1"]}, info)

    assert checked.faults == ()


def test_a_variation_seed_goes_where_the_workflow_has_a_place_for_it(shelf: FileShelf) -> None:
    raw = json.loads((REPOSITORY / "workflows/plain.json").read_text())
    made = plan(Recipe(seed=3, variation_seed=8, variation_strength=0.25), shelf, Random(7))
    assert wire(template("plain"), made) == wire(template("plain"), plan(Recipe(seed=3), shelf, Random(7)))
    raw["20"] = {
        "class_type": "VariationNoise",
        "inputs": {"variation_seed": 0, "variation_strength": 0.0},
        "_meta": {"title": "gaze:variation"},
    }
    varied = template("varied", raw)

    graph = wire(varied, made)

    assert varied.varies
    assert graph["20"]["inputs"] == {"variation_seed": 8, "variation_strength": 0.25}


def test_a_recipe_names_a_variation_only_where_one_is_set() -> None:
    assert "variation_seed" not in to_json(Recipe())
    assert to_json(Recipe(variation_seed=1))["variation_seed"] == 1
