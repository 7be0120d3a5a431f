"""Library pages: the cards of a category, filtered, sorted and searched."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.category import Category
from gaze.core.errors import NotFound
from gaze.library.models import kind_of
from gaze.library.query import Card, Page, Query
from gaze.web import forms
from gaze.web.answer import HTML, answer, is_htmx, render
from gaze.web.filters import filters_of, more_url
from gaze.web.forms import Values
from gaze.web.views import checkpoints

AnyRequest = Request[Any, Any, Any]
# Names offered while one types a choice.
MOST_OPTIONS = 200


@get("/", include_in_schema=False)
async def home(request: AnyRequest, gaze: Context) -> Response[Any]:
    """The first category's library: characters."""
    return await _library(request, gaze, next(iter(gaze.categories)))


@get("/{category:str}", include_in_schema=False)
async def library(request: AnyRequest, gaze: Context, category: str) -> Response[Any]:
    """The library of a category."""
    return await _library(request, gaze, category)


@post("/{category:str}/rescan", include_in_schema=False)
async def rescan(request: AnyRequest, gaze: Context, category: str) -> Response[Any]:
    """Read all files again."""
    category_of(gaze, category)
    await asyncio.to_thread(gaze.library.rescan)
    gaze.model_files.wake()
    return answer(
        request,
        fragment="_toast.html",
        data={"status": "rescanned"},
        goto=f"/{category}/",
        context={"text": "All files were read again.", "kind": "ok"},
    )


def category_of(gaze: Context, name: str) -> Category:
    """A declared category. Raises NotFound."""
    if name not in gaze.categories:
        raise NotFound(f"There is no page «{name}».")
    return gaze.categories[name]


async def _library(request: AnyRequest, gaze: Context, name: str) -> Response[Any]:
    category = category_of(gaze, name)
    given = await forms.values(request)
    query = forms.query(category, given)
    fragment = forms.one(given, "fragment")
    if fragment == "options":
        return _options(request, gaze, category, given)
    if fragment == "slugs":
        return Response({"slugs": gaze.library.slugs(category.name, query)}, status_code=200)
    if fragment == "library":
        # Asked for again by an open page: as many cards as it had.
        query = msgspec.structs.replace(query, offset=0, limit=min(max(query.limit, 60), 500))
    page = gaze.library.query(category.name, query)
    filters = filters_of(category, query, page)
    context = {
        "category": category,
        "page": page,
        "query": query,
        "filters": filters,
        "jobs": request.app.state.live.jobs,
        "more_url": more_url(category, query, page.next or 0),
        "can_copy": _can_copy(gaze),
        "loose": await asyncio.to_thread(_loose, gaze, category, query),
        "selecting": forms.one(given, "select") == "on",
        "tag_fields": [field for field in category.sections.get("tags", ()) if field.kind != "switch"],
    }
    if fragment == "more":
        whole = "library/_more.html" if is_htmx(request) else "library/index.html"
        return render(request, whole, {**context, **_welcome(request, gaze, query)})
    part = {"cards": "library/_list.html", "library": "library/_library.html"}.get(fragment, "library/_library.html")
    headers = {"HX-Replace-Url": filters.here} if fragment == "cards" else None
    return answer(
        request,
        page="library/index.html",
        fragment=part,
        data=listing(category, page) | ({"files": context["loose"]} if category.chosen_by_id else {}),
        headers=headers,
        context={**context, **_welcome(request, gaze, query)},
    )


def _loose(gaze: Context, category: Category, query: Query) -> list[str]:
    """Model files without an entry, where a recipe can choose them all the same; none while anything is filtered by.

    A search finds them by file name.
    """
    if (
        not category.chosen_by_id
        or query.offset
        or msgspec.structs.replace(query, q="", limit=60, group_by="") != Query(sort=query.sort)
    ):
        return []
    words = query.q.casefold().split()
    entries = set(gaze.library.shelf().choices(category.name))
    files = gaze.model_files.whole(kind_of(category)) - entries
    found = [path for path in files if all(word in path.casefold() for word in words)]
    return sorted(found, key=str.casefold)[:MOST_OPTIONS]


def _welcome(request: AnyRequest, gaze: Context, query: Query) -> dict[str, Any]:
    """The first-start panels: on the home page, while the simulator draws, until hidden."""
    live = request.app.state.live
    shown = (
        request.url.path == "/"
        and live.status.simulator
        and query == Query()
        and request.cookies.get("welcome") != "hide"
    )
    first = None
    if shown:
        cards = gaze.library.query(next(iter(gaze.categories)), Query(limit=1)).cards
        first = cards[0].asset if cards else None
    return {"welcome": shown, "first": first, "address": "", "tested": None}


def _can_copy(gaze: Context) -> bool:
    """Whether the starter library could be copied into this root."""
    return not any(gaze.library.counts().values()) and (gaze.program / "data") != (gaze.settings().root / "data")


def _options(request: AnyRequest, gaze: Context, category: Category, given: Values) -> Response[Any]:
    """Choices to pick from while one types, the name's beginning first."""
    typed = next((forms.one(given, key) for key in (category.choice, "q") if forms.one(given, key)), "")
    found = gaze.library.query(category.name, Query(q=typed[:100], limit=MOST_OPTIONS)).cards
    options = [(card.asset.choice, card.asset.name) for card in found]
    if category.chosen_by_id:
        known = {choice for choice, _ in options}
        options += [
            (path, name) for path, name in checkpoints(gaze) if path not in known and typed.lower() in path.lower()
        ]
    html = request.app.state.render("library/_options.html", options=[("__random__", "Random"), *options])
    return Response(html, media_type=HTML)


def listing(category: Category, page: Page) -> dict[str, Any]:
    """A list as programs get it (specification pages, REST API)."""
    return {
        category.name: [card_json(card) for card in page.cards],
        "total": page.total,
        "next": page.next,
        "counts": page.counts,
    }


def card_json(card: Card) -> dict[str, Any]:
    asset = card.asset
    return {
        "id": asset.id,
        "slug": asset.slug,
        "name": asset.name,
        "has_cover": bool(card.cover),
        "cover": f"/static/uploads/{card.cover}" if card.cover else None,
        "is_favourite": card.favourite,
        "is_nsfw": card.nsfw,
        "has_problem": card.problem,
        "missing_lora": card.missing_lora,
        "images": card.image_count,
        "path": asset.path,
        "version": asset.version,
    }


ROUTES: list[ControllerRouterHandler] = [home, library, rescan]
