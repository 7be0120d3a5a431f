"""The items of prompts with where they came from, and what becomes of them (specification prompts, "Text")."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from gaze.core.text import cancelled, join, key, repeats
from gaze.core.wildcards import Note


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """One item of a prompt and where it came from.

    `address` is `section::key` of the asset `category/slug`, or `recipe::extra_positive`, `workflow::negative`,
    `solo` or `background`. `dropped` is empty for an item that stays, else `repeat`, `cancel` or `replaced`.
    """

    text: str
    category: str = ""
    slug: str = ""
    address: str = ""
    dropped: str = ""


class Pieces(msgspec.Struct, frozen=True, kw_only=True):
    """The items of each prompt in order, dropped ones too."""

    positive: tuple[Piece, ...] = ()
    negative: tuple[Piece, ...] = ()
    face: tuple[Piece, ...] = ()
    hand: tuple[Piece, ...] = ()


def text_of(pieces: Sequence[Piece]) -> str:
    """The finished prompt that pieces make."""
    return join(piece.text for piece in pieces if not piece.dropped)


def without_repeats(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces, those that repeat an earlier one marked so."""
    return _drop(pieces, repeats(_alive(pieces)), "repeat")


def without_shared(main: Sequence[Piece], negative: Sequence[Piece]) -> tuple[list[Piece], list[Piece]]:
    """Both prompts, the pieces that cancel marked so."""
    gone, gone_too = cancelled(_alive(main), _alive(negative))
    return _drop(main, gone, "cancel"), _drop(negative, gone_too, "cancel")


def dropped_notes(*prompts: Sequence[Piece]) -> Iterator[Note]:
    """What to say about pieces that were dropped, one note for each reason."""
    for why, code, sentence in (
        ("repeat", "repeat", "Said more than once and kept once: {}."),
        ("cancel", "cancel", "In the prompt and in the negative, so taken out of both: {}."),
    ):
        texts = {key(piece.text): piece.text for prompt in prompts for piece in prompt if piece.dropped == why}
        if texts:
            yield Note(code, sentence.format(", ".join(f"«{text}»" for text in texts.values())))


def said_once(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces, without those that repeat only because the prompt takes one field twice (an action's hands)."""
    first: dict[str, tuple[str, str, str]] = {}
    made = []
    for piece in pieces:
        source = (piece.category, piece.slug, piece.address)
        if not piece.dropped:
            first.setdefault(key(piece.text), source)
        if piece.dropped != "repeat" or first.get(key(piece.text)) != source:
            made.append(piece)
    return made


def _drop(pieces: Sequence[Piece], flags: Sequence[bool], why: str) -> list[Piece]:
    """The pieces with those alive marked as `flags` say."""
    left = iter(flags)
    return [
        piece if piece.dropped or not next(left) else msgspec.structs.replace(piece, dropped=why) for piece in pieces
    ]


def _alive(pieces: Sequence[Piece]) -> list[str]:
    return [piece.text for piece in pieces if not piece.dropped]
