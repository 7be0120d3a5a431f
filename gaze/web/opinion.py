"""What the user thinks of an asset: stars and notes, kept in its state (specification data, "User state")."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Request, Response, post
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.errors import Refusal
from gaze.library.query import MOST_STARS
from gaze.web import forms
from gaze.web.answer import HTML, answer, is_htmx

AnyRequest = Request[Any, Any, Any]
MOST_LETTERS = 20_000


@post("/{category:str}/{slug:str}/rating", include_in_schema=False)
async def rating(request: AnyRequest, gaze: Context, category: str, slug: str) -> Response[Any]:
    """Give 0 to 5 stars. Raises Refusal."""
    stars = forms.whole(await forms.values(request), "rating", 0, MOST_STARS, 0)
    return await _keep(request, gaze, category, slug, {"rating": stars})


@post("/{category:str}/{slug:str}/notes", include_in_schema=False)
async def notes(request: AnyRequest, gaze: Context, category: str, slug: str) -> Response[Any]:
    """Keep the notes; search finds them. Raises Refusal if they are too long."""
    text = "\n".join(forms.one(await forms.values(request), "notes").splitlines())
    if len(text) > MOST_LETTERS:
        raise Refusal(f"The notes have {len(text):,} letters; at most {MOST_LETTERS:,} are kept.", field="notes")
    return await _keep(request, gaze, category, slug, {"notes": text})


async def _keep(request: AnyRequest, gaze: Context, category: str, slug: str, values: dict[str, Any]) -> Response[Any]:
    await asyncio.to_thread(gaze.library.preferences.set, category, slug, values)
    if is_htmx(request):
        return Response("", media_type=HTML, status_code=200)  # the page follows by its event
    return answer(request, data=values, goto=f"/{category}/{slug}")


ROUTES: list[ControllerRouterHandler] = [rating, notes]
