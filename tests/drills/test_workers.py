"""Workers and servers killed in mid-job: nothing is lost, nothing is drawn twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.jobs.yard import Hand, a_graph, a_job, some_work, until
from tests.site import Simulator

pytestmark = pytest.mark.drill
Make = Callable[..., Hand]


def accepted(simulator: Simulator) -> int:
    return int(simulator.state()["prompts"]["accepted"])


async def kill_worker(hand: Hand) -> None:
    hand.yard.workers[0].kill()
    await asyncio.to_thread(hand.yard.workers[0].wait)


async def test_of_200_jobs_none_is_lost_or_drawn_twice_when_the_worker_is_killed(
    own_yard: Make,
    simulator: Callable[..., Simulator],
) -> None:
    comfyui = simulator("--no-previews")
    hand = own_yard(comfyui)
    jobs = [a_job() for _ in range(200)]
    await hand.queue.enqueue([(job, some_work(a_graph())) for job in jobs])
    await until(lambda: len(hand.yard.images()) > 30)

    await kill_worker(hand)
    hand.yard.add_worker()

    async def over() -> bool:
        return (await hand.queue.counts("comfy")).active == 0

    await until(over, within_s=40)
    assert {job.status for job in await hand.queue.many([job.id for job in jobs])} == {"done"}
    assert comfyui.state()["jobs"]["succeeded"] == accepted(comfyui) == 200
    assert len(hand.yard.images()) == 200


async def test_one_of_two_servers_dies_and_the_other_does_its_jobs(
    own_yard: Make,
    simulator: Callable[..., Simulator],
) -> None:
    one, other = simulator("--steps-per-second", "40"), simulator("--steps-per-second", "40")
    hand = own_yard(one, other)
    jobs = [await hand.put(a_graph(steps=20)) for _ in range(4)]
    await until(lambda: accepted(one) == 2 and accepted(other) == 2)

    one.kill()
    for job in jobs:
        await hand.wait(job, within_s=30)

    assert accepted(other) == 4 and len(hand.yard.images()) == 4


async def test_a_cancel_while_no_worker_lives_is_carried_out_by_the_next(
    own_yard: Make,
    simulator: Callable[..., Simulator],
) -> None:
    comfyui = simulator("--steps-per-second", "20")
    hand = own_yard(comfyui)
    job = await hand.put(a_graph(steps=2000))
    await hand.wait(job, "running")
    await kill_worker(hand)

    await hand.queue.cancel(job.id)
    hand.yard.add_worker()

    await until(lambda: comfyui.state()["jobs"]["interrupted"] == 1, within_s=15)
    assert (await hand.queue.get(job.id)).status == "cancelled"
