"""The prompt preview: each item with where it came from, tokens, the LoRA chain, notes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from gaze.context import Context
from gaze.core.category import Category
from gaze.core.errors import Refusal
from gaze.core.plan import Piece, Plan
from gaze.core.plan import plan as plan_of
from gaze.core.recipe import Recipe
from gaze.core.settings import Settings
from gaze.core.shelf import Shelf
from gaze.core.text import chunk_tokens
from gaze.web.modelview import base_notes

CHUNK = 75
_WHY = {
    "repeat": "Dropped: said already",
    "cancel": "Dropped: the other prompt says it too",
    "replaced": "Dropped: something chosen takes its place",
}


class Item(msgspec.Struct, frozen=True):
    """One item of a prompt; `one` is the category it came from, for its hue."""

    text: str
    one: str
    title: str
    href: str = ""
    dropped: bool = False


class Chunk(msgspec.Struct, frozen=True):
    items: list[Item]


class Tab(msgspec.Struct, frozen=True):
    """One prompt. `tokens` counts each CLIP chunk of 75 (an estimate)."""

    name: str
    label: str
    text: str
    chunks: list[Chunk]
    tokens: list[int]


class Link(msgspec.Struct, frozen=True):
    """One node of the LoRA chain."""

    node: str
    name: str
    kind: str
    weight: str
    one: str
    title: str
    missing: bool = False


class Preview(msgspec.Struct, frozen=True):
    tabs: list[Tab]
    chain: list[Link] = []
    legend: list[tuple[str, str]] = []
    notes: list[str] = []
    errors: list[str] = []
    dropped: bool = False
    drops: int = 0  # items of the main prompt
    settings: Settings | None = None  # as they will be


def preview_of(plan: Plan, shelf: Shelf, missing: Callable[[str, str], bool], more: Sequence[str] = ()) -> Preview:
    """What a plan's page shows of it; `more` are notes that only the model files give."""
    tabs = [
        _tab("main", "Main", plan.positive, plan.pieces.positive, shelf),
        _tab("face", "Face", plan.face, plan.pieces.face, shelf),
        _tab("hands", "Hands", plan.hand, plan.pieces.hand, shelf),
        _tab("negative", "Negative", plan.negative, plan.pieces.negative, shelf),
    ]
    items = [item for tab in tabs for chunk in tab.chunks for item in chunk.items]
    used = dict.fromkeys(item.one for item in items if not item.dropped)
    return Preview(
        tabs=tabs,
        chain=_chain(plan, shelf, missing),
        legend=[(one, one.capitalize()) for one in used],
        notes=[*(note.message for note in plan.notes if note.code not in ("random",)), *more],
        dropped=any(item.dropped for item in items),
        drops=sum(item.dropped for chunk in tabs[0].chunks for item in chunk.items),
        settings=plan.settings,
    )


def failed_preview(refusal: Refusal) -> Preview:
    """Why there is no plan."""
    empty = [Tab(name, name.capitalize(), "", [], []) for name in ("main", "face", "hands", "negative")]
    return Preview(empty, errors=[fault.message for fault in refusal.faults])


def _tab(name: str, label: str, text: str, pieces: Sequence[Piece], shelf: Shelf) -> Tab:
    chunks: list[list[Item]] = [[]]
    filled = 0
    for piece in pieces:
        item = _item(piece, shelf)
        size = 0 if item.dropped else sum(chunk_tokens(piece.text)) + 1  # its comma is a token too
        if piece.text == "BREAK" or (filled + size > CHUNK and chunks[-1]):
            chunks.append([])
            filled = 0
        filled += size
        chunks[-1].append(item)
    return Tab(name, label, text, [Chunk(items) for items in chunks if items], chunk_tokens(text) if text else [])


def _item(piece: Piece, shelf: Shelf) -> Item:
    category: Category | None = shelf.categories.get(piece.category)
    asset = shelf.find(piece.category, piece.slug) if category else None
    source = asset.name if asset else piece.category or piece.address.split("::")[0]
    where = f"{source}, {piece.address.replace('::', ': ').replace('_', ' ')}" if piece.address else source
    if category is None:
        one = "template" if piece.address.startswith("workflow") else "extra"
    else:
        one = category.one
    why = _WHY.get(piece.dropped, "")
    href = f"/{asset.category.name}/{asset.slug}" if asset else ""
    return Item(piece.text, one, f"{why}. {where}" if why else where, href, bool(piece.dropped))


def _chain(plan: Plan, shelf: Shelf, missing: Callable[[str, str], bool]) -> list[Link]:
    template = shelf.template(plan.workflow)
    nodes = template.lora_nodes if template else {}
    links = []
    if plan.checkpoint:
        name = plan.checkpoint.rsplit("/", 1)[-1].rsplit(".", 1)[0]
        node = template.roles.get("checkpoint", "") if template else ""
        links.append(Link(node, name, "Model", "", "checkpoint", plan.checkpoint))
    for lora in plan.loras:
        one = shelf.categories[lora.category].one
        name = lora.lora_name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
        is_missing = missing(lora.category, lora.lora_name)
        weight = "missing" if is_missing else f"{lora.weight:.2f}"
        links.append(Link(nodes.get(lora.slot, "+"), name, one.capitalize(), weight, one, lora.lora_name, is_missing))
    return links


def preview_for(gaze: Context, recipe: Recipe) -> Preview:
    """The prompts that a recipe makes now, or why there are none."""
    try:
        shelf = gaze.library.shelf()
        made = plan_of(msgspec.structs.replace(recipe, count=1), shelf, gaze.rng)
        notes = base_notes(made, shelf, gaze.model_files)
        return preview_of(made, shelf, gaze.library.is_missing or _never, notes)
    except Refusal as refusal:
        return failed_preview(refusal)


def _never(category: str, name: str) -> bool:
    """Nothing is marked as missing where nobody can be asked."""
    return False
