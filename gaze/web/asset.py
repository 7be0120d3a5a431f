"""The page of one asset: its data, its pictures, its prompt, and Generate."""

from __future__ import annotations

import asyncio
from typing import Any

import redis
from litestar import Request, Response, get, post
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.asset import Asset
from gaze.core.errors import NoSuchAsset, NotFound, Refusal, Unusable
from gaze.jobs.generate import Made, Order, generate
from gaze.jobs.record import Job
from gaze.web import forms
from gaze.web.answer import HTML, answer, is_htmx, render, toast, wants_json
from gaze.web.choices import choices_to_keep
from gaze.web.detail import Detail, detail, preview
from gaze.web.edit import form_context
from gaze.web.editing.opened import form_of, opened
from gaze.web.forms import Values
from gaze.web.library import card_json, category_of
from gaze.web.loras import without_usual_weights
from gaze.web.recipe_form import action, asset_recipe, selection

AnyRequest = Request[Any, Any, Any]


@get("/{category:str}/{slug:str}", include_in_schema=False)
async def page(request: AnyRequest, gaze: Context, category: str, slug: str) -> Response[Any]:
    """An asset; a file that was never good has a page that says why."""
    category_of(gaze, category)
    asset = gaze.library.find(category, slug)
    if asset is None:
        return await _missing(request, gaze, category, slug)
    given = await forms.values(request)
    view = await _view(request, gaze, asset, given)
    fragment = "asset/_file_rows.html" if view.files and forms.one(given, "fragment") == "files" else ""
    return answer(
        request,
        page="asset/model.html" if view.files else "asset/detail.html",
        fragment=fragment or "asset/_detail.html",
        data={**card_json(view.card), "data": asset.data},
        context={"view": view, "preview": preview(gaze, asset, given), **await _editor(gaze, view)},
    )


async def _editor(gaze: Context, view: Detail) -> dict[str, Any]:
    """The form that the page of a model shows; nothing for other pages."""
    if view.files is None or view.tab != "fields":
        return {}
    found = await asyncio.to_thread(opened, gaze, view.asset.category.name, view.asset.slug)
    return form_context(found, await asyncio.to_thread(form_of, gaze, found, {}))


async def _missing(request: AnyRequest, gaze: Context, category: str, slug: str) -> Response[Any]:
    path = gaze.library.broken(category, slug)
    if path is None:
        if is_htmx(request):
            gone = request.app.state.render("asset/_gone.html", category=gaze.categories[category])
            return Response(gone, media_type=HTML, status_code=200)
        raise NoSuchAsset(category, slug, gaze.library.shelf().choices(category))
    problems = gaze.library.problem_of(category, slug)
    if wants_json(request):
        raise Refusal(str(problems[0]) if problems else f"{path} cannot be used.", status=422, code="unusable")
    context = {
        "path": path,
        "problems": problems,
        "category": gaze.categories[category],
        "slug": slug,
    }
    return render(request, "asset/_broken.html" if is_htmx(request) else "asset/broken.html", context, status=200)


@post("/{category:str}/{slug:str}/generate", include_in_schema=False)
async def generate_images(request: AnyRequest, gaze: Context, category: str, slug: str) -> Response[Any]:
    """Queue pictures of the asset; the answer is the picture's place with the job in it."""
    asset = gaze.library.get(category, slug)
    given = await forms.values(request)
    made = await order(gaze, asset, given)
    if "fields_shown" in given:
        kept = {**choices_to_keep(given, gaze.categories), "last_seed": str(made.jobs[0].seed)}
        await asyncio.to_thread(gaze.library.preferences.set, category, slug, kept)
    await request.app.state.live.look()
    view = await _view(request, gaze, asset, given)
    ids = [job.id for job in made.jobs]
    return answer(
        request,
        fragment="asset/_hero.html",
        data={"job_id": ids[0], "job_ids": ids, "status": "queued", "notes": made.notes},
        goto=f"/{category}/{slug}",
        context={"view": view},
    )


async def order(gaze: Context, asset: Asset, given: Values) -> Made:
    """Jobs for what an asset's page or its API asks. Raises Refusal, Unavailable."""
    shelf = gaze.library.shelf()
    recipe = without_usual_weights(gaze, asset_recipe(asset, given, shelf))
    wish = Order(action=action(given), label=asset.name)
    try:
        return await generate(recipe, shelf, gaze.rng, gaze.queue, gaze.pool, wish)
    except Unusable as refusal:
        if "checkpoint" in refusal.message:
            refusal.offers = gaze.models.checkpoints
        raise


@post("/{category:str}/{slug:str}/preview_prompt", include_in_schema=False)
async def preview_prompt(request: AnyRequest, gaze: Context, category: str, slug: str) -> Response[Any]:
    """The prompts that the page's choices would make, each item with where it came from."""
    asset = gaze.library.get(category, slug)
    given = await forms.values(request)
    made = preview(gaze, asset, given)
    data = {tab.name: tab.text for tab in made.tabs} | {"notes": made.notes, "errors": made.errors}
    context = {"preview": made, "view": detail(gaze, request.app.state.live, asset, given)}
    return answer(
        request,
        fragment="asset/_preview_answer.html",
        page="asset/_preview.html",
        data=data,
        status=200,
        context=context,
    )


@post("/{category:str}/{slug:str}/save_defaults", include_in_schema=False)
async def save_defaults(request: AnyRequest, gaze: Context, category: str, slug: str) -> Response[Any]:
    """Keep the field selection as the asset's usual one."""
    asset = gaze.library.get(category, slug)
    given = await forms.values(request)
    fields = selection(asset, given)
    chosen = None if fields == ["*"] else fields
    await asyncio.to_thread(gaze.library.preferences.save_defaults, category, slug, chosen)
    return _done(request, asset, "These fields are now the usual ones.", {"default_fields": chosen})


@post("/{category:str}/{slug:str}/favourite", include_in_schema=False)
async def favourite(request: AnyRequest, gaze: Context, category: str, slug: str) -> Response[Any]:
    """Turn the favourite mark over."""
    asset = gaze.library.get(category, slug)
    on = await asyncio.to_thread(gaze.library.preferences.favourite, category, slug)
    return _done(request, asset, "", {"is_favourite": on})


@post("/{category:str}/{slug:str}/nsfw", include_in_schema=False)
async def nsfw(request: AnyRequest, gaze: Context, category: str, slug: str) -> Response[Any]:
    """Turn `tags.nsfw` over, in the asset's file."""
    asset = await asyncio.to_thread(gaze.library.writing.nsfw, category, slug)
    return _done(request, asset, "", {"is_nsfw": asset.nsfw})


@post("/{category:str}/{slug:str}/replace_cover_from_preview", include_in_schema=False)
async def replace_cover(request: AnyRequest, gaze: Context, category: str, slug: str) -> Response[Any]:
    """Make the last preview the cover. 404 if there is none."""
    asset = gaze.library.get(category, slug)
    image = str(gaze.library.preferences.of(category, slug).get("last_preview") or "")
    if not image:
        raise NotFound(f"There is no preview of {asset.name} to make its cover.")
    await asyncio.to_thread(gaze.library.preferences.set_cover, category, slug, image)
    await asyncio.to_thread(gaze.library.preferences.set, category, slug, {"last_preview": None})
    return _done(request, asset, "", {"cover": image})


@post("/{category:str}/{slug:str}/discard_preview", include_in_schema=False)
async def discard_preview(request: AnyRequest, gaze: Context, category: str, slug: str) -> Response[Any]:
    """Show the cover again; the picture stays among the asset's images."""
    asset = gaze.library.get(category, slug)
    await asyncio.to_thread(gaze.library.preferences.set, category, slug, {"last_preview": None})
    return _done(request, asset, "", {"last_preview": None})


@post("/{category:str}/{slug:str}/cover", include_in_schema=False)
async def cover(request: AnyRequest, gaze: Context, category: str, slug: str) -> Response[Any]:
    """Make any image of the library the cover; `image` is its path below static/uploads."""
    asset = gaze.library.get(category, slug)
    image = forms.one(await forms.values(request), "image")
    await asyncio.to_thread(gaze.library.preferences.set_cover, category, slug, image)
    return _done(request, asset, "The cover was changed.", {"cover": image})


def _done(request: AnyRequest, asset: Asset, text: str, data: dict[str, Any]) -> Response[Any]:
    """The change shows by its event; a toast says so where nothing on the page would."""
    if is_htmx(request):
        return Response(toast(request, text) if text else "", media_type=HTML, status_code=200)
    return answer(request, data=data, goto=f"/{asset.category.name}/{asset.slug}")


async def _view(request: AnyRequest, gaze: Context, asset: Asset, given: Values) -> Detail:
    failed = await _last_failed(gaze, asset)
    return await asyncio.to_thread(detail, gaze, request.app.state.live, asset, given, failed)


async def _last_failed(gaze: Context, asset: Asset) -> Job | None:
    """The asset's newest job, if it failed: its page says why."""
    try:
        listing = await gaze.queue.listing("comfy", window=0, recent=20)
    except redis.RedisError:
        return None
    mine = [job for job in listing.recent if (job.category, job.slug) == (asset.category.name, asset.slug)]
    return mine[0] if mine and mine[0].status == "failed" else None


ROUTES: list[ControllerRouterHandler] = [
    page,
    generate_images,
    preview_prompt,
    save_defaults,
    favourite,
    nsfw,
    replace_cover,
    discard_preview,
    cover,
]
