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
from pathlib import Path

from watchfiles import awatch

from gaze.core.errors import Problem
from gaze.library.changes import Change
from gaze.library.images import UPLOADS
from gaze.library.sync import Sync

GRACE_S = 0.15  # a file that is gone for longer is gone (faults F34: editors take 50 ms)
SWEEP_S = 3.0
POLL_S = 2.0
_READY_S = 2.0


class Watcher:
    """Keeps a Sync up to date until stopped; `tell` gets what changed, from a thread."""

    def __init__(self, sync: Sync, tell: Callable[[list[Change]], None], *, polling: bool = False) -> None:
        self.sync = sync
        self.tell = tell
        self.polling = polling
        self.sweep_s = POLL_S if polling else SWEEP_S
        self._paths: set[str] = set()
        self._wake = asyncio.Event()
        self._watches: list[asyncio.Task[None]] = []
        self._watched: list[tuple[str, tuple[int, int]]] = []
        self._stopped = False

    async def run(self) -> None:
        """Watch and sweep until cancelled."""
        try:
            await self._rewatch()
            await self._call(lambda: self.sync.tick(GRACE_S))  # what changed between first read and watching
            next_sweep = time.monotonic() + self.sweep_s
            while True:
                wait_s = max(0.0, next_sweep - time.monotonic())
                if self.sync.missing:
                    wait_s = min(wait_s, GRACE_S)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), wait_s)
                self._wake.clear()
                paths, self._paths = self._paths, set()
                overdue = self.sync.overdue(GRACE_S)
                if paths or overdue:
                    names = paths | set(overdue)
                    await self._call(lambda names=names: self.sync.refresh(names, GRACE_S))  # type: ignore[misc]
                if self.sync.wants_sweep or time.monotonic() >= next_sweep:
                    began = time.monotonic()
                    await self._call(lambda: self.sync.tick(GRACE_S))
                    await self._rewatch()
                    took_s = time.monotonic() - began
                    next_sweep = time.monotonic() + max(self.sweep_s, min(4.5, 10 * took_s))
        finally:
            await self._unwatch()

    async def _call(self, work: Callable[[], list[Change]]) -> None:
        """Do file work in a thread. A disk that fails in a new way must not end the watching."""

        def told() -> None:
            with contextlib.suppress(OSError):
                if changes := work():
                    self.tell(changes)

        await asyncio.to_thread(told)

    # watches

    def _wanted(self) -> list[tuple[str, tuple[int, int]]]:
        """Folders to watch with all below, with what tells them from others remade in their place."""
        names = [f"data/{name}" for name in (*self.sync.assets.folders, "state", "wildcards")]
        found = []
        for name in ("", "data", "static", *names, "workflows", UPLOADS):
            with contextlib.suppress(OSError):
                stat = os.stat(self.sync.root / name)  # noqa: PTH116  Path("") / "" would hide which it was
                found.append((name, (stat.st_dev, stat.st_ino)))
        return found

    async def _rewatch(self) -> None:
        """Watch the folders that are there now, if they are others than before or a watch has ended."""
        if self.polling:
            return
        wanted = await asyncio.to_thread(self._wanted)
        if wanted == self._watched and not any(task.done() for task in self._watches):
            return
        await self._unwatch()
        tops = [self.sync.root / name for name, _ in wanted if name in ("", "data", "static")]
        deep = [self.sync.root / name for name, _ in wanted if name not in ("", "data", "static")]
        ready = [asyncio.Event(), asyncio.Event()]
        self._watches = [
            asyncio.create_task(self._watch(tops, False, ready[0])),
            asyncio.create_task(self._watch(deep, True, ready[1])),
        ]
        self._watched = wanted
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*(event.wait() for event in ready)), _READY_S)
        self.sync.wants_sweep = True  # whatever happened before the watch stood
        self._wake.set()

    async def _unwatch(self) -> None:
        for task in self._watches:
            task.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)
        self._watches = []
        self._watched = []

    async def _watch(self, roots: list[Path], recursive: bool, ready: asyncio.Event) -> None:
        try:
            if not roots:
                ready.set()
                await asyncio.Event().wait()
            real = await asyncio.to_thread(_real, roots, self.sync.root)
            async for batch in awatch(
                *real,
                watch_filter=None,
                debounce=200,
                step=10,
                rust_timeout=250,
                yield_on_timeout=True,
                recursive=recursive,
                force_polling=False,
                raise_interrupt=False,
            ):
                ready.set()
                if batch:
                    self._paths.update(_relative((path for _, path in batch), real))
                    self._wake.set()
            return
        except FileNotFoundError:
            return  # a folder went away just now; the next sweep watches again
        except OSError as error:
            self._fall_back(error)
            return
        finally:
            ready.set()

    def _fall_back(self, error: OSError) -> None:
        """Poll from now on and say so (faults F35)."""
        self.polling = True
        self.sweep_s = POLL_S
        message = (
            f"the system watches no more files for us ({error.strerror or error}); changes are seen by looking every "
            f"{POLL_S:.0f} seconds instead. Raise fs.inotify.max_user_watches and max_user_instances, then restart"
        )
        with self.sync.lock:
            self.sync.standing["watch"] = Problem(path="data", code="watch", message=message, fatal=False)
        self.sync.wants_sweep = True
        self._wake.set()


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
