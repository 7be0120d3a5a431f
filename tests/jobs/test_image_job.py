"""Image jobs through a worker process: a picture with its sidecar, or a sentence."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from gaze.jobs.record import Job
from tests.graphs import a_graph
from tests.jobs.yard import Hand, a_job, some_work, until
from tests.site import Simulator

SIDECAR = {
    "is_favourite", "is_nsfw", "recipe", "job_id", "seed", "checkpoint", "assets", "versions", "positive", "negative",
    "batch", "source", "backend", "created", "duration_s", "width", "height",
}  # fmt: skip


def simulator_of(hand: Hand) -> Simulator:
    return hand.yard.simulators[0]


def history(hand: Hand) -> dict[str, Any]:
    return dict(httpx.get(f"{simulator_of(hand).url}/history").json())


def queue_at(hand: Hand) -> tuple[int, int]:
    """How many prompts run and wait at the simulator."""
    state = httpx.get(f"{simulator_of(hand).url}/queue").json()
    return len(state["queue_running"]), len(state["queue_pending"])


def interrupt(hand: Hand) -> None:
    httpx.post(f"{simulator_of(hand).url}/interrupt", json={})


async def test_a_job_ends_with_a_picture_and_its_sidecar(hand: Hand) -> None:
    job = await hand.put(job={"seed": 7, "batch": "b", "width": 64, "height": 64}, source="characters/alice/x.png")

    done = await hand.wait(job)

    assert done.result and (hand.yard.root / "static/uploads" / done.result.relative_path).is_file()
    assert done.result.image_url == f"/static/uploads/{done.result.relative_path}" and done.result.seed == 7
    assert done.started and done.finished and done.eta is None and not done.message and done.error is None
    sidecar = hand.sidecar(done)
    assert set(sidecar) == SIDECAR
    assert sidecar["job_id"] == job.id and sidecar["seed"] == 7 and sidecar["batch"] == "b"
    assert sidecar["source"] == "characters/alice/x.png" and sidecar["versions"] == {"characters/alice": "abc"}
    assert (sidecar["width"], sidecar["height"]) == (64, 64)
    assert sidecar["backend"] == simulator_of(hand).url and sidecar["positive"] == "1girl"


async def test_the_duration_is_the_time_at_the_server(hand: Hand) -> None:
    """A job that waited for its turn, or was found again after a crash, took no longer for that."""
    done = await hand.wait(await hand.put(a_graph(2, steps=25)))

    assert 0.4 <= hand.sidecar(done)["duration_s"] < 3.0


async def test_each_picture_carries_its_recipe(hand: Hand) -> None:
    done = await hand.wait(await hand.put())

    assert done.result
    data = (hand.yard.root / "static/uploads" / done.result.relative_path).read_bytes()
    assert b'tEXtgaze\x00{"job": "' + done.id.encode() in data


async def test_a_preview_leaves_the_cover_and_a_replacement_takes_its_place(hand: Hand) -> None:
    state = hand.yard.root / "data/state/characters/alice.json"
    await hand.wait(await hand.put(job={"action": "preview"}))
    assert not state.exists() or "cover" not in json.loads(state.read_text())

    replaced = await hand.wait(await hand.put(job={"action": "replace"}))

    assert replaced.result
    kept = "".join(file.read_text() for file in (hand.yard.root / "data/state").rglob("*.json"))
    assert replaced.result.relative_path.rsplit("/", 1)[-1] in kept


async def test_F68_a_large_seed_is_the_same_in_graph_and_sidecar(hand: Hand) -> None:
    seed = 9007199254740993
    done = await hand.wait(await hand.put(a_graph(seed), job={"seed": seed}, recipe={"subject": "", "seed": seed}))

    entry = history(hand)[done.attempts[-1].prompt_id]
    assert entry["prompt"][2]["3"]["inputs"]["seed"] == seed
    sidecar = hand.sidecar(done)
    assert sidecar["seed"] == seed and sidecar["recipe"]["seed"] == seed


async def test_F70_a_picture_that_is_gone_is_made_again_under_a_new_prefix(hand: Hand) -> None:
    simulator_of(hand).faults({"name": "missing-file", "times": 1})

    done = await hand.wait(await hand.put(a_graph(70)))

    first, second = done.attempts
    assert first.lost and first.prompt_id != second.prompt_id
    assert "no longer at the server" in done.message
    prefixes = {history(hand)[a.prompt_id]["prompt"][2]["9"]["inputs"]["filename_prefix"] for a in done.attempts}
    assert len(prefixes) == 2


async def test_a_damaged_picture_is_made_again_and_never_kept(hand: Hand) -> None:
    simulator_of(hand).faults({"name": "truncated-file", "times": 1})

    done = await hand.wait(await hand.put(a_graph(71)))

    assert "damaged" in done.message
    assert len([file for file in hand.yard.images() if done.result and file.name in done.result.relative_path]) == 1


async def test_F71_a_deaf_socket_is_done_within_ten_seconds(hand: Hand) -> None:
    simulator_of(hand).faults({"name": "unregister-socket", "step": 1, "times": 1})
    began = time.monotonic()

    await hand.wait(await hand.put(a_graph(72)))

    assert time.monotonic() - began < 10


async def test_a_cut_socket_in_mid_run_changes_nothing(hand: Hand) -> None:
    simulator_of(hand).faults({"name": "drop-websocket", "step": 5, "times": 1})

    done = await hand.wait(await hand.put(a_graph(74, steps=30)))

    assert len(done.attempts) == 1


async def test_a_late_history_is_waited_for(hand: Hand) -> None:
    simulator_of(hand).faults({"name": "late-history", "seconds": 0.8, "times": 1})

    done = await hand.wait(await hand.put(a_graph(75)))

    assert len(done.attempts) == 1


async def test_F74_a_forgotten_run_is_submitted_once_more_and_says_why(hand: Hand) -> None:
    simulator_of(hand).faults({"name": "forget-history", "times": 1})

    done = await hand.wait(await hand.put(a_graph(76)))

    assert len(done.attempts) == 2 and done.attempts[0].lost
    assert "no longer knew the job" in done.message and "submitted once more" in done.message


async def test_F76_a_retried_job_gets_an_id_of_its_own(hand: Hand) -> None:
    simulator_of(hand).faults({"name": "raise-in-node", "times": 1, "message": "first run fails"})
    job = await hand.put(a_graph(77))
    failed = await hand.wait(job, "failed")

    await hand.queue.retry(job.id)
    done = await hand.wait(job)

    assert done.attempts[0].prompt_id == failed.attempts[0].prompt_id != done.attempts[1].prompt_id
    assert done.error is None and len(history(hand)) >= 2


async def test_F77_the_history_is_asked_for_one_id_only(hand: Hand) -> None:
    before = simulator_of(hand).state()["requests"]

    await hand.wait(await hand.put())

    after = simulator_of(hand).state()["requests"]
    assert after.get("GET /history") == before.get("GET /history")


async def test_F78_out_of_memory_is_said_in_words(hand: Hand) -> None:
    simulator_of(hand).faults({"name": "out-of-memory", "times": 1})

    failed = await hand.wait(await hand.put(), "failed")

    assert failed.error and failed.error.startswith("KSampler (node 3): the GPU memory was not enough")


async def test_a_failing_node_is_named_with_its_cause(hand: Hand) -> None:
    simulator_of(hand).faults({"name": "raise-in-node", "times": 1, "exception": "KeyError", "message": "'no'"})

    failed = await hand.wait(await hand.put(), "failed")

    assert failed.error == "KSampler (node 3): 'no' (KeyError)"


async def test_F80_only_the_picture_of_the_save_node_is_kept(hand: Hand) -> None:
    shown = {"class_type": "PreviewImage", "inputs": {"images": ["8", 0]}}
    before = len(hand.yard.images())

    done = await hand.wait(await hand.put(a_graph(80, **{"10": shown})))

    assert len(hand.yard.images()) == before + 1
    outputs = history(hand)[done.attempts[-1].prompt_id]["outputs"]
    assert outputs["10"]["images"][0]["type"] == "temp"


async def test_F115_a_refused_side_output_is_said_and_the_job_goes_on(hand: Hand) -> None:
    second = {"class_type": "SaveImage", "inputs": {"filename_prefix": "y", "images": ["8", 0]}}
    simulator_of(hand).faults({"name": "refuse-output", "node": "90", "times": 1})

    done = await hand.wait(await hand.put(a_graph(115, **{"90": second})))

    assert "A part of the workflow was refused: SaveImage (node 90)" in done.message


async def test_F115_a_refused_picture_fails_the_job_at_once(hand: Hand) -> None:
    second = {"class_type": "SaveImage", "inputs": {"filename_prefix": "y", "images": ["8", 0]}}
    simulator_of(hand).faults({"name": "refuse-output", "node": "9", "times": 1})

    failed = await hand.wait(await hand.put(a_graph(116, **{"90": second})), "failed")

    assert failed.error and failed.error.startswith("SaveImage (node 9)")


async def test_a_running_job_shows_steps_speed_eta_and_preview(hand: Hand) -> None:
    job = await hand.put(a_graph(90, steps=200))

    async def shown() -> Job | None:
        seen = await hand.queue.get(job.id)
        return seen if seen.progress.value > 20 and seen.progress.preview and seen.eta else None

    seen = await until(shown)

    assert seen.status == "running" and seen.progress.max == 200 and seen.progress.node == "KSampler"
    assert 25 < seen.progress.per_s < 60
    assert seen.eta == pytest.approx((200 - seen.progress.value) / 50, rel=0.5)
    image, mime = await hand.queue.preview(job.id)  # type: ignore[misc]
    assert image.startswith(b"\xff\xd8") and mime == "image/jpeg"
    await hand.queue.cancel(job.id)
    await hand.wait(job, "cancelled")


async def test_the_eta_counts_samplers_that_come_later(hand: Hand) -> None:
    second = {**a_graph(1, steps=300)["3"]}
    second["inputs"] = {**second["inputs"], "latent_image": ["3", 0], "seed": 5}
    decode = {"class_type": "VAEDecode", "inputs": {"samples": ["30", 0], "vae": ["4", 2]}}
    job = await hand.put(a_graph(91, steps=60, **{"30": second, "8": decode}))

    async def shown() -> Job | None:
        seen = await hand.queue.get(job.id)
        return seen if seen.progress.max == 60 and seen.progress.value > 20 and seen.eta else None

    seen = await until(shown)

    assert seen.eta == pytest.approx((360 - seen.progress.value) / 50, rel=0.5)
    await hand.queue.cancel(job.id)


async def test_a_cancelled_run_is_interrupted_and_the_next_one_untouched(hand: Hand) -> None:
    """F73: the interrupt names its run."""
    first, second = await hand.put(a_graph(92, steps=2000)), await hand.put(a_graph(93, steps=20))
    await hand.wait(first, "running")

    await hand.queue.cancel(first.id)

    await hand.wait(second)
    assert queue_at(hand) == (0, 0)


async def test_a_job_submitted_but_not_begun_is_deleted_there(hand: Hand) -> None:
    first, second = await hand.put(a_graph(94, steps=500)), await hand.put(a_graph(95))
    await until(lambda: queue_at(hand) == (1, 1))

    await hand.queue.cancel(second.id)

    await until(lambda: queue_at(hand) == (1, 0))
    assert (await hand.queue.get(first.id)).status == "running"
    await hand.queue.cancel(first.id)
    await hand.wait(first, "cancelled")


async def test_F83_a_cancel_of_a_job_gone_harms_no_later_run_of_it(hand: Hand) -> None:
    job = await hand.put(a_graph(96, steps=500))
    await hand.wait(job, "running")
    await hand.queue.cancel(job.id)
    await hand.queue.cancel(job.id)

    await hand.queue.retry(job.id)

    again = await hand.wait(job, "running")
    await asyncio.sleep(0.3)  # a cancel left over would strike now
    assert (await hand.queue.get(job.id)).status == "running" and again.attempts[-1].lost is False
    await hand.queue.cancel(job.id)
    await hand.wait(job, "cancelled")
    await until(lambda: queue_at(hand) == (0, 0))


async def test_a_run_interrupted_by_somebody_else_says_so(hand: Hand) -> None:
    job = await hand.put(a_graph(97, steps=500))
    await hand.wait(job, "running")

    interrupt(hand)

    failed = await hand.wait(job, "failed")
    assert failed.error and "by somebody else" in failed.error


async def test_only_two_jobs_are_submitted_to_a_backend_at_a_time(hand: Hand) -> None:
    jobs = [await hand.put(a_graph(100 + n, steps=15)) for n in range(4)]

    most = 0
    while (await hand.queue.get(jobs[-1].id)).status != "done":
        most = max(most, sum(queue_at(hand)))

    assert most == 2


async def test_jobs_of_a_paused_queue_wait_until_it_goes_on(hand: Hand) -> None:
    await hand.queue.pause("comfy", True)
    await asyncio.sleep(0.4)  # the worker looks every 0.2 s
    job = await hand.put()
    await asyncio.sleep(0.4)
    assert (await hand.queue.get(job.id)).status == "queued"

    await hand.queue.pause("comfy", False)

    await hand.wait(job)


async def test_a_job_whose_work_is_gone_fails_in_words(hand: Hand) -> None:
    job = a_job()
    await hand.queue.enqueue([(job, None)])

    failed = await hand.wait(job, "failed")

    assert failed.error == "What it was made from is no longer kept; generate it again."


async def test_a_job_of_the_generator_goes_to_its_folder(hand: Hand) -> None:
    done = await hand.wait(await hand.put(recipe={"subject": ""}, job={"category": "generator", "slug": ""}))

    assert done.result and done.result.relative_path.startswith("generator/")


async def test_several_pictures_of_one_run_are_all_kept(hand: Hand) -> None:
    batch = {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 3}}
    before = len(hand.yard.images())

    await hand.wait(await hand.put(a_graph(98, **{"5": batch})))

    assert len(hand.yard.images()) == before + 3


def test_F79_no_job_has_a_time_limit() -> None:
    from gaze.jobs.worker import make_worker

    async def nothing(job_id: str) -> None: ...

    worker = make_worker(None, "comfy", [("image_job", nothing)], 1)  # type: ignore[arg-type]

    assert worker.job_timeout_s is None and worker.functions["image_job"].timeout_s is None


async def test_F64_an_input_newly_required_gets_its_default_and_is_noted(hand: Hand) -> None:
    sampler = a_graph(64)["3"]
    inputs = {key: value for key, value in sampler["inputs"].items() if key != "denoise"}
    done = await hand.wait(await hand.put(a_graph(64, **{"3": {**sampler, "inputs": inputs}})))

    assert "its input denoise got the backend's default, 1.0" in done.message


async def test_F66_a_scheduler_the_backend_does_not_know_fails_with_near_matches(hand: Hand) -> None:
    sampler = a_graph(66)["3"]
    wrong = {**sampler, "inputs": {**sampler["inputs"], "scheduler": "bong_tangent"}}

    failed = await hand.wait(await hand.put(a_graph(66, **{"3": wrong})), "failed")

    assert failed.error and "bong_tangent" in failed.error and not failed.attempts


async def test_many_jobs_run_in_the_order_in_which_they_were_queued(own_yard: Callable[..., Hand]) -> None:
    hand = own_yard()
    await hand.queue.pause("comfy", True)
    jobs = [a_job() for _ in range(8)]
    await hand.queue.enqueue([(job, some_work(a_graph(n))) for n, job in enumerate(jobs)])
    await hand.queue.pause("comfy", False)

    await hand.wait(jobs[-1])

    ids = {job.id: place for place, job in enumerate(jobs)}
    ran = [ids[entry["prompt"][3]["extra_pnginfo"]["gaze"]["job"]] for entry in history(hand).values()]
    # Two are on their way at a time, so neighbours may change places.
    assert all(abs(job - place) <= 1 for place, job in enumerate(ran)) and len(ran) == len(jobs)
