"""The list of all model files beside the page of one: with an entry or without, there or missing."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from gaze.context import Context
from gaze.core.asset import slug_of
from gaze.core.category import Category
from gaze.core.errors import Refusal
from gaze.library.models import kind_of
from gaze.library.query import Card
from gaze.web.forms import Values, one

MOST_ROWS = 100
SHOWN = {"all": "All", "json": "JSON", "none": "None", "missing": "Missing"}


class FileRow(msgspec.Struct, frozen=True, kw_only=True):
    """One model file: `card` is its entry's, None if it has none."""

    path: str
    name: str
    slug: str
    card: Card | None
    missing: bool
    usual: bool  # what a recipe that names none takes

    @property
    def stem(self) -> str:
        """The path without its ending, as people say it."""
        return self.path.rpartition(".")[0] or self.path


class FileList(msgspec.Struct, frozen=True, kw_only=True):
    """Files that fit the words and the filter `show`; `more` are left out, `counts` are by filter."""

    rows: Sequence[FileRow]
    total: int
    counts: dict[str, int]
    more: int
    q: str
    show: str


def file_list(gaze: Context, category: Category, given: Values) -> FileList:
    """Every file that a recipe could choose, by path; `q` and `show` narrow it. Raises Refusal for another `show`."""
    q, show = one(given, "q")[:200], one(given, "show", "all") or "all"
    if show not in SHOWN:
        raise Refusal(f"show is «{show[:40]}»; it can be {', '.join(SHOWN)}.", field="show")
    shelf = gaze.library.shelf()
    entries = set(shelf.choices(category.name))
    files = gaze.model_files.whole(kind_of(category))
    gone = {path for path in entries if gaze.model_files.is_missing(category.name, path)}
    sets = {"all": entries | files, "json": entries - gone, "none": files - entries, "missing": gone}
    words = q.casefold().split()
    names = {path: asset.name for path in entries if (asset := shelf.find(category.name, path))}
    found = [path for path in sets[show] if all(word in f"{path} {names.get(path, '')}".casefold() for word in words)]
    found.sort(key=lambda path: (path.casefold(), path))
    rows = []
    for path in found[:MOST_ROWS]:
        asset = shelf.find(category.name, path) if path in entries else None
        rows.append(
            FileRow(
                path=path,
                name=asset.name if asset else path.rsplit("/", 1)[-1].rpartition(".")[0],
                slug=asset.slug if asset else slug_of(category, path),
                card=gaze.library.card(asset) if asset else None,
                missing=path in gone,
                usual=path == shelf.default_checkpoint,
            )
        )
    counts = {name: len(paths) for name, paths in sets.items()}
    return FileList(rows=rows, total=counts["all"], counts=counts, more=max(len(found) - MOST_ROWS, 0), q=q, show=show)
