"""What the page of one asset shows, put together from library, queue and plan."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from gaze.context import Context
from gaze.core.asset import Asset
from gaze.core.category import Category, Field
from gaze.core.errors import Problem, Refusal
from gaze.core.plan import plan
from gaze.core.recipe import RANDOM, Recipe
from gaze.core.transfer import can_become
from gaze.jobs.record import Job
from gaze.library.query import Card, Query
from gaze.web import forms
from gaze.web.editing.relink import Offer, offer
from gaze.web.forms import Values, one
from gaze.web.live import Live
from gaze.web.modelview import asks, base_notes, model_facts
from gaze.web.preview import Preview, failed_preview, preview_of

# Sections that pages do not show as fields: facts have them, or the name stands at the top.
_FACTS = ("lora", "tags", "participants")
SHOWN_IMAGES = 200


class Row(msgspec.Struct, frozen=True):
    """One field of the asset."""

    id: str
    address: str
    label: str
    value: str
    letters: tuple[str, ...]
    selectable: bool
    checked: bool
    empty: bool
    href: str = ""


class SectionView(msgspec.Struct, frozen=True):
    """The fields of a section that say something; `empty` names the rest."""

    id: str
    label: str
    rows: list[Row]
    empty: list[str]
    open: bool
    outfits: list[str] = []
    outfit: str = ""


class Pick(msgspec.Struct, frozen=True):
    """A choice of another asset; `name` is the recipe's key."""

    name: str
    category: str
    label: str
    value: str
    placeholder: str
    options: list[tuple[str, str]] = []


class TabView(msgspec.Struct, frozen=True):
    name: str
    label: str
    href: str
    on: bool
    count: int | None = None


class Detail(msgspec.Struct, frozen=True, kw_only=True):
    """Everything on an asset's page."""

    asset: Asset
    href: str
    card: Card
    problems: list[Problem]
    offer: Offer | None  # another model file for a missing one
    job: Job | None
    more_jobs: int
    failed: Job | None
    shown: str
    preview: bool
    images: list[str]
    image_count: int
    facts: list[tuple[str, str, bool]]
    notes: str
    used: list[tuple[str, list[tuple[str, str]]]]
    sections: list[SectionView]
    selectable: int
    counting: int
    tab: str
    tabs: list[TabView]
    body: str
    owned: list[Card]
    raw: str
    picks: list[Pick]
    form: dict[str, str]
    sizes: list[tuple[str, str]]
    more_set: int
    more_label: str
    ratio: str
    turns: bool  # whether it can be turned into another kind
    asks: bool  # whether deleting asks about its model file


def detail(gaze: Context, live: Live, asset: Asset, given: Values, failed: Job | None = None) -> Detail:
    """The page of an asset with what has been chosen and typed on it so far."""
    library = gaze.library
    state = library.state(asset.category.name, asset.slug)
    asked = given if "fields_shown" in given else {**_last_choices(state, gaze.categories), **given}
    selected = _selected(asset, asked, state)
    sections = [*_sections(asset, asked, selected), *_recipe(gaze, asset)]
    rows = [row for section in sections for row in section.rows if row.selectable]
    card = library.card(asset)
    images = library.images_of(asset)
    preview = str(state.get("last_preview") or "")
    preview = preview if preview in images else ""
    job = live.job_of(asset.key)
    owned = _owned(gaze, asset)
    tab = one(given, "tab", "fields")
    tabs = _tabs(asset, tab, len(images), owned)
    tab = next(item.name for item in tabs if item.on)
    picks = _picks(gaze, asset, asked)
    form = {name: one(asked, name) for name in ("seed", "count", "size", "extra_positive", "extra_negative")}
    form |= {name: one(asked, name) for name in ("detail_face", "detail_hands")}
    return Detail(
        asset=asset,
        href=f"/{asset.category.name}/{asset.slug}",
        card=card,
        problems=library.problem_of(asset.category.name, asset.slug),
        offer=offer(gaze.model_files, asset),
        job=job,
        more_jobs=sum(other.category == asset.category.name and other.slug == asset.slug for other in live.open_jobs)
        - (1 if job else 0),
        failed=failed if failed and not job else None,
        shown=preview or card.cover,
        preview=bool(preview),
        images=images[:SHOWN_IMAGES],
        image_count=len(images),
        facts=[*_facts(asset), *model_facts(gaze.model_files, asset)],
        notes=str(state.get("notes") or ""),
        used=_used(gaze, asset, owned),
        sections=sections,
        selectable=len(rows),
        counting=sum(row.checked for row in rows),
        tab=tab,
        tabs=tabs,
        body=f"asset/_{tab}.html",
        owned=owned,
        raw=library.raw(asset)[0] if tab == "json" else "",
        picks=picks,
        form=form,
        sizes=[("", "usual"), *((size, size.replace("x", "×")) for size in forms.SIZES)],
        more_set=sum(bool(pick.value) for pick in picks[2:])
        + sum(bool(form[name]) for name in ("extra_positive", "extra_negative", "detail_face", "detail_hands")),
        more_label=_more_label(picks[2:]),
        ratio=f"{job.width}/{job.height}" if job and job.width and job.height else "",
        turns=any(can_become(asset.category, other) for other in gaze.categories.values()),
        asks=asks(gaze.model_files, asset),
    )


def preview(gaze: Context, asset: Asset, given: Values) -> Preview:
    """The prompts that the page's choices would make now, or why there are none."""
    state = gaze.library.state(asset.category.name, asset.slug)
    asked = given if "fields_shown" in given else {**_last_choices(state, gaze.categories), **given}
    try:
        shelf = gaze.library.shelf()
        recipe = msgspec.structs.replace(forms.recipe(asset, asked, shelf), count=1)
        made = plan(recipe, shelf, gaze.rng)
        notes = base_notes(made, shelf, gaze.model_files)
        return preview_of(made, shelf, gaze.library.is_missing or _never, notes)
    except Refusal as refusal:
        return failed_preview(refusal)


def _never(category: str, name: str) -> bool:
    """Nothing is marked as missing where nobody can be asked."""
    return False


def choices_to_keep(given: Values, categories: Mapping[str, Category]) -> dict[str, Any]:
    """The page's last choices, as the state of the asset keeps them (specification data, User state)."""
    kept: dict[str, Any] = {
        name: one(given, name) for name in ("character_outfit", "extra_positive", "extra_negative", "size")
    }
    for category in categories.values():
        if category.choice:
            kept[category.choice] = one(given, category.choice)
    return kept


def _last_choices(state: Mapping[str, Any], categories: Mapping[str, Category]) -> dict[str, list[str]]:
    names = ["character_outfit", "extra_positive", "extra_negative", "size"]
    names += [category.choice for category in categories.values() if category.choosable]
    return {name: [str(state[name])] for name in names if state.get(name)}


def _selected(asset: Asset, asked: Values, state: Mapping[str, Any]) -> frozenset[str] | None:
    """Addresses that count; None is all."""
    fields = forms.selection(asset, asked)
    if fields is not None:
        return frozenset(fields)
    saved = state.get("default_fields")
    return None if saved is None else frozenset(str(field) for field in saved)


def _sections(asset: Asset, asked: Values, selected: frozenset[str] | None) -> list[SectionView]:
    found = []
    hidden = (asset.category.id_field, asset.category.name_field)
    for name, fields in asset.category.sections.items():
        shown = [
            f for f in fields if f.key not in hidden and f.kind != "recipe" and (f.selectable or name not in _FACTS)
        ]
        if not shown:
            continue
        values, outfits, outfit = _values(asset, name, asked)
        rows = [_row(asset, field, values, selected) for field in shown]
        label = {"special": "Name tag", "": asset.category.one.capitalize(), "lora": "LoRA"}.get(
            name, name.capitalize()
        )
        filled = [row for row in rows if not row.empty]
        empty = [row.label for row in rows if row.empty]
        if filled or outfits or (name == "wardrobe" and asset.category.has_outfits):
            found.append(SectionView(name or "own", label, filled, empty, True, outfits, outfit))
    return found


def _recipe(gaze: Context, asset: Asset) -> list[SectionView]:
    """A preset's recipe: what it chooses, each with its page, then what else it says."""
    recipe = getattr(asset.data, "recipe", None)
    if recipe is None:
        return []
    rows = []
    for category in gaze.categories.values():
        for place, choice in enumerate(recipe.chosen(category.choice) if category.choosable else ()):
            found = gaze.library.shelf().find(category.name, choice)
            name = "Random" if choice == RANDOM else found.name if found else f"{choice} (not there)"
            href = f"/{category.name}/{found.slug}" if found else ""
            rows.append(_said(f"{category.name}-{place}", category.one, name, href))
    chosen = {category.choice for category in gaze.categories.values()}
    usual = Recipe()
    for key in recipe.__struct_fields__:
        value = getattr(recipe, key)
        if key not in chosen and key not in ("subject", "others") and value != getattr(usual, key):
            rows.append(_said(key, key.replace("_", " "), _shown(value)))
    return [SectionView("recipe", "Recipe", rows, [], True)] if rows else []


def _said(identifier: str, label: str, value: str, href: str = "") -> Row:
    """A row that no box decides about."""
    return Row(f"recipe-{identifier}", "", label, value, (), False, True, not value, href)


def _values(asset: Asset, section: str, asked: Values) -> tuple[Any, list[str], str]:
    """The struct that holds a section's values; for a wardrobe of outfits the one that is worn."""
    if not section:
        return asset.data, [], ""
    if section == "wardrobe" and asset.category.has_outfits:
        outfits = list(asset.outfits)
        wanted = one(asked, "character_outfit", "default")
        worn = wanted if wanted in outfits else outfits[0] if outfits else ""
        return asset.outfits.get(worn), outfits if len(outfits) > 1 else [], worn
    return getattr(asset.data, section, None), [], ""


def _row(asset: Asset, field: Field, values: Any, selected: frozenset[str] | None) -> Row:
    value = asset.id.replace("_", " ") if field.kind == "name" else _shown(getattr(values, field.key, ""))
    checked = selected is None or field.address in selected or "*" in selected
    identifier = re.sub(r"[^a-z0-9]+", "-", field.address.lower())
    empty = not value.strip(" ,")
    return Row(
        identifier, field.address, field.label, value, field.letters, field.selectable and not empty, checked, empty
    )


def _shown(value: Any) -> str:
    match value:
        case None | False:
            return ""
        case True:
            return "yes"
        case list():
            return ", ".join(map(str, value))
        case dict():
            return ", ".join(f"{key}: {item}" for key, item in value.items())
        case msgspec.Struct():
            given = {key: item for key, item in msgspec.to_builtins(value).items() if item not in ("", None, [], {})}
            return ", ".join(f"{key.replace('_', ' ')}: {item}" for key, item in given.items())
        case _:
            return str(value)


def _facts(asset: Asset) -> list[tuple[str, str, bool]]:
    found: list[tuple[str, str, bool]] = []
    if lora := asset.lora:
        low, high = lora.lora_weight_min, lora.lora_weight_max
        ends = [lora.lora_weight if end is None else end for end in (low, high)]
        span = f" ({min(ends):.2f}–{max(ends):.2f})"
        found.append(("LoRA", lora.lora_name, True))
        found.append(
            ("Weight", f"{lora.lora_weight:.2f}" + (span if low is not None or high is not None else ""), False)
        )
        if lora.lora_triggers:
            found.append(("Triggers", lora.lora_triggers, True))
    people = getattr(asset.data, "participants", None)
    if people is not None and people.orientation:
        found.append(("Participants", people.orientation, False))
    for field in asset.category.sections.get("tags", ()):
        value = _shown(getattr(asset.data.tags, field.key))
        if value and field.key != "nsfw":
            found.append((field.label.capitalize(), value, False))
    if asset.data.tags.listed:
        found.append(("Tags", ", ".join(asset.data.tags.listed), False))
    return found


def _owned(gaze: Context, asset: Asset) -> list[Card]:
    """Cards of assets that belong to this one: a character's looks."""
    shelf = gaze.library.shelf()
    found = []
    for category in gaze.categories.values():
        if category.owner == asset.category.name:
            owned = [shelf.find(category.name, choice) for choice in shelf.owned(asset, category.name)]
            found += [gaze.library.card(item) for item in owned if item is not None]
    return found


def _used(gaze: Context, asset: Asset, owned: Sequence[Card]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Where the asset is used: presets whose recipe chooses it, the owner it belongs to."""
    found: list[tuple[str, list[tuple[str, str]]]] = []
    category = asset.category
    if owner := forms.owner_of(asset, gaze.library.shelf()):
        found.append((owner.category.one.capitalize(), [(f"/{owner.category.name}/{owner.slug}", owner.name)]))
    if category.choice:
        for other in gaze.categories.values():
            if "recipe" not in other.struct.__struct_fields__:
                continue
            cards = gaze.library.query(other.name, Query(limit=500)).cards
            links = [
                (f"/{other.name}/{card.asset.slug}", card.asset.name)
                for card in cards
                if asset.choice in card.asset.data.recipe.chosen(category.choice)
            ]
            if links:
                found.append((f"In {other.name}", links[:12]))
    return found


def _tabs(asset: Asset, tab: str, images: int, owned: Sequence[Card]) -> list[TabView]:
    href = f"/{asset.category.name}/{asset.slug}"
    items: list[tuple[str, str, int | None]] = [("fields", "Fields", None), ("images", "Images", images)]
    if owned:
        items.append(("owned", owned[0].asset.category.name.capitalize(), len(owned)))
    items.append(("json", "JSON", None))
    names = [name for name, _, _ in items]
    tab = tab if tab in names else "fields"
    return [
        TabView(name, label, href if name == "fields" else f"{href}?tab={name}", name == tab, count)
        for name, label, count in items
    ]


def _picks(gaze: Context, asset: Asset, asked: Values) -> list[Pick]:
    """A box for each other category that a recipe can choose; the two most used come first."""
    first = asset.category.beside
    found = []
    for category in gaze.categories.values():
        if not category.choosable or category is asset.category:
            continue
        value = one(asked, category.choice)
        if not value and category.name == asset.category.owner:
            owner = forms.owner_of(asset, gaze.library.shelf())
            value = owner.choice if owner else ""
        usual = "usual" if category.chosen_by_id else "none"
        found.append(Pick(category.choice, category.name, category.one.capitalize(), value, usual))
    found.sort(key=lambda pick: first.index(pick.category) if pick.category in first else len(first))
    return found


def _more_label(picks: Sequence[Pick]) -> str:
    return ", ".join([*(pick.label.lower() for pick in picks), "extra prompt"]).capitalize()
