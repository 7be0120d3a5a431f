"""The queue: who runs when, and what becomes of what is taken away."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from tests.simulator.conftest import RECORDED, Server, graph


def busy(start: Callable[..., Server]) -> tuple[Server, str]:
    """A server whose worker is held up in a first prompt."""
    server = start(faults=(), **RECORDED)
    server.fault({"name": "hang", "times": 1})
    ears = server.ears("first")
    first = server.post(client_id="first")
    ears.until("executing", node="3")
    return server, first


def order_of_history(server: Server, last: str) -> list[str]:
    server.fault()
    server.finish(last)
    return list(server.http.get("/history").json())


def test_front_goes_first_and_numbers_decide(start: Callable[..., Server]) -> None:
    server, first = busy(start)
    usual = server.post(graph(seed=2))
    front = server.post(graph(seed=3), front=True)
    early = server.post(graph(seed=4), number=0.5)

    ran = order_of_history(server, usual)

    assert ran == [first, front, early, usual]


def test_refused_prompts_are_counted_too(server: Server) -> None:
    server.http.post("/prompt", json={"prompt": {}})

    answer = server.http.post("/prompt", json={"prompt": graph()})

    assert answer.json()["number"] == 1


def test_deleted_while_pending_leaves_nothing(start: Callable[..., Server]) -> None:
    server, first = busy(start)
    doomed = server.post(graph(seed=2))

    server.http.post("/queue", json={"delete": [doomed, str(uuid.uuid4())]})

    assert order_of_history(server, first) == [first]
    assert server.http.get(f"/history/{doomed}").json() == {}
    assert server.http.get(f"/api/jobs/{doomed}").status_code == 404


def test_an_id_may_be_queued_twice_and_its_later_run_counts(start: Callable[..., Server]) -> None:
    server, first = busy(start)
    server.post(graph(seed=2), prompt_id=first)

    pending = server.http.get("/queue").json()

    assert pending["queue_running"][0][1] == pending["queue_pending"][0][1] == first
    server.fault()
    ears = server.ears("x")
    while server.http.get("/prompt").json()["exec_info"]["queue_remaining"]:
        ears.next()
    assert server.finish(first)["prompt"][2]["3"]["inputs"]["seed"] == 2


def test_interrupt_of_an_id_that_does_not_run_does_nothing(start: Callable[..., Server]) -> None:
    server, first = busy(start)
    waiting = server.post(graph(seed=2))

    server.http.post("/interrupt", json={"prompt_id": waiting})

    server.fault()
    assert server.finish(first)["status"]["status_str"] == "success"
    assert server.finish(waiting)["status"]["status_str"] == "success"


def test_interrupt_without_id_stops_whatever_runs(start: Callable[..., Server]) -> None:
    server, first = busy(start)

    server.http.post("/interrupt", content=b"{")

    server.fault()
    assert server.finish(first)["status"]["messages"][-1][0] == "execution_interrupted"


def test_newest_history_is_asked_for_by_max_items(server: Server) -> None:
    made = [server.post(graph(seed=seed)) for seed in range(3)]
    server.finish(made[-1])

    newest = server.http.get("/history", params={"max_items": 2}).json()
    oldest = server.http.get("/history", params={"max_items": 2, "offset": 0}).json()

    assert list(newest) == made[1:]
    assert list(oldest) == made[:2]


def test_newer_server_cancels_pending_and_running_jobs(start: Callable[..., Server]) -> None:
    server = start(version="0.27.0", steps_per_s=20)
    ears = server.ears("a")
    running = server.post(graph(steps=500), client_id="a")
    waiting = server.post(graph(seed=2))
    ears.until("progress")

    answers = [server.http.post(f"/api/jobs/{job}/cancel").json() for job in (waiting, running)]

    assert answers == [{"cancelled": True}, {"cancelled": True}]
    assert server.finish(running)["status"]["messages"][-1][0] == "execution_interrupted"
    assert server.http.get("/queue").json() == {"queue_running": [], "queue_pending": []}
