"""A second pass over an image that is there: a workflow that works on it, with the recipe that made it."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.errors import Refusal
from gaze.core.plantext import read_recipe
from gaze.core.recipe import Recipe
from gaze.jobs.generate import Order, generate
from gaze.web import forms
from gaze.web.answer import HTML, answer, is_htmx, toast

AnyRequest = Request[Any, Any, Any]


@post("/gallery/image/second_pass", include_in_schema=False)
async def second_pass(request: AnyRequest, gaze: Context) -> Response[Any]:
    """Queue a job of `workflow` on `image` (path below static/uploads). 404 for no such image, 422 as planning says."""
    given = await forms.values(request)
    image, workflow = forms.one(given, "image"), forms.one(given, "workflow") or next(iter(passes(gaze)), "")
    if not workflow:
        raise Refusal("No workflow works on an image; give the image node of one the title «gaze:init_image».")
    recipe = await asyncio.to_thread(_recipe_of, gaze, image, workflow)
    order = Order(source=gaze.library.gallery.spelled(image))
    made = await generate(recipe, gaze.library.shelf(), gaze.rng, gaze.queue, gaze.pool, order)
    await request.app.state.live.look()
    if is_htmx(request):
        return Response(toast(request, f"The picture goes through «{workflow}» once more."), media_type=HTML)
    return answer(request, data={"job_id": made.jobs[0].id, "status": "queued"}, goto="/queue")


def passes(gaze: Context) -> list[str]:
    """Names of the workflows that work on an image."""
    shelf = gaze.library.shelf()
    return [name for name in shelf.templates() if (each := shelf.template(name)) and each.works_on_an_image]


def _recipe_of(gaze: Context, image: str, workflow: str) -> Recipe:
    """What made the image, through another workflow; of a stranger's image its prompts. Raises NotFound."""
    gaze.library.gallery.file(image)
    sidecar = gaze.library.gallery.sidecar(image)
    kept = sidecar.get("recipe")
    if isinstance(kept, dict):
        return msgspec.structs.replace(read_recipe(kept), workflow=workflow, count=1)
    texts = {f"extra_{side}": sidecar[side] for side in ("positive", "negative") if isinstance(sidecar.get(side), str)}
    return Recipe(workflow=workflow, **texts)


ROUTES: list[ControllerRouterHandler] = [second_pass]
