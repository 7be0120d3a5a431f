"""Bring memory to what the disk has: events and sweeps are hints, stat and content decide."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from gaze.core.category import Category
from gaze.core.errors import Problem, Unavailable
from gaze.library.changes import Change, ProblemsChanged
from gaze.library.files import is_ignored, read, stat_of, version_of
from gaze.library.images import ENDINGS, UPLOADS, Images, list_images, look_at
from gaze.library.index import Index
from gaze.library.load import Loaded, load
from gaze.library.store import Store
from gaze.library.walk import Walk

TOPS = ("data", "static", UPLOADS, "workflows")
Mover = Callable[[str, str, str], list[Change]]


class Assets(Index):
    """The index as a store of files."""

    def load(self, path: str, content: bytes | Problem) -> Loaded:
        category = self.category_of(path)
        assert category
        if isinstance(content, Problem):
            return Loaded(f"!{content.message}", None, None, [content])
        return load(category, path, content)


class Sync:
    """All stores of one root, and how files get into them.

    `refresh` and `sweep` read files without the lock and take it for one file at a time.
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
        self.standing: dict[str, Problem] = {}  # problems of folders and of watching, by what they are about
        self.walked: list[Problem] = []
        self.seen: set[str] = set()  # files that the last sweep found, through links it followed too
        self.missing: dict[str, float] = {}  # paths that are gone, since when (monotonic seconds)
        self.identity: tuple[int, int] | None = None
        self.uploads_identity: tuple[int, int] | None = None
        self.starts = frozenset(start for start, _, _ in self.roots(assets.categories))
        self._reading = [threading.Lock() for _ in range(64)]
        self.wants_sweep = False  # an event named a folder at the top: only a look at everything tells what it means
        self._told_problems: list[Problem] = []

    # paths

    def store_of(self, path: str) -> Store | None:
        return next((store for store in self.stores if store.owns(path)), None)

    def roots(self, categories: Mapping[str, Category]) -> list[tuple[str, tuple[str, ...], bool]]:
        """Folders with files of ours, the endings that count there, and whether sub-folders count."""
        found = [(f"data/{category.data_folder}", (".json",), True) for category in categories.values()]
        return [
            *found,
            ("data/state", (".json",), True),
            ("data/wildcards", (".txt",), True),
            ("workflows", (".json",), False),
        ]

    # the data folder itself

    def away(self) -> str:
        """Why the data folder cannot be used now, in words; `""` if it is there (faults F37)."""
        data = self.root / "data"
        try:
            found = data.stat()
            with os.scandir(data) as entries:
                names = {entry.name for entry in entries}
        except OSError as error:
            return f"the data folder cannot be read ({os.strerror(error.errno or 0)})"
        identity = (found.st_dev, found.st_ino)
        if identity == self.identity:
            return ""
        if self.assets.known and not names & {"state", ".gaze", *self.assets.folders}:
            return "the data folder is empty; its disk is probably not mounted"
        return ""

    def present(self) -> bool:
        """Whether the data folder is there; keeps the problem that says otherwise, and forgets it when mended."""
        reason = self.away()
        with self.lock:
            if reason:
                message = f"{reason}. Everything known stays in use; nothing can be saved until it is back."
                self.standing["away"] = Problem(path="data", code="folder", message=message)
                return False
            self.standing.pop("away", None)
            found = (self.root / "data").stat()
            self.identity = (found.st_dev, found.st_ino)
            return True

    def require(self) -> None:
        """Raises Unavailable (503) while the data folder is away."""
        if reason := self.away():
            raise Unavailable(f"Nothing was saved: {reason}. Bring the folder back and save again.")

    # single paths

    def refresh(self, paths: Iterable[str], grace_s: float = 0.0) -> list[Change]:
        """Bring these paths (files or folders) up to date and tell what changed.

        A file that is gone is forgotten after `grace_s` seconds: editors delete and write anew (faults F34).
        """
        told: list[Change] = []
        files, folders, pictures = self._expand(paths)
        for folder in sorted(folders):
            told += self._folder_of_images(folder)
        for picture in sorted({picture.removesuffix(".json") for picture in pictures}):
            told += self._picture(picture)
        gone = []
        for path in sorted(files):
            store = self.store_of(path)
            if store is None:
                continue
            changes = self._file(store, path)
            if changes is None:
                gone.append(path)
            else:
                told += changes
        told += self._forget(gone, grace_s)
        return told + self.after()

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
        for start, endings, deep in self.roots(self.assets.categories):
            if start.startswith(folder + "/") or start == folder:
                found |= set(Walk(self.root, start, endings, deep=deep).files)
            elif folder.startswith(start + "/"):
                found |= set(Walk(self.root, folder, endings, deep=deep).files)
        for store in self.stores:
            found |= {path for path in list(store.known) if path.startswith(folder + "/")}
        return found

    def _file(self, store: Store, path: str, *, walked: bool = False, later: bool = False) -> list[Change] | None:
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
            return told + self._moved()

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

    def _moved(self) -> list[Change]:
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

    def _forget(self, gone: list[str], grace_s: float) -> list[Change]:
        if not gone:
            return []
        now = time.monotonic()
        with self.lock:
            known = [path for path in gone if any(path in store.known for store in self.stores)]
            for path in known:
                self.missing.setdefault(path, now)
            due = [path for path in known if now - self.missing[path] >= grace_s]
        if not due or not self.present():
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
                told += self._moved()
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

    def _picture(self, path: str) -> list[Change]:
        if not path.lower().endswith(ENDINGS):
            return []
        try:
            seen = look_at(self.root / UPLOADS / path)
        except OSError:
            return []
        if seen is None and not self.present():
            return []
        with self.lock:
            return self.images.put(path, seen)

    def _folder_of_images(self, folder: str) -> list[Change]:
        try:
            images, below = list_images(self.root / UPLOADS / folder)
        except (FileNotFoundError, NotADirectoryError):
            if not self.present():
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
                told += self._folder_of_images(inner)
                with self.lock:
                    self.images.stats.setdefault(inner, (0, 0, 0))
        return told

    # everything

    def sweep(self, *, everything: bool = False) -> set[str]:
        """Paths whose stat is another than the known one, by scandir alone; images are taken in at once.

        With `everything` every file counts as changed. An unreadable folder is a problem and its files stay known.
        """
        wanted: set[str] = set()
        seen: set[str] = set()
        failed: list[str] = []
        problems: list[Problem] = []
        for start, endings, deep in self.roots(self.assets.categories):
            walk = Walk(self.root, start, endings, deep=deep)
            problems += walk.problems
            failed += walk.failed
            seen |= set(walk.files)
            for path, stat in walk.files.items():
                store = self.store_of(path)
                if store and (everything or store.known.get(path) != stat):
                    wanted.add(path)
        wanted.add("data/settings.json")
        for store in self.stores:
            for path in [path for path in list(store.known) if path not in seen]:
                if not any(path == bad or path.startswith(bad + "/") for bad in failed):
                    wanted.add(path)
        with self.lock:
            self.walked = problems
            self.seen = seen
        return wanted

    def sweep_images(self, *, everything: bool = False) -> list[Change]:
        """Take in what changed under static/uploads."""
        look = self.images.look(everything=everything)
        try:
            found = (self.root / UPLOADS).stat()
            identity = (found.st_dev, found.st_ino)
        except OSError:
            identity = None
        bare = not look.below.get("") and not look.images.get("")
        with self.lock:
            unmounted = identity is not None and identity != self.uploads_identity and bare
            if self.images.folders and ((identity is None and bool(self.away())) or unmounted):
                message = "the folder of images is away; its disk is probably not mounted. What was known of it stays"
                self.standing["uploads"] = Problem(path=UPLOADS, code="folder", message=message)
                return []
            self.standing.pop("uploads", None)
            self.uploads_identity = identity
            return self.images.absorb(look)

    def first_read(self, progress: Callable[[int, int], None], pause: Callable[[], None]) -> list[Change]:
        """Read all files that memory does not have as they are; slugs are settled category by category."""
        told: list[Change] = []
        # what the user prefers first: lists then stand in their right order from the start
        wanted = sorted(self.sweep(), key=lambda path: (not path.startswith("data/s"), path))
        gone = []
        for done, path in enumerate(wanted, 1):
            if store := self.store_of(path):
                changes = self._file(store, path, walked=True, later=True)
                if changes is None:
                    gone.append(path)
                else:
                    told += changes
            progress(done, len(wanted))
            pause()
        with self.lock:
            for name in self.assets.categories:
                if len(self.assets.catalogs[name].by_path) != len(self.assets.own[name]) or self.assets.clashed[name]:
                    told += self.assets.settle(name)
            told += self._moved()
        told += self._forget(gone, 0.0)
        told += self.sweep_images(everything=True)
        return told + self.after()

    def tick(self, grace_s: float, *, everything: bool = False) -> list[Change]:
        """Look at everything by stat and bring what changed up to date; the net under the events."""
        self.wants_sweep = False
        if not self.present():
            return self.after()
        if everything:
            with self.lock:
                for store in self.stores:
                    store.known.update(dict.fromkeys(store.known, (0, 0, 0)))
        told = self.sweep_images(everything=everything)
        return told + self.refresh(self.sweep(everything=everything), grace_s)

    # problems

    def problems(self) -> list[Problem]:
        """All problems of files and folders, by path and line."""
        found = [*self.standing.values(), *self.walked]
        for store in self.stores:
            found += store.problems()
        return sorted(found, key=lambda problem: (problem.path, problem.line, problem.column, problem.message))

    def after(self) -> list[Change]:
        """One ProblemsChanged if the list of problems is another one than when it was last told."""
        with self.lock:
            if any(store.changed_problems for store in self.stores) or self._others() != self._told_problems:
                for store in self.stores:
                    store.changed_problems = False
                self._told_problems = self._others()
                return [ProblemsChanged()]
        return []

    def _others(self) -> list[Problem]:
        return [*self.standing.values(), *self.walked]
