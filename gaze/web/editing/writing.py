"""What a page or a program asks a model to write, as jobs. Blocking where it looks at files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from gaze.context import Context
from gaze.core.asset import Asset
from gaze.core.category import Category
from gaze.core.errors import Refusal, Unavailable
from gaze.jobs.record import Job, new_id, now
from gaze.library.fromfile import draft, name_of
from gaze.library.models import ModelFile
from gaze.library.proposals import Proposal
from gaze.library.sidecars import Sidecar, read_sidecars
from gaze.llm.author import sections_of
from gaze.llm.task import Task
from gaze.web.editing.fromfiles import empty_entry
from gaze.web.editing.opened import opened
from gaze.web.editing.values import path_of, pointer
from gaze.web.forms import Values, on, one, raw

Wanted = tuple[Job, Task]
MOST_LETTERS = 20_000
_TEXTS = frozenset({"tags", "text", "prose"})
# A model that makes a preset chooses among the library's own; more names than this it would not read.
_MOST_CHOICES = 150


def create(gaze: Context, category: Category, given: Values, picture: str = "") -> Wanted:
    """A new asset from a description. Raises Refusal with the field that does not fit."""
    wish, name = raw(given, "description").strip(), one(given, "name")
    if not wish and not picture and not name:
        raise Refusal(f"Describe the {category.one} first.", field="description")
    if len(wish) > MOST_LETTERS:
        raise Refusal(f"The description is too long; at most {MOST_LETTERS:,} letters are taken.", field="description")
    if category.chosen_by_id and not one(given, "file"):
        raise Refusal("The model file is needed, as folder/name.safetensors.", field="file")
    known = sections_of(category)
    chosen = [section for section in given.get("sections", ()) if section in known]
    if "sections_shown" in given and not chosen:
        raise Refusal("Choose at least one part to write.", field="sections")
    task = Task(
        act="create",
        category=category.name,
        name=name[:300],
        group=one(given, "group"),
        wish=wish,
        sections=chosen if len(chosen) < len(known) else [],
        facts=_choices(gaze) if category.has_recipe else {},
        draft={category.id_field: one(given, "file")} if category.chosen_by_id else {},
        picture=picture,
        accept=wants_all(given),
    )
    return _job(task, name or _short(wish) or f"New {category.one}", f"new {category.one} from a description"), task


def fill(gaze: Context, asset: Asset, given: Values) -> Wanted:
    """The empty fields of some sections of an asset, of all of them if none is named."""
    known = sections_of(asset.category)
    wanted = [name for value in given.get("section", ()) for name in value.split(",") if name]
    strange = [name for name in wanted if name not in known]
    if strange:
        raise Refusal(f"There is no part «{strange[0][:60]}»; there are {', '.join(known)}.", field="section")
    task = Task(
        act="fill",
        category=asset.category.name,
        path=asset.path,
        slug=asset.slug,
        wish=raw(given, "wish").strip()[:MOST_LETTERS],
        sections=wanted or known,
        accept=wants_all(given),
    )
    parts = ", ".join(name.replace("_", " ") for name in wanted) or "empty fields"
    return _job(task, asset.name, f"fill in {parts}"), task


def rewrite(gaze: Context, asset: Asset, given: Values) -> Wanted:
    """One text of an asset anew; `field` is its JSON pointer or `section::key`, `text` what the page shows of it."""
    name = one(given, "field")
    path = path_of(name) if name else ()
    keys = {(field.section, field.key) for field in asset.category.fields if field.kind in _TEXTS}
    named = (path[0] if len(path) > 1 else "", path[-1]) if path else ("", "")
    own = {asset.category.id_field, asset.category.name_field}
    if named not in keys or path[-1] in own:
        raise Refusal(f"There is no text «{name[:80]}» to rewrite.", field="field")
    task = Task(
        act="rewrite",
        category=asset.category.name,
        path=asset.path,
        slug=asset.slug,
        wish=raw(given, "wish").strip()[:MOST_LETTERS],
        field=pointer(path),
        text=_typed(given, name, path) or _text_at(gaze, asset, path),
        accept=wants_all(given),
    )
    return _job(task, asset.name, f"rewrite {path[-1].replace('_', ' ')}"), task


def tags(assets: Sequence[Asset], given: Values) -> list[Wanted]:
    """The tags of assets anew, a job each."""
    batch = new_id() if len(assets) > 1 else ""
    found = []
    for place, asset in enumerate(assets, 1):
        task = Task(
            act="tags",
            category=asset.category.name,
            path=asset.path,
            slug=asset.slug,
            accept=wants_all(given),
            batch=batch,
        )
        found.append((_job(task, asset.name, "tags", place, len(assets)), task))
    return found


def from_files(
    gaze: Context, category: Category, files: Sequence[ModelFile], existing: Mapping[str, Asset], given: Values
) -> list[Wanted]:
    """An entry for each model file, a job each; those in `existing` (by file) are written anew."""
    batch = new_id()
    found = []
    for place, file in enumerate(files, 1):
        header = gaze.model_files.header(file.kind, file.path)
        where = gaze.model_files.place(file.kind, file.path)
        said = read_sidecars(where, file.beside) if where else Sidecar()
        made = draft(category, file.path, header, said, empty_entry(category))
        asset = existing.get(file.path)
        facts = {
            "file": file.path,
            "trained tags with counts": dict(header.tags),
            "base model": header.base_model or said.base_model,
            "output name": header.output_name,
            "trigger words": said.triggers,
            "name": said.name,
            "notes": said.notes[:2000],
            "nsfw": said.nsfw,
        }
        task = Task(
            act="file",
            category=category.name,
            path=asset.path if asset else "",
            slug=asset.slug if asset else "",
            group=one(given, "group"),
            facts={key: value for key, value in facts.items() if value},
            draft={} if asset else {**made.raw, category.name_field: made.name},
            notes=made.notes,
            source=file.path,
            accept=wants_all(given),
            batch=batch,
        )
        label = asset.name if asset else made.name or name_of(file.path)
        found.append(
            (_job(task, label, f"{category.one} from {file.path.rsplit('/', 1)[-1]}", place, len(files)), task)
        )
    return found


def once_more(proposal: Proposal) -> Wanted:
    """What a draft was made of, asked for again; it waits for review whatever was wished the first time."""
    task = msgspec.structs.replace(task_of(proposal.task), accept=False, batch="")
    return _job(task, proposal.name, proposal.title), task


def wants_all(given: Values) -> bool:
    """Whether the answer is to be accepted as it comes (`accept=all`)."""
    return one(given, "accept") == "all" or on(given, "accept")


async def enqueue(gaze: Context, wanted: Sequence[Wanted]) -> list[Job]:
    """Put the jobs into the queue. Raises Unavailable where no model is set up, with what to do."""
    standing = gaze.llm()
    if not standing.ready:
        raise Unavailable(standing.sentence, code="no-llm")
    await gaze.queue.enqueue(list(wanted))
    return [job for job, _ in wanted]


def _job(task: Task, label: str, summary: str, place: int = 1, count: int = 1) -> Job:
    return Job(
        id=new_id(),
        kind="write",
        label=label,
        category=task.category,
        slug=task.slug,
        created=now(),
        summary=summary,
        batch=task.batch,
        place=place,
        count=count,
    )


def _short(text: str) -> str:
    """The first words of a description, as a label."""
    words = text.split()
    return " ".join(words[:6]) + ("…" if len(words) > 6 else "")


def _typed(given: Values, name: str, path: Sequence[str]) -> str:
    """What the page shows of the field, which may not be saved yet."""
    found = next((raw(given, each) for each in ("text", pointer(path), name) if each in given and each != "field"), "")
    return found[:MOST_LETTERS]


def _text_at(gaze: Context, asset: Asset, path: Sequence[str]) -> str:
    value: Any = opened(gaze, asset.category.name, asset.slug).raw
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def _choices(gaze: Context) -> dict[str, list[str]]:
    """The slugs that a recipe can choose from, by the recipe's key."""
    shelf = gaze.library.shelf()
    return {
        category.choice: list(shelf.choices(category.name))[:_MOST_CHOICES]
        for category in gaze.categories.values()
        if category.choosable
    }


def task_of(raw_task: Mapping[str, Any]) -> Task:
    """The task that a proposal carries, to make something of a mended answer."""
    return msgspec.convert(dict(raw_task), Task)
