"""Count the hashes of model files when nothing else is to do: a file of some GB takes as long as its disk does."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from gaze.library.modelcache import ModelCache
from gaze.library.modelscan import KINDS, Listing
from gaze.library.safetensors import autov3


class ModelHashes:
    """The work of one thread. `learnt` is called after each hash, `wake` when there is no more to count."""

    def __init__(
        self,
        cache: ModelCache,
        listing: Callable[[str], Listing],
        stopped: threading.Event,
        learnt: Callable[[], None],
        wake: Callable[[], None],
    ) -> None:
        self._cache = cache
        self._listing = listing
        self._stopped = stopped
        self._learnt = learnt
        self._wake = wake

    def run(self) -> None:
        """Count what has no hash yet, again and again until stopped."""
        while not self._stopped.wait(2.0):
            counted = False
            for kind in KINDS:
                for path, stat in sorted(self._listing(kind).files.items(), key=lambda pair: pair[1]):
                    if self._stopped.is_set():
                        return
                    counted |= self.count(kind, path, stat)
            if counted:
                self._cache.write()
                self._wake()

    def count(self, kind: str, path: str, stat: tuple[int, int]) -> bool:
        """Count the hash of one file; False if it has one, cannot have one, or it was broken off."""
        key, listing = f"{kind}/{path}", self._listing(kind)
        record = self._cache.get(key, *stat)
        if not record or record.hash or record.fault or listing.away or not path.endswith(".safetensors"):
            return False

        def goes_on() -> bool:
            time.sleep(0.002)  # a disk that somebody draws from is not ours alone
            return not self._stopped.is_set() and self._listing(kind).root == listing.root

        with contextlib.suppress(OSError):
            if sha := autov3(Path(listing.root, path), goes_on):
                self._cache.put(key, msgspec.structs.replace(record, hash=sha))
                self._learnt()
                return True
        return False
