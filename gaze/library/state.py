"""What the user prefers about assets, and the settings: small JSON objects beside the assets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from gaze.core.errors import Problem
from gaze.library.changes import Change, SettingsChanged, StateChanged
from gaze.library.files import Stat, decode, trusted, version_of
from gaze.library.jsontext import parse
from gaze.library.store import Files, Kept

SETTINGS = "data/settings.json"


class Record(msgspec.Struct, frozen=True):
    version: str
    value: Mapping[str, Any] | None
    problems: list[Problem]


def load_record(path: str, content: bytes | Problem, what: str) -> Record:
    """The JSON object in a file, or its problems."""
    if isinstance(content, Problem):
        return Record("", None, [content])
    version = version_of(content)
    text = decode(content, path)
    if isinstance(text, Problem):
        return Record(version, None, [text])
    value, problems = parse(text, path)
    if not problems and not isinstance(value, dict):
        problems = [Problem(path=path, line=1, column=1, message=f"{what} must be an object {{...}}")]
    return Record(version, value if isinstance(value, dict) else None, problems)


class States(Files):
    """`data/state/<category>/<slug>.json` by category and slug."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, Kept[str, Mapping[str, Any]]] = {}

    def owns(self, path: str) -> bool:
        return path.startswith("data/state/") and path.endswith(".json") and path.count("/") == 3

    def load(self, path: str, content: bytes | Problem) -> Record:
        return load_record(path, content, "the state of an asset")

    def put(self, path: str, loaded: Record, stat: Stat, *, later: bool = False) -> list[Change]:
        self.known[path] = trusted(stat)
        self.versions[path] = loaded.version
        self.note(path, loaded.problems)
        if loaded.value is None:
            return []
        category, slug = owner_of(path)
        kept = self.values.setdefault(category, Kept())
        if kept.now.get(slug) == loaded.value:
            return []
        kept.edit()[slug] = loaded.value
        return [StateChanged(category, slug)]

    def drop(self, path: str) -> list[Change]:
        self.forget(path)
        category, slug = owner_of(path)
        kept = self.values.get(category)
        return [StateChanged(category, slug)] if kept and kept.edit().pop(slug, None) is not None else []

    def get(self, category: str, slug: str) -> Mapping[str, Any]:
        kept = self.values.get(category)
        return kept.now.get(slug, {}) if kept else {}

    def of(self, category: str) -> Mapping[str, Mapping[str, Any]]:
        kept = self.values.get(category)
        return kept.now if kept else {}


def state_path(category: str, slug: str) -> str:
    return f"data/state/{category}/{slug}.json"


def owner_of(path: str) -> tuple[str, str]:
    """Category and slug of a state file."""
    _, _, category, name = path.split("/")
    return category, name.removesuffix(".json")


class Settings(Files):
    """`data/settings.json`; its last good content stays while it cannot be read."""

    def __init__(self) -> None:
        super().__init__()
        self.value: Mapping[str, Any] = {}

    def owns(self, path: str) -> bool:
        return path == SETTINGS

    def load(self, path: str, content: bytes | Problem) -> Record:
        return load_record(path, content, "the settings")

    def put(self, path: str, loaded: Record, stat: Stat, *, later: bool = False) -> list[Change]:
        self.known[path] = trusted(stat)
        self.versions[path] = loaded.version
        self.note(path, loaded.problems)
        if loaded.value is None or loaded.value == self.value:
            return []
        self.value = loaded.value
        return [SettingsChanged()]

    def drop(self, path: str) -> list[Change]:
        self.forget(path)
        self.value = {}
        return [SettingsChanged()]
