"""The words a library uses: its tags with how often, its LoRA files. For completion while one types."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import msgspec

from gaze.core.asset import Asset
from gaze.core.text import items
from gaze.library.imageindex import breathe
from gaze.library.service import Library

Words = tuple[tuple[str, str], ...]


class Word(msgspec.Struct, frozen=True):
    """One thing to complete to. `kind` is what is said beside it, `before` and `hit` part it for the page."""

    text: str
    kind: str = ""
    note: str = ""
    hue: str = "general"


class Vocabulary:
    """Counts of tags and values over all assets; only assets whose file changed are counted again."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[str, Words]] = {}
        self._lock = threading.Lock()
        self._following = threading.Lock()
        self._ready = self._closed = False
        self.counts: Counter[tuple[str, str]] = Counter()

    async def begin(self, library: Library) -> None:
        """Count everything once, in the background, when the library has been read."""
        while not library.ready:
            await asyncio.sleep(0.1)
        await asyncio.to_thread(self.follow, library, breathe())

    def close(self) -> None:
        """Let a first count that still goes on end at once."""
        self._closed = True

    def catch_up(self, library: Library) -> None:
        """For a request: count what changed. Before everything was counted once, it makes do with what is known."""
        if self._ready:
            self.follow(library)

    def follow(self, library: Library, pause: Callable[[], None] = lambda: None) -> None:
        """Bring the counts up to date with a library; `pause` is called between assets."""
        with self._following:
            gone = set(self._seen)
            for path, version, asset in library.each({path: seen[0] for path, seen in self._seen.items()}):
                gone.discard(path)
                if self._closed:
                    return
                if asset is None:
                    continue
                mine = tuple((sys.intern(of), sys.intern(word)) for of, word in _words(asset))
                with self._lock:
                    self._forget(path)
                    self._seen[path] = (version, mine)
                    self.counts.update(mine)
                pause()
            with self._lock:
                for path in gone:
                    self._forget(path)
            self._ready = True

    def _forget(self, path: str) -> None:
        if path in self._seen:
            self.counts.subtract(self._seen.pop(path)[1])

    def find(self, kind: str, typed: str, most: int) -> list[tuple[str, int]]:
        """Words of a kind that hold what was typed, those that begin with it first, then by how often."""
        wanted = typed.casefold()
        with self._lock:
            counted = [(word, n) for (of, word), n in self.counts.items() if of == kind and n > 0]
        return [(word, n) for word, n in ranked(counted, wanted)][:most]


def ranked(counted: Sequence[tuple[str, int]], typed: str) -> list[tuple[str, int]]:
    """Words with what was typed in them: at their beginning, at a word's beginning, anywhere; the usual ones first."""
    found = []
    for word, number in counted:
        folded = word.casefold()
        at = folded.find(typed)
        if at < 0 or folded == typed:
            continue
        inner = at > 0 and folded[at - 1].isalnum() and f" {typed}" not in folded
        found.append(((0 if at == 0 else 2 if inner else 1), -number, folded, word, number))
    return [(word, number) for _, _, _, word, number in sorted(found)]


def _words(asset: Asset) -> Iterator[tuple[str, str]]:
    category = asset.category
    for name, fields in category.sections.items():
        if name == "wardrobe" and category.has_outfits:
            holders = list(asset.outfits.values())
        else:
            holders = [getattr(asset.data, name, None) if name else asset.data]
        for holder in holders:
            for field in fields:
                value = getattr(holder, field.key, None)
                if field.kind == "tags" and isinstance(value, str):
                    yield from (("tags", " ".join(item.split())) for item in items(value) if item != "BREAK")
                elif field.kind == "lora" and isinstance(value, str) and value.strip():
                    yield "lora", value.strip().replace("\\", "/")
                elif field.kind in ("text", "choice") and name == "tags" and value:
                    yield f"values:{category.name}:{field.key}", str(value)


def pieces(text: str, typed: str) -> tuple[str, str, str]:
    """A word around what was typed in it: before, hit, after."""
    at = text.casefold().find(typed.casefold()) if typed else -1
    return (text, "", "") if at < 0 else (text[:at], text[at : at + len(typed)], text[at + len(typed) :])
