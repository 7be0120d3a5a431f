"""The draft of a new asset in the edit form: shown as a file would be, made a file when it is saved."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

import msgspec

from gaze.context import Context
from gaze.core.asset import Asset
from gaze.core.errors import Conflict, Fault, NotFound
from gaze.web.editing import opened as files
from gaze.web.editing import save as saving
from gaze.web.editing.fields import Form, Input, each_input, with_typed
from gaze.web.editing.opened import Opened
from gaze.web.editing.review import Review, shown
from gaze.web.editing.values import plain
from gaze.web.forms import Values


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What the edit page shows of a draft."""

    review: Review
    opened: Opened
    form: Form


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """The asset made, or what is wrong with single fields."""

    draft: Draft
    form: Form
    asset: Asset | None = None
    faults: Sequence[Fault] = ()


def opened(gaze: Context, proposal_id: str, given: Values | None = None) -> Draft:
    """A draft of a new asset. Raises NotFound, Conflict while its answer cannot be used."""
    found = shown(gaze, proposal_id)
    proposal = found.proposal
    if not proposal.new:
        raise NotFound("This draft changes an asset that is there; review it field by field.")
    if proposal.broken:
        raise Conflict(f"The answer cannot be used yet: {proposal.fault}")
    file = Opened(
        category=found.category,
        slug=f"draft-{proposal.id}",
        path=f"{proposal.name}.json",
        name=proposal.name,
        text=json.dumps(proposal.now, indent=2, ensure_ascii=False),
        version=proposal.created,
        raw=proposal.now,
        problems=[],
        at=f"/proposals/{proposal.id}",
    )
    form = files.form_of(gaze, file, given or {})
    unknown = {row.name: row.unknown for row in found.rows if row.unknown}
    return Draft(review=found, opened=file, form=each_input(form, lambda item: _marked(item, unknown)))


def _marked(item: Input, unknown: Mapping[str, Mapping[str, Sequence[str]]]) -> Input:
    """A field with the tags in it that nobody knows."""
    tags = unknown.get(item.name)
    if not tags or item.hint:
        return item
    named = ", ".join(f"“{tag}”" for tag in tags)
    mends = tuple((tag, words[0]) for tag, words in tags.items() if words)
    are = "are no known tags" if len(tags) > 1 else "is no known tag"
    return msgspec.structs.replace(item, hint=f"{named} {are}; as plain text it still works.", mends=mends)


def save(gaze: Context, proposal_id: str, given: Values) -> Saved:
    """Make the asset with what was typed. Raises as `opened`, and Unusable, Unavailable, NoRoom."""
    draft = opened(gaze, proposal_id, given)
    form, proposal = draft.form, draft.review.proposal
    typed = saving.typed_of(form, given, files.base_of(given))
    changed = {name: text for name, text in typed.items() if plain(text) != plain(form.base.get(name, ""))}
    values, faults = saving.read_typed(form, changed)
    if faults:
        told = with_typed(form, typed, {fault.field: fault.message for fault in faults})
        return Saved(draft=draft, form=told, faults=faults)
    raw: dict[str, Any] = deepcopy(proposal.now)
    for path, value in values.items():
        _put(raw, path, value)
    category = draft.review.category
    if not category.chosen_by_id:
        raw.pop(category.id_field, None)
    name = str(raw.get(category.name_field) or proposal.name)
    asset = gaze.library.writing.create(category.name, name, raw, proposal.group)
    if notes := str(proposal.task.get("notes") or ""):
        gaze.library.preferences.set(category.name, asset.slug, {"notes": notes})
    gaze.proposals.discard(proposal_id)
    return Saved(draft=draft, form=form, asset=asset)


def _put(raw: dict[str, Any], path: Any, value: Any) -> None:
    place: Any = raw
    for step in path[:-1]:
        if not isinstance(place.get(step), dict):
            place[step] = {}
        place = place[step]
    place[path[-1]] = value
