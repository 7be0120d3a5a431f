"""Every file below a folder with its stat, by scandir; loops and foreign links are problems, never followed."""

from __future__ import annotations

import os
from pathlib import Path

from gaze.core.errors import Problem
from gaze.library.files import Stat, is_ignored, stat_of

MAX_DEPTH = 32


class Walk:
    """What lies below `root/start`: `files` by path below the root, `problems`, and `failed` folders.

    Paths that begin with one in `failed` could not be listed: what is known about them stays. `folders` holds the
    folders seen, with their stats.
    """

    def __init__(self, root: Path, start: str, suffixes: tuple[str, ...], *, deep: bool = True) -> None:
        self.root = root
        self.suffixes = suffixes
        self.deep = deep
        self.files: dict[str, Stat] = {}
        self.folders: dict[str, Stat] = {}
        self.problems: list[Problem] = []
        self.failed: list[str] = []
        full = root / start
        try:
            self.bound = os.path.realpath(full if "/" not in start else root / start.split("/", 1)[0])
            found = full.stat()
        except FileNotFoundError:
            return
        except OSError as error:
            self._fail(start, error)
            return
        real = os.path.realpath(full)
        if real != self.bound and not real.startswith(self.bound + os.sep):
            message = "the link leaves the data folder; not followed"
            self.problems.append(Problem(path=start, code="link", message=message))
        else:
            self._list(start, found, frozenset())

    def _list(self, folder: str, found: os.stat_result, above: frozenset[tuple[int, int]]) -> None:
        self.folders[folder] = stat_of(found)
        above = above | {(found.st_dev, found.st_ino)}
        try:
            with os.scandir(self.root / folder) as entries:
                listed = list(entries)
        except FileNotFoundError:
            return
        except OSError as error:
            self._fail(folder, error)
            return
        for entry in listed:
            if not is_ignored(entry.name):
                self._entry(entry, f"{folder}/{entry.name}", above)

    def _entry(self, entry: os.DirEntry[str], path: str, above: frozenset[tuple[int, int]]) -> None:
        wanted = path.endswith(self.suffixes)
        try:
            link = entry.is_symlink()
            folder = entry.is_dir()
            if not folder and not wanted:
                return
            found = entry.stat()
            path.encode()
        except UnicodeEncodeError:
            shown = path.encode("utf-8", "replace").decode()
            self.problems.append(Problem(path=shown, code="folder", message="the name is not UTF-8; rename the file"))
            return
        except FileNotFoundError:
            if wanted and link:
                self.problems.append(Problem(path=path, code="link", message="the link leads to nothing"))
            return
        except OSError as error:
            if wanted or link:
                message = f"the file cannot be looked at ({os.strerror(error.errno or 0)})"
                self.problems.append(Problem(path=path, code="link", message=message))
                self.failed.append(path)
            return
        if link and (problem := self._link(path, found, above)):
            self.problems.append(problem)
        elif not folder:
            self.files[path] = stat_of(found)
        elif self.deep:
            if len(above) >= MAX_DEPTH:
                message = f"folders are nested more than {MAX_DEPTH} deep; this one is not read"
                self.problems.append(Problem(path=path, code="folder", message=message))
            else:
                self._list(path, found, above)

    def _link(self, path: str, found: os.stat_result, above: frozenset[tuple[int, int]]) -> Problem | None:
        if (found.st_dev, found.st_ino) in above:
            return Problem(path=path, code="link", message="the link leads back to a folder above it; not followed")
        target = os.path.realpath(self.root / path)
        if target != self.bound and not target.startswith(self.bound + os.sep):
            return Problem(path=path, code="link", message="the link leaves the data folder; not followed")
        if self.bound.startswith(target + os.sep) or target == self.bound:
            return Problem(path=path, code="link", message="the link leads back to a folder above it; not followed")
        return None

    def _fail(self, folder: str, error: OSError) -> None:
        self.failed.append(folder)
        message = f"the folder cannot be read ({os.strerror(error.errno or 0)}); what was known of it stays in use"
        self.problems.append(Problem(path=folder, code="folder", message=message))


def tree(folder: Path) -> tuple[list[Path], bool]:
    """A folder and all folders below it, by names alone, and whether one of them is a link to a folder.

    Links are not followed. Raises nothing: what cannot be listed has nothing below it.
    """
    found, linked, waiting = [], False, [folder]
    while waiting:
        place = waiting.pop()
        found.append(place)
        try:
            with os.scandir(place) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(Path(entry.path))
                    elif entry.is_symlink() and entry.is_dir():
                        linked = True
        except OSError:
            continue
    return found, linked
