"""Sweeps: values, cells, and that a cell differs from its neighbours in just the swept value."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from gaze.categories import declared
from gaze.core.errors import Refusal
from gaze.core.graph import wire
from gaze.core.plan import plan
from gaze.core.recipe import Recipe
from gaze.core.sweep import Axis, Sweep, axis, leave_one_out, recipes, steps
from gaze.core.template import Template
from tests.golden.shelf import FileShelf

CATEGORIES = declared()
RECIPE = Recipe(
    subject="characters/mira_vale",
    character="mira_vale",
    outfits=["french_maid_01"],
    actions=["waving"],
    styles=["watercolor"],
    seed=11,
    extra_positive="{rain|snow|fog}",
)


def swept(across: Axis, down: Axis | None = None) -> Sweep:
    return Sweep(id="x", subject=RECIPE.subject, created="", batch="", recipe={}, across=across, down=down)


def differences(one: Any, other: Any, path: str = "") -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in {*one, *other}:
            yield from differences(one.get(key), other.get(key), f"{path}/{key}")
    elif one != other:
        yield path


@pytest.fixture
def graphs(shelf: FileShelf, default: Template) -> Any:
    """The graphs of all cells of a sweep of RECIPE."""

    def make(across: Axis, down: Axis | None = None) -> dict[str, dict[str, Any]]:
        resolved = plan(RECIPE, shelf, Random(7)).resolved
        cells = recipes(swept(across, down), resolved, CATEGORIES)
        return {cell: wire(default, plan(recipe, shelf, Random(9))) for cell, recipe in cells}

    return make


@pytest.mark.parametrize(
    ("first", "last", "step", "values"),
    [
        ("0.2", "1.4", "0.2", ["0.2", "0.4", "0.6", "0.8", "1", "1.2", "1.4"]),
        ("1", "0", "0.5", ["1", "0.5", "0"]),
        ("0.1", "0.35", "0.1", ["0.1", "0.2", "0.3"]),
        ("5", "5", "1", ["5"]),
    ],
)
def test_steps_count_as_decimals_do(first: str, last: str, step: str, values: list[str]) -> None:
    assert steps(first, last, step, "from") == values


@pytest.mark.parametrize(
    "bad",
    [
        ("a", "1", "0.1"),
        ("0", "1", "0"),
        ("0", "inf", "1"),
        ("0", "100", "0.1"),
        ("1e999999", "1", "1"),
        ("0", "1", "1e-999999"),
    ],
)
def test_steps_that_make_no_sense_are_refused(bad: tuple[str, str, str]) -> None:
    with pytest.raises(Refusal):
        steps(*bad, "from")


@pytest.mark.parametrize(
    ("kind", "text"), [("cfg", "a"), ("steps", "2.5"), ("nothing", "1"), ("cfg", " , "), ("presets", "x")]
)
def test_an_axis_that_makes_no_sense_is_refused(kind: str, text: str) -> None:
    with pytest.raises(Refusal) as caught:
        axis(kind, text, CATEGORIES, "down_values")

    assert caught.value.field == "down_values"


@pytest.mark.parametrize(
    ("across", "changed"),
    [
        (Axis("weight", ["0.2", "1.1"]), {"strength_model", "strength_clip"}),
        (Axis("cfg", ["3", "7.5"]), {"cfg"}),
        (Axis("steps", ["10", "20"]), {"steps"}),
        (Axis("seed", ["1", "2"]), {"seed"}),
        (Axis("sampler_name", ["euler", "dpmpp_2m"]), {"sampler_name"}),
    ],
)
def test_graphs_differ_in_just_the_swept_value(graphs: Any, across: Axis, changed: set[str]) -> None:
    made = graphs(across)

    found = set(differences(made["0,0"], made["1,0"]))

    assert {path.rpartition("/")[2] for path in found} == changed


def test_two_axes_change_their_own_values_only(graphs: Any) -> None:
    made = graphs(Axis("weight", ["0.2", "1.1"]), Axis("cfg", ["3", "7"]))

    assert list(made) == ["0,0", "1,0", "0,1", "1,1"]
    assert {path.rpartition("/")[2] for path in differences(made["0,0"], made["0,1"])} == {"cfg"}
    assert {path.rpartition("/")[2] for path in differences(made["0,1"], made["1,1"])} == {
        "strength_model",
        "strength_clip",
    }


def test_what_a_wildcard_became_is_the_same_in_every_cell(shelf: FileShelf) -> None:
    resolved = plan(RECIPE, shelf, Random(7)).resolved
    cells = recipes(swept(Axis("seed", ["1", "2", "3", "4", "5"])), resolved, CATEGORIES)

    texts = {plan(recipe, shelf, Random(9)).positive for _, recipe in cells}

    assert len(texts) == 1


def test_leave_one_out_is_everything_then_one_less_each(shelf: FileShelf) -> None:
    made = plan(RECIPE, shelf, Random(7))
    in_use = [f"{use.category}/{use.slug}" for use in made.loras]

    across = leave_one_out(made.resolved, in_use, CATEGORIES)
    cells = dict(recipes(swept(across), made.resolved, CATEGORIES))

    assert across.values[:4] == ["", "outfits/french_maid_01", "actions/waving", "styles/watercolor"]
    assert across.values[4:] == [f"lora:{key}" for key in in_use]
    assert cells["0,0"] == made.resolved
    assert cells["1,0"].outfits == []
    assert cells["4,0"].off == [in_use[0]]
    assert all(recipe.seed == 11 for recipe in cells.values())
