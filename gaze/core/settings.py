"""The numbers and names a run is made with, and what ComfyUI takes for each."""

from __future__ import annotations

import msgspec

SEEDS = 2**64  # seeds are counted modulo this (comfyui section 6)

# Smallest and largest value that ComfyUI takes (specification prompts, "Errors"; comfyui section 6).
BOUNDS: dict[str, tuple[int, int]] = {
    "seed": (0, SEEDS - 1),
    "width": (16, 16384),
    "height": (16, 16384),
    "steps": (1, 10000),
    "cfg": (0, 100),
    "weights": (-100, 100),
    "count": (1, 20),
    "variation_seed": (0, SEEDS - 1),
    "variation_strength": (0, 1),
}


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What goes into sampler, latent and loaders; null leaves what the template has.

    `width` and `height` are in pixels; `vae` is a file, null for the one inside the checkpoint; `clip_skip`
    counts as in A1111, null below 2.
    """

    seed: int | None = None
    width: int | None = None
    height: int | None = None
    steps: int | None = None
    cfg: float | None = None
    sampler_name: str | None = None
    scheduler: str | None = None
    vae: str | None = None
    clip_skip: int | None = None


def fits(name: str, value: float) -> bool:
    """Whether ComfyUI takes `value` for `name`; no for NaN."""
    low, high = BOUNDS[name]
    return low <= value <= high


def allowed(name: str) -> str:
    """The allowed range in words, as messages end with it: `1 to 20`."""
    low, high = BOUNDS[name]
    words = f"{low} to {high}"
    return f"-1 (drawn) or {words}" if name == "seed" else words
