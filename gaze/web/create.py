"""New assets: blank, as a copy, from pasted JSON; and another name for one that is there."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Request, Response, get, post
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.asset import Asset
from gaze.core.category import Category
from gaze.core.errors import Refusal
from gaze.library.models import kind_of
from gaze.library.references import Renamed, references, rename_everywhere
from gaze.web import forms
from gaze.web.answer import answer, is_htmx, render, wants_json
from gaze.web.authoring import create_from_description, description_page
from gaze.web.editing.begin import begin
from gaze.web.fromfiles import create_from_files, files_page
from gaze.web.library import category_of

AnyRequest = Request[Any, Any, Any]


@get("/{category:str}/create", include_in_schema=False)
async def create_form(request: AnyRequest, gaze: Context, category: str) -> Response[Any]:
    """Name, folder, and what to begin with; `way=lora`: model files to make entries of; `way=llm`: a description."""
    declared, given = category_of(gaze, category), await forms.values(request)
    if forms.one(given, "way") == "lora" and kind_of(declared):
        return await files_page(request, gaze, declared, given)
    if forms.one(given, "way") == "llm":
        return await description_page(request, gaze, declared, given)
    return _create_page(request, gaze, declared, given)


@post("/{category:str}/create", include_in_schema=False)
async def create(request: AnyRequest, gaze: Context, category: str) -> Response[Any]:
    """A new file, then its edit form. 400 with the form again where the name is none."""
    declared = category_of(gaze, category)
    given = await forms.values(request)
    if forms.one(given, "way") == "lora" and kind_of(declared):
        return await create_from_files(request, gaze, declared, given)
    if forms.one(given, "way") == "llm":
        return await create_from_description(request, gaze, declared, given)
    try:
        made = await asyncio.to_thread(begin, gaze, declared, given)
    except Refusal as refusal:
        if wants_json(request) or is_htmx(request):
            raise
        return _create_page(request, gaze, declared, given, refusal)
    return _made(request, made, f"/{category}/{made.slug}/edit")


@post("/{category:str}/{slug:str}/clone", include_in_schema=False)
async def clone(request: AnyRequest, gaze: Context, category: str, slug: str) -> Response[Any]:
    """A copy with an id of its own, then its edit form; `name` is optional."""
    name = forms.one(await forms.values(request), "name")
    made = await asyncio.to_thread(gaze.library.writing.clone, category, slug, name)
    return _made(request, made, f"/{category}/{made.slug}/edit")


@get("/{category:str}/{slug:str}/rename", include_in_schema=False)
async def rename_form(request: AnyRequest, gaze: Context, category: str, slug: str) -> Response[Any]:
    """Name and id, and which files name this asset and would follow."""
    category_of(gaze, category)
    asset = gaze.library.get(category, slug)
    return await _rename_page(request, gaze, asset, asset.name, asset.id)


@post("/{category:str}/{slug:str}/rename", include_in_schema=False)
async def rename(request: AnyRequest, gaze: Context, category: str, slug: str) -> Response[Any]:
    """Another name and id; state, images and every file that names the asset follow. Says what was changed."""
    category_of(gaze, category)
    given = await forms.values(request)
    asset = gaze.library.get(category, slug)
    name, wanted = forms.one(given, "name"), forms.one(given, "id")
    try:
        told = await asyncio.to_thread(rename_everywhere, gaze.library, asset, name or asset.name, wanted)
    except Refusal as refusal:
        if wants_json(request):
            raise
        return await _rename_page(request, gaze, asset, name, wanted, refusal)
    return _renamed(request, told)


def _create_page(
    request: AnyRequest, gaze: Context, category: Category, given: forms.Values, refusal: Refusal | None = None
) -> Response[Any]:
    groups = sorted({group for group in gaze.library.groups(category.name) if group})
    context = {
        "category": category,
        "groups": groups,
        "kind": kind_of(category),
        "given": {key: forms.raw(given, key) for key in ("name", "group", "from", "copy_of", "json", "file")},
        "faults": {fault.field or "name": fault.message for fault in refusal.faults} if refusal else {},
    }
    status = refusal.status if refusal else 200
    return render(request, "asset/create.html", context, status=status)


def _made(request: AnyRequest, made: Asset, goto: str) -> Response[Any]:
    data = {"id": made.id, "slug": made.slug, "name": made.name, "path": made.path, "version": made.version}
    return answer(request, data=data, goto=goto, headers={"HX-Redirect": goto})


async def _rename_page(
    request: AnyRequest, gaze: Context, asset: Asset, name: str, new_id: str, refusal: Refusal | None = None
) -> Response[Any]:
    used = await asyncio.to_thread(references, gaze.library, asset)
    images = len(gaze.library.gallery.of(asset))
    context = {
        "asset": asset,
        "name": name,
        "new_id": new_id,
        "used": used,
        "images": images,
        "faults": {fault.field or "name": fault.message for fault in refusal.faults} if refusal else {},
    }
    template = "asset/_rename.html" if is_htmx(request) else "asset/rename.html"
    return render(request, template, context, status=refusal.status if refusal else 200)


def _renamed(request: AnyRequest, told: Renamed) -> Response[Any]:
    asset = told.asset
    goto = f"/{asset.category.name}/{asset.slug}"
    if wants_json(request):
        data = {"id": asset.id, "slug": asset.slug, "name": asset.name, "path": asset.path}
        return answer(request, data={**data, "changed": told.changed, "unchanged": told.failed})
    if told.changed or told.failed:
        context = {"told": told, "asset": asset, "href": goto}
        return render(request, "asset/_renamed.html" if is_htmx(request) else "asset/renamed.html", context)
    return answer(request, goto=goto, headers={"HX-Redirect": goto})


ROUTES: list[ControllerRouterHandler] = [create_form, create, clone, rename_form, rename]
