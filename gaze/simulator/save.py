"""Saving as SaveImage and PreviewImage do: names, counters, text chunks (specification comfyui §6)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from gaze.simulator.draw import picture
from gaze.simulator.files import Folders
from gaze.simulator.png import encode
from gaze.simulator.work import Picture, Pictures


class Saved(msgspec.Struct, frozen=True):
    """A written file and how history names it."""

    path: Path
    shown: dict[str, Any]

    def with_backslashes(self) -> Saved:
        """The same, named as a Windows server names it: below the first level of subfolders."""
        return Saved(self.path, {**self.shown, "subfolder": self.shown["subfolder"].replace("/", "\\")})


def bytes_of(what: Picture, texts: Mapping[str, str]) -> bytes:
    """The PNG file of one picture."""
    return encode(picture(what), texts)


def save(folders: Folders, node: dict[str, Any], pictures: Pictures, texts: Mapping[str, str]) -> list[Saved]:
    """Write the pictures of one output node. Raises OutsideOutput, OSError, UnicodeEncodeError."""
    temp = node["class_type"] == "PreviewImage"
    kind = "temp" if temp else "output"
    prefix = f"ComfyUI_temp_{_mark()}" if temp else str(node["inputs"].get("filename_prefix", "ComfyUI"))
    saved = []
    paths, subfolder = folders.new_files(kind, prefix, picture(pictures[0]).size, len(pictures))
    for path, what in zip(paths, pictures, strict=True):
        path.write_bytes(bytes_of(what, texts))
        saved.append(Saved(path, {"filename": path.name, "subfolder": subfolder, "type": kind}))
    return saved


@cache
def _mark() -> str:
    """Five letters that tell this server's temporary files from those of an earlier one."""
    return "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(5))
