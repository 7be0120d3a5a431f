"""Drafts of a model, many of them: the list of a batch, what is accepted or discarded at once, lines on other pages."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from litestar import Request, Response, get, post
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.asset import Asset
from gaze.core.errors import Conflict, NoRoom, Refusal, Unavailable
from gaze.jobs.record import Job
from gaze.web import forms
from gaze.web.answer import HTML, answer, is_htmx, render, toast, wants_json
from gaze.web.authoring import recent_drafts
from gaze.web.editing.review import Review, as_json, review, take
from gaze.web.library import category_of
from gaze.web.proposal import asset_json, told

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
    await told(gaze)
    count = len(accepted)
    text = f"{count} draft{'s' if count != 1 else ''} accepted."
    if failed:
        text += f" {len(failed)} could not be: {failed[0]['message']}"
    data = {"accepted": [asset_json(asset) for asset in accepted], "failed": failed}
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
    await told(gaze)
    count = len(chosen)
    text = f"{count} draft{'s' if count != 1 else ''} discarded."
    return _said(request, text, {"discarded": count}, f"/proposals?batch={batch}" if batch else "/proposals")


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


def _said(request: AnyRequest, text: str, data: Any, goto: str, bad: bool = False) -> Response[Any]:
    if is_htmx(request) and not wants_json(request):
        return Response(toast(request, text, "bad" if bad else "ok"), media_type=HTML, status_code=200)
    return answer(request, data=data, goto=goto)


ROUTES: list[ControllerRouterHandler] = [page, accept_many, discard_many, of_asset, recent]
