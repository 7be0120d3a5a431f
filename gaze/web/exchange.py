"""Export and import of asset files as a zip: clashes are shown first, side by side, and nothing is written before."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, BinaryIO, cast

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.category import Category
from gaze.core.errors import Refusal
from gaze.library import archive, incoming
from gaze.library.images import UPLOADS
from gaze.library.incoming import Choice, Imported, Incoming
from gaze.library.undo import keep
from gaze.web import forms
from gaze.web.answer import answer
from gaze.web.forms import Values
from gaze.web.library import category_of
from gaze.web.undo import address

AnyRequest = Request[Any, Any, Any]
MOST_UPLOAD = 2 << 30
CHOICES: tuple[Choice, ...] = ("mine", "theirs", "both")


def export(gaze: Context, category: Category, slugs: Sequence[str], *, with_images: bool) -> Stream:
    """A zip of the files of these assets, sent while it is made; with their images and sidecars if asked."""
    assets = [asset for slug in slugs if (asset := gaze.library.find(category.name, slug))]
    paths = [asset.path for asset in assets]
    for asset in assets if with_images else ():
        for image in gaze.library.gallery.of(asset):
            paths += [f"{UPLOADS}/{image}", f"{UPLOADS}/{image}.json"]
    name = f"gaze-{category.name}-{datetime.now():%Y%m%d-%H%M}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    made = archive.stream(gaze.library.root, paths)
    return Stream(made, media_type="application/zip", headers=headers, status_code=200)


@get("/import", include_in_schema=False)
async def page(request: AnyRequest, gaze: Context) -> Response[Any]:
    """Where a zip is chosen; `category` says what loose files in it are."""
    wanted = forms.one(await forms.values(request), "category")
    return answer(
        request,
        page="import/index.html",
        place="import",
        fragment="import/index.html",
        data={"categories": list(gaze.categories)},
        context={"wanted": wanted, "categories": gaze.categories},
    )


@post("/import", include_in_schema=False, request_max_body_size=MOST_UPLOAD)
async def receive(request: AnyRequest, gaze: Context) -> Response[Any]:
    """Take a zip (`file`) and say what it would bring. Nothing is written to the library yet."""
    form = await request.form()
    file, category = form.get("file"), str(form.get("category") or "")
    if not isinstance(file, UploadFile) or not file.filename:
        raise Refusal("Choose a zip file first.", field="file")
    if category:
        category_of(gaze, category)
    found = await asyncio.to_thread(incoming.receive, gaze.library, cast(BinaryIO, file.file), category)
    return answer(request, data=found, goto=f"/import/{found.id}", headers={"Location": f"/import/{found.id}"})


@get("/import/{token:str}", include_in_schema=False)
async def compared(request: AnyRequest, gaze: Context, token: str) -> Response[Any]:
    """What an archive would bring, clashes side by side."""
    found = await asyncio.to_thread(incoming.look, gaze.library, token)
    return answer(
        request,
        page="import/compare.html",
        fragment="import/compare.html",
        data=found,
        context=_context(gaze, found),
        place="import",
    )


@post("/import/{token:str}", include_in_schema=False)
async def write(request: AnyRequest, gaze: Context, token: str) -> Response[Any]:
    """Write what was chosen: `choice:<entry>` for one file, `all` for the rest; `act=drop` writes nothing."""
    given = await forms.values(request)
    if forms.one(given, "act") == "drop":
        await asyncio.to_thread(incoming.forget, gaze.library.root, token)
        return answer(request, data={"dropped": token}, goto="/import")
    choices, rest = choices_of(given)
    done, steps = await asyncio.to_thread(incoming.apply, gaze.library, token, choices, rest)
    undo = address(await asyncio.to_thread(keep, gaze.library.root, steps))
    context = {"done": done, "undo": undo, **_links(gaze, done)}
    return answer(
        request,
        page="import/done.html",
        fragment="import/done.html",
        data={**msgspec.to_builtins(done), "undo": undo},
        context=context,
        place="import",
    )


def choices_of(given: Values) -> tuple[dict[str, Choice], Choice]:
    """What a form chose by entry, and for all others. Raises Refusal."""
    said = {name.removeprefix("choice:"): forms.one(given, name) for name in given if name.startswith("choice:")}
    said[""] = forms.one(given, "all", "mine") or "mine"
    for name, value in said.items():
        if value not in CHOICES:
            raise Refusal(f"The choice is «{value[:40]}»; it can be mine, theirs or both.", field=name or "all")
    rest: Any = said.pop("")
    return said, rest  # type: ignore[return-value]


def _context(gaze: Context, found: Incoming) -> dict[str, Any]:
    verdicts = ("new", "same", "clash", "broken")
    of = {verdict: [item for item in found.items if item.verdict == verdict] for verdict in verdicts}
    return {"found": found, "of": of, "categories": gaze.categories}


def _links(gaze: Context, done: Imported) -> dict[str, Any]:
    written = [key.split("/", 1) for key in [*done.created, *done.replaced]]
    assets = [asset for category, slug in written if (asset := gaze.library.find(category, slug))]
    return {"assets": assets[:60]}


ROUTES: list[ControllerRouterHandler] = [page, receive, compared, write]
