"""The one door to everything that is a file, for web, command line and jobs.

Reading methods answer from memory in well under a millisecond (a query takes a few) and may be called on the event
loop. Methods that write, `raw`, `image_*`, `thumbnail`, `scan` and `rescan` touch the disk: call them through
`asyncio.to_thread`. All methods may be called from any thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from gaze.core.asset import Asset
from gaze.core.category import Category
from gaze.core.errors import Problem
from gaze.core.shelf import Shelf
from gaze.library.changes import Change
from gaze.library.pictures import ImageInfo, Thumb
from gaze.library.query import Card, Page, Query

FieldPath = str | tuple[str | int, ...]


class Library:
    """Assets, state, images, templates, wildcards and settings of one root folder."""

    progress: tuple[int, int]  # files read, files found, of the first read
    ready: bool  # whether the first read is done
    is_missing: Callable[[str, str], bool]  # (category, lora name or checkpoint path) -> is it missing; default: never

    def __init__(
        self,
        root: Path,
        program: Path,
        categories: Mapping[str, Category],
        on_change: Callable[[list[Change]], None] = lambda changes: None,
    ) -> None:
        """Nothing is read yet. `program` is the folder whose `workflows/default.json` stands in for a missing one.

        `on_change` gets lists of changes: on the event loop's thread after `start`, in the caller's before.
        """

    # life

    def scan(self) -> None:
        """Read everything now, blocking; for the command line and tests."""
        raise NotImplementedError

    async def start(self, *, polling: bool = False) -> None:
        """Begin to read in the background and to watch; returns at once. `polling` as for network drives."""
        raise NotImplementedError

    async def stop(self) -> None:
        """End the watcher and write the index snapshot."""
        raise NotImplementedError

    def rescan(self) -> None:
        """Read all files again whatever the index thinks of them; blocking."""
        raise NotImplementedError

    # reading

    def get(self, category: str, slug: str) -> Asset:
        """The asset of that slug. Raises NoSuchAsset (404)."""
        raise NotImplementedError

    def find(self, category: str, slug: str) -> Asset | None:
        """The asset of that slug, or None."""
        raise NotImplementedError

    def query(self, category: str, query: Query) -> Page:
        """The cards a library page shows. Raises NotFound for an unknown category."""
        raise NotImplementedError

    def search(self, q: str, *, category: str = "", nsfw: str = "all", limit: int = 60) -> list[Card]:
        """Cards of all categories (or one) whose texts hold every word of `q`; names first."""
        raise NotImplementedError

    def card(self, asset: Asset) -> Card:
        """What a library card of the asset needs."""
        raise NotImplementedError

    def counts(self) -> dict[str, int]:
        """How many assets each category has, in the order of the navigation."""
        raise NotImplementedError

    def shelf(self) -> Shelf:
        """The library as it is now, for one plan; cheap to make, later changes do not show in it."""
        raise NotImplementedError

    def problems(self) -> list[Problem]:
        """Everything its owner should mend, by path and line."""
        raise NotImplementedError

    def problem_of(self, category: str, slug: str) -> list[Problem]:
        """Problems of one asset's file, or of the file that would have that slug."""
        raise NotImplementedError

    def broken(self, category: str, slug: str) -> str | None:
        """The path of a file that was never good, by the slug it would have; None if there is none."""
        raise NotImplementedError

    def raw(self, asset: Asset | str) -> tuple[str, str]:
        """Text and version of an asset's file (or of a path below the root) as it is on the disk now."""
        raise NotImplementedError

    # assets

    def save_text(self, category: str, slug: str, text: str, version: str) -> Asset:
        """Write the whole JSON of an asset (or of a broken file) and return it.

        Raises Unusable (422; one fault a problem, the first's line and column in the message), Conflict (409, a
        `ChangedOnDisk` with both texts), NoSuchAsset, Unavailable (503), NoRoom (507).
        """
        raise NotImplementedError

    def save_fields(self, category: str, slug: str, values: Mapping[FieldPath, Any], version: str = "") -> Asset:
        """Set single values and leave every other byte of the file; `REMOVE` as a value takes the key out.

        A path is `section.key`, `section::key`, or a tuple where names may hold dots. A value that means what the
        file says already ("" for null, 25 for 25.0) changes nothing. Without `version` the newest file is changed.
        Raises as `save_text`.
        """
        raise NotImplementedError

    def rename_key(self, category: str, slug: str, path: tuple[str, ...], name: str, version: str = "") -> Asset:
        """Give a key (an outfit) another name in its place. Raises Conflict if the name is taken."""
        raise NotImplementedError

    def check_text(self, category: str, text: str, slug: str = "") -> list[Problem]:
        """What would keep `text` from being saved, and warnings; for checks while typing. Writes nothing."""
        raise NotImplementedError

    def create(self, category: str, name: str, raw: Mapping[str, Any] | None = None, group: str = "") -> Asset:
        """A new asset in a new file whose name is safe on any system. Raises Unusable, Unavailable, NoRoom."""
        raise NotImplementedError

    def clone(self, category: str, slug: str, name: str = "") -> Asset:
        """A copy with an id and name of its own; unknown keys come along, state and images do not."""
        raise NotImplementedError

    def rename(self, category: str, slug: str, name: str, new_id: str = "") -> Asset:
        """Change the name and, if given, id and file name; state and images follow a changed slug."""
        raise NotImplementedError

    def nsfw(self, category: str, slug: str, on: bool | None = None) -> Asset:
        """Write `tags.nsfw` into the asset's file; None turns it over."""
        raise NotImplementedError

    # user state

    def state(self, category: str, slug: str) -> Mapping[str, Any]:
        """What the user prefers (data/state); empty if nothing is kept."""
        raise NotImplementedError

    def set_state(self, category: str, slug: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Keep values in the state of an asset, other keys untouched; returns the state."""
        raise NotImplementedError

    def favourite(self, category: str, slug: str, on: bool | None = None) -> bool:
        """Set or turn over the favourite mark; returns what it is now."""
        raise NotImplementedError

    def save_defaults(self, category: str, slug: str, fields: Sequence[str] | None) -> None:
        """Keep the field selection; None forgets it, an empty one selects nothing."""
        raise NotImplementedError

    def set_cover(self, category: str, slug: str, image: str | None) -> None:
        """Make an image (path below static/uploads) the cover, or have none. Raises NotFound for no such image."""
        raise NotImplementedError

    def settings(self) -> Mapping[str, Any]:
        """The content of data/settings.json."""
        raise NotImplementedError

    def save_settings(self, values: Mapping[str, Any]) -> None:
        """Set keys of data/settings.json, others untouched; `REMOVE` as a value takes a key out."""
        raise NotImplementedError

    # images

    def images_of(self, asset: Asset) -> list[str]:
        """Paths below static/uploads of the asset's images, newest first."""
        raise NotImplementedError

    def images(self, category: str = "", slug: str = "", offset: int = 0, limit: int = 60) -> tuple[list[str], int]:
        """A page of all images (or of a category's, an asset's), newest first, and how many there are."""
        raise NotImplementedError

    def image_file(self, path: str) -> Path:
        """The file of an image by its path below static/uploads. Raises NotFound for anything else."""
        raise NotImplementedError

    def image_info(self, path: str) -> ImageInfo:
        """Type by content, size in pixels, and a mark if it cannot be shown. Raises NotFound."""
        raise NotImplementedError

    def image_sidecar(self, path: str) -> dict[str, Any]:
        """The sidecar of an image; empty if there is none or it cannot be read."""
        raise NotImplementedError

    def save_sidecar(self, path: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Set keys of an image's sidecar, others untouched; returns it."""
        raise NotImplementedError

    def save_image(self, category: str, slug: str, stem: str, content: bytes, sidecar: Mapping[str, Any]) -> str:
        """Keep an image and its sidecar; returns its path below static/uploads. Both "" : `generator/`.

        A taken name gets `-2`, `-3`, ... Raises Refusal 415 (no image by content, or damaged), 413 (too many pixels),
        Unavailable, NoRoom.
        """
        raise NotImplementedError

    def thumbnail(self, path: str, width: int = 384) -> Thumb:
        """A WebP of the image at most `width` pixels wide, made when first asked for. Raises NotFound."""
        raise NotImplementedError

    # trash

    def delete(self, category: str, slug: str) -> str:
        """Move an asset with state and images into the trash; returns the trash id."""
        raise NotImplementedError

    def delete_image(self, path: str) -> str:
        """Move an image with its sidecar into the trash; returns the trash id."""
        raise NotImplementedError

    def trash(self) -> list[Trashed]:
        """What lies in the trash, newest first."""
        raise NotImplementedError

    def restore(self, trash_id: str) -> Trashed:
        """Bring everything of one trash entry back. Raises NotFound, Conflict if its place is taken."""
        raise NotImplementedError

    def empty_trash(self, trash_id: str = "") -> int:
        """Delete the trash (or one entry) for good; returns how many entries."""
        raise NotImplementedError


class Trashed(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the trash. `kind` is `asset` or `image`; `deleted` is UTC ISO 8601."""

    id: str
    kind: str
    name: str
    category: str = ""
    slug: str = ""
    path: str = ""
    deleted: str = ""
    images: int = 0
