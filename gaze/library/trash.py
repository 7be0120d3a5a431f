"""What was deleted, until the user empties it: `data/.gaze/trash/<id>/` holds a note and the files.

Model files lie elsewhere (modeltrash.py); the note names them.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from gaze.core.errors import Conflict, NotFound, Refusal, Unavailable
from gaze.library import modeltrash
from gaze.library.files import make_folder, refused, sync_folder, write
from gaze.library.modeltrash import Held

TRASH = "data/.gaze/trash"
_NOTE = "entry.json"
_ID = re.compile(r"^\d{8}T\d{6}-[0-9a-f]{8}$")


class Trashed(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the trash. `kind` is `asset` or `image`; `deleted` is UTC ISO 8601.

    `paths` are the files and folders in it, relative to the root; `files` are model files and what lay beside them.
    """

    id: str
    kind: str
    name: str
    category: str = ""
    slug: str = ""
    path: str = ""
    deleted: str = ""
    images: int = 0
    batch: str = ""  # entries that went in by one act share it, and come back together
    paths: list[str] = []
    files: list[Held] = []


def new_id(now: datetime | None = None) -> str:
    """A new name for an entry or a batch; names sort by time."""
    return f"{now or datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"


class Trash:
    """Moves files in and back; memory is brought up to date by the caller."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, entry: Trashed, paths: Iterable[str], now: datetime | None = None) -> Trashed:
        """Move what is there of `paths`, and the entry's `files`, into a new entry; an id it has is kept.

        Raises NoRoom, Unavailable: then everything is where it was.
        """
        now = now or datetime.now(UTC)
        kept = [path for path in paths if os.path.lexists(self.root / path)]
        trash_id = entry.id or new_id(now)
        entry = msgspec.structs.replace(entry, id=trash_id, deleted=now.isoformat(timespec="seconds"), paths=kept)
        folder = self.root / TRASH / trash_id
        make_folder(folder / "files", TRASH)
        # the note first: whatever of the files a crash leaves behind, the entry can be restored
        write(self.root, f"{TRASH}/{trash_id}/{_NOTE}", msgspec.json.format(msgspec.json.encode(entry)))
        try:
            modeltrash.take(entry.files)
            for path in kept:
                _move(self.root / path, folder / "files" / path, path)
        except Refusal:
            with contextlib.suppress(Refusal):  # if that fails too the entry stays, and can be restored later
                self.restore(trash_id)
            raise
        return entry

    def waits(self, entry: Trashed, path: str) -> bool:
        """Whether a file of an entry lies in the trash; after a crash it may have been left in its place."""
        return os.path.lexists(self.root / TRASH / entry.id / "files" / path)

    def list(self) -> list[Trashed]:
        """All entries, newest first; a folder that is no entry is passed over."""
        found = []
        with contextlib.suppress(OSError):
            for folder in sorted((self.root / TRASH).iterdir(), reverse=True):
                with contextlib.suppress(NotFound):
                    found.append(self.get(folder.name))
        return sorted(found, key=lambda entry: (entry.deleted, entry.id), reverse=True)

    def get(self, trash_id: str) -> Trashed:
        """One entry. Raises NotFound."""
        try:
            if _ID.match(trash_id):
                raw = json.loads((self.root / TRASH / trash_id / _NOTE).read_text("utf-8"))
                return msgspec.convert({**raw, "id": trash_id}, Trashed)
        except (OSError, ValueError, TypeError):
            pass
        raise NotFound("There is no such entry in the trash; it was restored or emptied.")

    def together(self, name: str) -> Sequence[Trashed]:
        """The entry of an id, or all entries of a batch. Raises NotFound."""
        with contextlib.suppress(NotFound):
            return [self.get(name)]
        found = [entry for entry in self.list() if entry.batch and entry.batch == name]
        if not found:
            raise NotFound("There is no such entry in the trash; it was restored or emptied.")
        return found

    def restore(self, trash_id: str) -> Trashed:
        """Move everything of an entry back to its place. Raises NotFound, Conflict, NoRoom, Unavailable."""
        entry = self.get(trash_id)
        folder = self.root / TRASH / trash_id
        waiting = [path for path in entry.paths if os.path.lexists(folder / "files" / path)]
        for path in waiting:
            target = self.root / path
            if os.path.lexists(target) and not (target.is_dir() and (folder / "files" / path).is_dir()):
                raise Conflict(f"«{path}» exists again; rename or move it, then restore.")
        modeltrash.give_back(modeltrash.waiting(entry.files))
        for path in waiting:
            make_folder((self.root / path).parent, path)
            _bring_back(folder / "files" / path, self.root / path, path)
        shutil.rmtree(folder, ignore_errors=True)
        return entry

    def empty(self, trash_id: str = "") -> int:
        """Delete one entry or all for good; returns how many. Raises NotFound for an unknown one.

        An entry whose model file cannot be deleted now stays; Unavailable says so after the others are gone.
        """
        entries = [self.get(trash_id)] if trash_id else self.list()
        kept: list[Unavailable] = []
        for entry in entries:
            try:
                modeltrash.destroy(entry.files)
            except Unavailable as refusal:
                kept.append(refusal)
                continue
            shutil.rmtree(self.root / TRASH / entry.id, ignore_errors=True)
        if kept:
            gone = len(entries) - len(kept)
            rest = f" {gone:,} of {len(entries):,} entries were deleted for good." if gone else ""
            raise Unavailable(kept[0].message + rest)
        return len(entries)


def _move(source: Path, target: Path, path: str) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            source.rename(target)
        except OSError as error:
            if error.errno != errno.EXDEV:  # the uploads may lie on another disk
                raise
            shutil.move(source, target)
    except OSError as error:
        raise refused(error, path) from error
    sync_folder(source.parent)
    sync_folder(target.parent)


def _bring_back(source: Path, target: Path, path: str) -> None:
    """Move, and merge a folder into one that was made anew meanwhile; nothing there is overwritten."""
    if not (source.is_dir() and target.is_dir()):
        _move(source, target, path)
        return
    for inner in sorted(source.iterdir()):
        goal = target / inner.name
        number = 2
        while os.path.lexists(goal):
            goal = target / f"{inner.stem}-{number}{inner.suffix}"
            number += 1
        _move(inner, goal, f"{path}/{inner.name}")
