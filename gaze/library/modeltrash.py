"""Model files in the trash (specification data, Writing, *hard* delete).

A model file lies outside the library, maybe on another disk, and may have 10 GB: it never leaves its folder. It is
renamed into `.gaze-trash/<trash id>/` beside itself, with an ending that no scanner of models takes for one, and the
trash entry's note says so before it is moved: after a crash at any step the entry can be restored.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gaze.core.asset import Asset
from gaze.core.errors import Conflict, Unavailable
from gaze.library.modelfiles import also_naming, move, with_sidecars
from gaze.library.models import kind_of, model_of

if TYPE_CHECKING:
    from gaze.library.service import Library

FOLDER = ".gaze-trash"
ENDING = ".trash"
_LONGEST = 200  # of a name, so that the ending fits any disk
KEPT = "so nothing was deleted"


class Held(msgspec.Struct, frozen=True):
    """A file in the trash: its place on the disk, and where it was. `root` is the model folder it belongs to."""

    source: str
    place: str
    root: str

    @property
    def name(self) -> str:
        return Path(self.source).name


def why_not(library: Library, asset: Asset | None) -> str:
    """Why an asset's model file cannot go into the trash with it, in words; "" if it can."""
    if asset is None:
        return "The entry cannot be read, so nobody knows its model file."
    if library.models is None:
        return "No folder of model files is looked at here."
    if reason := library.models.may_delete(asset):
        return reason
    others = [named.name for named in also_naming(library, asset)]
    more = f" and {len(others) - 5} more" if len(others) > 5 else ""
    return f"{', '.join(others[:5])}{more} need{'s' if len(others) == 1 else ''} it too." if others else ""


def hold(library: Library, asset: Asset | None, trash_id: str) -> list[Held]:
    """The asset's model file and what lies beside it, with their places in the trash; nothing is moved yet.

    Raises Conflict where the file must stay, Unavailable where its folder is away.
    """
    if reason := why_not(library, asset):
        kind = kind_of(asset.category) if asset else ""
        away = bool(library.models and kind and library.models.away(kind))
        text = f"The model file stays, {KEPT}. {reason} Choose to delete the entry alone."
        raise Unavailable(text) if away else Conflict(text, field="mode")
    assert asset is not None and library.models is not None
    kind = kind_of(asset.category)
    place = library.models.place(kind, model_of(asset))
    if place is None or not place.exists():
        raise Conflict(f"«{model_of(asset)}» is not there any more, {KEPT}. Choose to delete the entry alone.")
    place = place.absolute()
    folder = place.parent / FOLDER / trash_id
    root = str(Path(library.models.folder(kind)).absolute())
    return [Held(str(file), str(folder / (file.name[:_LONGEST] + ENDING)), root) for file in with_sidecars(place)]


def take(files: Sequence[Held]) -> None:
    """Move files into the trash, all or none. Raises Unavailable."""
    try:
        move([(Path(held.source), Path(held.place)) for held in files], KEPT)
    except Unavailable:
        _tidy(files)
        raise


def waiting(files: Sequence[Held]) -> list[Held]:
    """Those that lie in the trash now. Raises Unavailable while their folder is away, Conflict if a place is taken."""
    if away := [held for held in files if _is_away(held)]:
        raise Unavailable(f"{away[0].root} is away, so nothing was restored: «{away[0].name}» lies in the trash there.")
    there = [held for held in files if _is_ours(held) and os.path.lexists(held.place)]
    for held in there:
        if os.path.lexists(held.source):
            raise Conflict(f"«{held.source}» exists again; rename or move it, then restore.")
    return there


def give_back(files: Sequence[Held]) -> None:
    """Move what `waiting` found back to its place, all or none. Raises Conflict, Unavailable."""
    move([(Path(held.place), Path(held.source)) for held in files], "so nothing was restored")
    _tidy(files)


def destroy(files: Sequence[Held]) -> None:
    """Delete what lies in the trash for good. Raises Unavailable, with the rest kept, where that cannot be done."""
    for held in files:
        place = Path(held.place)
        if _is_away(held):
            raise Unavailable(f"«{held.name}» stays in the trash: {held.root} is away.")
        if not _is_ours(held):
            continue
        try:
            place.unlink(missing_ok=True)
        except OSError as error:
            why = os.strerror(error.errno or 0)
            raise Unavailable(f"«{held.name}» stays in the trash; it could not be deleted ({why}).") from error
    _tidy(files)


def _is_ours(held: Held) -> bool:
    """Whether it lies in a folder of the trash: a note somebody wrote by hand moves and deletes nothing elsewhere."""
    return Path(held.place).parent.parent.name == FOLDER


def _is_away(held: Held) -> bool:
    """Whether the disk is gone, rather than the file: no folder, or the empty one that a disk is mounted on."""
    if os.path.lexists(held.place) or os.path.lexists(held.source):
        return False
    try:
        return next(os.scandir(held.root), None) is None
    except OSError:
        return True


def _tidy(files: Sequence[Held]) -> None:
    """Take empty folders of the trash away."""
    for folder in {Path(held.place).parent for held in files}:
        with contextlib.suppress(OSError):
            folder.rmdir()
            folder.parent.rmdir()
