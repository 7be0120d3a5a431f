"""`invokeai_metadata`, and the `sd-metadata` of InvokeAI 2."""

from __future__ import annotations

import re
from typing import Any

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
from gaze.core.metadata.samplers import sampler_of

KEY, OLD = "invokeai_metadata", "sd-metadata"
_KNOWN = frozenset(
    {
        "positive_prompt",
        "negative_prompt",
        "model",
        "seed",
        "steps",
        "cfg_scale",
        "scheduler",
        "width",
        "height",
        "loras",
        "clip_skip",
        "generation_mode",
        "app_version",
    }
)


def read(raw: str) -> Metadata:
    """What InvokeAI 3 and later say."""
    said = mapped(loads(raw))
    sampler, schedule = sampler_of(text(said.get("scheduler"), SHORT))
    skip = whole(said.get("clip_skip"))
    return Metadata(
        tool="InvokeAI",
        positive=text(said.get("positive_prompt")),
        negative=text(said.get("negative_prompt")),
        checkpoint=_name(said.get("model")),
        loras=tuple(_loras(said.get("loras"))),
        seed=whole(said.get("seed")),
        width=whole(said.get("width")),
        height=whole(said.get("height")),
        steps=whole(said.get("steps")),
        cfg=number(said.get("cfg_scale")),
        sampler_name=sampler,
        scheduler=schedule,
        clip_skip=skip + 1 if skip else None,  # it counts the layers left out, A1111 the one that is used
        more=rest(said, _KNOWN),
    )


def read_old(raw: str) -> Metadata:
    """What InvokeAI 2 said; its negative prompt stands in brackets within the prompt."""
    said = mapped(loads(raw))
    image = mapped(said.get("image"))
    prompt = image.get("prompt")
    if isinstance(prompt, list):
        prompt = ", ".join(text(mapped(part).get("prompt")) for part in prompt[:50])
    whole_text = text(prompt)
    negative = ", ".join(re.findall(r"\[([^\[\]]{0,5000})\]", whole_text))
    sampler, schedule = sampler_of(text(image.get("sampler"), SHORT))
    return Metadata(
        tool="InvokeAI",
        positive=_tidy(re.sub(r"\[[^\[\]]{0,5000}\]", "", whole_text)),
        negative=negative,
        checkpoint=text(said.get("model_weights"), SHORT),
        seed=whole(image.get("seed")),
        width=whole(image.get("width")),
        height=whole(image.get("height")),
        steps=whole(image.get("steps")),
        cfg=number(image.get("cfg_scale")),
        sampler_name=sampler,
        scheduler=schedule,
        more=rest(said, frozenset({"image", "model_weights"})),
    )


def _tidy(prompt: str) -> str:
    return ", ".join(item for part in prompt.split(",") if (item := part.strip()))


def _name(model: Any) -> str:
    """A model's name, from any of the shapes that versions gave it."""
    if isinstance(model, str):
        return text(model, SHORT)
    held = mapped(model)
    return text(held.get("name") or held.get("model_name"), SHORT)


def _loras(value: Any) -> list[UsedLora]:
    found = []
    for item in listed(value)[:MOST_LORAS]:
        held = mapped(item)
        weight = number(held.get("weight"))
        if name := _name(held.get("model") or held.get("lora")):
            found.append(UsedLora(name, 1.0 if weight is None else weight))
    return found
