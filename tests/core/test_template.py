"""Templates are checked when they are read (specification workflow, "Other templates"; F62, F63)."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from gaze.core.errors import Problem
from gaze.core.template import Template, read_template


@pytest.fixture
def raw(files: dict[str, Any]) -> dict[str, Any]:
    """The default template, to be spoilt."""
    return deepcopy(files["workflows/default.json"])


def problems(raw: Any) -> list[Problem]:
    return read_template("t", "workflows/t.json", raw)[1]


def read(raw: Any) -> Template:
    template, found = read_template("t", "workflows/t.json", raw)
    assert template is not None, found
    return template


def test_the_default_template_has_every_role_and_no_problem(raw: dict[str, Any]) -> None:
    template = read(raw)

    assert len(template.roles) == 15
    assert not problems(raw)
    assert template.checkpoint == "Illustrious/model.safetensors"
    assert template.negative == "lowres, bad anatomy, bad hands, watermark"
    assert (template.settings.steps, template.settings.width) == (28, 1024)


def test_F62_an_export_in_the_editors_format_is_told_from_an_api_export() -> None:
    (problem,) = problems({"nodes": [{"id": 3}], "links": [], "version": 0.4})

    assert problem.fatal
    assert "API format" in problem.message


@pytest.mark.parametrize("raw", [None, [], {}, "x", 3, {"prompt": {"3": {}}}, {"3": {"class_type": 4}}])
def test_what_is_no_workflow_is_a_problem(raw: Any) -> None:
    assert problems(raw)[0].fatal


def test_an_unknown_role_names_its_node(raw: dict[str, Any]) -> None:
    raw["3"]["_meta"]["title"] = "gaze:smapler"

    (problem,) = problems(raw)

    assert "node 3" in problem.message
    assert "«gaze:smapler»" in problem.message


def test_a_role_used_twice_names_both_nodes(raw: dict[str, Any]) -> None:
    raw["10"]["_meta"]["title"] = "gaze:save"

    (problem,) = problems(raw)

    assert "node 10" in problem.message
    assert "node 9" in problem.message


def test_a_template_that_saves_nothing_is_a_problem(raw: dict[str, Any]) -> None:
    del raw["9"]

    (problem,) = problems(raw)

    assert "gaze:save" in problem.message
    assert problem.field == "filename_prefix"


def test_a_dangling_link_names_node_and_input(raw: dict[str, Any]) -> None:
    raw["8"]["inputs"]["samples"] = ["99", 0]

    (problem,) = problems(raw)

    assert problem.field == "8.samples"
    assert "node 99" in problem.message


def test_an_unknown_placeholder_warns_and_names_node_and_input(raw: dict[str, Any]) -> None:
    raw["6"]["inputs"]["text"] = "{{POSITIVE_PROMPT}} {{POSITIV}}"

    (problem,) = problems(raw)

    assert not problem.fatal
    assert problem.field == "6.text"
    assert "{{POSITIV}}" in problem.message


def test_all_problems_are_told_at_once(raw: dict[str, Any]) -> None:
    raw["3"]["_meta"]["title"] = "gaze:x"
    raw["8"]["inputs"]["samples"] = ["99", 0]
    del raw["9"]

    assert len(problems(raw)) == 3


def test_numbers_written_as_strings_are_numbers_except_in_texts_and_names(raw: dict[str, Any]) -> None:
    raw["3"]["inputs"] |= {"steps": "31", "cfg": "4.5", "sampler_name": "7"}
    raw["6"]["inputs"]["text"] = "1"
    raw["40"] = {"class_type": "PrimitiveString", "inputs": {"value": "5"}}

    graph = read(raw).graph

    assert graph["3"]["inputs"]["steps"] == 31
    assert read(raw).settings.cfg == 4.5
    assert graph["3"]["inputs"]["sampler_name"] == "7"
    assert graph["6"]["inputs"]["text"] == "1"
    assert graph["40"]["inputs"]["value"] == "5"


def test_F63_node_ids_are_any_text(raw: dict[str, Any]) -> None:
    raw["57:8"] = raw.pop("8")
    raw["57:8"]["_meta"]["title"] = "gaze:decode"
    for node in ("9", "11"):
        for key, value in raw[node]["inputs"].items():
            if value == ["8", 0]:
                raw[node]["inputs"][key] = ["57:8", 0]

    assert read(raw).roles["decode"] == "57:8"


def test_a_role_by_id_wants_its_input_and_no_title_of_ours(raw: dict[str, Any]) -> None:
    for body in raw.values():
        body["_meta"] = {"title": "x"}
    del raw["16"]["inputs"]["lora_name"]
    raw["5"]["_meta"]["title"] = "gaze:lora2"

    roles = read(raw).roles

    assert "lora1" not in roles
    assert roles["lora2"] == "5"
    assert "latent" not in roles
    assert roles["sampler"] == "3"


def test_a_template_without_titles_at_all_is_read(raw: dict[str, Any]) -> None:
    for body in raw.values():
        body.pop("_meta")

    assert len(read(raw).roles) == 15


def test_values_that_come_by_link_are_none_of_the_templates(raw: dict[str, Any]) -> None:
    raw["60"] = {"class_type": "PrimitiveInt", "inputs": {"value": 5}}
    raw["3"]["inputs"]["steps"] = ["60", 0]
    raw["7"]["inputs"]["text"] = ["60", 0]

    assert read(raw).settings.steps is None
    assert read(raw).negative == ""


def test_reading_leaves_the_json_alone(raw: dict[str, Any]) -> None:
    before = deepcopy(raw)

    read(raw)

    assert raw == before
