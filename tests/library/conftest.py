"""A root folder in tmp_path, a library on it, and a live one whose changes can be waited for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from gaze.categories import declared
from gaze.library.changes import Change, Progress
from gaze.library.service import Library
from tests.library.make import write_json

PROGRAM = Path(__file__).parents[2]


def character(slug: str, name: str = "", **more: Any) -> dict[str, Any]:
    return {"character_id": slug, "character_name": name or slug.title(), **more}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_json(tmp_path, "data/characters/tifa.json", character("tifa", "Tifa", identity={"hair": "black hair"}))
    return tmp_path


@pytest.fixture
def told() -> list[Change]:
    return []


@pytest.fixture
def library(root: Path, told: list[Change]) -> Library:
    """A library that has read its root and tells changes to `told`."""
    made = Library(root, PROGRAM, declared(), told.extend)
    made.scan()
    told.clear()
    return made


class Live:
    """A running library; `until` waits for a state of things, never for a time."""

    def __init__(self, root: Path) -> None:
        self.told: list[Change] = []
        self.library = Library(root, PROGRAM, declared(), self.told.extend)

    async def until(self, holds: Callable[[], Any], within_s: float = 6.0) -> Any:
        deadline = time.monotonic() + within_s
        while not (found := holds()):
            assert time.monotonic() < deadline, f"did not come true within {within_s} s; told: {self.told[-5:]}"
            await asyncio.sleep(0.005)
        return found

    async def start(self, *, polling: bool = False) -> Live:
        await self.library.start(polling=polling)
        await self.until(lambda: any(isinstance(change, Progress) for change in self.told) and self.library.ready)
        self.told.clear()
        return self


@pytest.fixture
async def live(root: Path) -> AsyncIterator[Live]:
    made = await Live(root).start()
    yield made
    await made.library.stop()
