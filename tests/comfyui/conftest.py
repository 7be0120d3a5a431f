"""A replaying server, a client of it, and a simulator that all tests of this folder share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from tests.comfyui.replay import Replay
from tests.site import Simulator


@pytest.fixture(scope="session")
def _replay() -> Iterator[Replay]:
    made = Replay().start()
    yield made
    made.stop()


@pytest.fixture
def replay(_replay: Replay) -> Iterator[Replay]:
    """A replaying server that has not been asked anything and knows an empty queue only."""
    _replay.reset()
    yield _replay
    _replay.cut()


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def comfyui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """One simulator for a module; a test that switches faults on takes them off."""
    made = Simulator(tmp_path_factory.mktemp("comfyui"), "--steps-per-second", "50").start()
    yield made
    made.stop()
