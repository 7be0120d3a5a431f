"""The model files that assets name: which there are, what their headers say, which are missing.

All reading is done by two threads, never on a request: one lists the configured folders and reads headers, one counts
hashes when nothing else is to do. What they know is read from memory by any thread. Nothing is ever deleted because a
folder is away, and nothing is looked up on the network.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from gaze.core.asset import Asset
from gaze.core.category import Category
from gaze.core.errors import Problem
from gaze.library.changes import Change, ModelsChanged, ProblemsChanged
from gaze.library.modelcache import ModelCache, record_of
from gaze.library.modelfaults import Named, faults
from gaze.library.modelnear import Near
from gaze.library.modelscan import Listing, scan
from gaze.library.safetensors import Header, autov3, read_header

EVERY_S = 30.0
KINDS = ("lora", "checkpoint")
_TELL_S = 3.0
_SETTLE_S = 0.2

log = logging.getLogger(__name__)


class ModelFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file below the folder of its kind. `read` is False until its header was; `hash` is "" until counted."""

    kind: str
    path: str
    size: int = 0
    changed_ns: int = 0
    base_model: str = ""
    fault: str = ""
    hash: str = ""
    read: bool = False
    beside: tuple[str, ...] = ()  # endings of sidecars and pictures beside it


def kind_of(category: Category) -> str:
    """`checkpoint` for what is chosen by its file, `lora` for what has one, else ""."""
    return "checkpoint" if category.chosen_by_id else "lora" if category.lora else ""


def folders_of(category: Category, settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Where a category's model files lie below their root: `model_folders` of the settings, else as declared."""
    said = settings.get("model_folders")
    said = said.get(category.name) if isinstance(said, Mapping) else None
    if isinstance(said, str):
        return (said,)
    if isinstance(said, list):
        return tuple(str(item) for item in said)
    return category.model_folders


class Models:
    """Model files of the configured folders, or as ComfyUI servers list them where no folder is configured."""

    def __init__(
        self,
        categories: Mapping[str, Category],
        private: Path,
        roots: Callable[[], Mapping[str, str]],
        named: Callable[[], Iterable[Named]],
        on_change: Callable[[list[Change]], None] = lambda changes: None,
    ) -> None:
        """`roots` gives the folder of each kind, `named` what assets name; `on_change` is called in a thread."""
        self.on_change = on_change
        self._kinds = {category.name: kind for category in categories.values() if (kind := kind_of(category))}
        self._roots, self._named = roots, named
        self._cache = ModelCache(private / "models")
        self._listings: dict[str, Listing] = {}
        self._served: Mapping[str, frozenset[str]] = {}
        self._there: dict[str, frozenset[str]] = {}  # by kind, where somebody can be asked
        self._whole: dict[str, frozenset[str]] = {}  # of these, what is not broken
        self._near: dict[str, Near] = {}
        self._seen: list[Named] = []
        self._learnt = True  # whether files, headers, hashes or servers say more than is shown
        self._scan_due = 0.0
        self._users: Mapping[tuple[str, str], int] = {}
        self._problems: dict[str, list[Problem]] = {}  # by path of the asset, "" for those of no asset
        self._wake, self._stopped, self._work = threading.Event(), threading.Event(), threading.Lock()
        self._threads: list[threading.Thread] = []

    # life

    def start(self) -> None:
        """Begin to read in the background; returns at once."""
        for name, target in (("models", self._run), ("model hashes", self._run_hashes)):
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
        if now >= self._scan_due or any(self._listing(kind).root != root for kind, root in roots.items()):
            self._scan_due = now + EVERY_S
            before = dict(self._listings)
            self._listings = {kind: scan(root, self._listing(kind)) for kind, root in roots.items()}
            self._learnt |= before != self._listings
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
            self._users = Counter((item.kind, item.model) for item in named)
            found = faults(named, self._there, self._listings, self._near, self._cache)
            if found != self._problems:
                self._problems = found
                self._tell([ProblemsChanged()])

    def _settle(self) -> None:
        there = {}
        for kind in KINDS:
            listing = self._listings.get(kind, Listing())
            names = frozenset(listing.files) if listing.root else self._served.get(kind)
            if names is not None and (listing.known or not listing.root):
                there[kind] = names
        self._there = there
        self._whole = {kind: names - self._broken(kind) for kind, names in there.items()}
        self._near = {kind: Near(sorted(self._whole[kind]), self._hashes(kind)) for kind, names in there.items()}

    def _broken(self, kind: str) -> set[str]:
        files = self._listing(kind).files.items()
        return {p for p, stat in files if (record := self._cache.get(f"{kind}/{p}", *stat)) and record.fault}

    def _hashes(self, kind: str) -> list[tuple[str, str]]:
        found = []
        for path, stat in self._listing(kind).files.items():
            if (record := self._cache.get(f"{kind}/{path}", *stat)) and record.hash:
                found.append((record.hash, path))
        return found

    def _read_headers(self) -> int:
        """Read headers that are new; tells every few seconds. How many there were."""
        done, told = 0, time.monotonic()
        for kind, listing in list(self._listings.items()):
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

    def _run_hashes(self) -> None:
        while not self._stopped.wait(2.0):
            counted = False
            for kind in KINDS:
                for path, stat in sorted(self._listing(kind).files.items(), key=lambda pair: pair[1]):
                    if self._stopped.is_set():
                        return
                    counted |= self._hash(kind, path, stat)
            if counted:
                self._cache.write()
                self.wake(scan=False)

    def _hash(self, kind: str, path: str, stat: tuple[int, int]) -> bool:
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
                self._learnt = True
                return True
        return False

    def _tell(self, changes: list[Change]) -> None:
        if not self._stopped.is_set():
            self.on_change(changes)

    def _listing(self, kind: str) -> Listing:
        return self._listings.get(kind, Listing())

    # asking

    def is_missing(self, category: str, name: str) -> bool:
        """Whether the file is nowhere to be found; False where nobody can be asked (specification data, Folders)."""
        there = self.there(category)
        return there is not None and name not in there and spelled(name) not in there

    def there(self, category: str) -> frozenset[str] | None:
        """Every file that assets of a category may name; None where nobody can be asked."""
        return self._there.get(self._kinds.get(category, ""))

    def near(self, category: str, name: str) -> list[str]:
        """Files that may be meant by a missing one: the same content, the same file name, then what reads alike."""
        kind = self._kinds.get(category, "")
        name = spelled(name)
        record = self._cache.records.get(f"{kind}/{name}")
        return self._near[kind].find(name, record.hash if record else "") if kind in self._near else []

    def problems(self) -> list[Problem]:
        """Missing files, files that cannot be used, folders that are away, doublets."""
        return [problem for found in list(self._problems.values()) for problem in found]

    def problems_at(self, path: str) -> Sequence[Problem]:
        """Problems of one asset, by the path of its file; that another names its file too is no fault of its own."""
        return [problem for problem in self._problems.get(path, ()) if problem.code != "duplicate"]

    def users(self, kind: str, name: str) -> int:
        """How many assets name a file."""
        return self._users.get((kind, spelled(name)), 0)

    def names(self, kind: str) -> frozenset[str]:
        """Every file of a kind that there is, as assets name it."""
        return self._there.get(kind, frozenset())

    def whole(self, kind: str) -> frozenset[str]:
        """As `names`, without files that cannot be used."""
        return self._whole.get(kind, frozenset())

    def files(self, kind: str, folders: Sequence[str] = ()) -> list[ModelFile]:
        """Files by path, of these folders only if any file lies in one; takes some ms for 10,000."""
        names = sorted(self.names(kind), key=str.casefold)
        starts = tuple(f"{folder.strip('/')}/" for folder in folders if folder.strip("/"))
        chosen = [name for name in names if name.startswith(starts)] if starts else []
        return [self._file(kind, name) for name in chosen or names]

    def file(self, kind: str, name: str) -> ModelFile | None:
        """One file, or None if it is not there."""
        name = spelled(name)
        return self._file(kind, name) if name in self.names(kind) else None

    def _file(self, kind: str, name: str) -> ModelFile:
        stat = self._listing(kind).files.get(name)
        if stat is None:
            return ModelFile(kind=kind, path=name)
        record = self._cache.get(f"{kind}/{name}", *stat)
        beside = self._listing(kind).beside.get(name, ())
        if record is None:
            return ModelFile(kind=kind, path=name, size=stat[0], changed_ns=stat[1], beside=beside)
        return ModelFile(
            beside=beside,
            kind=kind,
            path=name,
            size=stat[0],
            changed_ns=stat[1],
            base_model=record.base_model,
            fault=record.fault,
            hash=record.hash,
            read=True,
        )

    def header(self, kind: str, name: str) -> Header:
        """What the header of a file said when it was last read; an empty one before."""
        record = self._cache.records.get(f"{kind}/{spelled(name)}")
        return record.read() if record else Header()

    def folder(self, kind: str) -> str:
        """The configured folder of a kind; "" for none."""
        return self._listing(kind).root

    def away(self, kind: str) -> str:
        """Why the folder of a kind cannot be asked now, in words; "" if it can."""
        return self._listing(kind).away

    def place(self, kind: str, name: str) -> Path | None:
        """The file on the disk, if the configured folder holds it."""
        listing = self._listing(kind)
        name = spelled(name)
        return Path(listing.root, name) if name in listing.files and not listing.away else None

    # deleting

    def may_delete(self, asset: Asset) -> str:
        """Why the model file of an asset must stay, in words; "" if it may go into the trash with it."""
        kind, name = self._kinds.get(asset.category.name, ""), model_of(asset)
        if not kind or not name:
            return f"{asset.name} names no model file."
        if not self._listing(kind).root:
            return "No folder of model files is configured, so the file is not touched."
        place = self.place(kind, name)
        if place is None:
            away = self.away(kind)
            return f"The folder is away ({away})." if away else f"«{name}» is not in the configured folder."
        root = Path(self._listing(kind).root).resolve()
        if not place.resolve().is_relative_to(root):
            return f"«{name}» lies outside the configured folder, behind a link."
        others = [n.name for n in self._named() if n.kind == kind and n.model == name and n.path != asset.path]
        return f"{', '.join(others[:5])} {'names' if len(others) == 1 else 'name'} it too." if others else ""


def model_of(asset: Asset) -> str:
    """The model file an asset names, with forward slashes; "" for none."""
    if asset.category.chosen_by_id:
        return spelled(asset.id)
    return spelled(asset.lora.lora_name) if asset.lora else ""


def spelled(name: str) -> str:
    """A path as assets name it: trimmed, with forward slashes."""
    return name.strip().replace("\\", "/")
