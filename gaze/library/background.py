"""What keeps a library up to date while it runs: the watcher, the index snapshot, the reading of images."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from collections.abc import Callable

from gaze.library.changes import Change
from gaze.library.deleting import Deleting
from gaze.library.imageindex import ImageIndex, breathe
from gaze.library.snapshot import Snapshot
from gaze.library.sweep import Sweep
from gaze.library.sync import Sync
from gaze.library.watcher import Watcher

SNAPSHOT_EVERY_S = 30.0

log = logging.getLogger(__name__)


class Background:
    """The work of a library's one task; `first_read` blocks and calls its argument between files."""

    def __init__(
        self,
        sync: Sync,
        sweep: Sweep,
        snapshot: Snapshot,
        images: ImageIndex,
        trash: Deleting,
        first_read: Callable[[Callable[[], None]], None],
        tell: Callable[[list[Change]], None],
    ) -> None:
        self._sync = sync
        self._sweep = sweep
        self._snapshot = snapshot
        self._images = images
        self._trash = trash
        self._first_read = first_read
        self._tell = tell

    async def run(self, polling: bool) -> None:
        """Read everything, then follow every change until cancelled."""
        watcher = Watcher(self._sync, self._sweep, self._tell, polling=polling)
        gc.disable()  # each full collection would hold up everything for 0.1 s, to find nothing among the index
        restoring = asyncio.create_task(asyncio.to_thread(self._images.restore, _breathe()))
        try:
            await watcher.begin()
            await asyncio.to_thread(self._first_read, _breathe())
        finally:
            await asyncio.gather(restoring, return_exceptions=True)
            gc.freeze()
            gc.enable()
        writing = asyncio.gather(self._write_snapshots(), self._read_images())
        try:
            while True:
                try:
                    await watcher.run()
                except Exception:  # whatever it was, a library that stands still is worse
                    log.exception("the watcher failed and starts again")
                    await asyncio.sleep(1)
        finally:
            await watcher.end()
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)

    async def _write_snapshots(self) -> None:
        while True:
            await asyncio.to_thread(self._snapshot.write)
            await asyncio.to_thread(self._images.save)
            await asyncio.sleep(SNAPSHOT_EVERY_S)

    async def _read_images(self) -> None:
        """Keep the index of images up to date, in the background."""
        while True:
            if self._images.wanted.is_set():
                try:
                    await asyncio.to_thread(self._images.work, breathe())
                except Exception:  # the gallery is poorer for it; nothing else is
                    log.exception("images could not be read")
            if self._images.trash_changed.is_set():
                await asyncio.to_thread(lambda: self._images.look_at_trash(self._trash.list()))
            await asyncio.sleep(0.25)


def _breathe() -> Callable[[], None]:
    """A pause every few files of the first read, so that pages are answered meanwhile."""
    last = time.monotonic()

    def pause() -> None:
        nonlocal last
        if time.monotonic() - last > 0.01:
            time.sleep(0.001)
            last = time.monotonic()

    return pause
