"""A real Redis for the queue alone, and whole yards: Redis, simulators and a worker process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gaze.jobs.queue import JobQueue
from gaze.jobs.redis import connect
from tests.jobs.yard import Hand, Redis, Yard
from tests.site import Simulator


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    made = Redis(tmp_path_factory.mktemp("redis")).start()
    yield made
    made.stop()


@pytest.fixture
async def queue(redis_server: Redis) -> AsyncIterator[JobQueue]:
    """An empty queue that no worker reads."""
    made = JobQueue(connect(redis_server.url))
    await made.redis.flushall()
    yield made
    await made.redis.aclose()


@pytest.fixture(scope="session")
def _yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    comfyui = Simulator(tmp_path_factory.mktemp("comfyui"), "--steps-per-second", "50").start()
    made = Yard(tmp_path_factory.mktemp("yard"), comfyui).start()
    yield made
    made.stop()
    comfyui.stop()


@pytest.fixture
async def hand(_yard: Yard) -> AsyncIterator[Hand]:
    """The shared yard, for tests that break nothing for longer than they last."""
    _yard.simulators[0].faults()
    made = Hand(_yard)
    yield made
    await made.close()
    _yard.simulators[0].faults()


@pytest.fixture
async def own_yard(tmp_path: Path, simulator: Callable[..., Simulator]) -> AsyncIterator[Callable[..., Hand]]:
    """Makes a yard for a test that breaks it, with `simulators` or with one of its own."""
    made: list[Hand] = []

    def make(*simulators: Simulator, **env: Any) -> Hand:
        root = tmp_path / f"yard{len(made)}"
        yard = Yard(root, *(simulators or (simulator("--steps-per-second", "50"),)), env=env).start()
        made.append(Hand(yard))
        return made[-1]

    yield make
    for each in made:
        await each.close()
        each.yard.stop()
