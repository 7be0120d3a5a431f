"""The trash: what was deleted, brought back or emptied (specification data, "Writing")."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.category import Category
from gaze.library.trash import Trashed
from gaze.web import forms
from gaze.web.answer import HTML, answer, is_htmx, toast

AnyRequest = Request[Any, Any, Any]


class Row(msgspec.Struct, frozen=True):
    """An entry as its page shows it: `category` is the declaration, `holds` says in words what is in it."""

    entry: Trashed
    category: Category | None
    kind: str
    holds: str


@post("/gallery/image/delete", include_in_schema=False)
async def delete_image(request: AnyRequest, gaze: Context) -> Response[Any]:
    """Move an image (`image`: path below static/uploads) with its sidecar into the trash."""
    image = forms.one(await forms.values(request), "image")
    trash_id = await asyncio.to_thread(gaze.library.trash.delete_image, image)
    return moved(request, "Image moved to trash.", trash_id, "/trash", {"trash_id": trash_id})


@get("/trash", include_in_schema=False)
async def page(request: AnyRequest, gaze: Context) -> Response[Any]:
    """Everything in the trash, newest first."""
    entries = await asyncio.to_thread(gaze.library.trash.list)
    return answer(
        request,
        page="trash/index.html",
        fragment="trash/_trash.html",
        data={"trash": entries, "total": len(entries)},
        context=lambda: {"rows": rows_of(entries, gaze)},
        place="trash",
    )


@post("/trash/{name:str}/restore", include_in_schema=False)
async def restore(request: AnyRequest, gaze: Context, name: str) -> Response[Any]:
    """Bring one entry back, or all that went in together. Raises NotFound, Conflict if a place is taken."""
    back = await asyncio.to_thread(_restore, gaze, name)
    text = f"{back[0].name} is back." if len(back) == 1 else f"{len(back)} entries are back."
    return _done(request, text, {"restored": [entry.id for entry in back]})


@post("/trash/empty", include_in_schema=False)
async def empty(request: AnyRequest, gaze: Context) -> Response[Any]:
    """Delete all entries, or the one named by `id`, for good."""
    emptied = await asyncio.to_thread(gaze.library.trash.empty, forms.one(await forms.values(request), "id"))
    return _done(request, f"{_many(emptied, 'entry', 'entries')} deleted for good.", {"emptied": emptied})


def _restore(gaze: Context, name: str) -> list[Trashed]:
    return [gaze.library.trash.restore(entry.id) for entry in gaze.library.trash.together(name)]


def moved(request: AnyRequest, text: str, name: str, goto: str, data: dict[str, Any]) -> Response[Any]:
    """The answer to something gone into the trash: a toast with Undo, or a redirect, or JSON."""
    if is_htmx(request):
        return Response(toast(request, text, "gone", f"/trash/{name}/restore"), media_type=HTML, status_code=200)
    return answer(request, data=data, goto=goto)


def _done(request: AnyRequest, text: str, data: dict[str, Any]) -> Response[Any]:
    if is_htmx(request):
        return Response(toast(request, text), media_type=HTML, status_code=200)
    return answer(request, data=data, goto="/trash")


def rows_of(entries: Sequence[Trashed], gaze: Context) -> list[Row]:
    """The entries as rows of the page."""
    rows = []
    for entry in entries:
        category = gaze.categories.get(entry.category)
        kind = "Image" if entry.kind == "image" else category.one.capitalize() if category else entry.category
        rows.append(Row(entry, category, kind, _holds(entry)))
    return rows


def _holds(entry: Trashed) -> str:
    """What is in an entry, in words: its file, settings, images."""
    if entry.kind == "image":
        pictures = [path for path in entry.paths if not path.endswith(".json")]
        if len(pictures) > 1:
            return f"{pictures[0]} and {_many(len(pictures) - 1, 'more', 'more')}, with their metadata"
        return f"{entry.path}{' and its metadata' if len(entry.paths) > 1 else ''}"
    parts = [entry.path]
    if any(path.startswith("data/state/") for path in entry.paths):
        parts.append("its settings")
    if entry.images:
        parts.append(_many(entry.images, "image", "images"))
    if any(path.startswith("data/sweeps/") for path in entry.paths):
        parts.append("its sweeps")
    if entry.files:
        beside = len(entry.files) - 1
        with_rest = f" with {_many(beside, 'file', 'files')} beside it" if beside else ""
        parts.append(f"{entry.files[0].name}{with_rest}")
    return ", ".join(parts)


def _many(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


ROUTES: list[ControllerRouterHandler] = [delete_image, page, restore, empty]
