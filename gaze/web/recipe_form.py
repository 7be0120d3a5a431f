"""A recipe as flat values by name, as forms and addresses hold it, and back.

Choices, texts and settings stand under the recipe's own keys. Beside them: `size` is `832x1216`, `own` (as `width` and
`height` say) or empty; `weight:<category>/<slug>` a LoRA's weight, `lora:<category>/<slug>` `on` or `off`;
`text:<key>` what a wildcard became. The last value of a name counts, so that a hidden `off` before a check box says
what an unchecked one means.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from gaze.core.asset import Asset, slug_of
from gaze.core.category import Category
from gaze.core.plantext import preset_recipe, read_recipe
from gaze.core.recipe import Recipe
from gaze.core.shelf import Shelf
from gaze.web.forms import Values, one, raw

# Width and height that SDXL models were trained on, and two small ones to try things with.
SIZES = ("832x1216", "896x1152", "1024x1024", "1152x896", "1216x832", "768x1344", "1344x768", "512x512", "256x256")

_EXTRAS = ("extra_positive", "extra_negative")
_NAMES = ("subject", "workflow", "sampler_name", "scheduler", "character_outfit")
_NUMBERS = ("seed", "width", "height", "steps", "cfg", "count", "variation_seed", "variation_strength")
_SWITCHES = ("detail_face", "detail_hands")
WEIGHT, LORA, TEXT = "weight:", "lora:", "text:"


def recipe_of(given: Values, categories: Mapping[str, Category]) -> Recipe:
    """The recipe that flat values say. Raises PlanError (400) naming field and range."""
    fields = [value for value in given.get("fields", ()) if value]
    return read_recipe({**flat(given, categories), **({"fields": fields} if "fields" in given else {})})


def asset_recipe(asset: Asset, given: Values, shelf: Shelf) -> Recipe:
    """The recipe that an asset's page (or its API) asks for. Raises PlanError (400) naming field and range.

    Empty values are as if they had not been sent. A preset's own recipe is what the values replace.
    """
    said = flat(given, shelf.categories)
    fields = selection(asset, given)
    if fields is not None:
        said["fields"] = fields
    if asset.category.has_recipe:
        return preset_recipe(asset, said)
    category = asset.category
    if category.choice:
        mine: Any = [asset.choice] if category.many else asset.choice
        rest = [choice for choice in said.get(category.choice, []) if choice != asset.choice] if category.many else []
        said[category.choice] = mine if not category.many else [*mine, *rest]
    owner = owner_of(asset, shelf)
    if owner is not None:
        said.setdefault(owner.category.choice, owner.choice)
    said["subject"] = asset.key
    return read_recipe(said)


def owner_of(asset: Asset, shelf: Shelf) -> Asset | None:
    """The asset that this one belongs to by id, if it is there: a look's character."""
    category = shelf.categories.get(asset.category.owner)
    owner_id = str(getattr(asset.data, asset.category.owner_key, "")).strip() if category else ""
    found = shelf.find(category.name, slug_of(category, owner_id)) if category and owner_id else None
    return found if found and found.id == owner_id else None


def flat(given: Values, categories: Mapping[str, Category]) -> dict[str, Any]:
    """What was said of a recipe, as its JSON; what is empty was not said."""
    said: dict[str, Any] = {}
    for name in _EXTRAS:
        if (text := raw(given, name)).strip():
            said[name] = text
    for name in (*_NAMES, *_NUMBERS):
        text = one(given, name)
        if text and not (name == "seed" and text.lower() in ("random", "-1")):
            said[name] = text
    if "size" in given and (size := one(given, "size")) != "own":
        width, times, height = size.partition("x")
        said = {name: text for name, text in said.items() if name not in ("width", "height")}
        said |= {"width": width, "height": height} if times else {}
    for category in categories.values():
        chosen = [value.strip() for value in given.get(category.choice, []) if value.strip()] if category.choice else []
        if chosen:
            said[category.choice] = chosen if category.many else chosen[-1]
    for name in _SWITCHES:
        if name in given:
            said[name] = one(given, name).lower() not in ("off", "false", "0", "")
    return said | _loras(given) | _texts(given)


def _loras(given: Values) -> dict[str, Any]:
    off = [value for value in given.get("off", ()) if value]
    off += [name.removeprefix(LORA) for name in given if name.startswith(LORA) and one(given, name) == "off"]
    weights = {
        name.removeprefix(WEIGHT): text for name in given if name.startswith(WEIGHT) and (text := one(given, name))
    }
    return ({"off": list(dict.fromkeys(off))} if off else {}) | ({"weights": weights} if weights else {})


def _texts(given: Values) -> dict[str, Any]:
    texts = {name.removeprefix(TEXT): raw(given, name) for name in given if name.startswith(TEXT)}
    return {"texts": texts} if texts else {}


def selection(asset: Asset, given: Values) -> list[str] | None:
    """The fields that count as the page's boxes say: a box that was shown and is not checked leaves its field out.

    A field whose box was not shown (another outfit's) counts. None if nothing was said; `["*"]` is all.
    """
    checked = [value for value in given.get("fields", ()) if value]
    shown = {value for value in given.get("fields_shown", ()) if value}
    if not shown:
        return checked if "fields" in given else None
    left_out = shown - set(checked)
    return [address for address in sorted(asset.category.selectable) if address not in left_out] if left_out else ["*"]


def action(given: Values) -> str:
    """`preview` or `replace`. Anything else is an asset's name and belongs to the recipe (REST API)."""
    wanted = one(given, "action", "preview") or "preview"
    return wanted if wanted in ("preview", "replace") else "preview"


def pairs(recipe: Recipe, categories: Mapping[str, Category]) -> Iterator[tuple[str, str]]:
    """The recipe as flat values; what is as usual is left out. `recipe_of` reads them back."""
    usual = Recipe()
    for category in categories.values():
        for choice in recipe.chosen(category.choice) if category.choosable else ():
            yield category.choice, choice
    for name in (*_NAMES, *_EXTRAS, *_NUMBERS):
        value = getattr(recipe, name)
        if value is not None and value != getattr(usual, name):
            yield name, _number(value) if isinstance(value, float) else str(value)
    for name in _SWITCHES:
        if not getattr(recipe, name):
            yield name, "off"
    if recipe.fields is not None:
        yield from (("fields", field) for field in recipe.fields or [""])
    yield from ((f"{WEIGHT}{key}", _number(weight)) for key, weight in recipe.weights.items())
    yield from ((f"{LORA}{key}", "off") for key in recipe.off)
    yield from ((f"{TEXT}{key}", text) for key, text in recipe.texts.items())


def _number(value: float) -> str:
    return repr(float(value)).removesuffix(".0")


def recipe_url(recipe: Recipe, categories: Mapping[str, Category]) -> str:
    """The generator's address with the whole recipe in it."""
    query = urlencode(list(pairs(recipe, categories)), safe="/:")
    return f"/generator?{query}" if query else "/generator"
