"""Which model files may be meant by a name that is missing: by hash, then by file name, then what reads alike."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

MOST_COMPARED = 300
MOST_KEPT = 2000


class Near:
    """An index of file names; making it costs some ms for 10,000, asking it well under one."""

    def __init__(self, names: Iterable[str], hashes: Iterable[tuple[str, str]] = ()) -> None:
        """`hashes` are pairs of hash and name."""
        self._by_file: dict[str, list[str]] = {}
        self._by_word: dict[str, list[str]] = {}
        self._by_hash: dict[str, list[str]] = {}
        self._found: dict[tuple[str, str, int], list[str]] = {}
        for name in names:
            self._by_file.setdefault(stem(name), []).append(name)
            for word in _words(name):
                self._by_word.setdefault(word, []).append(name)
        for sha, name in hashes:
            self._by_hash.setdefault(sha, []).append(name)

    def find(self, name: str, sha: str = "", most: int = 3) -> list[str]:
        """Names that may be meant, the likeliest first."""
        asked = (name, sha, most)
        if asked not in self._found:
            if len(self._found) > MOST_KEPT:
                self._found.clear()
            self._found[asked] = self._find(name, sha, most)
        return self._found[asked]

    def _find(self, name: str, sha: str, most: int) -> list[str]:
        found = [*(self._by_hash.get(sha, ()) if sha else ()), *self._by_file.get(stem(name), ())]
        if len(found) < most:
            found += self._alike(name, most)
        return [other for other in dict.fromkeys(found) if other != name][:most]

    def _alike(self, name: str, most: int) -> list[str]:
        some: dict[str, None] = {}
        for word in sorted(_words(name), key=lambda word: len(self._by_word.get(word, ()))):
            some |= dict.fromkeys(self._by_word.get(word, ()))
            if len(some) > MOST_COMPARED:
                break
        wanted = SequenceMatcher(b=stem(name))
        rated = []
        for other in list(some)[:MOST_COMPARED]:
            wanted.set_seq1(stem(other))
            if wanted.real_quick_ratio() > 0.6 and wanted.quick_ratio() > 0.6 and (ratio := wanted.ratio()) > 0.6:
                rated.append((-ratio, other))
        return [other for _, other in sorted(rated)[:most]]


def stem(name: str) -> str:
    """The file name without folder and ending, case aside."""
    return name.rsplit("/", 1)[-1].rsplit(".", 1)[0].casefold()


def _words(name: str) -> set[str]:
    return {word for word in re.split(r"[^\w]+|_", stem(name)) if len(word) > 1}
