"""A saved recipe as its page shows it: what it chooses, row by row, what is not there, and the same for a program."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import msgspec

from gaze.context import Context
from gaze.core.asset import Asset, slug_of
from gaze.core.category import Category
from gaze.core.recipe import RANDOM, Recipe
from gaze.core.shelf import Shelf
from gaze.library.query import Card
from gaze.web.forms import Values, one
from gaze.web.sections import sections_of

# What a program may say beside the preset's name (specification pages, REST API).
_API = ("action", "checkpoint", "extra_positive", "extra_negative", "seed", "count")
_NUMBERS = ("seed", "count")


class Chip(msgspec.Struct, frozen=True, kw_only=True):
    """One choice. Without a `card` it is random or `gone`: where it is instead, in words."""

    name: str
    card: Card | None = None
    more: str = ""  # its LoRA's weight, or that it is off
    gone: str = ""


class RecipeRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a recipe says about one thing; `one` is the category, for its hue."""

    one: str
    label: str
    chips: Sequence[Chip] = ()
    text: str = ""
    note: str = ""
    side: str = ""


class Gone(msgspec.Struct, frozen=True):
    """A choice that is not there. `trash_id` is "" where the trash has none; `field` is its input when edited."""

    one: str
    name: str
    trash_id: str
    field: str


class RecipeView(msgspec.Struct, frozen=True):
    """`nudges` are the live events after which the page has to look again."""

    rows: list[RecipeRow]
    gone: list[Gone]
    nudges: list[str]


def recipe_view(gaze: Context, asset: Asset) -> RecipeView | None:
    """What the page of a saved recipe shows of it; None for any other asset."""
    if not asset.category.has_recipe:
        return None
    recipe: Recipe = asset.data.recipe
    shelf = gaze.library.shelf()
    rows: list[RecipeRow] = []
    gone: list[Gone] = []
    nudges = ["trash-changed"]
    for category in gaze.categories.values():
        if not category.choosable:
            continue
        chosen = recipe.chosen(category.choice)
        nudges += [f"asset-{category.name}-{_slug(category, choice)}" for choice in chosen if choice != RANDOM]
        chips = [_chip(gaze, shelf, category, choice, recipe) for choice in chosen]
        for choice, chip in zip(chosen, chips, strict=True):
            if chip.gone:
                trash_id = _in_trash(gaze, category, choice)[0]
                gone.append(Gone(category.one, chip.name, trash_id, f"e-recipe-{category.choice}"))
        if chips or category.chosen_by_id:
            rows.append(_row(category, chips, recipe, shelf))
    return RecipeView([*rows, *_texts(recipe), _settings(recipe)], gone, nudges)


def usual(asset: Asset) -> dict[str, str]:
    """What the form of a saved recipe shows where nothing else is asked for; empty for any other asset."""
    if not asset.category.has_recipe:
        return {}
    recipe: Recipe = asset.data.recipe
    switches = {name: "on" if getattr(recipe, name) else "off" for name in ("detail_face", "detail_hands")}
    return {"count": str(recipe.count), "workflow": recipe.workflow, **switches}


def changed(asset: Asset, given: Values, picks: Sequence[str]) -> int:
    """How many values of this run are other ones than the recipe's."""
    said = (*picks, "extra_positive", "extra_negative", "seed", "size")
    other = sum(bool(one(given, name)) and one(given, name) != value for name, value in usual(asset).items())
    return sum(bool(one(given, name)) for name in said) + other


def for_a_program(asset: Asset, given: Values) -> str:
    """The request that makes the same, with what was changed for this run."""
    said = {**given, "action": given.get("actions", ())}
    body: dict[str, object] = {}
    for name in _API:
        value = one(said, name)
        if value and value != usual(asset).get(name):
            body[name] = int(value) if name in _NUMBERS and value.isascii() and value.isdecimal() else value
    size = one(given, "size")
    width, times, height = size.partition("x")
    if size == "own":
        width, height = one(given, "width"), one(given, "height")
    if width.isdecimal() and height.isdecimal() and (times or size == "own"):
        body |= {"width": int(width), "height": int(height)}
    lines = ",\n ".join(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in body.items())
    return f"POST /api/v1/generate/{asset.slug}\nX-API-Key: …" + (f"\n\n{{{lines}}}" if body else "")


# -- rows -------------------------------------------------------------------------------------------------


def _row(category: Category, chips: Sequence[Chip], recipe: Recipe, shelf: Shelf) -> RecipeRow:
    label = (category.name if len(chips) > 1 else category.one).capitalize()
    if not chips:
        usual = shelf.find(category.name, shelf.default_checkpoint) if shelf.default_checkpoint else None
        now = usual.name if usual else shelf.default_checkpoint.rsplit("/", 1)[-1] or "the workflow’s own"
        return RecipeRow(one=category.one, label=label, note=f"default, now {now}")
    found = next((chip.card.asset for chip in chips if chip.card), None)
    side = "drawn for each image" if any(not chip.card and not chip.gone for chip in chips) else ""
    note = ""
    if category.has_outfits:
        worn = recipe.character_outfit
        note = "a random outfit" if worn == RANDOM else f"wears {worn}" if worn != "default" else ""
        side = side or _counting(found, recipe)
    return RecipeRow(one=category.one, label=label, chips=chips, note=note, side=side)


def _counting(asset: Asset | None, recipe: Recipe) -> str:
    """How many of the subject's fields the recipe lets count, in words."""
    if asset is None or recipe.fields is None or (recipe.subject and recipe.subject != asset.key):
        return ""
    outfit = {"character_outfit": [recipe.character_outfit]}
    rows = [row for section in sections_of(asset, outfit, frozenset(recipe.fields)) for row in section.rows]
    able = [row for row in rows if row.selectable]
    return f"{sum(row.checked for row in able)} of {len(able)} fields" if able else ""


def _chip(gaze: Context, shelf: Shelf, category: Category, choice: str, recipe: Recipe) -> Chip:
    if choice == RANDOM:
        return Chip(name="random")
    asset = shelf.find(category.name, choice)
    if asset is None:
        trash_id, name = _in_trash(gaze, category, choice)
        if category.chosen_by_id and not trash_id and gaze.model_files.file("checkpoint", choice):
            return Chip(name=choice.rsplit("/", 1)[-1], more="no entry")
        return Chip(name=name or choice, gone="in the trash" if trash_id else "not there")
    return Chip(name=asset.name, card=gaze.library.card(asset), more=_weight(asset, recipe))


def _weight(asset: Asset, recipe: Recipe) -> str:
    if not {asset.key, asset.category.name}.isdisjoint(recipe.off):
        return "off"
    said = recipe.weights.get(asset.key, recipe.weights.get(asset.category.name))
    weight = asset.lora.lora_weight if said is None and asset.lora else said
    return "" if weight is None else f"{weight:.2f}"


def _slug(category: Category, choice: str) -> str:
    return slug_of(category, choice) if category.chosen_by_id else choice


def _in_trash(gaze: Context, category: Category, choice: str) -> tuple[str, str]:
    """The trash entry of a choice and its name, both "" if there is none; the newest counts."""
    for entry in gaze.library.trash.list():
        if (entry.kind, entry.category, entry.slug) == ("asset", category.name, _slug(category, choice)):
            return entry.id, entry.name
    return "", ""


def _texts(recipe: Recipe) -> Iterator[RecipeRow]:
    for label, text in (("Extra", recipe.extra_positive), ("Negative", recipe.extra_negative)):
        if text:
            yield RecipeRow(one="extra", label=label, text=text)


def _settings(recipe: Recipe) -> RecipeRow:
    size = f"{recipe.width or 'usual'}×{recipe.height or 'usual'}" if recipe.width or recipe.height else ""
    parts = [
        size,
        f"{recipe.steps} steps" if recipe.steps is not None else "",
        f"CFG {recipe.cfg:.1f}" if recipe.cfg is not None else "",
        recipe.sampler_name or "",
        recipe.scheduler or "",
        "random seed" if recipe.seed in (None, -1) else f"seed {recipe.seed}",
        f"{recipe.count} images" if recipe.count != 1 else "",
        f"workflow {recipe.workflow}" if recipe.workflow != "default" else "",
        "" if recipe.detail_face else "no face detailer",
        "" if recipe.detail_hands else "no hand detailer",
    ]
    return RecipeRow(one="extra", label="Settings", text=" · ".join(part for part in parts if part))
