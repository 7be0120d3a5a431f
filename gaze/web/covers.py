"""Pictures for many assets at once: covers that are missing, all of them cleared, what is selected."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.asset import Asset
from gaze.core.category import Category
from gaze.core.errors import Refusal
from gaze.core.recipe import RANDOM
from gaze.jobs.batch import Batch, Left, Wanted, generate_batch
from gaze.jobs.generate import Order
from gaze.library.query import Query
from gaze.library.undo import Uncovered, keep
from gaze.web import forms
from gaze.web.answer import HTML, answer, is_htmx, toast
from gaze.web.choices import last_choices
from gaze.web.library import category_of
from gaze.web.loras import without_usual_weights
from gaze.web.recipe_form import asset_recipe
from gaze.web.undo import address

AnyRequest = Request[Any, Any, Any]


def cover_wanted(gaze: Context, asset: Asset, order: Order) -> Wanted:
    """The recipe of an asset's cover: its page's last choices, else somebody drawn from the characters.

    (Specification pages, "generate_missing".) A preset is what it is. Raises Refusal where no recipe can be made.
    """
    shelf = gaze.library.shelf()
    given = last_choices(gaze.library.preferences.of(asset.category.name, asset.slug), gaze.categories)
    given.pop("count", None)
    person = next((category for category in gaze.categories.values() if category.choice == "character"), None)
    drawn = person and person is not asset.category and not asset.category.has_recipe and shelf.choices(person.name)
    if drawn and not any(category.choice in given for category in gaze.categories.values()):
        given["character"] = [RANDOM]
    if asset.category.owner:
        given.pop(gaze.categories[asset.category.owner].choice, None)  # its own
    recipe = without_usual_weights(gaze, asset_recipe(asset, given, shelf))
    return Wanted(asset.name, msgspec.structs.replace(recipe, count=1), order)


async def queue_pictures(gaze: Context, assets: Sequence[Asset], label: str, order: Callable[[Asset], Order]) -> Batch:
    """A batch with one picture of each asset."""
    wanted, left = [], []
    for asset in assets:
        try:
            wanted.append(cover_wanted(gaze, asset, order(asset)))
        except Refusal as refusal:
            left.append(Left(asset.name, refusal.message))
    made = await generate_batch(wanted, label, gaze.library.shelf(), gaze.rng, gaze.queue, gaze.pool)
    return msgspec.structs.replace(made, left=[*left, *made.left])


def missing(gaze: Context, categories: Sequence[Category]) -> list[Asset]:
    """Assets without a cover, in order of name, category by category."""
    found: list[Asset] = []
    for category in categories:
        page = gaze.library.query(category.name, Query(no_cover=True, limit=10**9))
        found += sorted((card.asset for card in page.cards), key=lambda asset: asset.name.casefold())
    return found


def _wanted_categories(gaze: Context, name: str) -> list[Category]:
    """Those a request names: one, `all`, or the first as in the earlier program."""
    if name == "all":
        return list(gaze.categories.values())
    return [category_of(gaze, name or next(iter(gaze.categories)))]


@post("/generate_missing", include_in_schema=False)
async def generate_missing(request: AnyRequest, gaze: Context) -> Response[Any]:
    """A cover for every asset that has none, of `category` (`all`: every one)."""
    return await _generate_missing(request, gaze, forms.one(await forms.values(request), "category"))


@post("/{category:str}/generate_missing", include_in_schema=False)
async def generate_missing_of(request: AnyRequest, gaze: Context, category: str) -> Response[Any]:
    """A cover for every asset of the category that has none."""
    return await _generate_missing(request, gaze, category)


async def _generate_missing(request: AnyRequest, gaze: Context, name: str) -> Response[Any]:
    categories = _wanted_categories(gaze, name)
    assets = await asyncio.to_thread(missing, gaze, categories)
    label = f"Missing covers of {categories[0].name}" if len(categories) == 1 else "All missing covers"
    made = await queue_pictures(gaze, assets, label, lambda asset: Order(kind="cover", label=asset.name))
    return await queued(request, made, "cover", f"/{categories[0].name}/", "Every one has a cover.")


@post("/{category:str}/generate_stale", include_in_schema=False)
async def generate_stale(request: AnyRequest, gaze: Context, category: str) -> Response[Any]:
    """A new cover for every asset that changed since its cover was made."""
    category_of(gaze, category)
    slugs = await asyncio.to_thread(gaze.library.stale, category)
    assets = [asset for slug in slugs if (asset := gaze.library.find(category, slug))]
    label = f"Older covers of {category}"
    made = await queue_pictures(
        gaze, assets, label, lambda asset: Order(kind="cover", action="replace", label=asset.name)
    )
    return await queued(request, made, "cover", f"/{category}/", "No cover is older than its asset.")


@post("/clear_all_covers", include_in_schema=False)
async def clear_covers(request: AnyRequest, gaze: Context) -> Response[Any]:
    """No asset of `category` has a cover any more; the images stay."""
    return await _clear(request, gaze, forms.one(await forms.values(request), "category"))


async def _clear(request: AnyRequest, gaze: Context, name: str) -> Response[Any]:
    categories = _wanted_categories(gaze, name)
    before = await asyncio.to_thread(_clear_covers, gaze, categories)
    undo = address(await asyncio.to_thread(keep, gaze.library.root, before))
    if is_htmx(request):
        covers = f"{len(before):,} cover{'s' if len(before) != 1 else ''}"
        text = f"{covers} cleared; the images are kept." if before else "There was no cover to clear."
        return Response(toast(request, text, "ok", undo), media_type=HTML, status_code=200)
    return answer(request, data={"cleared": len(before), "undo": undo}, goto=f"/{categories[0].name}/")


def _clear_covers(gaze: Context, categories: Sequence[Category]) -> list[Uncovered]:
    cleared = []
    for category in categories:
        for card in gaze.library.query(category.name, Query(limit=10**9)).cards:
            if card.cover:
                gaze.library.preferences.set_cover(category.name, card.asset.slug, None)
                cleared.append(Uncovered(category.name, card.asset.slug, card.cover))
    return cleared


async def queued(request: AnyRequest, made: Batch, what: str, goto: str, nothing: str) -> Response[Any]:
    """The answer to a batch: how many were queued, and why others were not."""
    await request.app.state.live.look()
    ids = [job.id for job in made.jobs]
    if is_htmx(request):
        count = len(ids)
        text = f"{count:,} {what}{'s' if count != 1 else ''} queued." if count else nothing
        html = toast(request, text, "ok") if count or not made.left else ""
        if made.left:
            left = made.left[0]
            html += toast(request, f"{len(made.left)} could not be made; {left.name}: {left.message}", "bad")
        return Response(html, media_type=HTML, status_code=200)
    data = {"job_ids": ids, "batch": made.id, "status": "queued", "failed": made.left}
    return answer(request, data=data, goto=goto)


def routes(categories: Sequence[Category]) -> list[ControllerRouterHandler]:
    """The addresses that carry a category's name, made from the declarations."""
    return [route for category in categories for route in (_get_missing(category), _clear_all(category))]


def _get_missing(category: Category) -> ControllerRouterHandler:
    @get(f"/get_missing_{category.name}", include_in_schema=False)
    async def get_missing(request: AnyRequest, gaze: Context) -> Response[Any]:
        found = await asyncio.to_thread(missing, gaze, [category])
        data = {"missing": [{"slug": asset.slug, "name": asset.name} for asset in found]}
        return Response(msgspec.json.encode(data), media_type="application/json")

    return get_missing


def _clear_all(category: Category) -> ControllerRouterHandler:
    @post(f"/clear_all_{category.one}_covers", include_in_schema=False)
    async def clear_all(request: AnyRequest, gaze: Context) -> Response[Any]:
        return await _clear(request, gaze, category.name)

    return clear_all


ROUTES: list[ControllerRouterHandler] = [generate_missing, generate_missing_of, generate_stale, clear_covers]
