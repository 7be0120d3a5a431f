"""A draft beside the file as it is now: which fields it changes, and what was changed meanwhile."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

import msgspec

from gaze.context import Context
from gaze.core.asset import Asset
from gaze.core.category import Category
from gaze.core.errors import NotFound, Refusal
from gaze.core.text import items
from gaze.library.jsonedit import same
from gaze.library.proposals import Proposal, accept, changed
from gaze.llm.answer import NoJson, object_in
from gaze.llm.author import laid_over, schema_of
from gaze.web.editing.merge import Choice, compare
from gaze.web.editing.values import path_of, plain, pointer
from gaze.web.editing.writing import task_of


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a draft. `conflict`: the file says something else by now than when the model read it."""

    choice: Choice
    taken: bool
    conflict: bool = False
    unknown: Mapping[str, Sequence[str]] = {}

    @property
    def name(self) -> str:
        return self.choice.name

    @property
    def gone(self) -> list[str]:
        """Items of the file that the draft leaves out."""
        return [part.strip() for part, lost in self.choice.theirs_parts if lost]


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the review of one draft shows. `asset` is None for a new one; `version` is the file's now."""

    proposal: Proposal
    category: Category
    asset: Asset | None
    gone: bool
    version: str
    sections: list[tuple[str, list[Row]]]
    twin: str = ""  # an asset that has the name already

    @property
    def rows(self) -> list[Row]:
        return [row for _, rows in self.sections for row in rows]

    @property
    def taken(self) -> int:
        return sum(row.taken for row in self.rows)

    @property
    def conflicts(self) -> int:
        return sum(row.conflict for row in self.rows)

    @property
    def unknown(self) -> int:
        """How many tags nobody knows."""
        return sum(len(row.unknown) for row in self.rows)

    @property
    def marked(self) -> bool:
        """Whether something asks for a look before it is accepted."""
        return bool(self.proposal.fault or self.conflicts or self.unknown or self.twin or self.gone)

    @property
    def href(self) -> str:
        return f"/proposals/{self.proposal.id}"

    @property
    def back(self) -> str:
        """Where one goes from here: the asset, or its library."""
        return f"/{self.category.name}/{self.asset.slug if self.asset else ''}"


def review(gaze: Context, proposal: Proposal, take: Sequence[str] | None = None) -> Review:
    """The draft beside the file as it is now; `take` are the fields chosen so far. Blocking."""
    category = gaze.categories[proposal.category]
    asset = gaze.library.at(proposal.path) if proposal.path else None
    raw, version, gone = proposal.was, "", False
    if proposal.path:
        try:
            text, version = gaze.library.raw(proposal.path)
            raw = json.loads(text)
        except (Refusal, ValueError):
            gone = True
    sections: dict[str, list[Row]] = {}
    for choice in compare(_proposed(proposal, raw), raw, proposal.was):
        path = path_of(choice.name)
        conflict = choice.was is not None and plain(choice.was) != plain(choice.theirs)
        taken = choice.name in take if take is not None else not conflict
        row = Row(choice=choice, taken=taken, conflict=conflict, unknown=_unknown(gaze, category, path, choice.mine))
        sections.setdefault(choice.section, []).append(row)
    return Review(
        proposal=proposal,
        category=category,
        asset=asset,
        gone=gone,
        version=version,
        sections=list(sections.items()),
        twin=_twin(gaze, category, proposal) if proposal.new else "",
    )


def _proposed(proposal: Proposal, raw: Any) -> Any:
    """The file as it is now with the draft's changes in it: what the model left alone is no change of its own."""
    made = deepcopy(raw) if isinstance(raw, dict) else {}
    if proposal.broken:
        return made
    for path, value in changed(proposal.was, proposal.now).items():
        place: Any = made
        for step in path[:-1]:
            if not isinstance(place.get(step), dict):
                place[step] = {}
            place = place[step]
        if not same(place.get(path[-1]), value):
            place[path[-1]] = value
    return made


def _unknown(gaze: Context, category: Category, path: Sequence[str], text: str) -> Mapping[str, Sequence[str]]:
    """Tags of a prompt field that no list of tags knows, with near ones."""
    field = next((f for f in category.fields if f.key == path[-1] and (len(path) < 2 or f.section == path[0])), None)
    if field is None or field.kind not in ("tags", "list"):
        return {}
    return gaze.unknown_tags([item for item in items(text) if item != "BREAK"])


def _twin(gaze: Context, category: Category, proposal: Proposal) -> str:
    """The name of an asset that is called the same."""
    name = proposal.name.casefold()
    shelf = gaze.library.shelf()
    for slug in shelf.choices(category.name):
        asset = shelf.find(category.name, slug)
        if asset is not None and asset.name.casefold() == name:
            return asset.name
    return ""


def take(gaze: Context, proposal: Proposal, names: Sequence[str] | None, version: str = "") -> Asset:
    """Write the fields chosen (all of them for None) into the library. Blocking.

    Raises Conflict where the file is not the one that was shown, or where nothing is chosen.
    """
    if names is not None and not names:
        raise Refusal("Accept at least one field, or discard the draft.", field="take")
    values = changed(proposal.was, proposal.now)
    by_name = {pointer(path): path for path in values}
    strange = [name for name in names or () if name not in by_name]
    if strange:
        raise Refusal(f"The draft has no field «{strange[0][:80]}».", field="take")
    chosen = None if names is None else {by_name[name] for name in names}
    asset = accept(gaze.library, gaze.proposals, proposal, chosen, version)
    if proposal.new and (notes := str(proposal.task.get("notes") or "")):
        gaze.library.preferences.set(asset.category.name, asset.slug, {"notes": notes})
    return asset


def mend(gaze: Context, proposal: Proposal, text: str) -> Proposal:
    """A draft from an answer that a person mended. Raises Refusal with what is still wrong. Blocking."""
    category = gaze.categories[proposal.category]
    task = task_of(proposal.task)
    try:
        answer = object_in(text)
    except NoJson as error:
        raise Refusal(f"{str(error)[:1].upper()}{str(error)[1:]}.", field="answer") from error
    faults = schema_of(task, category).check(answer)
    if faults:
        raise Refusal(f"{'; '.join(faults[:5])}.", field="answer")
    now = laid_over(task, category, proposal.was, answer)
    name = str(now.get(category.name_field) or proposal.name)
    mended = msgspec.structs.replace(proposal, now=now, answer=text, fault="", name=name)
    gaze.proposals.save(mended)
    return mended


def shown(gaze: Context, proposal_id: str) -> Review:
    """The review of a draft by its id. Raises NotFound. Blocking."""
    proposal = gaze.proposals.get(proposal_id)
    if proposal.category not in gaze.categories:
        raise NotFound(f"The draft belongs to a category «{proposal.category}» that is no longer there.")
    return review(gaze, proposal)


def as_json(found: Review) -> dict[str, Any]:
    """A draft as programs get it."""
    fields = [
        {
            "name": row.name,
            "was": row.choice.was,
            "now": row.choice.theirs,
            "proposed": row.choice.mine,
            "conflict": row.conflict,
            "unknown_tags": dict(row.unknown),
        }
        for row in found.rows
    ]
    proposal = found.proposal
    return {
        "id": proposal.id,
        "category": proposal.category,
        "slug": found.asset.slug if found.asset else "",
        "name": proposal.name,
        "act": proposal.act,
        "created": proposal.created,
        "version": found.version,
        "fault": proposal.fault or None,
        "answer": proposal.answer,
        "model": proposal.model,
        "tokens": {"in": proposal.tokens_in, "out": proposal.tokens_out},
        "cost": proposal.cost,
        "fields": fields,
    }
