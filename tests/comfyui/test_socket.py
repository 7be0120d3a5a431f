"""The websocket: what is heard of a run, and what happens when it is cut or goes deaf."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from gaze.comfyui import socket as module
from gaze.comfyui.client import Comfy
from gaze.comfyui.socket import Listener, Socket
from gaze.jobs.record import new_id
from tests.comfyui.replay import RECORDINGS, Replay, recording
from tests.graphs import a_graph
from tests.site import Simulator

RUN = recording("ws_success_preview_metadata")["messages"]
ID = next(message["data"]["prompt_id"] for message in RUN if message.get("type") == "execution_start")
FRAME = (RECORDINGS / "ws_preview_frame_type4.bin").read_bytes()
FRAME_ID = json.loads(FRAME[8 : 8 + int.from_bytes(FRAME[4:8], "big")])["prompt_id"]
FRAME_1 = (RECORDINGS / "ws_preview_frame_type1.bin").read_bytes()


async def until(holds: Callable[[], Any], within_s: float = 8) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it did not come true"
        await asyncio.sleep(0.005)


@pytest.fixture
async def socket(replay: Replay) -> AsyncIterator[Socket]:
    made = Socket(replay.url, "client-1")
    yield made
    await made.close()


async def test_a_recorded_run_is_heard_to_its_end(replay: Replay, socket: Socket) -> None:
    ear = await socket.listen(ID)

    replay.tell(*(message for message in RUN if "type" in message and "binary" not in message))

    await until(lambda: ear.over)
    assert ear.started and ear.node == "9"


async def test_steps_are_heard_with_their_total(replay: Replay, socket: Socket) -> None:
    ear = await socket.listen(ID)

    replay.tell(*(message for message in RUN if message.get("type") == "progress"))

    await until(lambda: ear.step and ear.step.value == 4)
    assert ear.step and (ear.step.max, ear.node) == (4, "3")


async def test_a_new_node_has_no_step_yet(replay: Replay, socket: Socket) -> None:
    ear = await socket.listen("p")

    replay.tell({"type": "progress", "data": {"prompt_id": "p", "node": "3", "value": 2, "max": 4}})
    replay.tell({"type": "executing", "data": {"prompt_id": "p", "node": "11"}})

    await until(lambda: ear.node == "11")
    assert ear.step is None


async def test_the_first_message_asks_for_previews_with_ids(replay: Replay, socket: Socket) -> None:
    await socket.listen(ID)

    await until(lambda: replay.first_messages)
    assert json.loads(replay.first_messages[0]) == {
        "type": "feature_flags",
        "data": {"supports_preview_metadata": True},
    }


async def test_a_preview_with_an_id_goes_to_its_run(replay: Replay, socket: Socket) -> None:
    ear, other = await socket.listen(FRAME_ID), await socket.listen("other")

    replay.tell(FRAME)

    await until(lambda: ear.preview)
    assert ear.preview and ear.preview.image.startswith(b"\xff\xd8") and ear.preview.mime == "image/jpeg"
    assert other.preview is None


async def test_a_preview_without_an_id_goes_to_the_only_run(replay: Replay, socket: Socket) -> None:
    ear = await socket.listen("p")

    replay.tell(FRAME_1)

    await until(lambda: ear.preview)
    assert ear.preview and ear.preview.image.startswith(b"\xff\xd8")


async def test_a_preview_without_an_id_is_nobodys_among_two(replay: Replay, socket: Socket) -> None:
    one, two = await socket.listen("p"), await socket.listen("q")

    replay.tell(FRAME_1, {"type": "execution_start", "data": {"prompt_id": "q"}})

    await until(lambda: two.started)
    assert one.preview is None and two.preview is None


async def test_F72_a_frame_of_five_mebibytes_is_no_disconnect(replay: Replay, socket: Socket) -> None:
    ear = await socket.listen("p")

    replay.tell(b"\x00\x00\x00\x01\x00\x00\x00\x02" + bytes(5 * 2**20))

    await until(lambda: ear.preview)
    assert ear.preview and len(ear.preview.image) == 5 * 2**20 and ear.preview.mime == "image/png"
    assert replay.connections == 1


@pytest.mark.parametrize(
    "nonsense",
    ["no JSON", "[]", '{"type": 7}', '{"type": "progress", "data": [1]}', b"", b"\x00\x00\x00\x04\x00\x00\x00\x02[]",
     '{"type": "progress", "data": {"prompt_id": "p", "value": NaN, "max": Infinity}}', b"\x00\x00\x00\x04\xff"],
)  # fmt: skip
async def test_nonsense_is_passed_over(replay: Replay, socket: Socket, nonsense: str | bytes) -> None:
    ear = await socket.listen("p")

    replay.tell(nonsense, {"type": "execution_start", "data": {"prompt_id": "p"}})

    await until(lambda: ear.started)
    assert replay.connections == 1


async def test_messages_of_other_runs_are_not_heard(replay: Replay, socket: Socket) -> None:
    ear = await socket.listen("p")

    replay.tell({"type": "executing", "data": {"node": None, "prompt_id": "q"}})
    replay.tell({"type": "executing", "data": {"node": "30"}})
    replay.tell({"type": "execution_start", "data": {"prompt_id": "p"}})

    await until(lambda: ear.started)
    assert not ear.over and ear.node == ""


async def test_a_lost_connection_is_made_again_and_told_as_a_gap(replay: Replay, socket: Socket) -> None:
    ear = await socket.listen("p")
    await until(lambda: ear.gap)
    ear.gap = False

    replay.cut()

    await until(lambda: ear.gap and replay.connections == 2 and replay.open)
    replay.tell({"type": "execution_start", "data": {"prompt_id": "p"}})
    await until(lambda: ear.started)


async def test_nobody_listening_lets_a_lost_connection_go(replay: Replay, socket: Socket) -> None:
    await socket.listen("p")
    socket.forget("p")

    replay.cut()

    await until(lambda: not replay.open)
    await until(lambda: socket._task is None or socket._task.done())
    assert replay.connections == 1


async def test_renewing_from_several_jobs_at_once_opens_one_connection(
    replay: Replay, socket: Socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two sockets with one client id make each other deaf."""
    await socket.listen("p")
    monkeypatch.setattr(module, "RENEW_S", 0.0)

    await asyncio.gather(*(socket.renew() for _ in range(5)))

    await until(lambda: len(replay.open) == 1 and replay.connections >= 2)
    await asyncio.sleep(0.3)  # one that should not be there would open meanwhile
    assert len(replay.open) == 1


async def test_a_young_connection_is_not_renewed(replay: Replay, socket: Socket) -> None:
    await socket.listen("p")

    await socket.renew()

    assert replay.connections == 1 and socket._task and not socket._task.done()


async def test_listening_to_nobody_does_not_hold_a_job_up() -> None:
    socket = Socket("http://127.0.0.1:9", "c")
    began = time.monotonic()

    ear = await socket.listen("p", wait_s=0.1)

    assert isinstance(ear, Listener) and time.monotonic() - began < 1
    await socket.close()


# -- the simulator ---------------------------------------------------------------------------------------


async def test_a_simulated_run_is_heard_with_steps_and_previews(comfyui: Simulator, http: httpx.AsyncClient) -> None:
    socket, prompt_id = Socket(comfyui.url, new_id()), new_id()
    ear = await socket.listen(prompt_id)

    await Comfy(comfyui.url, http).submit(a_graph(51, steps=10), prompt_id, socket.client_id)

    await until(lambda: ear.over)
    assert ear.preview and ear.preview.image.startswith(b"\xff\xd8")
    await socket.close()


async def test_a_cut_socket_of_the_simulator_hears_the_end(comfyui: Simulator, http: httpx.AsyncClient) -> None:
    comfyui.faults({"name": "drop-websocket", "step": 3, "times": 1})
    socket, prompt_id = Socket(comfyui.url, new_id()), new_id()
    ear = await socket.listen(prompt_id)

    await Comfy(comfyui.url, http).submit(a_graph(52, steps=50), prompt_id, socket.client_id)

    await until(lambda: ear.over)
    comfyui.faults()
    await socket.close()


async def test_F71_a_deaf_socket_hears_again_when_renewed(
    comfyui: Simulator, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RENEW_S", 0.0)
    comfyui.faults({"name": "unregister-socket", "step": 3, "times": 1})
    socket, prompt_id = Socket(comfyui.url, new_id()), new_id()
    ear = await socket.listen(prompt_id)
    await Comfy(comfyui.url, http).submit(a_graph(53, steps=100), prompt_id, socket.client_id)
    await until(lambda: comfyui.state()["struck"].get("unregister-socket"))

    await socket.renew()

    await until(lambda: ear.step and ear.step.value > 10)
    comfyui.faults()
    await Comfy(comfyui.url, http).cancel(prompt_id)
    await socket.close()
