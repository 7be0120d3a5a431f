"""`gaze run` as a whole: what dies is started again, and everything ends together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from tests.site import Simulator, Site, clean_env, free_port, until

pytestmark = pytest.mark.drill
Make = Callable[..., Site]
ALL = {"web", "comfy", "llm", "simulator", "redis"}


def kill(site: Site, name: str) -> int:
    """Kill -9 one of its processes; returns the id once another one is there."""
    pid = site.children()[name]
    os.kill(pid, signal.SIGKILL)
    return int(until(lambda: (site.children().get(name, pid) != pid) and site.children()[name], what=f"a new {name}"))


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def up(site: Site) -> Site:
    until(lambda: set(site.children()) == ALL, what="all processes")
    until(lambda: site.http.get("/characters/alice").status_code == 200, what="the library")
    return site


def healthy(site: Site) -> bool:
    try:
        return site.http.get("/healthz").status_code == 200
    except httpx.HTTPError:
        return False


def images(site: Site) -> int:
    return len(list(site.root.glob("static/uploads/**/*.png")))


@contextmanager
def open_stream(site: Site) -> Iterator[None]:
    """A tab that hears events until it is left or the server ends it."""
    began, leave = threading.Event(), threading.Event()

    def read() -> None:
        try:
            with httpx.stream("GET", f"{site.url}/events", timeout=30) as answer:
                for _ in answer.iter_raw():
                    began.set()
                    if leave.is_set():
                        return
        except httpx.HTTPError:
            return
        finally:
            began.set()

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    assert began.wait(10)
    yield
    leave.set()


def test_F82_a_killed_workers_job_is_taken_over_and_not_drawn_twice(
    own_site: Make, simulator: Callable[..., Simulator]
) -> None:
    comfyui = simulator("--steps-per-second", "25")
    site = own_site(GAZE_COMFYUI_URLS=comfyui.url)
    until(lambda: site.http.get("/characters/alice").status_code == 200, what="the library")
    (job_id,) = site.generate("/characters/alice", width="64", height="64", steps="25")
    site.wait(job_id, "running")

    kill(site, "comfy")
    killed = time.monotonic()
    site.wait(job_id, timeout_s=40)

    assert time.monotonic() - killed < 25, "well under 60 s"
    assert comfyui.state()["prompts"]["accepted"] == images(site) == 1


def test_a_killed_web_process_is_back_and_jobs_never_noticed(own_site: Make) -> None:
    site = up(own_site())
    (job_id,) = site.generate("/characters/alice", width="64", height="64", steps="10")

    kill(site, "web")
    until(lambda: healthy(site), what="the pages")

    assert site.wait(job_id)["result"] and images(site) == 1


def test_a_killed_redis_is_started_again_and_jobs_go_on(own_site: Make) -> None:
    site = up(own_site())
    (job_id,) = site.generate("/characters/alice", width="64", height="64", steps="30")
    site.wait(job_id, "running")
    time.sleep(1.1)  # what is older than a second is on disk

    kill(site, "redis")
    until(lambda: site.http.get(f"/api/queue/{job_id}/status").status_code == 200, what="the pages")

    assert site.wait(job_id)["result"] and images(site) == 1
    assert set(site.children()) == ALL


def test_a_killed_simulator_is_started_again_and_draws_the_job_once_more(own_site: Make) -> None:
    site = up(own_site())
    (job_id,) = site.generate("/characters/alice", width="64", height="64", steps="20")
    site.wait(job_id, "running")

    kill(site, "simulator")

    assert site.wait(job_id)["result"] and images(site) == 1


def test_nothing_is_left_three_seconds_after_gaze_run_was_killed(own_site: Make) -> None:
    site = up(own_site())
    site.generate("/characters/alice", width="64", height="64", steps="200")
    pids = list(site.children().values())
    assert site.process

    with open_stream(site):
        site.process.kill()
        site.process.wait()
        until(lambda: not any(alive(pid) for pid in pids), 3, "the end of all processes")


def test_ctrl_c_ends_all_in_two_seconds_with_two_tabs_open(own_site: Make) -> None:
    site = up(own_site())
    site.generate("/characters/alice", width="64", height="64", steps="200")
    pids = list(site.children().values())

    with open_stream(site), open_stream(site):
        took_s = site.stop()

    assert took_s < 2 and not any(alive(pid) for pid in pids)
    assert site.process and site.process.returncode == 0
    assert "Traceback" not in site.log.read_text()


def started_by_a_shell(root: Path, script: str) -> subprocess.Popen[bytes]:
    """A shell that runs `script` with `$GAZE` set to start GAZE on `root`; its output is in `run.log`."""
    command = f"{sys.executable} -m gaze run --root {root}"
    env = clean_env(GAZE_PORT=str(free_port()), GAZE=command)
    with (root / "run.log").open("wb") as log:
        shell = subprocess.Popen(["sh", "-c", script], env=env, cwd=root, stdout=log, stderr=log)
    until(lambda: "GAZE is at" in (root / "run.log").read_text(), 30, "the address printed by gaze run")
    return shell


def test_ctrl_c_ends_it_even_in_the_background_of_a_script(tmp_path: Path) -> None:
    """A shell that is not interactive starts its background with SIGINT ignored."""
    shell = started_by_a_shell(tmp_path, "$GAZE & echo $! > pid; wait")
    pid = int((tmp_path / "pid").read_text())

    os.kill(pid, signal.SIGINT)

    until(lambda: not alive(pid), 2, "the end of gaze run")
    shell.wait(5)


def test_started_by_make_it_ends_when_make_is_killed(tmp_path: Path) -> None:
    shell = started_by_a_shell(tmp_path, "$GAZE --end-with-parent & echo $! > pid; wait")
    pids = [child.pid for child in psutil.Process(shell.pid).children(recursive=True)]

    shell.kill()
    shell.wait()

    until(lambda: not any(alive(pid) for pid in pids), 3, "the end of all processes")


def test_a_job_interrupted_by_ctrl_c_is_done_after_the_next_start(own_site: Make, tmp_path: Path) -> None:
    site = up(own_site())
    (job_id,) = site.generate("/characters/alice", width="64", height="64", steps="25")
    site.wait(job_id, "running")
    site.stop()

    site.log.unlink()  # where the next start prints its address
    again = Site(site.root).start()
    try:
        assert again.wait(job_id)["result"] and images(again) == 1
    finally:
        again.stop()


def run_once(root: Path, port: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gaze", "run", "--root", str(root)]
    env = clean_env(GAZE_PORT=str(port))
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=20, check=False)


def test_a_taken_port_is_said_in_one_line_that_names_the_setting(own_site: Make, tmp_path: Path) -> None:
    site = own_site()

    second = run_once(tmp_path, site.port)

    assert second.returncode == 2 and second.stdout == ""
    assert second.stderr.count("\n") == 1
    assert f"Port {site.port}" in second.stderr and f"GAZE_PORT={site.port + 1}" in second.stderr


def test_a_second_run_on_one_root_is_refused_in_one_line(own_site: Make) -> None:
    site = own_site()

    second = run_once(site.root, free_port())

    assert second.returncode == 2 and second.stderr.count("\n") == 1
    assert f"Another GAZE is running on {site.root}" in second.stderr
    assert healthy(site)


def test_F84_a_redis_that_may_not_write_is_503_in_words_and_nothing_is_queued(own_site: Make) -> None:
    import redis

    from gaze.jobs.redis import socket_path
    from tests.jobs.yard import misconf

    site = up(own_site())
    plain = redis.Redis(unix_socket_path=str(socket_path(site.root)))
    heal = misconf(plain, site.root / "data/.gaze/redis")

    refused = site.post("/characters/alice/generate", width="64", height="64")

    assert refused.status_code == 503
    assert "cannot write to its disk, so nothing was queued" in refused.text
    assert site.get("/queue")["queued_total"] == 0
    heal()
    (job_id,) = site.generate("/characters/alice", width="64", height="64", steps="2")
    site.wait(job_id)


def test_under_nohup_it_outlives_its_terminal(tmp_path: Path) -> None:
    from tests.conftest import library

    site = Site(library(tmp_path / "root"))
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        site.start()
    finally:
        signal.signal(signal.SIGHUP, before)
    assert site.process

    site.process.send_signal(signal.SIGHUP)
    time.sleep(0.5)

    assert site.process.poll() is None and healthy(site)
    site.stop()
