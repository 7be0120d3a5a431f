"""The form of one asset, made from its category's declaration (specification pages, "edit")."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

import msgspec

from gaze.core.category import Category, Field
from gaze.core.shape import shape
from gaze.llm.author import sections_of
from gaze.web.editing.fields import Form, Input, Outfit, Section
from gaze.web.editing.recipe import recipe_inputs
from gaze.web.editing.values import Bounds, bounds, pointer, shown

_READS = {"switch": "switch", "list": "lines", "prose": "prose", "tags": "tags"}
_LABELS = {"lora": "LoRA", "tags": "Tags"}
_SHORT = {"cfg": "CFG", "vae": "VAE", "nsfw": "NSFW"}
_NOTES = {"tags": "For filter and search; never in a prompt."}
# More numbers than this at the top of a file are settings, and get a section of their own.
_SMALL = 3


def make_form(
    category: Category,
    raw: Mapping[str, Any],
    categories: Mapping[str, Category],
    *,
    also: Iterable[str] = (),
    outfit: str = "",
) -> Form:
    """The form of a file's JSON. `also` names outfits that the file lacks and a browser still has open."""
    data = shape(raw, category.struct)[0]
    sections: list[Section] = []
    for name, fields in category.sections.items():
        if name == "wardrobe" and category.has_outfits:
            sections.append(_wardrobe(raw, data, fields, also, outfit))
            continue
        given = getattr(data, name, None) if name else data
        usual = [field for field in fields if field.kind not in ("name", "recipe") and field.key != category.id_field]
        made = [_input(category, field, (name, field.key) if name else (field.key,), given) for field in usual]
        sections += _sections(category, name, made) if made else []
        for field in fields:
            if field.kind == "recipe":
                found = recipe_inputs(field, getattr(given, field.key), categories)
                sections += [_recipe_section(*part) for part in found]
    able = set(sections_of(category))
    sections = [msgspec.structs.replace(each, writable=each.id in able) for each in sections]
    return Form(sections, unknown_keys(category, raw))


def unknown_keys(category: Category, raw: Mapping[str, Any]) -> list[str]:
    """Keys of a file that the declaration does not have: `voice`, `tags.mood`."""
    known = set(category.struct.__struct_fields__)
    found = [key for key in raw if key not in known]
    for name, fields in category.sections.items():
        inner = raw.get(name)
        if (
            name
            and name != "special"
            and isinstance(inner, Mapping)
            and not (name == "wardrobe" and category.has_outfits)
        ):
            keys = {field.key for field in fields} | {"listed"}
            found += [f"{name}.{key}" for key in inner if key not in keys]
    return found


def _input(category: Category, field: Field, path: tuple[str, ...], given: Any, section: str = "") -> Input:
    value = getattr(given, field.key, None)
    reads = field.number or _READS.get(field.kind, "text")
    kind = field.kind
    if kind == "text" and isinstance(value, str) and "\n" in value:
        kind = "prose"
    complete = {"tags": "tags", "lora": "lora", "checkpoint": "checkpoint"}.get(field.kind, "")
    if category.owner and field.key == category.owner_key:
        complete = f"id:{category.owner}"
    elif kind in ("text", "choice") and path[0] == "tags":
        complete = f"values:{category.name}:{field.key}"
    elif field.key in ("sampler_name", "scheduler", "vae"):
        complete = f"option:{field.key}"
    return Input(
        name=pointer(path),
        path=path,
        label="name" if field.key == category.name_field else _SHORT.get(field.label, field.label),
        kind=kind,
        value=shown(reads, value),
        reads=reads,
        key=field.key,
        letters=field.letters,
        options=field.options,
        complete=complete,
        bounds=bounds(field.key, field.number) if field.number else Bounds(),
    )


def _wardrobe(
    raw: Mapping[str, Any], data: Any, fields: Sequence[Field], also: Iterable[str], shown_outfit: str
) -> Section:
    """The named outfits; one of a flat wardrobe has its fields where the file has them."""
    outfits = []
    names = dict.fromkeys([*data.wardrobe, *also])
    for name in names:
        where = outfit_path(raw, name)
        inputs = [
            msgspec.structs.replace(_input_of(field, where, data.wardrobe.get(name)), group=name) for field in fields
        ]
        outfits.append(Outfit(f"o-{sha256(name.encode()).hexdigest()[:8]}", name, inputs))
    worn = shown_outfit if shown_outfit in names else next(iter(names), "")
    return Section(id="wardrobe", label="Wardrobe", inputs=[], outfits=outfits, outfit=worn)


def _input_of(field: Field, where: tuple[str, ...], given: Any) -> Input:
    path = (*where, field.key)
    return Input(
        name=pointer(path),
        path=path,
        label=field.label,
        kind=field.kind,
        value=shown("text", getattr(given, field.key, "")),
        reads=_READS.get(field.kind, "text"),
        key=field.key,
        letters=field.letters,
        complete="tags" if field.kind == "tags" else "",
    )


def outfit_path(raw: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Where the fields of an outfit stand: at the wardrobe itself for `default` of a flat one."""
    wardrobe = raw.get("wardrobe")
    if isinstance(wardrobe, Mapping) and name == "default" and not isinstance(wardrobe.get(name), Mapping):
        loose = any(isinstance(value, str | int | float) for value in wardrobe.values())
        if loose:
            return ("wardrobe",)
    return ("wardrobe", name)


def _sections(category: Category, name: str, made: list[Input]) -> Iterator[Section]:
    """A section of the declaration as the page shows it; long runs of numbers at the top get one of their own."""
    if name:
        aside = not any(item.letters and item.kind in ("tags", "prose") for item in made) or name == "lora"
        yield Section(
            id=name,
            label=_LABELS.get(name, name.replace("_", " ").capitalize()),
            inputs=made,
            aside=aside,
            note=_NOTES.get(name, ""),
        )
        return
    numbers = [place for place, item in enumerate(made) if item.kind == "number"]
    run = made[numbers[0] : numbers[-1] + 1] if len(numbers) > _SMALL else []
    rest = [item for item in made if item not in run]
    if run:
        yield Section(
            id="settings", label="Generation", inputs=run, grid=True, note="Used unless a recipe says otherwise."
        )
    label = "Name" if category.one in category.sections else category.one.capitalize()
    yield Section(id="own", label=label, inputs=rest)


def _recipe_section(identifier: str, label: str, given: list[dict[str, Any]], how: str) -> Section:
    inputs = [Input(**item) for item in given]
    return Section(
        id=identifier, label=label, inputs=inputs, grid=how == "grid", rows=how == "rows", aside=how == "aside"
    )
