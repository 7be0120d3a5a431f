"""Images under `static/uploads`: which there are by folder, and which one stands for an asset."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path, PurePosixPath

from gaze.core.category import Category
from gaze.core.errors import NotFound
from gaze.library.changes import Change, ImageAdded, ImageRemoved
from gaze.library.files import Stat, is_ignored, nfc, stat_of

UPLOADS = "static/uploads"
ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".avif", ".gif")

Seen = tuple[int, int, int]  # mtime_ns of the image, its size, mtime_ns of its sidecar


class Look:
    """What a look at the disk found."""

    def __init__(self) -> None:
        self.images: dict[str, dict[str, Seen]] = {}  # of folders whose names changed
        self.stats: dict[str, Stat] = {}
        self.below: dict[str, list[str]] = {}
        self.failed: list[str] = []


class Images:
    """Names and times of all images by folder. Callers hold the library's lock, except for `look`."""

    def __init__(self, root: Path, categories: Iterable[str]) -> None:
        self.root = root
        self.categories = frozenset(categories)
        self.folders: dict[str, dict[str, Seen]] = {}
        self.stats: dict[str, Stat] = {}  # of folders, so that a sweep need not list them all
        self.below: dict[str, list[str]] = {}  # names of the folders in a folder
        self._sorted: dict[str, list[str]] = {}

    # the disk

    def look(self, *, everything: bool = False) -> Look:
        """What the disk has, by folder; folders whose names did not change are not listed again. Needs no lock."""
        look = Look()
        waiting = [""]
        while waiting:
            folder = waiting.pop()
            full = self.root / UPLOADS / folder
            try:
                stat = stat_of(full.stat())
                below = self.below.get(folder)
                if everything or below is None or self.stats.get(folder) != stat:
                    look.images[folder], below = list_images(full)
            except FileNotFoundError:
                continue
            except OSError:
                look.failed.append(folder)
                continue
            # names may still change within the tick of the disk's clock
            look.stats[folder] = stat if time.time_ns() - stat[0] > 2_100_000_000 else (0, 0, 0)
            look.below[folder] = below
            waiting.extend(_join(folder, name) for name in below)
        return look

    def absorb(self, look: Look) -> list[Change]:
        """Make what `look` found the index; tells what that changed."""
        self.stats, self.below = look.stats, look.below
        told: list[Change] = []
        for folder, images in look.images.items():
            told += self.take(folder, images)
        for folder in [folder for folder in self.folders if folder not in look.stats]:
            if not any(folder == failed or folder.startswith(failed + "/") or not failed for failed in look.failed):
                told += self.take(folder, {})
        return told

    # changes

    def take(self, folder: str, images: dict[str, Seen]) -> list[Change]:
        """Make `images` the content of a folder; tells what that changed."""
        before = self.folders.get(folder, {})
        told: list[Change] = [ImageRemoved(*self._whose(folder, name)) for name in before if name not in images]
        for name, seen in images.items():
            if before.get(name) != seen:
                told.append(ImageAdded(*self._whose(folder, name)))
        if told:
            self._sorted.pop(folder, None)
        if images:
            self.folders[folder] = images
        else:
            self.folders.pop(folder, None)
        return told

    def put(self, path: str, seen: Seen | None) -> list[Change]:
        """Take one image as it is now; None if it is gone."""
        folder, _, name = path.rpartition("/")
        images = self.folders.get(folder, {})
        before = images.get(name)
        if before == seen:
            return []
        self._sorted.pop(folder, None)
        if seen is None:
            images.pop(name, None)
            if not images:
                self.folders.pop(folder, None)
            return [ImageRemoved(*self._whose(folder, name))]
        self.folders.setdefault(folder, images)[name] = seen
        return [ImageAdded(*self._whose(folder, name))]

    def _whose(self, folder: str, name: str) -> tuple[str, str, str]:
        parts = folder.split("/")
        mine = len(parts) == 2 and parts[0] in self.categories
        return (_join(folder, name), *parts) if mine else (_join(folder, name), "", "")  # type: ignore[return-value]

    # asking

    def of_folder(self, folder: str) -> list[str]:
        """Paths of a folder's images, newest first."""
        if folder not in self._sorted:
            images = self.folders.get(folder)
            if not images:
                return []
            names = sorted(images, key=lambda name: (-images[name][0], name))
            self._sorted[folder] = [_join(folder, name) for name in names]
        return self._sorted[folder]

    def count(self, folder: str) -> int:
        return len(self.folders.get(folder, ()))

    def has(self, path: str) -> str:
        """The path as the disk spells it, if there is such an image; else `""` (faults F38, F60)."""
        path = path.strip().lstrip("/").removeprefix(UPLOADS + "/")
        folder, _, name = path.rpartition("/")
        images = self.folders.get(folder)
        if images is None:
            return ""
        if name in images:
            return path
        if not name.isascii():
            wanted = nfc(name)
            return next((_join(folder, other) for other in images if nfc(other) == wanted), "")
        return ""

    def fallback(self, category: str, slug: str) -> str:
        """One of an asset's own images, the same one each time as long as it is there."""
        paths = self.of_folder(f"{category}/{slug}")
        if not paths:
            return ""
        return min(paths, key=lambda path: blake2b(path.encode(), digest_size=4).digest())


def list_images(folder: Path) -> tuple[dict[str, Seen], list[str]]:
    """Images of a folder and the names of the folders in it. Raises OSError."""
    images: dict[str, tuple[int, int]] = {}
    sidecars: dict[str, int] = {}
    below: list[str] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if is_ignored(name) or not _printable(name):
                continue
            if name.lower().endswith((*ENDINGS, ".json")):
                try:
                    if not entry.is_file():
                        continue
                    found = entry.stat()
                except OSError:
                    continue
                if name.lower().endswith(".json"):
                    sidecars[name[:-5]] = found.st_mtime_ns
                else:
                    images[name] = (found.st_mtime_ns, found.st_size)
            elif entry.is_dir(follow_symlinks=False):
                below.append(name)
    return {name: (*seen, sidecars.get(name, 0)) for name, seen in images.items()}, below


def look_at(file: Path) -> Seen | None:
    """What `list_images` would say of one image; None if there is none. Raises OSError if it cannot be asked."""
    try:
        found = file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not file.is_file() or is_ignored(file.name):
        return None
    try:
        sidecar = file.with_name(file.name + ".json").stat().st_mtime_ns
    except FileNotFoundError:
        sidecar = 0
    return found.st_mtime_ns, found.st_size, sidecar


def image_file(root: Path, path: str) -> Path:
    """The file of a path below `static/uploads`, never one outside it (faults F94). Raises NotFound."""
    parts = PurePosixPath(path).parts
    wrong = not path or "\0" in path or "\\" in path or path.startswith("/")
    if wrong or any(part in ("..", ".") or part.startswith(".") for part in parts):
        raise NotFound(f"There is no image «{path}».")
    uploads = os.path.realpath(root / UPLOADS)
    try:
        full = os.path.realpath(root / UPLOADS / path)
        if full.startswith(uploads + os.sep) and Path(full).is_file():
            return root / UPLOADS / path
    except (OSError, ValueError):
        pass
    raise NotFound(f"There is no image «{path}».")


def folder_of(category: Category | str, slug: str) -> str:
    name = category if isinstance(category, str) else category.name
    return f"{name}/{slug}" if name and slug else "generator"


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _printable(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
