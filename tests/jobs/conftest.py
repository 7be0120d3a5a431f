"""A real Redis for the queue alone, and whole yards: Redis, simulators and a worker process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

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
