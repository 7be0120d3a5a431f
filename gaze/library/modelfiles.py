"""A model file with what lies beside it on the disk: moved as one, by renaming, or not at all.

A rename takes no room and no time however large the file is; nothing here copies, and nothing is overwritten.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gaze.core.asset import Asset
from gaze.core.errors import Conflict, Unavailable
from gaze.library.files import sync_folder
from gaze.library.modelfaults import Named
from gaze.library.models import Models, kind_of, model_of
from gaze.library.modelscan import ENDINGS
from gaze.library.sidecars import BESIDE, stem_of

if TYPE_CHECKING:
    from gaze.library.service import Library

Pair = tuple[Path, Path]  # from, to


def with_sidecars(model: Path) -> list[Path]:
    """The file, then the sidecars and pictures that are its own: what another model there may own too is left out."""
    try:
        names = {entry.name for entry in os.scandir(model.parent)}
    except OSError:
        names = set()
    stem = stem_of(model.name)
    neighbours = {stem_of(name) for name in names if name.lower().endswith(ENDINGS) and name != model.name}
    shared = {other + ending for other in neighbours for ending in BESIDE}
    own = [stem + ending for ending in BESIDE if stem + ending in names and stem + ending not in shared]
    return [model, *(model.with_name(name) for name in own)]


def move(pairs: Sequence[Pair], what: str) -> None:
    """Rename all of them or none; `what` ends the sentence of a failure: `so nothing was deleted`.

    Raises Conflict where a place is taken, Unavailable where a folder may not be written to or lies on another disk.
    """
    for _, target in pairs:
        if os.path.lexists(target):
            raise Conflict(f"«{target.name}» is in {target.parent} already, {what}. Rename or move that one first.")
    done: list[Pair] = []
    for source, target in pairs:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            source.rename(target)
        except OSError as error:
            for moved, goal in reversed(done):
                with contextlib.suppress(OSError):
                    goal.rename(moved)
            _tidy(target.parent)
            why = os.strerror(error.errno or 0)
            raise Unavailable(
                f"«{source.name}» could not be moved ({why}), {what}. Check that {source.parent} and {target.parent} "
                "are there and may be written to."
            ) from error
        done.append((source, target))
    for folder in {place.parent for pair in pairs for place in pair}:
        sync_folder(folder)


def _tidy(folder: Path) -> None:
    """Take away a folder that a move made and left empty."""
    with contextlib.suppress(OSError):
        folder.rmdir()


def also_naming(library: Library, asset: Asset) -> list[Named]:
    """Every other asset that needs the model file of this one: it names the file, or its recipe chooses it.

    A link to the file, or a disk that knows no case, makes one file of two names.
    """
    kind, name = kind_of(asset.category), model_of(asset)
    if not kind or not name:
        return []
    found = _naming(library, kind, name, asset.path)
    return [*found, *_recipes_naming(library, asset)] if asset.category.chosen_by_id else found


def _naming(library: Library, kind: str, name: str, but: str) -> list[Named]:
    same: dict[str, bool] = {}
    found = []
    for named in library.named_models():
        if named.kind == kind and named.path != but:
            if named.model not in same:
                same[named.model] = named.model == name or _is_same_file(library.models, kind, name, named.model)
            if same[named.model]:
                found.append(named)
    return found


def _is_same_file(models: Models | None, kind: str, name: str, other: str) -> bool:
    """Whether two names mean one file. Only those that read alike or weigh the same are looked up on the disk."""
    place = models.place(kind, name) if models else None
    if models is None or place is None:
        return False
    mine, theirs = models.file(kind, name), models.file(kind, other)
    alike = bool(mine and theirs and (mine.size, mine.changed_ns) == (theirs.size, theirs.changed_ns))
    if not alike and other.rpartition("/")[2].casefold() != place.name.casefold():
        return False
    try:
        return place.samefile(Path(models.folder(kind), other))
    except OSError:
        return False


def _recipes_naming(library: Library, asset: Asset) -> Iterator[Named]:
    for path, _, other in library.each({}, (asset.choice,)):
        recipe = getattr(other.data, "recipe", None) if other else None
        if other and recipe and asset.choice in recipe.chosen(asset.category.choice):
            kind, field = kind_of(asset.category), f"recipe.{asset.category.choice}"
            yield Named(kind, asset.choice, other.category.name, other.slug, other.name, path, field)
