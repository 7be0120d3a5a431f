"""All problems of a root at once, for `gaze check`; writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gaze.core.category import Category
from gaze.core.errors import Problem
from gaze.library.assets import Assets
from gaze.library.images import Images
from gaze.library.state import Settings, States
from gaze.library.store import Store
from gaze.library.sweep import Sweep
from gaze.library.sync import Sync
from gaze.library.words import Templates, Wildcards


def check(root: Path, program: Path, categories: Mapping[str, Category]) -> list[Problem]:
    """What the owner of the files below `root` should mend, by path and line."""
    import threading

    assets, states, images = Assets(categories), States(), Images(root, categories)
    stores: list[Store] = [assets, states, Settings(), Wildcards(), Templates(program)]
    sync = Sync(root, stores, assets, images, threading.RLock(), lambda category, old, new: [])
    Sweep(sync).first_read(lambda done, total: None, lambda: None)
    return sync.problems.all()
