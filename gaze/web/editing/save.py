"""What a save of an edit page does; knows no HTTP. All of it touches the disk: call it in a thread."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from gaze.context import Context
from gaze.core.asset import Asset
from gaze.core.errors import Fault, Refusal, Unusable
from gaze.library.editor import ChangedOnDisk, FieldPath
from gaze.library.jsonedit import REMOVE
from gaze.web.editing.fields import Form, Input, with_typed
from gaze.web.editing.merge import Choice, compare, pick
from gaze.web.editing.opened import Opened, base_of, form_of, opened
from gaze.web.editing.values import Unfit, path_of, plain, read
from gaze.web.forms import Values, one

SET, TAKE_OUT = "set:", "remove"  # what a choice of a merge says; anything else keeps the version on the disk


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """Both versions of a file that changed meanwhile. Without `choices` one of the texts is no JSON."""

    opened: Opened
    choices: list[Choice]
    same: int = 0
    mine: str = ""

    @property
    def yours(self) -> int:
        return sum(choice.pick == "mine" for choice in self.choices)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a save came to: the asset, or what is wrong with single fields, or a conflict."""

    opened: Opened
    form: Form | None = None
    typed: Mapping[str, str] = {}
    base: Mapping[str, str] = {}
    version: str = ""
    faults: Sequence[Fault] = ()
    conflict: Conflict | None = None
    asset: Asset | None = None


def save_form(gaze: Context, category: str, slug: str, given: Values) -> Outcome:
    """Write the fields that were changed, or say what keeps them from being written. Raises as `save_fields`."""
    found = opened(gaze, category, slug)
    if found.raw is None:
        text = f"«{found.path}» cannot be read now: {found.fatal[0].message}. What you typed is kept here"
        raise Unusable(f"{text}; mend the file on the JSON page, then save again.")
    form, base = form_of(gaze, found, given), base_of(given)
    typed = typed_of(form, given, base)
    was = form.base if base is None else {**form.base, **base}
    changed = {name: text for name, text in typed.items() if plain(text) != plain(was.get(name, ""))}
    told = Outcome(opened=found, form=form, typed=typed, base=was, version=one(given, "version") or found.version)
    values, faults = read_typed(form, changed)
    if faults:
        return msgspec.structs.replace(told, faults=faults)
    if values and told.version != found.version:
        choices = _choices(form, typed, was)
        if choices:
            same = len(typed) - len(choices)
            return msgspec.structs.replace(told, conflict=Conflict(opened=found, choices=choices, same=same))
    try:
        asset = gaze.library.writing.save_fields(category, slug, values, found.version, exactly=True)
    except ChangedOnDisk:  # between reading it here and writing
        return save_form(gaze, category, slug, {**given, "version": [told.version]})
    return msgspec.structs.replace(told, asset=asset)


def save_text(gaze: Context, category: str, slug: str, given: Values) -> Outcome:
    """Write the whole text of a file. Raises as `Library.save_text`."""
    text = next((given[name][-1] for name in ("json", "json_data") if name in given), "")
    found = opened(gaze, category, slug)
    told = Outcome(opened=found, typed={"json": text}, version=one(given, "version"))
    try:
        asset = gaze.library.writing.save_text(category, slug, text, told.version)
    except ChangedOnDisk as error:
        now = opened(gaze, category, slug)
        was = _loads(given["base_text"][-1]) if "base_text" in given else None
        return msgspec.structs.replace(told, opened=now, conflict=_of_texts(now, text, error.theirs, was))
    return msgspec.structs.replace(told, asset=asset)


def save_mix(gaze: Context, category: str, slug: str, given: Values) -> Outcome:
    """Write what was chosen field by field over the version that was shown. Raises as `save_fields`."""
    found = opened(gaze, category, slug)
    values: dict[FieldPath, Any] = {}
    for name, said in given.items():
        if name.startswith("/") and said[-1].startswith(SET):
            values[path_of(name)] = _chosen(name, said[-1].removeprefix(SET))
        elif name.startswith("/") and said[-1] == TAKE_OUT:
            values[path_of(name)] = REMOVE
    told = Outcome(opened=found, version=one(given, "version"))
    try:
        asset = gaze.library.writing.save_fields(category, slug, values, told.version, exactly=True)
    except ChangedOnDisk as error:
        now = opened(gaze, category, slug)
        conflict = _of_texts(now, error.mine, error.theirs, None)
        return msgspec.structs.replace(told, opened=now, conflict=conflict)
    return msgspec.structs.replace(told, asset=asset)


def _chosen(name: str, text: str) -> Any:
    """The JSON value that a choice of a merge carries. Raises Refusal for what none of ours carries."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refusal(f"The choice for {name} is no JSON.", field=name) from error


def after(gaze: Context, told: Outcome) -> tuple[Opened, dict[str, str]]:
    """The file as a save left it, and what its form shows now."""
    assert told.asset
    now = opened(gaze, told.asset.category.name, told.asset.slug)
    return now, form_of(gaze, now, {}).base if told.form else {}


def _of_texts(now: Opened, mine: str, theirs: str, was: Any) -> Conflict:
    here, there = _loads(mine), _loads(theirs)
    usable = isinstance(here, dict) and isinstance(there, dict) and now.raw is not None
    return Conflict(opened=now, choices=compare(here, there, was) if usable else [], mine=mine)


def _loads(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def filled(outcome: Outcome) -> Form:
    """The form with what was typed and a sentence under each field that does not fit."""
    assert outcome.form
    faults = {fault.field: fault.message for fault in outcome.faults}
    return with_typed(outcome.form, outcome.typed, faults)


def typed_of(form: Form, given: Values, base: Mapping[str, str] | None) -> dict[str, str]:
    """The text of each field that was sent; a switch of a page's form that was not sent is off."""
    found = {}
    by_path = {path_of(name): texts for name, texts in given.items() if name not in ("version", "base", "outfit")}
    for item in form.inputs:
        if item.path in by_path:
            said = by_path[item.path]
            text = "\n".join(said) if item.reads in ("lines", "some lines") else said[-1]
            if item.reads == "switch":
                text = "on" if read("switch", "", text) else ""
            found[item.name] = text
        elif item.reads == "switch" and base is not None and item.name in base:
            found[item.name] = ""
    return found


def read_typed(form: Form, changed: Mapping[str, str]) -> tuple[dict[FieldPath, Any], list[Fault]]:
    """The values behind what was typed, by path, and a fault for each that is none."""
    values: dict[FieldPath, Any] = {}
    faults = []
    for item in form.inputs:
        if item.name in changed:
            try:
                values[item.path] = read(item.reads, item.key, changed[item.name])
                _named(item, values[item.path])
            except Unfit as error:
                faults.append(Fault("bad-value", str(error), item.name))
    return values, faults


def _named(item: Input, value: Any) -> None:
    """Raises Unfit for a name that is none."""
    if item.label == "name" and len(item.path) == 1 and not str(value).strip():
        raise Unfit("A name is needed.")
    if item.label == "name" and len(item.path) == 1 and len(str(value)) > 300:
        raise Unfit("The name is too long; at most 300 letters are taken.")


def _choices(form: Form, typed: Mapping[str, str], was: Mapping[str, str]) -> list[Choice]:
    """Fields whose text here is another one than on the disk."""
    found = []
    for section in form.sections:
        inputs = [*section.inputs, *(item for outfit in section.outfits or () for item in outfit.inputs)]
        for item in inputs:
            before = was.get(item.name)
            mine = typed.get(item.name, item.value if before is None else before)
            if plain(mine) == plain(item.value):
                continue
            found.append(
                Choice(
                    name=item.name,
                    label=item.label,
                    section=item.group or section.label,
                    mine=_said(item, mine),
                    theirs=_said(item, item.value),
                    was=None if before is None else _said(item, before),
                    pick=pick(before, mine, item.value),
                    mine_json=msgspec.json.encode(read(item.reads, item.key, mine)).decode(),
                    theirs_json="",
                )
            )
    return found


def _said(item: Input, text: str) -> str:
    return ("yes" if text else "no") if item.reads == "switch" else plain(text)
