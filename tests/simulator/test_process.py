"""The simulator as a process: how it ends and how it dies."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

import pytest
from websockets.exceptions import ConnectionClosedError

from tests.simulator.conftest import Process, graph


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_within_a_second_though_a_run_is_watched(launch: Callable[..., Process], number: int) -> None:
    process = launch("--steps-per-second", "1")
    ears = process.server.ears("a")
    process.server.post(graph(steps=100), client_id="a")
    ears.until("executing", node="3")
    began = time.monotonic()

    process.end(number)

    assert time.monotonic() - began < 1
    with pytest.raises(ConnectionClosedError):
        ears.run()


def test_death_in_mid_job_loses_all_but_files(launch: Callable[..., Process]) -> None:
    process = launch("--fault", "die-mid-job:node=SaveImage,after=true")
    ears = process.server.ears("a")

    process.server.post(client_id="a")

    with pytest.raises(ConnectionClosedError) as closed:
        ears.run()
    assert closed.value.rcvd is None
    assert process.process.wait(5) == 137
    again = launch()
    assert again.server.http.get("/history").json() == {}
    image = {"filename": "aria_00001_.png", "subfolder": "gaze"}
    assert again.server.http.get("/view", params=image).status_code == 200


def test_slow_start_refuses_connections_at_first(launch: Callable[..., Process]) -> None:
    began = time.monotonic()

    launch("--fault", "slow-start:seconds=1")

    assert time.monotonic() - began > 1


def test_an_unknown_fault_is_an_error_on_the_command_line(launch: Callable[..., Process]) -> None:
    from gaze.simulator.__main__ import main

    with pytest.raises(SystemExit) as ended:
        main(["--fault", "nonsense"])
    assert ended.value.code == 2
