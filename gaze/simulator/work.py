"""What each node class makes of its inputs; pictures stay descriptions until one is saved or shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

Inputs = dict[str, Any]


class Art(msgspec.Struct, frozen=True):
    """A picture to be drawn from texts and a seed; the size is in pixels, in steps of 8."""

    positive: str
    negative: str
    seed: int
    width: int
    height: int
    checkpoint: str = ""


class Blank(msgspec.Struct, frozen=True):
    """A picture of one colour (0xRRGGBB)."""

    width: int
    height: int
    color: int = 0


class Stored(msgspec.Struct, frozen=True):
    """A picture that lies in the input folder, scaled by a factor."""

    path: Path
    scale: float = 1.0


Picture = Art | Blank | Stored
Pictures = tuple[Picture, ...]


class Latent(msgspec.Struct, frozen=True):
    """A batch of latents: empty ones of a size, or pictures that were sampled or encoded."""

    width: int
    height: int
    count: int
    pictures: Pictures = ()


class Checkpoint(msgspec.Struct, frozen=True):
    """A loaded model with the LoRAs on it."""

    name: str
    loras: tuple[str, ...] = ()


def outputs(class_type: str, inputs: Inputs, kinds: list[str]) -> tuple[Any, ...]:
    """The values a node gives out, one for each of its output types `kinds`."""
    make = MAKERS.get(class_type)
    if make is not None:
        return make(inputs)
    return tuple(_passed(kind, inputs) for kind in kinds)


def steps(class_type: str, inputs: Inputs) -> list[int]:
    """The lengths of the progress bars a node shows, one after another; empty for most."""
    if "steps" not in inputs or "seed" not in inputs:
        return []
    return [int(inputs["steps"])] * int(inputs.get("cycle", 1))


def is_detailer(class_type: str) -> bool:
    """Whether a node works on a part of a finished picture."""
    return class_type.startswith(("FaceDetailer", "DetailerForEach"))


def _passed(kind: str, inputs: Inputs) -> Any:
    """What a class without a rule of its own gives out: the input of that kind."""
    wanted = {
        "IMAGE": tuple,
        "LATENT": Latent,
        "MODEL": Checkpoint,
        "CLIP": Checkpoint,
        "CONDITIONING": str,
    }.get(kind)
    if wanted is not None:
        for value in inputs.values():
            if isinstance(value, wanted):
                return value
    return kind.lower()


def _encode_text(inputs: Inputs) -> tuple[Any, ...]:
    text = str(inputs["text"])
    text.encode()  # a lone surrogate fails here, as in the real encoder (specification comfyui §6)
    return (text,)


def _sample(inputs: Inputs) -> tuple[Any, ...]:
    latent, model, seed = inputs["latent_image"], inputs["model"], int(inputs["seed"])
    if seed == 2**64 - 1 and "ancestral" in str(inputs["sampler_name"]):
        raise ValueError("Overflow when unpacking long long")
    if latent.pictures and float(inputs["denoise"]) < 1:
        return (latent,)
    name = model.name if isinstance(model, Checkpoint) else ""
    width, height = latent.width, latent.height
    made = tuple(
        Art(str(inputs["positive"]), str(inputs["negative"]), seed + place, width, height, name)
        for place in range(latent.count)
    )
    return (Latent(width, height, latent.count, made),)


def _empty_latent(inputs: Inputs) -> tuple[Any, ...]:
    return (Latent(inputs["width"] // 8 * 8, inputs["height"] // 8 * 8, inputs["batch_size"]),)


def _decode(inputs: Inputs) -> tuple[Any, ...]:
    latent = inputs["samples"]
    return (latent.pictures or tuple(Blank(latent.width, latent.height, 0x7F7F7F) for _ in range(latent.count)),)


def _encode_pictures(inputs: Inputs) -> tuple[Any, ...]:
    pictures = inputs["pixels"]
    width, height = (getattr(pictures[0], side, 512) for side in ("width", "height"))
    return (Latent(width, height, len(pictures), pictures),)


def _scale_latent(inputs: Inputs) -> tuple[Any, ...]:
    latent, factor = inputs["samples"], float(inputs["scale_by"])
    width, height = (max(8, int(side * factor) // 8 * 8) for side in (latent.width, latent.height))
    return (Latent(width, height, latent.count, tuple(_scaled(one, factor) for one in latent.pictures)),)


def _scale_pictures(inputs: Inputs) -> tuple[Any, ...]:
    return (tuple(_scaled(picture, float(inputs["scale_by"])) for picture in inputs["image"]),)


def _scaled(picture: Picture, factor: float) -> Picture:
    if isinstance(picture, Stored):
        return msgspec.structs.replace(picture, scale=picture.scale * factor)
    width, height = (max(8, int(side * factor)) for side in (picture.width, picture.height))
    return msgspec.structs.replace(picture, width=width, height=height)


def _empty_picture(inputs: Inputs) -> tuple[Any, ...]:
    return (tuple(Blank(inputs["width"], inputs["height"], inputs["color"]) for _ in range(inputs["batch_size"])),)


def _load_checkpoint(inputs: Inputs) -> tuple[Any, ...]:
    model = Checkpoint(inputs["ckpt_name"])
    return model, model, "vae"


def _load_lora(inputs: Inputs) -> tuple[Any, ...]:
    model = inputs["model"]
    if isinstance(model, Checkpoint) and inputs.get("strength_model"):
        model = msgspec.structs.replace(model, loras=(*model.loras, inputs["lora_name"]))
    return model, inputs.get("clip")


MAKERS: dict[str, Callable[[Inputs], tuple[Any, ...]]] = {
    "CheckpointLoaderSimple": _load_checkpoint,
    "CLIPTextEncode": _encode_text,
    "EmptyImage": _empty_picture,
    "EmptyLatentImage": _empty_latent,
    "ImageScaleBy": _scale_pictures,
    "KSampler": _sample,
    "LatentUpscaleBy": _scale_latent,
    "LoraLoader": _load_lora,
    "LoraLoaderModelOnly": _load_lora,
    "VAEDecode": _decode,
    "VAEEncode": _encode_pictures,
}
