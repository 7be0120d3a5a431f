"""What people and programs ask a model to write: new assets, sections, fields, tags; a job each, a draft each."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from litestar import Request, Response, post
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.asset import Asset
from gaze.core.category import Category
from gaze.core.errors import Refusal
from gaze.jobs.record import Job
from gaze.library.migrate import migrate_tags
from gaze.library.models import folders_of, kind_of
from gaze.library.query import Query
from gaze.llm import pictures
from gaze.llm.author import sections_of
from gaze.llm.provider import required
from gaze.web import forms
from gaze.web.answer import HTML, answer, is_htmx, render, toast, wants_json
from gaze.web.editing import fromfiles, writing
from gaze.web.library import category_of

AnyRequest = Request[Any, Any, Any]
MOST_AT_ONCE = 2000


# -- new assets ------------------------------------------------------------------------------------------


async def description_page(
    request: AnyRequest, gaze: Context, category: Category, given: forms.Values, refusal: Refusal | None = None
) -> Response[Any]:
    """The form that describes a new asset, who writes it, and the drafts there are."""
    known = sections_of(category)
    chosen = given.get("sections", ()) if "sections_shown" in given else known
    context = {
        "category": category,
        "kind": kind_of(category),
        "groups": sorted(group for group in gaze.library.groups(category.name) if group),
        "given": {key: forms.raw(given, key) for key in ("description", "name", "group", "file")},
        "sections": [(name, name in chosen) for name in known],
        "llm": gaze.llm(),
        **await recent_drafts(gaze, category.name),
        "faults": {fault.field: fault.message for fault in refusal.faults} if refusal else {},
    }
    return render(request, "asset/create_llm.html", context, status=refusal.status if refusal else 200)


async def create_from_description(
    request: AnyRequest, gaze: Context, category: Category, given: forms.Values
) -> Response[Any]:
    """A job that writes a draft; its page shows the text as it comes, then the draft."""
    picture = ""
    try:
        _required(gaze)
        if content := await _sent_picture(request):
            picture = await asyncio.to_thread(pictures.keep, gaze.settings().root, content)
        wanted = await asyncio.to_thread(writing.create, gaze, category, given, picture)
        jobs = await writing.enqueue(gaze, [wanted])
    except Refusal as refusal:
        if picture:
            await asyncio.to_thread(pictures.forget, gaze.settings().root, picture)
        if wants_json(request) or is_htmx(request):
            raise
        return await description_page(request, gaze, category, given, refusal)
    goto = f"/proposals/{jobs[0].id}"
    return answer(request, data=_queued(jobs), goto=goto, headers={"HX-Redirect": goto})


async def _sent_picture(request: AnyRequest) -> bytes:
    """The picture of a form that has one; nothing for a form without."""
    if "multipart" not in request.headers.get("content-type", ""):
        return b""
    sent: Any = (await request.form()).get("picture")
    return bytes(await sent.read()) if hasattr(sent, "read") else b""


async def recent_drafts(gaze: Context, category: str) -> dict[str, Any]:
    """The newest drafts of a category and those being written."""
    every = await asyncio.to_thread(gaze.proposals.all)
    listing = await gaze.queue.listing("llm", window=50, recent=0)
    jobs = [job for job in (*listing.running, *listing.queued) if job.category == category]
    return {"drafts": [each for each in every if each.category == category][:6], "jobs": jobs[:6]}


@post("/{category:str}/bulk_create", include_in_schema=False)
async def bulk_create(request: AnyRequest, gaze: Context, category: str) -> Response[Any]:
    """Entries for all model files that have none; `overwrite` for those that have one too; `llm=off` plain ones."""
    declared, given = category_of(gaze, category), await forms.values(request)
    kind = kind_of(declared)
    if not kind:
        raise Refusal(f"{declared.name.capitalize()} are not made of model files.", field="category")
    paths = await asyncio.to_thread(_of_the_category, gaze, declared, forms.on(given, "overwrite"))
    return await create_of_files(request, gaze, declared, given, paths)


def _of_the_category(gaze: Context, category: Category, overwrite: bool) -> list[str]:
    """Files of the category's own folders that no asset names; with `overwrite` those its own assets name too.

    Nobody chose them one by one: a file elsewhere, or one that another category has, is not meant.
    """
    kind, files = kind_of(category), gaze.model_files
    starts = tuple(f"{folder.strip('/')}/" for folder in folders_of(category, gaze.library.settings()))
    mine = _existing(gaze, category) if overwrite else {}
    whole = [file.path for file in files.files(kind) if not file.fault and file.path.startswith(starts)]
    return [path for path in whole if path in mine or not files.users(kind, path)]


async def create_of_files(
    request: AnyRequest, gaze: Context, category: Category, given: forms.Values, paths: Sequence[str]
) -> Response[Any]:
    """Entries for these files: drafts by a model, or plain ones at once where none is set up or wanted."""
    overwrite = forms.on(given, "overwrite")
    existing = {} if not paths else await asyncio.to_thread(_existing, gaze, category)
    wish = forms.one(given, "llm")
    by_model = wish in ("on", "true", "1", "yes") if wish else gaze.llm().ready
    # Without a model there is nothing to say of an entry that is there.
    wanted = [path for path in dict.fromkeys(paths) if (overwrite and by_model) or path not in existing]
    goto = f"/{category.name}/?sort=newest"
    if not wanted:
        data = {"job_ids": [], "made": [], "skipped": len(paths)}
        return _said(request, "Every file has an entry already.", data, goto)
    if not by_model:
        made = await asyncio.to_thread(fromfiles.make, gaze, category, wanted)
        entries = [{"id": a.id, "slug": a.slug, "name": a.name, "path": a.path} for a in made.assets]
        count = len(entries)
        text = f"{count} {category.one if count == 1 else category.name} made from the files."
        return _said(request, text, {"made": entries, "failed": made.failed, "job_ids": []}, goto)
    _required(gaze)
    if len(wanted) > MOST_AT_ONCE:
        raise Refusal(f"At most {MOST_AT_ONCE} drafts are written at once; {len(wanted)} were asked for.", field="file")
    files = [file for path in wanted if (file := gaze.model_files.file(kind_of(category), path)) and not file.fault]
    tasks = await asyncio.to_thread(writing.from_files, gaze, category, files, existing, given)
    return await _put_in(request, gaze, tasks, f"/proposals?batch={tasks[0][0].batch}" if tasks else goto)


def _existing(gaze: Context, category: Category) -> dict[str, Asset]:
    """The first entry of each model file."""
    found: dict[str, Asset] = {}
    for named in gaze.library.named_models():
        if named.category == category.name and (asset := gaze.library.at(named.path)):
            found.setdefault(named.model, asset)
    return found


# -- parts of an asset -----------------------------------------------------------------------------------


@post("/{category:str}/{slug:str}/fill", include_in_schema=False)
async def fill(request: AnyRequest, gaze: Context, category: str, slug: str) -> Response[Any]:
    """The empty fields of one `section` (or of all) written by a model."""
    category_of(gaze, category)
    given = await forms.values(request)
    wanted = await asyncio.to_thread(writing.fill, gaze, gaze.library.get(category, slug), given)
    return await _put_in(request, gaze, [wanted], f"/{category}/{slug}/edit")


@post("/{category:str}/{slug:str}/rewrite", include_in_schema=False)
async def rewrite(request: AnyRequest, gaze: Context, category: str, slug: str) -> Response[Any]:
    """One `field` written anew by a model; `wish` says how."""
    category_of(gaze, category)
    given = await forms.values(request)
    wanted = await asyncio.to_thread(writing.rewrite, gaze, gaze.library.get(category, slug), given)
    return await _put_in(request, gaze, [wanted], f"/{category}/{slug}/edit")


# -- tags ------------------------------------------------------------------------------------------------


@post("/api/{category:str}/{slug:str}/regenerate_tags", include_in_schema=False)
async def regenerate(request: AnyRequest, gaze: Context, category: str, slug: str) -> Response[Any]:
    """The tags of one asset anew; nothing else of it is touched."""
    category_of(gaze, category)
    tasks = writing.tags([gaze.library.get(category, slug)], await forms.values(request))
    return await _put_in(request, gaze, tasks, f"/{category}/{slug}")


@post("/admin/bulk_regenerate_tags/{category:str}", include_in_schema=False)
async def regenerate_category(request: AnyRequest, gaze: Context, category: str) -> Response[Any]:
    """The tags of a category's assets anew, a job each."""
    return await _regenerate(request, gaze, [category_of(gaze, category)])


@post("/admin/bulk_regenerate_tags", include_in_schema=False)
async def regenerate_all(request: AnyRequest, gaze: Context) -> Response[Any]:
    """The tags of all assets anew."""
    return await _regenerate(request, gaze, list(gaze.categories.values()))


async def _regenerate(request: AnyRequest, gaze: Context, categories: Sequence[Category]) -> Response[Any]:
    given = await forms.values(request)
    _required(gaze)
    assets = await asyncio.to_thread(_all, gaze, categories)
    tasks = writing.tags(assets, given)
    return await _put_in(request, gaze, tasks, f"/proposals?batch={tasks[0][0].batch}" if tasks else "/proposals")


def _all(gaze: Context, categories: Sequence[Category]) -> list[Asset]:
    return [
        asset
        for category in categories
        for slug in gaze.library.slugs(category.name, Query())
        if (asset := gaze.library.find(category.name, slug))
    ]


@post("/admin/migrate_tags", include_in_schema=False)
async def migrate(request: AnyRequest, gaze: Context) -> Response[Any]:
    """Tags of the old list form become the dict form; no model is needed and nothing is lost."""
    done = await asyncio.to_thread(migrate_tags, gaze.library)
    count = len(done.migrated)
    text = f"{count} file{'s' if count != 1 else ''} had tags of the old form." if count else "No tags of the old form."
    if done.failed:
        text += f" {len(done.failed)} could not be changed: {done.failed[0].message}"
    return _said(request, text, done, "/settings#llm")


# -- answers ---------------------------------------------------------------------------------------------


def _required(gaze: Context) -> None:
    """Raises Unavailable where no model is set up: before anything else is done."""
    required(gaze.settings(), gaze.secrets)


async def _put_in(request: AnyRequest, gaze: Context, tasks: Sequence[writing.Wanted], goto: str) -> Response[Any]:
    jobs = await writing.enqueue(gaze, tasks)
    if is_htmx(request) and not wants_json(request):
        if len(jobs) > 1:
            return Response("", media_type=HTML, headers={"HX-Redirect": goto})
        text = f"{jobs[0].label}: {jobs[0].summary} is being written." if jobs else "There is nothing to write."
        return Response(toast(request, text), media_type=HTML, status_code=200)
    return answer(request, data=_queued(jobs), goto=goto)


def _queued(jobs: Sequence[Job]) -> dict[str, Any]:
    """What programs get: the first job, all of them, and the batch they belong to."""
    first = {"job_id": jobs[0].id, "status": "queued", "batch": jobs[0].batch} if jobs else {}
    return {**first, "job_ids": [job.id for job in jobs], "queued": len(jobs)}


def _said(request: AnyRequest, text: str, data: Any, goto: str) -> Response[Any]:
    if is_htmx(request) and not wants_json(request):
        return Response(toast(request, text), media_type=HTML, status_code=200)
    return answer(request, data=data, goto=goto)


ROUTES: list[ControllerRouterHandler] = [
    bulk_create,
    fill,
    rewrite,
    regenerate,
    regenerate_category,
    regenerate_all,
    migrate,
]
