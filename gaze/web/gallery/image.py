"""One image: large, with what it was made from and what can be done with it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.errors import NotFound, Refusal
from gaze.core.metadata import Metadata
from gaze.core.metadata.a1111 import stem_of
from gaze.core.plan import plan
from gaze.core.recipe import to_json
from gaze.core.stale import stale
from gaze.library.imagequery import FoundImages, ImageQuery
from gaze.library.imagerow import Row
from gaze.web import forms
from gaze.web.answer import answer
from gaze.web.gallery.ask import Ask, ask_of
from gaze.web.gallery.page import find, image_json, view_of
from gaze.web.gallery.source import Source, source_of
from gaze.web.gallery.tiles import Tile, tile_of
from gaze.web.preview import Chunk, Item, Tab, preview_of
from gaze.web.recipe_form import recipe_url
from gaze.web.render import when
from gaze.web.second_pass import passes

AnyRequest = Request[Any, Any, Any]
IN_FILM = 5  # tiles on either side


class Part(msgspec.Struct, frozen=True):
    """An asset that took part. `gone` if it is no more, `stale` if it is another one now."""

    one: str
    name: str
    href: str
    picture: str
    nsfw: bool
    weight: str
    gone: bool
    stale: bool


class ImageView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the view of one image shows."""

    ask: Ask
    tile: Tile
    row: Row
    width: int
    height: int
    place: int | None
    total: int
    previous: str
    next: str
    film: list[Tile]
    parts: list[Part]
    prompts: list[Tab]
    facts: list[tuple[str, str, str]]  # label, text, address
    more: tuple[tuple[str, str], ...]
    unmapped: tuple[str, ...]
    tool: str
    fault: str
    generator: str
    again: bool
    stack: tuple[int, str]
    alike: str
    source: str
    passes: list[str]  # workflows that work on it


@get("/gallery/image/{path:path}", include_in_schema=False)
async def image(request: AnyRequest, gaze: Context, path: str) -> Response[Any]:
    """An image, with its neighbours among those that pass the filters; over the gallery, or as a fragment alone."""
    ask = ask_of(await forms.values(request))
    name = gaze.library.gallery.spelled(path.lstrip("/"))
    source = await asyncio.to_thread(source_of, gaze, name)
    shown = await asyncio.to_thread(image_of, gaze, ask, name, source)

    def context() -> Mapping[str, Any]:
        view, _ = view_of(gaze, ask, shown.row)
        return {"view": view, "image": shown, "categories": gaze.categories}

    return answer(
        request,
        page="gallery/index.html",
        fragment="gallery/_image.html",
        data={
            **image_json(gaze, shown.row),
            "recipe": to_json(source.recipe) if source.recipe else None,
            "positive": source.said.positive,
            "negative": source.said.negative,
            "unmapped": list(source.unmapped),
            "sidecar": source.sidecar,
        },
        context=await asyncio.to_thread(context) if "hx-request" not in request.headers else {"image": shown},
        place="gallery",
    )


def image_of(gaze: Context, ask: Ask, path: str, source: Source) -> ImageView:
    """The view of an image. Blocking. Raises NotFound."""
    row = row_of(gaze, path)
    found = find(gaze, ask)
    place = _place(found, row)
    around = [] if place is None else [found.at(at) for at in range(place - IN_FILM, place + IN_FILM + 1)]
    previous, following = (None, None) if place is None else (found.at(place - 1), found.at(place + 1))
    same = gaze.library.images.of_recipe(row.recipe)
    recipe = source.recipe
    return ImageView(
        ask=ask,
        tile=tile_of(gaze, row),
        row=row,
        width=source.texts.width,
        height=source.texts.height,
        place=place,
        total=found.total,
        previous=ask.image(previous.path) if previous else "",
        next=ask.image(following.path) if following else "",
        film=[tile_of(gaze, other) for other in around if other],
        parts=parts_of(gaze, row, source),
        prompts=prompts_of(gaze, source),
        facts=facts_of(source, row),
        more=source.said.more,
        unmapped=source.unmapped,
        tool=source.said.tool,
        fault=source.fault or (source.texts.notes[0] if source.texts.notes else ""),
        generator=recipe_url(recipe, gaze.categories) if recipe else "",
        again=recipe is not None and source.own,
        stack=(same, Ask(query=ImageQuery(recipe=row.recipe)).here) if same > 1 else (0, ""),
        alike=Ask(like=path).here,
        source=str(source.sidecar.get("source") or "") if source.own else "",
        passes=[] if row.mark else passes(gaze),
    )


def row_of(gaze: Context, path: str) -> Row:
    """The row of an image, which may have come this moment. Raises NotFound."""
    row = gaze.library.images.get(path)
    if row is None:
        gaze.library.gallery.file(path)
        gaze.library.images.touch([path])
        row = gaze.library.images.get(path)
    if row is None:
        raise NotFound(f"There is no image «{path}».")
    return row


def _place(found: FoundImages, row: Row) -> int | None:
    place = found.place(row)
    if place is None and row in found.rows[-200:]:  # a list in another order than time
        place = len(found.rows) - 1 - found.rows.index(row)
    return place


def parts_of(gaze: Context, row: Row, source: Source) -> list[Part]:
    """The assets that took part, as they are now."""
    found = []
    for key, weight in zip(row.assets, row.weights, strict=False):
        name, _, slug = key.partition("/")
        category = gaze.categories.get(name)
        if category is None:
            continue
        asset = gaze.library.find(name, slug)
        card = gaze.library.card(asset) if asset else None
        found.append(
            Part(
                one=category.one,
                name=asset.name if asset else slug.replace("_", " "),
                href=f"/{key}" if asset else "",
                picture=(card.cover or card.fallback) if card else "",
                nsfw=bool(card and card.nsfw),
                weight="" if weight is None else f"{weight:g}",
                gone=asset is None,
                stale=bool(asset and stale(asset, source.sidecar)),
            )
        )
    return found


def prompts_of(gaze: Context, source: Source) -> list[Tab]:
    """The prompts, each item with where it came from where the recipe still gives the very same prompt."""
    said = source.said
    if source.own and source.recipe:
        try:
            shelf = gaze.library.shelf()
            made = plan(msgspec.structs.replace(source.recipe, count=1), shelf, gaze.rng)
            if made.positive == said.positive and made.negative == said.negative:
                tabs = preview_of(made, shelf, gaze.library.is_missing or (lambda category, name: False)).tabs
                return [tab for tab in tabs if tab.text]
        except Refusal:
            pass
    return [
        tab
        for tab in (_plain("main", "Prompt", said.positive), _plain("negative", "Negative", said.negative))
        if tab.text
    ]


def _plain(name: str, label: str, prompt: str) -> Tab:
    items = [Item(item, "plain", "") for part in prompt.split(",") if (item := part.strip())]
    return Tab(name, label, prompt, [Chunk(items)] if items else [], [])


def facts_of(source: Source, row: Row) -> list[tuple[str, str, str]]:
    """Settings and making, in words, each with the gallery of its like where there is one."""
    said, sidecar = source.said, source.sidecar
    size = f"{source.texts.width} × {source.texts.height}"
    found = [
        ("Checkpoint", stem_of(said.checkpoint), Ask(query=ImageQuery(checkpoint=row.checkpoint)).here),
        ("LoRAs", ", ".join(f"{stem_of(lora.name)} {lora.weight:g}" for lora in said.loras), ""),
        ("Seed", "" if said.seed is None else str(said.seed), Ask(query=ImageQuery(seed=said.seed)).here),
        ("Size", size if source.texts.width else "", Ask(query=ImageQuery(size=f"{row.width}x{row.height}")).here),
        ("Steps, CFG", _pair(said), ""),
        ("Sampler", ", ".join(name for name in (said.sampler_name, said.scheduler) if name), ""),
        ("Clip skip", str(said.clip_skip or ""), ""),
        ("Made", _made(row, sidecar), ""),
        ("Made with", said.tool if said.tool != "GAZE" else "", ""),
        ("Batch", "all of it" if row.batch else "", Ask(query=ImageQuery(batch=row.batch)).here),
        ("File", row.path, ""),
    ]
    return [fact for fact in found if fact[1]]


def _pair(said: Metadata) -> str:
    return ", ".join(f"{value:g}" for value in (said.steps, said.cfg) if value is not None)


def _made(row: Row, sidecar: Mapping[str, Any]) -> str:
    said = when(datetime.fromtimestamp(row.time_s, UTC).isoformat())
    took, backend = sidecar.get("duration_s"), sidecar.get("backend")
    if isinstance(took, int | float) and took > 0:
        said += f", {took:.1f} s"
    if isinstance(backend, str) and backend:
        said += f" on {backend.split('//')[-1][:60]}"
    return said


ROUTES: list[ControllerRouterHandler] = [image]
