"""Graphs against a backend's object_info (specification workflow, "Against the backend")."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from gaze.core.check import Checked, check
from gaze.core.graph import wire
from gaze.core.loras import LoraUse
from gaze.core.plan import Plan
from gaze.core.settings import Settings
from gaze.core.template import Template

LOOK = "Illustrious/Looks/aria_look.safetensors"
TINY = "Illustrious/tiny_v1.safetensors"


def graph(default: Template, lora: str = LOOK, checkpoint: str = TINY, **settings: Any) -> dict[str, Any]:
    use = LoraUse(slot=1, category="characters", slug="aria", lora_name=lora, weight=0.5)
    return wire(default, Plan(loras=(use,), checkpoint=checkpoint, settings=Settings(seed=1, **settings)))


@pytest.fixture
def info(object_info: dict[str, Any]) -> dict[str, Any]:
    return deepcopy(object_info)


def the_fault(checked: Checked) -> Any:
    (fault,) = checked.faults
    return fault


def test_a_graph_the_backend_can_run_passes_as_it_is(default: Template, info: dict[str, Any]) -> None:
    made = graph(default)

    checked = check(made, info, default)

    assert checked == Checked(graph=made)


@pytest.mark.parametrize("missing", ["FaceDetailer", "UltralyticsDetectorProvider"])
def test_detailers_are_off_where_a_class_of_theirs_is_missing(
    default: Template, info: dict[str, Any], missing: str
) -> None:
    del info[missing]

    checked = check(graph(default), info, default)

    assert not checked.faults
    assert {"10", "11", "12", "13", "14", "15"}.isdisjoint(checked.graph)
    assert [note.code for note in checked.notes] == ["detailer-off", "detailer-off"]
    assert missing in checked.notes[0].message


def test_the_titles_tell_the_detailers_without_a_template(default: Template, info: dict[str, Any]) -> None:
    del info["FaceDetailer"]

    assert not check(graph(default), info).faults


def test_a_class_the_backend_lacks_is_named_with_its_node(default: Template, info: dict[str, Any]) -> None:
    made = graph(default)
    made["8"]["class_type"] = "VAEDecodeTile"

    fault = the_fault(check(made, info, default))

    assert (fault.code, fault.field, fault.slug, fault.near) == ("missing-node", "8", "VAEDecodeTile", "VAEDecode")
    assert "gaze:decode" in fault.message


def test_F64_a_newly_required_input_gets_the_backends_default_with_a_note(
    default: Template, info: dict[str, Any]
) -> None:
    made = graph(default)
    del made["11"]["inputs"]["cycle"]

    checked = check(made, info, default)

    assert checked.graph["11"]["inputs"]["cycle"] == 1
    assert "cycle" in checked.notes[0].message
    assert "cycle" not in made["11"]["inputs"]


def test_F64_a_required_input_without_a_default_is_an_error(default: Template, info: dict[str, Any]) -> None:
    info["KSampler"]["input"]["required"]["guider"] = ["GUIDER"]

    fault = the_fault(check(graph(default), info, default))

    assert (fault.code, fault.field) == ("missing-input", "3.guider")


def test_F66_an_unknown_scheduler_is_an_error_with_near_matches(default: Template, info: dict[str, Any]) -> None:
    faults = check(graph(default, scheduler="karas"), info, default).faults

    assert {fault.field for fault in faults} == {"3.scheduler", "11.scheduler", "13.scheduler"}
    assert all(fault.code == "unknown-scheduler" and fault.near == "karras" for fault in faults)
    assert "«karas»" in faults[0].message


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("lora", "Illustrious/Looks/aria.safetensors", "lora"),
        ("checkpoint", "Illustrious/tiny_v2.safetensors", "checkpoint"),
    ],
)
def test_F111_a_missing_model_is_an_error_and_never_swapped(
    default: Template, info: dict[str, Any], key: str, value: str, code: str
) -> None:
    checked = check(graph(default, **{key: value}), info, default)

    fault = the_fault(checked)
    assert fault.code == f"unknown-{code}"
    assert fault.slug == value
    assert fault.near in (LOOK, TINY)
    node = "16" if key == "lora" else "4"
    assert value in checked.graph[node]["inputs"].values()


def test_a_lora_moved_to_another_folder_is_near(default: Template, info: dict[str, Any]) -> None:
    fault = the_fault(check(graph(default, lora="old/aria_look.safetensors"), info, default))

    assert fault.near == LOOK


def test_a_missing_vae_and_detector_model_are_named(default: Template, info: dict[str, Any]) -> None:
    made = graph(default, vae="v.safetensors")
    made["10"]["inputs"]["model_name"] = "bbox/face_yolov9.pt"

    codes = {fault.code for fault in check(made, info, default).faults}

    assert codes == {"unknown-vae", "unknown-detector"}


def test_F51_a_windows_backend_gets_its_own_spelling(default: Template, info: dict[str, Any]) -> None:
    names = info["LoraLoader"]["input"]["required"]["lora_name"]
    names[0] = [name.replace("/", "\\") for name in names[0]]

    checked = check(graph(default), info, default)

    assert not checked.faults
    assert checked.graph["16"]["inputs"]["lora_name"] == LOOK.replace("/", "\\")


def test_newer_servers_list_options_in_another_place(default: Template, info: dict[str, Any]) -> None:
    required = info["LoraLoader"]["input"]["required"]
    required["lora_name"] = ["COMBO", {"options": ["other.safetensors"]}]

    assert the_fault(check(graph(default), info, default)).code == "unknown-lora"


@pytest.mark.parametrize("wanted", [[[], {}], ["COMBO", {"options": []}], ["COMBO", {}]])
def test_a_backend_that_takes_any_model_lists_none(default: Template, info: dict[str, Any], wanted: Any) -> None:
    info["LoraLoader"]["input"]["required"]["lora_name"] = wanted

    assert not check(graph(default), info, default, any_model=True).faults


def test_samplers_are_checked_even_where_any_model_will_do(default: Template, info: dict[str, Any]) -> None:
    faults = check(graph(default, sampler_name="eulr"), info, default, any_model=True).faults

    assert {fault.code for fault in faults} == {"unknown-sampler"}


def test_a_value_out_of_the_backends_bounds_names_them(default: Template, info: dict[str, Any]) -> None:
    made = graph(default)
    made["11"]["inputs"]["denoise"] = 0
    made["3"]["inputs"]["steps"] = "many"

    faults = {fault.field: fault.message for fault in check(made, info, default).faults}

    assert "0.0001 to 1.0" in faults["11.denoise"]
    assert "1 to 10000" in faults["3.steps"]
