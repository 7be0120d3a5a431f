"""Bring memory to what the disk has, path by path: events and sweeps are hints, stat and content decide."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from gaze.core.category import Category
from gaze.core.errors import Problem
from gaze.library.assets import Assets
from gaze.library.changes import Change
from gaze.library.datafolder import DataFolder
from gaze.library.files import is_ignored, read, stat_of, version_of
from gaze.library.images import UPLOADS, Images
from gaze.library.load import Loaded
from gaze.library.problems import Problems
from gaze.library.store import Store
from gaze.library.uploads import Uploads
from gaze.library.walk import Walk

TOPS = ("data", "static", UPLOADS, "workflows")
Mover = Callable[[str, str, str], list[Change]]


class Sync:
    """All stores of one root, and how files get into them.

    Files are read without the lock, which is taken for one file at a time.
    """

    def __init__(
        self, root: Path, stores: list[Store], assets: Assets, images: Images, lock: threading.RLock, follow: Mover
    ) -> None:
        self.root = root
        self.stores = stores
        self.assets = assets
        self.images = images
        self.lock = lock
        self.follow = follow
        self.problems = Problems(stores, lock)
        self.data = DataFolder(root, assets, self.problems, lock)
        self.uploads = Uploads(root, images, self.data, self.problems, lock)
        self.seen: set[str] = set()  # files that the last sweep found, through links it followed too
        self.missing: dict[str, float] = {}  # paths that are gone, since when (monotonic seconds)
        self.starts = frozenset(start for start, _, _ in roots(assets.categories))
        self._reading = [threading.Lock() for _ in range(64)]
        self.wants_sweep = False  # an event named a folder at the top: only a look at everything tells what it means

    def store_of(self, path: str) -> Store | None:
        return next((store for store in self.stores if store.owns(path)), None)

    def refresh(self, paths: Iterable[str], grace_s: float = 0.0) -> list[Change]:
        """Bring these paths (files or folders) up to date and tell what changed.

        A file that is gone is forgotten after `grace_s` seconds: editors delete and write anew (faults F34).
        """
        told: list[Change] = []
        files, folders, pictures = self._expand(paths)
        for folder in sorted(folders):
            told += self.uploads.folder(folder)
        for picture in sorted({picture.removesuffix(".json") for picture in pictures}):
            told += self.uploads.picture(picture)
        gone = []
        for path in sorted(files):
            store = self.store_of(path)
            if store is None:
                continue
            changes = self.read_file(store, path)
            if changes is None:
                gone.append(path)
            else:
                told += changes
        told += self.forget(gone, grace_s)
        return told + self.problems.after()

    def overdue(self, grace_s: float) -> list[str]:
        """Missing paths whose time of grace is over."""
        now = time.monotonic()
        return [path for path, since in list(self.missing.items()) if now - since >= grace_s]

    def _expand(self, paths: Iterable[str]) -> tuple[set[str], set[str], set[str]]:
        """Files of stores, folders of images, and single images, that these paths stand for."""
        files: set[str] = set()
        pictures: set[str] = set()
        folders: set[str] = set()
        for path in set(paths):
            if any(is_ignored(part) for part in path.split("/")):
                continue
            if path.startswith(UPLOADS + "/"):
                below = path.removeprefix(UPLOADS + "/")
                if (self.root / path).is_dir():
                    folders.add(below)
                elif below in self.images.stats or below in self.images.folders:  # a folder that is gone
                    inner = list(self.images.folders)
                    folders.update(folder for folder in inner if folder == below or folder.startswith(below + "/"))
                else:
                    pictures.add(below)
            elif path in TOPS or path in self.starts:
                self.wants_sweep = True  # it came or went: what is below it, and whether it is watched, changes
            elif self.store_of(path):
                files.add(path)
            elif path.startswith("data/") and not path.endswith((".json", ".txt")):
                files |= self._below(path)
        return files, folders, pictures

    def _below(self, folder: str) -> set[str]:
        """Files on the disk and in memory below a folder; one may be named where its files are meant."""
        found: set[str] = set()
        for start, endings, deep in roots(self.assets.categories):
            if start.startswith(folder + "/") or start == folder:
                found |= set(Walk(self.root, start, endings, deep=deep).files)
            elif folder.startswith(start + "/"):
                found |= set(Walk(self.root, folder, endings, deep=deep).files)
        for store in self.stores:
            found |= {path for path in list(store.known) if path.startswith(folder + "/")}
        return found

    def read_file(self, store: Store, path: str, *, walked: bool = False, later: bool = False) -> list[Change] | None:
        """What changed in one file; None if it is gone. Two threads never read one file at once, else old content
        could be taken after new."""
        with self._reading[hash(path) % len(self._reading)]:
            return self._read(store, path, walked=walked, later=later)

    def _read(self, store: Store, path: str, *, walked: bool, later: bool) -> list[Change] | None:
        try:
            stat = stat_of((self.root / path).stat())
            if store.known.get(path) == stat:
                self.missing.pop(path, None)
                return []
            if not walked and self._foreign(path):
                return None if path in store.known else []  # the sweep says why
            found = read(self.root, path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError:
            return []  # cannot be asked now: what is known stays
        self.missing.pop(path, None)
        if isinstance(found, Problem):
            loaded = store.load(path, found)
            version = loaded.version
        else:
            content, stat = found
            version = version_of(content)
        with self.lock:
            if store.touch(path, version, stat):
                return []
        if not isinstance(found, Problem):
            loaded = store.load(path, content)
        told: list[Change] = []
        with self.lock:
            if store is self.assets:
                self._renamed(path, loaded)
            told += store.put(path, loaded, stat, later=later)
            return told + self.follow_moves()

    def _foreign(self, path: str) -> bool:
        """Whether a path leads through a link that the last sweep did not follow."""
        if path in self.seen:
            return False
        top, _, below = path.partition("/")
        return os.path.realpath(self.root / path) != str(Path(os.path.realpath(self.root / top), below))

    def _renamed(self, path: str, loaded: Loaded) -> None:
        """If a new file has the slug of one that is gone, it is that one under another name."""
        if loaded.asset is None or path in self.assets.known:
            return
        name = loaded.asset.category.name
        for other in list(self.assets.owners[name].get(loaded.asset.slug.lower(), ())):
            if not (self.root / other).exists():
                self.missing.pop(other, None)
                self.assets.move(other, path)
                return

    def follow_moves(self) -> list[Change]:
        """Let state and images follow the slugs that changed."""
        moves, self.assets.moves = self.assets.moves, []
        told: list[Change] = []
        waiting = list(moves)
        while waiting:
            targets = {(category, old) for category, old, _ in waiting}
            free = next((move for move in waiting if (move[0], move[2]) not in targets), None)
            if free is None:  # they swap: one steps aside
                category, old, new = waiting.pop(0)
                told += self.follow(category, old, f"{old}-moving")
                waiting.append((category, f"{old}-moving", new))
                continue
            waiting.remove(free)
            told += self.follow(*free)
        return told

    def forget(self, gone: list[str], grace_s: float) -> list[Change]:
        """Drop files that are gone for `grace_s` seconds; none while their folder cannot be read."""
        if not gone:
            return []
        now = time.monotonic()
        with self.lock:
            known = [path for path in gone if any(path in store.known for store in self.stores)]
            for path in known:
                self.missing.setdefault(path, now)
            due = [path for path in known if now - self.missing[path] >= grace_s]
        if not due or not self.data.present():
            return []
        told: list[Change] = []
        for path in due:
            store = self.store_of(path)
            there = (self.root / path).exists() and not self._foreign(path)
            if store is None or there or any(path.startswith(bad) for bad in self._failing(path)):
                continue
            with self.lock:
                self.missing.pop(path, None)
                told += store.drop(path)
                told += self.follow_moves()
        return told

    def _failing(self, path: str) -> Iterator[str]:
        """Folders above a path that are there but cannot be read: their files are not gone."""
        folder = path.rpartition("/")[0]
        while folder.count("/") >= 1:
            full = self.root / folder
            try:
                with os.scandir(full):
                    pass
            except FileNotFoundError:
                pass
            except OSError:
                yield folder
            folder = folder.rpartition("/")[0]


def roots(categories: Mapping[str, Category]) -> list[tuple[str, tuple[str, ...], bool]]:
    """Folders with files of ours, the endings that count there, and whether sub-folders count."""
    found = [(f"data/{category.data_folder}", (".json",), True) for category in categories.values()]
    return [
        *found,
        ("data/state", (".json",), True),
        ("data/wildcards", (".txt",), True),
        ("workflows", (".json",), False),
    ]
