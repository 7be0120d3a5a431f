"""The index of all images: read in the background, newest first, kept in memory and in a cache that may be lost.

Files are the truth: a row is taken again whenever an image or its sidecar has another time or size.
"""

from __future__ import annotations

import contextlib
import threading
import time
from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from gaze.library.imagecache import ImageCache
from gaze.library.imagequery import FoundImages, ImageQuery, key_of_row
from gaze.library.imagerow import Row, read_row
from gaze.library.images import UPLOADS, Images, Seen
from gaze.library.imageselect import select
from gaze.library.imagetotals import Sharing, Totals
from gaze.library.kept import Kept, count
from gaze.library.trash import TRASH, Trashed

AT_ONCE = 64  # images that came together are read at once up to this number, else in the background
_BATCH = 256
_ANSWERS = 12  # kept, so that the next window of a page costs nothing


class ImageIndex:
    """Rows by path and by time. All methods may be called from any thread; `work` reads files and blocks."""

    def __init__(self, root: Path, images: Images, lock: threading.RLock, cache: ImageCache) -> None:
        self.root = root
        self.images = images
        self.cache = cache
        self.wanted = threading.Event()
        self.trash_changed = threading.Event()
        self.progress = (0, 0)  # images read and found, of the work at hand; equal when there is none
        self.version = 0  # another number after every change
        self._library_lock = lock
        self._lock = threading.RLock()
        self._working = threading.Lock()
        self._restored = False
        self._rows: dict[str, Row] = {}
        self._order: list[Row] = []
        self._totals = Totals()
        self._waiting: dict[str, Seen] = {}
        self._unsaved: dict[str, Row | None] = {}
        self._sharing = Sharing()
        self._answers: OrderedDict[tuple[ImageQuery, frozenset[str]], FoundImages] = OrderedDict()
        self._answered = -1
        self._of: dict[str, tuple[int, list[Row]]] = {}
        self._trashed: dict[tuple[str, str], Row] = {}  # by entry of the trash and path
        self._kept: Kept | None = None  # until a favourite comes or goes, or something in the trash

    def __len__(self) -> int:
        return len(self._rows)

    # taking in

    def restore(self, pause: Callable[[], None] = lambda: None) -> int:
        """Take the rows of the cache, newest first, before anything is looked at; returns how many there are.

        Who comes second waits for who came first.
        """

        def take(rows: list[Row]) -> None:
            rows = [self._shared(row) for row in rows[::-1] if row.path not in self._rows]
            with self._lock:
                self._rows.update((row.path, row) for row in rows)
                self._order = rows + self._order  # older than all before
                self._totals.add(rows)
                self._kept = None
                self.version += 1
            pause()

        with self._working:
            if not self._restored:
                self._restored = True
                self.cache.read(take)
        return len(self._rows)

    def look(self) -> None:
        """Hold all rows against what the folders have; what differs is read by the next `work`."""
        with self._library_lock:
            there = {
                f"{folder}/{name}" if folder else name: seen
                for folder, images in self.images.folders.items()
                for name, seen in images.items()
            }
        gone = [path for path in self._rows if path not in there]
        self._merge([], gone)
        waiting = []
        for path, seen in there.items():
            row = self._rows.get(path)
            if row is None or row.seen != seen:
                waiting.append((seen[0], path, seen))
            else:
                row.seen = seen
        waiting.sort()
        with self._lock:
            self._waiting = {path: seen for _, path, seen in waiting}
            self.progress = (0, len(waiting))
        if waiting:
            self.wanted.set()

    def look_at_trash(self, entries: Iterable[Trashed]) -> None:
        """Take the images that lie in the trash: they count against what made them."""
        trashed: dict[tuple[str, str], Row] = {}
        self.trash_changed.clear()
        for entry in entries:
            for path in entry.paths if entry.kind == "image" else ():
                if not path.startswith(UPLOADS + "/") or path.endswith(".json"):
                    continue
                key = (entry.id, path)
                row = self._trashed.get(key)
                if row is None:
                    with contextlib.suppress(OSError):
                        folder = self.root / TRASH / entry.id / "files"
                        row = self._shared(read_row(folder, path.removeprefix(UPLOADS + "/"), (0, 0, 1)))
                if row:
                    trashed[key] = row
        with self._lock:
            self._trashed = trashed
            self._kept = None

    def touch(self, paths: Iterable[str]) -> None:
        """Images that came, changed or went: a few are read at once, more by the next `work`."""
        paths = set(paths)
        found = {path: seen for path in paths if (seen := self._seen(path))}
        self._merge([], [path for path in paths if path not in found])
        if len(found) <= AT_ONCE:
            while found:  # another thread may have read an older or a newer state of the same image meanwhile
                self._merge(list(self._read(found.items())), [])
                found = self._outdated(found)
            return
        with self._lock:
            self._waiting |= found
            self.progress = (0, len(self._waiting))
        self.wanted.set()

    def work(self, pause: Callable[[], None] = lambda: None) -> int:
        """Read what waits, newest first; returns how many images. Blocking."""
        done = 0
        with self._working:
            self.wanted.clear()
            while batch := self._next():
                self._merge(list(self._read(batch, pause)), [])
                done += len(batch)
                with self._lock:
                    self._waiting |= self._outdated(path for path, _ in batch)
                self.progress = (done, done + len(self._waiting))
                if len(self._unsaved) >= 20 * _BATCH:
                    self.save()
        self.save()
        return done

    def save(self) -> None:
        """Write what changed into the cache."""
        with self._lock:
            unsaved, self._unsaved = self._unsaved, {}
        self.cache.write(unsaved)

    def _next(self) -> list[tuple[str, Seen]]:
        with self._lock:
            return [self._waiting.popitem() for _ in range(min(_BATCH, len(self._waiting)))]

    def _outdated(self, paths: Iterable[str]) -> dict[str, Seen]:
        """Those of these images that have a row of another state than the disk's."""
        rows = [row for path in paths if (row := self._rows.get(path))]
        return {row.path: seen for row in rows if (seen := self._seen(row.path)) and seen != row.seen}

    def _seen(self, path: str) -> Seen | None:
        folder, _, name = path.rpartition("/")
        with self._library_lock:
            return self.images.folders.get(folder, {}).get(name)

    def _read(self, wanted: Iterable[tuple[str, Seen]], pause: Callable[[], None] = lambda: None) -> Iterator[Row]:
        for path, seen in wanted:
            try:
                yield self._shared(read_row(self.root, path, seen))
            except FileNotFoundError:
                self._merge([], [path])
            pause()

    def _shared(self, row: Row) -> Row:
        """The row, its values shared with equal ones of other rows, its shapes numbered."""
        with self._lock:
            self._totals.number(self._sharing.share(row))
        return row

    def _merge(self, rows: list[Row], gone: Iterable[str]) -> None:
        """Take rows in and drop paths."""
        with self._lock:
            old = [row for path in (*gone, *(row.path for row in rows)) if (row := self._rows.pop(path, None))]
            for row in old:
                self._unlist(row)
                self._unsaved[row.path] = None
            self._totals.add(old, -1)
            for row in rows:
                self._rows[row.path] = row
                self._unsaved[row.path] = row
            self._totals.add(rows)
            if len(rows) <= 8:
                for row in rows:
                    insort(self._order, row, key=key_of_row)
            else:
                self._order.extend(sorted(rows, key=key_of_row))
                self._order.sort(key=key_of_row)
            if rows or old:
                self.version += 1
            if any(row.favourite for row in (*rows, *old)):
                self._kept = None

    def _unlist(self, row: Row) -> None:
        at = bisect_left(self._order, row.key, key=key_of_row)
        while self._order[at] is not row:
            at += 1
        del self._order[at]

    # asking

    def get(self, path: str) -> Row | None:
        """The row of an image; None if there is none, or it was not read yet."""
        return self._rows.get(path)

    def text(self, path: str) -> str:
        """The folded prompt of an image; "" if none is known."""
        row = self._rows.get(path)
        return row.text.decode("utf-8", "replace") if row else ""

    def of_asset(self, key: str) -> list[Row]:
        """The images in an asset's folder and those it took part in (`category/slug`), newest first."""
        with self._lock:
            version, found = self._of.get(key, (-1, []))
            if version != self.version:
                found = [row for row in reversed(self._order) if row.owner == key or key in row.assets]
                if len(self._of) >= _ANSWERS:
                    self._of.clear()
                self._of[key] = (self.version, found)
            return found

    def of_recipe(self, recipe: int) -> int:
        """How many images have a recipe; 0 for none known."""
        return sum(row.recipe == recipe for row in self.rows()) if recipe else 0

    def kept(self) -> Kept:
        """How often pictures are kept: favourites against those in the trash."""
        with self._lock:
            if self._kept is None:
                self._kept = count([row for row in self._order if row.favourite], self._trashed.values())
            return self._kept

    def rows(self) -> list[Row]:
        """All rows, oldest first."""
        with self._lock:
            return list(self._order)

    def find(self, query: ImageQuery, nsfw: frozenset[str] = frozenset()) -> FoundImages:
        """What passes, with counts. Some 50 ms at 100,000 images; asked again before anything changed, nothing."""
        with self._lock:
            if self._answered != self.version:
                self._answers.clear()
                self._answered = self.version
            version = self.version
            found = self._answers.get((query, nsfw))
            if found:
                self._answers.move_to_end((query, nsfw))
                return found
            rows, totals = list(self._order), self._totals.copy()
        found = select(rows, totals, query, nsfw)
        with self._lock:
            if self._answered == version:
                self._answers[(query, nsfw)] = found
                while len(self._answers) > _ANSWERS:
                    self._answers.popitem(last=False)
        return found


def breathe() -> Callable[[], None]:
    """A pause every few files, so that pages are answered while many images are read."""
    last = time.monotonic()

    def pause() -> None:
        nonlocal last
        if time.monotonic() - last > 0.008:
            time.sleep(0.002)
            last = time.monotonic()

    return pause
