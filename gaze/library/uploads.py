"""Bring what is known of images to what `static/uploads` has: one image, one folder, or all of it."""

from __future__ import annotations

import threading
from pathlib import Path

from gaze.core.errors import Problem
from gaze.library.changes import Change
from gaze.library.datafolder import DataFolder
from gaze.library.images import ENDINGS, UPLOADS, Images, list_images, look_at
from gaze.library.problems import Problems


class Uploads:
    """The folder of images. Looks without the lock and takes it for one folder at a time."""

    def __init__(self, root: Path, images: Images, data: DataFolder, problems: Problems, lock: threading.RLock) -> None:
        self.root = root
        self.images = images
        self.data = data
        self.problems = problems
        self.lock = lock
        self._identity: tuple[int, int] | None = None

    def picture(self, path: str) -> list[Change]:
        """Take in one image, or that it is gone."""
        if not path.lower().endswith(ENDINGS):
            return []
        try:
            seen = look_at(self.root / UPLOADS / path)
        except OSError:
            return []
        if seen is None and not self.data.present():
            return []
        with self.lock:
            return self.images.put(path, seen)

    def folder(self, folder: str) -> list[Change]:
        """Take in one folder, and folders in it that are new."""
        try:
            images, below = list_images(self.root / UPLOADS / folder)
        except (FileNotFoundError, NotADirectoryError):
            if not self.data.present():
                return []
            images, below = {}, []
        except OSError:
            return []
        told: list[Change] = []
        with self.lock:
            if images or self.images.folders.get(folder):
                told += self.images.take(folder, images)
            self.images.stats.pop(folder, None)
        for name in below:
            inner = f"{folder}/{name}" if folder else name
            if inner not in self.images.stats:  # a folder that came along with this one
                told += self.folder(inner)
                with self.lock:
                    self.images.stats.setdefault(inner, (0, 0, 0))
        return told

    def sweep(self, *, everything: bool = False) -> list[Change]:
        """Take in what changed anywhere below."""
        look = self.images.look(everything=everything)
        try:
            found = (self.root / UPLOADS).stat()
            identity = (found.st_dev, found.st_ino)
        except OSError:
            identity = None
        bare = not look.below.get("") and not look.images.get("")
        with self.lock:
            unmounted = identity is not None and identity != self._identity and bare
            if self.images.folders and ((identity is None and bool(self.data.away())) or unmounted):
                message = "the folder of images is away; its disk is probably not mounted. What was known of it stays"
                self.problems.standing["uploads"] = Problem(path=UPLOADS, code="folder", message=message)
                return []
            self.problems.standing.pop("uploads", None)
            self._identity = identity
            return self.images.absorb(look)
