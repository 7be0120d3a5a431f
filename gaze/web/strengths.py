"""Strengths: how an asset's LoRA looks at each weight, beside another axis; and what each part of a recipe does."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Request, Response, get, post
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.asset import Asset
from gaze.core.errors import Refusal, Unusable
from gaze.core.plan import plan
from gaze.core.recipe import Recipe, to_json
from gaze.core.sweep import MOST_CELLS, NUMBERS, WEIGHT, Axis, Sweep, axis, leave_one_out, recipes, steps
from gaze.jobs.batch import Batch, Wanted, generate_batch
from gaze.jobs.generate import Order
from gaze.jobs.queue import new_batch
from gaze.jobs.record import new_id, now
from gaze.library.gridpicture import grid_picture
from gaze.library.undo import changed, keep
from gaze.web import forms
from gaze.web.answer import HTML, answer, is_htmx, toast
from gaze.web.choices import last_choices
from gaze.web.forms import Values, one
from gaze.web.library import category_of
from gaze.web.loras import without_usual_weights
from gaze.web.recipe_form import asset_recipe
from gaze.web.sweepview import axis_label, sweep_title, value_label, view_of
from gaze.web.undo import address

AnyRequest = Request[Any, Any, Any]


@get("/strengths/{category:str}/{slug:str}", include_in_schema=False)
async def page(request: AnyRequest, gaze: Context, category: str, slug: str) -> Response[Any]:
    """The newest sweep of an asset (or `sweep`), older ones, and a form for another."""
    category_of(gaze, category)
    asset = gaze.library.get(category, slug)
    given = await forms.values(request)
    view = await view_of(gaze, asset, one(given, "sweep"), given)
    data = {"sweeps": view.sweeps, "jobs": {cell.name: cell.job for row in view.rows for cell in row.cells if cell.job}}
    fragment = "strengths/_grid.html"
    return answer(request, page="strengths/index.html", fragment=fragment, data=data, context={"view": view})


@post("/strengths/{category:str}/{slug:str}", include_in_schema=False)
async def begin(request: AnyRequest, gaze: Context, category: str, slug: str) -> Response[Any]:
    """Queue a sweep. 400 with the field for axes that make no sense, 422 for a recipe that cannot be planned."""
    category_of(gaze, category)
    asset = gaze.library.get(category, slug)
    given = await forms.values(request)
    sweep, made = await _begun(gaze, asset, given)
    await request.app.state.live.look()
    goto = f"/strengths/{category}/{slug}?sweep={sweep.id}"
    ids = [job.id for job in made.jobs]
    data = {"sweep": sweep.id, "batch": sweep.batch, "job_ids": ids, "failed": made.left}
    return answer(request, data=data, goto=goto, headers={"HX-Redirect": goto})


async def _begun(gaze: Context, asset: Asset, given: Values) -> tuple[Sweep, Batch]:
    state = gaze.library.preferences.of(asset.category.name, asset.slug)
    asked = {**last_choices(state, gaze.categories), **given, "count": ["1"]}
    shelf = gaze.library.shelf()
    recipe = without_usual_weights(gaze, asset_recipe(asset, asked, shelf))
    made = await asyncio.to_thread(plan, recipe, shelf, gaze.rng)
    # The keys of the form's axes are not the recipe's: its LoRAs are resolved with the weights they have.
    resolved = made.resolved
    across, down = _axes(gaze, asset, resolved, [f"{use.category}/{use.slug}" for use in made.loras], given)
    cells = len(across.values) * len(down.values if down else [""])
    if cells > MOST_CELLS:
        raise Refusal(f"That makes {cells} pictures; {MOST_CELLS} are the most. Take fewer values.", field="values")
    sweep = Sweep(
        id=new_id(),
        subject=asset.key,
        created=now(),
        batch=new_batch(),
        recipe=to_json(resolved),
        across=across,
        down=down,
    )
    cells_made = recipes(sweep, resolved, gaze.categories)
    await asyncio.to_thread(lambda: [plan(each, shelf, gaze.rng) for _, each in cells_made])  # a mistake queues nothing
    wanted = [
        Wanted(cell, each, Order(kind="sweep", label=asset.name, sweep=f"{asset.key}/{sweep.id}", cell=cell))
        for cell, each in cells_made
    ]
    await asyncio.to_thread(gaze.library.sweeps.create, sweep)
    try:
        batch = await generate_batch(
            wanted, sweep_title(gaze, sweep, asset), shelf, gaze.rng, gaze.queue, gaze.pool, sweep.batch
        )
    except Refusal:
        await asyncio.to_thread(gaze.library.sweeps.forget, sweep)
        raise
    if not batch.jobs:
        await asyncio.to_thread(gaze.library.sweeps.forget, sweep)
        raise Unusable(batch.left[0].message)
    return sweep, batch


def _axes(gaze: Context, asset: Asset, recipe: Recipe, in_use: list[str], given: Values) -> tuple[Axis, Axis | None]:
    kind = one(given, "across", WEIGHT if asset.lora else "cfg")
    if kind == "without":
        across = leave_one_out(recipe, in_use, gaze.categories)
        if len(across.values) < 2:
            raise Refusal("There is nothing to leave out: choose other assets on the page first.", field="across")
        return across, None
    if kind == WEIGHT and asset.lora is None:
        raise Refusal(f"{asset.name} has no LoRA whose weight could be swept.", field="across")
    if one(given, "values"):
        across = axis(kind, one(given, "values"), gaze.categories, "values")
    elif kind in NUMBERS:
        numbers = steps(one(given, "from"), one(given, "to"), one(given, "step"), "from")
        across = axis(kind, ",".join(numbers), {}, "from")
    else:
        across = axis(kind, "", gaze.categories, "values")
    other = one(given, "down")
    if not other:
        return across, None
    if other == kind:
        raise Refusal("The two axes sweep the same; take another one down.", field="down")
    return across, axis(other, one(given, "down_values"), gaze.categories, "down_values")


@post("/strengths/{category:str}/{slug:str}/{sweep_id:str}/use", include_in_schema=False)
async def use(request: AnyRequest, gaze: Context, category: str, slug: str, sweep_id: str) -> Response[Any]:
    """Write the weight of a cell into the asset's file. 400 for a sweep of something else."""
    asset = gaze.library.get(category, slug)
    sweep = await asyncio.to_thread(gaze.library.sweeps.get, category, slug, sweep_id)
    cell = one(await forms.values(request), "cell")
    weight = _weight_of(sweep, cell)
    before = asset.lora.lora_weight if asset.lora else 1.0
    undo = await asyncio.to_thread(_write_weight, gaze, asset, weight)
    await asyncio.to_thread(gaze.library.sweeps.choose, sweep, cell)
    goto = f"/strengths/{category}/{slug}?sweep={sweep_id}"
    text = f"The weight of {asset.name} is {weight:g} now; it was {before:g}."
    if is_htmx(request):
        view = await view_of(gaze, gaze.library.get(category, slug), sweep_id, {})
        grid = request.app.state.render("strengths/_grid.html", view=view, status=request.app.state.live.status)
        return Response(grid + toast(request, text, undo=undo), media_type=HTML)
    return answer(request, data={"lora_weight": weight, "before": before, "undo": undo}, goto=goto)


def _write_weight(gaze: Context, asset: Asset, weight: float) -> str:
    """Write the weight; the address that takes it back, "" where nothing was to be written."""
    library, place = gaze.library, (asset.category.name, asset.slug)
    text, version = library.raw(asset)
    saved = library.writing.save_fields(*place, {("lora", "lora_weight"): weight}, version, exactly=True)
    after, _ = library.raw(saved)
    return address(keep(library.root, [changed(*place, text, after, saved.version)])) if after != text else ""


def _weight_of(sweep: Sweep, cell: str) -> float:
    values = {name: (value, other) for name, value, other in sweep.cells}
    if cell not in values:
        raise Refusal(f"There is no cell «{cell[:20]}» in this sweep.", field="cell")
    for swept, value in zip((sweep.across, sweep.down), values[cell], strict=True):
        if swept and swept.kind == WEIGHT:
            return float(value)
    raise Refusal("This sweep has no weights to choose from.", field="cell")


@post("/strengths/{category:str}/{slug:str}/{sweep_id:str}/delete", include_in_schema=False)
async def delete(request: AnyRequest, gaze: Context, category: str, slug: str, sweep_id: str) -> Response[Any]:
    """Move a sweep into the trash; its pictures stay. What of it is still queued is cancelled."""
    sweep = await asyncio.to_thread(gaze.library.sweeps.get, category, slug, sweep_id)
    await gaze.queue.cancel_many([job.id for job in await gaze.queue.batch(sweep.batch)])
    trash_id = await asyncio.to_thread(gaze.library.sweeps.delete, category, slug, sweep_id)
    goto = f"/strengths/{category}/{slug}"
    return answer(request, data={"trash": trash_id}, goto=goto, headers={"HX-Redirect": goto})


@get("/strengths/{category:str}/{slug:str}/{sweep_id:str}/grid.png", include_in_schema=False, opt={"raw": True})
async def picture(gaze: Context, category: str, slug: str, sweep_id: str) -> Response[bytes]:
    """The grid as one labelled PNG. Raises Refusal while no picture of it is done."""
    asset = gaze.library.get(category, slug)
    sweep = await asyncio.to_thread(gaze.library.sweeps.get, category, slug, sweep_id)
    content = await asyncio.to_thread(_picture, gaze, asset, sweep)
    name = f"strengths_{slug}_{sweep.created[:10]}.png"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type="image/png", headers=headers)


def _picture(gaze: Context, asset: Asset, sweep: Sweep) -> bytes:
    files = {}
    for cell, path in sweep.images.items():
        x, _, y = cell.partition(",")
        files[int(x), int(y)] = gaze.library.gallery.file(path)
    columns = [value_label(gaze, sweep.across, value) for value in sweep.across.values]
    rows = [value_label(gaze, sweep.down, value) for value in sweep.down.values] if sweep.down else [""]
    down = f" by {axis_label(gaze, sweep.down.kind)}" if sweep.down else ""
    title = f"{asset.name}: {axis_label(gaze, sweep.across.kind)}{down}, seed {sweep.recipe.get('seed')}"
    return grid_picture(title, columns, rows, files)


ROUTES: list[ControllerRouterHandler] = [page, begin, use, delete, picture]
