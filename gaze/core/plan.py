"""A plan: a recipe resolved to prompts, LoRAs and settings (specification prompts)."""

from __future__ import annotations

from random import Random

import msgspec

from gaze.core.errors import Fault, Refusal
from gaze.core.recipe import Recipe
from gaze.core.settings import Settings
from gaze.core.shelf import Shelf
from gaze.core.wildcards import Note

__all__ = ["LoraUse", "Note", "Piece", "Pieces", "Plan", "PlanError", "Settings", "plan"]


class LoraUse(msgspec.Struct, frozen=True, kw_only=True):
    """A LoRA of a plan: its place in the chain, whose it is, its file and its weight."""

    slot: int
    category: str
    slug: str
    lora_name: str
    weight: float


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """One item of a prompt and where it came from.

    `address` is `section::key` of the asset `category/slug`, or `recipe::extra_positive`, `workflow::negative`, ...
    `dropped` is empty for an item that stays, else `repeat`, `cancel` or `replaced`.
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


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a graph is made of, and why it is as it is.

    `assets` gives the slugs that took part by category; `resolved`, planned again, gives the same plan.
    """

    positive: str = ""
    negative: str = ""
    face: str = ""
    hand: str = ""
    loras: tuple[LoraUse, ...] = ()
    checkpoint: str | None = None
    settings: Settings = Settings()
    detail_face: bool = True
    detail_hands: bool = True
    prefix: str = "gaze/generator"
    workflow: str = "default"
    resolved: Recipe = Recipe()
    notes: tuple[Note, ...] = ()
    assets: dict[str, list[str]] = {}
    pieces: Pieces = Pieces()


class PlanError(Refusal):
    """A recipe that cannot be planned; `faults` names all that is wrong with it at once.

    Status 400 if values are wrong in themselves (F69, F109), 422 if what they name is not there.
    """

    status = 422

    def __init__(self, faults: list[Fault]) -> None:
        bad = all(fault.code == "bad-value" for fault in faults)
        message = " ".join(fault.message for fault in faults)
        super().__init__(message, field=faults[0].field, code=faults[0].code, status=400 if bad else 422, faults=faults)


def plan(recipe: Recipe, library: Shelf, rng: Random) -> Plan:
    raise NotImplementedError
