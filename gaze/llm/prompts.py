"""System prompts: `data/prompts/*.txt` of the library, else the program's own. Read anew for each job."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from gaze.core.category import Category
from gaze.core.errors import Conflict, NotFound, Refusal
from gaze.library.files import make_folder, refused, version_of, write
from gaze.llm.author import TAGS_PROMPT

FOLDER = "data/prompts"
# Where the program's own library is edited in place, the shipped text is put aside before the first change.
_ASIDE = "data/.gaze/prompts"
MOST_LETTERS = 60_000


class Prompt(msgspec.Struct, frozen=True):
    """One system prompt. `own` says that the library has its own text, which can be reset."""

    name: str
    text: str
    version: str
    own: bool
    used_for: str = ""


class Prompts:
    """The system prompts of a library."""

    def __init__(self, root: Path, program: Path, categories: Mapping[str, Category]) -> None:
        self._root = root
        self._program = program
        self._used = {category.system_prompt: category.name for category in categories.values()}
        self._used[TAGS_PROMPT] = "tags, of every kind"

    def names(self) -> Iterable[str]:
        """The files, in the order of the navigation."""
        return [name for name in self._used if name]

    def get(self, name: str) -> Prompt:
        """The prompt that counts now. Raises NotFound for a name that is none."""
        if name not in self._used:
            raise NotFound(f"There is no system prompt «{name}»; there are {', '.join(self.names())}.")
        shipped = self._shipped(name)
        text = _text(self._root / FOLDER / name)
        own = text is not None and text != shipped
        text = shipped if text is None else text
        return Prompt(name, text, version_of(text.encode()), own, self._used[name])

    def save(self, name: str, text: str, version: str) -> Prompt:
        """Write the library's own text. Raises Conflict if it changed meanwhile, Refusal if it is too long or empty."""
        now = self.get(name)
        if version and now.version != version:
            raise Conflict(f"{name} has changed since you opened it; copy your text and load the page again.")
        text = text.replace("\r\n", "\n").strip() + "\n"
        if not text.strip():
            raise Refusal("The instructions are empty; reset them to get the shipped ones back.", field="text")
        if len(text) > MOST_LETTERS:
            raise Refusal(f"The instructions are too long; at most {MOST_LETTERS:,} letters are taken.", field="text")
        if self._in_place and not (self._root / _ASIDE / name).exists():
            make_folder(self._root / _ASIDE, _ASIDE)
            write(self._root, f"{_ASIDE}/{name}", now.text.encode())
        make_folder(self._root / FOLDER, FOLDER)
        write(self._root, f"{FOLDER}/{name}", text.encode())
        return self.get(name)

    def reset(self, name: str) -> Prompt:
        """Bring the shipped text back."""
        self.get(name)
        try:
            if self._in_place:
                aside = self._root / _ASIDE / name
                if aside.exists():
                    write(self._root, f"{FOLDER}/{name}", aside.read_bytes())
                    aside.unlink()
            else:
                (self._root / FOLDER / name).unlink(missing_ok=True)
        except OSError as error:
            raise refused(error, f"{FOLDER}/{name}") from error
        return self.get(name)

    @property
    def _in_place(self) -> bool:
        return self._root.resolve() == self._program.resolve()

    def _shipped(self, name: str) -> str:
        aside = _text(self._root / _ASIDE / name) if self._in_place else None
        return aside or _text(self._program / FOLDER / name) or ""


def _text(file: Path) -> str | None:
    try:
        return file.read_bytes()[: 4 * MOST_LETTERS].decode("utf-8-sig", "replace").replace("\r\n", "\n")
    except OSError:
        return None
