"""What a kind of file becomes in memory: the contract of all stores, and the dict that shelves may keep."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic, Protocol, TypeVar

from gaze.core.errors import Problem
from gaze.library.changes import Change
from gaze.library.files import Stat, trusted

K = TypeVar("K")
V = TypeVar("V")


class Store(Protocol):
    """Files of one kind. `load` may take its time; `put` and `drop` are called under the library's lock."""

    known: dict[str, Stat]
    changed_problems: bool

    def owns(self, path: str) -> bool:
        """Whether files at such a path are of this kind."""

    def load(self, path: str, content: bytes | Problem) -> Any:
        """What a file's content means, or why it could not be read."""

    def touch(self, path: str, version: str, stat: Stat) -> bool:
        """Whether this content is known already."""

    def put(self, path: str, loaded: Any, stat: Stat, *, later: bool = False) -> list[Change]:
        """Take what a file now holds."""

    def drop(self, path: str) -> list[Change]:
        """Forget a file that is gone."""

    def problems(self) -> Iterator[Problem]:
        """What is wrong with files of this kind."""


class Kept(Generic[K, V]):
    """A dict that a shelf can keep as it is at one moment: once shared, the next change works on a copy."""

    def __init__(self) -> None:
        self.now: dict[K, V] = {}
        self._shared = False

    def share(self) -> dict[K, V]:
        self._shared = True
        return self.now

    def edit(self) -> dict[K, V]:
        if self._shared:
            self.now = dict(self.now)
            self._shared = False
        return self.now


class Faults:
    """What all stores have in common: stats and problems by path."""

    def __init__(self) -> None:
        self.known: dict[str, Stat] = {}
        self.bad: dict[str, list[Problem]] = {}
        self.changed_problems = False

    def note(self, path: str, problems: list[Problem]) -> None:
        """Keep the problems of a file; none clears them."""
        if self.bad.get(path, []) != problems:
            self.changed_problems = True
        if problems:
            self.bad[path] = problems
        else:
            self.bad.pop(path, None)

    def forget(self, path: str) -> None:
        self.known.pop(path, None)
        self.note(path, [])

    def problems(self) -> Iterator[Problem]:
        for problems in self.bad.values():
            yield from problems


class Files(Faults):
    """What stores of whole files have in common besides: the version of each."""

    def __init__(self) -> None:
        super().__init__()
        self.versions: dict[str, str] = {}

    def touch(self, path: str, version: str, stat: Stat) -> bool:
        if self.versions.get(path) != version:
            return False
        self.known[path] = trusted(stat)
        return True

    def forget(self, path: str) -> None:
        self.versions.pop(path, None)
        super().forget(path)
