"""All servers: which are up, which are used, and which addresses are refused."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from gaze.comfyui.client import Unreachable
from gaze.comfyui.pool import Pool, probe
from gaze.core.address import check_url
from tests.comfyui.replay import Replay, recording
from tests.site import Simulator, free_port

NOBODY = "http://127.0.0.1:9"


def pool_of(http: httpx.AsyncClient, *urls: str, simulator: str = "", usual: str = NOBODY) -> Pool:
    return Pool(http, lambda: urls, simulator, "client", usual_url=usual)


def comfyui_like(replay: Replay) -> Replay:
    replay.replay("system_stats")
    return replay


async def test_without_settings_the_simulator_draws(comfyui: Simulator, http: httpx.AsyncClient) -> None:
    pool = pool_of(http, simulator=comfyui.url)

    await pool.refresh()

    assert [backend.url for backend in pool.healthy()] == [comfyui.url]
    assert pool.using_simulator and pool.healthy()[0].name == "Simulator"


async def test_a_comfyui_that_appears_at_the_usual_address_takes_the_next_job(
    comfyui: Simulator, http: httpx.AsyncClient, replay: Replay
) -> None:
    pool = pool_of(http, simulator=comfyui.url, usual=replay.url)
    await pool.refresh()
    assert pool.using_simulator

    comfyui_like(replay)
    await asyncio.sleep(0.3)  # what is known may be so old
    healthy = await pool.current()

    assert [backend.url for backend in healthy] == [replay.url]
    assert not pool.using_simulator


async def test_named_servers_are_used_alone_and_in_their_order(
    comfyui: Simulator, http: httpx.AsyncClient, replay: Replay
) -> None:
    pool = pool_of(http, comfyui_like(replay).url, comfyui.url, NOBODY, simulator=comfyui.url)

    await pool.refresh()

    assert [backend.state for backend in pool.backends] == ["up", "up", "down"]
    assert len(pool.healthy()) == 2 and not pool.using_simulator


async def test_a_server_not_asked_yet_is_unknown(http: httpx.AsyncClient) -> None:
    assert [backend.state for backend in pool_of(http, NOBODY).backends] == ["unknown"]


async def test_F114_another_kind_of_server_is_down_and_says_so(http: httpx.AsyncClient, replay: Replay) -> None:
    replay.say("GET", "/system_stats", b"<html>hello</html>", kind="text/html")
    pool = pool_of(http, replay.url)

    await pool.refresh()

    assert [backend.message for backend in pool.backends] == ["not a ComfyUI server at this address"]


async def test_version_device_and_queue_are_shown(http: httpx.AsyncClient, replay: Replay) -> None:
    comfyui_like(replay).replay("queue_running_and_pending")
    pool = pool_of(http, replay.url)

    await pool.refresh()

    (backend,) = pool.backends
    assert (backend.version_text, backend.device) == ("0.25.0", "cpu")
    assert (backend.running, backend.load) == (1, 1 + backend.pending) and backend.pending > 1


async def test_a_change_is_told_even_if_a_job_saw_it_first(http: httpx.AsyncClient, replay: Replay) -> None:
    """Else the waiting jobs are not woken."""
    told: list[str] = []
    pool = pool_of(http, replay.url)
    await pool.refresh()

    async def changed() -> None:
        told.append(pool.backends[0].state)

    watching = asyncio.create_task(pool.watch(changed, every_s=0.05))
    await asyncio.sleep(0.01)
    comfyui_like(replay)
    await pool.refresh()

    await until(lambda: "up" in told)
    watching.cancel()


async def test_a_failed_telling_is_done_again(http: httpx.AsyncClient, replay: Replay) -> None:
    calls: list[int] = []
    pool = pool_of(http, comfyui_like(replay).url)

    async def changed() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise ConnectionError("redis is away")

    watching = asyncio.create_task(pool.watch(changed, every_s=0.02))

    await until(lambda: len(calls) == 2)
    watching.cancel()


async def test_object_info_is_kept_until_the_server_refuses_something(http: httpx.AsyncClient, replay: Replay) -> None:
    replay.say("GET", "/object_info", {"KSampler": {}})
    pool = pool_of(http, replay.url)
    await pool.object_info(replay.url)
    await pool.object_info(replay.url)
    assert [path for _, path, _ in replay.asked] == ["/object_info"]

    pool.forget_info(replay.url)
    await pool.object_info(replay.url)

    assert len(replay.asked) == 2


async def test_object_info_of_nobody_is_unreachable(http: httpx.AsyncClient) -> None:
    with pytest.raises(Unreachable):
        await pool_of(http, NOBODY).object_info(NOBODY)


async def test_a_server_that_dies_is_down_at_the_next_look(
    simulator: Callable[..., Simulator], http: httpx.AsyncClient
) -> None:
    server = simulator()
    pool = pool_of(http, server.url)
    await pool.refresh()
    assert pool.healthy()

    server.kill()
    await pool.refresh()

    assert not pool.healthy() and "nothing answers at" in pool.backends[0].message


async def test_an_address_that_is_none_does_not_hide_the_other_servers(http: httpx.AsyncClient, replay: Replay) -> None:
    pool = pool_of(http, "gpu1:8188", "http://[broken", f"http://127.0.0.1:{free_port()}", comfyui_like(replay).url)

    await pool.refresh()

    assert [backend.state for backend in pool.backends] == ["down", "down", "down", "up"]


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://gpu1", "gpu1:8188", "", "http://", "http://gpu1:99999", "http://169.254.169.254",
     "http://169.254.169.254/latest/meta-data", "http://[fe80::1]:8188", "http://[::ffff:169.254.169.254]",
     "http://2852039166", "http://0xA9FEA9FE:8188", "http://169.254.43518", "http://0.0.0.0:8188", "http://224.0.0.1",
     "http://metadata.google.internal", "http://[broken"],
)  # fmt: skip
def test_F98_an_address_of_no_server_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"«.*»"):
        check_url(url)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8188", "http://192.168.1.20:8188", "http://10.0.0.2", "https://gpu.example.org/comfy",
     "http://[::1]:8188", "http://gpu1:8188"],
)  # fmt: skip
def test_F98_private_networks_are_allowed(url: str) -> None:
    assert check_url(f" {url}/ ") == url


async def test_F98_an_address_that_a_file_names_is_refused_too(http: httpx.AsyncClient) -> None:
    pool = pool_of(http, "http://169.254.169.254")

    await pool.refresh()

    (backend,) = pool.backends
    assert backend.state == "down" and "never a ComfyUI server" in backend.message


async def test_a_tested_address_says_what_answers(http: httpx.AsyncClient, replay: Replay) -> None:
    backend = await probe(comfyui_like(replay).url, http)

    assert (
        backend.up
        and backend.version_text == recording("system_stats")["response"]["body"]["system"]["comfyui_version"]
    )


async def until(holds: Callable[[], Any], within_s: float = 5) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it did not come true"
        await asyncio.sleep(0.01)
