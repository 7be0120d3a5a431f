"""NovelAI: `Comment` is JSON, `Description` the prompt, `Source` the model."""

from __future__ import annotations

from collections.abc import Mapping

from gaze.core.metadata.meta import SHORT, Metadata, loads, mapped, number, rest, text, whole
from gaze.core.metadata.samplers import sampler_of, scheduler_of

_KNOWN = frozenset(
    {
        "prompt",
        "uc",
        "steps",
        "scale",
        "seed",
        "sampler",
        "noise_schedule",
        "width",
        "height",
        "v4_prompt",
        "v4_negative_prompt",
    }
)


def is_one(texts: Mapping[str, str]) -> bool:
    """Whether NovelAI wrote these texts."""
    return texts.get("Software", "").startswith("NovelAI") or ('"uc"' in texts.get("Comment", "")[:200_000])


def read(texts: Mapping[str, str]) -> Metadata:
    """What an image of NovelAI says."""
    said = mapped(loads(texts.get("Comment", "")))
    sampler, schedule = sampler_of(text(said.get("sampler"), SHORT))
    later = mapped(mapped(said.get("v4_prompt")).get("caption")).get("base_caption")
    return Metadata(
        tool="NovelAI",
        positive=text(said.get("prompt")) or text(later) or text(texts.get("Description")),
        negative=text(said.get("uc")),
        checkpoint=text(texts.get("Source"), SHORT),
        seed=whole(said.get("seed")),
        width=whole(said.get("width")),
        height=whole(said.get("height")),
        steps=whole(said.get("steps")),
        cfg=number(said.get("scale")),
        sampler_name=sampler,
        scheduler=schedule or scheduler_of(text(said.get("noise_schedule"), SHORT)),
        more=rest(said, _KNOWN),
    )
