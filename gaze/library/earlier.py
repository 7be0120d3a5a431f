"""What a folder of the earlier Flask program held only in its database: offered for import once, read-only.

Its `instance/database.db` (SQLite) has a table for each category with `slug`, `is_favourite`, `default_fields` and
`image_path`. They become `data/state/` (docs/migrating.md). Its settings, and so its keys, are never read.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from gaze.core.category import Category

DATABASE = "instance/database.db"
# Written when the offer was taken or refused, so that it is made once.
MARK = "data/.gaze/earlier.json"
_MOST_ROWS = 100_000


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One asset's preferences in the earlier program; None where it said nothing."""

    category: str
    slug: str
    is_favourite: bool | None = None
    default_fields: list[str] | None = None
    cover: str | None = None

    def values(self) -> dict[str, Any]:
        """The keys of the asset's state that this row fills."""
        said = {"is_favourite": self.is_favourite or None, "default_fields": self.default_fields, "cover": self.cover}
        return {key: value for key, value in said.items() if value is not None}


class Earlier(msgspec.Struct, frozen=True):
    """What there is to take over."""

    favourites: int
    selections: int
    covers: int

    @property
    def anything(self) -> bool:
        return bool(self.favourites or self.selections or self.covers)


def offer(root: Path, categories: Mapping[str, Category]) -> Earlier | None:
    """What could be taken over; None without a database, or when the offer was answered."""
    if not (root / DATABASE).is_file() or (root / MARK).exists():
        return None
    rows = list(read(root, categories))
    found = Earlier(
        favourites=sum(bool(row.is_favourite) for row in rows),
        selections=sum(row.default_fields is not None for row in rows),
        covers=sum(row.cover is not None for row in rows),
    )
    return found if found.anything else None


def read(root: Path, categories: Mapping[str, Category]) -> Iterator[Row]:
    """Every row of the earlier program's tables that says something; a database that cannot be read has none."""
    try:
        address = f"{(root / DATABASE).resolve().as_uri()}?mode=ro&immutable=1"
        with contextlib.closing(sqlite3.connect(address, uri=True)) as database:
            tables = {name.lower(): name for (name,) in database.execute("SELECT name FROM sqlite_master")}
            for category in categories.values():
                for name in dict.fromkeys((category.one, category.name)):
                    if name in tables:
                        yield from _rows(database, tables[name], category, root)
    except sqlite3.Error:
        return


def answer(root: Path, taken: bool) -> None:
    """Remember that the offer was taken or refused."""
    mark = root / MARK
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.write_text(json.dumps({"taken": taken}) + "\n")


def _rows(database: sqlite3.Connection, table: str, category: Category, root: Path) -> Iterator[Row]:
    quoted = table.replace('"', '""')
    columns = [column[1] for column in database.execute(f'PRAGMA table_info("{quoted}")')]
    wanted = [name for name in ("slug", "is_favourite", "default_fields", "image_path") if name in columns]
    if "slug" not in wanted:
        return
    for values in database.execute(f'SELECT {", ".join(wanted)} FROM "{quoted}" LIMIT {_MOST_ROWS}'):
        said = dict(zip(wanted, values, strict=True))
        if not isinstance(said["slug"], str) or not said["slug"]:
            continue
        row = Row(
            category=category.name,
            slug=said["slug"],
            is_favourite=_flag(said.get("is_favourite")),
            default_fields=_fields(said.get("default_fields")),
            cover=_image(said.get("image_path"), root),
        )
        if row.values():
            yield row


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else bool(value) if isinstance(value, int) else None


def _fields(value: Any) -> list[str] | None:
    """The saved selection: a JSON list in a text, as the earlier program kept it."""
    try:
        found = json.loads(value) if isinstance(value, str | bytes) else value
    except ValueError:
        return None
    return found if isinstance(found, list) and all(isinstance(field, str) for field in found) else None


def _image(value: Any, root: Path) -> str | None:
    """A path below static/uploads, if the image is there."""
    if not isinstance(value, str) or not value:
        return None
    path = value.replace("\\", "/").lstrip("/").removeprefix("static/").removeprefix("uploads/")
    uploads = (root / "static/uploads").resolve()
    file = (uploads / path).resolve()
    return path if file.is_relative_to(uploads) and file.is_file() else None
