"""Look at the model files in the background: which there are, what their headers say, what is wrong with them."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from gaze.core.errors import Problem
from gaze.library.changes import Change, ModelsChanged, ProblemsChanged
from gaze.library.modelcache import ModelCache, record_of
from gaze.library.modelfaults import Named, faults
from gaze.library.modelhashes import ModelHashes
from gaze.library.modelnear import Near
from gaze.library.modelscan import KINDS, Listing, scan
from gaze.library.safetensors import read_header

EVERY_S = 30.0
_TELL_S = 3.0
_SETTLE_S = 0.2

log = logging.getLogger(__name__)


class ModelWatch:
    """Two threads, and what they found; each finding is put in its place whole, so that any thread may read it."""

    def __init__(
        self,
        cache: ModelCache,
        roots: Callable[[], Mapping[str, str]],
        named: Callable[[], Iterable[Named]],
        on_change: Callable[[list[Change]], None],
    ) -> None:
        """`roots` gives the folder of each kind, `named` what assets name; `on_change` is called in a thread."""
        self.on_change = on_change
        self._cache, self._roots, self._named = cache, roots, named
        self.listings: dict[str, Listing] = {}
        self.there: dict[str, frozenset[str]] = {}  # by kind, where somebody can be asked
        self.whole: dict[str, frozenset[str]] = {}  # of these, what is not broken
        self.near: dict[str, Near] = {}
        self.users: Mapping[tuple[str, str], int] = {}
        self.problems: dict[str, list[Problem]] = {}  # by path of the asset, "" for those of no asset
        self._served: Mapping[str, frozenset[str]] = {}
        self._seen: list[Named] = []
        self._learnt = True  # whether files, headers, hashes or servers say more than is shown
        self._scan_due = 0.0
        self._wake, self._stopped, self._work = threading.Event(), threading.Event(), threading.Lock()
        self._hashes = ModelHashes(cache, self.listing, self._stopped, self._learn, lambda: self.wake(scan=False))
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to read in the background; returns at once."""
        for name, target in (("models", self._run), ("model hashes", self._hashes.run)):
            self._threads.append(threading.Thread(target=target, name=name, daemon=True))
            self._threads[-1].start()

    def stop(self) -> None:
        """End the threads and write the cache; blocking, for at most a second."""
        self._stopped.set()
        self._wake.set()
        for thread in self._threads:
            thread.join(0.5)  # one that waits for a dead network drive ends with the process
        self._cache.write()

    def wake(self, *, scan: bool = True) -> None:
        """Something changed: look again at once; without `scan` only at what assets name."""
        if scan:
            self._scan_due = 0.0
        self._wake.set()

    def served(self, found: Mapping[str, Iterable[str]]) -> None:
        """What reachable servers list, by kind; empty while nobody can be asked."""
        self._served = {kind: frozenset(names) for kind, names in found.items()}
        self._learnt = True
        self.wake(scan=False)

    def look(self) -> None:
        """List the folders, read new headers and find problems now; blocking. Tells what changed."""
        self._scan_due = 0.0
        with self._work:
            self._look()

    def listing(self, kind: str) -> Listing:
        """What the folder of a kind held when it was last looked at."""
        return self.listings.get(kind, Listing())

    def _run(self) -> None:
        self._cache.restore()
        while not self._stopped.is_set():
            self._wake.clear()
            try:
                with self._work:
                    self._look()
            except Exception:  # whatever it was, marks that stand still are worse
                log.exception("the model folders could not be looked at")
            self._wake.wait(EVERY_S)
            self._stopped.wait(_SETTLE_S)

    def _look(self) -> None:
        roots, now = self._roots(), time.monotonic()
        if now >= self._scan_due or any(self.listing(kind).root != root for kind, root in roots.items()):
            self._scan_due = now + EVERY_S
            before = dict(self.listings)
            self.listings = {kind: scan(root, self.listing(kind)) for kind, root in roots.items()}
            self._learnt |= before != self.listings
        self._show()
        if self._read_headers():
            self._learnt = True
            self._show()
        self._cache.write()

    def _show(self) -> None:
        """Bring what is asked for up to date with what was learnt, and tell."""
        learnt, self._learnt = self._learnt, False
        if learnt:
            self._settle()
            self._tell([ModelsChanged()])
        named = list(self._named())
        if learnt or named != self._seen:
            self._seen = named
            self.users = Counter((item.kind, item.model) for item in named)
            found = faults(named, self.there, self.listings, self.near, self._cache)
            if found != self.problems:
                self.problems = found
                self._tell([ProblemsChanged()])

    def _settle(self) -> None:
        there = {}
        for kind in KINDS:
            listing = self.listings.get(kind, Listing())
            names = frozenset(listing.files) if listing.root else self._served.get(kind)
            if names is not None and (listing.known or not listing.root):
                there[kind] = names
        self.there = there
        self.whole = {kind: names - self._broken(kind) for kind, names in there.items()}
        self.near = {kind: Near(sorted(self.whole[kind]), self._hashed(kind)) for kind, names in there.items()}

    def _broken(self, kind: str) -> set[str]:
        files = self.listing(kind).files.items()
        return {p for p, stat in files if (record := self._cache.get(f"{kind}/{p}", *stat)) and record.fault}

    def _hashed(self, kind: str) -> list[tuple[str, str]]:
        found = []
        for path, stat in self.listing(kind).files.items():
            if (record := self._cache.get(f"{kind}/{path}", *stat)) and record.hash:
                found.append((record.hash, path))
        return found

    def _read_headers(self) -> int:
        """Read headers that are new; tells every few seconds. How many there were."""
        done, told = 0, time.monotonic()
        for kind, listing in list(self.listings.items()):
            for path, stat in list(listing.files.items()):
                if self._stopped.is_set() or listing.away:
                    return done
                if self._cache.get(f"{kind}/{path}", *stat):
                    continue
                with contextlib.suppress(OSError):  # gone or locked: the next look finds out
                    self._cache.put(f"{kind}/{path}", record_of(*stat, read_header(Path(listing.root, path))))
                    done += 1
                time.sleep(0.0005)  # pages come first
                if time.monotonic() - told > _TELL_S:
                    told = time.monotonic()
                    self._tell([ModelsChanged()])
        return done

    def _learn(self) -> None:
        self._learnt = True

    def _tell(self, changes: list[Change]) -> None:
        if not self._stopped.is_set():
            self.on_change(changes)
