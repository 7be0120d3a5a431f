"""From what a browser sends to structs; what does not fit is a Refusal with a sentence (400)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gaze.core.asset import Asset, slug_of
from gaze.core.category import Category
from gaze.core.errors import Refusal
from gaze.core.plantext import preset_recipe, read_recipe
from gaze.core.recipe import Recipe
from gaze.core.shelf import Shelf
from gaze.library.query import MOST_STARS, Query

SIZES = ("832x1216", "896x1152", "1024x1024", "1152x896", "1216x832", "768x1344", "1344x768", "512x512", "256x256")

Values = Mapping[str, Sequence[str]]

_TEXT = ("extra_positive", "extra_negative", "workflow", "sampler_name", "scheduler", "character_outfit")
_NUMBERS = ("seed", "width", "height", "steps", "cfg", "count")


async def values(request: Any) -> dict[str, list[str]]:
    """Form, query or JSON body as lists of text by name."""
    found: dict[str, list[str]] = {}
    if request.method in ("POST", "PUT", "PATCH") and "json" in request.headers.get("content-type", ""):
        body = await request.json()
        if not isinstance(body, dict):
            raise Refusal("The body is not an object {...}.")
        for name, value in body.items():
            items = value if isinstance(value, list) else [value]
            found[name] = [_text(item) for item in items if item is not None]
        return found
    if request.method in ("POST", "PUT", "PATCH"):
        form = await request.form()
        for name, value in form.multi_items():
            if isinstance(value, str):
                found.setdefault(name, []).append(value)
    for name, value in request.query_params.multi_items():
        found.setdefault(name, []).append(value)
    return found


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return value if isinstance(value, str) else str(value)


def one(given: Values, name: str, otherwise: str = "") -> str:
    """The last value of a name."""
    found = given.get(name)
    return found[-1].strip() if found else otherwise


def raw(given: Values, name: str) -> str:
    """The last value of a name with every space as it was sent."""
    found = given.get(name)
    return found[-1] if found else ""


def query(category: Category, given: Values) -> Query:
    """What a library page asks for. Raises Refusal for values out of range."""
    nsfw = one(given, "nsfw", "all") or "all"
    sort = one(given, "sort", "name") or "name"
    if nsfw not in ("all", "sfw", "nsfw"):
        raise Refusal(f"nsfw is «{nsfw}»; it can be all, sfw or nsfw.", field="nsfw")
    if sort not in ("name", "newest", "rating"):
        raise Refusal(f"sort is «{sort}»; it can be name, newest or rating.", field="sort")
    groups = groups_of(category)
    group = one(given, "group")
    if group and group not in groups:
        raise Refusal(f"group is «{group[:40]}»; it can be {', '.join(groups)}.", field="group")
    tags = {
        field.key: value
        for field in category.sections.get("tags", ())
        if field.key != "nsfw" and (value := one(given, field.key))
    }
    return Query(
        q=one(given, "q")[:500],
        favourite=on(given, "favourite"),
        nsfw=nsfw,  # type: ignore[arg-type]
        tags=tags,
        has_problem=on(given, "has_problem"),
        no_cover=on(given, "no_cover"),
        missing_lora=on(given, "missing_lora"),
        group_by=group,
        rating=whole(given, "rating", 0, MOST_STARS, 0),
        sort=sort,  # type: ignore[arg-type]
        offset=whole(given, "offset", 0, 10**9, 0),
        limit=whole(given, "limit", 1, 500, 60),
    )


def groups_of(category: Category) -> dict[str, str]:
    """What a library can be grouped by: folders, and every tag but the NSFW mark; the label of each."""
    fields = [field for field in category.sections.get("tags", ()) if field.kind != "switch"]
    return {"folder": "folder"} | {field.key: field.label for field in fields}


def whole(given: Values, name: str, least: int, most: int, otherwise: int) -> int:
    """A whole number of a range. Raises Refusal."""
    text = one(given, name)
    if not text:
        return otherwise
    if not text.lstrip("-").isascii() or not text.lstrip("-").isdecimal() or not least <= int(text[:30]) <= most:
        raise Refusal(f"{name} is «{text[:40]}»; a whole number from {least} to {most} is needed.", field=name)
    return int(text)


def on(given: Values, name: str) -> bool:
    """Whether a switch was sent as on."""
    return one(given, name).lower() in ("on", "true", "1", "yes")


def recipe(asset: Asset, given: Values, shelf: Shelf) -> Recipe:
    """The recipe that an asset's page (or its API) asks for. Raises PlanError (400) naming field and range.

    Empty values are as if they had not been sent. A preset's own recipe is what the values replace.
    """
    raw = _raw(asset, given, shelf.categories)
    if asset.category.has_recipe:
        return preset_recipe(asset, raw)
    category = asset.category
    if category.choice:
        mine: Any = [asset.choice] if category.many else asset.choice
        rest = [choice for choice in raw.get(category.choice, []) if choice != asset.choice] if category.many else []
        raw[category.choice] = mine if not category.many else [*mine, *rest]
    owner = owner_of(asset, shelf)
    if owner is not None:
        raw.setdefault(owner.category.choice, owner.choice)
    raw["subject"] = asset.key
    return read_recipe(raw)


def owner_of(asset: Asset, shelf: Shelf) -> Asset | None:
    """The asset that this one belongs to by id, if it is there: a look's character."""
    category = shelf.categories.get(asset.category.owner)
    owner_id = str(getattr(asset.data, asset.category.owner_key, "")).strip() if category else ""
    found = shelf.find(category.name, slug_of(category, owner_id)) if category and owner_id else None
    return found if found and found.id == owner_id else None


def _raw(asset: Asset, given: Values, categories: Mapping[str, Category]) -> dict[str, Any]:
    raw: dict[str, Any] = {}
    for name in _TEXT:
        if text := one(given, name):
            raw[name] = text
    for name in _NUMBERS:
        text = one(given, name)
        if text and not (name == "seed" and text.lower() in ("random", "-1")):
            raw[name] = text
    width, times, height = one(given, "size").partition("x")
    if times:
        raw.setdefault("width", width)
        raw.setdefault("height", height)
    for category in categories.values():
        chosen = [value.strip() for value in given.get(category.choice, []) if value.strip()] if category.choice else []
        if chosen:
            raw[category.choice] = chosen if category.many else chosen[-1]
    fields = selection(asset, given)
    if fields is not None:
        raw["fields"] = fields
    for name in ("detail_face", "detail_hands"):
        if name in given:
            raw[name] = one(given, name).lower() not in ("off", "false", "0", "")
    if "off" in given:
        raw["off"] = list(given["off"])
    return raw


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
