"""Headers and hashes of model files, kept under `data/.gaze/models` by path, size and time of change.

What a file said is kept when the file is gone: its hash then finds it under another name. Several processes may write:
the file is replaced whole, and whatever is wrong with it, it is made again.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
from pathlib import Path

import msgspec

from gaze.library.safetensors import Header

FORMAT = 1
MOST = 50_000


class Record(msgspec.Struct, array_like=True):
    """What is known of a file of that size and time. `header` is packed: 10,000 of them unpacked are 60 MB."""

    size: int
    mtime_ns: int
    base_model: str = ""
    fault: str = ""
    hash: str = ""
    header: bytes = b""

    def read(self) -> Header:
        """The header, unpacked."""
        return msgspec.msgpack.decode(self.header, type=Header) if self.header else Header(fault=self.fault)


class _File(msgspec.Struct, array_like=True):
    format: int
    records: dict[str, Record]


def record_of(size: int, mtime_ns: int, header: Header) -> Record:
    return Record(size, mtime_ns, header.base_model, header.fault, "", msgspec.msgpack.encode(header))


class ModelCache:
    """Records by `kind/path`; memory is the cache, `write` brings it to the disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.records: dict[str, Record] = {}
        self._dirty = False
        self._lock = threading.Lock()

    def restore(self) -> None:
        """Take what the disk has; nothing if it is unusable."""
        with contextlib.suppress(OSError, msgspec.DecodeError, msgspec.ValidationError):
            found = msgspec.msgpack.decode((self.folder / "files.msgpack").read_bytes(), type=_File)
            if found.format == FORMAT:
                self.records = found.records

    def get(self, key: str, size: int, mtime_ns: int) -> Record | None:
        """The record of the file as it is now, or None."""
        found = self.records.get(key)
        return found if found and (found.size, found.mtime_ns) == (size, mtime_ns) else None

    def put(self, key: str, record: Record) -> None:
        with self._lock:
            self.records.pop(key, None)  # to the end: the oldest leave first
            self.records[key] = record
            while len(self.records) > MOST:
                del self.records[next(iter(self.records))]
            self._dirty = True

    def write(self) -> None:
        """Bring what is new to the disk; a disk that cannot take it is no fault."""
        with self._lock:
            if not self._dirty or not self.folder.parent.is_dir():
                return
            self._dirty = False
            body = msgspec.msgpack.encode(_File(FORMAT, self.records))
        temporary = self.folder / f".gaze-{os.getpid()}-{secrets.token_hex(6)}.tmp"
        try:
            self.folder.mkdir(exist_ok=True)
            temporary.write_bytes(body)
            temporary.replace(self.folder / "files.msgpack")
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink()
