"""Which model files a folder holds; a folder that goes away keeps what it held, with a mark."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

import msgspec

from gaze.library.sidecars import BESIDE, stem_of

KINDS = ("lora", "checkpoint")
ENDINGS = (".safetensors", ".sft", ".ckpt", ".pt", ".pt2", ".pth", ".bin", ".pkl", ".gguf")
Stat = tuple[int, int]  # size in bytes, time of change in ns
Found = tuple[str, Stat, tuple[str, ...]]


class Listing(msgspec.Struct, frozen=True):
    """Model files below `root` by path with forward slashes. `away` says in words why the folder cannot be asked.

    `known` is False until the folder could be read once: an empty list then says nothing.
    """

    root: str = ""
    files: Mapping[str, Stat] = {}
    away: str = ""
    known: bool = False
    beside: Mapping[str, tuple[str, ...]] = {}  # by path, the endings of sidecars and pictures that lie beside it


def scan(root: str, before: Listing) -> Listing:
    """What `root` holds now. While it is away, what it held `before`; never raises."""
    if before.root != root:
        before = Listing(root=root)
    if not root:
        return before
    try:
        listed = list(_walk(root, before))
    except OSError as error:
        return msgspec.structs.replace(before, away=os.strerror(error.errno or 0) or "it cannot be read")
    if before.files and not listed and not os.listdir(root):  # noqa: PTH208
        return msgspec.structs.replace(before, away="it is empty; its disk is probably not mounted")
    files = {path: stat for path, stat, _ in listed}
    return Listing(root, files, "", True, {path: beside for path, _, beside in listed if beside})


def _walk(root: str, before: Listing) -> Iterator[Found]:
    """Every model file. Raises OSError if the root cannot be read; a folder in it that cannot keeps its files."""
    seen: set[tuple[int, int]] = set()
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        place = f"{root}/{folder}" if folder else root
        try:
            found = os.stat(place)  # noqa: PTH116
            if (found.st_dev, found.st_ino) in seen:
                continue  # a link leads in a circle
            seen.add((found.st_dev, found.st_ino))
            models: list[tuple[str, Stat]] = []
            sides: set[str] = set()
            with os.scandir(place) as entries:
                for entry in entries:
                    path = f"{folder}/{entry.name}" if folder else entry.name
                    if entry.name.startswith("."):
                        continue
                    if entry.name.lower().endswith(ENDINGS):
                        models += _file(entry, path)
                    elif entry.name.endswith(BESIDE):
                        sides.add(path)
                    elif entry.is_dir():
                        waiting.append(path)
            for path, stat in models:
                stem = stem_of(path)
                yield path, stat, tuple(ending for ending in BESIDE if stem + ending in sides) if sides else ()
        except OSError:
            if not folder:
                raise
            start = f"{folder}/"
            for path, stat in before.files.items():
                if path.startswith(start):
                    yield path, stat, before.beside.get(path, ())


def _file(entry: os.DirEntry[str], path: str) -> list[tuple[str, Stat]]:
    try:
        if entry.is_file():
            stat = entry.stat()
            return [(path, (stat.st_size, stat.st_mtime_ns))]
    except OSError:  # a link to nowhere, or gone meanwhile
        pass
    return []
