"""What a simulator is started with: the struct, and its command-line arguments."""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from gaze.simulator.faults import NAMES, Fault, parse

CHECKPOINTS = ("Illustrious/model.safetensors", "simulated/dream.safetensors", "simulated/ink.safetensors")
DETECTORS = ("bbox/face_yolov8m.pt", "bbox/hand_yolov8s.pt")


class Options(msgspec.Struct, frozen=True):
    """How one simulated ComfyUI behaves.

    `steps_per_s` is sampler steps per second, 0 for as fast as possible. `folder` holds output, input,
    temp and models; None makes a temporary one that goes with the process. `version` is the ComfyUI
    release to behave like (specification comfyui §8). With `accept_any_model` a model name need not be
    listed; without it names are validated as the real server does.
    """

    host: str = "127.0.0.1"
    port: int = 8188
    folder: Path | None = None
    steps_per_s: float = 0.0
    version: str = "0.25.0"
    checkpoints: tuple[str, ...] = CHECKPOINTS
    loras: tuple[str, ...] = ()
    vaes: tuple[str, ...] = ("pixel_space",)
    embeddings: tuple[str, ...] = ()
    detectors: tuple[str, ...] = DETECTORS
    accept_any_model: bool = True
    enforce_uuid: bool = True
    previews: bool = True
    cors: bool = False
    faults: tuple[Fault, ...] = ()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give `parser` the simulator's arguments; `options_from` reads them back."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, default=8188, help="port to listen on (8188)")
    parser.add_argument("--folder", type=Path, help="where pictures go; a temporary folder if left out")
    parser.add_argument(
        "--steps-per-second",
        type=float,
        default=0.0,
        metavar="X",
        help="0, the default, is as fast as possible",
    )
    parser.add_argument("--comfyui-version", default="0.25.0", metavar="V", help="the release to behave like")
    for flag, what in (
        ("checkpoint", "checkpoint"),
        ("lora", "LoRA"),
        ("vae", "VAE"),
        ("embedding", "embedding"),
    ):
        parser.add_argument(f"--{flag}", action="append", metavar="NAME", help=f"list this {what}; may be repeated")
    parser.add_argument("--strict-models", action="store_true", help="refuse model names that are not listed")
    parser.add_argument("--any-prompt-id", action="store_true", help="accept prompt ids that are no UUID")
    parser.add_argument("--no-previews", action="store_true", help="send no preview frames")
    parser.add_argument("--enable-cors-header", action="store_true", help="serve every Origin")
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="NAME[:key=value,…]",
        help=f"what goes wrong; may be repeated: {', '.join(NAMES)}",
    )


def options_from(args: argparse.Namespace) -> Options:
    """The options those arguments mean. Raises ValueError for an unknown fault or a bad setting of one."""
    given = Options()
    return Options(
        host=args.host,
        port=args.port,
        folder=args.folder,
        steps_per_s=args.steps_per_second,
        version=args.comfyui_version,
        checkpoints=tuple(args.checkpoint or given.checkpoints),
        loras=tuple(args.lora or given.loras),
        vaes=tuple(args.vae or given.vaes),
        embeddings=tuple(args.embedding or given.embeddings),
        accept_any_model=not args.strict_models,
        enforce_uuid=not args.any_prompt_id,
        previews=not args.no_previews,
        cors=args.enable_cors_header,
        faults=tuple(parse(text) for text in args.fault),
    )
