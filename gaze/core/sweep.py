"""A strengths sweep: one recipe, one or two axes, a picture for each pair of values (specification pages, Strengths).

Every cell is the same resolved recipe with the values of its column and row put in: graphs differ in nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from gaze.core.category import Category
from gaze.core.errors import Refusal
from gaze.core.mix import choose, drop
from gaze.core.recipe import Recipe

WEIGHT, WITHOUT = "weight", "without"
NUMBERS = {"weight": float, "seed": int, "cfg": float, "steps": int}
NAMES = ("sampler_name", "scheduler")
MOST_VALUES, MOST_CELLS = 40, 200


class Axis(msgspec.Struct, frozen=True):
    """What is swept, and its values as text.

    `kind` is `weight`, `seed`, `cfg`, `steps`, `sampler_name`, `scheduler`, a category, or `without`: then a value is
    `""` (nothing left out), `category/choice` (an asset) or `lora:category/slug` (its LoRA alone).
    """

    kind: str
    values: list[str]


class Sweep(msgspec.Struct, frozen=True, kw_only=True):
    """What `data/sweeps/<category>/<slug>/<id>.json` holds.

    `recipe` is a resolved recipe's JSON; `images` maps cells (`"3,1"`: column, row) to paths below `static/uploads`;
    `chosen` is the cell whose value was written into the asset.
    """

    id: str
    subject: str
    created: str
    batch: str
    recipe: dict[str, Any]
    across: Axis
    down: Axis | None = None
    images: dict[str, str] = {}
    chosen: str = ""

    @property
    def cells(self) -> list[tuple[str, str, str]]:
        """Name, column's value and row's value of every cell, row by row."""
        rows = self.down.values if self.down else [""]
        return [
            (f"{x},{y}", value, other) for y, other in enumerate(rows) for x, value in enumerate(self.across.values)
        ]


def steps(first: str, last: str, by: str, field: str) -> list[str]:
    """The numbers from `first` to `last`, both among them, as decimals are counted. Raises Refusal."""
    try:
        low, high, step = (Decimal(text.strip()) for text in (first, last, by))
    except InvalidOperation as error:
        raise Refusal("From, to and step have to be numbers.", field=field) from error
    if not all(number.is_finite() for number in (low, high, step)) or not step:
        raise Refusal("From, to and step have to be numbers, and the step not 0.", field=field)
    step = abs(step) if high >= low else -abs(step)
    if (high - low) / step >= MOST_VALUES:  # asked before it is counted: the numbers may be anything
        raise Refusal(
            f"That makes more than {MOST_VALUES} values, which are the most. Take a larger step.", field=field
        )
    return [_plain(low + step * place) for place in range(int((high - low) / step) + 1)]


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def axis(kind: str, text: str, categories: Mapping[str, Category], field: str) -> Axis:
    """An axis of values parted by commas. Raises Refusal naming `field`."""
    if kind not in (*NUMBERS, *NAMES) and not (kind in categories and categories[kind].choosable):
        raise Refusal(f"«{kind[:40]}» cannot be swept.", field=field)
    values = list(dict.fromkeys(value for part in text.split(",") if (value := part.strip())))
    if not values:
        raise Refusal(f"Say which values of {kind.replace('_', ' ')} to try, parted by commas.", field=field)
    if len(values) > MOST_VALUES:
        raise Refusal(f"These are {len(values)} values; {MOST_VALUES} are the most.", field=field)
    for value in values if kind in NUMBERS else ():
        try:
            NUMBERS[kind](value)
        except ValueError as error:
            whole = "a whole number" if NUMBERS[kind] is int else "a number"
            raise Refusal(f"{kind}: «{value[:40]}» is not {whole}.", field=field) from error
    return Axis(kind, values)


def leave_one_out(recipe: Recipe, in_use: Sequence[str], categories: Mapping[str, Category]) -> Axis:
    """All of it, then without each chosen asset but the subject, then without each LoRA in use (`category/slug`)."""
    assets = [
        f"{category.name}/{choice}"
        for category in categories.values()
        if category.choosable and not category.chosen_by_id
        for choice in recipe.chosen(category.choice)
    ]
    left_out = [key for key in assets if key != recipe.subject]
    return Axis(WITHOUT, ["", *left_out, *(f"lora:{key}" for key in in_use)])


def at(recipe: Recipe, swept: Axis | None, value: str, subject: str, categories: Mapping[str, Category]) -> Recipe:
    """The recipe with one value of an axis put in."""
    kind = swept.kind if swept else ""
    if swept is None or (kind == WITHOUT and not value):
        return recipe
    if kind == WEIGHT:
        return msgspec.structs.replace(recipe, weights={**recipe.weights, subject: float(value)})
    if kind == WITHOUT:
        key = value.removeprefix("lora:")
        if key != value:
            return msgspec.structs.replace(recipe, off=[*recipe.off, key])
        name, _, choice = key.partition("/")
        return drop(recipe, categories[name], choice)
    if kind in NUMBERS:
        return msgspec.structs.replace(recipe, **{kind: NUMBERS[kind](value)})
    if kind in NAMES:
        return msgspec.structs.replace(recipe, **{kind: value})
    return choose(recipe, categories[kind], [value])


def recipes(sweep: Sweep, resolved: Recipe, categories: Mapping[str, Category]) -> list[tuple[str, Recipe]]:
    """The recipe of every cell."""
    return [
        (
            cell,
            at(
                at(resolved, sweep.across, value, sweep.subject, categories),
                sweep.down,
                other,
                sweep.subject,
                categories,
            ),
        )
        for cell, value, other in sweep.cells
    ]
