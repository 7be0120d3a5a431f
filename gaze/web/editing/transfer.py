"""The form that turns an asset into another kind: what it shows, and what was chosen in it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from gaze.context import Context
from gaze.core.asset import Asset
from gaze.core.category import Category
from gaze.core.errors import NotFound, Refusal
from gaze.core.transfer import Move, can_become, homes, place, suggest, transferred
from gaze.library.modelmove import can_move, moved_to
from gaze.library.models import folders_of, kind_of, model_of, spelled
from gaze.library.references import Reference, references
from gaze.library.transfer import Transfer, transfer
from gaze.web.editing.values import pointer
from gaze.web.forms import Values, on, one, raw
from gaze.web.modelview import size_text


class Row(msgspec.Struct, frozen=True):
    """One value and where it goes. `options` are pointers with labels, empty where there is no choice."""

    name: str
    address: str
    shown: str
    to: str
    label: str
    same: bool
    options: list[tuple[str, str]] = []


class FileView(msgspec.Struct, frozen=True, kw_only=True):
    """The model file that can move: where to, and who names it too and follows."""

    path: str
    size: str
    folders: list[str]
    folder: str
    move: bool
    others: list[str]

    @property
    def to(self) -> str:
        return moved_to(self.path, self.folder)


class Form(msgspec.Struct, frozen=True):
    """Everything the dialog and the page show."""

    asset: Asset
    target: Category
    kinds: list[Category]
    name: str
    id: str
    rows: list[Row]
    moves: tuple[Move, ...]
    remove: bool
    images: int
    used: list[Reference]
    fill: bool = False  # whether a model is to fill in what stays empty
    file: FileView | None = None

    @property
    def lost(self) -> int:
        """How many values are left out."""
        return sum(not row.to for row in self.rows)


def kinds_for(gaze: Context, category: Category) -> list[Category]:
    """The categories that an asset of this one can be turned into, in the order of the navigation."""
    return [other for other in gaze.categories.values() if can_become(category, other)]


def form_of(gaze: Context, asset: Asset, given: Values) -> Form:
    """The form as it was sent, or as suggested; another target than the moves were asked for gets new ones.

    Raises NotFound for a category that nothing can become, Refusal for a target or a place that is none.
    """
    kinds = kinds_for(gaze, asset.category)
    if not kinds:
        raise NotFound(f"{asset.category.one.capitalize()} files cannot be turned into another kind.")
    wanted = one(given, "target")
    target = next((kind for kind in kinds if kind.name == wanted), None if wanted else kinds[0])
    if target is None:
        able = ", ".join(kind.name for kind in kinds)
        raise Refusal(f"target is «{wanted[:60]}»; it can be {able}.", field="target")
    moves = suggest(asset, raw_of(gaze, asset), target)
    if is_asked(given, target):
        moves = chosen(moves, target, given)
    places = [(pointer(place(target, field)), field.address) for field in homes(target)]
    return Form(
        asset=asset,
        target=target,
        kinds=kinds,
        name=raw(given, "name") if "name" in given else asset.name,
        id=one(given, "id") if is_asked(given, target) and "id" in given else _id_for(gaze, asset, target),
        rows=[_row(move, places) for move in moves],
        moves=moves,
        remove=on(given, "remove"),
        fill=on(given, "fill"),
        images=len(gaze.library.gallery.of(asset)),
        used=references(gaze.library, asset),
        file=_file(gaze, asset, target, given),
    )


def _file(gaze: Context, asset: Asset, target: Category, given: Values) -> FileView | None:
    """What the form says of the model file; None where it cannot move, or is at home there already.

    A form that is shown for the first time suggests to move a file that no other asset names. Raises Refusal where one
    asks to move what cannot, or to a folder that is none.
    """
    found = _movable(gaze, asset, target, given)
    if found is None and on(given, "move_file") and is_asked(given, target):
        text = "The LoRA file does not lie in the configured folder, or lies where it belongs already; leave it there."
        raise Refusal(text, field="move_file")
    return found


def _movable(gaze: Context, asset: Asset, target: Category, given: Values) -> FileView | None:
    path, kind = model_of(asset), kind_of(asset.category)
    if kind_of(target) != kind or not can_move(gaze.library, asset):
        return None
    folders = [spelled(folder).strip("/") for folder in folders_of(target, gaze.library.settings())]
    folders = [folder for folder in dict.fromkeys(folders) if moved_to(path, folder) != path]
    if not folders or any(path.startswith(f"{folder}/") for folder in folders):
        return None
    found = gaze.model_files.file(kind, path)
    others = [named.name for named in gaze.library.named_models() if (named.kind, named.model) == (kind, path)]
    others.remove(asset.name)
    sent = "shown" in given or "move_file" in given
    folder = one(given, "folder", folders[0])
    if folder not in folders:
        if on(given, "move_file"):
            able = ", ".join(folders)
            raise Refusal(f"folder is «{folder[:80]}»; {target.name} have {able}.", field="folder")
        folder = folders[0]
    return FileView(
        path=path,
        size=size_text(found.size) if found and found.size else "",
        folders=folders,
        folder=folder,
        move=on(given, "move_file") if sent else not others,
        others=others,
    )


def is_asked(given: Values, target: Category) -> bool:
    """Whether what was sent belongs to this target's mapping; a program need not say so."""
    return one(given, "shown", target.name) == target.name


def make(gaze: Context, form: Form, given: Values) -> Transfer:
    """Turn it; the file moves only if one says so.

    Raises Refusal, Conflict where the slug or the file's place is taken, Unavailable, NoRoom.
    """
    made = transferred(form.asset, raw_of(gaze, form.asset), form.target, form.moves, form.name, form.id)
    folder = form.file.folder if form.file and on(given, "move_file") else None
    return transfer(gaze.library, form.asset, form.target, made, remove=form.remove, folder=folder)


def chosen(moves: Sequence[Move], target: Category, given: Values) -> tuple[Move, ...]:
    """The moves with what was chosen for each. Raises Refusal for a place that takes no text."""
    places = {pointer(place(target, field)): place(target, field) for field in homes(target)}
    places |= {field.address: place(target, field) for field in homes(target)} | {"": ()}
    found = []
    for move in moves:
        name = f"to{pointer(move.path)}"
        if name in given:
            to = one(given, name)
            able = places | {pointer(move.to): move.to, "::".join(move.to): move.to}
            if to not in able or (not move.text and to not in ("", pointer(move.to), "::".join(move.to))):
                raise Refusal(f"«{to[:80]}» is no place for {move.address}.", field=name)
            move = msgspec.structs.replace(move, to=able[to])
        found.append(move)
    return tuple(found)


def raw_of(gaze: Context, asset: Asset) -> Mapping[str, Any]:
    """The asset's JSON as it is on the disk now; one that is broken just now counts by its last good version."""
    try:
        found = json.loads(gaze.library.raw(asset)[0])
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}


def moves_json(form: Form) -> list[dict[str, str]]:
    """The rows as programs get them; `name` is what a POST calls the choice."""
    return [{"name": row.name, "from": row.address, "text": row.shown, "to": row.to} for row in form.rows]


def _id_for(gaze: Context, asset: Asset, target: Category) -> str:
    return gaze.library.writing.free_id(target.name, asset.id)


def _row(move: Move, places: Sequence[tuple[str, str]]) -> Row:
    options = list(places) if move.text else []
    mine = (pointer(move.to), "::".join(move.to))
    if options and move.to and mine not in options and mine[0] not in dict(options):
        options.insert(0, mine)
    label = dict(options).get(mine[0], mine[1])
    return Row(
        f"to{pointer(move.path)}", move.address, _shown(move.value), mine[0], label, move.to == move.path, options
    )


def _shown(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case Mapping():
            return ", ".join(str(item).rsplit("/", 1)[-1] for item in value.values())
        case list():
            return ", ".join(str(item) for item in value)
        case _:
            return str(value)
