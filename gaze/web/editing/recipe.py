"""The inputs of a recipe (specification prompts, "Recipe"): what it chooses, texts, settings, what counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gaze.core.category import Category, Field
from gaze.core.recipe import Recipe
from gaze.web.editing.values import bounds, pointer, shown

Given = dict[str, Any]
Part = tuple[str, str, list[Given], str]

_LINES = "One a line."


def recipe_inputs(field: Field, recipe: Recipe, categories: Mapping[str, Category]) -> list[Part]:
    """Sections (id, label, inputs, how) of a recipe; every category that can be chosen has its row."""
    at = (field.section, field.key) if field.section else (field.key,)

    def make(key: str, label: str, kind: str, reads: str, value: Any, **more: Any) -> Given:
        path = (*at, key)
        return {
            "name": pointer(path),
            "path": path,
            "key": key,
            "label": label,
            "kind": kind,
            "reads": reads,
            "value": shown("lines" if reads == "some lines" else reads, value),
            **more,
        }

    def said(key: str, kind: str, reads: str, label: str = "", **more: Any) -> Given:
        return make(key, label or key.replace("_", " "), kind, reads, getattr(recipe, key), **more)

    def number(key: str, reads: str, label: str = "") -> Given:
        return said(key, "number", reads, label, bounds=bounds(key, reads))

    choices = [
        make(
            category.choice,
            category.name if category.many else category.one,
            "choice",
            "commas" if category.many else "one",
            _chosen(recipe, category),
            complete=f"choice:{category.name}",
            one=category.one,
        )
        for category in categories.values()
        if category.choosable
    ]
    outfit = said("character_outfit", "text", "text", "outfit worn")
    texts = [
        said("extra_positive", "tags", "tags", "extra prompt", complete="tags"),
        said("extra_negative", "tags", "tags", "extra negative", complete="tags"),
    ]
    settings = [
        number("count", "int"),
        {**number("seed", "int"), "kind": "text", "help": "Empty is random."},
        number("width", "int"),
        number("height", "int"),
        number("steps", "int"),
        number("cfg", "float", "CFG"),
        said("sampler_name", "text", "one", "sampler", complete="option:sampler_name"),
        said("scheduler", "text", "one", complete="option:scheduler"),
        said("workflow", "text", "text", complete="option:workflow"),
    ]
    counts = [
        said("fields", "list", "some lines", "fields that count", help="One a line, as identity::hair. Empty: all."),
        said("off", "list", "lines", "without LoRA", help="One a line, as scenes/beach."),
        said("weights", "list", "weights", "LoRA weights", help="One a line, as scenes/beach = 0.6."),
        said("detail_face", "switch", "switch", "face detailer"),
        said("detail_hands", "switch", "switch", "hand detailer"),
        said("subject", "text", "text", "images go to", help="As characters/mira_vale. Empty: to this entry."),
    ]
    return [
        ("recipe", "Recipe", [*choices, outfit], "rows"),
        ("recipe-texts", "Extra prompt", texts, ""),
        ("recipe-settings", "Settings", settings, "grid"),
        ("recipe-counts", "What counts", counts, "aside"),
    ]


def _chosen(recipe: Recipe, category: Category) -> Any:
    found = recipe.chosen(category.choice)
    return found if category.many else next(iter(found), None)
