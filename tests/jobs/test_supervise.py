"""What `gaze run` does with a process that dies, and with one that cannot be started."""

from __future__ import annotations

from pathlib import Path

import pytest

from gaze import run
from gaze.jobs.redis import EmbeddedServer
from gaze.settings import Settings
from tests.site import free_port


def test_a_process_that_keeps_dying_young_is_started_ever_later(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr(run.time, "monotonic", lambda: clock[0])
    again, waits = run.Again("web"), []
    for _ in range(7):
        again.started()
        clock[0] += 0.1
        died = clock[0]
        while not again.due(1):
            clock[0] += 0.05
        waits.append(round(clock[0] - died, 1))

    assert waits == sorted(waits) and waits[0] <= 0.3 and waits[-1] == pytest.approx(5, abs=0.2)


def test_one_that_lived_for_long_is_started_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr(run.time, "monotonic", lambda: clock[0])
    again = run.Again("web")
    again.started()
    clock[0] += 60

    again.due(-9)
    clock[0] += 0.25

    assert again.due(-9)


def test_a_redis_that_cannot_be_started_again_does_not_end_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gaze.jobs.redis.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))

    run._launch(EmbeddedServer(Settings(root=tmp_path)))

    assert "the embedded Redis cannot be started now" in capsys.readouterr().err


@pytest.mark.parametrize("port", [70_000, -1])
def test_a_port_that_is_none_is_said_in_words(port: int) -> None:
    with pytest.raises(run.CannotStart, match="GAZE_PORT="):
        run.bind("127.0.0.1", port)


def test_a_bound_port_listens() -> None:
    port = free_port()

    listener = run.bind("127.0.0.1", port)

    assert listener.getsockname()[1] == port
    listener.close()
