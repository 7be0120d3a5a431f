"""The words a library uses: its tags with how often, its LoRA files. For completion while one types."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence

import msgspec

from gaze.core.asset import Asset
from gaze.core.text import items
from gaze.danbooru.find import written
from gaze.danbooru.index import words_of
from gaze.library.imageindex import breathe
from gaze.library.service import Library
from gaze.web.editing.owntags import OwnTags, PromptCounts, having, related, spelled

_AT_ONCE = 4000  # tags that are put in order on a request

Words = tuple[tuple[str, str], ...]


class Word(msgspec.Struct, frozen=True):
    """One thing to complete to: `text` is put in, `shown` or else `text` seen. `kind` and `note` stand beside it.

    `alias` is the other name by which it was found; `hue` the colour of its kind.
    """

    text: str
    kind: str = ""
    note: str = ""
    hue: str = "general"
    shown: str = ""
    alias: str = ""

    @property
    def label(self) -> str:
        return self.shown or self.text


class Vocabulary:
    """Counts of tags and values over all assets; only assets whose file changed are counted again."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[str, Words]] = {}
        self._lock = threading.Lock()
        self._following = threading.Lock()
        self._ready = self._closed = False
        self._revision = -1
        self._own, self._own_stale, self._own_images = OwnTags(), False, -1
        self._prompts = PromptCounts()
        self._making = threading.Lock()
        self.fresh: set[str] = set()  # tags that came after the user's own were counted last
        self.counts: defaultdict[str, Counter[str]] = defaultdict(Counter)

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
        if self._ready and library.revision != self._revision:
            self.follow(library)

    def own_tags(self, library: Library) -> OwnTags:
        """The tags of all assets and images, by use. Many are counted in the background: `fresh` came meanwhile."""
        self.catch_up(library)
        images = library.images.version
        if (self._own_stale or images != self._own_images) and self._making.acquire(blocking=False):
            self._own_stale, self._own_images = False, images
            if len(self.counts["tags"]) + len(self._prompts.counts) + self._prompts.behind(library) <= _AT_ONCE:
                self._make(library)
            else:
                threading.Thread(target=self._make, args=(library,), name="own tags", daemon=True).start()
        return self._own

    def _make(self, library: Library) -> None:
        try:
            self._prompts.follow(library)
            counted = self.all("tags")
            made, known = OwnTags([*counted, *self._prompts.counts.items()]), {word for word, _ in counted}
            with self._lock:
                self._own, self.fresh = made, self.fresh - known
        finally:
            self._making.release()

    def related(self, library: Library, tag: str, most: int) -> list[tuple[str, str, int]]:
        """What the user's assets and images have together with a tag: name, text, how often."""
        own, name = self.own_tags(library), written(tag)
        words = words_of(name)
        longest = max(words, key=len, default=name)
        same = {("tags", word) for word, _ in self.all("tags") if longest in word.lower() and spelled(word)[0] == name}
        with self._lock:
            found = [words for _, words in self._seen.values() if not same.isdisjoint(words)]
        with_tag = [[word for of, word in each if of == "tags"] for each in found]
        return related(own, tag, [*with_tag, *having(tag, words, library)], most)

    def follow(self, library: Library, pause: Callable[[], None] = lambda: None) -> None:
        """Bring the counts up to date with a library; `pause` is called between assets."""
        with self._following:
            revision = library.revision
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
                    for of, word in mine:
                        if of == "tags" and not self.counts[of][word]:
                            self.fresh.add(word)
                        self.counts[of][word] += 1
                    self._own_stale = True
                pause()
            with self._lock:
                for path in gone:
                    self._forget(path)
            self._ready, self._revision = True, revision

    def _forget(self, path: str) -> None:
        if path in self._seen:
            for of, word in self._seen.pop(path)[1]:
                self.counts[of][word] -= 1

    def find(self, kind: str, typed: str, most: int) -> list[tuple[str, int]]:
        """Words of a kind that hold what was typed, those that begin with it first, then by how often."""
        return ranked(self.all(kind), typed.casefold())[:most]

    def all(self, kind: str) -> list[tuple[str, int]]:
        """Every word of a kind, with how many assets have it."""
        with self._lock:
            return [(word, n) for word, n in self.counts[kind].items() if n > 0]


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
                    if triggers := " ".join(getattr(holder, "lora_triggers", "").split()):
                        name = value.replace("\\", "/").rpartition("/")[2].strip().removesuffix(".safetensors")
                        yield "triggers", f"{written(name)}\n{triggers}\n{name}"
                elif field.kind in ("text", "choice") and name == "tags" and value:
                    yield f"values:{category.name}:{field.key}", str(value)


def pieces(text: str, typed: str) -> tuple[str, str, str]:
    """A word around what was typed in it: before, hit, after."""
    at = text.casefold().find(typed.casefold()) if typed else -1
    return (text, "", "") if at < 0 else (text[:at], text[at : at + len(typed)], text[at + len(typed) :])
