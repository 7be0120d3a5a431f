"""`parameters` as SwarmUI writes it: JSON with `sui_image_params`."""

from __future__ import annotations

from typing import Any

from gaze.core.metadata.a1111 import without_tags
from gaze.core.metadata.meta import (
    MOST_LORAS,
    SHORT,
    Metadata,
    UsedLora,
    listed,
    loads,
    mapped,
    number,
    rest,
    text,
    whole,
)
from gaze.core.metadata.samplers import sampler_of, scheduler_of

KEY = "sui_image_params"
_KNOWN = frozenset(
    {
        "prompt",
        "negativeprompt",
        "model",
        "seed",
        "steps",
        "cfgscale",
        "width",
        "height",
        "sampler",
        "scheduler",
        "loras",
        "loraweights",
        "aspectratio",
    }
)


def read(raw: str) -> Metadata:
    """What the JSON says; LoRAs stand in two lists beside each other, or in the prompt."""
    params = mapped(mapped(loads(raw)).get(KEY))
    sampler, schedule = sampler_of(text(params.get("sampler"), SHORT))
    positive, tagged = without_tags(text(params.get("prompt")))
    return Metadata(
        tool="SwarmUI",
        positive=positive,
        negative=text(params.get("negativeprompt")),
        checkpoint=text(params.get("model"), SHORT).replace("\\", "/"),
        loras=(*_loras(params.get("loras"), params.get("loraweights")), *tagged)[:MOST_LORAS],
        seed=whole(params.get("seed")),
        width=whole(params.get("width")),
        height=whole(params.get("height")),
        steps=whole(params.get("steps")),
        cfg=number(params.get("cfgscale")),
        sampler_name=sampler,
        scheduler=schedule or scheduler_of(text(params.get("scheduler"), SHORT)),
        more=rest(params, _KNOWN),
    )


def _loras(names: Any, weights: Any) -> list[UsedLora]:
    if isinstance(names, str):  # older versions wrote both joined by commas (faults F54)
        names = names.split(",")
    if isinstance(weights, str):
        weights = weights.split(",")
    given = [number(weight) for weight in listed(weights)]
    found = []
    for place, name in enumerate(listed(names)[:MOST_LORAS]):
        weight = given[place] if place < len(given) else None
        if said := text(name, SHORT):
            found.append(UsedLora(said.replace("\\", "/"), 1.0 if weight is None else weight))
    return found
