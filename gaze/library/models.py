"""The model files that assets name: which there are, what their headers say, which are missing.

All reading is done by two threads, never on a request: one lists the configured folders and reads headers, one counts
hashes when nothing else is to do. What they know is read from memory by any thread. Nothing is ever deleted because a
folder is away, and nothing is looked up on the network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from gaze.core.asset import Asset
from gaze.core.category import Category
from gaze.core.errors import Problem
from gaze.library.changes import Change
from gaze.library.modelcache import ModelCache
from gaze.library.modelfaults import Named
from gaze.library.modelwatch import ModelWatch
from gaze.library.safetensors import Header


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
        self._kinds = {category.name: kind for category in categories.values() if (kind := kind_of(category))}
        self._named = named
        self._cache = ModelCache(private / "models")
        self._watch = ModelWatch(self._cache, roots, named, on_change)

    # life

    def start(self) -> None:
        """Begin to read in the background; returns at once."""
        self._watch.start()

    def stop(self) -> None:
        """End the threads and write the cache; blocking, for at most a second."""
        self._watch.stop()

    def wake(self, *, scan: bool = True) -> None:
        """Something changed: look again at once; without `scan` only at what assets name."""
        self._watch.wake(scan=scan)

    def served(self, found: Mapping[str, Iterable[str]]) -> None:
        """What reachable servers list, by kind; empty while nobody can be asked."""
        self._watch.served(found)

    def look(self) -> None:
        """List the folders, read new headers and find problems now; blocking. Tells what changed."""
        self._watch.look()

    # asking

    def is_missing(self, category: str, name: str) -> bool:
        """Whether the file is nowhere to be found; False where nobody can be asked (specification data, Folders)."""
        there = self.there(category)
        return there is not None and name not in there and spelled(name) not in there

    def there(self, category: str) -> frozenset[str] | None:
        """Every file that assets of a category may name; None where nobody can be asked."""
        return self._watch.there.get(self._kinds.get(category, ""))

    def near(self, category: str, name: str) -> list[str]:
        """Files that may be meant by a missing one: the same content, the same file name, then what reads alike."""
        kind = self._kinds.get(category, "")
        name = spelled(name)
        record = self._cache.records.get(f"{kind}/{name}")
        return self._watch.near[kind].find(name, record.hash if record else "") if kind in self._watch.near else []

    def problems(self) -> list[Problem]:
        """Missing files, files that cannot be used, folders that are away, doublets."""
        return [problem for found in list(self._watch.problems.values()) for problem in found]

    def problems_at(self, path: str) -> Sequence[Problem]:
        """Problems of one asset, by the path of its file; that another names its file too is no fault of its own."""
        return [problem for problem in self._watch.problems.get(path, ()) if problem.code != "duplicate"]

    def users(self, kind: str, name: str) -> int:
        """How many assets name a file."""
        return self._watch.users.get((kind, spelled(name)), 0)

    def names(self, kind: str) -> frozenset[str]:
        """Every file of a kind that there is, as assets name it."""
        return self._watch.there.get(kind, frozenset())

    def whole(self, kind: str) -> frozenset[str]:
        """As `names`, without files that cannot be used."""
        return self._watch.whole.get(kind, frozenset())

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
        stat = self._watch.listing(kind).files.get(name)
        if stat is None:
            return ModelFile(kind=kind, path=name)
        record = self._cache.get(f"{kind}/{name}", *stat)
        beside = self._watch.listing(kind).beside.get(name, ())
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
        return self._watch.listing(kind).root

    def away(self, kind: str) -> str:
        """Why the folder of a kind cannot be asked now, in words; "" if it can."""
        return self._watch.listing(kind).away

    def place(self, kind: str, name: str) -> Path | None:
        """The file on the disk, if the configured folder holds it."""
        listing = self._watch.listing(kind)
        name = spelled(name)
        return Path(listing.root, name) if name in listing.files and not listing.away else None

    # deleting

    def may_delete(self, asset: Asset) -> str:
        """Why the model file of an asset must stay, in words; "" if it may go into the trash with it."""
        kind, name = self._kinds.get(asset.category.name, ""), model_of(asset)
        if not kind or not name:
            return f"{asset.name} names no model file."
        if not self._watch.listing(kind).root:
            return "No folder of model files is configured, so the file is not touched."
        place = self.place(kind, name)
        if place is None:
            away = self.away(kind)
            return f"The folder is away ({away})." if away else f"«{name}» is not in the configured folder."
        root = Path(self._watch.listing(kind).root).resolve()
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
