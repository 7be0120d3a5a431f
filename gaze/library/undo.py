"""Acts that can be taken back, also after a restart: small files below `data/.gaze/undo`, the newest few.

A step says what was before, never more of a text than what was changed in it. What somebody changed since stays.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gaze.core.errors import Conflict, NoRoom, NotFound, Refusal, Unavailable
from gaze.library.files import make_folder, write
from gaze.library.saved_filters import save
from gaze.library.trash import new_id

if TYPE_CHECKING:
    from gaze.library.service import Library

FOLDER = "data/.gaze/undo"
KEPT = 20
_NAME = re.compile(r"^\d{8}T\d{6}-[0-9a-f]{8}$")


class Changed(msgspec.Struct, frozen=True, tag="changed"):
    """An asset's text was changed: at `start` stood `was` in place of `length` letters. `version` is the one since."""

    category: str
    slug: str
    version: str
    start: int
    length: int
    was: str

    def take_back(self, library: Library) -> None:
        text, version = library.raw(library.get(self.category, self.slug))
        if version != self.version:
            raise Conflict(f"«{self.slug}» was changed since.")
        before = text[: self.start] + self.was + text[self.start + self.length :]
        library.writing.save_text(self.category, self.slug, before, version)


class Marked(msgspec.Struct, frozen=True, tag="marked"):
    """The favourite mark was set or taken away; `on` is what it was."""

    category: str
    slug: str
    on: bool

    def take_back(self, library: Library) -> None:
        library.preferences.favourite(self.category, self.slug, self.on)


class Created(msgspec.Struct, frozen=True, tag="created"):
    """An asset was made; `version` is the one it had then."""

    category: str
    slug: str
    version: str

    def take_back(self, library: Library) -> None:
        if library.get(self.category, self.slug).version != self.version:
            raise Conflict(f"«{self.slug}» was changed since.")
        library.trash.delete(self.category, self.slug)


class Pictured(msgspec.Struct, frozen=True, tag="pictured"):
    """An image was added; `path` is below static/uploads."""

    path: str

    def take_back(self, library: Library) -> None:
        library.trash.delete_image(self.path)


class Filtered(msgspec.Struct, frozen=True, tag="filtered"):
    """A saved filter was changed or taken away; `url` is what it was."""

    name: str
    url: str

    def take_back(self, library: Library) -> None:
        save(library, self.name, self.url)


class Uncovered(msgspec.Struct, frozen=True, tag="uncovered"):
    """A cover was taken away; `cover` is its path below static/uploads."""

    category: str
    slug: str
    cover: str

    def take_back(self, library: Library) -> None:
        if library.preferences.of(self.category, self.slug).get("cover"):
            raise Conflict(f"«{self.slug}» has a cover again.")
        library.preferences.set_cover(self.category, self.slug, self.cover)


class ImageMarked(msgspec.Struct, frozen=True, tag="image-marked"):
    """A mark of an image was set; `value` is what its sidecar said under `key`, None where it said nothing."""

    path: str
    key: str
    value: bool | None

    def take_back(self, library: Library) -> None:
        library.gallery.save_sidecar(self.path, {self.key: self.value})


Step = Changed | Marked | Created | Pictured | Filtered | Uncovered | ImageMarked


def changed(category: str, slug: str, before: str, after: str, version: str) -> Changed:
    """What a change of a text means for its undo: where both differ, and what stood there."""
    start = _alike(before, after)
    end = _alike(before[start:][::-1], after[start:][::-1])
    return Changed(category, slug, version, start, len(after) - end - start, before[start : len(before) - end])


def _alike(one: str, other: str) -> int:
    """How many letters two texts have in common at their beginning."""
    shorter = min(len(one), len(other))
    return next((place for place in range(shorter) if one[place] != other[place]), shorter)


def keep(root: Path, steps: Sequence[Step]) -> str:
    """The name by which an act can be taken back; "" for no steps. The oldest act is forgotten.

    Where nothing can be written the act is done all the same, and cannot be undone: then "" too.
    """
    if not steps:
        return ""
    name = new_id()
    try:
        make_folder(root / FOLDER, FOLDER)
        write(root, f"{FOLDER}/{name}.json", msgspec.json.encode(list(steps)))
    except (NoRoom, Unavailable):
        return ""
    with contextlib.suppress(OSError):  # another process may take one away meanwhile
        for old in sorted((root / FOLDER).glob("*.json"), key=lambda file: file.stat().st_mtime_ns)[:-KEPT]:
            old.unlink()
    return name


def take_back(library: Library, name: str) -> int:
    """Take an act back, once; returns how many steps were. Blocking.

    A step whose file was changed since is passed over. Raises NotFound; NoRoom and Unavailable leave it to be tried
    again.
    """
    file = library.root / FOLDER / f"{name}.json"
    try:
        if not _NAME.match(name):
            raise FileNotFoundError(name)
        steps = msgspec.json.decode(file.read_bytes(), type=list[Step])
    except (OSError, msgspec.MsgspecError) as error:
        text = "That can no longer be undone; it was undone already, or too much came after it."
        raise NotFound(text) from error
    done = 0
    for step in reversed(steps):
        try:
            step.take_back(library)
            done += 1
        except (NoRoom, Unavailable):
            raise
        except Refusal:
            continue
    with contextlib.suppress(OSError):
        file.unlink()
    return done
