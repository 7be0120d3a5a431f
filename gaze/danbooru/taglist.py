"""Which list of tags holds: the one that was imported into the library, else the starter list of the program."""

from __future__ import annotations

import contextlib
import io
import logging
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec

from gaze.core.errors import Refusal
from gaze.danbooru.find import known
from gaze.danbooru.index import FORMAT, TagIndex
from gaze.danbooru.rows import BadRow, Row, read_rows
from gaze.library.files import make_folder, write

IMPORTED = "data/tags/danbooru.csv"
STARTER = "data/tags/starter.csv"
MADE = "data/.gaze/tags"
MOST_BYTES = 128 * 2**20
MOST_NAMED = 20  # bad rows that are named one by one

Stamp = tuple[str, int, int]  # path, time and size of a list: the same ones mean the same content

log = logging.getLogger(__name__)


class Imported(msgspec.Struct, frozen=True):
    """What an import found; `bad` are the first rows that were left out, of `left_out` in all."""

    tags: int
    aliases: int
    left_out: int
    bad: tuple[BadRow, ...]

    @property
    def sentence(self) -> str:
        rows = "1 row was" if self.left_out == 1 else f"{self.left_out:,} rows were"
        left = f" {rows} left out." if self.left_out else ""
        return f"The list holds {self.tags:,} tag{'s' if self.tags != 1 else ''} now.{left}"


class Loaded(msgspec.Struct, frozen=True):
    """A list as it is now. `own` says that the user imported it, so that what it lacks is no tag."""

    index: TagIndex
    own: bool


class TagList:
    """The tags of a library; read when first asked for, and again when the file is another one.

    An index made once is kept in `data/.gaze/tags`, where it is read in a few milliseconds. All methods may be called
    from any thread and read the disk: call them through `asyncio.to_thread`.
    """

    def __init__(self, root: Path, program: Path, *, keep: bool = True) -> None:
        """With `keep` off nothing is written but what is taken in."""
        self._keeps = keep
        self._root = root
        self._program = program
        self._lock = threading.Lock()
        self._stamp: Stamp | None = None
        self._loaded = Loaded(TagIndex.build(()), False)

    def __call__(self) -> Loaded:
        """The list that holds now."""
        with self._lock:
            file, stamp = self._file()
            if stamp != self._stamp:
                self._loaded = Loaded(self._read(file, stamp), file == self._root / IMPORTED)
                self._stamp = stamp
            return self._loaded

    def lookup(self) -> tuple[object, Callable[[str], str | None] | None]:
        """What says whether a tag is known, and a mark of the list; None while there is only the starter list.

        The starter list lacks most tags, so what it lacks may be one all the same.
        """
        loaded = self()
        return self._stamp, (partial(known, loaded.index) if loaded.own else None)

    def _file(self) -> tuple[Path, Stamp]:
        for file in (self._root / IMPORTED, self._program / STARTER):
            try:
                stat = file.stat()
            except OSError:
                continue
            return file, (str(file), stat.st_mtime_ns, stat.st_size)
        return self._root / IMPORTED, ("", 0, 0)

    def _read(self, file: Path, stamp: Stamp) -> TagIndex:
        head = _head(stamp)
        with contextlib.suppress(Exception):  # whatever is wrong with it, it is made again
            content = (self._root / MADE / f"{file.stem}.index").read_bytes()
            if content.startswith(head):
                return TagIndex.unpack(content[len(head) :])
        try:
            with file.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
                made = TagIndex.build([row for row in read_rows(lines) if isinstance(row, Row)])
        except OSError as error:
            log.warning("the list of tags cannot be read", extra={"cause": str(error)})
            return TagIndex.build(())
        self._keep(made, file, stamp)
        return made

    def _keep(self, index: TagIndex, file: Path, stamp: Stamp) -> None:
        """Write an index for the next start; a disk that cannot take it is no fault."""
        if self._keeps and (self._root / MADE).parent.is_dir():
            with contextlib.suppress(OSError, Refusal):
                (self._root / MADE).mkdir(exist_ok=True)
                write(self._root, f"{MADE}/{file.stem}.index", _head(stamp) + index.pack())

    def take_in(self, content: bytes) -> Imported:
        """Make a CSV the library's list; the one before goes away. Blocking, some seconds for 200,000 tags.

        Rows that cannot be used are left out and named. Raises Refusal (400, 413) where nothing can be used, NoRoom
        and Unavailable where it cannot be written.
        """
        if len(content) > MOST_BYTES:
            raise Refusal(f"The list has more than {MOST_BYTES >> 20} MiB.", field="file", status=413)
        try:
            content.decode("utf-8")
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            raise Refusal(f"The list is not UTF-8 (line {line}); save it as UTF-8.", field="file") from error
        rows: list[Row] = []
        bad: list[BadRow] = []
        for row in read_rows(io.TextIOWrapper(io.BytesIO(content), "utf-8-sig", newline="")):
            if isinstance(row, Row):
                rows.append(row)
            else:
                bad.append(row)
        if not rows:
            why = f" The first row that is wrong is in {bad[0]}." if bad else ""
            raise Refusal(f'The file holds no tags; its rows must be name,category,count,"aliases".{why}', field="file")
        index = TagIndex.build(rows)
        found = Imported(len(rows), sum(len(row.aliases) for row in rows), len(bad), tuple(bad[:MOST_NAMED]))
        del rows
        file = self._root / IMPORTED
        make_folder(file.parent, IMPORTED)
        with self._lock:
            write(self._root, IMPORTED, content)
            stat = file.stat()
            self._stamp = (str(file), stat.st_mtime_ns, stat.st_size)
            self._loaded = Loaded(index, True)
            self._keep(index, file, self._stamp)
        return found


def _head(stamp: Stamp) -> bytes:
    """What an index was made of and by which program; one made of anything else is not taken."""
    return repr((FORMAT, *stamp)).encode() + b"\n"
