"""The generator: mix and match. Its address holds the whole recipe, so that it can be shared and gone back to."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

import msgspec
from litestar import Request, Response, get, post
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.category import Category
from gaze.core.errors import NotFound, Refusal, Unusable
from gaze.core.mix import HOWS, How, add, bare, combine, drop, shuffle
from gaze.core.plantext import preset_recipe, read_recipe
from gaze.core.recipe import RANDOM, Recipe, to_json
from gaze.jobs.generate import Made, Order, generate
from gaze.jobs.record import now
from gaze.web import forms
from gaze.web.answer import HTML, answer, is_htmx, render, toast, wants_json
from gaze.web.body import json_object
from gaze.web.forms import Values
from gaze.web.loras import without_usual_weights
from gaze.web.mix import mix_of
from gaze.web.outs import outs_of
from gaze.web.preview import Preview, preview_for
from gaze.web.recipe_form import SIZES, recipe_of, recipe_url

AnyRequest = Request[Any, Any, Any]


@get("/generator", include_in_schema=False)
async def page(request: AnyRequest, gaze: Context) -> Response[Any]:
    """The page of a recipe; an act (`add`, `drop`, `random`, `apply`, `shuffle`, `recipe`) leads to the changed one.

    htmx gets the rows and the prompt, and the new address; after an act that changes more than choices the whole.
    """
    given = await forms.values(request)
    recipe, whole = await asyncio.to_thread(_acted, gaze, given)
    url = recipe_url(recipe, gaze.categories)
    if not is_htmx(request) and not wants_json(request) and _is_act(given):
        return Redirect(url, status_code=303)
    made = await asyncio.to_thread(preview_for, gaze, recipe)
    mix = await asyncio.to_thread(mix_of, gaze, recipe, given)
    context = {
        "mix": mix,
        "preview": made,
        "sizes": SIZES,
        "outs": await outs_of(gaze),
    }
    return answer(
        request,
        page="generator/index.html",
        fragment="generator/_whole.html" if whole else "generator/_changed.html",
        data={"url": url, "recipe": to_json(recipe), **_preview_json(made)},
        headers=_address(request, url),
        place="generator",
        context=context,
    )


@post("/generator/preview_prompt", include_in_schema=False)
async def preview_prompt(request: AnyRequest, gaze: Context) -> Response[Any]:
    """The prompts of what is chosen and typed, each item with where it came from."""
    recipe = _recipe(gaze, await forms.values(request))
    made = await asyncio.to_thread(preview_for, gaze, recipe)
    return answer(
        request,
        fragment="asset/_preview.html",
        page="asset/_preview.html",
        data=_preview_json(made),
        headers=_address(request, recipe_url(recipe, gaze.categories), "HX-Replace-Url"),
        context={"preview": made},
    )


@post("/generator", include_in_schema=False)
async def make(request: AnyRequest, gaze: Context) -> Response[Any]:
    """Queue the pictures of what is chosen."""
    recipe = _recipe(gaze, await forms.values(request))
    made = await order(gaze, recipe)
    await request.app.state.live.look()
    ids = [job.id for job in made.jobs]
    return answer(
        request,
        fragment="generator/_outs.html",
        data={"job_id": ids[0], "job_ids": ids, "status": "queued", "notes": made.notes},
        goto=recipe_url(recipe, gaze.categories),
        context={"outs": await outs_of(gaze)},
    )


async def order(gaze: Context, recipe: Recipe) -> Made:
    """Jobs for a recipe of the generator, which is remembered. Raises Refusal, Unavailable."""
    label = _label(gaze, recipe)
    try:
        made = await generate(
            recipe, gaze.library.shelf(), gaze.rng, gaze.queue, gaze.pool, Order(label=label, via="generator")
        )
    except Unusable as refusal:
        if "checkpoint" in refusal.message:
            refusal.offers = gaze.models.checkpoints
        raise
    entry = {
        "at": now(),
        "seed": made.jobs[0].seed,
        "positive": made.positive[:400],
        "recipe": {key: value for key, value in to_json(recipe).items() if value not in (None, [], {}, "")},
    }
    await asyncio.to_thread(gaze.library.history.add, entry)
    return made


@get("/generator/outs", include_in_schema=False)
async def outs(request: AnyRequest, gaze: Context) -> Response[Any]:
    """What the generator makes and made."""
    return render(request, "generator/_outs.html", {"outs": await outs_of(gaze)}, place="generator")


@get("/generator/history", include_in_schema=False)
async def history(request: AnyRequest, gaze: Context) -> Response[Any]:
    """What was made before, newest first, each a way back to its recipe."""
    entries = gaze.library.history.entries()
    if wants_json(request):
        return answer(request, data={"recipes": entries})
    found = []
    for entry in entries:
        try:
            recipe = read_recipe(entry["recipe"])
        except Refusal:
            continue
        fixed = msgspec.structs.replace(recipe, seed=entry["seed"])
        found.append((entry, recipe_url(recipe, gaze.categories), recipe_url(fixed, gaze.categories)))
    template = "generator/_history.html" if is_htmx(request) else "generator/history.html"
    return render(request, template, {"entries": found}, place="generator")


@get("/generator/save", include_in_schema=False)
async def save_form(request: AnyRequest, gaze: Context) -> Response[Any]:
    """A name for a new preset, and what it will hold."""
    given = await forms.values(request)
    return _save_page(request, gaze, _recipe(gaze, given), forms.one(given, "name"), None)


@post("/generator/save", include_in_schema=False)
async def save(request: AnyRequest, gaze: Context) -> Response[Any]:
    """A new preset of what is chosen. 400 with the form again where the name is none."""
    given = await forms.values(request)
    recipe, name = _recipe(gaze, given), forms.one(given, "name")
    presets = _presets(gaze)
    if "pinned" not in given:
        recipe = msgspec.structs.replace(recipe, seed=None)
    try:
        made = await asyncio.to_thread(gaze.library.writing.create, presets.name, name, {"recipe": bare(recipe)})
    except Refusal as refusal:
        if wants_json(request):
            raise
        return _save_page(request, gaze, recipe, name, refusal)
    goto = f"/{presets.name}/{made.slug}"
    if is_htmx(request):
        done = '<hx-partial hx-target="#dialog" hx-swap="innerHTML"></hx-partial>'
        return Response(done + toast(request, f"Saved as the {presets.one} «{made.name}»."), media_type=HTML)
    return answer(request, data={"slug": made.slug, "name": made.name, "path": made.path}, goto=goto)


def _save_page(request: AnyRequest, gaze: Context, recipe: Recipe, name: str, refusal: Refusal | None) -> Response[Any]:
    mix = mix_of(gaze, recipe, {})
    context = {"mix": mix, "name": name, "fault": refusal.message if refusal else "", "one": _presets(gaze).one}
    template = "generator/_save.html" if is_htmx(request) else "generator/save.html"
    return render(request, template, context, status=refusal.status if refusal else 200, place="generator")


def _recipe(gaze: Context, given: Values) -> Recipe:
    return without_usual_weights(gaze, recipe_of(given, gaze.categories))


_ACTS = ("add", "drop", "random", "apply", "shuffle", "recipe", "redraw", "unbind")


def _is_act(given: Values) -> bool:
    return any(name in given for name in _ACTS)


def _acted(gaze: Context, given: Values) -> tuple[Recipe, bool]:
    """The recipe after what was asked for, and whether more than choices may be another now.

    Raises Refusal, NotFound for an act on what is not there.
    """
    if text := forms.raw(given, "recipe"):
        return read_recipe(json_object(text, "The recipe in the address", "recipe")), True
    recipe = _recipe(gaze, given)
    if wanted := forms.one(given, "add"):
        category, choice = _named(gaze, wanted)
        recipe = add(recipe, category, choice)
    if wanted := forms.one(given, "drop"):
        category, choice = _named(gaze, wanted)
        recipe = drop(recipe, category, choice)
    if wanted := forms.one(given, "random"):
        recipe = add(recipe, _named(gaze, f"{wanted}/")[0], RANDOM)
    if wanted := forms.one(given, "apply"):
        category, slug = _named(gaze, wanted)
        other = msgspec.structs.replace(preset_recipe(gaze.library.get(category.name, slug)), subject="")
        return combine(recipe, other, _how(given), [c for c in gaze.categories.values() if c.choosable]), True
    if "shuffle" in given:
        return shuffle(recipe, gaze.library.shelf(), gaze.rng), True
    if "redraw" in given:
        return msgspec.structs.replace(recipe, texts={}), True
    if "unbind" in given:
        return msgspec.structs.replace(recipe, subject="", fields=None), True
    return recipe, False


def _named(gaze: Context, key: str) -> tuple[Category, str]:
    name, _, choice = key.partition("/")
    category = gaze.categories.get(name)
    if category is None:
        raise NotFound(f"There is no category «{name[:60]}».")
    return category, choice


def _how(given: Values) -> How:
    wanted = forms.one(given, "how", "replace")
    for how in HOWS:
        if how == wanted:
            return how
    raise Refusal(f"how is «{wanted[:40]}»; it can be {', '.join(HOWS)}.", field="how")


def _presets(gaze: Context) -> Category:
    return next(category for category in gaze.categories.values() if category.has_recipe)


def _label(gaze: Context, recipe: Recipe) -> str:
    """What its jobs are called: the first asset that is chosen."""
    for category in gaze.categories.values():
        for choice in recipe.chosen(category.choice) if category.choosable and not category.chosen_by_id else ():
            asset = gaze.library.find(category.name, choice)
            if asset is not None:
                return asset.name
    return ""


def _address(request: AnyRequest, url: str, how: str = "HX-Push-Url") -> dict[str, str]:
    """The header that brings the browser's address line to `url`, if it says something else."""
    if not is_htmx(request):
        return {}
    shown = urlsplit(request.headers.get("hx-current-url", ""))
    return {} if url == shown.path + (f"?{shown.query}" if shown.query else "") else {how: url}


def _preview_json(made: Preview) -> dict[str, Any]:
    return {tab.name: tab.text for tab in made.tabs} | {"notes": made.notes, "errors": made.errors}


ROUTES: list[ControllerRouterHandler] = [page, preview_prompt, make, outs, history, save_form, save]
