"""The one road from a recipe to jobs: plan, wire, hold against a backend, enqueue (specification jobs, step 1).

A user sees mistakes here, at once, not from a queue.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from random import Random

import msgspec

from gaze.comfyui.pool import Pool
from gaze.core.asset import Asset
from gaze.core.errors import Fault, Refusal, Unusable
from gaze.core.graph import wire
from gaze.core.plan import Plan
from gaze.core.plantext import plans
from gaze.core.recipe import Recipe, to_json
from gaze.core.shelf import Shelf
from gaze.core.template import Template
from gaze.jobs.choose import fit
from gaze.jobs.queue import JobQueue, new_batch
from gaze.jobs.record import Job, Work, new_id, now


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to do with the pictures: `action` is `preview` or `replace`, `kind` `image`, `cover` or `sweep`.

    `sweep` and `cell` say where a sweep's picture belongs. `via` is the page that asks where that is not the
    subject's own, `batch` joins the jobs to others.
    """

    action: str = "preview"
    kind: str = "image"
    label: str = ""
    batch: str = ""
    source: str = ""
    via: str = ""
    sweep: str = ""
    cell: str = ""


USUAL = Order()


class Made(msgspec.Struct, frozen=True):
    """The jobs of one request and what was noted on the way."""

    jobs: list[Job]
    notes: list[str]
    positive: str = ""  # the first picture's main prompt


async def generate(
    recipe: Recipe, shelf: Shelf, rng: Random, queue: JobQueue, pool: Pool, order: Order = USUAL
) -> Made:
    """Queue `recipe.count` images.

    Raises PlanError (400, 422), Unusable (422) where every server that is up lacks something the graph needs,
    Unavailable (503) where Redis is away.
    """
    made = await asyncio.to_thread(prepare, recipe, shelf, rng, order)
    healthy = await pool.current()
    notes: list[str] = []
    if healthy and made:
        # The images of one recipe differ in seed and wildcards only, so one speaks for all.
        fitting, sentences = await fit(pool, healthy, made[0][1])
        if sentences and len(healthy) == len(pool.backends):
            raise Unusable(
                " ".join(sentences), code="backend", faults=[Fault("backend", sentence) for sentence in sentences]
            )
        notes = list(fitting[0][1].notes) if fitting else []
    await queue.enqueue(made)
    first = made[0][1]
    return Made([job for job, _ in made], [*first.notes, *notes], first.positive)


def prepare(recipe: Recipe, shelf: Shelf, rng: Random, order: Order) -> list[tuple[Job, Work]]:
    """Records and work of all images of a recipe; nothing is queued. Raises PlanError."""
    made = plans(recipe, shelf, rng)
    template = shelf.template(made[0].workflow)
    if template is not None and template.works_on_an_image != bool(order.source):
        raise Unusable(_unsourced(made[0].workflow, bool(order.source)), code="source", field="workflow")
    batch = order.batch or (new_batch() if len(made) > 1 else "")
    return [_job(one, shelf, order, batch, place, len(made)) for place, one in enumerate(made, 1)]


def _unsourced(workflow: str, given: bool) -> str:
    if given:
        return f"The workflow «{workflow}» works on no image; give its image node the title «gaze:init_image»."
    return f"The workflow «{workflow}» works on an image: open one in the gallery and choose it there."


def _job(made: Plan, shelf: Shelf, order: Order, batch: str, place: int, count: int) -> tuple[Job, Work]:
    template = shelf.template(made.workflow)
    if template is None:  # it was there when the plan was made
        raise Refusal(f"There is no workflow «{made.workflow}».", code="unknown-workflow", status=422)
    subject = _subject(made, shelf)
    job = Job(
        id=new_id(),
        kind=order.kind,
        label=order.label or (subject.name if subject else "Generator"),
        category=subject.category.name if subject else "generator",
        slug=subject.slug if subject else "",
        created=now(),
        batch=batch,
        place=place,
        count=count,
        seed=made.settings.seed or 0,
        checkpoint=made.checkpoint or "",
        action=order.action,
        via=order.via,
        sweep=order.sweep,
        cell=order.cell,
        summary=_summary(made),
        width=made.settings.width or 0,
        height=made.settings.height or 0,
    )
    return job, _work(made, template, shelf, order)


def _work(made: Plan, template: Template, shelf: Shelf, order: Order) -> Work:
    assets = _assets(made.assets, shelf)
    return Work(
        graph=wire(template, made),
        roles=dict(template.roles),
        prefix=made.prefix,
        recipe=to_json(made.resolved),
        positive=made.positive,
        negative=made.negative,
        checkpoint=made.checkpoint,
        assets=made.assets,
        versions={asset.key: asset.version for asset in assets},
        nsfw=any(asset.nsfw for asset in assets),
        notes=[note.message for note in made.notes],
        source=order.source,
    )


def _assets(slugs: Mapping[str, Sequence[str]], shelf: Shelf) -> list[Asset]:
    """The assets that take part; a checkpoint without an entry is none."""
    found = [shelf.find(category, slug) for category in slugs for slug in slugs[category]]
    return [asset for asset in found if asset is not None]


def _subject(made: Plan, shelf: Shelf) -> Asset | None:
    category, _, slug = made.resolved.subject.partition("/")
    return shelf.find(category, slug) if slug else None


def _summary(made: Plan) -> str:
    """The assets beside the subject, by slug: `aurora cloak, reaching out, snowy pass`."""
    subject = made.resolved.subject
    names = [slug for category, slugs in made.assets.items() for slug in slugs if f"{category}/{slug}" != subject]
    return ", ".join(name.replace("_", " ") for name in names)
