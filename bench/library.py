"""The library alone at 10,000 assets: reading, one changed file, pages, filters, the event loop."""

from __future__ import annotations

import asyncio
import gc
import json
import resource
import statistics
import time
from pathlib import Path

from bench.table import Row
from gaze.categories import declared
from gaze.library.bulk import Wish, apply
from gaze.library.query import Query
from gaze.library.service import Library
from gaze.library.undo import keep, take_back
from gaze.settings import program
from tests.library.make import make_library

ASSETS = 10_000


def measure(folder: Path) -> list[Row]:
    """Rows for a made-up library in `folder`."""
    root = folder / "library"
    make_library(root, assets=ASSETS)
    rows = []
    began = time.perf_counter()
    library = Library(root, program(), declared())
    library.scan()
    rows.append(Row(f"first read of {ASSETS:,} files", time.perf_counter() - began, "s"))
    library.save_index()
    began = time.perf_counter()
    library = Library(root, program(), declared())
    library.scan()
    rows.append(Row("read again, nothing changed", time.perf_counter() - began, "s", 2))
    rows += _pages(library)
    rows += _searches(library)
    rows += _bulk(library)
    rows.append(Row("one changed file costs the index", _one_file(library, root), "ms", 5))
    rows.append(Row("longest block of the event loop, 300 files changed", asyncio.run(_lag(root)), "ms", 20))
    rows.append(Row("memory of this process", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MiB"))
    return rows


def _pages(library: Library) -> list[Row]:
    category = max(library.counts(), key=lambda name: library.counts()[name])

    def median_ms(query: Query) -> float:
        times = []
        for _ in range(20):
            began = time.perf_counter()
            library.query(category, query)
            times.append((time.perf_counter() - began) * 1000)
        return statistics.median(times)

    return [
        Row("library page of 60 cards", median_ms(Query()), "ms", 60),
        Row("filter by favourite and NSFW", median_ms(Query(favourite=True, nsfw="sfw")), "ms", 50),
        Row("text filter", median_ms(Query(q="hair")), "ms", 50),
    ]


def _searches(library: Library) -> list[Row]:
    """A keystroke in the search box: words that many, few and no assets hold."""
    rows = []
    for what, q in (("many hits", "red"), ("few hits", "character 00123"), ("no hit", "zzz")):
        times = []
        for _ in range(20):
            began = time.perf_counter()
            library.search(q, limit=8)
            times.append((time.perf_counter() - began) * 1000)
        rows.append(Row(f"search keystroke, {what}", statistics.median(times), "ms", 50))
    return rows


def _bulk(library: Library) -> list[Row]:
    """Each act on 500 assets, every file written whole, and what takes it back."""
    category = next(iter(library.categories.values()))
    slugs = library.slugs(category.name, Query())[-500:]
    field = next(field for field in category.sections["tags"] if field.kind != "switch")
    rows = []
    for wish in (Wish(act="favourite"), Wish(act="tag", field=field, value="Bench"), Wish(act="delete")):
        began = time.perf_counter()
        done = apply(library, category.name, slugs, wish)
        rows.append(Row(f"bulk {wish.act} of {len(slugs)}", time.perf_counter() - began, "s", 5))
        name = keep(library.root, done.steps)
        for entry in library.trash.together(done.batch) if done.batch else ():
            library.trash.restore(entry.id)
        if name:
            take_back(library, name)
    return rows


def _one_file(library: Library, root: Path) -> float:
    file = next(iter(sorted((root / "data/characters").rglob("*.json"))))
    path = file.relative_to(root).as_posix()
    content = json.loads(file.read_text())
    times = []
    for number in range(40):
        content["character_name"] = f"Changed {number}"
        file.write_text(json.dumps(content, indent=2))
        began = time.perf_counter()
        library.refresh(path)
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


async def _lag(root: Path) -> float:
    """The longest time for which the loop could not run while 300 files change."""
    library = Library(root, program(), declared())
    await library.start()
    while not library.ready:
        await asyncio.sleep(0.05)
    await asyncio.sleep(1)
    gc.collect()
    longest = 0.0
    stop = asyncio.Event()

    async def probe() -> None:
        nonlocal longest
        while not stop.is_set():
            began = time.perf_counter()
            await asyncio.sleep(0.001)
            longest = max(longest, time.perf_counter() - began - 0.001)

    probing = asyncio.create_task(probe())
    files = sorted((root / "data/characters").rglob("*.json"))[:300]

    def change() -> None:
        for file in files:
            file.write_text(file.read_text().replace("hair", "hair "))

    await asyncio.to_thread(change)
    await asyncio.sleep(2)
    stop.set()
    await probing
    await library.stop()
    return longest * 1000
