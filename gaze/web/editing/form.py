"""The form of one asset, made from its category's declaration (specification pages, "edit")."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

import msgspec

from gaze.core.category import Category, Field
from gaze.core.shape import shape
from gaze.web.editing.recipe import recipe_inputs
from gaze.web.editing.values import Bounds, bounds, pointer, shown

_READS = {"switch": "switch", "list": "lines", "prose": "prose", "tags": "tags"}
_LABELS = {"lora": "LoRA", "tags": "Tags"}
_SHORT = {"cfg": "CFG", "vae": "VAE", "nsfw": "NSFW"}
_NOTES = {"tags": "For filter and search; never in a prompt."}
# How many empty fields of a section stay open: a section with nothing in it would be a row of chips.
_SMALL = 3


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """One input: `name` is the JSON pointer of its place in the file, `reads` how its text becomes a value."""

    name: str
    path: tuple[str, ...]
    label: str
    kind: str
    value: str
    reads: str = "text"
    key: str = ""
    letters: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    complete: str = ""
    bounds: Bounds = Bounds()
    help: str = ""
    one: str = ""  # the category it chooses from, for its hue
    fault: str = ""
    hint: str = ""
    near: tuple[str, ...] = ()
    group: str = ""

    @property
    def id(self) -> str:
        """An id that CSS and scripts can name, whatever an outfit is called."""
        tidy = re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")
        plain = re.fullmatch(r"[a-z0-9_/]+", self.name)
        return f"e-{tidy}" if plain else f"e-{tidy}-{sha256(self.name.encode()).hexdigest()[:6]}"

    @property
    def empty(self) -> bool:
        return not self.value and not self.fault and self.kind != "switch"


class Outfit(msgspec.Struct, frozen=True):
    """One named outfit of a wardrobe."""

    id: str
    name: str
    inputs: list[Input]


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """Inputs that belong together. `aside` ones stand in the narrow column, a `grid` is numbers side by side."""

    id: str
    label: str
    inputs: list[Input]
    outfits: list[Outfit] | None = None
    outfit: str = ""
    aside: bool = False
    grid: bool = False
    rows: bool = False
    note: str = ""

    @property
    def chips(self) -> list[Input]:
        """Empty fields that wait as chips."""
        return _chips(self.inputs)

    @property
    def weight(self) -> list[Input]:
        """A weight with the two ends it is drawn between, for a slider; empty if there is none."""
        by_key = {item.key: item for item in self.inputs if item.kind == "number"}
        for key, item in by_key.items():
            if f"{key}_min" in by_key and f"{key}_max" in by_key:
                return [item, by_key[f"{key}_min"], by_key[f"{key}_max"]]
        return []

    @property
    def filled(self) -> str:
        """How many fields say something: `5 of 10`."""
        if self.outfits is not None:
            return f"{len(self.outfits)} outfit{'s' if len(self.outfits) != 1 else ''}"
        full, every = sum(not item.empty for item in self.inputs), len(self.inputs)
        return str(every) if full == every else f"{full} of {every}"


class Form(msgspec.Struct, frozen=True):
    """Every input of an asset; `unknown` are keys that stay in the file as they are."""

    sections: list[Section]
    unknown: list[str]

    @property
    def inputs(self) -> Iterator[Input]:
        for section in self.sections:
            yield from section.inputs
            for outfit in section.outfits or ():
                yield from outfit.inputs

    @property
    def base(self) -> dict[str, str]:
        """What each input shows of the file."""
        return {item.name: item.value for item in self.inputs}


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
    return Form(sections, unknown_keys(category, raw))


def with_typed(form: Form, typed: Mapping[str, str], faults: Mapping[str, str]) -> Form:
    """The form with what was typed, and a sentence under each field that does not fit."""

    def each(item: Input) -> Input:
        value = typed.get(item.name, item.value)
        return msgspec.structs.replace(item, value=value, fault=faults.get(item.name, item.fault))

    return each_input(form, each)


def each_input(form: Form, change: Any) -> Form:
    """The form with every input changed by a function."""

    def section(old: Section) -> Section:
        outfits = None
        if old.outfits is not None:
            outfits = [Outfit(o.id, o.name, [change(item) for item in o.inputs]) for o in old.outfits]
        return msgspec.structs.replace(old, inputs=[change(item) for item in old.inputs], outfits=outfits)

    return Form([section(old) for old in form.sections], form.unknown)


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
    yield Section(id="own", label=category.one.capitalize(), inputs=rest)
    if run:
        yield Section(
            id="settings", label="Generation", inputs=run, grid=True, note="Used unless a recipe says otherwise."
        )


def _recipe_section(identifier: str, label: str, given: list[dict[str, Any]], how: str) -> Section:
    inputs = [Input(**item) for item in given]
    return Section(
        id=identifier, label=label, inputs=inputs, grid=how == "grid", rows=how == "rows", aside=how == "aside"
    )


def _chips(inputs: Sequence[Input]) -> list[Input]:
    return [item for item in inputs if item.empty]
