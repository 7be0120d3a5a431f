"""One ComfyUI over HTTP: against recorded answers, and against the simulator."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx
import pytest

from gaze.comfyui import client
from gaze.comfyui.client import Comfy, Image, Rejected, Uncertain, Unreachable
from gaze.jobs.record import new_id
from tests.comfyui.replay import Replay, recording
from tests.graphs import a_graph
from tests.site import Simulator

ID = "de9704fb-3385-4159-97da-b3cd1721c651"


async def found(comfy: Comfy, prompt_id: str, place: str, within_s: float = 10) -> client.Found:
    deadline = time.monotonic() + within_s
    while (seen := await comfy.find(prompt_id)).place != place:
        assert time.monotonic() < deadline, f"it is {seen.place}, not {place}"
        await asyncio.sleep(0.02)
    return seen


# -- recorded answers -----------------------------------------------------------------------------------


async def test_version_and_device_are_read(replay: Replay, http: httpx.AsyncClient) -> None:
    replay.replay("system_stats")

    system = await Comfy(replay.url, http).system()

    assert system.version == (0, 25, 0)
    assert (system.device, system.vram_total, system.simulator) == ("cpu", 25276514304, False)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<html><body>It works!</body></html>", "text/html"),
        (b'{"ok": true}', "application/json"),
        (b"[]", "application/json"),
        (b'{"system": {}, "devices": {"0": 1}}', "application/json"),
        (b"", "text/plain"),
    ],
)
async def test_F114_another_kind_of_server_is_said_to_be_none(
    replay: Replay, http: httpx.AsyncClient, body: bytes, kind: str
) -> None:
    replay.say("GET", "/system_stats", body, kind=kind)

    with pytest.raises(Unreachable, match="not a ComfyUI server at this address"):
        await Comfy(replay.url, http).system()


async def test_F114_a_server_without_that_page_is_none_either(replay: Replay, http: httpx.AsyncClient) -> None:
    with pytest.raises(Unreachable, match="not a ComfyUI server at this address"):
        await Comfy(replay.url, http).system()


async def test_nothing_at_an_address_is_said_with_the_address(http: httpx.AsyncClient) -> None:
    with pytest.raises(Unreachable, match=r"nothing answers at 127\.0\.0\.1:9"):
        await Comfy("http://127.0.0.1:9", http).system()


async def test_pending_prompts_come_in_the_order_in_which_they_will_run(
    replay: Replay, http: httpx.AsyncClient
) -> None:
    body = replay.replay("queue_running_and_pending")["response"]["body"]

    state = await Comfy(replay.url, http).queue()

    assert state.running == (body["queue_running"][0][1],)
    assert list(state.pending) == [item[1] for item in sorted(body["queue_pending"], key=lambda item: item[0])]


async def test_a_finished_run_gives_its_pictures_and_its_time(replay: Replay, http: httpx.AsyncClient) -> None:
    body = replay.replay("history_success")["response"]["body"]
    messages = dict(body[ID]["status"]["messages"])

    seen = await Comfy(replay.url, http).find(ID)

    assert seen.place == "done"
    assert seen.images["9"][0].filename.endswith("_.png")
    ran_ms = messages["execution_success"]["timestamp"] - messages["execution_start"]["timestamp"]
    assert seen.took_s == pytest.approx(ran_ms / 1000)


@pytest.mark.parametrize("name", ["oom", "valueerror", "corrupt_checkpoint"])
async def test_a_failed_run_gives_its_error(replay: Replay, http: httpx.AsyncClient, name: str) -> None:
    body = replay.replay(f"history_error_{name}")["response"]["body"]

    seen = await Comfy(replay.url, http).find(next(iter(body)))

    assert seen.place == "error"
    assert seen.error and seen.error["exception_message"]


async def test_an_interrupted_run_is_told_from_a_failed_one(replay: Replay, http: httpx.AsyncClient) -> None:
    body = replay.replay("history_interrupted")["response"]["body"]

    assert (await Comfy(replay.url, http).find(next(iter(body)))).place == "interrupted"


async def test_a_prompt_in_neither_queue_nor_history_is_lost(replay: Replay, http: httpx.AsyncClient) -> None:
    replay.say("GET", f"/history/{ID}", {})

    assert (await Comfy(replay.url, http).find(ID)).place == "lost"


async def test_F70_a_cached_run_without_outputs_is_done_without_pictures(
    replay: Replay, http: httpx.AsyncClient
) -> None:
    body = replay.replay("history_cached_rerun_no_client_id")["response"]["body"]

    seen = await Comfy(replay.url, http).find(next(iter(body)))

    assert (seen.place, seen.images) == ("done", {})


async def test_F77_only_the_one_id_is_asked_for(replay: Replay, http: httpx.AsyncClient) -> None:
    replay.replay("history_success")

    await Comfy(replay.url, http).find(ID)

    assert [path for _, path, _ in replay.asked] == ["/queue", f"/history/{ID}"]


async def test_bare_nan_and_lone_surrogates_of_strangers_are_read(replay: Replay, http: httpx.AsyncClient) -> None:
    body = recording("history_success")["response"]["body"]
    body[ID]["prompt"][2]["3"]["is_changed"] = float("nan")
    body[ID]["prompt"][2]["6"]["inputs"]["text"] = "\ud83d"
    replay.say("GET", f"/history/{ID}", body)

    assert (await Comfy(replay.url, http).find(ID)).place == "done"


@pytest.mark.parametrize("status", [None, {}, {"messages": None}, {"status_str": "success", "messages": [[], 7]}])
async def test_a_history_entry_of_another_shape_is_no_fault(
    replay: Replay, http: httpx.AsyncClient, status: Any
) -> None:
    replay.say("GET", f"/history/{ID}", {ID: {"status": status, "outputs": {"9": {"images": [None, {}]}}}})

    assert (await Comfy(replay.url, http).find(ID)).images == {"9": ()}


async def test_F78_an_error_without_any_message_is_still_an_error(replay: Replay, http: httpx.AsyncClient) -> None:
    replay.say("GET", f"/history/{ID}", {ID: {"status": {"status_str": "error", "messages": []}, "outputs": {}}})

    seen = await Comfy(replay.url, http).find(ID)

    assert (seen.place, seen.error) == ("error", {})


async def test_F115_a_partial_refusal_names_the_outputs_left_out(replay: Replay, http: httpx.AsyncClient) -> None:
    asked = replay.replay("prompt_ok_one_output_bad")
    prompt_id = asked["response"]["body"]["prompt_id"]

    partly = await Comfy(replay.url, http).submit(asked["request"]["body"]["prompt"], prompt_id, "c")

    assert partly.outputs == {"10"}
    assert partly.sentences == ("SaveImage (node 10): it is linked to the node 99, which is not in the workflow",)


async def test_a_refused_graph_is_said_fault_by_fault(replay: Replay, http: httpx.AsyncClient) -> None:
    asked = replay.replay("prompt_err_several")

    with pytest.raises(Rejected) as refused:
        await Comfy(replay.url, http).submit(asked["request"]["body"]["prompt"], new_id(), "c")

    assert len(refused.value.sentences) == 3


@pytest.mark.parametrize("status", [502, 503, 504])
async def test_a_proxys_trouble_leaves_it_open_whether_it_was_taken(
    replay: Replay, http: httpx.AsyncClient, status: int
) -> None:
    replay.say("POST", "/prompt", b"<h1>Bad Gateway</h1>", status, "text/html")

    with pytest.raises(Uncertain):
        await Comfy(replay.url, http).submit(a_graph(), new_id(), "c")


async def test_a_submission_to_nobody_never_arrived(http: httpx.AsyncClient) -> None:
    with pytest.raises(Unreachable) as away:
        await Comfy("http://127.0.0.1:9", http).submit(a_graph(), new_id(), "c")

    assert not isinstance(away.value, Uncertain)


async def test_F73_a_cancel_interrupts_nothing_but_its_own_run(replay: Replay, http: httpx.AsyncClient) -> None:
    replay.replay("queue_one_running")
    replay.say("POST", "/queue", b"")
    replay.say("POST", "/interrupt", b"")

    await Comfy(replay.url, http).cancel(ID)

    assert ("POST", "/queue", {"delete": [ID]}) in replay.asked
    assert not [path for _, path, _ in replay.asked if path == "/interrupt"]


async def test_F73_an_interrupt_names_the_run(replay: Replay, http: httpx.AsyncClient) -> None:
    running = replay.replay("queue_one_running")["response"]["body"]["queue_running"][0][1]
    replay.say("POST", "/queue", b"")
    replay.say("POST", "/interrupt", b"")

    await Comfy(replay.url, http).cancel(running)

    assert replay.asked[-1] == ("POST", "/interrupt", {"prompt_id": running})


async def test_a_picture_that_is_gone_is_told_from_a_server_that_is(replay: Replay, http: httpx.AsyncClient) -> None:
    with pytest.raises(FileNotFoundError, match=r"no longer has x\.png"):
        await Comfy(replay.url, http).fetch(Image("x.png", "gaze", "output"))


# -- the simulator ---------------------------------------------------------------------------------------


async def test_a_prompt_goes_from_queue_to_history_to_its_bytes(comfyui: Simulator, http: httpx.AsyncClient) -> None:
    comfy, prompt_id = Comfy(comfyui.url, http), new_id()

    assert not (await comfy.submit(a_graph(11), prompt_id, "c", {"gaze": {"job": "1"}})).outputs
    seen = await found(comfy, prompt_id, "done")

    data = await comfy.fetch(seen.images["9"][0])
    assert data.startswith(b"\x89PNG") and b'{"job": "1"}' in data


async def test_a_running_prompt_is_interrupted_and_a_pending_one_deleted(
    comfyui: Simulator, http: httpx.AsyncClient
) -> None:
    comfy, first, second = Comfy(comfyui.url, http), new_id(), new_id()
    await comfy.submit(a_graph(21, steps=500), first, "c")
    await comfy.submit(a_graph(22, steps=500), second, "c")
    await found(comfy, first, "running")

    await comfy.cancel(second)
    await comfy.cancel(first)

    await found(comfy, first, "interrupted")
    assert (await comfy.find(second)).place == "lost"


async def test_a_server_too_old_to_keep_ids_is_refused_and_left_clean(
    comfyui: Simulator, http: httpx.AsyncClient
) -> None:
    comfyui.faults({"name": "old-version"})
    try:
        with pytest.raises(Rejected, match="too old"):
            await Comfy(comfyui.url, http).submit(a_graph(31, steps=500), new_id(), "c")
    finally:
        comfyui.faults()

    deadline = time.monotonic() + 5
    while (state := await Comfy(comfyui.url, http).queue()).running or state.pending:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def test_F75_a_late_answer_leaves_it_open_and_the_prompt_is_found(
    comfyui: Simulator, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "_SUBMIT", httpx.Timeout(0.3))
    comfyui.faults({"name": "prompt-timeout", "seconds": 1.5, "times": 1})
    comfy, prompt_id = Comfy(comfyui.url, http), new_id()

    with pytest.raises(Uncertain):
        await comfy.submit(a_graph(41), prompt_id, "c")

    assert (await comfy.find(prompt_id)).place != "lost"
    comfyui.faults()


async def test_a_500_of_the_history_is_something_to_wait_for(comfyui: Simulator, http: httpx.AsyncClient) -> None:
    comfyui.faults({"name": "server-error", "path": "/history", "times": 1})

    with pytest.raises(Unreachable, match="answered 500"):
        await Comfy(comfyui.url, http).history(new_id())
