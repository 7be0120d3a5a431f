"""Sweeps as files: `data/sweeps/<category>/<slug>/<id>.json`. They follow their asset like its images."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from gaze.core.errors import NotFound, Refusal
from gaze.core.sweep import Sweep
from gaze.library.changes import Change, TrashChanged
from gaze.library.editor import Editor
from gaze.library.files import write
from gaze.library.gallery import Gallery
from gaze.library.trash import Trash, Trashed

_ID = re.compile(r"^[0-9a-f-]{36}$")


class Sweeps:
    """`library.sweeps`. All methods touch the disk; call them through `asyncio.to_thread`."""

    def __init__(self, root: Path, editor: Editor, gallery: Gallery, tell: Callable[[list[Change]], None]) -> None:
        self._root = root
        self._editor = editor
        self._gallery = gallery
        self._tell = tell
        self._lock = threading.Lock()

    def list(self, category: str, slug: str) -> list[Sweep]:
        """Newest first; files that cannot be read are left out."""
        found = []
        for file in (self._root / _folder(category, slug)).glob("*.json"):
            try:
                found.append(self.get(category, slug, file.stem))
            except Refusal:
                continue
        return sorted(found, key=lambda sweep: sweep.id, reverse=True)

    def get(self, category: str, slug: str, sweep_id: str) -> Sweep:
        """A sweep as it is now; images that are no longer there are left out. Raises NotFound, Refusal."""
        file = self._file(category, slug, sweep_id)
        try:
            sweep = msgspec.json.decode(file.read_bytes(), type=Sweep)
        except FileNotFoundError as error:
            raise NotFound(f"There is no sweep {sweep_id} of {category}/{slug}.") from error
        except (OSError, msgspec.MsgspecError) as error:
            raise Refusal(f"{_path(category, slug, sweep_id)} cannot be read: {error}.") from error
        images = {cell: self._there(path, category, slug) for cell, path in sweep.images.items()}
        return msgspec.structs.replace(sweep, images={cell: path for cell, path in images.items() if path})

    def _there(self, path: str, category: str, slug: str) -> str:
        """The image's path, also after its asset was renamed; "" if it is gone."""
        moved = f"{category}/{slug}/{path.rpartition('/')[2]}"
        return next((known for known in (path, moved) if self._gallery.has(known)), "")

    def create(self, sweep: Sweep) -> None:
        """Write a new one. Raises Unavailable, NoRoom."""
        self._editor.set_keys(self._place(sweep), msgspec.to_builtins(sweep), "a sweep")

    def forget(self, sweep: Sweep) -> None:
        """Take away one that was just made and could not be queued."""
        (self._root / self._place(sweep)).unlink(missing_ok=True)

    def put_image(self, category: str, slug: str, sweep_id: str, cell: str, path: str) -> None:
        """Note a cell's picture; nothing if the sweep was deleted meanwhile. Callers hold a lock over processes."""
        with self._lock:
            file = self._file(category, slug, sweep_id)
            if file.exists():
                raw: dict[str, Any] = msgspec.json.decode(file.read_bytes())
                images = {**raw.get("images", {}), cell: path}
                raw["images"] = images
                write(
                    self._root, _path(category, slug, sweep_id), msgspec.json.format(msgspec.json.encode(raw)) + b"\n"
                )

    def choose(self, sweep: Sweep, cell: str) -> None:
        """Note the cell whose value was taken."""
        self._editor.set_keys(self._place(sweep), {"chosen": cell}, "a sweep")

    def delete(self, category: str, slug: str, sweep_id: str) -> str:
        """Move a sweep into the trash, its pictures stay; returns the trash id. Raises NotFound."""
        self.get(category, slug, sweep_id)
        path = _path(category, slug, sweep_id)
        entry = Trashed(id="", kind="sweep", name=f"A sweep of {slug}", category=category, slug=slug, path=path)
        entry = Trash(self._root).put(entry, [path])
        self._tell([TrashChanged()])
        return entry.id

    def _place(self, sweep: Sweep) -> str:
        category, _, slug = sweep.subject.partition("/")
        return _path(category, slug, sweep.id)

    def _file(self, category: str, slug: str, sweep_id: str) -> Path:
        if not _ID.match(sweep_id):
            raise NotFound(f"There is no sweep «{sweep_id[:60]}».")
        return self._root / _path(category, slug, sweep_id)


def _folder(category: str, slug: str) -> str:
    return f"data/sweeps/{category}/{slug}"


def _path(category: str, slug: str, sweep_id: str) -> str:
    return f"{_folder(category, slug)}/{sweep_id}.json"
