"""Look at everything: the first read, and the net under the events."""

from __future__ import annotations

from collections.abc import Callable

from gaze.core.errors import Problem
from gaze.library.changes import Change
from gaze.library.sync import Sync, roots
from gaze.library.walk import Walk


class Sweep:
    """Finds by stat what memory does not have as it is, and lets a Sync read it."""

    def __init__(self, sync: Sync) -> None:
        self.sync = sync
        self.assets = sync.assets

    def look(self, *, everything: bool = False) -> set[str]:
        """Paths whose stat is another than the known one, by scandir alone.

        With `everything` every file counts as changed. An unreadable folder is a problem and its files stay known.
        """
        wanted: set[str] = set()
        seen: set[str] = set()
        failed: list[str] = []
        problems: list[Problem] = []
        for start, endings, deep in roots(self.assets.categories):
            walk = Walk(self.sync.root, start, endings, deep=deep)
            problems += walk.problems
            failed += walk.failed
            seen |= set(walk.files)
            for path, stat in walk.files.items():
                store = self.sync.store_of(path)
                if store and (everything or store.known.get(path) != stat):
                    wanted.add(path)
        wanted.add("data/settings.json")
        for store in self.sync.stores:
            for path in [path for path in list(store.known) if path not in seen]:
                if not any(path == bad or path.startswith(bad + "/") for bad in failed):
                    wanted.add(path)
        with self.sync.lock:
            self.sync.problems.walked = problems
            self.sync.seen = seen
        return wanted

    def first_read(self, progress: Callable[[int, int], None], pause: Callable[[], None]) -> list[Change]:
        """Read all files that memory does not have as they are; slugs are settled category by category."""
        told: list[Change] = []
        # what the user prefers first: lists then stand in their right order from the start
        wanted = sorted(self.look(), key=lambda path: (not path.startswith("data/s"), path))
        gone = []
        for done, path in enumerate(wanted, 1):
            if store := self.sync.store_of(path):
                changes = self.sync.read_file(store, path, walked=True, later=True)
                if changes is None:
                    gone.append(path)
                else:
                    told += changes
            progress(done, len(wanted))
            pause()
        with self.sync.lock:
            for name in self.assets.categories:
                if len(self.assets.catalogs[name].by_path) != len(self.assets.own[name]) or self.assets.clashed[name]:
                    told += self.assets.settle(name)
            told += self.sync.follow_moves()
        told += self.sync.forget(gone, 0.0)
        told += self.sync.uploads.sweep(everything=True)
        return told + self.sync.problems.after()

    def tick(self, grace_s: float, *, everything: bool = False) -> list[Change]:
        """Look at everything by stat and bring what changed up to date; the net under the events."""
        self.sync.wants_sweep = False
        if not self.sync.data.present():
            return self.sync.problems.after()
        if everything:
            with self.sync.lock:
                for store in self.sync.stores:
                    store.known.update(dict.fromkeys(store.known, (0, 0, 0)))
        told = self.sync.uploads.sweep(everything=everything)
        return told + self.sync.refresh(self.look(everything=everything), grace_s)
