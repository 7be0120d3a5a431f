"""Model files that have no entry yet, and the making of their entries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

from gaze.context import Context
from gaze.core.asset import Asset
from gaze.core.category import Category
from gaze.core.errors import Refusal
from gaze.library.editor import blank
from gaze.library.fromfile import draft, name_of
from gaze.library.models import ModelFile, folders_of, kind_of
from gaze.library.sidecars import PICTURES, TEXTS, Sidecar, picture_of, read_sidecars, stem_of
from gaze.web import forms
from gaze.web.forms import Values
from gaze.web.modelview import base_models, size_text

PAGE = 60
MOST_AT_ONCE = 2000
SHOWN_TAGS = 4
WRITERS = 4
MAX_PICTURE = 64 * 2**20


class Item(msgspec.Struct, frozen=True):
    """One file as its row shows it."""

    path: str
    file: str
    folder: str
    name: str
    facts: list[str]
    base_model: str
    tags: list[tuple[str, int]]
    picture: bool
    nsfw: bool  # what lies beside it, or its entry, says that it is
    read: bool
    users: int
    checked: bool


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Files to make entries of. `bases` counts them by base model; `next` is an offset, or None."""

    items: list[Item]
    total: int
    without: int
    everything: int
    unread: int
    broken: int
    bases: dict[str, int]
    folders: str
    away: str
    root: str
    q: str
    base: str
    all: bool
    next: int | None


def found(gaze: Context, category: Category, given: Values) -> Found:
    """The files of the category's folders, without those that have an entry unless `all` is asked for."""
    models, kind = gaze.model_files, kind_of(category)
    folders = folders_of(category, gaze.library.settings())
    listed = models.files(kind, folders)
    whole = [file for file in listed if not file.fault]
    loose = [file for file in whole if not models.users(kind, file.path)]
    q, base, everything = forms.one(given, "q")[:200], forms.one(given, "base"), forms.on(given, "all")
    words = q.casefold().split()
    matching = [f for f in (whole if everything else loose) if all(word in f.path.casefold() for word in words)]
    chosen = [file for file in matching if not base or file.base_model == base]
    offset = forms.whole(given, "offset", 0, 10**9, 0)
    checked = set(given.get("file", ()))
    used = any(file.path.startswith(tuple(f"{folder.strip('/')}/" for folder in folders)) for file in listed[:1])
    shown = chosen[offset : offset + PAGE]
    marked = _marked(gaze, shown)
    return Found(
        items=[_item(gaze, file, file.path in checked, file.path in marked) for file in shown],
        total=len(chosen),
        without=len(loose),
        everything=len(whole),
        unread=sum(not file.read for file in whole) if models.folder(kind) else 0,
        broken=len(listed) - len(whole),
        bases={name: count for name, count in base_models(f.base_model for f in matching).items() if name},
        folders=" and ".join(folders) if used else "",
        away=models.away(kind),
        root=models.folder(kind),
        q=q,
        base=base,
        all=everything,
        next=offset + PAGE if offset + PAGE < len(chosen) else None,
    )


def _marked(gaze: Context, files: Sequence[ModelFile]) -> set[str]:
    """Those whose picture is not for everybody: an entry of theirs is NSFW, or a text beside them says so."""
    pictured = {file.path: file for file in files if any(ending in PICTURES for ending in file.beside)}
    named = [item for item in gaze.library.named_models() if item.model in pictured] if pictured else []
    found = {
        item.model
        for item in named
        if (asset := gaze.library.find(item.category, item.slug)) is not None and asset.nsfw
    }
    for path, file in pictured.items():
        place = gaze.model_files.place(file.kind, path)
        if place and path not in found and read_sidecars(place, file.beside).nsfw:
            found.add(path)
    return found


def _item(gaze: Context, file: ModelFile, checked: bool, nsfw: bool) -> Item:
    labels = [TEXTS[ending] for ending in file.beside if ending in TEXTS]
    folder, _, name = file.path.rpartition("/")
    return Item(
        path=file.path,
        file=stem_of(name),
        folder=folder,
        name=name_of(file.path),
        facts=[*([size_text(file.size)] if file.size else []), *labels],
        base_model=file.base_model,
        tags=list(gaze.model_files.header(file.kind, file.path).tags[:SHOWN_TAGS]) if file.read else [],
        picture=any(ending in PICTURES for ending in file.beside),
        nsfw=nsfw,
        read=file.read,
        users=gaze.model_files.users(file.kind, file.path),
        checked=checked,
    )


class Draft(msgspec.Struct, frozen=True):
    """The entry of a file before it is written."""

    file: ModelFile
    name: str
    raw: Mapping[str, Any]
    notes: str
    picture: Path | None


class Made(msgspec.Struct, frozen=True):
    """Entries made, and in words what was not."""

    assets: list[Asset]
    failed: list[str]


def make(gaze: Context, category: Category, paths: Sequence[str], name: str = "", group: str = "") -> Made:
    """An entry for each file, filled from its header and from what lies beside it. Raises Refusal if none was made.

    `name` counts where there is one file only.
    """
    if not paths:
        raise Refusal("Choose a file to make an entry of.", field="file")
    if len(paths) > MOST_AT_ONCE:
        raise Refusal(f"At most {MOST_AT_ONCE} entries are made at once; {len(paths)} files were chosen.", field="file")
    kind = kind_of(category)
    taken = {item.model for item in gaze.library.named_models() if item.category == category.name}
    failed: list[str] = []
    drafts: list[Draft] = []
    for path in dict.fromkeys(paths):
        file = gaze.model_files.file(kind, path)
        if file is None:
            failed.append(f"«{path}» is not there.")
        elif file.fault:
            failed.append(f"«{path}» cannot be used: {file.fault}.")
        elif file.path in taken:
            failed.append(f"«{path}» has an entry already.")
        else:
            drafts.append(_drafted(gaze, category, file, name if len(paths) == 1 else ""))
    assets: list[Asset] = []
    for each, made in _all_written(gaze, category, drafts, group):
        if isinstance(made, Refusal):
            failed.append(f"«{each.file.path}»: {made.message}")
        else:
            assets.append(made)
    if not assets:
        raise Refusal(" ".join(failed), field="file")
    return Made(assets, failed)


def _all_written(
    gaze: Context, category: Category, drafts: Sequence[Draft], group: str
) -> Iterator[tuple[Draft, Asset | Refusal]]:
    """Each draft with its entry, in order. Disks sync several files at a time; files of one name come one by one."""

    def written(each: Draft) -> Asset | Refusal:
        try:
            return _written(gaze, category, each, group)
        except Refusal as refusal:
            return refusal

    first: dict[str, Draft] = {}
    for each in drafts:
        first.setdefault(each.name.casefold(), each)
    with ThreadPoolExecutor(WRITERS) as pool:
        done = {
            each.file.path: made for each, made in zip(first.values(), pool.map(written, first.values()), strict=True)
        }
    for each in drafts:
        yield each, done.get(each.file.path) or written(each)


def empty_entry(category: Category) -> dict[str, Any]:
    """What an entry is filled from: every usual key, without id and name."""
    empty = blank(category, "", "")
    del empty[category.id_field], empty[category.name_field]
    return empty


def _drafted(gaze: Context, category: Category, file: ModelFile, name: str) -> Draft:
    place = gaze.model_files.place(file.kind, file.path)
    said = read_sidecars(place, file.beside) if place else Sidecar()
    made = draft(category, file.path, gaze.model_files.header(file.kind, file.path), said, empty_entry(category))
    return Draft(file, name or made.name, made.raw, made.notes, picture_of(place, file.beside) if place else None)


def _written(gaze: Context, category: Category, made: Draft, group: str) -> Asset:
    library = gaze.library
    asset = library.writing.create(category.name, made.name, made.raw, group)
    if made.notes:
        library.preferences.set(category.name, asset.slug, {"notes": made.notes})
    if made.picture is not None:
        try:
            with made.picture.open("rb") as source:
                content = source.read(MAX_PICTURE)
            path = library.gallery.save(category.name, asset.slug, "preview", content, {"source": made.file.path})
            library.preferences.set_cover(category.name, asset.slug, path)
        except (OSError, Refusal):
            return asset  # an entry without a cover is an entry
    return asset
