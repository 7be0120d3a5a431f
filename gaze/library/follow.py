"""State, images and sweeps go where their asset's slug goes (specification data, Ids and User state)."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gaze.core.errors import Problem
from gaze.library.changes import Change
from gaze.library.files import Stat, read, write
from gaze.library.images import UPLOADS, Images, list_images
from gaze.library.jsonedit import put
from gaze.library.state import States, state_path


class Followers:
    """What belongs to an asset and lies elsewhere. Callers hold the library's lock."""

    def __init__(self, root: Path, states: States, images: Images) -> None:
        self.root = root
        self.states = states
        self.images = images

    def places(self, category: str, slug: str) -> list[str]:
        """Where the state, the images and the sweeps of an asset lie, there or not."""
        return [state_path(category, slug), f"{UPLOADS}/{category}/{slug}", f"data/sweeps/{category}/{slug}"]

    def follow(self, category: str, old: str, new: str) -> list[Change]:
        """Move everything of `old` to `new`; a process that comes second finds nothing to move."""
        told: list[Change] = []
        for source, target in zip(self.places(category, old), self.places(category, new), strict=True):
            with contextlib.suppress(OSError):
                self._move(self.root / source, self.root / target)
        told += self.reread(state_path(category, old)) + self.reread(state_path(category, new))
        for slug in (old, new):
            told += self.relist(f"{category}/{slug}")
        return told + self._repoint(f"{category}/{old}/", f"{category}/{new}/")

    def _move(self, source: Path, target: Path) -> None:
        if not source.exists():
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() or source.samefile(target):
            source.rename(target)
        elif source.is_dir():
            for inner in source.iterdir():
                if not (target / inner.name).exists():
                    inner.rename(target / inner.name)
            source.rmdir()
        else:  # the state of an asset of that slug that is no more: what the living one says counts
            merged = {**_values(target), **_values(source)}
            write(target.parent, target.name, (json.dumps(merged, indent=2, ensure_ascii=False) + "\n").encode())
            source.unlink()

    def _repoint(self, old: str, new: str) -> list[Change]:
        """Covers and previews that name a moved image name it at its new place."""
        told: list[Change] = []
        for category in list(self.states.values):
            for slug, state in list(self.states.of(category).items()):
                moved = {
                    key: value.replace(old, new, 1)
                    for key, value in state.items()
                    if key in ("cover", "last_preview") and isinstance(value, str) and _below(value, old)
                }
                if moved:
                    told += self._set(state_path(category, slug), moved)
        return told

    def follow_images(self, moved: Mapping[str, str]) -> list[Change]:
        """Covers and previews that name one of these images (old to new) name it at its new place."""
        told: list[Change] = []
        for category in list(self.states.values):
            for slug, state in list(self.states.of(category).items()):
                named = {
                    key: moved[path] for key in ("cover", "last_preview") if (path := _image(state.get(key))) in moved
                }
                if named:
                    told += self._set(state_path(category, slug), named)
        return told

    def _set(self, path: str, values: Mapping[str, Any]) -> list[Change]:
        try:
            found = read(self.root, path)
            if isinstance(found, Problem):
                return []
            text = found[0].decode("utf-8-sig")
            for key, value in values.items():
                text = put(text, (key,), value)
            write(self.root, path, text.encode())
        except (OSError, ValueError):
            return []
        return self.reread(path)

    def reread(self, path: str) -> list[Change]:
        """Bring one state file up to date."""
        try:
            found: tuple[bytes, Stat] | Problem = read(self.root, path)
        except OSError:
            return self.states.drop(path) if path in self.states.known else []
        if isinstance(found, Problem):
            return []
        return self.states.put(path, self.states.load(path, found[0]), found[1])

    def relist(self, folder: str) -> list[Change]:
        """Bring one folder of images up to date."""
        try:
            images, below = list_images(self.root / UPLOADS / folder)
        except OSError:
            images, below = {}, []
        self.images.stats.pop(folder, None)
        told = self.images.take(folder, images) if images or folder in self.images.folders else []
        for name in below:
            told += self.relist(f"{folder}/{name}")
        return told


def _image(value: Any) -> str:
    return value.lstrip("/").removeprefix(UPLOADS + "/") if isinstance(value, str) else ""


def _below(value: str, folder: str) -> bool:
    return _image(value).startswith(folder)


def _values(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(file.read_text("utf-8-sig"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
