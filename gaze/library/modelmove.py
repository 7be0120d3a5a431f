"""A LoRA file moved into another folder of its root; every asset that names it names it at its new place.

All of it happens or nothing: a file that cannot be renamed, or an asset that cannot be written, takes it back.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gaze.core.asset import Asset
from gaze.core.errors import Conflict, Refusal, Unavailable
from gaze.library.modelfaults import Named
from gaze.library.modelfiles import move, with_sidecars
from gaze.library.models import kind_of, model_of, spelled

if TYPE_CHECKING:
    from gaze.library.service import Library

_KEPT = "so nothing was changed"


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """A model file's old and new name below `root`, with what lies beside it, and how each asset spelled the old one.

    `spellings` are by path of the asset's file.
    """

    kind: str
    root: str
    old: str
    new: str
    beside: dict[str, str] = {}
    spellings: dict[str, str] = {}


def can_move(library: Library, asset: Asset) -> bool:
    """Whether the asset's model file lies in a configured folder, itself and not behind a link to elsewhere."""
    models, kind = library.models, kind_of(asset.category)
    place = models.place(kind, model_of(asset)) if models and kind and model_of(asset) else None
    if models is None or place is None or asset.category.chosen_by_id:
        return False
    return place.resolve().is_relative_to(Path(models.folder(kind)).resolve())


def moved_to(name: str, folder: str) -> str:
    """The name of a file in another folder of its root."""
    return "/".join(part for part in (spelled(folder).strip("/"), name.rpartition("/")[2]) if part)


def plan(library: Library, asset: Asset, folder: str) -> Moved:
    """What moving the asset's file into `folder` means; nothing is done yet.

    Raises Conflict where there is no file to move or its place is taken.
    """
    kind, old = kind_of(asset.category), model_of(asset)
    if library.models is None or not can_move(library, asset):
        raise Conflict(f"The file of {asset.name} does not lie in the configured folder, {_KEPT}.", field="move_file")
    root, new = Path(library.models.folder(kind)).absolute(), moved_to(old, folder)
    if new == old:
        raise Conflict(f"«{old}» lies in that folder already, {_KEPT}.", field="move_file")
    pairs = [file.relative_to(root).as_posix() for file in with_sidecars(root / old)]
    goals = {name: moved_to(name, folder) for name in pairs}
    for goal in goals.values():
        if os.path.lexists(root / goal):
            raise Conflict(f"There is a «{goal}» already, {_KEPT}; rename one of the two files.", field="move_file")
    spellings = {named.path: _spelling(library, named) for named in _naming(library, kind, old)}
    return Moved(kind=kind, root=str(root), old=old, new=new, beside=goals, spellings=spellings)


def carry_out(library: Library, moved: Moved, but: str = "") -> None:
    """Move the file; every asset but the one at the path `but` follows. Raises Conflict, Unavailable, NoRoom."""
    root = Path(moved.root)
    there = [(o, n) for o, n in moved.beside.items() if o == moved.old or os.path.lexists(root / o)]
    move([(root / old, root / new) for old, new in there], _KEPT)
    try:
        _repoint(library, moved, moved.old, {}, moved.new, but)
    except Refusal:
        move([(root / new, root / old) for old, new in there], _KEPT)
        raise
    finally:
        _look(library)


def take_back(library: Library, moved: Moved, but: str = "") -> None:
    """The file at its old place again, and every asset but the one at `but` names it as before.

    What was taken back already, or is at neither place any more, is passed over. Raises Conflict where the old place is
    taken again, Unavailable.
    """
    root = Path(moved.root)
    if not root.is_dir():
        raise Unavailable(f"{root} is away, {_KEPT}. Try again when it is back.")
    pairs = [(root / new, root / old) for old, new in moved.beside.items() if os.path.lexists(root / new)]
    move(pairs, _KEPT)
    try:
        _repoint(library, moved, moved.new, moved.spellings, moved.old, but)
    except Refusal:
        move([(old, new) for new, old in pairs], _KEPT)
        raise
    finally:
        _look(library)
    for folder in {new.parent for new, _ in pairs}:
        with contextlib.suppress(OSError):
            folder.rmdir()  # only if nothing is left in it


def _naming(library: Library, kind: str, name: str) -> list[Named]:
    return [named for named in library.named_models() if (named.kind, named.model) == (kind, name)]


def _spelling(library: Library, named: Named) -> str:
    asset = library.get(named.category, named.slug)
    return asset.lora.lora_name if asset.lora else named.model


def _repoint(library: Library, moved: Moved, old: str, spellings: Mapping[str, str], new: str, but: str) -> None:
    """Write `new` (or an asset's own spelling of it) wherever `old` is named; all of them or none."""
    done: list[tuple[Named, str]] = []
    for named in _naming(library, moved.kind, old):
        if named.path == but:
            continue
        before = _spelling(library, named)
        try:
            _write(library, named, spellings.get(named.path, new))
        except Refusal:
            for other, name in done:
                with contextlib.suppress(Refusal):
                    _write(library, other, name)
            raise
        done.append((named, before))


def _write(library: Library, named: Named, name: str) -> None:
    section, _, key = named.field.partition(".")
    library.writing.save_fields(named.category, named.slug, {(section, key): name})


def _look(library: Library) -> None:
    if library.models:
        library.models.wake()
