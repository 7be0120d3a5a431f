"""Turning an asset into one of another category on the disk, and back (specification pages, Transfer).

Each step can be taken back: the new file never takes another's place, the old one goes to the trash, and a note under
`data/.gaze/transfers/` says which images moved.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from gaze.core.asset import ADDRESSES, Asset, slug_of
from gaze.core.category import Category
from gaze.core.errors import Conflict, NotFound, Refusal
from gaze.core.said import LORA
from gaze.library.files import make_folder, refused, safe_name, write
from gaze.library.images import UPLOADS
from gaze.library.modelmove import Moved, carry_out, plan
from gaze.library.modelmove import take_back as model_back
from gaze.library.repoint import Pointed, point_anew, point_back
from gaze.library.service import Library

NOTES = "data/.gaze/transfers"
# Notes of older transfers are taken away; who wants to undo does so soon.
MOST_NOTES = 100
_ID = re.compile(r"^\d{8}T\d{6}-[0-9a-f]{8}$")


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """What a transfer did: the new file and its version, and where the source and its images went.

    `trash` is the source's trash entry, "" if it was kept; `images` are paths below `static/uploads`, old to new;
    `file` says how the model file moved, if it did; `pointed` are files that name the new asset since, `left` sentences
    about those that could not follow.
    """

    id: str
    category: str
    slug: str
    name: str
    path: str
    version: str
    from_category: str
    from_slug: str
    trash: str = ""
    images: dict[str, str] = {}
    file: Moved | None = None
    pointed: list[Pointed] = []
    left: list[str] = []


def transfer(
    library: Library,
    asset: Asset,
    target: Category,
    made: Mapping[str, Any],
    *,
    remove: bool,
    folder: str | None = None,
) -> Transfer:
    """Write the new file, in the group of the old one, with the favourite mark.

    With `remove` images go along, the source goes to the trash, and recipes that chose it choose the new one where they
    can. With a `folder` the LoRA file moves there, and everything that names it follows.

    Raises Conflict where the slug is taken, Refusal for a name or id that is none, Unavailable, NoRoom: then nothing
    has changed.
    """
    asset_id, name = str(made[target.id_field]).strip(), str(made[target.name_field])
    if not asset_id:
        raise Refusal("An id is needed.", field="id")
    wanted = slug_of(target, asset_id, safe_name(asset_id))
    taken = library.taken(target.name, wanted) or library.broken(target.name, wanted)
    if taken or wanted.lower() in ADDRESSES:
        raise Conflict(f"There is a «{wanted}» among {target.name} already; choose another id.", field="id")
    file = None if folder is None else plan(library, asset, folder)
    if file is not None:
        if LORA not in made:
            raise Refusal(f"The new {target.one} names no LoRA, so its file is not moved.", field="move_file")
        made = {**made, LORA: {**made[LORA], "lora_name": file.new}}
    state = library.preferences.of(asset.category.name, asset.slug)
    new = library.writing.create(target.name, name, {**made, target.id_field: asset_id}, asset.group)
    done = Transfer(
        id=f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}",
        category=target.name,
        slug=new.slug,
        name=new.name,
        path=new.path,
        version=new.version,
        from_category=asset.category.name,
        from_slug=asset.slug,
    )
    moved: dict[str, str] = {}
    try:
        if state.get("is_favourite") is True:
            library.preferences.favourite(target.name, new.slug, True)
        if file is not None:
            carry_out(library, file, asset.path if remove else "")
            done = msgspec.structs.replace(done, file=file)
        if remove:
            moved = _plan(library.root, asset.key, new.key)
            _move(library.root, moved)
            trash = library.trash.delete(asset.category.name, asset.slug)
            done = msgspec.structs.replace(done, trash=trash, images=moved)
            pointed, left = point_anew(library, asset, new)
            done = msgspec.structs.replace(done, pointed=pointed, left=left)
        _note(library.root, done)
    except Refusal:
        point_back(library, done.pointed)
        _move(library.root, {goal: path for path, goal in moved.items()})
        if done.trash:
            library.trash.restore(done.trash)
        if done.file:
            with contextlib.suppress(Refusal):  # the first reason is the one to tell
                model_back(library, done.file, new.path)
        library.gallery.moved(moved)
        library.trash.delete(target.name, new.slug)
        raise
    library.gallery.moved(moved)
    if remove and isinstance(cover := state.get("cover"), str):
        cover = cover.lstrip("/").removeprefix(f"{UPLOADS}/")
        library.preferences.set(target.name, new.slug, {"cover": moved.get(cover, cover)})
    return done


def read_note(library: Library, transfer_id: str) -> Transfer:
    """What a transfer did. Raises NotFound for one that was undone or is long past."""
    return _read(library.root, transfer_id)


def undo(library: Library, transfer_id: str) -> Transfer:
    """Bring the source back as it was, with its images; the new asset goes to the trash.

    `left` then says which files could not be given back what they said. Raises NotFound for what was undone already,
    Conflict if the new file was changed since or a place is taken again: then nothing has changed.
    """
    done = _read(library.root, transfer_id)
    new = library.at(done.path)
    if new is not None and library.raw(new)[1] != done.version:
        text = (
            f"{new.name} was changed since, so it is kept. Move it to the trash yourself, or restore the other there."
        )
        raise Conflict(text)
    if done.file:
        model_back(library, done.file, done.path)
    if done.trash:
        if any(entry.id == done.trash for entry in library.trash.list()):  # else an undo was broken off after this
            _restore(library, done)
        back = {goal: path for path, goal in done.images.items()}
        _move(library.root, back)
        library.gallery.moved(back)
    if new is not None:
        library.trash.delete(new.category.name, new.slug)
    with contextlib.suppress(OSError):
        (library.root / NOTES / f"{done.id}.json").unlink()
    return msgspec.structs.replace(done, left=point_back(library, done.pointed))


def _restore(library: Library, done: Transfer) -> None:
    """The source from the trash; where that is refused the model file goes where it was a moment ago."""
    try:
        library.trash.restore(done.trash)
    except Refusal:
        if done.file:
            with contextlib.suppress(Refusal):
                carry_out(library, done.file)
        raise


def _plan(root: Path, old: str, new: str) -> dict[str, str]:
    """Where each file of a folder of images goes; a name that is taken there gets a number, its sidecar follows."""
    source, target = root / UPLOADS / old, root / UPLOADS / new
    names = [file.name for file in source.iterdir()] if source.is_dir() else []
    taken = {file.name.casefold() for file in target.iterdir()} if target.is_dir() else set()
    moved: dict[str, str] = {}
    for name in sorted(names, key=lambda name: (name.endswith(".json"), name)):
        owner = name.removesuffix(".json")
        if name != owner and f"{old}/{owner}" in moved:
            moved[f"{old}/{name}"] = f"{moved[f'{old}/{owner}']}.json"
            continue
        stem, dot, ending = name.rpartition(".")
        goal, number = name, 1
        while goal.casefold() in taken or f"{goal}.json".casefold() in taken:
            number += 1
            goal = f"{stem}-{number}.{ending}" if dot else f"{name}-{number}"
        taken.add(goal.casefold())
        moved[f"{old}/{name}"] = f"{new}/{goal}"
    return moved


def _move(root: Path, moved: Mapping[str, str]) -> None:
    """Move what is there; nothing is overwritten, and what cannot be moved raises Unavailable or NoRoom."""
    for path, goal in moved.items():
        source, target = root / UPLOADS / path, root / UPLOADS / goal
        if os.path.lexists(source) and not os.path.lexists(target):
            make_folder(target.parent, goal)
            try:
                source.rename(target)
            except OSError as error:
                raise refused(error, f"{UPLOADS}/{path}") from error
    for folder in {(root / UPLOADS / path).parent for path in moved}:
        with contextlib.suppress(OSError):
            folder.rmdir()  # only if nothing is left in it


def _note(root: Path, done: Transfer) -> None:
    folder = root / NOTES
    make_folder(folder, NOTES)
    write(root, f"{NOTES}/{done.id}.json", msgspec.json.format(msgspec.json.encode(done)))
    for note in sorted(folder.iterdir())[:-MOST_NOTES]:
        with contextlib.suppress(OSError):
            note.unlink()


def _read(root: Path, transfer_id: str) -> Transfer:
    with contextlib.suppress(OSError, ValueError, TypeError):
        if _ID.match(transfer_id):
            return msgspec.convert(json.loads((root / NOTES / f"{transfer_id}.json").read_text("utf-8")), Transfer)
    raise NotFound("There is no such transfer to undo; it was undone already, or is long past.")
