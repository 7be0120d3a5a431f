"""Editing one asset: the form from its declaration, its raw JSON, and what happens when both sides changed."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.errors import Fault, Refusal
from gaze.core.plantext import fault_json
from gaze.library.editor import UnusableText
from gaze.web import forms
from gaze.web.answer import HTML, answer, is_htmx, render, wants_json
from gaze.web.editing import opened as files
from gaze.web.editing import save as saving
from gaze.web.editing.fields import Form, with_typed
from gaze.web.editing.opened import Opened
from gaze.web.editing.save import Conflict, Outcome
from gaze.web.library import category_of

AnyRequest = Request[Any, Any, Any]


@get("/{category:str}/{slug:str}/edit", include_in_schema=False)
async def edit(request: AnyRequest, gaze: Context, category: str, slug: str) -> Response[Any]:
    """The form, or with `tab=json` the text of the file; a file that cannot be used has only its text."""
    category_of(gaze, category)
    given = await forms.values(request)
    found = await asyncio.to_thread(files.opened, gaze, category, slug)
    if forms.one(given, "tab") == "json" or found.raw is None:
        return _json_page(request, found)
    form = await asyncio.to_thread(files.form_of, gaze, found, given)
    return _form_page(request, found, form, data={"version": found.version, "fields": form.base})


@post("/{category:str}/{slug:str}/edit", include_in_schema=False)
async def save(request: AnyRequest, gaze: Context, category: str, slug: str) -> Response[Any]:
    """Write the fields that were changed; 400 with a sentence at each that does not fit, 409 with both versions."""
    category_of(gaze, category)
    given = await forms.values(request)
    try:
        told = await asyncio.to_thread(saving.save_form, gaze, category, slug, given)
    except Refusal as refusal:
        return await _kept(request, gaze, category, slug, given, refusal)
    if told.faults:
        return _faults(request, told)
    return _conflict(request, told.conflict) if told.conflict else await _saved(request, gaze, told)


@post("/{category:str}/{slug:str}/merge", include_in_schema=False)
async def merge(request: AnyRequest, gaze: Context, category: str, slug: str) -> Response[Any]:
    """Write the version chosen for each field; 409 again if the file has changed once more."""
    category_of(gaze, category)
    given = await forms.values(request)
    told = await asyncio.to_thread(saving.save_mix, gaze, category, slug, given)
    if told.conflict:
        return _conflict(request, told.conflict)
    return answer(
        request, data=_saved_json(told), goto=told.opened.href, headers={"HX-Redirect": f"{told.opened.href}/edit"}
    )


@post("/{category:str}/{slug:str}/check_json", include_in_schema=False)
async def check_json(request: AnyRequest, gaze: Context, category: str, slug: str) -> Response[Any]:
    """What would keep a text from being saved, with line and column. Writes nothing."""
    category_of(gaze, category)
    text = forms.raw(await forms.values(request), "json")
    problems = await asyncio.to_thread(gaze.library.writing.check, category, text, slug)
    return answer(
        request,
        page="asset/_edit_check.html",
        fragment="asset/_edit_check.html",
        data={"problems": problems, "usable": not any(problem.fatal for problem in problems)},
        context={"problems": problems},
    )


@post("/{category:str}/{slug:str}/save_json", include_in_schema=False)
async def save_json(request: AnyRequest, gaze: Context, category: str, slug: str) -> Response[Any]:
    """Write the whole text of a file; 422 with line and column, 409 with both versions."""
    category_of(gaze, category)
    given = await forms.values(request)
    try:
        told = await asyncio.to_thread(saving.save_text, gaze, category, slug, given)
    except UnusableText as refusal:
        return await _unusable(request, gaze, category, slug, given, refusal)
    except Refusal as refusal:
        return await _kept(request, gaze, category, slug, given, refusal, tab="json")
    return _conflict(request, told.conflict) if told.conflict else await _saved(request, gaze, told)


# -- answers ------------------------------------------------------------------------------------------


def _form_page(
    request: AnyRequest, found: Opened, form: Form, *, data: Any = None, status: int = 200, **more: Any
) -> Response[Any]:
    return answer(
        request,
        page="asset/edit.html",
        fragment="asset/_edit_form.html",
        data=data,
        status=status,
        context=form_context(found, form, **more),
    )


def form_context(found: Opened, form: Form, **more: Any) -> dict[str, Any]:
    """What the templates of the form need; `more` replaces it."""
    context = {"found": found, "form": form, "version": found.version, "base": form.base, "errors": [], "tab": "form"}
    context |= more
    return {**context, "base_json": msgspec.json.encode(context["base"]).decode()}


def _json_page(request: AnyRequest, found: Opened, *, status: int = 200, **more: Any) -> Response[Any]:
    context: dict[str, Any] = {
        "found": found,
        "text": found.text,
        "saved": found.text,
        "version": found.version,
        "problems": found.problems,
        "errors": [],
        "tab": "json",
    }
    data = {"version": found.version, "json": found.text, "problems": found.problems}
    context |= more
    return answer(
        request,
        page="asset/edit_json.html",
        fragment="asset/_edit_json.html",
        data=data,
        status=status,
        context=context,
    )


async def _saved(request: AnyRequest, gaze: Context, told: Outcome) -> Response[Any]:
    """The asset's page; to htmx the form's new version, for the page stays open."""
    assert told.asset
    href = f"/{told.asset.category.name}/{told.asset.slug}"
    if not is_htmx(request) or wants_json(request):
        return answer(request, data=_saved_json(told), goto=href)
    if told.asset.slug != told.opened.slug or told.opened.raw is None:
        return Response("", media_type=HTML, headers={"HX-Redirect": href})
    now, base = await asyncio.to_thread(saving.after, gaze, told)
    base_json = msgspec.json.encode(base).decode() if told.form else ""
    context = {"found": now, "version": now.version, "base_json": base_json, "text": now.text, "told": told}
    return render(request, "asset/_edit_saved.html", context)


def _saved_json(told: Outcome) -> dict[str, Any]:
    assert told.asset
    return {"slug": told.asset.slug, "version": told.asset.version, "data": told.asset.data}


def _faults(request: AnyRequest, told: Outcome) -> Response[Any]:
    """400 with every fault at once, each at its field; what was typed stays."""
    if wants_json(request):
        return _errors(400, told.faults)
    if is_htmx(request):
        context = {"faults": told.faults, "form": told.form}
        return render(request, "asset/_edit_faults.html", context, status=400)
    return _form_page(request, told.opened, saving.filled(told), status=400, base=told.base, version=told.version)


def _conflict(request: AnyRequest, conflict: Conflict) -> Response[Any]:
    """409 with both versions side by side."""
    if wants_json(request):
        found = conflict.opened
        text = f"«{found.path}» has changed on disk since you opened it. Compare both and save again."
        fault = fault_json(Fault("changed-on-disk", text))
        fields = [
            {"name": each.name, "mine": each.mine, "theirs": each.theirs, "was": each.was} for each in conflict.choices
        ]
        body = {"errors": [fault], "version": found.version, "fields": fields, "theirs": found.text}
        return Response(msgspec.json.encode(body), media_type="application/json", status_code=409)
    name = "asset/_edit_conflict.html" if is_htmx(request) else "asset/edit_conflict.html"
    return render(request, name, {"conflict": conflict, "found": conflict.opened}, status=409)


async def _kept(
    request: AnyRequest,
    gaze: Context,
    category: str,
    slug: str,
    given: forms.Values,
    refusal: Refusal,
    tab: str = "form",
) -> Response[Any]:
    """A refused save (no room, no folder) without JavaScript: the page again with what was typed (F29).

    Where htmx or a program asks, the page is still there: the refusal goes on as it is.
    """
    if is_htmx(request) or wants_json(request) or refusal.status == 404:
        raise refusal
    errors = [fault.message for fault in refusal.faults]
    try:
        found = await asyncio.to_thread(files.opened, gaze, category, slug)
    except Refusal:
        found = files.last_known(gaze, category, slug)
    version = forms.one(given, "version")
    if tab == "json":
        text = forms.raw(given, "json") or found.text
        return _json_page(request, found, status=refusal.status, text=text, version=version, errors=errors)
    form = await asyncio.to_thread(files.form_of, gaze, found, given)
    base = files.base_of(given)
    typed = saving.typed_of(form, given, base)
    shown = with_typed(form, typed, {})
    return _form_page(
        request, found, shown, status=refusal.status, base=base or form.base, version=version, errors=errors
    )


async def _unusable(
    request: AnyRequest, gaze: Context, category: str, slug: str, given: forms.Values, refusal: UnusableText
) -> Response[Any]:
    """422 with the line and column of each problem; the text stays as it was typed."""
    if wants_json(request):
        return _errors(422, refusal.faults)
    if is_htmx(request):
        return render(request, "asset/_edit_check.html", {"problems": refusal.problems}, status=422)
    found = await asyncio.to_thread(files.opened, gaze, category, slug)
    text, version = forms.raw(given, "json"), forms.one(given, "version")
    return _json_page(request, found, status=422, text=text, version=version, problems=refusal.problems)


def _errors(status: int, faults: Any) -> Response[Any]:
    body = msgspec.json.encode({"errors": [fault_json(fault) for fault in faults]})
    return Response(body, media_type="application/json", status_code=status)


ROUTES: list[ControllerRouterHandler] = [edit, save, merge, check_json, save_json]
