"""Everything about files and folders that their owner should mend, and whether that was told."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from gaze.core.errors import Problem
from gaze.library.changes import Change, ProblemsChanged
from gaze.library.store import Store


class Problems:
    """Problems of all stores, of folders and of watching. Each goes away where it was found to be mended."""

    def __init__(self, stores: Sequence[Store], lock: threading.RLock) -> None:
        self.stores = stores
        self.lock = lock
        self.standing: dict[str, Problem] = {}  # problems of folders and of watching, by what they are about
        self.walked: list[Problem] = []  # what the last sweep could not read or follow
        self._told: list[Problem] = []

    def all(self) -> list[Problem]:
        """All problems of files and folders, by path and line."""
        found = self._others()
        for store in self.stores:
            found += store.problems()
        return sorted(found, key=lambda problem: (problem.path, problem.line, problem.column, problem.message))

    def after(self) -> list[Change]:
        """One ProblemsChanged if the list of problems is another one than when it was last told."""
        with self.lock:
            if any(store.changed_problems for store in self.stores) or self._others() != self._told:
                for store in self.stores:
                    store.changed_problems = False
                self._told = self._others()
                return [ProblemsChanged()]
        return []

    def _others(self) -> list[Problem]:
        return [*self.standing.values(), *self.walked]
