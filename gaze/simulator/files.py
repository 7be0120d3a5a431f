"""The folders of a server: names of saved pictures, /view and /upload/image (specification comfyui §6)."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Any

KINDS = ("output", "input", "temp")


class NoFile(Exception):
    """A file that is not served; `status` is the HTTP code that says so."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class OutsideOutput(Exception):
    """A file name prefix that leads out of the output folder; the words are ComfyUI's."""

    def __init__(self, folder: str, output: str) -> None:
        super().__init__(
            "**** ERROR: Saving image outside the output folder is not allowed.\n"
            f" full_output_folder: {folder}\n         output_dir: {output}\n         commonpath: {output}"
        )


class Folders:
    """output, input, temp and models below one root folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._counters: dict[tuple[str, str], int] = {}
        for kind in (*KINDS, "models"):
            (root / kind).mkdir(parents=True, exist_ok=True)

    def new_files(self, kind: str, prefix: str, size: tuple[int, int], count: int) -> tuple[list[Path], str]:
        """The paths for the next pictures of a prefix, and their subfolder with `/`.

        Their numbers follow the highest on disk; `%batch_num%` defeats that. Raises OutsideOutput.
        """
        root = self.root / kind
        prefix = _tokens(prefix, *size)
        subfolder = os.path.dirname(os.path.normpath(prefix))  # noqa: PTH120 - ComfyUI's own rule, ends with "." for ""
        name = os.path.basename(os.path.normpath(prefix))  # noqa: PTH119
        folder = Path(os.path.abspath(root / subfolder))  # noqa: PTH100 - resolve() would follow links
        if os.path.commonpath((root.absolute(), folder)) != str(root.absolute()):
            raise OutsideOutput(str(folder), str(root))
        folder.mkdir(parents=True, exist_ok=True)
        number = self._next(folder, name)
        self._counters[str(folder), name] = number + count - 1
        names = [f"{name.replace('%batch_num%', str(n))}_{number + n:05}_.png" for n in range(count)]
        return [folder / one for one in names], subfolder

    def _next(self, folder: Path, name: str) -> int:
        """Highest number on disk + 1. A folder may be big, so it is listed only if the last known is old."""
        known = self._counters.get((str(folder), name), 0)
        newest = folder / f"{name}_{known:05}_.png"
        if not known or not newest.exists() or (folder / f"{name}_{known + 1:05}_.png").exists():
            pattern = re.compile(re.escape(name) + r"_(\d+)", re.IGNORECASE)
            numbers = (pattern.match(entry.name) for entry in os.scandir(folder))
            known = max((int(found[1]) for found in numbers if found), default=0)
        return known + 1

    def find(self, query: dict[str, str]) -> Path:
        """The file a /view asks for. Raises NoFile with 400, 403 or 404."""
        if "filename" not in query:
            raise NoFile(404)
        filename, kind = query["filename"], query.get("type", "output")
        if annotated := re.fullmatch(r"(.*) \[(output|input|temp)\]", filename):
            filename, kind = annotated[1], annotated[2]
        if not filename or filename[0] == "/" or ".." in filename or kind not in KINDS:
            raise NoFile(400)
        path = self._inside(kind, query.get("subfolder", "")) / Path(filename).name
        if not path.is_file():
            raise NoFile(404)
        return path

    def store(self, fields: dict[str, str], name: str, data: bytes) -> dict[str, Any]:
        """Keep an upload; the answer of /upload/image. Raises NoFile (400), KeyError for a bad type."""
        kind = fields.get("type") or "input"
        if kind not in KINDS:
            raise KeyError(kind)
        subfolder = os.path.normpath(fields["subfolder"]) if fields.get("subfolder") else ""
        try:
            folder = self._inside(kind, subfolder)
            if not name or Path(name).name != name or name in (".", ".."):
                raise NoFile(400)
        except NoFile:
            raise NoFile(400) from None
        folder.mkdir(parents=True, exist_ok=True)
        if fields.get("overwrite") not in ("true", "1"):
            name = _free_name(folder, name, data)
        (folder / name).write_bytes(data)
        return {"name": name, "subfolder": subfolder, "type": kind}

    def _inside(self, kind: str, subfolder: str) -> Path:
        root = (self.root / kind).absolute()
        folder = Path(os.path.abspath(root / subfolder.replace("\\", "/")))  # noqa: PTH100
        if os.path.commonpath((root, folder)) != str(root):
            raise NoFile(403)
        return folder


def _free_name(folder: Path, name: str, data: bytes) -> str:
    """The name itself, or `name (1).png` when another file has it; equal bytes share the name."""
    stem, suffix = Path(name).stem, Path(name).suffix
    number = 0
    while (folder / name).exists() and (folder / name).read_bytes() != data:
        number += 1
        name = f"{stem} ({number}){suffix}"
    return name


def _tokens(prefix: str, width: int, height: int) -> str:
    if "%" not in prefix:
        return prefix
    now = time.localtime()
    values = {"width": width, "height": height, "year": now.tm_year}
    values |= {
        "month": now.tm_mon,
        "day": now.tm_mday,
        "hour": now.tm_hour,
        "minute": now.tm_min,
        "second": now.tm_sec,
    }
    for token, value in values.items():
        prefix = prefix.replace(f"%{token}%", f"{value:02}")
    return prefix
