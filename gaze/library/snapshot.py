"""A copy of the index under `data/.gaze/index/`, so that a start need not read files that did not change.

Whatever is wrong with it, it is ignored and made again (faults F30). Several processes may write it: each file is
replaced whole, and any of their states is a right one to start from (F31).
"""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgpack as _msgpack

from gaze.core.category import Category
from gaze.library.assets import Assets
from gaze.library.tables import Row

FORMAT = 1
msgpack: Any = _msgpack


class Snapshot:
    """One msgpack file a table: a head that says what it is, the rows, and their number as the end."""

    def __init__(self, folder: Path, assets: Assets, lock: threading.RLock) -> None:
        self.folder = folder
        self.assets = assets
        self.lock = lock

    def restore(self) -> int:
        """Fill the empty index with what was written last; returns the number of rows."""
        total = 0
        for name, category in self.assets.categories.items():
            rows = self._read(category)
            if rows:
                with self.lock:
                    self.assets.restore(name, rows)
                total += len(rows)
        self.assets.memory.dirty.clear()
        return total

    def write(self) -> None:
        """Write the tables that changed since last time; a disk that cannot take them is no fault."""
        with self.lock:
            dirty = self.assets.memory.dirty & set(self.assets.categories)
            tables = {name: list(self.assets.memory.tables.get(name, {}).values()) for name in dirty}
            self.assets.memory.dirty.clear()
        for name, rows in tables.items():
            with contextlib.suppress(OSError):
                self._write(self.assets.categories[name], rows)

    def _read(self, category: Category) -> list[Row]:
        try:
            with self._file(category).open("rb") as source:
                unpacker = msgpack.Unpacker(source, max_buffer_size=1 << 30, strict_map_key=False)
                if unpacker.unpack() != head_of(category):
                    return []
                rows: list[Row] = []
                for item in unpacker:
                    if isinstance(item, int):
                        return rows if item == len(rows) and all(map(_is_row, rows)) else []
                    rows.append(item)
        except Exception:  # foreign bytes fail in more ways than msgpack names; none of them matters
            return []
        return []

    def _write(self, category: Category, rows: Iterable[Row]) -> None:
        if not self.folder.parent.is_dir():
            return  # the data folder is away: nothing is made below its mount point
        self.folder.mkdir(exist_ok=True)
        target = self._file(category)
        temporary = target.parent / f".gaze-{os.getpid()}-{secrets.token_hex(6)}.tmp"
        packer = msgpack.Packer()
        count = 0
        try:
            with temporary.open("wb") as out:
                out.write(packer.pack(head_of(category)))
                for row in rows:  # one by one: packing a whole table would hold up the event loop
                    out.write(packer.pack(row))
                    count += 1
                out.write(packer.pack(count))
            temporary.replace(target)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise

    def _file(self, category: Category) -> Path:
        return self.folder / f"{category.name}.msgpack"


def head_of(category: Category) -> list[Any]:
    """What a snapshot was made by; rows made by another declaration are not taken."""
    fields = [(field.address, field.kind) for field in category.fields]
    shape = repr((category.name, category.data_folder, category.id_field, category.name_field, category.owner_key))
    return ["gaze index", FORMAT, sha256(f"{shape}{fields}".encode()).hexdigest()[:16]]


def _is_row(row: Any) -> bool:
    keys: Mapping[str, type | tuple[type, ...]] = {"path": str, "slug": str, "own": str, "seen": str, "problems": list}
    if not isinstance(row, dict) or not all(isinstance(row.get(key), kind) for key, kind in keys.items()):
        return False
    if not isinstance(row.get("stat"), list) or len(row["stat"]) != 3:
        return False
    return row.get("raw") is None or {"id", "name", "owner", "tags", "nsfw", "lora", "text", "changed"} <= set(row)
