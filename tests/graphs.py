"""Small graphs that a ComfyUI, real or simulated, runs at once."""

from __future__ import annotations

from itertools import count
from typing import Any

_seeds = count(1_000_000)


def a_graph(seed: int | None = None, steps: int = 2, **more: Any) -> dict[str, Any]:
    """A small graph; `more` are nodes that come in place of its own or beside them.

    Without a seed it gets one of its own: a repeated sampler would be answered from the cache.
    """
    seed = next(_seeds) if seed is None else seed
    return {
        "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "Illustrious/model.safetensors"}},
        "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
        "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "1girl", "clip": ["4", 1]}},
        "3": {
            "class_type": "KSampler",
            "inputs": {"seed": seed, "steps": steps, "cfg": 5.0, "sampler_name": "euler", "scheduler": "normal",
                       "denoise": 1.0, "model": ["4", 0], "positive": ["6", 0], "negative": ["6", 0],
                       "latent_image": ["5", 0]},
        },
        "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
        "9": {"class_type": "SaveImage", "inputs": {"filename_prefix": "x", "images": ["8", 0]}},
        **more,
    }  # fmt: skip
