"""What a model wrote and nobody has accepted yet: files in `data/.gaze/proposals/` (specification llm, Authoring).

They cost money, so they outlive the job, Redis and a restart. Nothing here writes over an edit made meanwhile.
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Collection, Mapping
from copy import deepcopy
from pathlib import Path as File
from typing import Any

import msgspec

from gaze.core.asset import Asset
from gaze.core.errors import Conflict, NotFound
from gaze.library.editor import FieldPath, blank
from gaze.library.files import make_folder, refused, write
from gaze.library.jsonedit import leaves, same
from gaze.library.jsontext import Path
from gaze.library.service import Library

FOLDER = "data/.gaze/proposals"
_ID = re.compile(r"^[0-9a-f-]{36}$")


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A draft. `was` is the file's JSON as the model saw it, `now` what it would be; `version` the file's hash then.

    Without a `path` it is a new asset. With a `fault` the answer could not be used: `answer` is kept to be mended.
    """

    id: str
    act: str
    category: str
    created: str
    path: str = ""
    version: str = ""
    name: str = ""
    group: str = ""
    title: str = ""
    batch: str = ""
    source: str = ""  # the model file it was made for
    asked: str = ""
    was: dict[str, Any] = {}
    now: dict[str, Any] = {}
    task: dict[str, Any] = {}  # what was asked for, to make something of a mended answer
    answer: str = ""
    fault: str = ""
    provider: str = ""
    model: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float | None = None
    took_s: float = 0.0
    turns: int = 0
    repairs: int = 0
    calls: list[dict[str, Any]] = []
    notes: list[str] = []

    @property
    def new(self) -> bool:
        return not self.path

    @property
    def broken(self) -> bool:
        return bool(self.fault)


def changed(was: Mapping[str, Any], now: Mapping[str, Any]) -> dict[Path, Any]:
    """The values of `now` that differ from `was`, by path; nothing that `now` lacks counts."""
    before = {path: value for path, value in leaves(was).items() if value != {}}
    found: dict[Path, Any] = {}
    for path, value in leaves(now).items():
        if path in before:
            if not same(before[path], value):
                found[path] = value
        elif top := next((path[:depth] for depth in range(1, len(path)) if path[:depth] in before), ()):
            found[top] = _at(now, top)  # a list or a text gives way to an object as a whole
        elif value not in ("", None, [], {}):
            found[path] = value
    return found


def _at(raw: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        raw = raw[step]
    return raw


class Proposals:
    """The folder of proposals; files that others write are seen at the next look."""

    def __init__(self, root: File) -> None:
        self._root = root
        self._known: dict[str, tuple[int, Proposal]] = {}
        self._lock = threading.Lock()

    def all(self) -> list[Proposal]:
        """Every proposal, the newest first; blocking."""
        folder = self._root / FOLDER
        found = {}
        try:
            names = [file for file in folder.iterdir() if file.suffix == ".json" and _ID.match(file.stem)]
        except OSError:
            names = []
        for file in names:
            with contextlib.suppress(OSError, NotFound):
                found[file.stem] = self._read(file)
        with self._lock:
            self._known = {key: value for key, value in self._known.items() if key in found}
        return sorted(found.values(), key=lambda each: (each.created, each.id), reverse=True)

    def get(self, proposal_id: str) -> Proposal:
        """One proposal. Raises NotFound for one that was accepted or discarded."""
        if _ID.match(proposal_id):
            with contextlib.suppress(OSError):
                return self._read(self._root / FOLDER / f"{proposal_id}.json")
        raise NotFound("There is no such draft; it was accepted or discarded already.")

    def find(self, proposal_id: str) -> Proposal | None:
        """As `get`, None where there is none."""
        try:
            return self.get(proposal_id)
        except NotFound:
            return None

    def save(self, proposal: Proposal) -> None:
        """Write a proposal, whole or not at all. Raises NoRoom, Unavailable."""
        make_folder(self._root / FOLDER, FOLDER)
        content = msgspec.json.format(msgspec.json.encode(proposal))
        write(self._root, f"{FOLDER}/{proposal.id}.json", content)

    def discard(self, proposal_id: str) -> None:
        """Take a proposal away. Raises NotFound."""
        self.get(proposal_id)
        try:
            (self._root / FOLDER / f"{proposal_id}.json").unlink(missing_ok=True)
        except OSError as error:
            raise refused(error, FOLDER) from error

    def _read(self, file: File) -> Proposal:
        stamp = file.stat().st_mtime_ns
        known = self._known.get(file.stem)
        if known and known[0] == stamp:
            return known[1]
        try:
            proposal = msgspec.json.decode(file.read_bytes(), type=Proposal)
        except msgspec.MsgspecError as error:
            raise NotFound(f"The draft «{file.name}» cannot be read.") from error
        with self._lock:
            self._known[file.stem] = (stamp, proposal)
        return proposal


def accept(
    library: Library,
    proposals: Proposals,
    proposal: Proposal,
    take: Collection[Path] | None = None,
    version: str = "",
    name: str = "",
) -> Asset:
    """Write what was accepted into the library and take the proposal away; None for `take` is all of it.

    `version` is the file's version that the person saw, else the one it was made from. Raises Conflict (409) where
    the file is another one by now, NotFound where it is gone, Unusable, Unavailable, NoRoom: then nothing has changed.
    """
    if proposal.broken:
        raise Conflict(f"The answer cannot be used yet: {proposal.fault}")
    values = changed(proposal.was, proposal.now)
    chosen = {path: value for path, value in values.items() if take is None or path in take}
    if proposal.new:
        asset = _create(library, proposal, chosen, name)
    else:
        asset = _save(library, proposal, chosen, version or proposal.version)
    with contextlib.suppress(NotFound):
        proposals.discard(proposal.id)
    return asset


def _create(library: Library, proposal: Proposal, chosen: Mapping[Path, Any], name: str) -> Asset:
    category = library.categories[proposal.category]
    raw = deepcopy(dict(proposal.was)) or blank(category, "", "")
    for path, value in chosen.items():
        place: Any = raw
        for step in path[:-1]:
            place = place.setdefault(step, {})
        place[path[-1]] = value
    name = name or str(raw.get(category.name_field) or proposal.name)
    if not category.chosen_by_id:
        raw.pop(category.id_field, None)
    raw[category.name_field] = name
    return library.writing.create(category.name, name, raw, proposal.group)


def _save(library: Library, proposal: Proposal, chosen: Mapping[Path, Any], version: str) -> Asset:
    asset = library.at(proposal.path)
    if asset is None:
        raise NotFound(f"«{proposal.path}» is gone, so nothing can be written into it; the draft is kept.")
    values: dict[FieldPath, Any] = dict(chosen.items())
    return library.writing.save_fields(asset.category.name, asset.slug, values, version, exactly=True)
