"""Drafts of a model: one with yes or no for each field, all of a batch, and the mending of an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.asset import Asset
from gaze.core.errors import Conflict, NoRoom, NotFound, Refusal, Unavailable
from gaze.jobs import events
from gaze.jobs.record import Job
from gaze.library.editor import ChangedOnDisk
from gaze.library.proposals import Proposal
from gaze.web import forms
from gaze.web.answer import HTML, answer, is_htmx, render, toast, wants_json
from gaze.web.authoring import recent_drafts
from gaze.web.editing import drafts, writing
from gaze.web.editing.review import Review, as_json, mend, review, shown, take
from gaze.web.library import category_of

AnyRequest = Request[Any, Any, Any]
FILTERS = {"review": "To review", "unknown": "Unknown tags", "twin": "Name exists", "failed": "Failed"}
MOST_SHOWN = 200


@get("/proposals", include_in_schema=False)
async def page(request: AnyRequest, gaze: Context) -> Response[Any]:
    """All drafts, or those of a `batch`, with the jobs that still write."""
    given = await forms.values(request)
    batch, wanted = forms.one(given, "batch"), forms.one(given, "show")
    found = await asyncio.to_thread(_reviews, gaze, batch)
    counts = {key: sum(_passes(each, key) for each in found) for key in FILTERS}
    jobs = await _jobs(gaze, batch)
    ids = {each.proposal.id for each in found}
    open_jobs = [job for job in jobs if not job.over]
    context = {
        "reviews": [each for each in found if not wanted or _passes(each, wanted)][:MOST_SHOWN],
        "jobs": [job for job in jobs if job.id not in ids and (not job.over or job.status == "failed")][:MOST_SHOWN],
        "all_jobs": jobs,
        "open": len(open_jobs),
        "written": sum(job.status == "done" for job in jobs),
        "failed": sum(job.status == "failed" for job in jobs),
        "usage": _usage(jobs),
        "counts": counts,
        "filters": FILTERS,
        "show": wanted,
        "batch": batch,
        "checked": set(given.get("id", ())),
        "seen": set(given.get("seen", ())),
        "llm": gaze.llm(),
        "total": len(found),
    }
    data = {"proposals": [as_json(each) for each in found], "open": len(open_jobs)}
    return answer(
        request,
        page="proposals/index.html",
        fragment="proposals/_list.html",
        data=data,
        context=context,
        place="proposals",
    )


def _reviews(gaze: Context, batch: str) -> list[Review]:
    every = [each for each in gaze.proposals.all() if not batch or each.batch == batch]
    return [review(gaze, each) for each in every if each.category in gaze.categories]


def _passes(found: Review, wanted: str) -> bool:
    match wanted:
        case "failed":
            return found.proposal.broken
        case "unknown":
            return found.unknown > 0
        case "twin":
            return bool(found.twin)
        case _:
            return not found.proposal.broken


async def _jobs(gaze: Context, batch: str) -> list[Job]:
    if batch:
        return await gaze.queue.batch(batch)
    listing = await gaze.queue.listing("llm")
    return [*listing.running, *listing.queued]


def _usage(jobs: Sequence[Job]) -> dict[str, Any]:
    """Tokens and cost of a batch."""
    written = [job.llm for job in jobs if job.llm]
    costs = [each.usage.cost for each in written if each.usage.cost is not None]
    return {
        "tokens": sum(each.usage.tokens_in + each.usage.tokens_out for each in written),
        "cost": sum(costs) if costs else None,
        "model": written[-1].model if written else "",
        "provider": written[-1].provider if written else "",
    }


@get("/proposals/{proposal_id:str}", include_in_schema=False)
async def one(request: AnyRequest, gaze: Context, proposal_id: str) -> Response[Any]:
    """One draft: its text while it is written, then its fields; a new asset's opens in the edit form."""
    given = await forms.values(request)
    proposal = await asyncio.to_thread(gaze.proposals.find, proposal_id)
    if proposal is None:
        return await _not_there(request, gaze, proposal_id)
    if proposal.act == "create" and not proposal.broken and not forms.on(given, "review") and not wants_json(request):
        goto = f"/proposals/{proposal_id}/edit"
        if is_htmx(request):
            return Response("", media_type=HTML, headers={"HX-Redirect": goto})
        return Redirect(goto, status_code=303)
    found = await asyncio.to_thread(shown, gaze, proposal_id)
    if is_htmx(request) and forms.on(given, "waiting"):
        return Response("", media_type=HTML, headers={"HX-Redirect": f"/proposals/{proposal_id}"})
    return _page(request, found)


async def _not_there(request: AnyRequest, gaze: Context, proposal_id: str) -> Response[Any]:
    """A draft that is still being written, or never came; 404 for one that is gone."""
    try:
        job = await gaze.queue.get(proposal_id)
    except NotFound:
        raise NotFound("There is no such draft; it was accepted or discarded already.") from None
    if job.queue != "llm":
        raise NotFound("There is no such draft.")
    if job.status == "done" and job.result:
        goto = f"/{job.category}/{job.result.slug}"
        if is_htmx(request):
            return Response("", media_type=HTML, headers={"HX-Redirect": goto})
        if not wants_json(request):
            return Redirect(goto, status_code=303)
    category = gaze.categories[job.category]
    return answer(
        request,
        page="proposals/writing.html",
        fragment="proposals/_writing.html",
        data={"id": job.id, "status": job.public_status, "error": job.error},
        context={"job": job, "category": category, "llm": gaze.llm()},
        place="proposals",
    )


def _page(request: AnyRequest, found: Review, status: int = 200, error: str = "", text: str = "") -> Response[Any]:
    context = {"review": found, "error": error, "text": text or found.proposal.answer}
    return answer(
        request,
        page="proposals/review.html",
        fragment="proposals/_review.html",
        data=as_json(found),
        context=context,
        status=status,
        place="proposals",
    )


@post("/proposals/{proposal_id:str}", include_in_schema=False)
async def save(request: AnyRequest, gaze: Context, proposal_id: str) -> Response[Any]:
    """Write the fields of `take` (or all: `accept=all`). 409 with the draft again if the file changed meanwhile."""
    given = await forms.values(request)
    proposal = await asyncio.to_thread(gaze.proposals.get, proposal_id)
    every = forms.one(given, "accept") == "all"
    names = None if every else _taken(given)
    version = forms.one(given, "version")
    try:
        asset = await asyncio.to_thread(take, gaze, proposal, names, version)
    except ChangedOnDisk as conflict:
        if wants_json(request):
            raise
        found = await asyncio.to_thread(review, gaze, proposal, names)
        text = f"{conflict.message.split(' Compare')[0]} What it says now stands beside the draft; look at it again."
        return _page(request, found, 409, text)
    except Refusal as refusal:
        if wants_json(request) or refusal.status == 404:
            raise
        return _page(request, await asyncio.to_thread(review, gaze, proposal, names), refusal.status, refusal.message)
    await _told(gaze)
    goto = f"/{asset.category.name}/{asset.slug}"
    return answer(request, data=_asset_json(asset), goto=goto, headers={"HX-Redirect": goto})


def _taken(given: forms.Values) -> list[str]:
    """The fields accepted: a list (`take`), or a page's yes and no for each."""
    picked = [
        name.removeprefix("pick") for name, said in given.items() if name.startswith("pick/") and said[-1] == "yes"
    ]
    return [*(name for name in given.get("take", ()) if name), *picked]


@post("/proposals/{proposal_id:str}/discard", include_in_schema=False)
async def discard(request: AnyRequest, gaze: Context, proposal_id: str) -> Response[Any]:
    """Take a draft away."""
    proposal = await asyncio.to_thread(gaze.proposals.get, proposal_id)
    await asyncio.to_thread(gaze.proposals.discard, proposal_id)
    await _told(gaze)
    goto = _back(gaze, proposal)
    return answer(request, data={"discarded": 1}, goto=goto, headers={"HX-Redirect": goto})


@post("/proposals/{proposal_id:str}/again", include_in_schema=False)
async def again(request: AnyRequest, gaze: Context, proposal_id: str) -> Response[Any]:
    """Ask for the same once more, as a job of its own; this draft is kept."""
    proposal = await asyncio.to_thread(gaze.proposals.get, proposal_id)
    jobs = await writing.enqueue(gaze, [writing.once_more(proposal)])
    goto = f"/proposals/{jobs[0].id}"
    return answer(request, data={"job_id": jobs[0].id, "status": "queued"}, goto=goto, headers={"HX-Redirect": goto})


def _back(gaze: Context, proposal: Proposal) -> str:
    if proposal.batch:
        return f"/proposals?batch={proposal.batch}"
    asset = gaze.library.at(proposal.path) if proposal.path else None
    return f"/{proposal.category}/{asset.slug if asset else ''}"


@post("/proposals/{proposal_id:str}/mend", include_in_schema=False)
async def mend_answer(request: AnyRequest, gaze: Context, proposal_id: str) -> Response[Any]:
    """Make a draft of an answer that a person mended; 400 with what is still wrong."""
    text = forms.raw(await forms.values(request), "answer")
    proposal = await asyncio.to_thread(gaze.proposals.get, proposal_id)
    try:
        await asyncio.to_thread(mend, gaze, proposal, text)
    except Refusal as refusal:
        if wants_json(request):
            raise
        found = await asyncio.to_thread(review, gaze, proposal)
        return _page(request, found, refusal.status, refusal.message, text)
    await _told(gaze)
    goto = f"/proposals/{proposal_id}?review=on"
    return answer(request, data={"id": proposal_id}, goto=goto, headers={"HX-Redirect": goto})


@get("/proposals/of/{category:str}/{slug:str}", include_in_schema=False)
async def of_asset(request: AnyRequest, gaze: Context, category: str, slug: str) -> Response[Any]:
    """The drafts that wait for one asset, and those being written, as a line on its pages."""
    asset = gaze.library.get(category, slug)
    found = await asyncio.to_thread(lambda: [each for each in gaze.proposals.all() if each.path == asset.path])
    jobs = [job for job in await _jobs(gaze, "") if (job.category, job.slug) == (category, slug)]
    context = {"drafts": found, "jobs": jobs}
    data = {"proposals": [each.id for each in found], "jobs": [job.id for job in jobs]}
    return answer(request, page="llm/_of_asset.html", fragment="llm/_of_asset.html", data=data, context=context)


@get("/proposals/recent/{category:str}", include_in_schema=False)
async def recent(request: AnyRequest, gaze: Context, category: str) -> Response[Any]:
    """The newest drafts of a category, for the page that describes a new asset."""
    context = {"category": category_of(gaze, category), **await recent_drafts(gaze, category)}
    return render(request, "llm/_recent.html", context)


# -- many at once ----------------------------------------------------------------------------------------


@post("/proposals/accept", include_in_schema=False)
async def accept_many(request: AnyRequest, gaze: Context) -> Response[Any]:
    """Accept the drafts of `id` whole (or all that can be: `accept=all`); those that cannot be are named."""
    given = await forms.values(request)
    batch = forms.one(given, "batch")
    wanted = set(given.get("id", ()))
    every = forms.one(given, "accept") == "all"
    if not wanted and not every:
        raise Refusal("Choose a draft to accept.", field="id")
    accepted, failed = await asyncio.to_thread(_accept, gaze, batch, None if every else wanted)
    await _told(gaze)
    count = len(accepted)
    text = f"{count} draft{'s' if count != 1 else ''} accepted."
    if failed:
        text += f" {len(failed)} could not be: {failed[0]['message']}"
    data = {"accepted": [_asset_json(asset) for asset in accepted], "failed": failed}
    return _said(request, text, data, f"/proposals?batch={batch}" if batch else "/proposals", bool(failed))


def _accept(gaze: Context, batch: str, wanted: set[str] | None) -> tuple[list[Asset], list[dict[str, str]]]:
    accepted: list[Asset] = []
    failed: list[dict[str, str]] = []
    for found in reversed(_reviews(gaze, batch)):
        proposal = found.proposal
        if proposal.id not in wanted if wanted is not None else (proposal.broken or found.conflicts):
            continue
        try:
            if found.conflicts:
                raise Conflict(f"{proposal.name} was changed meanwhile; review it field by field.")
            accepted.append(take(gaze, proposal, None, found.version))
        except (NoRoom, Unavailable) as refusal:
            failed.append({"id": proposal.id, "message": refusal.message})
            break
        except Refusal as refusal:
            failed.append({"id": proposal.id, "message": refusal.message})
    return accepted, failed


@post("/proposals/discard", include_in_schema=False)
async def discard_many(request: AnyRequest, gaze: Context) -> Response[Any]:
    """Take away the drafts of `id`, or all of a `batch`, or all there are (`all=on`)."""
    given = await forms.values(request)
    batch, ids = forms.one(given, "batch"), set(given.get("id", ()))
    if not ids and not forms.on(given, "all"):
        raise Refusal("Choose a draft to discard.", field="id")
    every = await asyncio.to_thread(gaze.proposals.all)
    chosen = [each for each in every if (each.id in ids or not ids) and (not batch or each.batch == batch)]
    for each in chosen:
        await asyncio.to_thread(gaze.proposals.discard, each.id)
    await _told(gaze)
    count = len(chosen)
    text = f"{count} draft{'s' if count != 1 else ''} discarded."
    return _said(request, text, {"discarded": count}, f"/proposals?batch={batch}" if batch else "/proposals")


# -- a new asset's draft in the edit form -----------------------------------------------------------------


@get("/proposals/{proposal_id:str}/edit", include_in_schema=False)
async def edit(request: AnyRequest, gaze: Context, proposal_id: str) -> Response[Any]:
    """The draft of a new asset in the edit form; nothing is a file yet."""
    found = await asyncio.to_thread(drafts.opened, gaze, proposal_id)
    return _edit_page(request, found)


@post("/proposals/{proposal_id:str}/edit", include_in_schema=False)
async def save_edited(request: AnyRequest, gaze: Context, proposal_id: str) -> Response[Any]:
    """Make the asset, with what was changed in the form. 400 with a sentence at each field that does not fit."""
    given = await forms.values(request)
    told = await asyncio.to_thread(drafts.save, gaze, proposal_id, given)
    if told.asset is None:
        if wants_json(request):
            raise Refusal(told.faults[0].message, faults=told.faults)
        if is_htmx(request):
            return render(request, "asset/_edit_faults.html", {"faults": told.faults, "form": told.form}, status=400)
        return _edit_page(request, msgspec.structs.replace(told.draft, form=told.form), 400)
    await _told(gaze)
    goto = f"/{told.asset.category.name}/{told.asset.slug}"
    return answer(request, data=_asset_json(told.asset), goto=goto, headers={"HX-Redirect": goto})


def _edit_page(request: AnyRequest, found: drafts.Draft, status: int = 200) -> Response[Any]:
    context = {
        "found": found.opened,
        "form": found.form,
        "version": found.opened.version,
        "base_json": msgspec.json.encode(found.form.base).decode(),
        "errors": [],
        "tab": "form",
        "review": found.review,
    }
    return answer(
        request,
        page="proposals/edit.html",
        fragment="asset/_edit_form.html",
        data=as_json(found.review),
        context=context,
        status=status,
    )


# -- parts -----------------------------------------------------------------------------------------------


async def _told(gaze: Context) -> None:
    await events.publish(gaze.redis, events.ProposalsChanged())


def _asset_json(asset: Asset) -> dict[str, str]:
    return {
        "id": asset.id,
        "category": asset.category.name,
        "slug": asset.slug,
        "name": asset.name,
        "version": asset.version,
    }


def _said(request: AnyRequest, text: str, data: Any, goto: str, bad: bool = False) -> Response[Any]:
    if is_htmx(request) and not wants_json(request):
        return Response(toast(request, text, "bad" if bad else "ok"), media_type=HTML, status_code=200)
    return answer(request, data=data, goto=goto)


ROUTES: list[ControllerRouterHandler] = [
    page,
    one,
    save,
    discard,
    again,
    mend_answer,
    accept_many,
    discard_many,
    of_asset,
    recent,
    edit,
    save_edited,
]
