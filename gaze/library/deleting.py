"""Move assets and images into the trash, bring them back, or let them go for good."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from gaze.core.asset import Asset
from gaze.core.errors import Conflict
from gaze.library.assets import Assets
from gaze.library.changes import Change, TrashChanged
from gaze.library.editor import Editor
from gaze.library.follow import Followers
from gaze.library.gallery import Gallery
from gaze.library.images import Images
from gaze.library.modeltrash import Held
from gaze.library.sync import Sync
from gaze.library.trash import Trash, Trashed, new_id


class Deleting:
    """`library.trash`: the trash, with memory brought up to date."""

    def __init__(
        self,
        root: Path,
        assets: Assets,
        images: Images,
        followers: Followers,
        gallery: Gallery,
        sync: Sync,
        editor: Editor,
        tell: Callable[[list[Change]], None],
        hold: Callable[[Asset | None, str], list[Held]],
        look_at_models: Callable[[], None],
    ) -> None:
        """`hold` says where the model file of an asset goes; `look_at_models` is called when one came or went."""
        self.root = root
        self._trash = Trash(root)
        self._assets = assets
        self._images = images
        self._followers = followers
        self._gallery = gallery
        self._sync = sync
        self._editor = editor
        self._tell = tell
        self._hold = hold
        self._look_at_models = look_at_models

    def delete(self, category: str, slug: str, batch: str = "", *, hard: bool = False) -> str:
        """Move an asset with state and images into the trash, `hard` its model file too; returns the trash id.

        Raises Conflict where the model file must stay, Unavailable, NoRoom: then nothing has changed.
        """
        path = self._assets.path_of(category, slug)
        self._sync.data.require()
        asset = self._assets.find(category, slug)
        trash_id = new_id()
        files = self._hold(asset, trash_id) if hard else []
        name = asset.name if asset else path.rsplit("/", 1)[-1]
        images = self._images.count(f"{category}/{slug}")
        entry = Trashed(
            id=trash_id,
            kind="asset",
            name=name,
            category=category,
            slug=slug,
            path=path,
            images=images,
            batch=batch,
            files=files,
        )
        belongings = [place for place in self._followers.places(category, slug) if (self.root / place).exists()]
        with self._editor.locks(path):
            entry = self._trash.put(entry, [path, *belongings])
        self._tell([*self._sync.refresh([path, *belongings]), TrashChanged()])
        if files:
            self._look_at_models()
        return entry.id

    def delete_image(self, path: str) -> str:
        """Move an image with its sidecar into the trash; returns the trash id."""
        self._sync.data.require()
        full = self._gallery.file(path).relative_to(self.root).as_posix()
        parts = full.split("/")[2:-1]
        category, slug = parts if len(parts) == 2 and parts[0] in self._assets.categories else ("", "")
        entry = Trashed(id="", kind="image", name=full.rsplit("/", 1)[-1], category=category, slug=slug, path=full)
        entry = self._trash.put(entry, [full, f"{full}.json"])
        self._tell([*self._sync.refresh([full]), TrashChanged()])
        return entry.id

    def delete_images(self, paths: Sequence[str]) -> str:
        """Move images with their sidecars into the trash as one entry; returns the trash id. Raises NotFound."""
        self._sync.data.require()
        full = [self._gallery.file(path).relative_to(self.root).as_posix() for path in paths]
        entry = Trashed(id="", kind="image", name=f"{len(full):,} images", path=full[0])
        entry = self._trash.put(entry, [path for one in full for path in (one, f"{one}.json")])
        self._tell([*self._sync.refresh(full), TrashChanged()])
        return entry.id

    def list(self) -> list[Trashed]:
        """What lies in the trash, newest first."""
        return self._trash.list()

    def together(self, name: str) -> Sequence[Trashed]:
        """The entry of a trash id, or the entries of a batch. Raises NotFound."""
        return self._trash.together(name)

    def restore(self, trash_id: str) -> Trashed:
        """Bring everything of one trash entry back. Raises NotFound, Conflict if its place is taken."""
        self._sync.data.require()
        entry = self._trash.get(trash_id)
        taken = entry.kind == "asset" and entry.slug.lower() in self._assets.catalog(entry.category).taken
        if taken and self._trash.waits(entry, entry.path):
            raise Conflict(f"There is a «{entry.slug}» among {entry.category} again; rename it, then restore.")
        entry = self._trash.restore(trash_id)
        self._tell([*self._sync.refresh(entry.paths), TrashChanged()])
        if entry.files:
            self._look_at_models()
        return entry

    def empty(self, trash_id: str = "") -> int:
        """Delete the trash (or one entry) for good; returns how many entries."""
        try:
            return self._trash.empty(trash_id)
        finally:
            self._tell([TrashChanged()])
