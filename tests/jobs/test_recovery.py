"""What a job goes through while servers, networks and Redis come and go."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import redis

from gaze.jobs.record import Job
from gaze.jobs.strays import take_off
from tests.graphs import a_graph
from tests.jobs.yard import Hand, a_job, misconf, some_work, until
from tests.site import Simulator

Make = Callable[..., Hand]


def accepted(simulator: Simulator) -> int:
    return int(simulator.state()["prompts"]["accepted"])


def asleep(tmp_path: Path, *arguments: str) -> Simulator:
    """A simulator that has its address but is not started yet."""
    return Simulator(tmp_path / "asleep", *arguments)


async def test_a_job_for_a_server_that_is_away_waits_and_goes_on_at_once(own_yard: Make, tmp_path: Path) -> None:
    comfyui = asleep(tmp_path)
    hand = own_yard(comfyui)
    job = await hand.put()
    waiting = await hand.wait(job, "waiting")
    assert "othing answers at" in waiting.message and not waiting.attempts

    await asyncio.to_thread(comfyui.start)
    came_up = time.monotonic()
    done = await hand.wait(job)

    assert time.monotonic() - came_up < 2.5
    assert done.message == "", "why it waited is over"
    comfyui.stop()


async def test_a_job_that_waited_goes_on_at_once_with_a_new_worker(own_yard: Make, tmp_path: Path) -> None:
    comfyui = asleep(tmp_path)
    hand = own_yard(comfyui)
    job = await hand.put()
    await hand.wait(job, "waiting")
    hand.yard.workers[0].terminate()
    await asyncio.to_thread(hand.yard.workers[0].wait, 5)
    await asyncio.to_thread(comfyui.start)

    hand.yard.add_worker()

    await hand.wait(job, within_s=5)
    comfyui.stop()


async def test_a_long_outage_is_told_once_a_job(own_yard: Make, tmp_path: Path) -> None:
    hand = own_yard(asleep(tmp_path))
    jobs = [await hand.put() for _ in range(5)]
    for job in jobs:
        await hand.wait(job, "waiting")
    before = await hand.queue.redis.xlen("gaze:events")

    for _ in range(3):
        await hand.queue.wake("comfy")
        await asyncio.sleep(0.2)

    assert await hand.queue.redis.xlen("gaze:events") == before


async def test_a_waiting_job_is_cancelled_and_stays_so(own_yard: Make, tmp_path: Path) -> None:
    comfyui = asleep(tmp_path)
    hand = own_yard(comfyui)
    job = await hand.put()
    await hand.wait(job, "waiting")

    await hand.queue.cancel(job.id)
    await asyncio.to_thread(comfyui.start)
    other = await hand.put()
    await hand.wait(other)

    assert (await hand.queue.get(job.id)).status == "cancelled" and accepted(comfyui) == 1
    comfyui.stop()


async def test_F74_a_server_that_dies_in_mid_job_gets_it_once_more(
    own_yard: Make, simulator: Callable[..., Simulator]
) -> None:
    comfyui = simulator("--steps-per-second", "50")
    hand = own_yard(comfyui)
    job = await hand.put(a_graph(steps=40))
    await hand.wait(job, "running")

    comfyui.kill()
    waiting = await hand.wait(job, "waiting", within_s=4)
    await asyncio.to_thread(comfyui.start)
    done = await hand.wait(job)

    assert "Nothing answers" in waiting.message
    assert "restarted?" in done.message and "tried again" not in done.message
    assert len(done.attempts) == 2 and accepted(comfyui) == 1


async def test_jobs_of_a_server_no_longer_named_are_given_to_another(
    own_yard: Make, simulator: Callable[..., Simulator]
) -> None:
    old, new = simulator("--steps-per-second", "40"), simulator()
    hand = own_yard(old, GAZE_COMFYUI_URLS="")
    settings = hand.yard.root / "data/settings.json"
    settings.write_text(json.dumps({"comfyui_urls": [old.url]}))
    job = await hand.put(a_graph(steps=400))
    await hand.wait(job, "running")

    settings.write_text(json.dumps({"comfyui_urls": [new.url], "theme": "dark"}))
    old.kill()

    done = await hand.wait(job)
    assert done.attempts[-1].backend == new.url and "given to another server" in done.message


async def test_jobs_are_shared_among_the_servers(own_yard: Make, simulator: Callable[..., Simulator]) -> None:
    servers = [simulator("--steps-per-second", "20") for _ in range(2)]
    hand = own_yard(*servers)
    jobs = [await hand.put(a_graph(steps=20)) for _ in range(4)]

    for job in jobs:
        await hand.wait(job)

    assert [accepted(server) for server in servers] == [2, 2]


async def test_two_workers_share_one_server_and_do_each_job_once(
    own_yard: Make, simulator: Callable[..., Simulator]
) -> None:
    comfyui = simulator()
    hand = own_yard(comfyui)
    hand.yard.add_worker()
    jobs = [a_job() for _ in range(40)]
    await hand.queue.enqueue([(job, some_work(a_graph())) for job in jobs])

    for job in jobs:
        await hand.wait(job)

    assert accepted(comfyui) == len(hand.yard.images()) == 40


async def test_a_worker_asked_to_end_gives_its_run_back_and_the_next_one_finds_it(
    own_yard: Make, simulator: Callable[..., Simulator]
) -> None:
    comfyui = simulator("--steps-per-second", "40")
    hand = own_yard(comfyui)
    job = await hand.put(a_graph(steps=110))
    await hand.wait(job, "running")

    began = time.monotonic()
    hand.yard.workers[0].terminate()
    assert await asyncio.to_thread(hand.yard.workers[0].wait, 5) == 0
    assert time.monotonic() - began < 1.5
    assert not await hand.queue.held(job.id)
    before = (await hand.queue.get(job.id)).progress.value
    hand.yard.add_worker()

    async def goes_on() -> bool:
        return (await hand.queue.get(job.id)).progress.value > before

    await until(goes_on, what="progress of a run that another worker submitted")
    done = await hand.wait(job)
    assert len(done.attempts) == 1
    assert comfyui.state()["jobs"]["interrupted"] == 0 and accepted(comfyui) == 1


async def test_a_run_cancelled_while_its_server_was_away_is_taken_off_later(
    own_yard: Make, simulator: Callable[..., Simulator]
) -> None:
    comfyui = simulator("--steps-per-second", "20")
    hand = own_yard(comfyui)
    job = await hand.put(a_graph(steps=2000))
    running = await hand.wait(job, "running")
    pool = _Away()

    await take_off(hand.queue.redis, pool, comfyui.url, running.attempts[0].prompt_id)  # type: ignore[arg-type]

    await until(lambda: comfyui.state()["jobs"]["interrupted"] == 1, within_s=8)
    assert await hand.queue.redis.zcard("gaze:strays") == 0


class _Away:
    """The view of a process whose network is broken."""

    def client(self, url: str) -> Any:
        from gaze.comfyui.client import Comfy

        return Comfy("http://127.0.0.1:9", httpx.AsyncClient(trust_env=False))


async def test_F84_jobs_wait_while_redis_may_not_write_and_go_on_after(
    own_yard: Make, simulator: Callable[..., Simulator]
) -> None:
    comfyui = simulator("--steps-per-second", "40")
    hand = own_yard(comfyui)
    job = await hand.put(a_graph(steps=60))
    await hand.wait(job, "running")

    plain = hand.yard.redis.plain()
    heal = misconf(plain, hand.yard.redis.server.folder)
    refused = await _refusal(hand)
    assert "MISCONF" in refused
    await until(lambda: comfyui.state()["jobs"]["succeeded"] == 1)
    heal()

    done = await hand.wait(job, within_s=25)
    assert accepted(comfyui) == 1 and len(hand.yard.images()) == 1 and len(done.attempts) == 1


async def _refusal(hand: Hand) -> str:
    """What the queue says of a job that Redis refuses; nothing of it is kept."""
    try:
        await hand.put()
    except redis.RedisError as error:
        assert (await hand.queue.counts("comfy")).active == 1
        return str(error)
    return ""


async def test_F81_a_restart_of_redis_in_mid_job_loses_and_doubles_nothing(
    own_yard: Make, simulator: Callable[..., Simulator]
) -> None:
    comfyui = simulator("--steps-per-second", "40")
    hand = own_yard(comfyui)
    job = await hand.put(a_graph(steps=80))
    await hand.wait(job, "running")
    await asyncio.sleep(1.1)  # what is older than a second is on disk

    hand.yard.redis.kill()
    await asyncio.sleep(0.5)
    hand.yard.redis.start()

    done = await hand.wait(job, within_s=25)
    assert accepted(comfyui) == 1 and len(done.attempts) == 1 and len(hand.yard.images()) == 1


async def test_F81_an_idle_worker_outlives_a_restart_of_redis(own_yard: Make) -> None:
    hand = own_yard()
    await hand.wait(await hand.put())

    hand.yard.redis.kill()
    await asyncio.sleep(1.0)
    hand.yard.redis.start()

    await hand.wait(await hand.put(), within_s=5)
    assert hand.yard.workers[0].poll() is None


async def test_a_cancel_is_heard_that_came_while_redis_was_away(own_yard: Make) -> None:
    """Also one between two readings of the stream."""
    hand = own_yard()
    job = await hand.put(a_graph(steps=3000))
    await hand.wait(job, "running")
    await asyncio.sleep(1.1)
    hand.yard.redis.kill()
    hand.yard.redis.start()

    await hand.queue.cancel(job.id)

    comfyui = hand.yard.simulators[0]
    await until(lambda: comfyui.state()["jobs"]["interrupted"] == 1, within_s=15)


async def test_F114_jobs_wait_for_an_address_where_something_else_listens(own_yard: Make) -> None:
    from tests.comfyui.replay import Replay

    other = Replay().start()
    other.say("GET", "/system_stats", b"<html></html>", kind="text/html")
    fake: Any = type("Fake", (), {"url": other.url})()
    hand = own_yard(fake)

    waiting: Job = await hand.wait(await hand.put(), "waiting")

    assert "not a ComfyUI server at this address" in waiting.message
    other.stop()
