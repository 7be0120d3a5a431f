"""The node classes the simulator knows: ComfyUI's /object_info, with model lists filled in.

`nodes.json` is cut from the answer of ComfyUI 0.25.0 and Impact Pack 7.10.6; a text beginning with `$`
stands where the real answer has a list of files.
"""

from __future__ import annotations

import copy
import json
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from gaze.simulator.faults import Board
from gaze.simulator.options import Options

MODEL_LISTS = ("$checkpoints", "$loras", "$vae", "$ultralytics", "$sams")
FOLDERS = """
checkpoints configs loras vae text_encoders diffusion_models clip_vision style_models embeddings diffusers
vae_approx controlnet gligen upscale_models latent_upscale_models custom_nodes hypernetworks photomaker
classifiers model_patches audio_encoders background_removal frame_interpolation geometry_estimation
optical_flow detection
""".split()  # noqa: SIM905 - a list of one name a line is no easier to read
PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp"}


@cache
def classes() -> dict[str, Any]:
    """The shipped node classes by name, lists not filled in. Not to be changed."""
    text = resources.files("gaze.simulator").joinpath("nodes.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def inputs_of(info: dict[str, Any]) -> dict[str, list[Any]]:
    """Required, then optional inputs of one class: name to `[type, settings]`."""
    both: dict[str, list[Any]] = {**info["input"].get("required", {}), **info["input"].get("optional", {})}
    return both


class Nodes:
    """The classes of one server; new and deleted files show at once (specification comfyui §1)."""

    def __init__(self, options: Options, folder: Path, board: Board) -> None:
        self._options = options
        self._folder = folder
        self._board = board

    def known(self, class_type: Any) -> bool:
        """Whether the class is there; a missing-node fault takes classes away."""
        missing = {fault.node or "FaceDetailer" for fault in self._board.all("missing-node")}
        return (
            isinstance(class_type, str)
            and not class_type.startswith("$")
            and class_type in classes()
            and class_type not in missing
        )

    def info(self, class_type: str) -> dict[str, Any]:
        """What /object_info says of one known class, lists filled in."""
        info: dict[str, Any] = copy.deepcopy(classes()[class_type])
        for section in info["input"].values():
            for name, spec in section.items():
                if isinstance(spec, list):
                    section[name] = self.filled(spec)
        return info

    def filled(self, spec: list[Any]) -> list[Any]:
        """An input's `[type, settings]` with the list of files where its type stands for one."""
        kind = spec[0]
        if isinstance(kind, str) and kind.startswith("$"):
            return [self.listed(kind), *spec[1:]]
        return spec

    def every(self) -> dict[str, Any]:
        """The whole /object_info."""
        return {name: self.info(name) for name in classes() if self.known(name)}

    def open_list(self, class_type: str, name: str) -> bool:
        """Whether any text is taken for this input, because any model is accepted."""
        spec = inputs_of(classes()[class_type]).get(name)
        return self._options.accept_any_model and bool(spec) and spec is not None and spec[0] in MODEL_LISTS

    def listed(self, what: str) -> list[str]:
        """The names behind a `$` list, in order, with the separator of the system played."""
        if what == "$samplers":
            samplers: list[str] = classes()[what]
            return samplers
        if what == "$input":
            found = (self._folder / "input").glob("*")
            return sorted(path.name for path in found if path.suffix.lower() in PICTURES)
        return self.models(what[1:])

    def models(self, folder: str) -> list[str]:
        """Model names of a folder: those of the options and those on disk, relative to the folder."""
        options = self._options
        given = {
            "checkpoints": options.checkpoints,
            "loras": options.loras,
            "vae": options.vaes,
            "embeddings": options.embeddings,
            "ultralytics": options.detectors,
            "sams": ("ESAM",),
        }
        names = set(given.get(folder, ()))
        root = self._folder / "models" / folder
        names |= {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
        separator = "\\" if self._board.on("backslash-names") else "/"
        return sorted(name.replace("/", separator) for name in names)
