"""Jobs through web, worker and simulator: how many a second, how quickly hundreds are queued, how little is idle."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.table import Row
from tests.site import Simulator, Site, character, until

BATCH = 20  # the most images that one form asks for
SMALL = {"width": "256", "height": "256"}


def measure(folder: Path) -> list[Row]:
    """Rows for jobs. The simulator draws at full speed, but for the row that counts idle time: 1 s a job there."""
    return [*_speed(folder / "speed"), *_many(folder / "many"), *_idle(folder / "idle")]


@contextmanager
def _site(folder: Path, *simulator: str, characters: int = 1) -> Iterator[Site]:
    drawing = Simulator(folder / "comfy", *simulator).start()
    site = Site(folder / "root", {"GAZE_COMFYUI_URLS": drawing.url})
    for number in range(characters):
        site.write(f"data/characters/c{number}.json", character(f"c{number}"))
    site.start()
    try:
        until(lambda: site.http.get("/characters/c0").status_code == 200, what="the library")
        yield site
    finally:
        site.stop()
        drawing.stop()


def _images(site: Site) -> int:
    return len(list(site.root.glob("static/uploads/**/*.png.json")))


def _speed(folder: Path, wanted: int = 200) -> Iterator[Row]:
    with _site(folder, "--steps-per-second", "0") as site:
        site.wait(site.generate("/characters/c0", **SMALL)[0])
        began = time.perf_counter()
        for _ in range(wanted // BATCH):
            site.generate("/characters/c0", **SMALL, count=str(BATCH))
        until(lambda: _images(site) > wanted, 120, "the last picture")
        yield Row("jobs a second through web, worker, simulator", wanted / (time.perf_counter() - began), "/s", 0)


def _many(folder: Path, wanted: int = 500) -> Iterator[Row]:
    with _site(folder, "--steps-per-second", "0", characters=wanted) as site:
        until(lambda: site.get("/characters/?limit=1")["total"] == wanted, what="the characters")
        site.post("/queue/comfy/pause")
        began = time.perf_counter()
        made = site.post("/characters/generate_missing").json()
        yield Row(f"{len(made['job_ids'])} covers queued by one click", time.perf_counter() - began, "s", 1)
        site.post("/characters/generate_missing")
        times = []
        for _ in range(20):
            began = time.perf_counter()
            site.http.get("/queue")
            times.append((time.perf_counter() - began) * 1000)
        yield Row("queue page with 1,000 queued", statistics.median(times), "ms", 60)
        began = time.perf_counter()
        site.post("/queue/comfy/cancel_all")
        yield Row("1,000 jobs cancelled", time.perf_counter() - began, "s", 0)


def _idle(folder: Path, wanted: int = 60) -> Iterator[Row]:
    with _site(folder, "--steps-per-second", "20") as site:
        began = time.perf_counter()
        for _ in range(wanted // BATCH):
            site.post("/generator", character="c0", workflow="plain", steps="20", count=str(BATCH), **SMALL)
        until(lambda: _images(site) >= wanted, 180, "the last picture")
        yield Row(f"{wanted} jobs of 1 s each at one server", time.perf_counter() - began, "s", 63)
