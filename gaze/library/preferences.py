"""What the user prefers about assets, apart from what they are: marks, covers, saved fields, last choices."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gaze.core.errors import Refusal
from gaze.library import earlier
from gaze.library.assets import Assets
from gaze.library.changes import Change
from gaze.library.editor import Editor
from gaze.library.gallery import Gallery
from gaze.library.state import States, state_path
from gaze.library.sync import Sync


class Preferences:
    """`library.preferences`: the files below `data/state`."""

    def __init__(
        self,
        root: Path,
        assets: Assets,
        states: States,
        gallery: Gallery,
        sync: Sync,
        editor: Editor,
        lock: threading.RLock,
        tell: Callable[[list[Change]], None],
    ) -> None:
        self.root = root
        self._assets = assets
        self._states = states
        self._gallery = gallery
        self._sync = sync
        self._editor = editor
        self._lock = lock
        self._tell = tell

    def of(self, category: str, slug: str) -> Mapping[str, Any]:
        """What the user prefers (data/state); empty if nothing is kept."""
        return self._states.get(category, slug)

    def set(self, category: str, slug: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Keep values in the state of an asset, other keys untouched; returns the state."""
        slug = self._assets.get(category, slug).slug
        path = state_path(category, slug)
        self._editor.set_keys(path, values, "the state of an asset")
        self._tell(self._sync.refresh([path]))
        return self._states.get(category, slug)

    def favourite(self, category: str, slug: str, on: bool | None = None) -> bool:
        """Set or turn over the favourite mark; returns what it is now."""
        if on is None:
            on = self.of(category, slug).get("is_favourite") is not True
        self.set(category, slug, {"is_favourite": on})
        return on

    def save_defaults(self, category: str, slug: str, fields: Sequence[str] | None) -> None:
        """Keep the field selection; None forgets it, an empty one selects nothing."""
        self.set(category, slug, {"default_fields": None if fields is None else list(fields)})

    def set_cover(self, category: str, slug: str, image: str | None) -> None:
        """Make an image (path below static/uploads) the cover, or have none. Raises NotFound for no such image."""
        if image is not None:
            self._gallery.file(image)
            image = self._gallery.spelled(image)
        self.set(category, slug, {"cover": image})

    def show_image(self, category: str, slug: str, image: str, *, as_cover: bool, if_none: bool = False) -> None:
        """Make an image the cover of an asset, or its last preview; `if_none` makes it the cover if it has none.

        Works on the state's file alone, so a worker need not have read the library.
        """
        path = state_path(category, slug)
        self._tell(self._sync.refresh([path]))
        cover = as_cover or (if_none and not self._states.get(category, slug).get("cover"))
        self._editor.set_keys(path, {"cover": image} if cover else {"last_preview": image}, "the state of an asset")
        self._tell(self._sync.refresh([path]))

    def repoint(self, key: str, old: str, new: str) -> list[str]:
        """Last choices of other pages that name an asset under `key` name it anew; returns the files changed."""
        changed = []
        with self._lock:
            found = [
                (category, slug)
                for category, kept in self._states.values.items()
                for slug, state in kept.now.items()
                if key and old and state.get(key) == old
            ]
        for category, slug in found:
            path = state_path(category, slug)
            with contextlib.suppress(Refusal):
                self._editor.set_keys(path, {key: new}, "the state of an asset")
                changed.append(path)
        self._tell(self._sync.refresh(changed))
        return changed

    def take_over(self) -> int:
        """Fill the state of assets from the earlier program's database; what is kept already stays. How many were."""
        taken = 0
        for row in earlier.read(self.root, self._assets.categories):
            asset = self._assets.find(row.category, row.slug)
            kept = self.of(row.category, row.slug)
            new = {key: value for key, value in row.values().items() if kept.get(key) is None}
            if asset is not None and new:
                self.set(row.category, row.slug, new)
                taken += 1
        earlier.answer(self.root, taken=True)
        return taken
