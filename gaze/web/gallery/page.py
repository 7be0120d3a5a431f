"""The gallery page: a window of the images that pass, their filters and the rail of dates."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import msgspec
from litestar import Request, Response, get
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.errors import NotFound, Refusal
from gaze.library.alike import alike
from gaze.library.imagequery import FoundImages
from gaze.library.imagerow import Row
from gaze.web import forms
from gaze.web.answer import HTML, answer, is_htmx, render
from gaze.web.forms import Values
from gaze.web.gallery.ask import Ask, ask_of, begins_at
from gaze.web.gallery.filters import Bar, bar_of, menu_of
from gaze.web.gallery.tiles import Day, Month, alike_of, days_of, rail_of

AnyRequest = Request[Any, Any, Any]
MOST_ALIKE = 120


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What the gallery page shows. `next` is the key before which the next window begins, `top` the newest key shown,
    `newer` the address of the window above the first."""

    ask: Ask
    bar: Bar
    days: list[Day]
    rail: list[Month]
    total: int
    of: int
    top: int
    next: int | None
    newer: str
    reading: tuple[int, int] | None


@get("/gallery", include_in_schema=False)
async def page(request: AnyRequest, gaze: Context) -> Response[Any]:
    """Images, newest first; `fragment` asks for a window, the news since a key, or the values of a facet."""
    given = await forms.values(request)
    ask = ask_of(given)
    match forms.one(given, "fragment"):
        case "window":
            return await _window(request, gaze, ask)
        case "news":
            return await _news(request, gaze, ask, given)
        case "facet":
            return await _facet(request, gaze, ask, given)
        case "pics":
            part = "gallery/_pics_swap.html"
        case _:
            part = "gallery/_gallery.html"
    view, rows = await asyncio.to_thread(view_of, gaze, ask)
    return answer(
        request,
        page="gallery/index.html",
        fragment=part,
        data=page_json(gaze, view, rows),
        headers={"HX-Replace-Url": ask.here} if part == "gallery/_pics_swap.html" else None,
        context={"view": view, "image": None, "categories": gaze.categories},
        place="gallery",
    )


def view_of(gaze: Context, ask: Ask, around: Row | None = None) -> tuple[View, list[Row]]:
    """The page for what was asked, and its rows; with `around` its window holds that image."""
    found = find(gaze, ask)
    before = ask.before
    if around and (place := found.place(around)) is not None:
        first = found.at(max(0, place - ask.limit // 3))
        before = first.key + 1 if first else None
    elif ask.at:
        before = begins_at(ask.at)
    rows = found.rows[::-1] if ask.like else found.before(before, ask.limit)
    newest = found.at(0)
    above = bool(rows and newest and newest.key > rows[0].key and not ask.like)
    done, waiting = gaze.library.images.progress
    view = View(
        ask=ask,
        bar=bar_of(ask, found, gaze.library.name_of),
        days=alike_of(gaze, rows) if ask.like else days_of(gaze, ask, found, rows),
        rail=[] if ask.like else rail_of(ask, found),
        total=found.total,
        of=len(gaze.library.images),
        top=newest.key if newest else 0,
        next=next_of(found, rows) if not ask.like else None,
        newer=ask.window(after=str(rows[0].key)) if above else "",
        reading=(done, waiting) if done < waiting else None,
    )
    return view, rows


def find(gaze: Context, ask: Ask) -> FoundImages:
    """The images that pass; with `like` those most like one, the most alike first. Raises NotFound."""
    if not ask.like:
        return gaze.library.find_images(ask.query)
    row = gaze.library.images.get(ask.like)
    if row is None:
        raise NotFound(f"There is no image «{ask.like}».")
    found = gaze.library.find_images(ask.query)
    return FoundImages(alike(row, found.rows, MOST_ALIKE)[::-1], found.counts, {})


def next_of(found: FoundImages, rows: list[Row]) -> int | None:
    """The key before which the window after these rows begins; None after the last."""
    return rows[-1].key if rows and rows[-1] is not found.rows[0] else None


async def _window(request: AnyRequest, gaze: Context, ask: Ask) -> Response[Any]:
    """The next window down (`before`) or up (`after`)."""

    def work() -> dict[str, Any]:
        found = gaze.library.find_images(ask.query)
        if ask.after is not None:
            rows = found.after(ask.after, ask.limit)
            newest = found.at(0)
            more = bool(rows and newest and newest.key > rows[0].key)
            newer = ask.window(after=str(rows[0].key)) if more else ""
            return {"ask": ask, "days": days_of(gaze, ask, found, rows), "next": None, "newer": newer}
        rows = found.before(ask.before, ask.limit)
        days = days_of(gaze, ask, found, rows, goes_on=True)
        return {"ask": ask, "days": days, "next": next_of(found, rows), "newer": ""}

    context = await asyncio.to_thread(work)
    if is_htmx(request):
        return render(request, "gallery/_window.html", context)
    view, _ = await asyncio.to_thread(view_of, gaze, ask)  # a link followed without JavaScript
    return render(
        request, "gallery/index.html", {"view": view, "image": None, "categories": gaze.categories}, place="gallery"
    )


async def _news(request: AnyRequest, gaze: Context, ask: Ask, given: Values) -> Response[Any]:
    """How many images came since the newest that an open page shows: never inserted under the pointer."""
    since = forms.whole(given, "top", 0, 2**72, 0)
    found = await asyncio.to_thread(gaze.library.find_images, ask.query)
    done, waiting = gaze.library.images.progress
    reading = (done, waiting) if done < waiting else None
    context = {"ask": ask, "count": found.newer(since), "total": found.total, "of": len(gaze.library.images)}
    return render(request, "gallery/_news.html", {**context, "reading": reading})


async def _facet(request: AnyRequest, gaze: Context, ask: Ask, given: Values) -> Response[Any]:
    """The values of a facet that hold what was typed."""
    name = forms.one(given, "facet")
    found = await asyncio.to_thread(gaze.library.find_images, ask.query)
    if name not in ("asset", "checkpoint", "lora", "size", "tool", "category"):
        raise Refusal("facet can be asset, checkpoint, lora, size, tool or category.", field="facet")
    menu = menu_of(ask, found.counts, name, gaze.library.name_of, forms.one(given, "find")[:100])
    html = request.app.state.render("gallery/_menu_items.html", menu=menu, categories=gaze.categories)
    return Response(html, media_type=HTML)


def page_json(gaze: Context, view: View, rows: list[Row]) -> dict[str, Any]:
    """The page as programs get it."""
    return {
        "images": [image_json(gaze, row) for row in rows],
        "total": view.total,
        "next": view.next and str(view.next),
    }


def image_json(gaze: Context, row: Row) -> dict[str, Any]:
    """An image as programs get it. Seeds are text, for JavaScript would round them."""
    return {
        "path": row.path,
        "url": f"/static/uploads/{quote(row.path)}",
        "created": datetime.fromtimestamp(row.time_s, UTC).isoformat(timespec="milliseconds"),
        "width": row.width,
        "height": row.height,
        "is_favourite": row.favourite,
        "is_nsfw": gaze.library.image_nsfw(row),
        "seed": None if row.seed is None else str(row.seed),
        "checkpoint": row.checkpoint or None,
        "assets": list(row.assets),
        "loras": list(row.loras),
        "batch": row.batch or None,
        "tool": row.tool or None,
        "problem": row.mark or None,
    }


ROUTES: list[ControllerRouterHandler] = [page]
