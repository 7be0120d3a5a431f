"""One draft of a model: its text while it is written, its fields with yes or no, its answer to be mended, its form."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.asset import Asset
from gaze.core.errors import NotFound, Refusal
from gaze.jobs import events
from gaze.library.editor import ChangedOnDisk
from gaze.library.proposals import Proposal
from gaze.web import forms
from gaze.web.answer import HTML, answer, is_htmx, render, wants_json
from gaze.web.editing import drafts, writing
from gaze.web.editing.review import Review, as_json, mend, review, shown, take

AnyRequest = Request[Any, Any, Any]


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
    await told(gaze)
    goto = f"/{asset.category.name}/{asset.slug}"
    return answer(request, data=asset_json(asset), goto=goto, headers={"HX-Redirect": goto})


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
    await told(gaze)
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
    await told(gaze)
    goto = f"/proposals/{proposal_id}?review=on"
    return answer(request, data={"id": proposal_id}, goto=goto, headers={"HX-Redirect": goto})


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
    made = await asyncio.to_thread(drafts.save, gaze, proposal_id, given)
    if made.asset is None:
        if wants_json(request):
            raise Refusal(made.faults[0].message, faults=made.faults)
        if is_htmx(request):
            return render(request, "asset/_edit_faults.html", {"faults": made.faults, "form": made.form}, status=400)
        return _edit_page(request, msgspec.structs.replace(made.draft, form=made.form), 400)
    await told(gaze)
    goto = f"/{made.asset.category.name}/{made.asset.slug}"
    return answer(request, data=asset_json(made.asset), goto=goto, headers={"HX-Redirect": goto})


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


async def told(gaze: Context) -> None:
    """Tell every open page that drafts came or went."""
    await events.publish(gaze.redis, events.ProposalsChanged())


def asset_json(asset: Asset) -> dict[str, str]:
    return {
        "id": asset.id,
        "category": asset.category.name,
        "slug": asset.slug,
        "name": asset.name,
        "version": asset.version,
    }


ROUTES: list[ControllerRouterHandler] = [one, save, discard, again, mend_answer, edit, save_edited]
