"""A recipe from foreign metadata, as far as it maps, and what did not map, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from gaze.core.category import Category
from gaze.core.metadata.a1111 import stem_of
from gaze.core.metadata.meta import Metadata
from gaze.core.metadata.samplers import SAMPLERS, SCHEDULERS
from gaze.core.recipe import Recipe
from gaze.core.settings import allowed, fits

_NUMBERS = ("seed", "width", "height", "steps", "cfg")


class Model(msgspec.Struct, frozen=True):
    """A model file that the library knows, and what a recipe chooses to have it: category and slug or path."""

    path: str
    category: str
    choice: str


class Mapped(msgspec.Struct, frozen=True):
    """The recipe, and what of the metadata is not in it."""

    recipe: Recipe
    unmapped: tuple[str, ...]


def to_recipe(
    said: Metadata, categories: Mapping[str, Category], loras: Sequence[Model], checkpoints: Sequence[Model]
) -> Mapped:
    """Prompts and settings as they are; LoRAs by the assets that name them; the checkpoint by its file.

    A name that several files could mean is not guessed at (faults F111).
    """
    raw: dict[str, Any] = {"extra_positive": said.positive, "extra_negative": said.negative, "fields": []}
    left: list[str] = []
    _numbers(said, raw, left)
    weights: dict[str, float] = {}
    for used in said.loras:
        model, why = _one(used.name, loras, categories)
        if model is None:
            left.append(f"LoRA «{used.name}» ({used.weight:g}): {why or 'no asset names it'}.")
            continue
        key = categories[model.category].choice
        if not categories[model.category].many:
            if raw.get(key):
                left.append(
                    f"LoRA «{used.name}» ({used.weight:g}): another {categories[model.category].one} is chosen."
                )
                continue
            raw[key] = model.choice
        else:
            raw.setdefault(key, []).append(model.choice)
        weights[f"{model.category}/{model.choice}"] = used.weight
    if said.checkpoint:
        model, why = _one(said.checkpoint, checkpoints, categories)
        raw["checkpoint"] = model.choice if model else None
        if model is None:
            left.append(f"Checkpoint «{said.checkpoint}»: {why or 'there is no such file'}; the default one is used.")
    if said.clip_skip and said.clip_skip > 1:
        left.append(f"Clip skip {said.clip_skip}: it is set by the checkpoint's entry.")
    if weights:
        left.append("The assets of its LoRAs add their own words to the prompt.")
    known = {key: value for key, value in raw.items() if key in Recipe.__struct_fields__}
    others = {key: value for key, value in raw.items() if key not in known}
    return Mapped(Recipe(**known, others=others, weights=weights), (*left, *said.notes))


def _numbers(said: Metadata, raw: dict[str, Any], left: list[str]) -> None:
    for name in _NUMBERS:
        value = getattr(said, name)
        if value is None:
            continue
        if fits(name, value):
            raw[name] = value
        else:
            left.append(f"{name} {value:g}: {allowed(name)} is allowed.")
    for name, known, label in (("sampler_name", SAMPLERS, "Sampler"), ("scheduler", SCHEDULERS, "Scheduler")):
        value = getattr(said, name)
        if value in known:
            raw[name] = value
        elif value:
            left.append(f"{label} «{value}»: ComfyUI has none of that name.")


def _one(name: str, models: Iterable[Model], categories: Mapping[str, Category]) -> tuple[Model | None, str]:
    """The model a name means: its path, else the only file of that name; or why none can be said."""
    wanted = name.replace("\\", "/").casefold()
    stem = stem_of(wanted)
    exact: list[Model] = []
    alike: list[Model] = []
    for model in models:
        path = model.path.casefold()
        if path == wanted or path == f"{wanted}.safetensors":
            exact.append(model)
        elif stem_of(path) == stem:
            alike.append(model)
    found = exact or alike
    paths = {model.path for model in found}
    if len(paths) > 1:
        return None, f"it could be {' or '.join(f'«{path}»' for path in sorted(paths)[:3])}"
    order = list(categories)
    return min(found, key=lambda model: (order.index(model.category), model.choice), default=None), ""
