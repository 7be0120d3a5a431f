"""Two images beside each other: a slider over both, and what differs in how they were made."""

from __future__ import annotations

import asyncio
from difflib import SequenceMatcher
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.recipe import to_json
from gaze.web import forms
from gaze.web.answer import answer
from gaze.web.gallery.image import row_of
from gaze.web.gallery.source import Source, source_of
from gaze.web.gallery.tiles import Tile, tile_of

AnyRequest = Request[Any, Any, Any]
Pieces = tuple[tuple[str, bool], ...]  # texts, and whether each is only on this side

_LABELS = {
    "extra_positive": "Extra prompt",
    "extra_negative": "Extra negative",
    "cfg": "CFG",
    "sampler_name": "Sampler",
}
_SKIP = frozenset(("texts", "count", "subject"))


class Difference(msgspec.Struct, frozen=True):
    """One value that differs, as pieces of either side."""

    label: str
    a: Pieces
    b: Pieces


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Two images, what differs, and how many values are the same."""

    a: Tile
    b: Tile
    ratio: str
    tag_a: str
    tag_b: str
    differences: list[Difference]
    same: int


@get("/gallery/compare", include_in_schema=False)
async def compare(request: AnyRequest, gaze: Context) -> Response[Any]:
    """The images `a` and `b` (paths below static/uploads) compared. Raises NotFound."""
    given = await forms.values(request)
    found = await asyncio.to_thread(_compare, gaze, forms.one(given, "a"), forms.one(given, "b"))
    return answer(
        request,
        page="gallery/compare.html",
        fragment="gallery/_compare.html",
        data={
            "a": found.a.path,
            "b": found.b.path,
            "differences": [
                {"label": item.label, "a": _joined(item.a), "b": _joined(item.b)} for item in found.differences
            ],
            "same": found.same,
        },
        context={"compared": found},
        place="gallery",
    )


def _compare(gaze: Context, a: str, b: str) -> Comparison:
    paths = [gaze.library.gallery.spelled(path) for path in (a, b)]
    rows = [row_of(gaze, path) for path in paths]
    one, other = (source_of(gaze, path) for path in paths)
    differences, same = differences_of(values_of(one), values_of(other))
    first = differences[0] if differences else None
    return Comparison(
        a=tile_of(gaze, rows[0]),
        b=tile_of(gaze, rows[1]),
        ratio=f"{rows[0].ratio:.3f}",
        tag_a=_tag("A", first, first.a if first else ()),
        tag_b=_tag("B", first, first.b if first else ()),
        differences=differences,
        same=same,
    )


def values_of(source: Source) -> dict[str, str]:
    """Everything that made an image, by label: the prompts, then recipe or metadata."""
    said = source.said
    found = {"Prompt": said.positive, "Negative": said.negative}
    if source.own and source.recipe:
        for key, value in to_json(source.recipe).items():
            label = _LABELS.get(key, key.replace("_", " ").capitalize())
            if key == "weights":
                found |= {f"Weight of {name.rpartition('/')[2]}": f"{weight:g}" for name, weight in value.items()}
            elif key not in _SKIP:
                found[label] = ", ".join(map(str, value)) if isinstance(value, list) else _word(value)
        return found
    for label, value in (
        ("Checkpoint", said.checkpoint),
        ("LoRAs", ", ".join(f"{lora.name} {lora.weight:g}" for lora in said.loras)),
        ("Seed", said.seed),
        ("Width", said.width),
        ("Height", said.height),
        ("Steps", said.steps),
        ("CFG", said.cfg),
        ("Sampler", said.sampler_name),
        ("Scheduler", said.scheduler),
    ):
        found[label] = _word(value)
    return found


def _word(value: Any) -> str:
    if value is None:
        return ""
    return (
        ("yes" if value else "no")
        if isinstance(value, bool)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )


def differences_of(a: dict[str, str], b: dict[str, str]) -> tuple[list[Difference], int]:
    """What differs between two, the shortest values first, and how many values are the same."""
    labels = dict.fromkeys([*a, *b])
    found = [
        Difference(label, *_pieces(a.get(label, ""), b.get(label, "")))
        for label in labels
        if a.get(label, "") != b.get(label, "")
    ]
    same = sum(1 for label in labels if a.get(label, "") == b.get(label, "") != "")
    return sorted(found, key=lambda item: sum(len(text) for text, _ in (*item.a, *item.b))), same


def _pieces(a: str, b: str) -> tuple[Pieces, Pieces]:
    """Either text in pieces between commas, those marked that the other has not in that place."""
    one, other = ([item.strip() for item in text.split(",") if item.strip()] for text in (a, b))
    left: list[tuple[str, bool]] = []
    right: list[tuple[str, bool]] = []
    for what, a_from, a_to, b_from, b_to in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if a_to > a_from:
            left.append((", ".join(one[a_from:a_to]), what != "equal"))
        if b_to > b_from:
            right.append((", ".join(other[b_from:b_to]), what != "equal"))
    return tuple(left), tuple(right)


def _tag(letter: str, first: Difference | None, pieces: Pieces) -> str:
    """What stands on a picture: its letter, and the shortest thing that sets it apart."""
    said = _joined(tuple(piece for piece in pieces if piece[1]))
    return f"{letter} · {first.label.lower()} {said}" if first and 0 < len(said) <= 12 else letter


def _joined(pieces: Pieces) -> str:
    return ", ".join(text for text, _ in pieces)


ROUTES: list[ControllerRouterHandler] = [compare]
