"""What tests of every layer share: a running GAZE, simulators, a browser. Nothing of ours is replaced."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests.site import REPOSITORY, Simulator, Site, character

# Speed is for bench/: a slow machine must not fail a property.
hypothesis.settings.register_profile("gaze", deadline=None)
hypothesis.settings.load_profile("gaze")

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def library(root: Path) -> Path:
    """A root with a few assets of several categories."""
    for slug, name in (("alice", "Alice"), ("mira_vale", "Mira Vale"), ("sora", "Sora")):
        _write(root / f"data/characters/{slug}.json", character(slug, name))
    _write(
        root / "data/scenes/beach.json",
        {"scene_id": "beach", "scene_name": "Beach", "scene": {"background": "beach", "lighting": "sunset"}},
    )
    _write(
        root / "data/actions/waving.json",
        {"action_id": "waving", "action_name": "Waving", "action": {"arms": "arm up", "hands": "waving"}},
    )
    _write(
        root / "data/presets/evening.json",
        {"preset_id": "evening", "preset_name": "Evening", "recipe": {"character": "alice", "scenes": ["beach"]}},
    )
    return root


def _write(file: Path, content: Any) -> None:
    import json

    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content, indent=2) + "\n")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One GAZE for all tests that only use it; each test works on assets of its own."""
    made = Site(library(tmp_path_factory.mktemp("site")), {"GAZE_API_KEY": "test-key"}).start()
    yield made
    made.stop()


@pytest.fixture
def own_site(tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Makes a GAZE for a test that breaks it; `env` adds to its environment."""
    made: list[Site] = []

    def make(**env: str) -> Site:
        made.append(Site(library(tmp_path / f"root{len(made)}"), env).start())
        return made[-1]

    yield make
    for each in made:
        each.stop()


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[Callable[..., Simulator]]:
    """Makes ComfyUI simulators in processes of their own."""
    made: list[Simulator] = []

    def make(*arguments: str) -> Simulator:
        made.append(Simulator(tmp_path / f"comfy{len(made)}", *arguments).start())
        return made[-1]

    yield make
    for each in made:
        each.stop()


@pytest.fixture
async def own_yard(tmp_path: Path, simulator: Callable[..., Simulator]) -> AsyncIterator[Callable[..., Any]]:
    """Makes Redis, a worker and no pages for a test that breaks them, with `simulators` or with one of its own."""
    from tests.jobs.yard import Hand, Yard

    made: list[Hand] = []

    def make(*simulators: Simulator, **env: str) -> Hand:
        used = simulators or (simulator("--steps-per-second", "50"),)
        made.append(Hand(Yard(tmp_path / f"yard{len(made)}", *used, env=env).start()))
        return made[-1]

    yield make
    for each in made:
        await each.close()
        each.yard.stop()


def chromium() -> str | None:
    """The Chromium of this machine."""
    named = os.environ.get("GAZE_CHROMIUM")
    return named or next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
    )


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A real headless Chromium; without one the test is skipped, in CI it fails.

    One a module: while Playwright runs, no test of another module can have an event loop of its own.
    """
    path = chromium()
    if path is None:
        message = "No Chromium here: apt-get install chromium, or name one in GAZE_CHROMIUM"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def pages(browser: Any, site: Site) -> Iterator[Callable[..., Any]]:
    """Opens pages of one browser profile on the shared site; their script errors fail the test."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=site.url)
    wrong: list[str] = []
    context.on("weberror", lambda error: wrong.append(str(error.error)))

    def note(message: Any) -> None:
        # A refused form is an answer like any other; the browser logs each as an error.
        if message.type == "error" and "Failed to load resource" not in message.text:
            wrong.append(message.text)

    def open_page(path: str = "/", **options: Any) -> Any:
        page = context.new_page()
        page.on("console", note)
        page.goto(path, **options)
        return page

    open_page.context = context  # type: ignore[attr-defined]
    yield open_page
    context.close()
    assert not wrong, f"the pages reported errors: {wrong}"


AXE = (REPOSITORY / "tests/vendor/axe.min.js").read_text()
