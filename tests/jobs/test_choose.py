"""Which backend takes a job: healthy, has the models, fewest jobs, same checkpoint."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from gaze.comfyui.pool import Pool
from gaze.jobs import choose as module
from gaze.jobs.choose import NoneFits, Slots, choose, fit
from gaze.jobs.queue import JobQueue
from gaze.jobs.record import new_id
from tests.comfyui.replay import Replay
from tests.graphs import a_graph
from tests.jobs.yard import some_work
from tests.site import Simulator

NOBODY = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Simulator, Simulator]]:
    """Two servers; only the second has the LoRA, in Windows' spelling."""
    folder = tmp_path_factory.mktemp("two")
    made = (
        Simulator(folder / "a", "--strict-models", "--checkpoint", "Illustrious/model.safetensors").start(),
        Simulator(
            folder / "b", "--strict-models", "--checkpoint", "Illustrious/model.safetensors",
            "--lora", "Illustrious\\Looks\\alice.safetensors",
        ).start(),
    )  # fmt: skip
    yield made
    for each in made:
        each.stop()


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


@pytest.fixture
def replay() -> Iterator[Replay]:
    made = Replay().start()
    yield made
    made.stop()


async def a_pool(http: httpx.AsyncClient, *urls: str) -> Pool:
    pool = Pool(http, lambda: urls, "", "client", usual_url=NOBODY)
    await pool.refresh()
    # Names of models are checked for real servers only; the stand-ins pass for such.
    pool._backends = {url: _real(backend) for url, backend in pool._backends.items()}
    return pool


def _real(backend):  # type: ignore[no-untyped-def]
    import msgspec

    return msgspec.structs.replace(backend, simulator=False, name=backend.url.split("//")[1])


def with_lora(name: str = "Illustrious/Looks/alice.safetensors"):  # type: ignore[no-untyped-def]
    lora = {"class_type": "LoraLoader", "inputs": {"lora_name": name, "strength_model": 1.0, "strength_clip": 1.0,
                                                   "model": ["4", 0], "clip": ["4", 1]}}  # fmt: skip
    sampler = a_graph()["3"]
    sampler["inputs"]["model"] = ["16", 0]
    return some_work(a_graph(1, **{"16": lora, "3": sampler}))


async def test_the_emptier_backend_is_chosen(
    queue: JobQueue, http: httpx.AsyncClient, two: tuple[Simulator, Simulator]
) -> None:
    pool, slots = await a_pool(http, *(each.url for each in two)), Slots(queue.redis)

    chosen = [(await choose(pool, slots, new_id(), some_work())).backend for _ in range(4)]

    assert sorted(chosen) == sorted([two[0].url, two[1].url] * 2) and chosen[0] != chosen[1]


async def test_among_equals_the_one_with_the_checkpoint_loaded_is_chosen(
    queue: JobQueue, http: httpx.AsyncClient, two: tuple[Simulator, Simulator]
) -> None:
    pool, slots = await a_pool(http, *(each.url for each in two)), Slots(queue.redis)
    await slots.loaded(two[0].url, "other.safetensors")
    await slots.loaded(two[1].url, "Illustrious/model.safetensors")

    assert (await choose(pool, slots, new_id(), some_work())).backend == two[1].url


async def test_F51_the_graph_has_the_backends_own_spelling(
    queue: JobQueue, http: httpx.AsyncClient, two: tuple[Simulator, Simulator]
) -> None:
    pool, work = await a_pool(http, *(each.url for each in two)), with_lora()

    choice = await choose(pool, Slots(queue.redis), new_id(), work)

    assert choice.backend == two[1].url
    assert choice.graph["16"]["inputs"]["lora_name"] == "Illustrious\\Looks\\alice.safetensors"
    assert work.graph["16"]["inputs"]["lora_name"] == "Illustrious/Looks/alice.safetensors"


async def test_a_model_that_nobody_has_is_said_with_near_matches_and_by_server(
    queue: JobQueue, http: httpx.AsyncClient, two: tuple[Simulator, Simulator]
) -> None:
    pool = await a_pool(http, *(each.url for each in two))

    with pytest.raises(NoneFits) as nobody:
        await choose(pool, Slots(queue.redis), new_id(), with_lora("Illustrious/Looks/alise.safetensors"))

    text = str(nobody.value)
    assert nobody.value.permanent and "alise.safetensors" in text and "alice.safetensors" in text
    assert all(each.url.split("//")[1] in text for each in two)


async def test_a_model_that_a_server_away_may_have_is_waited_for(
    queue: JobQueue, http: httpx.AsyncClient, two: tuple[Simulator, Simulator]
) -> None:
    pool = await a_pool(http, two[0].url, NOBODY)

    with pytest.raises(NoneFits, match=r"127\.0\.0\.1:9 may have it") as nobody:
        await choose(pool, Slots(queue.redis), new_id(), with_lora())

    assert not nobody.value.permanent


async def test_a_server_that_does_not_say_what_it_has_is_waited_for(
    queue: JobQueue, http: httpx.AsyncClient, replay: Replay
) -> None:
    """It is up, but busy or just starting: no reason to fail a job for good."""
    replay.replay("system_stats")
    pool = await a_pool(http, replay.url)

    with pytest.raises(NoneFits) as nobody:
        await choose(pool, Slots(queue.redis), new_id(), some_work())

    assert not nobody.value.permanent
    assert await fit(pool, pool.healthy(), some_work()) == ([], [])


async def test_with_no_server_up_each_says_why(queue: JobQueue, http: httpx.AsyncClient) -> None:
    pool = await a_pool(http, NOBODY)

    with pytest.raises(NoneFits, match=r"No ComfyUI is up .*nothing answers") as nobody:
        await choose(pool, Slots(queue.redis), new_id(), some_work())

    assert not nobody.value.permanent


async def test_F66_a_scheduler_is_no_model_file_and_checked_at_simulators_too(
    http: httpx.AsyncClient, two: tuple[Simulator, Simulator]
) -> None:
    pool = await a_pool(http, two[0].url)
    sampler = a_graph()["3"]
    sampler["inputs"]["scheduler"] = "karas"

    fitting, sentences = await fit(pool, pool.backends, some_work(a_graph(1, **{"3": sampler})))

    assert not fitting and "karas" in sentences[0] and "karras" in sentences[0]


# -- places ----------------------------------------------------------------------------------------------


async def test_two_workers_share_the_places_of_a_backend(queue: JobQueue) -> None:
    one, other = Slots(queue.redis), Slots(queue.redis)

    taken = [await one.take(NOBODY, "a"), await other.take(NOBODY, "b"), await other.take(NOBODY, "c")]

    assert taken == [True, True, False]


async def test_a_place_given_back_is_free(queue: JobQueue) -> None:
    one, other = Slots(queue.redis), Slots(queue.redis)
    await one.take(NOBODY, "a")
    await one.take(NOBODY, "b")

    await one.give_back("a")

    assert await other.take(NOBODY, "c")


async def test_a_job_that_has_a_place_keeps_it(queue: JobQueue) -> None:
    slots = Slots(queue.redis)
    await slots.take(NOBODY, "a")
    await slots.take(NOBODY, "b")

    assert await slots.take(NOBODY, "a")


async def test_a_run_that_was_found_again_has_its_place_even_when_all_are_taken(queue: JobQueue) -> None:
    slots = Slots(queue.redis)
    for job_id in "ab":
        await slots.take(NOBODY, job_id)

    assert await slots.take(NOBODY, "c", force=True)


async def test_places_of_a_dead_worker_run_out(queue: JobQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SLOT_S", 1)
    dead, alive = Slots(queue.redis), Slots(queue.redis)
    for job_id in "ab":
        await dead.take(NOBODY, job_id)
    began = time.monotonic()

    while not await alive.take(NOBODY, "c"):
        assert time.monotonic() - began < 4
        await asyncio.sleep(0.02)


async def test_a_worker_that_was_held_up_takes_its_places_again(
    queue: JobQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its runs are still at the backend, though the places ran out meanwhile."""
    slots, other = Slots(queue.redis), Slots(queue.redis)
    await slots.take(NOBODY, "a")
    await queue.redis.delete(f"gaze:slots:{NOBODY}")

    await slots.renew()
    await other.take(NOBODY, "b")

    assert not await other.take(NOBODY, "c")


async def test_a_full_backend_is_waited_for(
    queue: JobQueue, http: httpx.AsyncClient, two: tuple[Simulator, Simulator]
) -> None:
    pool, slots = await a_pool(http, two[0].url), Slots(queue.redis)
    for job_id in "ab":
        await slots.take(two[0].url, job_id)
    choosing = asyncio.create_task(choose(pool, slots, "c", some_work()))
    await asyncio.sleep(0.2)
    assert not choosing.done()

    await slots.give_back("a")

    assert (await asyncio.wait_for(choosing, 2)).backend == two[0].url
