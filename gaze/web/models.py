"""Model files on pages: another file for what is missing."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Request, Response, post
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.web import forms
from gaze.web.answer import answer
from gaze.web.editing.relink import Relinked, relink
from gaze.web.library import category_of

AnyRequest = Request[Any, Any, Any]


@post("/models/relink", include_in_schema=False)
async def relink_file(request: AnyRequest, gaze: Context) -> Response[Any]:
    """Write the file `to` into `category`/`slug`, with `all` into every asset that names the same missing one."""
    given = await forms.values(request)
    category = category_of(gaze, forms.one(given, "category"))
    asset = gaze.library.get(category.name, forms.one(given, "slug"))
    old, to, everywhere = forms.one(given, "old"), forms.one(given, "to"), forms.on(given, "all")
    told = await asyncio.to_thread(relink, gaze.library, gaze.model_files, asset, old, to, everywhere)
    back = forms.one(given, "back")
    return answer(
        request,
        fragment="_toast.html",
        data={"to": told.to, "changed": told.changed, "unchanged": told.failed},
        goto=back if back.startswith("/") and not back.startswith("//") else "/problems",
        context={"text": _in_words(told), "kind": "warn" if told.failed else "ok"},
    )


def _in_words(told: Relinked) -> str:
    number = len(told.changed)
    name = told.to.rsplit("/", 1)[-1]
    text = f"{name} is named in {number} file{'s' if number != 1 else ''} now."
    return f"{text} Not changed: {' '.join(told.failed)}" if told.failed else text


ROUTES: list[ControllerRouterHandler] = [relink_file]
