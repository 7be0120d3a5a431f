"""The whole program at 10,000 assets: start to first page, a file saved to the open page changed."""

from __future__ import annotations

import json
import statistics
import threading
import time
from pathlib import Path

import httpx
from playwright.sync_api import sync_playwright

from bench.models import make_files
from bench.table import Row, p95
from tests.conftest import CHROMIUM_FLAGS, chromium
from tests.library.make import make_library
from tests.site import Site, until

ASSETS = 10_000
EDITS = 60


def measure(folder: Path) -> list[Row]:
    """Rows for `gaze run` on a made-up library in `folder`."""
    root = folder / "site"
    make_library(root, assets=ASSETS)
    loras = folder / "site loras"
    make_files(loras)
    rows = []
    for name in ("first start", "start again"):
        site = Site(root, {"GAZE_LORA_ROOT": str(loras)})
        site.log.unlink(missing_ok=True)  # else the greeting of the run before would be taken for this one's
        began = time.perf_counter()
        first_page = start(site, began)
        rows.append(Row(f"{name} to first page, {ASSETS:,} assets", first_page, "s", 2))
        rows.append(Row(f"{name} to all read", time.perf_counter() - began, "s"))
        if name == "first start":
            site.stop()
    until(lambda: site.get("/characters/create?way=lora")["files"], 120, "the model files read")
    rows += _served(site)
    rows += _edits(site)
    rows.append(Row("memory of the web process, with 10,000 model files", memory(site.children()["web"]), "MiB", 300))
    rows.append(Row("Ctrl-C to the end", site.stop(), "s", 2))
    return rows


def start(site: Site, began: float, *, wait: bool = True) -> float:
    """Start a site; how many seconds after `began` its first page came. `wait` until the library was read, too."""
    starting = threading.Thread(target=site.start, daemon=True)
    starting.start()
    while True:
        try:
            if httpx.get(f"{site.url}/", timeout=5).status_code == 200:
                taken = time.perf_counter() - began
                break
        except httpx.HTTPError:
            time.sleep(0.02)
    if wait:
        starting.join()
    return taken


def _served(site: Site) -> list[Row]:
    rows = []
    for what, path, bound in (
        ("library page over HTTP", "/characters/", 60),
        ("search keystroke over HTTP", "/characters/?q=hair&fragment=cards", 50),
        ("search box keystroke over HTTP", "/search?q=red&fragment=drop", 50),
        ("detail page over HTTP", "/characters/" + site.get("/characters/?limit=1")["characters"][0]["slug"], 0),
    ):
        times = []
        for _ in range(20):
            began = time.perf_counter()
            site.http.get(path, headers={"HX-Request": "true"} if "fragment" in path else {})
            times.append((time.perf_counter() - began) * 1000)
        rows.append(Row(what, statistics.median(times), "ms", bound))
    slugs = {name: [card["slug"] for card in site.get(f"/{name}/?limit=2")[name]] for name in ("characters", "scenes")}
    chosen = {"character": slugs["characters"][0], "scenes": slugs["scenes"], "extra_positive": "film grain, fog"}
    times = []
    for _ in range(30):
        began = time.perf_counter()
        site.http.post("/generator/preview_prompt", data=chosen, headers={"HX-Request": "true"})
        times.append((time.perf_counter() - began) * 1000)
    rows.append(Row("prompt preview over HTTP", statistics.median(times), "ms", 30))
    return rows


def _edits(site: Site) -> list[Row]:
    """From the return of an editor's save to the DOM changed, in milliseconds, in a real browser."""
    found = site.get("/characters/?limit=1")["characters"][0]
    file = site.root / found["path"]
    content = json.loads(file.read_text())
    times = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        page = browser.new_page()
        page.goto(f"{site.url}/characters/{found['slug']}")
        page.wait_for_timeout(1000)
        for number in range(EDITS):
            mark = f"edit {number} "
            content["character_name"] = mark
            page.evaluate(
                """mark => { window.seen = new Promise(done => { const look = () =>
                     document.querySelector("h1").textContent.includes(mark) ? done(Date.now())
                     : requestAnimationFrame(look); look(); }); }""",
                mark,
            )
            temporary = file.with_suffix(".tmp")
            temporary.write_text(json.dumps(content, indent=2))
            temporary.replace(file)
            saved = time.time() * 1000
            times.append(page.evaluate("window.seen") - saved)
        browser.close()
    return [
        Row("file saved to DOM changed, median", statistics.median(times), "ms"),
        Row("file saved to DOM changed, p95", p95(times), "ms", 200),
    ]


def memory(pid: int) -> float:
    """What a process holds, in MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024
