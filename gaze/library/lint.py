"""Doubts about all assets, found in the background, and those that their owner silenced."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import msgspec

from gaze.core.asset import Asset
from gaze.core.errors import Problem
from gaze.core.lint import Finding, Linter, Rules
from gaze.library.imageindex import breathe

RULES = "data/lint.json"
SILENCED = "silenced"  # the key of an asset's state: marks of findings nobody wants to hear of
_EVERY_S = 1.0

Known = Callable[[str], str | None]
Trained = Callable[[Asset], Collection[str]]
Each = Callable[[Mapping[str, str]], Any]

log = logging.getLogger(__name__)


class Doubt(msgspec.Struct, frozen=True):
    """A finding with the asset it is about."""

    category: str
    slug: str
    path: str
    finding: Finding
    silenced: bool = False

    @property
    def problem(self) -> Problem:
        found = self.finding
        return Problem(path=self.path, code=found.code, field=found.field, message=found.message, fatal=False)


class Standard(msgspec.Struct, frozen=True):
    """The rules that hold; with a problem where the library's own cannot be read and the shipped ones stand in."""

    rules: Rules
    stamp: tuple[str, int, int]
    problem: Problem | None = None


def read_rules(root: Path, program: Path) -> Standard:
    """The library's own rules, else the shipped ones."""
    problem = None
    for folder in (root, program):
        file = folder / RULES
        try:
            stat = file.stat()
            rules = msgspec.json.decode(file.read_bytes(), type=Rules)
            return Standard(rules, (str(file), stat.st_mtime_ns, stat.st_size), problem)
        except FileNotFoundError:
            continue
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            message = f"the rules cannot be used ({error}); the shipped ones are used instead"
            problem = Problem(path=RULES, message=message, fatal=False, code="other")
    return Standard(Rules(), ("", 0, 0), problem)


class Lint:
    """Doubts by path of the asset. Only what changed is looked at again, unless the rules or the tag list did."""

    def __init__(
        self,
        root: Path,
        program: Path,
        each: Each,
        state: Callable[[str, str], Mapping[str, Any]],
        known: Callable[[], tuple[object, Known | None]],
        trained: Trained,
    ) -> None:
        """`known` gives the tag list's mark and its look-up, `trained` the tags of an asset's LoRA file."""
        self._root, self._program = root, program
        self._each, self._state, self._known, self._trained = each, state, known, trained
        self._by_path: dict[str, tuple[str, list[Doubt]]] = {}
        self._linter: Linter | None = None
        self._mark: object = None
        self.rules_problem: Problem | None = None
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def look(self, pause: Callable[[], None] = lambda: None) -> bool:
        """Look at what changed, blocking; whether anything is another doubt than before."""
        standard, (mark, known) = read_rules(self._root, self._program), self._known()
        if self._linter is None or self._mark != (standard.stamp, mark):
            self._linter, self._mark = Linter(standard.rules, known), (standard.stamp, mark)
            self._by_path = {path: ("", doubts) for path, (_, doubts) in self._by_path.items()}
        changed = self.rules_problem != standard.problem
        self.rules_problem = standard.problem
        seen = dict(self._by_path)
        for path, version, asset in self._each({path: version for path, (version, _) in seen.items()}):
            old = seen.pop(path, ("", []))[1]
            if asset is not None:
                found = self._linter(asset, self._trained(asset))
                new = [Doubt(asset.category.name, asset.slug, path, finding) for finding in found]
                changed = changed or new != old
                self._by_path[path] = (version, new)
                pause()
            if self._stopped.is_set():
                return False
        for path in seen:
            changed = bool(self._by_path.pop(path)[1]) or changed
        return changed

    def forget(self) -> None:
        """Look at everything again: model files say something else."""
        self._mark = None

    def doubts(self) -> list[Doubt]:
        """All doubts by path, each with whether its owner silenced it."""
        found: list[Doubt] = []
        for _, (_, doubts) in sorted(self._by_path.items()):
            if doubts:
                told = self.silenced(doubts[0].category, doubts[0].slug)
                found += [msgspec.structs.replace(each, silenced=each.finding.mark in told) for each in doubts]
        return found

    def of(self, path: str) -> list[Doubt]:
        """The doubts about one asset that are not silenced."""
        found = self._by_path.get(path, ("", []))[1]
        told = self.silenced(found[0].category, found[0].slug) if found else ()
        return [doubt for doubt in found if doubt.finding.mark not in told]

    def silenced(self, category: str, slug: str) -> list[str]:
        """The marks that an asset's state keeps."""
        kept = self._state(category, slug).get(SILENCED)
        return [mark for mark in kept if isinstance(mark, str)] if isinstance(kept, list) else []

    def problems(self) -> list[Problem]:
        """Doubts that are not silenced, and what is wrong with the rules."""
        rules = [self.rules_problem] if self.rules_problem else []
        return [*rules, *(doubt.problem for doubt in self.doubts() if not doubt.silenced)]

    # life

    def start(self, revision: Callable[[], object], tell: Callable[[], None]) -> None:
        """Look in the background whenever `revision` is another one but None; `tell` is called in the thread."""

        def run() -> None:
            seen: object = None
            while not self._stopped.wait(_EVERY_S):
                try:
                    if (now := revision()) is None:
                        continue
                    marks = (now, read_rules(self._root, self._program).stamp, self._known()[0])
                    if (marks != seen or self._mark is None) and self.look(breathe()):
                        tell()
                    seen = marks
                except Exception:  # a library without lint is still a library
                    log.exception("assets could not be looked through")

        self._thread = threading.Thread(target=run, name="lint", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; blocking."""
        self._stopped.set()
        if self._thread:
            self._thread.join(5)
