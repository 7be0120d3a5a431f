"""New entries from model files: the page, its making, the pictures beside the files."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, get
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.category import Category
from gaze.core.errors import NotFound, Refusal
from gaze.library.models import kind_of
from gaze.library.sidecars import picture_of
from gaze.web import forms
from gaze.web.answer import answer, is_htmx, wants_json
from gaze.web.authoring import create_of_files
from gaze.web.editing.fromfiles import Found, found, make
from gaze.web.files import RAW, serve_thumb

AnyRequest = Request[Any, Any, Any]


async def files_page(
    request: AnyRequest, gaze: Context, category: Category, given: forms.Values, refusal: Refusal | None = None
) -> Response[Any]:
    """Files of the category's folders, those without an entry first of all."""
    view = await asyncio.to_thread(found, gaze, category, given)
    context = {
        "category": category,
        "view": view,
        "kind": kind_of(category),
        "links": _links(category, view),
        "fault": refusal.message if refusal else "",
        "llm": gaze.llm(),
    }
    return answer(
        request,
        page="asset/create_files.html",
        fragment="asset/_create_files.html",
        data={"files": [_json(item) for item in view.items], "total": view.total, "next": view.next},
        context=context,
        status=refusal.status if refusal else 200,
    )


async def create_from_files(
    request: AnyRequest, gaze: Context, category: Category, given: forms.Values
) -> Response[Any]:
    """Entries for every `file`; of one file its edit form opens, else the library. With `llm=on` drafts of a model."""
    paths = [path.strip() for path in given.get("file", ()) if path.strip()]
    try:
        if paths and forms.on(given, "llm"):
            return await create_of_files(request, gaze, category, given, paths)
        made = await asyncio.to_thread(make, gaze, category, paths, forms.one(given, "name"), forms.one(given, "group"))
    except Refusal as refusal:
        if wants_json(request) or is_htmx(request):
            raise
        return await files_page(request, gaze, category, given, refusal)
    first = made.assets[0]
    goto = f"/{category.name}/{first.slug}/edit" if len(made.assets) == 1 else f"/{category.name}/?sort=newest"
    entries = [{"id": a.id, "slug": a.slug, "name": a.name, "path": a.path} for a in made.assets]
    data = {**entries[0], "made": entries, "failed": made.failed}
    return answer(request, data=data, goto=goto, headers={"HX-Redirect": goto})


@get("/models/preview", opt=RAW, include_in_schema=False)
async def model_preview(request: AnyRequest, gaze: Context) -> Response[bytes]:
    """The picture beside a model file (`kind`, `file`), small."""
    given = await forms.values(request)
    kind, path = forms.one(given, "kind"), forms.one(given, "file")
    file, place = gaze.model_files.file(kind, path), gaze.model_files.place(kind, path)
    picture = picture_of(place, file.beside) if file and place else None
    if picture is None:
        raise NotFound("There is no such picture.")
    return await serve_thumb(request, await asyncio.to_thread(gaze.library.gallery.outside_thumbnail, picture))


def _json(item: Any) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(item)
    return {key: value for key, value in shown.items() if key != "checked"}


def _links(category: Category, view: Found) -> dict[str, str]:
    """Addresses of the filters, each keeping the others."""
    state = {"way": "lora", "q": view.q, "base": view.base, "all": "on" if view.all else ""}

    def link(**changes: str) -> str:
        wanted = {key: value for key, value in {**state, **changes}.items() if value}
        return f"/{category.name}/create?{urlencode(wanted)}"

    return {
        "here": link(),
        "loose": link(all=""),
        "all": link(all="on"),
        "more": link(offset=str(view.next or 0)),
        **{f"base:{base}": link(base="" if base == view.base else base) for base in {*view.bases, view.base} if base},
    }


ROUTES: list[ControllerRouterHandler] = [model_preview]
