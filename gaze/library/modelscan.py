"""Which model files a folder holds; a folder that goes away keeps what it held, with a mark."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

import msgspec

ENDINGS = (".safetensors", ".sft", ".ckpt", ".pt", ".pt2", ".pth", ".bin", ".pkl", ".gguf")
Stat = tuple[int, int]  # size in bytes, time of change in ns


class Listing(msgspec.Struct, frozen=True):
    """Model files below `root` by path with forward slashes. `away` says in words why the folder cannot be asked.

    `known` is False until the folder could be read once: an empty list then says nothing.
    """

    root: str = ""
    files: Mapping[str, Stat] = {}
    away: str = ""
    known: bool = False


def scan(root: str, before: Listing) -> Listing:
    """What `root` holds now. While it is away, what it held `before`; never raises."""
    if before.root != root:
        before = Listing(root=root)
    if not root:
        return before
    try:
        found = dict(_walk(root, before))
    except OSError as error:
        return msgspec.structs.replace(before, away=os.strerror(error.errno or 0) or "it cannot be read")
    if before.files and not found and not os.listdir(root):  # noqa: PTH208
        return msgspec.structs.replace(before, away="it is empty; its disk is probably not mounted")
    return Listing(root, found, "", True)


def _walk(root: str, before: Listing) -> Iterator[tuple[str, Stat]]:
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
            with os.scandir(place) as entries:
                for entry in entries:
                    path = f"{folder}/{entry.name}" if folder else entry.name
                    if entry.name.startswith("."):
                        continue
                    if entry.name.lower().endswith(ENDINGS):
                        yield from _file(entry, path)
                    elif entry.is_dir():
                        waiting.append(path)
        except OSError:
            if not folder:
                raise
            start = f"{folder}/"
            yield from ((path, stat) for path, stat in before.files.items() if path.startswith(start))


def _file(entry: os.DirEntry[str], path: str) -> Iterator[tuple[str, Stat]]:
    try:
        if entry.is_file():
            stat = entry.stat()
            yield path, (stat.st_size, stat.st_mtime_ns)
    except OSError:  # a link to nowhere, or gone meanwhile
        return
