"""Writing assets: whole text, single fields, new ones, copies, other names. Never blind, always whole."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from gaze.core.asset import ADDRESSES, Asset, slug_of
from gaze.core.category import Category
from gaze.core.errors import Conflict, Fault, NotFound, Problem, Refusal, Unavailable, Unusable
from gaze.library.files import BOM, decode, make_folder, nfc, read, refused, safe_name, version_of, write, write_new
from gaze.library.jsonedit import REMOVE, means, put, rename
from gaze.library.load import load_text
from gaze.library.sync import Sync

FieldPath = str | tuple[str | int, ...]


class ChangedOnDisk(Conflict):
    """409: the file is another one than the form was made from; both texts, and the version of the one on disk."""

    code = "changed-on-disk"

    def __init__(self, path: str, mine: str, theirs: str, version: str) -> None:
        super().__init__(f"«{path}» has changed on disk since you opened it. Compare both and save again.")
        self.path = path
        self.mine = mine
        self.theirs = theirs
        self.version = version


class Text(msgspec.Struct, frozen=True):
    """A file's text as it is on the disk, and what must survive a save."""

    text: str
    version: str
    bom: bool = False

    def encode(self, text: str) -> bytes:
        """Bytes of a new text with the line ends, the final newline and the byte order mark of the old one."""
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        if self.version:
            old = self.text.replace("\r\n", "\n")
            text = text.rstrip("\n") + old[len(old.rstrip("\n")) :]
            if "\r\n" in self.text:
                text = text.replace("\n", "\r\n")
        try:
            return (BOM if self.bom else b"") + text.encode()
        except UnicodeEncodeError as error:
            raise Unusable("The text holds half of a surrogate pair, a letter cut in two; take it out.") from error


class Locks:
    """One lock a file, within this process; between processes versions decide."""

    def __init__(self) -> None:
        self._locks: dict[str, threading.RLock] = {}
        self._guard = threading.Lock()

    def __call__(self, path: str) -> threading.RLock:
        with self._guard:
            return self._locks.setdefault(path, threading.RLock())


class Editor:
    """Writes asset files. Each method returns the path it wrote, after memory has been brought up to date by `sync`."""

    def __init__(self, root: Path, sync: Sync) -> None:
        self.root = root
        self.sync = sync
        self.locks = Locks()

    def open(self, path: str) -> Text:
        """The text of a file as it is now. Raises NotFound, Unavailable, Unusable if it is no text."""
        try:
            found = read(self.root, path)
        except (FileNotFoundError, NotADirectoryError) as error:
            self.sync.data.require()
            raise NotFound(f"The file «{path}» is gone.") from error
        except OSError as error:
            raise Unavailable(f"«{path}» cannot be read now; its disk does not answer.") from error
        if isinstance(found, Problem):
            raise Unusable(f"«{path}»: {found.message}.")
        content = found[0]
        text = decode(content, path)
        if isinstance(text, Problem):  # shown with marks where the bad bytes are, so that it can be mended
            text = content.removeprefix(BOM).decode("utf-8", "replace")
        return Text(text, version_of(content), content.startswith(BOM))

    def save_text(self, category: Category, path: str, text: str, version: str) -> None:
        """Write a whole text over the version it was made from."""
        with self.locks(path):
            self.sync.data.require()
            old = self.open(path)
            if old.version != version:
                raise ChangedOnDisk(path, text, old.text, old.version)
            self._write(category, path, old, old.encode(text))

    def save_fields(
        self,
        category: Category,
        path: str,
        values: Mapping[FieldPath, Any],
        version: str,
        *,
        exactly: bool = False,
    ) -> None:
        """Set single values in the newest text of a file."""
        with self.locks(path):
            self.sync.data.require()
            old = self.open(path)
            text = changed = _usable(category, path, old.text)
            for field, value in values.items():
                changed = set_field(changed, as_path(field), value, exactly=exactly)
            if version and old.version != version:
                raise ChangedOnDisk(path, changed, old.text, old.version)
            if changed != text:
                self._write(category, path, old, (BOM if old.bom else b"") + _encoded(changed))

    def rename_key(self, category: Category, path: str, field: tuple[str, ...], name: str, version: str) -> None:
        """Give a key another name in its place."""
        with self.locks(path):
            self.sync.data.require()
            old = self.open(path)
            raw = value_at(json.loads(_usable(category, path, old.text)), field[:-1])
            if version and old.version != version:
                raise ChangedOnDisk(path, old.text, old.text, old.version)
            if not isinstance(raw, dict) or field[-1] not in raw:
                raise NotFound(f"There is no «{field[-1]}» in «{path}».")
            if name != field[-1] and name in raw:
                raise Conflict(f"There is a «{name}» already.", field=".".join(field))
            text = rename(old.text, field, name)
            self._write(category, path, old, (BOM if old.bom else b"") + _encoded(text))

    def _write(self, category: Category, path: str, old: Text, content: bytes) -> None:
        text = content.removeprefix(BOM).decode()
        _usable(category, path, text)
        if version_of(content) != old.version:
            write(self.root, path, content)

    # new files

    def create(self, category: Category, stem: str, group: str, text: str) -> str:
        """Write a new file with a name of its own and return its path."""
        self.sync.data.require()
        folder = "/".join(
            ["data", category.data_folder, *(safe_name(part) for part in group.split("/") if part.strip())]
        )
        make_folder(self.root / folder, folder)
        stem = safe_name(stem)
        try:
            taken = {nfc(name).casefold() for name in os.listdir(self.root / folder)}  # noqa: PTH208
        except OSError as error:
            raise refused(error, folder) from error
        number = 1
        while True:
            name = f"{stem}.json" if number == 1 else f"{stem}-{number}.json"
            path = f"{folder}/{name}"
            if name.casefold() not in taken:
                _usable(category, path, text)
                if write_new(self.root, path, _encoded(text)):
                    return path
            number += 1

    def new_id(self, category: Category, wish: str) -> str:
        """An id from what a person typed, whose slug nobody has yet."""
        if category.chosen_by_id:
            return wish
        stem = re.sub(r"_+", "_", re.sub(r"[^\w()]+", "_", nfc(wish).strip().lower())).strip("_") or category.one
        number, made = 1, stem
        with self.sync.lock:
            taken = self.sync.assets.catalogs[category.name].taken
            while (
                slug_of(category, made, safe_name(made)).lower() in taken
                or slug_of(category, made).lower() in ADDRESSES
            ):
                number += 1
                made = f"{stem}_{number}"
        return made

    def move(self, category: Category, path: str, stem: str) -> str:
        """Give a file another name in its folder, if that is free; returns its path."""
        folder = path.rpartition("/")[0]
        target = f"{folder}/{safe_name(stem)}.json"
        if target == path or (self.root / target).exists():
            return path
        try:
            (self.root / path).rename(self.root / target)
        except OSError as error:
            raise refused(error, path) from error
        return target

    # other JSON files

    def set_keys(self, path: str, values: Mapping[str, Any], what: str) -> None:
        """Set top-level keys of a small JSON object, which is made if there is none; other bytes stay."""
        with self.locks(path):
            self.sync.data.require()
            if (self.root / path).exists():
                old = self.open(path)
                try:
                    raw = json.loads(old.text)
                except ValueError as error:
                    raise Unusable(f"«{path}» cannot be read ({error}); mend or delete it first.") from error
                if not isinstance(raw, dict):
                    raise Unusable(f"«{path}»: {what} must be an object {{...}}; mend or delete it first.")
                text = old.text
                for key, value in values.items():
                    text = put(text, (key,), value)
                if text != old.text:
                    write(self.root, path, (BOM if old.bom else b"") + _encoded(text))
            elif kept := {key: value for key, value in values.items() if value is not REMOVE}:
                folder = path.rpartition("/")[0]
                make_folder(self.root / folder, folder)
                write(self.root, path, _encoded(json.dumps(kept, indent=2, ensure_ascii=False) + "\n"))


def as_path(field: FieldPath) -> tuple[str | int, ...]:
    """The steps of `lora.lora_weight` or `lora::lora_weight`."""
    if isinstance(field, tuple):
        return field
    return tuple(field.split("::") if "::" in field else field.split("."))


def set_field(text: str, path: tuple[str | int, ...], value: Any, *, exactly: bool = False) -> str:
    """The text with a value set, unless it means already what the form says; an empty one is not added unasked."""
    raw = json.loads(text)
    if path[0] == "tags" and isinstance(raw.get("tags"), list):  # the old list form has no place for keys
        text = put(text, ("tags",), {"listed": raw["tags"]})
        raw = json.loads(text)
    if value is REMOVE:
        return put(text, path, REMOVE)
    found = value_at(raw, path, missing := object())
    if found is missing:
        empty = value in ("", None, False) or value == [] or value == {}
        return text if empty and not exactly else put(text, path, value)
    return text if means(found, value) else put(text, path, value)


def value_at(raw: Any, path: tuple[str | int, ...], default: Any = None) -> Any:
    """The value at a path of plain JSON values."""
    for step in path:
        if isinstance(raw, dict) and step in raw:
            raw = raw[str(step)]
            continue
        if not (isinstance(raw, list) and isinstance(step, int) and -len(raw) <= step < len(raw)):
            return default
        raw = raw[step]
    return raw


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise Unusable("The text holds half of a surrogate pair, a letter cut in two; take it out.") from error


def check(category: Category, path: str, text: str) -> list[Problem]:
    """Every problem a text would have as this file."""
    if len(text.encode("utf-8", "replace")) > 1 << 20:
        return [Problem(path=path, code="file", message="the text has more than 1 MiB; at most 1 MiB is read")]
    return load_text(category, path, text, "").problems


def _usable(category: Category, path: str, text: str) -> str:
    """The text itself. Raises Unusable with a fault a problem if it could not be used as this file."""
    fatal = [problem for problem in check(category, path, text) if problem.fatal]
    if fatal:
        faults = [Fault(code=problem.code, message=_in_words(problem), field=problem.field) for problem in fatal]
        raise UnusableText(faults, fatal)
    return text


class UnusableText(Unusable):
    """422 that carries the problems with their lines and columns."""

    def __init__(self, faults: list[Fault], problems: list[Problem]) -> None:
        super().__init__(faults[0].message, field=faults[0].field, faults=faults)
        self.problems = problems


def _in_words(problem: Problem) -> str:
    where = f"Line {problem.line}, column {problem.column}: " if problem.line else ""
    return where + problem.message


def blank(category: Category, asset_id: str, name: str) -> dict[str, Any]:
    """A new asset with every usual key and nothing in it."""
    made: dict[str, Any] = msgspec.to_builtins(category.struct())
    for value in made.values():
        if isinstance(value, dict):
            value.pop("listed", None)
            for key in [key for key, inner in value.items() if inner is None]:
                del value[key]
    if category.has_recipe:
        made["recipe"] = {}
    made = {key: value for key, value in made.items() if value is not None}
    return {**made, category.id_field: asset_id, category.name_field: name}


def renamed(asset: Asset, text: str, name: str, new_id: str) -> str:
    """The text of an asset under another name, and another id if one is given."""
    if new_id:
        text = put(text, (asset.category.id_field,), new_id)
    return put(text, (asset.category.name_field,), name) if name else text


def checked_name(name: str) -> str:
    """A name without the spaces around it. Raises Refusal if there is none."""
    name = name.strip()
    if not name:
        raise Refusal("A name is needed.", field="name")
    if len(name) > 300:
        raise Refusal("The name is too long; at most 300 letters are taken.", field="name")
    return name
