"""Wildcard files and workflow templates, as they are on the disk now."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from gaze.core.errors import Problem
from gaze.library.changes import Change, TemplatesChanged, WildcardsChanged
from gaze.library.files import Stat, decode, nfc, read, trusted, version_of
from gaze.library.jsontext import parse
from gaze.library.store import Files, Kept

if TYPE_CHECKING:
    from gaze.core.template import Template

WILDCARDS = "data/wildcards"


class Options(msgspec.Struct, frozen=True):
    version: str
    options: Sequence[str] | None
    problems: list[Problem]


class Wildcards(Files):
    """`data/wildcards/**/*.txt`: options by name, case aside (faults F04 to F06)."""

    def __init__(self) -> None:
        super().__init__()
        self.options: Kept[str, Sequence[str]] = Kept()

    def owns(self, path: str) -> bool:
        return path.startswith(WILDCARDS + "/") and path.endswith(".txt")

    def load(self, path: str, content: bytes | Problem) -> Options:
        from gaze.core.wildcards import read_options

        if isinstance(content, Problem):
            return Options("", None, [msgspec.structs.replace(content, code="wildcard")])
        version = version_of(content)
        text = decode(content, path)
        if isinstance(text, Problem):
            return Options(version, None, [msgspec.structs.replace(text, code="wildcard")])
        return Options(version, read_options(text), [])

    def put(self, path: str, loaded: Options, stat: Stat, *, later: bool = False) -> list[Change]:
        self.known[path] = trusted(stat)
        self.versions[path] = loaded.version
        self.note(path, loaded.problems)
        if loaded.options is None:
            return []
        self.options.edit()[wildcard_name(path)] = loaded.options
        return [WildcardsChanged()]

    def drop(self, path: str) -> list[Change]:
        self.forget(path)
        self.options.edit().pop(wildcard_name(path), None)
        return [WildcardsChanged()]


def wildcard_name(path: str) -> str:
    """The name a wildcard file goes by: its path below the folder, without ending, case aside."""
    return nfc(path.removeprefix(WILDCARDS + "/").removesuffix(".txt")).casefold()


# Where the earlier program kept its one workflow.
EARLIER = "comfy_workflow.json"


class Shaped(msgspec.Struct, frozen=True):
    version: str
    template: Any
    problems: list[Problem]


class Templates(Files):
    """`workflows/*.json`; where the root has none of a name, the program's own one stands in."""

    def __init__(self, program: Path) -> None:
        super().__init__()
        self.program = program
        self.templates: Kept[str, Template] = Kept()
        self.shipped: dict[str, Template] = {}
        self.earlier: Template | None = None

    def owns(self, path: str) -> bool:
        return path.startswith("workflows/") and path.endswith(".json") and path.count("/") == 1

    def read_shipped(self, root: Path) -> None:
        """Read the templates that come with the program, and the one that the earlier program kept in the root."""
        paths = [f"workflows/{file.name}" for file in sorted((self.program / "workflows").glob("*.json"))]
        found = [template for path in paths if (template := self._read(self.program, path))]
        self.shipped = {template.name: template for template in found}
        self.earlier = self._read(root, EARLIER)

    def _read(self, folder: Path, path: str) -> Template | None:
        try:
            found = read(folder, path)
        except OSError:
            return None
        template: Template | None = None if isinstance(found, Problem) else self.load(path, found[0]).template
        return template

    def load(self, path: str, content: bytes | Problem) -> Shaped:
        from gaze.core.template import read_template

        if isinstance(content, Problem):
            return Shaped("", None, [msgspec.structs.replace(content, code="template")])
        version = version_of(content)
        text = decode(content, path)
        if isinstance(text, Problem):
            return Shaped(version, None, [msgspec.structs.replace(text, code="template")])
        raw, problems = parse(text, path)
        if any(problem.fatal for problem in problems):
            return Shaped(version, None, problems)
        template, more = read_template(template_name(path), path, raw)
        return Shaped(version, template, [*problems, *more])

    def put(self, path: str, loaded: Shaped, stat: Stat, *, later: bool = False) -> list[Change]:
        self.known[path] = trusted(stat)
        self.versions[path] = loaded.version
        self.note(path, loaded.problems)
        if loaded.template is None:
            return []
        self.templates.edit()[template_name(path)] = loaded.template
        return [TemplatesChanged()]

    def drop(self, path: str) -> list[Change]:
        self.forget(path)
        self.templates.edit().pop(template_name(path), None)
        return [TemplatesChanged()]

    def share(self) -> dict[str, Template]:
        """Every template by name; a shipped one only where the root has no file of that name."""
        found = self.templates.share()
        if self.earlier is not None and self.earlier.name not in found:
            found = {**found, self.earlier.name: self.earlier}
        lacking = {name: each for name, each in self.shipped.items() if f"workflows/{name}.json" not in self.known}
        return {**lacking, **found} if lacking else found


def template_name(path: str) -> str:
    return path.rsplit("/", 1)[-1].removesuffix(".json")
