"""An asset as one of another category: what its file says, and where each of it goes (specification pages, Transfer).

Everything follows from the two declarations; no category is named here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from gaze.core.asset import Asset
from gaze.core.category import Category, Field, Part, Slot
from gaze.core.fields import matches
from gaze.core.said import LORA, OUTFIT, OUTFITS, TAGS, FieldPath, said, unknown, usual_outfit

_TEXTS = frozenset({"tags", "text", "prose", "choice", "list"})
_NEGATIVE = frozenset({Part.NEGATIVE, Part.OWN_NEGATIVE})
# Parts that take one text or a count of people: another text would be wrong there.
_NO_HOME = frozenset({Part.PARTICIPANTS, Part.HANDS, Part.BACKGROUND})
_NO_PROMPT = frozenset({Part.PARTICIPANTS, Part.BACKGROUND})


class Move(msgspec.Struct, frozen=True):
    """Something a file says at `path`, and its place in the new file; an empty `to` leaves it out.

    A `text` may go to any text field; any other value (a LoRA, a switch) goes to its own place or nowhere.
    """

    path: FieldPath
    value: Any
    to: FieldPath = ()
    text: bool = False

    @property
    def address(self) -> str:
        """`section::key`, with the outfit between where there are several."""
        return "::".join(self.path)


def can_become(category: Category, target: Category) -> bool:
    """Whether an asset of one category can be turned into one of the other: both hold texts, neither is a model."""
    takes_part = [bool(homes(each)) and not each.chosen_by_id for each in (category, target)]
    return all(takes_part) and category.name != target.name


def homes(target: Category) -> tuple[Field, ...]:
    """The fields of a category that can take a text, in the order of its declaration."""
    own = {target.id_field, target.name_field, target.owner_key}
    return tuple(
        field
        for field in target.fields
        if field.kind in _TEXTS and field.section not in (LORA, TAGS) and (field.section or field.key not in own)
    )


def place(target: Category, field: Field) -> FieldPath:
    """Where a field lies in a file of that category; of several outfits it is the usual one's."""
    if field.section == OUTFITS and target.has_outfits:
        return (OUTFITS, OUTFIT, field.key)
    return (field.section, field.key) if field.section else (field.key,)


def suggest(asset: Asset, raw: Mapping[str, Any], target: Category) -> tuple[Move, ...]:
    """A move for everything that the asset's JSON (`raw`) says and `target` has a word about, in the file's order.

    Same address; same key in another section; what stands for it (`replaces`) or the nearest part of the prompt; else
    left out. Keys that neither category declares are no moves: they are kept where they are.
    """
    source, moves = asset.category, []
    usual = usual_outfit(asset)
    for path, field, value in said(asset):
        if path == (LORA,):
            moves.append(Move(path, value, path if LORA in target.sections else ()))
            continue
        text = field.kind in _TEXTS
        counts = not (source.has_outfits and path[0] == OUTFITS and not target.has_outfits) or path[1] == usual
        moves.append(Move(path, value, _home(source, target, path, field) if counts else (), text))
    own = {target.id_field, target.name_field, target.owner_key}
    for path, value in unknown(source, raw, target):
        if not _kept_at(target, path):
            known = _field_at(target, path)
            text = isinstance(value, str) and bool(value.strip())
            fits = text and known is not None and known.kind in _TEXTS and path[-1] not in own
            moves.append(Move(path, value, path if fits else (), text))
    return tuple(moves)


def transferred(
    asset: Asset, raw: Mapping[str, Any], target: Category, moves: Sequence[Move], name: str, asset_id: str
) -> dict[str, Any]:
    """The JSON of the new file in the order of the target's declaration, then what neither category declares."""
    made: dict[str, Any] = {target.id_field: asset_id, target.name_field: name}
    for move in moves:
        if move.to:
            _put(made, move.to, _fit(move.value, _is_list(target, move.to)))
    for path, value in unknown(asset.category, raw, target):
        if kept := _kept_at(target, path):
            _put(made, kept, value)
    order = {key: number for number, key in enumerate(target.struct.__struct_fields__)}
    ordered = sorted(made, key=lambda key: order.get(key, len(order)))
    return {key: _in_order(made[key], target.sections.get(key, ())) for key in ordered}


# -- where it goes --------------------------------------------------------------------------------------


def _home(source: Category, target: Category, path: FieldPath, field: Field) -> FieldPath:
    """The place of a value in the target's file; `()` if there is none."""
    same = _field_at(target, path)
    if field.section == TAGS or field.kind not in _TEXTS:
        fits = field.key == "listed" or (same is not None and same.kind == field.kind)
        return path if fits else ()
    able = {each.address: each for each in homes(target)}
    if field.address in able:
        several = source.has_outfits and target.has_outfits and path[0] == OUTFITS
        return path if several else place(target, able[field.address])
    found = next((each for each in able.values() if each.key == field.key), None)
    slot = _slot(source, field)
    if found is None and slot is not None and slot.part not in _NO_PROMPT:
        address = _stands_for(source, target, field.address) or _nearest(target, slot.part)
        found = able.get(address)
    return place(target, found) if found else ()


def _field_at(category: Category, path: FieldPath) -> Field | None:
    section = path[0] if len(path) > 1 else ""
    return next((field for field in category.sections.get(section, ()) if field.key == path[-1]), None)


def _slot(category: Category, field: Field) -> Slot | None:
    for slot in category.slots:
        if slot.section == field.section and field.key in f"{slot.main} {slot.face} {slot.hand}".split():
            return slot
    return None


def _stands_for(source: Category, target: Category, address: str) -> str:
    """The field of the target that makes way for this one, or that this one makes way for."""
    able = {field.address for field in homes(target)}
    for exactly in (True, False):
        for each in source.replaces:
            told = address in each.when if exactly else not each.when or any(matches(address, w) for w in each.when)
            if told and each.target in able:
                return each.target
    for each in target.replaces:
        if matches(address, each.target):
            return next((when for when in each.when if when in able), "")
    return ""


def _nearest(target: Category, part: Part) -> str:
    """The first field of the part of the prompt that is nearest; positive and negative stay apart."""
    slots = [
        slot
        for slot in target.slots
        if slot.part not in _NO_HOME
        and not slot.prefix
        and slot.main
        and (slot.part in _NEGATIVE) == (part in _NEGATIVE)
    ]
    if not slots:
        return ""
    slot = min(slots, key=lambda slot: (abs(slot.part.value - part.value), slot.part.value))
    key = slot.main.split()[0]
    return f"{slot.section}::{key}" if slot.section else key


def _kept_at(target: Category, path: FieldPath) -> FieldPath:
    """Where a file of the target's category keeps an unknown key without giving it a meaning; `()` for nowhere."""
    if path[0] not in target.struct.__struct_fields__:
        return path
    inner = {field.key for field in target.sections.get(path[0], ())}
    if len(path) == 1 or not inner or path[1] in inner:
        return ()
    return (OUTFITS, OUTFIT, *path[1:]) if len(path) == 2 and path[0] == OUTFITS and target.has_outfits else path


# -- the new file ---------------------------------------------------------------------------------------


def _is_list(target: Category, path: FieldPath) -> bool:
    field = _field_at(target, path)
    return path[-1] == "listed" or (field is not None and field.kind == "list")


def _fit(value: Any, as_list: bool) -> Any:
    """A value as a list where one belongs, and a list of texts as one text where not."""
    if as_list:
        return list(value) if isinstance(value, list) else [value]
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return dict(value) if isinstance(value, Mapping) else value


def _put(made: dict[str, Any], path: FieldPath, value: Any) -> None:
    """Set a value; texts that meet are joined by `, `, lists and objects grow."""
    here = made
    for step in path[:-1]:
        here = here.setdefault(step, {})
    found = here.get(path[-1])
    if isinstance(found, str) and isinstance(value, str):
        value = f"{found}, {value}"
    elif isinstance(found, list) and isinstance(value, list):
        value = found + value
    elif isinstance(found, dict) and isinstance(value, dict):
        value = found | value
    here[path[-1]] = value


def _in_order(value: Any, fields: Sequence[Field]) -> Any:
    if not isinstance(value, dict) or not fields:
        return value
    order = {field.key: number for number, field in enumerate(fields)}
    return {key: value[key] for key in sorted(value, key=lambda key: order.get(key, len(order)))}
