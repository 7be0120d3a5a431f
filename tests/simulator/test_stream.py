"""The websocket says what the real server's says, in that order, to those it concerns."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from websockets.sync.client import connect

from tests.simulator.conftest import RECORDED, Server, graph, recording


def kind(message: Any) -> str:
    """One word for a message, heard or recorded."""
    if isinstance(message, bytes):
        return f"frame {int.from_bytes(message[:4], 'big')}"
    return f"frame {message['event_type']}" if message.get("binary") else str(message["type"])


def order(messages: list[Any]) -> list[str]:
    """The words of a stream, of nodes that show no steps only one in a row."""
    words: list[str] = []
    for word in map(kind, messages):
        if [*words[-3:], word] == ["progress_state", "executing", "progress_state", "progress_state"]:
            del words[-3:]
        words.append(word)
    return words


@pytest.mark.parametrize("name", ["ws_success_plain", "ws_success_preview_metadata"])
def test_a_run_is_told_in_the_recorded_order(start: Callable[..., Server], name: str) -> None:
    recorded = recording(name)["messages"]
    server = start(steps_per_s=200, **RECORDED)
    ears = server.ears("a", metadata="metadata" in name)

    server.post(client_id="a")

    told = order([m for m in recorded if kind(m) != "feature_flags"][1:])
    assert order(ears.run()) == told


def test_each_message_has_the_recorded_keys(start: Callable[..., Server]) -> None:
    recorded = {kind(m): m for m in recording("ws_success_plain")["messages"] if "data" in m}
    server = start(steps_per_s=200, **RECORDED)
    ears = server.ears("a")

    server.post(client_id="a")

    for message in ears.run():
        if isinstance(message, dict) and message["type"] != "executing" and message["type"] != "status":
            assert message["data"].keys() == recorded[message["type"]]["data"].keys(), message["type"]


def test_progress_state_repeats_all_touched_nodes(server: Server) -> None:
    ears = server.ears("a")

    server.post(client_id="a")

    last = [m for m in ears.run() if kind(m) == "progress_state"][-1]["data"]["nodes"]
    assert set(last) == set(graph())
    assert {node["state"] for node in last.values()} == {"finished"}
    recorded = [m for m in recording("ws_success_plain")["messages"] if kind(m) == "progress_state"][-1]
    assert last["9"].keys() == recorded["data"]["nodes"]["9"].keys()


def test_detailer_counts_its_steps_anew(server: Server) -> None:
    prompt = recording("prompt_err_facedetailer_missing")["request"]["body"]["prompt"]
    prompt["11"]["inputs"].update(wildcard="", cycle=1)
    ears = server.ears("a")

    server.post(prompt, client_id="a")

    steps = [(m["data"]["node"], m["data"]["value"]) for m in ears.run() if kind(m) == "progress"]
    recorded = recording("ws_facedetailer_two")["messages"]
    assert steps == [(m["data"]["node"], m["data"]["value"]) for m in recorded if kind(m) == "progress"]


def test_metadata_of_a_preview_names_node_and_prompt(start: Callable[..., Server]) -> None:
    server = start(steps_per_s=200)
    ears = server.ears("a", metadata=True)

    prompt_id = server.post(client_id="a")

    frame = next(m for m in ears.run() if isinstance(m, bytes))
    length = int.from_bytes(frame[4:8], "big")
    about = json.loads(frame[8 : 8 + length])
    assert about["prompt_id"] == prompt_id
    assert about["node_id"] == "3"
    assert frame[8 + length : 11 + length] == b"\xff\xd8\xff"


def test_previews_can_be_refused_for_one_prompt(start: Callable[..., Server]) -> None:
    server = start(steps_per_s=200)
    ears = server.ears("a")

    server.post(client_id="a", extra_data={"preview_method": "none"})

    assert not [m for m in ears.run() if isinstance(m, bytes)]


def test_the_same_graph_again_repeats_the_old_file(server: Server) -> None:
    ears = server.ears("a")
    first = server.post(client_id="a")
    ears.run()

    second = server.post(client_id="a")

    heard = ears.run()
    assert order(heard) == order(recording("ws_cached_rerun")["messages"])
    assert server.finish(second)["outputs"] == server.finish(first)["outputs"]
    assert len(list((server.folder / "output" / "gaze").iterdir())) == 1


def test_the_same_graph_again_without_client_has_no_outputs(server: Server) -> None:
    server.finish(server.post())

    again = server.finish(server.post())

    assert again["status"]["status_str"] == "success"
    assert again["outputs"] == {}


def test_only_nodes_behind_a_change_run_again(server: Server) -> None:
    ears = server.ears("a")
    server.post(graph(seed=1), client_id="a")
    ears.run()

    server.post(graph(seed=2), client_id="a")

    heard = ears.run()
    (cached,) = [m["data"]["nodes"] for m in heard if kind(m) == "execution_cached"]
    ran = [m["data"]["node"] for m in heard if kind(m) == "executing"][:-1]
    assert ran == ["3", "8", "9"]
    assert set(cached) == set(graph()) - set(ran)


def test_a_stranger_hears_only_the_queue(server: Server) -> None:
    stranger, owner = server.ears("b"), server.ears("a")

    server.post(client_id="a")

    owner.run()
    server.post(graph(seed=2), client_id="b")
    heard = [kind(m) for m in stranger.run()]
    assert heard[:5] == ["status", "status", "status", "status", "status"]


def test_prompt_without_client_is_heard_by_all_as_recorded(start: Callable[..., Server]) -> None:
    server = start(previews=False, **RECORDED)
    ears = server.ears("a")

    server.post()

    heard = [ears.next() for _ in range(2)] + ears.until("status")
    recorded = recording("ws_no_client_id_prompt_success")["client_a"]
    assert {kind(m) for m in heard} == {kind(m) for m in recorded}


def test_who_comes_late_is_told_the_running_node(start: Callable[..., Server]) -> None:
    server = start(steps_per_s=50, **RECORDED)
    stranger = server.ears("b")
    server.post(client_id="a")
    stranger.until("status")

    watching = server.ears("c")
    server.http.get("/queue")
    owner = server.ears("a")

    told = owner.next()
    assert watching.first["data"]["sid"] == "c"
    assert kind(told) in ("executing", "progress_state", "execution_start")


def test_reconnect_in_mid_run_is_told_the_node_without_prompt_id(start: Callable[..., Server]) -> None:
    server = start(steps_per_s=40)
    first = server.ears("a")
    server.post(graph(steps=40), client_id="a")
    first.until("progress")
    first.socket.close()

    second = server.ears("a")

    assert second.next() == {"type": "executing", "data": {"node": "3"}}
    second.run()


def test_the_older_sockets_end_silences_the_newer(start: Callable[..., Server]) -> None:
    server = start()
    older, newer = server.ears("a"), server.ears("a")
    older.socket.close()
    watcher = server.ears("b")

    server.finish(server.post(client_id="a"))

    watcher.until("status")
    newer.socket.ping().wait(5)
    with pytest.raises(TimeoutError):
        newer.next(timeout_s=0.05)


def test_an_interrupted_run_ends_as_recorded(start: Callable[..., Server]) -> None:
    server = start(steps_per_s=50)
    ears = server.ears("a")
    prompt_id = server.post(graph(steps=500), client_id="a")
    ears.until("progress")

    server.http.post("/interrupt", json={"prompt_id": prompt_id})

    heard = ears.run()
    assert [kind(m) for m in heard][-3:] == ["execution_interrupted", "status", "executing"]
    recorded = recording("ws_interrupted")["owner"][-3]
    assert heard[-3]["data"].keys() == recorded["data"].keys()
    assert server.finish(prompt_id)["status"]["completed"] is False
    assert server.http.get(f"/api/jobs/{prompt_id}").json()["status"] == "cancelled"


def test_websocket_save_sends_a_png_and_leaves_no_output(server: Server) -> None:
    (entry,) = recording("history_preview_image")["response"]["body"].values()
    ears = server.ears("a")

    prompt_id = server.post(entry["prompt"][2], client_id="a")

    heard = ears.run()
    assert order(heard) == order(recording("ws_preview_image_and_websocket_save")["messages"][1:])
    frame = next(m for m in heard if isinstance(m, bytes))
    assert frame[:12] == b"\0\0\0\1\0\0\0\2\x89PNG"
    outputs = server.finish(prompt_id)["outputs"]
    assert list(outputs) == ["2"]
    assert outputs["2"]["images"][0]["type"] == "temp"


def test_a_websocket_of_another_origin_is_refused(server: Server) -> None:
    with pytest.raises(Exception, match="403"):
        connect(server.url.replace("http", "ws") + "/ws", origin="http://evil.example", proxy=None, legacy=True)
