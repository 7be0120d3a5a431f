"""File events to the index: events are hints that wake it, a slow sweep is the net under them.

Two watches: the folders with files of ours with all below them, and the folders at the top by themselves, so that a
folder that appears is seen while the churn in `data/.gaze` is not.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from watchfiles import awatch

from gaze.core.errors import Problem
from gaze.library.changes import Change
from gaze.library.images import UPLOADS
from gaze.library.sweep import Sweep
from gaze.library.sync import Sync
from gaze.library.walk import tree

GRACE_S = 0.15  # a file that is gone for longer is gone (faults F34: editors take 50 ms)
SWEEP_S = 3.0
POLL_S = 2.0
_READY_S = 2.0


class Watcher:
    """Keeps a Sync up to date until stopped; `tell` gets what changed, from a thread."""

    def __init__(
        self, sync: Sync, sweep: Sweep, tell: Callable[[list[Change]], None], *, polling: bool = False
    ) -> None:
        self.sync = sync
        self.sweep = sweep
        self.tell = tell
        self.polling = polling
        self.sweep_s = POLL_S if polling else SWEEP_S
        self._paths: set[str] = set()
        self._wake = asyncio.Event()
        self._watches: dict[str, Watch] = {}

    async def begin(self) -> None:
        """Put the watches up. Their making holds up everything (0.08 ms a folder), so it comes before all else."""
        await self._rewatch()

    async def end(self) -> None:
        """Take the watches down."""
        for watch in self._watches.values():
            await watch.stop()
        self._watches = {}

    async def run(self) -> None:
        """Follow events and sweep until cancelled."""
        next_sweep = 0.0
        while True:
            wait_s = max(0.0, next_sweep - time.monotonic())
            if self.sync.missing:
                wait_s = min(wait_s, GRACE_S)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), wait_s)
            self._wake.clear()
            paths, self._paths = self._paths, set()
            if names := paths | set(self.sync.overdue(GRACE_S)):
                await self._call(partial(self.sync.refresh, names, GRACE_S))
            if self.sync.wants_sweep or time.monotonic() >= next_sweep:
                began = time.monotonic()
                await self._call(partial(self.sweep.tick, GRACE_S))
                await self._rewatch()
                took_s = time.monotonic() - began
                next_sweep = time.monotonic() + max(self.sweep_s, min(4.5, 10 * took_s))

    async def _call(self, work: Callable[[], list[Change]]) -> None:
        """Do file work in a thread. A disk that fails in a new way must not end the watching."""

        def told() -> None:
            with contextlib.suppress(OSError):
                if changes := work():
                    self.tell(changes)

        await asyncio.to_thread(told)

    # watches

    def _wanted(self) -> dict[str, list[tuple[str, tuple[int, int]]]]:
        """Folders to watch by group, each with what tells it from another one remade in its place.

        A deep watch follows links, out of the data folder and onto whole disks; a tree that holds a link to a folder
        is therefore watched folder by folder.
        """
        root = self.sync.root
        found: dict[str, list[tuple[str, tuple[int, int]]]] = {"tops": [], "files": [], "images": [], "linked": []}
        names = [f"data/{name}" for name in (*self.sync.assets.folders, "state", "wildcards")]
        for name in ("", "data", "static"):
            found["tops"] += self._identity(root / name)
        for name in (*names, "workflows", UPLOADS):
            if (root / name).is_dir():
                folders, linked = tree(root / name)
                if linked:
                    for folder in folders:
                        found["linked"] += self._identity(folder)
                else:
                    found["images" if name == UPLOADS else "files"] += self._identity(root / name)
        return found

    def _identity(self, folder: Path) -> list[tuple[str, tuple[int, int]]]:
        with contextlib.suppress(OSError):
            stat = folder.stat()
            return [(folder.relative_to(self.sync.root).as_posix(), (stat.st_dev, stat.st_ino))]
        return []

    async def _rewatch(self) -> None:
        """Watch the folders that are there now, where they are others than before or a watch has ended."""
        if self.polling:
            return
        wanted = await asyncio.to_thread(self._wanted)
        changed = False
        for group in [*self._watches.keys() | wanted.keys()]:
            watch, folders = self._watches.get(group), wanted.get(group, [])
            if watch and watch.folders == folders and not watch.task.done():
                continue
            if not watch and not folders:
                continue
            changed = True
            if watch:
                await self._watches.pop(group).stop()
            if folders:
                self._watches[group] = watch = Watch(self, folders, deep=group in ("files", "images"))
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(watch.ready.wait(), _READY_S)
        if changed:
            self.sync.wants_sweep = True  # whatever happened before the watch stood
            self._wake.set()

    def heard(self, paths: Iterable[str]) -> None:
        """Take note of paths that an event named."""
        self._paths.update(paths)
        self._wake.set()

    def fall_back(self, error: OSError) -> None:
        """Poll from now on and say so (faults F35)."""
        self.polling = True
        self.sweep_s = POLL_S
        message = (
            f"the system watches no more files for us ({error.strerror or error}); changes are seen by looking every "
            f"{POLL_S:.0f} seconds instead. Raise fs.inotify.max_user_watches and max_user_instances, then restart"
        )
        with self.sync.lock:
            self.sync.problems.standing["watch"] = Problem(path="data", code="watch", message=message, fatal=False)
        self.sync.wants_sweep = True
        self._wake.set()


class Watch:
    """One running watch of some folders, below them too if it is `deep`."""

    def __init__(self, owner: Watcher, folders: list[tuple[str, tuple[int, int]]], *, deep: bool) -> None:
        self.owner = owner
        self.folders = folders
        self.deep = deep
        self.ready = asyncio.Event()
        self.task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    async def _run(self) -> None:
        root = self.owner.sync.root
        try:
            real = await asyncio.to_thread(_real, [root / name for name, _ in self.folders], root)
            async for batch in awatch(
                *real,
                watch_filter=None,
                debounce=200,
                step=10,
                rust_timeout=250,
                yield_on_timeout=True,
                recursive=self.deep,
                force_polling=False,
                ignore_permission_denied=True,
            ):
                self.ready.set()
                if batch:
                    self.owner.heard(_relative((path for _, path in batch), real))
        except FileNotFoundError:
            pass  # a folder went away just now; the next sweep watches again
        except OSError as error:
            self.owner.fall_back(error)
        finally:
            self.ready.set()


def _real(roots: list[Path], root: Path) -> dict[str, str]:
    """Real folders, as events name them, and what they are called below the root."""
    return {os.path.realpath(folder): os.path.relpath(folder, root) for folder in roots}


def _relative(paths: Iterable[str], real: dict[str, str]) -> set[str]:
    """Paths below the root, as the library names them, of event paths below the real folders."""
    found = set()
    for path in paths:
        for folder, name in real.items():
            if path == folder or path.startswith(folder + os.sep):
                rest = path[len(folder) :].strip(os.sep).replace(os.sep, "/")
                joined = "/".join(part for part in (name if name != "." else "", rest) if part)
                if joined:
                    found.add(joined)
    return found
