"""The tag list at 200,000 tags: import, memory, completion, lint of 10,000 assets."""

from __future__ import annotations

import csv
import random
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bench.table import Row, p95
from gaze.categories import declared
from gaze.danbooru.find import suggest
from gaze.danbooru.taglist import TagList
from gaze.library.lint import Lint
from gaze.library.service import Library
from gaze.settings import program
from gaze.web.editing.promptwords import prompt_words
from gaze.web.editing.vocabulary import Vocabulary
from tests.library.make import make_library

TAGS = 200_000
ASSETS = 10_000

# What a process needs beyond itself to hold the list.
_MEMORY = """
import resource, sys
from functools import partial
from pathlib import Path
from gaze.danbooru.taglist import TagList
from gaze.settings import program
def now():
    return int(next(l for l in open("/proc/self/status") if l.startswith("VmRSS")).split()[1]) / 1024
before = now()
index = TagList(Path(sys.argv[1]), program())().index
print(now() - before)
"""


def measure(folder: Path) -> list[Row]:
    """Rows of the table; times are of this process, so another one beside it costs what it costs."""
    root, file = folder / "tags root", folder / "tags.csv"
    make_library(root, ASSETS)
    (root / "data/.gaze").mkdir(parents=True, exist_ok=True)
    make_tags(file)
    tags = TagList(root, program())
    content = file.read_bytes()
    took_s = _took_s(lambda: tags.take_in(content))
    again_s = _took_s(lambda: TagList(root, program())())
    memory = subprocess.run(
        [sys.executable, "-c", _MEMORY, str(root)], capture_output=True, text=True, check=True, cwd=Path.cwd()
    )
    index = tags().index
    typed = _typed(index)
    library = Library(root, program(), declared())
    library.scan()
    words: Any = Vocabulary()
    words.follow(library)
    gaze: Any = SimpleNamespace(library=library, tags=tags)
    words.own_tags(library)
    with words._making:
        pass
    lint = Lint(root, program(), library.each, library.preferences.of, tags.lookup, lambda asset: ())
    lint_s = _took_s(lint.look)
    return [
        Row(f"import {TAGS:,} tags", took_s, "s", 3),
        Row("read the list again at a start", again_s * 1000, "ms", 500),
        Row("memory for the list", float(memory.stdout), "MiB", 100),
        Row("suggest a tag, 95 of 100", _p95_ms(lambda text: suggest(index, text), typed), "ms", 10),
        Row(
            f"completion with the tags of {ASSETS:,} assets, 95 of 100",
            _p95_ms(lambda text: prompt_words(gaze, words, text, 8), typed),
            "ms",
            10,
        ),
        Row("what goes with a tag", _p95_ms(lambda text: words.related(library, text, 6), ["blue", "red hair"]), "ms"),
        Row(f"lint of {ASSETS:,} assets, in the background", lint_s, "s", 60),
        Row("lint again, nothing changed", _took_s(lint.look) * 1000, "ms"),
    ]


def make_tags(file: Path, count: int = TAGS) -> None:
    """A list as long as the real one, of made-up words of as many lengths and as unevenly used."""
    rng = random.Random(4)
    letters = "etaoinshrdluvcmkbgpywfjxz"
    words = list(
        {"".join(rng.choices(letters, range(len(letters), 0, -1), k=rng.randint(3, 9))) for _ in range(45_000)}
    )
    seen: set[str] = set()
    with file.open("w", newline="") as out:
        rows = csv.writer(out)
        while len(seen) < count:
            name = "_".join(rng.choices(words, k=rng.choice([1, 2, 2, 2, 3, 3])))
            name += f"_({rng.choice(words)})" if rng.random() < 0.3 else ""
            if name not in seen:
                aliases = ["_".join(rng.choices(words, k=2)) for _ in range(rng.choice([0, 0, 0, 1, 1, 2, 3]))]
                seen.add(name)
                rows.writerow([name, rng.choice([0, 0, 1, 3, 4, 4, 5]), int(6e6 / len(seen) ** 0.9), ",".join(aliases)])


def _typed(index: Any) -> list[str]:
    """What is typed on the way to a tag, at times with two letters swapped."""
    rng = random.Random(1)
    typed = []
    for _ in range(400):
        name = index.names[rng.randrange(len(index))].replace("_", " ")
        text = name[: rng.randint(1, len(name))]
        at = rng.randrange(1, len(text) - 1) if len(text) > 5 and rng.random() < 0.3 else 0
        typed.append(text[:at] + text[at + 1] + text[at] + text[at + 2 :] if at else text)
    return typed


def _p95_ms(ask: Callable[[str], object], texts: list[str]) -> float:
    return p95([_took_s(partial(ask, text)) for text in texts]) * 1000


def _took_s(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began
