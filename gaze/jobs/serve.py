"""The comfy worker's process: tools made once, the arq worker, and the tasks beside it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Coroutine, Mapping
from typing import Any

import httpx
import redis

from gaze.comfyui.pool import Pool
from gaze.jobs import events
from gaze.jobs.choose import PER_BACKEND, Slots
from gaze.jobs.image_job import image_job
from gaze.jobs.queue import JobQueue
from gaze.jobs.record import QueueName, new_id
from gaze.jobs.redis import connect
from gaze.jobs.strays import collect
from gaze.jobs.tools import JobTools
from gaze.jobs.webhook import Webhook, tell
from gaze.jobs.worker import MOST_JOBS, Cancels, JobFunction, hear_cancels, make_worker, tend
from gaze.library.images import UPLOADS, folder_of
from gaze.library.secrets import Secrets
from gaze.library.service import Library
from gaze.settings import LiveSettings

log = logging.getLogger("gaze.jobs")


class KeepInLibrary:
    """Pictures go into the library's folders; the covers and previews of their assets into its state."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def save(self, category: str, slug: str, stem: str, data: bytes, sidecar: Mapping[str, Any]) -> str:
        """As the library saves; a run that was saved before (a worker died right after that) is not saved twice."""
        folder = self._library.root / UPLOADS / folder_of(category, slug)
        for image in folder.glob(f"{stem}.*"):  # the stem bears the mark of the run
            if image.suffix == ".json":
                continue
            if image.with_name(f"{image.name}.json").is_file():
                return image.relative_to(self._library.root / UPLOADS).as_posix()
            image.unlink()  # died before its sidecar
        return self._library.gallery.save(category, slug, stem, data, sidecar)

    def show(self, category: str, slug: str, path: str, action: str, kind: str) -> None:
        self._library.preferences.show_image(
            category, slug, path, as_cover=action == "replace", if_none=kind == "cover"
        )

    def read(self, path: str) -> bytes:
        return self._library.gallery.content(path)

    def put_in_sweep(self, sweep: str, cell: str, path: str) -> None:
        category, slug, sweep_id = sweep.split("/")
        self._library.sweeps.put_image(category, slug, sweep_id, cell, path)


async def serve_comfy(settings: LiveSettings, redis_url: str, library: Library) -> None:
    """Do image jobs until SIGTERM or SIGINT; running ones are given back and found again."""
    connection = connect(redis_url, connections=100)
    queue = JobQueue(connection, settings().keep_jobs_h * 3600)
    slots, cancels = Slots(connection), Cancels()
    async with httpx.AsyncClient(limits=httpx.Limits(max_keepalive_connections=50), trust_env=False) as http:
        pool = Pool(http, lambda: settings().comfyui_urls, settings().simulator_url, client_id=new_id())

        async def image_added(path: str, category: str, slug: str) -> None:
            await events.publish_once(connection, (f"image:{path}", "1", events.ImageAdded(path, category, slug)))

        tools = JobTools(queue, pool, slots, KeepInLibrary(library), image_added, cancels.of)

        kept = Secrets(settings().private)
        webhook = Webhook(http, queue, lambda: settings().webhook_url or str(kept().get("webhook_url") or ""))

        async def run(job_id: str) -> None:
            try:
                await image_job(tools, job_id)
                await tell(webhook, job_id)
            finally:
                cancels.forget(job_id)

        async def backends_changed() -> None:
            if pool.healthy():
                await queue.wake("comfy")

        async def keep_places() -> None:
            while True:
                await asyncio.sleep(3)
                with contextlib.suppress(redis.RedisError):
                    await slots.renew()
                    await collect(connection, pool)

        await pool.refresh()
        with contextlib.suppress(redis.RedisError):
            await backends_changed()  # jobs that waited when the last worker ended
        functions: list[tuple[str, JobFunction]] = [("image_job", run)]
        worker = make_worker(connection, "comfy", functions, MOST_JOBS)
        await run_worker(
            worker,
            queue,
            "comfy",
            hear_cancels(queue, cancels),
            tend(queue, "comfy", worker, lambda: PER_BACKEND * len(pool.healthy())),
            pool.watch(backends_changed, every_s=1.0),
            keep_places(),
        )
        await pool.close()


async def run_worker(worker: Any, queue: JobQueue, name: QueueName, *beside: Coroutine[Any, Any, None]) -> None:
    """Run an arq worker with the tasks beside it until a signal; then end all of them."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    tasks = [asyncio.create_task(task) for task in beside]
    main = asyncio.create_task(_keep_running(worker), name=f"{name} worker")
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait({main, waiting}, return_when=asyncio.FIRST_COMPLETED)
    for task in (*tasks, waiting, *worker.tasks.values(), main):
        task.cancel()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(
            asyncio.gather(*tasks, waiting, main, *worker.tasks.values(), return_exceptions=True), 1.0
        )
    await queue.redis.aclose()


async def _keep_running(worker: Any) -> None:
    """Run the worker; start it anew if Redis was away at the wrong moment."""
    while True:
        try:
            await worker.main()
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("the worker stumbled and goes on")
            await asyncio.sleep(0.5)
