"""The starter library: copied into an empty root when its owner asks."""

from __future__ import annotations

import shutil
from pathlib import Path

# What of the program's own data is a library; the rest is private or state of whoever runs it there.
_PARTS = (Path("data"), Path("static/uploads"))
# The shipped prompts, tags and rules count wherever a library has none of its own.
_LEFT_OUT = {".gaze", "sweeps", "settings.json", "prompts", "tags", "lint.json"}


def copy_starter(program: Path, root: Path) -> int:
    """Copy assets, wildcards and covers of the starter library; files that are there stay. Returns how many."""
    copied = 0
    for part in _PARTS:
        source = program / part
        for file in sorted(source.rglob("*")):
            inside = file.relative_to(source)
            if not file.is_file() or inside.parts[0] in _LEFT_OUT or inside.name.startswith("."):
                continue
            target = root / part / inside
            if target.exists():
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
            copied += 1
    return copied
