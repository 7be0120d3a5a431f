"""The parts of a form: inputs, outfits, sections (specification pages, "edit")."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256

import msgspec

from gaze.web.editing.values import Bounds


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
    mends: tuple[tuple[str, str], ...] = ()  # an item of its text, and what may be meant by it
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
    writable: bool = False  # whether a model can be asked to fill it in

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


def with_typed(form: Form, typed: Mapping[str, str], faults: Mapping[str, str]) -> Form:
    """The form with what was typed, and a sentence under each field that does not fit."""

    def each(item: Input) -> Input:
        value = typed.get(item.name, item.value)
        return msgspec.structs.replace(item, value=value, fault=faults.get(item.name, item.fault))

    return each_input(form, each)


def each_input(form: Form, change: Callable[[Input], Input]) -> Form:
    """The form with every input changed by a function."""

    def section(old: Section) -> Section:
        outfits = None
        if old.outfits is not None:
            outfits = [Outfit(o.id, o.name, [change(item) for item in o.inputs]) for o in old.outfits]
        return msgspec.structs.replace(old, inputs=[change(item) for item in old.inputs], outfits=outfits)

    return Form([section(old) for old in form.sections], form.unknown)


def _chips(inputs: Sequence[Input]) -> list[Input]:
    return [item for item in inputs if item.empty]
