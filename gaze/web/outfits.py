"""The outfits of an asset whose wardrobe holds several (`Category.has_outfits`)."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Request, Response, post
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.asset import Asset
from gaze.web import forms
from gaze.web.answer import HTML, answer, is_htmx, toast, wants_json
from gaze.web.editing import wardrobe
from gaze.web.forms import one
from gaze.web.library import category_of

AnyRequest = Request[Any, Any, Any]


@post("/{category:str}/{slug:str}/outfit/switch", include_in_schema=False)
async def switch(request: AnyRequest, gaze: Context, category: str, slug: str) -> Response[Any]:
    """Wear an outfit on the asset's page from now on."""
    asset, given = await _asked(request, gaze, category, slug)
    await asyncio.to_thread(wardrobe.switch, gaze.library, asset, one(given, "name"))
    return _done(request, gaze, asset, given, "")


@post("/{category:str}/{slug:str}/outfit/add", include_in_schema=False)
async def add(request: AnyRequest, gaze: Context, category: str, slug: str) -> Response[Any]:
    """A new outfit: empty, or as `copy_of` is."""
    asset, given = await _asked(request, gaze, category, slug)
    made = await asyncio.to_thread(wardrobe.add, gaze.library, asset, one(given, "name"), one(given, "copy_of"))
    return _done(request, gaze, asset, given, f"Outfit «{made}» was added.", made)


@post("/{category:str}/{slug:str}/outfit/delete", include_in_schema=False)
async def delete(request: AnyRequest, gaze: Context, category: str, slug: str) -> Response[Any]:
    """Take an outfit out of the file."""
    asset, given = await _asked(request, gaze, category, slug)
    await asyncio.to_thread(wardrobe.delete, gaze.library, asset, one(given, "name"))
    return _done(request, gaze, asset, given, f"Outfit «{one(given, 'name')}» was deleted.")


@post("/{category:str}/{slug:str}/outfit/rename", include_in_schema=False)
async def rename(request: AnyRequest, gaze: Context, category: str, slug: str) -> Response[Any]:
    """Another name for an outfit; recipes that wear it follow."""
    asset, given = await _asked(request, gaze, category, slug)
    wish = one(given, "new_name")
    changed = await asyncio.to_thread(wardrobe.rename, gaze.library, asset, one(given, "name"), wish)
    also = f" {len(changed)} file{'s' if len(changed) != 1 else ''} that name it followed." if changed else ""
    return _done(request, gaze, asset, given, f"The outfit is now «{wish}».{also}", wish, changed)


async def _asked(request: AnyRequest, gaze: Context, category: str, slug: str) -> tuple[Asset, forms.Values]:
    category_of(gaze, category)
    return gaze.library.get(category, slug), await forms.values(request)


def _done(
    request: AnyRequest,
    gaze: Context,
    asset: Asset,
    given: forms.Values,
    text: str,
    shown: str = "",
    changed: list[str] | None = None,
) -> Response[Any]:
    """The change shows by its event; a toast says what was done."""
    if is_htmx(request) and not wants_json(request):
        return Response(toast(request, text) if text else "", media_type=HTML, status_code=200)
    now = gaze.library.get(asset.category.name, asset.slug)
    data = {"outfits": list(now.outfits), "version": now.version, "changed": changed or []}
    ending = "/edit#s-wardrobe" if one(given, "then") == "edit" else ""
    return answer(request, data=data, goto=f"/{asset.category.name}/{asset.slug}{ending}")


ROUTES: list[ControllerRouterHandler] = [switch, add, delete, rename]
