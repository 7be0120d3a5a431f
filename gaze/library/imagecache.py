"""Rows of images under `data/.gaze/images`, so that a start need not open every picture again.

SQLite, as a cache that may be thrown away: whatever is wrong with it, rows are read from the files (faults F30).
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from gaze.library.imagerow import Row

FORMAT = 3  # of Row; rows of another one are not taken
_BATCH = 2000
log = logging.getLogger(__name__)
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Row).decode


class ImageCache:
    """One table of rows by path. A disk that cannot take it is no fault; several processes may share it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "rows.sqlite"
        self._lock = threading.Lock()

    def read(self, take: Callable[[list[Row]], None]) -> None:
        """Give all rows that were kept to `take`, newest first, some at a time; none if they cannot be read."""

        def work(connection: sqlite3.Connection) -> None:
            found = connection.execute("SELECT row FROM rows ORDER BY key DESC")
            while batch := found.fetchmany(_BATCH):
                take([_decode(body) for (body,) in batch])

        if self.file.exists():
            self._do(work)

    def write(self, rows: Mapping[str, Row | None]) -> None:
        """Keep these rows; None forgets one."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("DELETE FROM rows WHERE path = ?", [(path,) for path in rows if rows[path] is None])
            kept = [(path, row.key, _encode(row)) for path, row in rows.items() if row is not None]
            connection.executemany("INSERT OR REPLACE INTO rows VALUES (?, ?, ?)", kept)
            connection.execute("COMMIT")

        if rows:
            self._do(work)

    def _do(self, work: Callable[[sqlite3.Connection], None]) -> None:
        with self._lock:
            if not self.file.parent.parent.is_dir():
                return  # the data folder is away: nothing is made below its mount point
            try:
                with contextlib.closing(self._connect()) as connection:
                    work(connection)
            except (sqlite3.OperationalError, OSError) as error:  # a full disk, a lock held for long
                log.warning("the cache of images cannot be used", extra={"cause": str(error)})
            except (sqlite3.Error, msgspec.MsgspecError, UnicodeError) as error:
                log.warning("the cache of images is damaged and is made anew", extra={"cause": str(error)})
                for file in self.file.parent.glob(f"{self.file.name}*"):
                    with contextlib.suppress(OSError):
                        file.unlink()

    def _connect(self) -> sqlite3.Connection:
        self.file.parent.mkdir(exist_ok=True)
        connection = sqlite3.connect(self.file, timeout=5, isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=OFF")  # what a power cut damages here is made again
        if connection.execute("PRAGMA user_version").fetchone()[0] != FORMAT:
            connection.execute("DROP TABLE IF EXISTS rows")
            connection.execute("CREATE TABLE rows (path TEXT PRIMARY KEY, key INTEGER NOT NULL, row BLOB NOT NULL)")
            connection.execute("CREATE INDEX newest ON rows (key)")
            connection.execute(f"PRAGMA user_version={FORMAT}")
        return connection
