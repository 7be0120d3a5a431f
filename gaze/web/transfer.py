"""Turning an asset into another kind: a dialog and a page, doing it, and taking it back (specification pages)."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.errors import Refusal
from gaze.library.transfer import Transfer, read_note
from gaze.library.transfer import undo as take_back
from gaze.llm.provider import required
from gaze.web import forms
from gaze.web.answer import HTML, answer, is_htmx, render, toast, wants_json
from gaze.web.editing import writing
from gaze.web.editing.transfer import Form, form_of, is_asked, make, moves_json
from gaze.web.library import category_of

AnyRequest = Request[Any, Any, Any]


@get("/resource/{category:str}/{slug:str}/transfer", include_in_schema=False)
async def ask(request: AnyRequest, gaze: Context, category: str, slug: str) -> Response[Any]:
    """The kind, name and id, and what goes where; `target` asks for another kind's mapping."""
    category_of(gaze, category)
    given = await forms.values(request)
    form = await asyncio.to_thread(form_of, gaze, gaze.library.get(category, slug), given)
    return _form(request, form)


@post("/resource/{category:str}/{slug:str}/transfer", include_in_schema=False)
async def turn(request: AnyRequest, gaze: Context, category: str, slug: str) -> Response[Any]:
    """A new file of the other kind; with `remove` the source goes to the trash, with `fill` a model drafts the rest.

    409 where the slug is taken.

    A form whose mapping was shown for another kind comes back with the right one: nothing is done unseen.
    """
    category_of(gaze, category)
    given = await forms.values(request)
    form = await asyncio.to_thread(form_of, gaze, gaze.library.get(category, slug), given)
    if not is_asked(given, form.target):
        return _form(request, form)
    try:
        if form.fill:
            required(gaze.settings(), gaze.secrets)
        done = await asyncio.to_thread(make, gaze, form, given)
    except Refusal as refusal:
        if wants_json(request):
            raise
        return _form(request, form, refusal)
    if form.fill:
        wanted = await asyncio.to_thread(writing.fill, gaze, gaze.library.get(done.category, done.slug), {})
        await writing.enqueue(gaze, [wanted])
    return _done(request, gaze, done)


@get("/transfer/undo", include_in_schema=False)
async def done_page(request: AnyRequest, gaze: Context) -> Response[Any]:
    """What was done, with Undo; where a form leads without JavaScript. 404 for what was undone."""
    done = await asyncio.to_thread(read_note, gaze.library, forms.one(await forms.values(request), "id"))
    return render(request, "asset/transferred.html", {"done": done, "kind": gaze.categories[done.category]})


@post("/transfer/undo", include_in_schema=False)
async def undo(request: AnyRequest, gaze: Context) -> Response[Any]:
    """Bring the source back as it was; the new asset goes to the trash. 409 if that was changed since."""
    done = await asyncio.to_thread(take_back, gaze.library, forms.one(await forms.values(request), "id"))
    if is_htmx(request) and not wants_json(request):
        text = " ".join([f"{done.name} is as it was.", *done.left])
        return Response(toast(request, text, "" if done.left else "ok"), media_type=HTML, status_code=200)
    data = {"category": done.from_category, "slug": done.from_slug, "status": "undone", "left": done.left}
    return answer(request, data=data, goto=f"/{done.from_category}/{done.from_slug}")


def _form(request: AnyRequest, form: Form, refusal: Refusal | None = None) -> Response[Any]:
    if wants_json(request):
        data: dict[str, Any] = {"target": form.target.name, "name": form.name, "id": form.id, "moves": moves_json(form)}
        data["targets"] = [kind.name for kind in form.kinds]
        if form.file:
            data["file"] = {"path": form.file.path, "folders": form.file.folders, "others": form.file.others}
        return answer(request, data=data)
    faults = {fault.field or "name": fault.message for fault in refusal.faults} if refusal else {}
    template = "asset/_transfer.html" if is_htmx(request) else "asset/transfer.html"
    known = {"name", "id", form.target.id_field, form.target.name_field}
    context = {"form": form, "faults": faults, "others": [text for key, text in faults.items() if key not in known]}
    return render(request, template, context, status=refusal.status if refusal else 200)


def _done(request: AnyRequest, gaze: Context, done: Transfer) -> Response[Any]:
    if is_htmx(request) and not wants_json(request):
        return render(request, "asset/_transferred.html", {"done": done, "kind": gaze.categories[done.category]})
    pointed = [file.path for file in done.pointed]
    data = {**msgspec.to_builtins(done), "pointed": pointed, "undo": f"/transfer/undo?id={done.id}"}
    return answer(request, data=data, goto=f"/transfer/undo?id={done.id}")


ROUTES: list[ControllerRouterHandler] = [ask, turn, done_page, undo]
