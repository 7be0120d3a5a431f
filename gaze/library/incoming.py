"""Import of a zip: what is in it is compared with the library first, and written only as was chosen."""

from __future__ import annotations

import json
import re
import shutil
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

import msgspec

from gaze.core.asset import Asset
from gaze.core.category import Category
from gaze.core.errors import NotFound, Problem, Refusal
from gaze.library import archive
from gaze.library.files import MAX_BYTES, decode, is_ignored, make_folder, refused, write
from gaze.library.images import ENDINGS, UPLOADS
from gaze.library.load import load_text
from gaze.library.pictures import content_type
from gaze.library.trash import new_id
from gaze.library.undo import Created, Pictured, Step, changed

if TYPE_CHECKING:
    from gaze.library.service import Library

IMPORTS = "data/.gaze/imports"
MOST_IMAGE_BYTES = 256 << 20
KEPT_S = 24 * 3600.0
_TOKEN = re.compile(r"^\d{8}T\d{6}-[0-9a-f]{8}$")

Verdict = Literal["new", "same", "clash", "broken"]
Choice = Literal["mine", "theirs", "both"]


class Difference(msgspec.Struct, frozen=True):
    """One value that the two versions do not agree on; `None` where a side has none."""

    field: str
    mine: str | None
    theirs: str | None


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One asset file of the archive. `entry` is its name there, `version` that of the file of ours it clashes with."""

    entry: str
    category: str
    slug: str = ""
    name: str = ""
    group: str = ""
    verdict: Verdict
    message: str = ""
    version: str = ""
    differences: list[Difference] = []
    images: list[str] = []  # entries of the archive
    both: bool = True  # whether it can stand beside the one it clashes with


class Incoming(msgspec.Struct, frozen=True, kw_only=True):
    """What an archive would bring. Nothing of it has been written."""

    id: str
    items: list[Item]
    left_out: list[str]


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What was written: `category/slug` of each, images, and sentences on what could not be."""

    created: list[str]
    replaced: list[str]
    kept: int = 0
    images: int = 0
    failed: list[str] = []


def receive(library: Library, source: BinaryIO, category: str = "") -> Incoming:
    """Keep an archive aside for a day and say what is in it. Raises BadArchive (400): then nothing is kept."""
    _forget_old(library.root)
    token = new_id()
    make_folder(library.root / IMPORTS, IMPORTS)
    path = f"{IMPORTS}/{token}.zip"
    try:
        with (library.root / path).open("xb") as kept:
            shutil.copyfileobj(source, kept, 1 << 20)
    except OSError as error:
        (library.root / path).unlink(missing_ok=True)
        raise refused(error, path) from error
    if category:
        write(library.root, f"{IMPORTS}/{token}.txt", category.encode())
    try:
        return look(library, token)
    except BaseException:
        forget(library.root, token)
        raise


def look(library: Library, token: str) -> Incoming:
    """What an archive that was received would bring now. Raises NotFound, BadArchive."""
    file = _file(library.root, token)
    note = file.with_suffix(".txt")
    category = library.categories.get(note.read_text()) if note.exists() else None
    with archive.open_archive(file) as opened:
        infos = archive.entries(opened)
        assets, images, left_out = _sorted(infos, library.categories, category)
        for info in (info for found in images.values() for info in found):
            _check_image(opened, info)
        items = [_item(library, opened, info, declared, group, images) for info, declared, group in assets]
    used = {entry for item in items for entry in item.images}
    left_out += [info.filename for found in images.values() for info in found if info.filename not in used]
    return Incoming(id=token, items=items, left_out=sorted(left_out))


def apply(
    library: Library, token: str, choices: Mapping[str, Choice], otherwise: Choice = "mine"
) -> tuple[Imported, list[Step]]:
    """Write what was chosen, and the steps to take it back.

    `choices` are by entry, for clashes alone; files that are new are always taken. A model file has one entry: where
    both are asked for yours stays. A file of ours that changed since it was compared is not overwritten. Raises
    NotFound, BadArchive.
    """
    found = look(library, token)
    created: list[str] = []
    replaced: list[str] = []
    failed: list[str] = []
    steps: list[Step] = []
    kept = images = 0
    with archive.open_archive(_file(library.root, token)) as opened:
        for item in found.items:
            if item.verdict == "broken":
                failed.append(f"{item.entry}: {item.message}")
                continue
            choice = choices.get(item.entry, otherwise) if item.verdict == "clash" else "theirs"
            if choice == "both" and not item.both:
                failed.append(f"{item.entry}: it is about the same file as {item.name}, so there cannot be both.")
                choice = "mine"
            if choice == "mine":
                kept += 1
                continue
            try:
                asset, step = _write(library, opened, item, choice)
            except Refusal as refusal:
                failed.append(f"{item.entry}: {refusal.message}")
                continue
            if step is None:
                kept += 1
            else:
                steps.append(step)
                (replaced if item.verdict == "clash" and choice == "theirs" else created).append(asset.key)
            for entry in item.images:
                try:
                    if path := _write_image(library, opened, entry, asset):
                        steps.append(Pictured(path))
                        images += 1
                except Refusal as refusal:
                    failed.append(f"{entry}: {refusal.message}")
    forget(library.root, token)
    return Imported(created=created, replaced=replaced, kept=kept, images=images, failed=failed), steps


def forget(root: Path, token: str) -> None:
    """Drop an archive that was received."""
    if _TOKEN.match(token):
        for ending in (".zip", ".txt"):
            (root / IMPORTS / f"{token}{ending}").unlink(missing_ok=True)


def _file(root: Path, token: str) -> Path:
    file = root / IMPORTS / f"{token}.zip"
    if not _TOKEN.match(token) or not file.is_file():
        raise NotFound("This import is over, or older than a day; choose the file again.")
    return file


def _forget_old(root: Path) -> None:
    for file in (root / IMPORTS).glob("*") if (root / IMPORTS).is_dir() else ():
        if file.stat().st_mtime < time.time() - KEPT_S:
            file.unlink(missing_ok=True)


Found = tuple[zipfile.ZipInfo, Category, str]


def _sorted(
    infos: Sequence[zipfile.ZipInfo], categories: Mapping[str, Category], category: Category | None
) -> tuple[list[Found], dict[str, list[zipfile.ZipInfo]], list[str]]:
    """Asset files with category and group, images and sidecars by `category/slug`, and what is neither."""
    by_folder = {declared.data_folder: declared for declared in categories.values()}
    assets: list[Found] = []
    images: dict[str, list[zipfile.ZipInfo]] = {}
    left_out: list[str] = []
    for info in infos:
        parts = info.filename.split("/")
        if any(is_ignored(part) for part in parts):
            continue
        data = parts.index("data") if "data" in parts else -1
        uploads = parts.index("uploads") if "uploads" in parts else -1
        is_json = info.filename.lower().endswith(".json")
        if 0 <= data < len(parts) - 2 and parts[data + 1] in by_folder and is_json:
            assets.append((info, by_folder[parts[data + 1]], "/".join(parts[data + 2 : -1])))
        elif uploads >= 0 and len(parts) == uploads + 4 and parts[uploads + 1] in categories:
            images.setdefault("/".join(parts[uploads + 1 : uploads + 3]), []).append(info)
        elif category is not None and is_json and not info.filename.lower()[:-5].endswith(ENDINGS):
            assets.append((info, category, ""))
        else:
            left_out.append(info.filename)
    return assets, images, left_out


def _check_image(opened: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    """Raises BadArchive for what is neither an image by its content nor a sidecar (faults F93)."""
    if info.filename.lower().endswith(".json"):
        archive.content(opened, info, MAX_BYTES)
        return
    if info.file_size > MOST_IMAGE_BYTES:
        raise archive.BadArchive(f"«{info.filename}» is larger than 256 MiB. Nothing was written.")
    with opened.open(info) as source:
        if not info.filename.lower().endswith(ENDINGS) or not content_type(source.read(32)):
            raise archive.BadArchive(f"«{info.filename}» is not an image, whatever its name says. Nothing was written.")


def _item(
    library: Library,
    opened: zipfile.ZipFile,
    info: zipfile.ZipInfo,
    category: Category,
    group: str,
    images: Mapping[str, list[zipfile.ZipInfo]],
) -> Item:
    text = decode(archive.content(opened, info, MAX_BYTES), info.filename)
    if isinstance(text, Problem):
        return Item(entry=info.filename, category=category.name, verdict="broken", message=str(text.message))
    loaded = load_text(category, info.filename, text, "")
    fatal = next((problem for problem in loaded.problems if problem.fatal), None)
    if loaded.asset is None or fatal:
        message = f"line {fatal.line}, column {fatal.column}: {fatal.message}" if fatal else "it cannot be used"
        return Item(entry=info.filename, category=category.name, verdict="broken", message=message)
    theirs = loaded.asset
    mine = library.find(category.name, theirs.slug)
    own = [found.filename for found in images.get(theirs.key, ()) if not found.filename.lower().endswith(".json")]
    item = Item(
        entry=info.filename,
        category=category.name,
        slug=theirs.slug,
        name=theirs.name,
        group=group,
        verdict="new",
        images=own,
        both=not category.chosen_by_id,
    )
    if mine is None:
        return item
    old, version = library.raw(mine)
    differences = list(compare(_values(old), _values(text)))
    verdict: Verdict = "clash" if differences else "same"
    return msgspec.structs.replace(item, verdict=verdict, version=version, differences=differences)


def _values(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return {}


def compare(mine: Any, theirs: Any, place: str = "") -> Iterator[Difference]:
    """Where two JSON values differ, by the path of the value."""
    if isinstance(mine, dict) and isinstance(theirs, dict):
        for key in dict.fromkeys([*mine, *theirs]):
            below = f"{place}.{key}" if place else str(key)
            if key not in mine or key not in theirs:
                yield Difference(below, _said(mine, key), _said(theirs, key))
            else:
                yield from compare(mine[key], theirs[key], below)
    elif mine != theirs or isinstance(mine, bool) != isinstance(theirs, bool):
        yield Difference(place, _text(mine), _text(theirs))


def _said(value: Mapping[str, Any], key: str) -> str | None:
    return _text(value[key]) if key in value else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _write(library: Library, opened: zipfile.ZipFile, item: Item, choice: Choice) -> tuple[Asset, Step | None]:
    """Write one asset as chosen; returns it as it is in the library, and what takes it back."""
    text = archive.content(opened, opened.getinfo(item.entry), MAX_BYTES).decode("utf-8-sig")
    if item.verdict == "same":
        return library.get(item.category, item.slug), None
    if item.verdict == "clash" and choice == "theirs":
        before = library.raw(library.get(item.category, item.slug))[0]
        asset = library.writing.save_text(item.category, item.slug, text, item.version)
        return asset, changed(item.category, item.slug, before, library.raw(asset)[0], asset.version)
    stem = item.entry.rpartition("/")[2].removesuffix(".json")
    made = library.writing.add_text(item.category, text, stem=stem, group=item.group, apart=item.verdict == "clash")
    return made, Created(made.category.name, made.slug, made.version)


def _write_image(library: Library, opened: zipfile.ZipFile, entry: str, asset: Asset) -> str:
    """Write an image with its sidecar to its asset; returns its path, "" if the same image is there already."""
    content = archive.content(opened, opened.getinfo(entry), MOST_IMAGE_BYTES)
    name = entry.rpartition("/")[2]
    there = library.root / UPLOADS / asset.category.name / asset.slug / name
    if there.is_file() and there.stat().st_size == len(content) and there.read_bytes() == content:
        return ""
    try:
        sidecar = _values(archive.content(opened, opened.getinfo(f"{entry}.json"), MAX_BYTES).decode("utf-8-sig"))
    except (KeyError, UnicodeDecodeError):
        sidecar = {}
    stem = name.rpartition(".")[0]
    kept = sidecar if isinstance(sidecar, dict) else {}
    return library.gallery.save(asset.category.name, asset.slug, stem, content, kept)
