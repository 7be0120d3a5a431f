"""What the page of a sweep shows: columns, rows, cells with their picture or job, older sweeps."""

from __future__ import annotations

import asyncio

import msgspec
import redis

from gaze.context import Context
from gaze.core.asset import Asset
from gaze.core.sweep import NAMES, WEIGHT, WITHOUT, Axis, Sweep
from gaze.jobs.record import Job
from gaze.web.forms import Values, one

_LABELS = {"weight": "LoRA weight", "cfg": "CFG", "sampler_name": "sampler", WITHOUT: "left out"}


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One picture, or what became of it; `use` is the weight that it would write, as text."""

    name: str
    label: str
    image: str
    job: Job | None
    use: str
    chosen: bool


class Row(msgspec.Struct, frozen=True):
    label: str
    cells: list[Cell]


class Head(msgspec.Struct, frozen=True):
    """A column: its value, and whether that is what the asset has now."""

    label: str
    current: bool


class Told(msgspec.Struct, frozen=True):
    """A sweep in the list."""

    id: str
    title: str
    images: list[str]
    count: int
    total: int
    chose: str
    created: str
    on: bool


class StrengthsView(msgspec.Struct, frozen=True, kw_only=True):
    """The page."""

    asset: Asset
    href: str
    sweep: Sweep | None
    across: str
    down: str
    heads: list[Head]
    rows: list[Row]
    ratio: str
    done: int
    total: int
    open: int
    seed: str
    sweeps: list[Told]
    kinds: list[tuple[str, str]]
    form: dict[str, str]


async def view_of(gaze: Context, asset: Asset, wanted: str, given: Values) -> StrengthsView:
    """The page of a sweep, or of the newest. Raises NotFound for one that is not there."""
    category, slug = asset.category.name, asset.slug
    sweeps = await asyncio.to_thread(gaze.library.sweeps.list, category, slug)
    sweep = next((each for each in sweeps if each.id == wanted), None)
    if wanted and sweep is None:
        sweep = await asyncio.to_thread(gaze.library.sweeps.get, category, slug, wanted)
    sweep = sweep or (sweeps[0] if sweeps else None)
    jobs = await _jobs(gaze, sweep) if sweep else {}
    rows = _rows(gaze, sweep, jobs) if sweep else []
    recipe = sweep.recipe if sweep else {}
    kinds = [("weight", "LoRA weight")] if asset.lora else []
    kinds += [(kind, axis_label(gaze, kind)) for kind in ("cfg", "steps", "seed", *NAMES)]
    kinds += [
        (each.name, each.one) for each in gaze.categories.values() if each.choosable and each is not asset.category
    ]
    return StrengthsView(
        asset=asset,
        href=f"/strengths/{category}/{slug}",
        sweep=sweep,
        across=axis_label(gaze, sweep.across.kind) if sweep else "",
        down=axis_label(gaze, sweep.down.kind) if sweep and sweep.down else "",
        heads=_heads(gaze, asset, sweep) if sweep else [],
        rows=rows,
        ratio=f"{recipe.get('width') or 3}/{recipe.get('height') or 4}",
        done=len(sweep.images) if sweep else 0,
        total=len(sweep.cells) if sweep else 0,
        open=sum(not job.over for job in jobs.values()),
        seed=str(recipe.get("seed", "")),
        sweeps=[_told(gaze, each, asset, each is sweep) for each in sweeps],
        kinds=kinds,
        form=_form(asset, given),
    )


def _form(asset: Asset, given: Values) -> dict[str, str]:
    names = ("across", "from", "to", "step", "values", "down", "down_values", "seed")
    usual = {"across": "weight", "from": "0.2", "to": "1.4", "step": "0.2"}
    if not asset.lora:
        usual = {"across": "cfg", "from": "3", "to": "9", "step": "2"}
    return {name: one(given, name, usual.get(name, "")) for name in names}


async def _jobs(gaze: Context, sweep: Sweep) -> dict[str, Job]:
    """The jobs of a sweep that are still on record, by cell; none while Redis is away."""
    try:
        return {job.cell: job for job in await gaze.queue.batch(sweep.batch)}
    except redis.RedisError:
        return {}


def _rows(gaze: Context, sweep: Sweep, jobs: dict[str, Job]) -> list[Row]:
    width, made = len(sweep.across.values), []
    down = sweep.down.values if sweep.down else [""]
    for y, other in enumerate(down):
        cells = [
            _cell(gaze, sweep, name, value, other, jobs.get(name))
            for name, value, _ in sweep.cells[y * width : (y + 1) * width]
        ]
        made.append(Row(value_label(gaze, sweep.down, other) if sweep.down else "", cells))
    return made


def _cell(gaze: Context, sweep: Sweep, name: str, value: str, other: str, job: Job | None) -> Cell:
    parts = [(sweep.across, value), *([(sweep.down, other)] if sweep.down else [])]
    label = ", ".join(f"{axis_label(gaze, swept.kind)} {value_label(gaze, swept, text)}" for swept, text in parts)
    weights = [text for swept, text in parts if swept.kind == WEIGHT]
    image = sweep.images.get(name, "")
    use = weights[0] if weights and image else ""
    return Cell(name=name, label=label, image=image, job=None if image else job, use=use, chosen=name == sweep.chosen)


def _heads(gaze: Context, asset: Asset, sweep: Sweep) -> list[Head]:
    now = asset.lora.lora_weight if asset.lora and sweep.across.kind == WEIGHT else None
    return [
        Head(value_label(gaze, sweep.across, value), now is not None and float(value) == now)
        for value in sweep.across.values
    ]


def _told(gaze: Context, sweep: Sweep, asset: Asset, on: bool) -> Told:
    chose = next((value for name, value, _ in sweep.cells if name == sweep.chosen), "")
    return Told(
        id=sweep.id,
        title=sweep_title(gaze, sweep, asset),
        images=list(sweep.images.values())[:1],
        count=len(sweep.images),
        total=len(sweep.cells),
        chose=chose,
        created=sweep.created,
        on=on,
    )


def sweep_title(gaze: Context, sweep: Sweep, asset: Asset) -> str:
    """What a sweep is called: `Strengths of Mira Vale: LoRA weight 0.2 to 1.4 by CFG`."""
    values = sweep.across.values
    span = (
        "" if sweep.across.kind == WITHOUT else f" {values[0]} to {values[-1]}" if len(values) > 1 else f" {values[0]}"
    )
    down = f" by {axis_label(gaze, sweep.down.kind)}" if sweep.down else ""
    if sweep.across.kind == WITHOUT:
        return f"{asset.name}: leave one out"
    return f"Strengths of {asset.name}: {axis_label(gaze, sweep.across.kind)}{span}{down}"


def axis_label(gaze: Context, kind: str) -> str:
    """What an axis is called."""
    category = gaze.categories.get(kind)
    return category.one if category else _LABELS.get(kind, kind.replace("_", " "))


def value_label(gaze: Context, swept: Axis, value: str) -> str:
    """What a value is called: an asset by its name."""
    if swept.kind == WITHOUT:
        if not value:
            return "everything"
        key = value.removeprefix("lora:")
        name, _, choice = key.partition("/")
        return f"no {_name(gaze, name, choice)}" + (" LoRA" if key != value else "")
    return _name(gaze, swept.kind, value) if swept.kind in gaze.categories else value


def _name(gaze: Context, category: str, choice: str) -> str:
    asset = gaze.library.shelf().find(category, choice)
    return asset.name if asset else choice.rsplit("/", 1)[-1]
