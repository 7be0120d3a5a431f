"""Records and the two queues in a real Redis."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path

import pytest
from arq.constants import in_progress_key_prefix, job_key_prefix
from hypothesis import given
from hypothesis import strategies as st

from gaze.core.errors import NotFound
from gaze.jobs import events, keys
from gaze.jobs.keys import arq_queue
from gaze.jobs.queue import JobQueue
from gaze.jobs.record import MOVES, OPEN, OVER, Attempt, Job, Progress, Result, new_id
from gaze.jobs.redis import connect
from tests.jobs.yard import Redis, a_job, misconf, some_work


async def put(queue: JobQueue, count: int = 1, **fields: object) -> list[Job]:
    jobs = [a_job(f"job {place}", **fields) for place in range(count)]
    await queue.enqueue([(job, some_work()) for job in jobs])
    return jobs


async def at_arq(queue: JobQueue) -> list[str]:
    return [job_id.decode() for job_id in await queue.redis.zrange(arq_queue("comfy"), 0, -1)]


async def hold(queue: JobQueue, job: Job) -> None:
    """As a worker does that runs the job."""
    await queue.redis.psetex(in_progress_key_prefix + job.id, 10_000, b"1")


async def test_a_record_comes_back_as_it_was_written(queue: JobQueue) -> None:
    job = a_job(seed=2**63 + 1, attempts=(Attempt(new_id(), "http://gpu1:8188"),), summary="größer")
    await queue.enqueue([(job, some_work())])

    assert await queue.get(job.id) == job


async def test_the_work_of_a_job_is_kept(queue: JobQueue) -> None:
    job, work = a_job(), some_work()
    await queue.enqueue([(job, work)])

    assert await queue.work(job.id) == work


async def test_an_unknown_job_is_not_found(queue: JobQueue) -> None:
    with pytest.raises(NotFound, match="no job"):
        await queue.get(new_id())


async def test_jobs_of_one_request_wait_in_their_order(queue: JobQueue) -> None:
    """arq runs equal scores in the order of ids, which is chance within a millisecond."""
    jobs = await put(queue, 300)

    assert await at_arq(queue) == [job.id for job in jobs] == await queue.open_ids("comfy")


async def test_a_window_of_the_queue_is_listed_and_all_are_counted(queue: JobQueue) -> None:
    jobs = await put(queue, 120)
    await queue.move(jobs[0], "running")

    listing = await queue.listing("comfy", window=50)

    assert [job.id for job in listing.running] == [jobs[0].id]
    assert [job.id for job in listing.queued] == [job.id for job in jobs[1:51]]
    assert listing.queued_total == 119


async def test_finished_jobs_are_listed_newest_first(queue: JobQueue) -> None:
    jobs = await put(queue, 3)
    for job in jobs:
        await queue.move(job, "done")
        await asyncio.sleep(0.003)

    listing = await queue.listing("comfy", recent=2)

    assert [job.id for job in listing.recent] == [jobs[2].id, jobs[1].id]


async def test_finished_jobs_are_forgotten_after_their_time(queue: JobQueue) -> None:
    (job,) = await put(queue)
    await queue.move(job, "done")

    assert 23 * 3600 < await queue.redis.ttl(keys.record(job.id)) <= 24 * 3600
    assert 23 * 3600 < await queue.redis.ttl(keys.work(job.id)) <= 24 * 3600


async def test_finished_jobs_past_their_time_leave_the_list(redis_server: Redis, queue: JobQueue) -> None:
    short = JobQueue(queue.redis, keep_s=1)
    old, new = await put(short, 2)
    await short.move(old, "done")
    await queue.redis.zadd(keys.recent("comfy"), {old.id: time.time() * 1000 - 2000})

    assert (await short.listing("comfy")).recent == []
    await short.move(new, "done")

    assert await queue.redis.zcard(keys.recent("comfy")) == 1


async def test_F84_the_queue_is_still_shown_when_redis_may_not_write(tmp_path: Path) -> None:
    made = Redis(tmp_path).start()
    queue = JobQueue(connect(made.url))
    (job,) = await put(queue)
    heal = misconf(made.plain(), made.server.folder)

    listing = await queue.listing("comfy")

    assert [seen.id for seen in listing.queued] == [job.id]
    heal()
    await queue.redis.aclose()
    made.stop()


async def test_open_jobs_are_never_forgotten(queue: JobQueue) -> None:
    (job,) = await put(queue)
    await queue.move(job, "done")
    await queue.retry(job.id)

    assert await queue.redis.ttl(keys.record(job.id)) == -1
    assert await queue.redis.ttl(keys.work(job.id)) == -1
    assert await queue.redis.ttl(job_key_prefix + job.id) > 365 * 24 * 3600


async def test_counts_tell_open_and_running(queue: JobQueue) -> None:
    jobs = await put(queue, 3)
    await queue.move(jobs[0], "running")
    await queue.move(jobs[1], "done")

    counts = await queue.counts("comfy")

    assert (counts.active, counts.running, counts.paused) == (2, 1, False)


@pytest.mark.parametrize("start", sorted(OPEN | OVER))
@pytest.mark.parametrize("end", sorted(MOVES))
async def test_a_job_moves_only_as_it_may(queue: JobQueue, start: str, end: str) -> None:
    (job,) = await put(queue)
    if start != "queued":
        assert await queue.move(job, start)  # type: ignore[arg-type]

    moved = await queue.move(job, end)  # type: ignore[arg-type]

    assert moved == (start in MOVES[end])  # type: ignore[index]
    assert (await queue.get(job.id)).status == (end if moved else start)


async def test_of_a_worker_that_ends_and_a_user_who_cancels_only_one_wins(queue: JobQueue) -> None:
    for job in await put(queue, 20):
        await queue.move(job, "running")

        done, cancelled = await asyncio.gather(queue.move(job, "done"), queue.move(job, "cancelled"))

        assert done != cancelled


async def test_a_move_is_told_as_an_event(queue: JobQueue) -> None:
    (job,) = await put(queue)
    after = await events.last_id(queue.redis)

    await queue.move(job, "running")

    batch = await anext(aiter(events.read(queue.redis, after)))
    assert [event for _, event in batch] == [events.JobChanged(job.id, "running")]


async def test_progress_is_told_while_a_job_runs(queue: JobQueue) -> None:
    (job,) = await put(queue)
    await queue.move(job, "running")

    await queue.progress(job.id, Progress("KSampler", 3, 20), 4.5)

    seen = await queue.get(job.id)
    assert (seen.progress.percent, seen.eta) == (15, 4.5)


@pytest.mark.parametrize("status", sorted(OVER))
async def test_no_progress_is_told_after_the_end(queue: JobQueue, status: str) -> None:
    (job,) = await put(queue)
    await queue.move(job, status)  # type: ignore[arg-type]
    after = await events.last_id(queue.redis)

    await queue.progress(job.id, Progress("KSampler", 3, 20), 4.5)

    assert (await queue.get(job.id)).progress == Progress() and await events.last_id(queue.redis) == after


async def test_a_forgotten_record_does_not_come_back_in_part(queue: JobQueue) -> None:
    job = a_job()

    await queue.progress(job.id, Progress(), None)
    await queue.note(job, message="late")

    assert not await queue.redis.exists(keys.record(job.id))


# -- cancel ---------------------------------------------------------------------------------------------


async def test_a_queued_job_leaves_the_queue_when_cancelled(queue: JobQueue) -> None:
    (job,) = await put(queue)

    cancelled = await queue.cancel(job.id)

    assert cancelled.status == "cancelled" and cancelled.finished
    assert await at_arq(queue) == [] and await queue.open_ids("comfy") == []


@pytest.mark.parametrize("status", ["queued", "running", "waiting"])
async def test_a_submitted_job_stays_with_the_worker_that_takes_it_off(queue: JobQueue, status: str) -> None:
    """Also when that worker is dead: the next one finds it cancelled."""
    (job,) = await put(queue)
    await queue.move(job, status, allowed=OPEN, attempts=(Attempt(new_id(), "http://gpu1:8188"),))  # type: ignore[arg-type]

    cancelled = await queue.cancel(job.id)

    assert cancelled.status == "cancelled" and await at_arq(queue) == [job.id]


@pytest.mark.parametrize("status", sorted(OVER))
async def test_F83_cancelling_a_job_that_is_over_changes_nothing(queue: JobQueue, status: str) -> None:
    (job,) = await put(queue)
    await queue.move(job, status)  # type: ignore[arg-type]
    before = await queue.get(job.id)

    assert await queue.cancel(job.id) == before


async def test_all_of_a_queue_are_cancelled_and_counted(queue: JobQueue) -> None:
    jobs = await put(queue, 250)
    await queue.move(jobs[0], "done")

    assert await queue.cancel_many([job.id for job in jobs]) == 249

    assert (await queue.counts("comfy")).active == 0
    assert await at_arq(queue) == [jobs[0].id]  # its own worker ends it there


# -- retry ----------------------------------------------------------------------------------------------


async def test_F76_a_retried_job_forgets_its_attempts_and_what_came_of_them(queue: JobQueue) -> None:
    (job,) = await put(queue)
    attempt = Attempt(new_id(), "http://gpu1:8188")
    result = Result("/static/uploads/x.png", "x.png", 1)
    await queue.move(job, "running", attempts=(attempt,), started="2026-01-01T00:00:00Z", message="m")
    await queue.move(job, "failed", error="e", result=result)

    retried = await queue.retry(job.id)

    assert retried.status == "queued" and retried.attempts == (Attempt(attempt.prompt_id, attempt.backend, lost=True),)
    assert (retried.error, retried.result, retried.message, retried.started, retried.finished) == (
        None, None, "", "", "",
    )  # fmt: skip
    assert await at_arq(queue) == [job.id]


@pytest.mark.parametrize("status", sorted(OPEN))
async def test_an_open_job_is_not_retried(queue: JobQueue, status: str) -> None:
    (job,) = await put(queue)
    if status != "queued":
        await queue.move(job, status)  # type: ignore[arg-type]
    before = await queue.get(job.id)

    assert await queue.retry(job.id) == before


async def test_a_retry_waits_until_the_worker_has_let_go(queue: JobQueue) -> None:
    """arq's own end of the old run would take the new entry away."""
    (job,) = await put(queue)
    await queue.move(job, "failed")
    await hold(queue, job)

    retrying = asyncio.create_task(queue.retry(job.id))
    await asyncio.sleep(0.1)
    assert not retrying.done()
    await queue.redis.delete(in_progress_key_prefix + job.id)

    assert (await retrying).status == "queued"


async def test_a_retry_without_its_work_says_so(queue: JobQueue) -> None:
    (job,) = await put(queue)
    await queue.move(job, "failed")
    await queue.redis.delete(keys.work(job.id))

    with pytest.raises(NotFound, match="generate it again"):
        await queue.retry(job.id)


# -- order and pause ------------------------------------------------------------------------------------


async def test_a_job_moved_to_the_front_is_next(queue: JobQueue) -> None:
    jobs = await put(queue, 5)

    await queue.front(jobs[3].id)
    await queue.front(jobs[4].id)

    wanted = [jobs[place].id for place in (4, 3, 0, 1, 2)]
    assert await at_arq(queue) == wanted == await queue.open_ids("comfy")
    assert await queue.redis.zscore(arq_queue("comfy"), jobs[4].id) > 0


async def test_a_job_that_is_over_is_not_put_back_by_moving_it(queue: JobQueue) -> None:
    jobs = await put(queue, 2)
    await queue.cancel(jobs[0].id)

    await queue.front(jobs[0].id)

    assert await at_arq(queue) == [jobs[1].id] == await queue.open_ids("comfy")


async def test_pausing_one_queue_leaves_the_other(queue: JobQueue) -> None:
    await queue.pause("comfy", True)

    assert await queue.paused("comfy") and not await queue.paused("llm")
    assert (await queue.listing("comfy")).paused

    await queue.pause("comfy", False)

    assert not await queue.paused("comfy")


async def test_waiting_jobs_are_woken_in_the_order_of_the_queue(queue: JobQueue) -> None:
    jobs = await put(queue, 4)
    later = time.time() * 1000 + 60_000
    await queue.redis.zadd(arq_queue("comfy"), {job.id: later - place for place, job in enumerate(jobs[:3])})

    await queue.wake("comfy")

    due = time.time() * 1000
    ready = await queue.redis.zrangebyscore(arq_queue("comfy"), "-inf", due)
    assert [job_id.decode() for job_id in ready] == [job.id for job in jobs]


# -- crashes --------------------------------------------------------------------------------------------


async def test_a_job_that_arq_has_lost_is_handed_over_again_in_its_place(queue: JobQueue) -> None:
    jobs = await put(queue, 3)
    await queue.redis.zrem(arq_queue("comfy"), jobs[1].id)
    await queue.redis.delete(job_key_prefix + jobs[1].id)

    assert await queue.reconcile("comfy") == 1

    assert await at_arq(queue) == [job.id for job in jobs]


async def test_a_job_that_a_worker_holds_is_not_handed_over(queue: JobQueue) -> None:
    (job,) = await put(queue)
    await queue.redis.zrem(arq_queue("comfy"), job.id)
    await hold(queue, job)

    assert await queue.reconcile("comfy") == 0

    assert await at_arq(queue) == []


async def test_a_job_that_is_over_is_not_handed_over(queue: JobQueue) -> None:
    (job,) = await put(queue)
    await queue.move(job, "done")
    await queue.redis.zadd(keys.active("comfy"), {job.id: 1})
    await queue.redis.zrem(arq_queue("comfy"), job.id)

    assert await queue.reconcile("comfy") == 0


async def test_a_record_of_another_version_is_passed_over(queue: JobQueue) -> None:
    jobs = await put(queue, 2)
    await queue.redis.hset(keys.record(jobs[0].id), "status", "dreaming")

    assert [job.id for job in await queue.many([job.id for job in jobs])] == [jobs[1].id]


async def test_a_batch_lists_its_jobs_in_order(queue: JobQueue) -> None:
    jobs = await put(queue, 4, batch="b1")

    assert [job.id for job in await queue.batch("b1")] == [job.id for job in jobs]


async def test_the_newest_preview_is_kept_alone(queue: JobQueue) -> None:
    (job,) = await put(queue)
    await queue.keep_preview(job.id, b"old", "image/jpeg")
    await queue.keep_preview(job.id, b"new", "image/png")

    assert await queue.preview(job.id) == (b"new", "image/png")
    assert await queue.preview(new_id()) is None


# -- records --------------------------------------------------------------------------------------------


def test_ids_are_canonical_version_7_uuids_sorted_by_time() -> None:
    first = new_id()
    time.sleep(0.002)
    second = new_id()

    assert first < second
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", first)


@pytest.mark.parametrize(
    ("status", "public"),
    [("queued", "pending"), ("waiting", "pending"), ("running", "running"), ("done", "done"), ("failed", "failed"),
     ("cancelled", "cancelled")],
)  # fmt: skip
def test_programs_see_five_states(status: str, public: str) -> None:
    assert a_job(status=status).public_status == public


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_percent_is_never_out_of_range(value: int, most: int) -> None:
    percent = Progress(value=min(value, most), max=most).percent

    assert 0 <= percent <= 100
