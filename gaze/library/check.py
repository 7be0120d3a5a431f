"""All problems and doubts of a root at once, for `gaze check`; writes nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from gaze.core.asset import Asset
from gaze.core.category import Category
from gaze.core.errors import Problem
from gaze.library.assets import Assets
from gaze.library.images import Images
from gaze.library.lint import Known, Lint
from gaze.library.safetensors import read_header
from gaze.library.state import Settings, States
from gaze.library.store import Store
from gaze.library.sweep import Sweep
from gaze.library.sync import Sync
from gaze.library.words import Templates, Wildcards


def check(
    root: Path,
    program: Path,
    categories: Mapping[str, Category],
    known: Callable[[], tuple[object, Known | None]] = lambda: (None, None),
    lora_root: str = "",
) -> tuple[list[Problem], list[Problem]]:
    """What the owner of the files below `root` should mend, and what is doubtful in assets; each by path and line."""
    assets, states, images = Assets(categories), States(), Images(root, categories)
    stores: list[Store] = [assets, states, Settings(), Wildcards(), Templates(program)]
    sync = Sync(root, stores, assets, images, threading.RLock(), lambda category, old, new: [])
    Sweep(sync).first_read(lambda done, total: None, lambda: None)
    lint = Lint(root, program, assets.each, states.get, known, lambda asset: _trained(asset, lora_root))
    lint.look()
    return sync.problems.all(), lint.problems()


def _trained(asset: Asset, lora_root: str) -> tuple[str, ...]:
    """The tags that the header of an asset's LoRA names, where its folder is known."""
    if not lora_root or asset.lora is None:
        return ()
    try:
        header = read_header(Path(lora_root, asset.lora.lora_name.strip().replace("\\", "/")))
    except (OSError, ValueError):
        return ()
    return tuple(tag for tag, _ in header.tags)
