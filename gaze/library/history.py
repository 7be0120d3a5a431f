"""What was made with the generator, newest first: recipes to come back to (`data/state/generator/history.json`)."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from gaze.library.editor import Editor
from gaze.library.state import States, state_path
from gaze.library.sync import Sync

KEPT = 60
_PLACE = ("generator", "history")


class History:
    """`library.history`. An entry is `{"at", "seed", "positive", "recipe"}`; `recipe` as it was asked for."""

    def __init__(self, states: States, sync: Sync, editor: Editor) -> None:
        self._states = states
        self._sync = sync
        self._editor = editor
        self._lock = threading.Lock()

    def entries(self) -> list[Mapping[str, Any]]:
        """Newest first; entries of a shape that is not understood are left out."""
        kept = self._states.get(*_PLACE).get("recipes")
        return [entry for entry in kept if _is_entry(entry)] if isinstance(kept, list) else []

    def add(self, entry: Mapping[str, Any]) -> None:
        """Put an entry first; the same recipe made again moves up. Raises Unavailable, NoRoom."""
        path = state_path(*_PLACE)
        with self._lock:
            others = [other for other in self.entries() if other["recipe"] != entry["recipe"]]
            self._editor.set_keys(path, {"recipes": [dict(entry), *others][:KEPT]}, "the generator's history")
            self._sync.refresh([path])


def _is_entry(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("recipe"), dict)
        and isinstance(entry.get("seed"), int)
        and all(isinstance(entry.get(key), str) for key in ("at", "positive"))
    )
