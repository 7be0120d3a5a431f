"""A worker process between a real Redis and simulated ComfyUIs, without the pages: jobs are put in directly."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import redis

from gaze.jobs.queue import JobQueue
from gaze.jobs.record import Job, Work, new_id, now
from gaze.jobs.redis import EmbeddedServer, connect, redis_url
from gaze.settings import Settings
from tests.graphs import a_graph
from tests.site import REPOSITORY, Simulator, character, clean_env

OVER = ("done", "failed", "cancelled")


def a_job(label: str = "Alice", **fields: Any) -> Job:
    given = {"kind": "image", "category": "characters", "slug": "alice", **fields}
    return Job(id=new_id(), label=label, created=now(), **given)


def some_work(graph: dict[str, Any] | None = None, **fields: Any) -> Work:
    given: dict[str, Any] = {
        "graph": graph or a_graph(),
        "roles": {"save": "9"},
        "prefix": "gaze/alice",
        "recipe": {"subject": "characters/alice"},
        "positive": "1girl",
        "negative": "lowres",
        "checkpoint": "Illustrious/model.safetensors",
        "assets": {"characters": ["alice"]},
        "versions": {"characters/alice": "abc"},
        **fields,
    }
    return Work(**given)


async def until(look: Callable[[], Any], within_s: float = 15.0, what: str = "") -> Any:
    """The first true value of `look`, which may be awaited; fails with `what` after `within_s`."""
    deadline = time.monotonic() + within_s
    while True:
        found = look()
        found = await found if asyncio.iscoroutine(found) else found
        if found:
            return found
        assert time.monotonic() < deadline, f"{what or look} did not happen within {within_s} s"
        await asyncio.sleep(0.01)


class Redis:
    """The embedded server on a folder of its own."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.settings = Settings(root=root)
        self.server = EmbeddedServer(self.settings)
        self.url = redis_url(self.settings)

    def start(self) -> Redis:
        self.server.start()
        return self

    def plain(self) -> redis.Redis:
        """A client that waits for answers."""
        return redis.Redis.from_url(self.url)

    def kill(self) -> None:
        assert self.server.pid
        os.kill(self.server.pid, signal.SIGKILL)
        self.server._process.wait()  # type: ignore[union-attr]

    def stop(self) -> None:
        self.server.stop()


def misconf(plain: redis.Redis, folder: Path) -> Callable[[], None]:
    """Make a Redis refuse to write, as on a full disk; the value mends it."""
    obstacle = folder / "dump.rdb"
    obstacle.mkdir()
    (obstacle / "x").touch()
    plain.config_set("save", "100000 1")
    plain.bgsave()
    deadline = time.monotonic() + 5
    while plain.info("persistence")["rdb_last_bgsave_status"] != "err":
        assert time.monotonic() < deadline
        time.sleep(0.02)

    def heal() -> None:
        (obstacle / "x").unlink()
        obstacle.rmdir()
        plain.config_set("save", "")
        plain.config_set("stop-writes-on-bgsave-error", "no")

    return heal


class Yard:
    """Redis, simulators and comfy workers on one root."""

    def __init__(self, root: Path, *simulators: Simulator, env: dict[str, str] | None = None) -> None:
        self.root = root
        self.simulators = simulators
        self.redis = Redis(root)
        self.workers: list[subprocess.Popen[bytes]] = []
        self.log = root / "worker.log"
        self._env = env or {}
        file = root / "data/characters/alice.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(character("alice")))

    def start(self) -> Yard:
        self.redis.start()
        self.add_worker()
        return self

    def add_worker(self) -> subprocess.Popen[bytes]:
        urls = ",".join(simulator.url for simulator in self.simulators)
        env = clean_env(
            **{"GAZE_REDIS_URL": self.redis.url, "GAZE_COMFYUI_URLS": urls, "GAZE_LOG": "info", **self._env}
        )
        command = [sys.executable, "-m", "gaze", "worker", "comfy", "--root", str(self.root)]
        with self.log.open("ab") as log:
            self.workers.append(subprocess.Popen(command, env=env, cwd=REPOSITORY, stdout=log, stderr=log))
        return self.workers[-1]

    def stop(self) -> None:
        for worker in self.workers:
            worker.terminate()
        for worker in self.workers:
            try:
                worker.wait(4)
            except subprocess.TimeoutExpired:
                worker.kill()
        self.redis.stop()

    def images(self) -> list[Path]:
        """The pictures that were kept."""
        return sorted(self.root.glob("static/uploads/**/*.png"))


class Hand:
    """A test's hold of a yard: puts jobs in and waits for what comes of them."""

    def __init__(self, yard: Yard) -> None:
        self.yard = yard
        self.queue = JobQueue(connect(yard.redis.url))

    async def put(self, graph: dict[str, Any] | None = None, **work: Any) -> Job:
        """Queue a job; `job` in `work` are fields of its record."""
        job = a_job(**work.pop("job", {}))
        await self.queue.enqueue([(job, some_work(graph, **work))])
        return job

    async def wait(self, job: Job, status: str = "done", within_s: float = 20) -> Job:
        """The record once it has this status; fails if it ends otherwise."""
        deadline = time.monotonic() + within_s
        while True:
            seen = await self.queue.get(job.id)
            if seen.status == status:
                return seen
            log = self.yard.log.read_text()[-2000:]
            assert seen.status not in OVER, f"{seen.status}: {seen.error or seen.message}\n{log}"
            assert time.monotonic() < deadline, f"still {seen.status} ({seen.message}), not {status}\n{log}"
            await asyncio.sleep(0.02)

    def sidecar(self, job: Job) -> dict[str, Any]:
        assert job.result is not None
        file = self.yard.root / "static/uploads" / f"{job.result.relative_path}.json"
        return dict(msgspec.json.decode(file.read_bytes()))

    async def close(self) -> None:
        await self.queue.redis.aclose()
