"""Finding a run or submitting it, step by step in this process; pictures are not kept here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from gaze.comfyui import client
from gaze.comfyui.client import Comfy, Unreachable
from gaze.comfyui.pool import Pool
from gaze.comfyui.socket import Listener, Socket
from gaze.jobs.choose import Slots
from gaze.jobs.follow import Again, Meter, Over, follow
from gaze.jobs.queue import JobQueue
from gaze.jobs.record import Attempt, Job, Work, new_id
from gaze.jobs.serve import KeepInLibrary
from gaze.jobs.submit import resume, submit, with_prefix
from gaze.jobs.tools import JobTools
from tests.comfyui.replay import Replay
from tests.graphs import a_graph
from tests.jobs.yard import a_job, some_work
from tests.site import Simulator

NOBODY = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def comfyui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    made = Simulator(tmp_path_factory.mktemp("comfyui"), "--steps-per-second", "50").start()
    yield made
    made.stop()


@pytest.fixture
def replay() -> Iterator[Replay]:
    made = Replay().start()
    yield made
    made.stop()


class Bench:
    """The tools of a worker, on servers of the test's choice."""

    def __init__(self, queue: JobQueue, http: httpx.AsyncClient) -> None:
        self.urls: list[str] = []
        self.events: dict[str, asyncio.Event] = {}
        self.pool = Pool(http, lambda: self.urls, "", new_id(), usual_url=NOBODY)

        async def added(path: str, category: str, slug: str) -> None: ...

        keep: Any = None
        self.tools = JobTools(queue, self.pool, Slots(queue.redis), keep, added, self.cancelled)

    def cancelled(self, job_id: str) -> asyncio.Event:
        return self.events.setdefault(job_id, asyncio.Event())

    async def queued(self, work: Work, *urls: str, **fields: Any) -> Job:
        self.urls = list(urls)
        await self.pool.refresh()
        job = a_job(**fields)
        await self.tools.queue.enqueue([(job, work)])
        return job


@pytest.fixture
async def bench(queue: JobQueue) -> AsyncIterator[Bench]:
    async with httpx.AsyncClient(trust_env=False) as http:
        made = Bench(queue, http)
        yield made
        await made.pool.close()


async def test_an_attempt_is_written_down_before_it_is_sent(bench: Bench, replay: Replay) -> None:
    replay.replay("system_stats")
    replay.say("GET", "/object_info", {})
    work = some_work({"9": {"class_type": "SaveImage", "inputs": {}}})
    replay.say("GET", "/object_info", {"SaveImage": {"input": {}}})
    replay.say("POST", "/prompt", b"no", 500, "text/plain")
    job = await bench.queued(work, replay.url)

    with pytest.raises(Over, match="answered 500"):
        await submit(bench.tools, job, work)

    sent = next(body for method, path, body in replay.asked if (method, path) == ("POST", "/prompt"))
    written = await bench.tools.queue.get(job.id)
    assert [attempt.prompt_id for attempt in written.attempts] == [sent["prompt_id"]]
    assert sent["extra_data"]["extra_pnginfo"]["gaze"]["job"] == job.id


async def test_F75_a_prompt_that_was_taken_without_an_answer_is_not_sent_twice(
    bench: Bench, comfyui: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "_SUBMIT", httpx.Timeout(0.3))
    comfyui.faults({"name": "prompt-timeout", "seconds": 1, "times": 1})
    before = comfyui.state()["prompts"]["accepted"]
    work = some_work(a_graph())
    job = await bench.queued(work, comfyui.url)

    _, submitted = await submit(bench.tools, job, work)

    assert comfyui.state()["prompts"]["accepted"] == before + 1
    assert not submitted.attempts[-1].lost
    comfyui.faults()


async def test_a_prompt_that_never_arrived_is_no_attempt(bench: Bench, comfyui: Simulator) -> None:
    work = some_work(a_graph())
    job = await bench.queued(work, comfyui.url)
    await bench.pool.object_info(comfyui.url)
    bench.pool._backends = {NOBODY: _at(bench, NOBODY)}
    bench.pool._infos[NOBODY] = bench.pool._infos[comfyui.url]
    bench.urls = [NOBODY]

    with pytest.raises(Unreachable):
        await submit(bench.tools, job, work)

    assert (await bench.tools.queue.get(job.id)).attempts == ()


def _at(bench: Bench, url: str) -> Any:
    import msgspec

    return msgspec.structs.replace(next(iter(bench.pool._backends.values())), url=url)


async def test_a_run_in_the_queue_is_found_again(bench: Bench, comfyui: Simulator) -> None:
    work = some_work(a_graph(steps=500))
    job = await bench.queued(work, comfyui.url)
    _, submitted = await submit(bench.tools, job, work)

    found = await resume(bench.tools, submitted, work)

    assert found and found[0].backend == comfyui.url
    await bench.pool.client(comfyui.url).cancel(submitted.attempts[0].prompt_id)


async def test_a_run_that_its_server_has_lost_is_submitted_again(bench: Bench, comfyui: Simulator) -> None:
    work = some_work()
    job = await bench.queued(work, comfyui.url, attempts=(Attempt(new_id(), comfyui.url),))

    with pytest.raises(Again, match="restarted"):
        await resume(bench.tools, job, work)


async def test_a_run_at_the_only_server_is_waited_for(bench: Bench) -> None:
    work = some_work()
    job = await bench.queued(work, NOBODY, attempts=(Attempt(new_id(), NOBODY),))

    with pytest.raises(Unreachable):
        await resume(bench.tools, job, work)


async def test_a_run_at_a_server_no_longer_named_is_given_away(bench: Bench, comfyui: Simulator) -> None:
    work = some_work()
    job = await bench.queued(work, comfyui.url, attempts=(Attempt(new_id(), NOBODY),))

    with pytest.raises(Again, match="given to another server"):
        await resume(bench.tools, job, work)

    assert await bench.tools.queue.redis.zcard("gaze:strays") == 1


async def test_lost_attempts_are_not_looked_for(bench: Bench, comfyui: Simulator) -> None:
    work = some_work()
    job = await bench.queued(work, comfyui.url, attempts=(Attempt(new_id(), NOBODY, lost=True),))

    assert await resume(bench.tools, job, work) is None


async def followed(replay: Replay, ear: Listener, prompt_id: str) -> None:
    """What `follow` makes of a run about which the socket has just said what `ear` holds."""

    async def nothing(listener: Listener) -> bool:
        return False

    ear._news.set()
    async with httpx.AsyncClient(trust_env=False) as http:
        socket = Socket(replay.url, "c")
        await follow(Comfy(replay.url, http), socket, ear, prompt_id, some_work(), asyncio.Event(), nothing)


async def test_F70_success_without_a_picture_is_run_again(replay: Replay) -> None:
    prompt_id = new_id()
    done = {"status": {"status_str": "success", "messages": []}, "outputs": {}}
    replay.say("GET", f"/history/{prompt_id}", {prompt_id: done})
    ear = Listener()
    ear.over = True

    with pytest.raises(Again, match="without a picture"):
        await followed(replay, ear, prompt_id)


async def test_F78_a_failure_without_any_event_is_failed_in_words(replay: Replay) -> None:
    prompt_id = new_id()
    failed = {"status": {"status_str": "error", "messages": []}, "outputs": {}}
    replay.say("GET", f"/history/{prompt_id}", {prompt_id: failed})
    ear = Listener()
    ear.gap = True

    with pytest.raises(Over, match="says only that the run failed") as over:
        await followed(replay, ear, prompt_id)

    assert over.value.status == "failed"


def test_each_attempt_saves_under_a_prefix_of_its_own() -> None:
    work = some_work(a_graph(1))

    prefixes = {with_prefix(work.graph, work, new_id())["9"]["inputs"]["filename_prefix"] for _ in range(20)}

    assert len(prefixes) == 20 and all(prefix.startswith("gaze/alice_") for prefix in prefixes)
    assert work.graph["9"]["inputs"]["filename_prefix"] == "x"


async def test_the_eta_follows_the_speed_of_the_steps(queue: JobQueue) -> None:
    work, job, clock = some_work(a_graph(steps=100)), a_job(), [100.0]
    await queue.enqueue([(job, work)])
    meter, ear = Meter(queue, job, work, lambda: clock[0]), Listener()
    from gaze.comfyui.socket import Heard

    for value in (1, 11):
        ear.tell(Heard("step", "3", value, 100))
        await meter.tell(ear)
        clock[0] += 2.0

    seen = await queue.get(job.id)
    assert (seen.progress.per_s, seen.eta) == (5.0, 17.8)


def test_a_picture_saved_before_a_crash_is_not_saved_twice(tmp_path: Any) -> None:
    from gaze.categories import declared
    from gaze.library.service import Library
    from gaze.settings import program

    library = Library(tmp_path, program(), declared())
    (tmp_path / "data").mkdir()
    library.scan()
    keep, png = KeepInLibrary(library), a_png()

    first = keep.save("characters", "alice", "20260101T000000_0123abcd", png, {"job_id": "1"})
    again = keep.save("characters", "alice", "20260101T000000_0123abcd", png, {"job_id": "1"})

    assert first == again and len(list(tmp_path.rglob("*.png"))) == 1


def test_a_picture_whose_sidecar_was_never_written_is_saved_anew(tmp_path: Any) -> None:
    from gaze.categories import declared
    from gaze.library.service import Library
    from gaze.settings import program

    library = Library(tmp_path, program(), declared())
    (tmp_path / "data").mkdir()
    library.scan()
    keep, png = KeepInLibrary(library), a_png()
    first = keep.save("characters", "alice", "20260101T000000_0123abcd", png, {"job_id": "1"})
    (tmp_path / "static/uploads" / f"{first}.json").unlink()

    again = keep.save("characters", "alice", "20260101T000000_0123abcd", png, {"job_id": "1"})

    assert first == again and (tmp_path / "static/uploads" / f"{first}.json").is_file()


def a_png() -> bytes:
    import io

    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG")
    return out.getvalue()
