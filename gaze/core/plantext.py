"""Recipes and plans as JSON: what the command line, the API and sidecars hold (specification prompts, F109)."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import msgspec

from gaze.core.asset import Asset
from gaze.core.errors import Fault
from gaze.core.graph import wire
from gaze.core.plan import Plan, PlanError, one_by_one, plan
from gaze.core.recipe import Recipe, to_json
from gaze.core.recipe_faults import bounds_faults
from gaze.core.settings import BOUNDS, allowed
from gaze.core.shape import shape
from gaze.core.shelf import Shelf
from gaze.core.template import Template


def read_recipe(raw: Any) -> Recipe:
    """The recipe that JSON holds; numbers and booleans may be written as text.

    Keys that are none of a recipe's and hold no list of text are left out in silence, as unknown keys of a file
    are. Raises PlanError with a `bad-value` fault for each value of the wrong type or out of bounds; it names
    field and allowed range.
    """
    recipe, faults = shape_recipe(raw)
    faults += bounds_faults(recipe)
    if faults:
        raise PlanError(faults)
    return recipe


def shape_recipe(raw: Any) -> tuple[Recipe, list[Fault]]:
    """The recipe that JSON holds, its misfits left at their default, and a fault for each of them."""
    made, misfits = shape(raw, Recipe)
    recipe: Recipe = made
    faults = []
    for misfit in misfits:
        field = str(misfit.path[0]) if misfit.path else ""
        bounds = f" {allowed(field)} is allowed." if field in BOUNDS else ""
        what = misfit.message.replace("the file holds", "the recipe is")
        faults.append(Fault("bad-value", f"{what}.{bounds}", field))
    return _tidy(recipe), faults


def with_overrides(recipe: Recipe, overrides: Mapping[str, Any]) -> Recipe:
    """A preset's recipe with values replaced (specification data, "Preset").

    One asset stands for a list under its singular: `action` replaces `actions`. `extra_positive` and
    `extra_negative` are appended. Raises PlanError with a `bad-value` fault for each value of the wrong type; its
    bounds are the plan's to tell.
    """
    made, faults = overridden(recipe, overrides)
    if faults:
        raise PlanError(faults)
    return made


def overridden(recipe: Recipe, overrides: Mapping[str, Any]) -> tuple[Recipe, list[Fault]]:
    """The recipe with values replaced, and a fault for each that was of the wrong type."""
    raw = to_json(recipe)
    texts = dict(recipe.texts)
    for key, value in overrides.items():
        many = f"{key}s"
        if key in ("extra_positive", "extra_negative"):
            # What wildcards became once is appended to as it is, or the addition would be lost.
            before = texts.pop(f"recipe/{key}", raw[key])
            raw[key] = ", ".join(part for part in (before, value) if part.strip()) if isinstance(value, str) else value
            raw[key] = before if value is None else raw[key]
        elif key not in Recipe.__struct_fields__ and isinstance(raw.get(many), list):
            raw[many] = value if isinstance(value, list) else [value] if value else []
        else:
            raw[key] = value
    return shape_recipe({**raw, "texts": overrides.get("texts", texts)})


def preset_recipe(preset: Asset, overrides: Mapping[str, Any] | None = None) -> Recipe:
    """The recipe of a preset; its subject is the preset itself unless it names one."""
    recipe = with_overrides(preset.data.recipe, overrides or {})
    return recipe if recipe.subject else msgspec.structs.replace(recipe, subject=preset.key)


def plan_json(made: Plan) -> dict[str, Any]:
    """A plan as plain values; `resolved` as a recipe's JSON is."""
    plain: dict[str, Any] = _lists(msgspec.to_builtins(made))
    return {**plain, "resolved": to_json(made.resolved)}


def read_plan(raw: Any) -> Plan:
    """The plan that JSON holds; what is missing has its default. Raises PlanError with a `bad-value` fault."""
    if not isinstance(raw, Mapping):
        raise PlanError([Fault("bad-value", "This is no plan; an object as «gaze plan» prints it is needed.")])
    if isinstance(raw.get("errors"), list):
        raise PlanError(
            [Fault("bad-value", "This plan holds only errors; mend the recipe and plan it again.", "errors")]
        )
    resolved, faults = shape_recipe(raw.get("resolved") or {})
    known = {
        key: value for key, value in raw.items() if key != "resolved" and (value is not None or key == "checkpoint")
    }
    try:
        made = msgspec.convert(known, Plan)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `$.")
        field = place.rstrip("`")
        faults.insert(0, Fault("bad-value", f"The plan cannot be read: {field or 'it'} has {reason}.", field))
        raise PlanError(faults) from error
    if faults:
        raise PlanError(faults)
    return msgspec.structs.replace(made, resolved=resolved)


def planned(raw: Any, library: Shelf, rng: Random) -> Any:
    """The plan of a recipe's JSON as JSON, or `{"errors": [...]}`; of a list of them a list.

    A recipe of several images gives the plan of the first; `plans` makes those of all.
    """
    if isinstance(raw, list):
        return [planned(each, library, rng) for each in raw]
    recipe, faults = shape_recipe(raw)
    try:
        made = plan(recipe, library, rng)
    except PlanError as error:
        faults += error.faults
    return {"errors": [fault_json(fault) for fault in faults]} if faults else plan_json(made)


def plans(recipe: Recipe, library: Shelf, rng: Random) -> list[Plan]:
    """The plans of all images of a recipe, `count` of them. Raises PlanError."""
    return [plan(each, library, rng) for each in one_by_one(recipe, rng)]


def graphed(raw: Any, library: Shelf, template: Template | None = None) -> Any:
    """The graph of a plan's JSON, by `template` or the workflow that the plan names; of a list a list.

    Raises PlanError if the plan cannot be read or its workflow is not there.
    """
    if isinstance(raw, list):
        return [graphed(each, library, template) for each in raw]
    made = read_plan(raw)
    template = template or library.template(made.workflow)
    if template is None:
        message = f"There is no workflow «{made.workflow}» that can be used."
        raise PlanError([Fault("unknown-workflow", message, "workflow", slug=made.workflow)])
    return wire(template, made)


def fault_json(fault: Fault) -> dict[str, Any]:
    """A fault as JSON: code and message, and what else it has; `near` wherever something was looked up."""
    plain = {key: value for key, value in msgspec.to_builtins(fault).items() if value not in ("", None)}
    return {**plain, "near": fault.near} if fault.code.startswith("unknown-") else plain


def _lists(value: Any) -> Any:
    """A value with lists for tuples, as JSON has them."""
    if isinstance(value, dict):
        return {key: _lists(each) for key, each in value.items()}
    return [_lists(each) for each in value] if isinstance(value, list | tuple) else value


def _tidy(recipe: Recipe) -> Recipe:
    """Blank names as what they mean: nothing chosen, nothing set, the usual outfit and workflow."""
    blank: dict[str, Any] = {
        key: None
        for key in ("character", "look", "checkpoint", "sampler_name", "scheduler")
        if isinstance(value := getattr(recipe, key), str) and not value.strip()
    }
    if not recipe.workflow.strip():
        blank["workflow"] = "default"
    if not recipe.character_outfit.strip():
        blank["character_outfit"] = "default"
    return msgspec.structs.replace(recipe, **blank) if blank else recipe
