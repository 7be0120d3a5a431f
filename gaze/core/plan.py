"""A plan: a recipe resolved to prompts, LoRAs and settings (specification prompts)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

import msgspec

from gaze.core.asset import Asset
from gaze.core.cast import DRAWN_SEEDS, Cast, cast
from gaze.core.errors import Fault, Refusal
from gaze.core.fields import Selection, select, subject_of
from gaze.core.loras import LoraUse, assign
from gaze.core.pieces import Piece, Pieces, text_of
from gaze.core.prompts import compose
from gaze.core.recipe import Recipe
from gaze.core.recipe_faults import recipe_faults
from gaze.core.settings import BOUNDS, SEEDS, Settings, allowed, fits
from gaze.core.shelf import Shelf
from gaze.core.template import Template
from gaze.core.texts import Texts
from gaze.core.wildcards import Note

__all__ = ["LoraUse", "Note", "Piece", "Pieces", "Plan", "PlanError", "Settings", "one_by_one", "plan", "selection"]

_FROM_TEMPLATE = ("width", "height", "steps", "cfg", "sampler_name", "scheduler")


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
    """The plan of a recipe; `rng` draws only a missing seed, every other draw has a chance of its own.

    Raises PlanError with every fault at once. Pure: neither recipe nor library change (specification prompts).
    """
    faults = recipe_faults(recipe, library.categories)
    who = cast(recipe, library, rng)
    faults += who.faults
    notes = list(who.notes)
    loras = assign(who.assets, recipe.off, recipe.weights, who.seed)
    settings = _settings(recipe, who, notes, faults)
    faults += loras.faults
    if faults:
        raise PlanError(faults)
    chosen = _selection(recipe, library, who.assets)
    texts = Texts(recipe.texts, who.seed, library.wildcard)
    category, _, _ = recipe.subject.partition("/")
    prompts = compose(
        who.assets,
        who.outfit,
        chosen,
        loras,
        texts,
        own_negative=who.template.negative if who.template else "",
        extra_positive=recipe.extra_positive,
        extra_negative=recipe.extra_negative,
        background=category in library.categories and library.categories[category].backdrop,
    )
    notes += [*loras.notes, *texts.notes, *prompts.notes]
    return Plan(
        positive=text_of(prompts.pieces.positive),
        negative=text_of(prompts.pieces.negative),
        face=text_of(prompts.pieces.face),
        hand=text_of(prompts.pieces.hand),
        loras=loras.uses,
        checkpoint=who.checkpoint,
        settings=settings,
        detail_face=recipe.detail_face,
        detail_hands=recipe.detail_hands,
        prefix=f"gaze/{recipe.subject.replace('/', '_')}" if recipe.subject else "gaze/generator",
        workflow=recipe.workflow or "default",
        resolved=_resolved(recipe, who, chosen, loras.uses, texts, settings),
        notes=tuple(dict.fromkeys(notes)),
        assets=_slugs(who.assets),
        pieces=prompts.pieces,
    )


def selection(recipe: Recipe, library: Shelf, rng: Random) -> Selection:
    """Which fields count in a recipe, for pages that show it."""
    return _selection(recipe, library, cast(recipe, library, rng).assets)


def one_by_one(recipe: Recipe, rng: Random) -> Iterator[Recipe]:
    """The recipes of a recipe's images, `count` of them, with seed, seed+1, ...; a missing seed is drawn once.

    A count or seed out of bounds gives the recipe itself, whose plan then says what is wrong.
    """
    if not fits("count", recipe.count) or (recipe.seed is not None and not -1 <= recipe.seed < SEEDS):
        yield recipe
        return
    first = rng.randrange(DRAWN_SEEDS) if recipe.seed is None or recipe.seed == -1 else recipe.seed
    for step in range(recipe.count):
        yield msgspec.structs.replace(recipe, seed=(first + step) % SEEDS, count=1)


def _selection(recipe: Recipe, library: Shelf, assets: Sequence[Asset]) -> Selection:
    subject = subject_of(recipe.subject, assets)
    saved = library.saved_fields(subject) if subject is not None and recipe.fields is None else None
    return select(recipe.fields, saved, subject)


def _settings(recipe: Recipe, who: Cast, notes: list[Note], faults: list[Fault]) -> Settings:
    """Each the recipe's, else the checkpoint's, else the template's, else null."""
    values: dict[str, Any] = {}
    for name in _FROM_TEMPLATE:
        mine, models = getattr(recipe, name), getattr(who.model, name, None)
        for value in (mine, models, _of_template(who.template, name)):
            if value is not None and value != "":
                values[name] = value
                break
        if mine in (None, "") and name in BOUNDS and models is not None and not fits(name, models):
            message = f"{name} of the checkpoint {who.checkpoint} is {models}; {allowed(name)} is allowed."
            faults.append(Fault("bad-value", message, name))
        if mine not in (None, "") and models not in (None, "", mine):
            notes.append(Note("override", f"The recipe sets {name} to {mine} in place of the checkpoint's {models}."))
    vae = (getattr(who.model, "vae", None) or "").strip()
    skip = abs(getattr(who.model, "clip_skip", None) or 0)
    return Settings(
        seed=who.seed,
        vae=None if vae.lower() in ("", "integrated") else vae,
        clip_skip=skip if skip >= 2 else None,
        **values,
    )


def _of_template(template: Template | None, name: str) -> Any:
    return getattr(template.settings, name) if template else None


def _resolved(
    recipe: Recipe, who: Cast, chosen: Selection, uses: Sequence[LoraUse], texts: Texts, settings: Settings
) -> Recipe:
    """The recipe that, planned again, gives the same plan, whatever becomes of chance and wildcard files."""
    known = {key: names for key, names in who.chosen.items() if key in Recipe.__struct_fields__}
    own = {key: names for key, names in who.chosen.items() if key not in known and (names or key in recipe.others)}
    picks = {
        key: names if isinstance(getattr(Recipe(), key), list) else next(iter(names), None)
        for key, names in known.items()
    }
    return msgspec.structs.replace(
        recipe,
        **picks,
        others={**recipe.others, **own},
        character_outfit=who.outfit,
        checkpoint=who.checkpoint,
        fields=list(chosen.listed),
        weights={f"{use.category}/{use.slug}": use.weight for use in uses},
        texts={**recipe.texts, **texts.changed},
        count=1,
        **{name: getattr(settings, name) for name in ("seed", *_FROM_TEMPLATE)},
    )


def _slugs(assets: Sequence[Asset]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for asset in assets:
        found.setdefault(asset.category.name, []).append(asset.slug)
    return found
