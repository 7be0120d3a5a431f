"""The prompts of all images, for search: read from their sidecars in the background, never on a request.

100,000 images with 300 letters each take about 60 MiB and 30 ms a search; 20,000 take 5 ms.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from gaze.core.text import items
from gaze.library.files import MAX_BYTES
from gaze.library.images import UPLOADS, Images

MOST_LETTERS = 4000  # of one prompt; no index grows without end


class _Sidecar(msgspec.Struct):
    positive: str = ""
    negative: str = ""
    is_nsfw: bool | None = None


class Prompt(msgspec.Struct, frozen=True, gc=False):
    """What is known of one image: its folded prompt, its NSFW mark if it says one, its sidecar's time."""

    text: bytes
    nsfw: bool | None
    seen_ns: int


class PromptsIndex:
    """Prompts by image path. `touch` and `find` may be called from any thread, `work` from one at a time."""

    def __init__(self, root: Path, images: Images, lock: threading.RLock) -> None:
        self.root = root
        self.images = images
        self._lock = lock
        self._prompts: dict[str, Prompt] = {}
        self._counts: Counter[str] = Counter()  # in how many prompts each item is
        self._waiting: set[str] = set()
        self._working, self._counting = threading.Lock(), threading.Lock()
        self.wanted = threading.Event()

    def __len__(self) -> int:
        return len(self._prompts)

    def touch(self, paths: Iterable[str]) -> None:
        """Images that came, changed or went; they are looked at by the next `work`."""
        self._waiting.update(paths)
        self.wanted.set()

    def touch_all(self) -> None:
        """Every image that is there or was."""
        with self._lock:
            self.touch([*self.images.newest(), *self._prompts])

    def work(self, pause: Callable[[], None] = lambda: None) -> int:
        """Read the sidecars of what was touched; returns how many images were looked at. Blocking."""
        done = 0
        with self._working:
            self.wanted.clear()
            while self._waiting:
                try:
                    path = self._waiting.pop()
                except KeyError:
                    break
                self._read(path)
                done += 1
                pause()
        return done

    def _read(self, path: str) -> None:
        folder, _, name = path.rpartition("/")
        with self._lock:
            seen = self.images.folders.get(folder, {}).get(name)
        known = self._prompts.get(path)
        if seen is None or not seen[2]:
            self._put(path, None)
        elif known is None or known.seen_ns != seen[2]:
            self._put(path, read_prompt(self.root / UPLOADS / f"{path}.json", seen[2]))

    def _put(self, path: str, prompt: Prompt | None) -> None:
        old = self._prompts.pop(path, None)
        if prompt is not None:
            self._prompts[path] = prompt
        with self._counting:
            for each, step in ((old, -1), (prompt, 1)):
                for item in set(items(each.text.decode("utf-8", "replace"))) if each else ():
                    self._counts[item] += step
                    if not self._counts[item]:
                        del self._counts[item]

    def used(self) -> list[tuple[str, int]]:
        """The items of all prompts, each with how many have it."""
        with self._counting:
            return list(self._counts.items())

    def find(self, words: Iterable[str], keep: Callable[[str, bool | None], bool] | None = None) -> list[str]:
        """Paths of images whose prompt holds every word, newest first. `keep` decides by path and NSFW mark."""
        wanted = [word.casefold().encode("utf-8", "replace") for word in words]
        if not wanted:
            return []
        with self._lock:
            paths = self.images.newest()
        first, rest = max(wanted, key=len), [word for word in wanted if word != max(wanted, key=len)]
        found = []
        prompts = self._prompts
        for path in paths:
            prompt = prompts.get(path)
            if prompt is None or first not in prompt.text or any(word not in prompt.text for word in rest):
                continue
            if keep is None or keep(path, prompt.nsfw):
                found.append(path)
        return found

    def nsfw(self, path: str) -> bool | None:
        """What an image's sidecar says about NSFW; None if it says nothing."""
        prompt = self._prompts.get(path)
        return prompt.nsfw if prompt else None

    def text(self, path: str) -> str:
        """The folded prompt of an image; `""` if none is known."""
        prompt = self._prompts.get(path)
        return prompt.text.decode() if prompt else ""


def read_prompt(file: Path, seen_ns: int) -> Prompt:
    """The prompt that a sidecar holds; an empty one for a sidecar that cannot be read."""
    try:
        if file.stat().st_size > MAX_BYTES:
            return Prompt(b"", None, seen_ns)
        found = _decode(file.read_bytes())
    except (OSError, msgspec.MsgspecError, RecursionError):
        return Prompt(b"", None, seen_ns)
    return Prompt(found.positive[:MOST_LETTERS].casefold().encode("utf-8", "replace"), found.is_nsfw, seen_ns)


_decode = msgspec.json.Decoder(_Sidecar, strict=False).decode


def breathe() -> Callable[[], None]:
    """A pause every few files, so that pages are answered while a large library is read."""
    last = time.monotonic()

    def pause() -> None:
        nonlocal last
        if time.monotonic() - last > 0.005:
            time.sleep(0.002)
            last = time.monotonic()

    return pause
