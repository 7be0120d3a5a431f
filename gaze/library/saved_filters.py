"""Filters that were given a name: addresses of library pages in `data/settings.json` under `saved_filters`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from gaze.core.errors import Conflict, NotFound, Refusal

if TYPE_CHECKING:
    from gaze.library.service import Library

KEY = "saved_filters"
MOST = 100
MOST_LETTERS = 80

_writing = threading.Lock()


class Saved(msgspec.Struct, frozen=True):
    """A named filter: `url` is the address of a library page of ours, `/characters/?favourite=on`."""

    name: str
    url: str

    @property
    def category(self) -> str:
        return self.url.split("/")[1]


def saved(settings: Mapping[str, Any]) -> list[Saved]:
    """What the settings hold, in their order; what somebody wrote there by hand and is no such thing is passed over."""
    found = settings.get(KEY)
    items = [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []
    named = [(item.get("name"), item.get("url")) for item in items]
    return [Saved(name, url) for name, url in named if isinstance(name, str) and isinstance(url, str) and _ours(url)]


def save(library: Library, name: str, url: str) -> list[Saved]:
    """Keep an address under a name, in place of the one of that name. Raises Refusal."""
    name = checked(name)

    def change(items: list[Saved]) -> list[Saved]:
        new = Saved(name, url)
        if any(item.name.casefold() == name.casefold() for item in items):
            return [new if item.name.casefold() == name.casefold() else item for item in items]
        if len(items) >= MOST:
            raise Refusal(f"There are {MOST} saved filters; delete one first.", field="name")
        return [*items, new]

    return _change(library, change)


def rename(library: Library, name: str, new: str) -> list[Saved]:
    """Give a saved filter another name. Raises NotFound, Conflict if the name is taken, Refusal."""
    new = checked(new)

    def change(items: list[Saved]) -> list[Saved]:
        if new.casefold() != name.casefold() and any(item.name.casefold() == new.casefold() for item in items):
            raise Conflict(f"There is a saved filter «{new}» already.", field="new")
        return [Saved(new, item.url) if item.name == name else item for item in _with(items, name)]

    return _change(library, change)


def delete(library: Library, name: str) -> list[Saved]:
    """Forget a saved filter. Raises NotFound."""
    return _change(library, lambda items: [item for item in _with(items, name) if item.name != name])


def checked(name: str) -> str:
    """A name without the spaces around it. Raises Refusal."""
    name = " ".join(name.split())
    if not name or len(name) > MOST_LETTERS:
        raise Refusal(f"A name of 1 to {MOST_LETTERS} letters is needed.", field="name")
    return name


def _with(items: list[Saved], name: str) -> list[Saved]:
    if not any(item.name == name for item in items):
        raise NotFound(f"There is no saved filter «{name[:80]}».")
    return items


def _change(library: Library, change: Callable[[list[Saved]], list[Saved]]) -> list[Saved]:
    with _writing:
        items = change(saved(library.settings()))
        library.writing.save_settings({KEY: msgspec.to_builtins(items)})
        return items


def _ours(url: str) -> bool:
    return url.startswith("/") and not url.startswith("//") and "\\" not in url and url.count("/") >= 2
