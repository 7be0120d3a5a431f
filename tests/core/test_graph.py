"""From a plan to a graph (specification workflow, "Wiring")."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaze.core.graph import wire
from gaze.core.loras import LoraUse
from gaze.core.plan import Plan
from gaze.core.plantext import graphed
from gaze.core.settings import Settings
from gaze.core.template import Template, is_link, read_template
from tests.golden.runner import HERE, TEMPLATE
from tests.golden.shelf import FileShelf


def template(raw: dict[str, Any]) -> Template:
    made, problems = read_template("t", "workflows/t.json", raw)
    assert made is not None, problems
    return made


def uses(*slots: int) -> tuple[LoraUse, ...]:
    return tuple(
        LoraUse(slot=slot, category="x", slug=f"s{slot}", lora_name=f"{slot}.safetensors", weight=0.5) for slot in slots
    )


@pytest.fixture
def raw(files: dict[str, Any]) -> dict[str, Any]:
    return deepcopy(files["workflows/default.json"])


def dangling(graph: dict[str, Any]) -> list[Any]:
    return [
        (node, key, value)
        for node, body in graph.items()
        for key, value in body["inputs"].items()
        if is_link(value) and value[0] not in graph
    ]


def circular(graph: dict[str, Any]) -> bool:
    """Whether some node depends on itself."""
    left = {node: {v[0] for v in body["inputs"].values() if is_link(v)} for node, body in graph.items()}
    while free := [node for node, sources in left.items() if not sources & left.keys()]:
        for node in free:
            del left[node]
    return bool(left)


def test_F67_detailer_seeds_wrap_at_the_largest_seed(default: Template) -> None:
    graph = wire(default, Plan(settings=Settings(seed=2**64 - 1)))

    assert [graph[node]["inputs"]["seed"] for node in ("3", "11", "13")] == [2**64 - 1, 0, 1]


def test_F16_a_prompt_is_put_in_character_for_character(default: Template) -> None:
    text = 'she said "hi"\nC:\\new \\g<0> {{HAND_PROMPT}}'

    assert wire(default, Plan(positive=text, hand="H"))["6"]["inputs"]["text"] == text


def test_both_detailers_off_take_all_that_served_them_along(default: Template) -> None:
    graph = wire(default, Plan(detail_face=False, detail_hands=False))

    assert set(graph) == {"3", "4", "5", "6", "7", "8", "9"}
    assert graph["9"]["inputs"]["images"] == ["8", 0]


def test_a_detector_shared_by_both_detailers_stays_until_both_are_off(raw: dict[str, Any]) -> None:
    raw["13"]["inputs"]["bbox_detector"] = ["10", 0]
    del raw["12"]

    assert "10" in wire(template(raw), Plan(detail_face=False))
    assert "10" not in wire(template(raw), Plan(detail_face=False, detail_hands=False))


def test_what_served_a_detailer_from_afar_leaves_too(raw: dict[str, Any]) -> None:
    raw["50"] = {"class_type": "SAMLoader", "inputs": {"model_name": ["51", 0]}}
    raw["51"] = {"class_type": "PrimitiveString", "inputs": {"value": "sam.pth"}}
    raw["11"]["inputs"]["sam_model_opt"] = ["50", 0]

    graph = wire(template(raw), Plan(detail_face=False))

    assert {"50", "51", "10", "14"}.isdisjoint(graph)


def test_a_noise_seed_is_a_seed(raw: dict[str, Any]) -> None:
    raw["3"]["inputs"]["noise_seed"] = raw["3"]["inputs"].pop("seed")

    inputs = wire(template(raw), Plan(settings=Settings(seed=7)))["3"]["inputs"]

    assert inputs["noise_seed"] == 7
    assert "seed" not in inputs


def test_an_id_that_is_taken_gets_a_number(raw: dict[str, Any]) -> None:
    for node in ("gaze_vae", "gaze_clip_skip", "gaze_lora5", "gaze_lora5_2"):
        raw[node] = {"class_type": "PrimitiveInt", "inputs": {"value": 1}}

    graph = wire(template(raw), Plan(loras=uses(5), settings=Settings(vae="v", clip_skip=2)))

    assert graph["8"]["inputs"]["vae"] == ["gaze_vae_2", 0]
    assert graph["gaze_clip_skip_2"]["inputs"]["clip"] == ["gaze_lora5_3", 1]


def test_a_vae_that_nobody_takes_is_not_added(raw: dict[str, Any]) -> None:
    raw["70"] = {"class_type": "VAELoader", "inputs": {"vae_name": "own"}}
    for node in ("8", "11", "13"):
        raw[node]["inputs"]["vae"] = ["70", 0]

    assert "gaze_vae" not in wire(template(raw), Plan(settings=Settings(vae="v.safetensors")))


def test_the_chain_starts_where_the_lowest_lora_node_takes_from(raw: dict[str, Any]) -> None:
    raw["30"] = {"class_type": "ModelSampling", "inputs": {"model": ["4", 0]}}
    raw["16"]["inputs"]["model"] = ["30", 0]

    graph = wire(template(raw), Plan(loras=uses(2)))

    assert graph["17"]["inputs"]["model"] == ["30", 0]
    assert graph["30"]["inputs"]["model"] == ["4", 0]
    assert graph["3"]["inputs"]["model"] == ["17", 0]
    assert wire(template(raw), Plan())["3"]["inputs"]["model"] == ["30", 0]


def test_a_node_before_the_chain_is_not_moved_behind_it(raw: dict[str, Any]) -> None:
    raw["30"] = {"class_type": "ClipPatch", "inputs": {"model": ["4", 0], "clip": ["4", 1]}}
    raw["16"]["inputs"]["model"] = ["30", 0]

    graph = wire(template(raw), Plan(loras=uses(1, 5), settings=Settings(clip_skip=2)))

    assert not circular(graph)
    assert graph["30"]["inputs"]["clip"] == ["4", 1]


def test_a_model_only_loader_leaves_the_clip_where_it_was(raw: dict[str, Any]) -> None:
    for node in ("17", "18", "19"):
        del raw[node]
    raw["16"] = {
        "class_type": "LoraLoaderModelOnly",
        "inputs": {"lora_name": "", "strength_model": 1, "model": ["4", 0]},
    }
    raw["16"]["_meta"] = {"title": "gaze:lora1"}
    for body in raw.values():
        for key, value in body["inputs"].items():
            if is_link(value) and value[0] == "19":
                body["inputs"][key] = ["16", 0] if value[1] == 0 else ["4", 1]

    graph = wire(template(raw), Plan(loras=uses(1)))

    assert "strength_clip" not in graph["16"]["inputs"]
    assert graph["6"]["inputs"]["clip"] == ["4", 1]
    assert graph["3"]["inputs"]["model"] == ["16", 0]


def test_without_a_checkpoint_loader_loras_hang_on_what_the_sampler_takes(raw: dict[str, Any]) -> None:
    for node in ("16", "17", "18", "19"):
        del raw[node]
    raw["4"] = {"class_type": "AnyLoader", "inputs": {"name": "m"}}
    for body in raw.values():
        for key, value in body["inputs"].items():
            if is_link(value) and value[0] == "19":
                body["inputs"][key] = ["4", value[1]]

    graph = wire(template(raw), Plan(loras=uses(1)))

    assert graph["gaze_lora1"]["inputs"]["model"] == ["4", 0]
    assert graph["3"]["inputs"]["model"] == ["gaze_lora1", 0]
    assert graph["6"]["inputs"]["clip"] == ["gaze_lora1", 1]


def test_a_prompt_that_comes_by_link_gives_way_to_the_text(raw: dict[str, Any]) -> None:
    raw["61"] = {"class_type": "PrimitiveString", "inputs": {"value": "x"}}
    raw["6"]["inputs"]["text"] = ["61", 0]

    assert wire(template(raw), Plan(positive="POS"))["6"]["inputs"]["text"] == "POS"


def test_placeholders_are_filled_wherever_they_stand(raw: dict[str, Any]) -> None:
    raw["61"] = {"class_type": "ShowText", "inputs": {"text_a": "{{HAND_PROMPT}} / {{POSITIVE_PROMPT}}"}}

    assert wire(template(raw), Plan(positive="P", hand="H"))["61"]["inputs"]["text_a"] == "H / P"


def test_a_graph_comes_from_a_plans_json_and_names_its_workflow(shelf: FileShelf) -> None:
    plan = {"positive": "P", "settings": {"seed": 3}, "workflow": "default"}

    assert graphed(plan, shelf)["6"]["inputs"]["text"] == "P"
    assert graphed([plan], shelf)[0]["3"]["inputs"]["seed"] == 3


def test_a_template_may_have_nodes_for_more_slots(raw: dict[str, Any]) -> None:
    raw["20"] = deepcopy(raw["19"])
    raw["20"]["_meta"]["title"] = "gaze:lora5"

    graph = wire(template(raw), Plan(loras=uses(4, 5)))

    assert graph["20"]["inputs"]["model"] == ["19", 0]
    assert graph["3"]["inputs"]["model"] == ["20", 0]
    assert "20" not in wire(template(raw), Plan(loras=uses(4)))


@given(
    st.lists(st.integers(1, 8), unique=True),
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, 1, 2, -3]),
    st.sampled_from([None, "integrated", "v.safetensors"]),
)
def test_no_graph_has_a_dangling_link_or_a_circle(
    slots: list[int], face: bool, hands: bool, skip: int | None, vae: str | None
) -> None:
    import json

    default = template(json.loads((HERE / TEMPLATE).read_text("utf-8")))
    before = deepcopy(default)
    plan = Plan(
        loras=uses(*slots), detail_face=face, detail_hands=hands, settings=Settings(seed=1, clip_skip=skip, vae=vae)
    )

    graph = wire(default, plan)

    assert not dangling(graph)
    assert not circular(graph)
    assert default == before
    assert sum("lora_name" in body["inputs"] for body in graph.values()) == len(slots)
