"""The gallery at 100,000 images: the first scan and what it costs pages, windows, filters, memory, the next start."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from bench.site import memory, start
from bench.table import Row, p95
from tests.library.make import make_library
from tests.library.makeimages import make_images
from tests.site import JSON, Site, until

IMAGES = 100_000
ASSETS = 500
HX = {"HX-Request": "true"}


def measure(folder: Path) -> list[Row]:
    """Rows for `gaze run` on made-up images in `folder`."""
    root = folder / "gallery"
    make_library(root, assets=ASSETS)
    make_images(root, IMAGES, assets=ASSETS)
    site = Site(root)
    start(site, time.perf_counter())
    rows = _scan(site)
    rows += _pages(site)
    rows.append(Row("memory of the web process after that", memory(site.children()["web"]), "MiB", 350))
    site.stop()
    site = Site(root)
    site.log.unlink(missing_ok=True)  # else the greeting of the run before would be taken for this one's
    began = time.perf_counter()
    rows.append(Row("start again to a first page", start(site, began, wait=False), "s", 2))
    while _total(site) < 60:
        time.sleep(0.02)
    rows.append(Row("start again to a first page of the gallery", time.perf_counter() - began, "s", 2))
    while _total(site) < IMAGES:
        time.sleep(0.1)
    rows.append(Row(f"start again to all {IMAGES:,} images", time.perf_counter() - began, "s"))
    until(lambda: "Reading the library" not in site.http.get("/queue").text, 120)
    rows += [Row(f"{row.what}, after a restart", row.value, row.unit, row.bound) for row in _pages(site)[:1]]
    rows.append(Row("memory of the web process after a restart", memory(site.children()["web"]), "MiB", 350))
    site.stop()
    return rows


def _scan(site: Site) -> list[Row]:
    """The first scan, while a page is asked for all the time."""
    began = time.perf_counter()
    times: list[float] = []
    over = threading.Event()

    def ask() -> None:
        with httpx.Client(base_url=site.url, timeout=30) as http:
            while not over.is_set():
                at = time.perf_counter()
                http.get("/scenes/")
                times.append((time.perf_counter() - at) * 1000)
                time.sleep(0.05)

    asking = threading.Thread(target=ask)
    asking.start()
    while _total(site) < IMAGES:
        time.sleep(0.25)
    took = time.perf_counter() - began
    over.set()
    asking.join()
    alone = _times(lambda: site.http.get("/scenes/"), 100)
    return [
        Row(f"first scan of {IMAGES:,} images in the background", took, "s", 60),
        Row("a page meanwhile, more than alone, median", statistics.median(times) - statistics.median(alone), "ms", 50),
        Row("a page meanwhile, more than alone, p95", p95(times) - p95(alone), "ms", 50),
    ]


def _total(site: Site) -> int:
    return int(site.http.get("/gallery?limit=1", headers=JSON).json()["total"])


def _pages(site: Site) -> list[Row]:
    """What the server takes for pages as a browser asks for them, each filter new to it."""

    def get(path: str, **headers: str) -> httpx.Response:
        answer = site.http.get(path, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer

    before = get("/gallery", **JSON).json()["next"]
    middle = str(int(before) - (300 * 86_400 * 1_000_000 << 12))
    words = iter(
        f"{one} {two}" for one in ("red", "neon", "castle", "glass") for two in ("hair", "sky", "coat", "mood")
    )
    styles = iter(range(40))
    rows = [
        ("first page of the gallery", lambda: get("/gallery"), 40),
        ("the next window", lambda: get(f"/gallery?fragment=window&before={before}", **HX), 40),
        ("a window 12,000 images down", lambda: get(f"/gallery?fragment=window&before={middle}", **HX), 40),
        ("text filter with all counts", lambda: get(f"/gallery?fragment=pics&q={next(words)}", **HX), 100),
        (
            "asset and favourites with all counts",
            lambda: get(f"/gallery?asset=styles/style_{next(styles):05}&favourite=on"),
            0,
        ),
        ("an image among those that pass", lambda: get(f"/gallery/image/{_first(site)}", **HX), 0),
    ]
    return [Row(what, statistics.median(_times(act, 12)), "ms", bound) for what, act, bound in rows]


def _first(site: Site) -> str:
    return str(site.http.get("/gallery?limit=1", headers=JSON).json()["images"][0]["path"])


def _times(act: Callable[[], Any], count: int) -> list[float]:
    times = []
    for _ in range(count):
        began = time.perf_counter()
        act()
        times.append((time.perf_counter() - began) * 1000)
    return times
