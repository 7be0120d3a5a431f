"""Model files among the hits of a search, by their path; those that an entry names are found by it too."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

import msgspec

from gaze.context import Context
from gaze.core.category import Category
from gaze.library.models import folders_of, kind_of
from gaze.library.search import Marked, marked, pattern_of
from gaze.library.sidecars import stem_of

KINDS = ("lora", "checkpoint")


class FileHit(msgspec.Struct, frozen=True, kw_only=True):
    """A model file that was found. `href` is the page of an entry that names it, else where one is made of it."""

    kind: str
    path: str
    name: Marked
    href: str
    users: int
    base_model: str
    one: str  # the category it belongs to, for its hue


def file_hits(gaze: Context, words: Sequence[str], most: int) -> tuple[list[FileHit], int]:
    """The files whose paths hold every word, and how many; first those whose name begins with one."""
    if not words:
        return [], 0
    found = []
    for kind in KINDS:
        for path in gaze.model_files.names(kind):
            folded = path.casefold()
            if all(word in folded for word in words):
                name = folded.rpartition("/")[2]
                found.append((not name.startswith(words[0]), words[0] not in name, folded, kind, path))
    found.sort()
    shown = [(kind, path) for _, _, _, kind, path in found[:most]]
    pages = _pages(gaze, shown)
    pattern = pattern_of(words)
    return [_hit(gaze, kind, path, marked(path, pattern, 200), pages) for kind, path in shown], len(found)


def _pages(gaze: Context, shown: Sequence[tuple[str, str]]) -> dict[tuple[str, str], tuple[str, str]]:
    """Category and slug of an entry of each file that has one."""
    used = {item for item in shown if gaze.model_files.users(*item)}
    if not used:
        return {}
    return {
        (item.kind, item.model): (item.category, item.slug)
        for item in gaze.library.named_models()
        if (item.kind, item.model) in used
    }


def _hit(gaze: Context, kind: str, path: str, name: Marked, pages: dict[tuple[str, str], tuple[str, str]]) -> FileHit:
    category = _home(gaze, kind, path)
    file = gaze.model_files.file(kind, path)
    page = pages.get((kind, path))
    asked = urlencode({"way": "lora", "q": stem_of(path.rpartition("/")[2])})
    return FileHit(
        kind=kind,
        path=path,
        name=name,
        href=f"/{page[0]}/{page[1]}" if page else f"/{category.name}/create?{asked}",
        users=gaze.model_files.users(kind, path),
        base_model=file.base_model if file else "",
        one=gaze.categories[page[0]].one if page else category.one,
    )


def _home(gaze: Context, kind: str, path: str) -> Category:
    """The category in whose folder a file lies, else the first that has such files."""
    able = [category for category in gaze.categories.values() if kind_of(category) == kind]
    for category in able:
        folders = folders_of(category, gaze.library.settings())
        if path.startswith(tuple(f"{folder.strip('/')}/" for folder in folders if folder.strip("/"))):
            return category
    return able[0]
