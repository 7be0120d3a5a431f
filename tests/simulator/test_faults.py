"""What can be made to go wrong, does."""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable

import httpx
import pytest
from PIL import Image
from websockets.exceptions import ConnectionClosedError

from gaze.simulator import Fault, Options, add_arguments, options_from
from tests.simulator.conftest import RECORDED, Server, graph


def test_a_node_raises_with_the_given_words_once(server: Server) -> None:
    server.fault({"name": "raise-in-node", "node": "VAEDecode", "exception": "KeyError", "message": "'no'", "times": 1})

    failed = server.finish(server.post())["status"]["messages"][-1]
    fine = server.finish(server.post(graph(seed=2)))["status"]

    assert failed[0] == "execution_error"
    assert (failed[1]["node_type"], failed[1]["exception_message"]) == ("VAEDecode", "'no'\n")
    assert fine["status_str"] == "success"


def test_out_of_memory_at_a_step_leaves_the_server_alive(server: Server) -> None:
    server.fault({"name": "out-of-memory", "step": 2, "times": 1})

    error = server.finish(server.post())["status"]["messages"][-1][1]

    assert error["exception_type"] == "torch.OutOfMemoryError"
    assert server.finish(server.post(graph(seed=2)))["status"]["completed"] is True


def test_a_cut_websocket_has_no_close_frame_and_the_run_goes_on(server: Server) -> None:
    server.fault({"name": "drop-websocket", "step": 1, "times": 1})
    ears = server.ears("a")

    prompt_id = server.post(client_id="a")

    with pytest.raises(ConnectionClosedError) as closed:
        ears.run()
    assert closed.value.rcvd is None
    assert server.finish(prompt_id)["status"]["completed"] is True


def test_an_unregistered_socket_stays_open_and_silent(server: Server) -> None:
    server.fault({"name": "unregister-socket", "step": 1, "times": 1})
    ears = server.ears("a")

    server.finish(server.post(client_id="a"))

    heard = []
    with pytest.raises(TimeoutError):
        while True:
            heard.append(ears.next(timeout_s=0.05))
    assert ears.socket.ping().wait(5)
    assert "execution_success" not in [m["type"] for m in heard if isinstance(m, dict)]


def test_a_stalled_stream_goes_on_where_it_stopped(server: Server) -> None:
    ears = server.ears("a")
    server.fault({"name": "stall-all"})
    prompt_id = server.post(client_id="a")
    while prompt_id not in server.http.get(f"/history/{prompt_id}").json():
        pass
    with pytest.raises(TimeoutError):
        ears.next(timeout_s=0.05)

    server.fault()

    assert ears.run()[-2]["type"] == "status"


def test_forgotten_history_is_empty(server: Server) -> None:
    server.fault({"name": "forget-history"})
    ears = server.ears("a")

    prompt_id = server.post(client_id="a")

    ears.run()
    assert server.http.get(f"/history/{prompt_id}").json() == {}


def test_late_history_comes_after_the_success_message(server: Server) -> None:
    server.fault({"name": "late-history", "seconds": 0.2, "times": 1})
    ears = server.ears("a")
    prompt_id = server.post(client_id="a")

    ears.until("execution_success")

    assert server.http.get(f"/history/{prompt_id}").json() == {}
    ears.run()
    assert prompt_id in server.http.get(f"/history/{prompt_id}").json()


def test_a_truncated_file_cannot_be_decoded_and_a_missing_one_not_fetched(server: Server) -> None:
    server.fault({"name": "truncated-file", "times": 1})
    broken = server.finish(server.post())["outputs"]["9"]["images"][0]
    server.fault({"name": "missing-file", "times": 1})
    gone = server.finish(server.post(graph(seed=2)))["outputs"]["9"]["images"][0]

    with pytest.raises(OSError, match="truncated"):
        Image.open(io.BytesIO(server.http.get("/view", params=broken).content)).load()
    assert server.http.get("/view", params=gone).status_code == 404


def test_an_http_fault_strikes_its_path_only_so_often(server: Server) -> None:
    server.fault({"name": "server-error", "path": "/history", "times": 1})

    codes = [server.http.get(path).status_code for path in ("/queue", "/history", "/history")]

    assert codes == [200, 500, 200]


def test_a_prompt_can_be_queued_though_its_answer_never_comes(server: Server) -> None:
    server.fault({"name": "prompt-timeout", "times": 1})

    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{server.url}/prompt", json={"prompt": graph()}, timeout=0.2, trust_env=False)

    assert server.http.get("/simulator/state").json()["prompts"]["accepted"] == 1


def test_one_output_can_be_refused_with_200(server: Server) -> None:
    server.fault({"name": "refuse-output"})

    answer = server.http.post("/prompt", json={"prompt": graph()}).json()

    assert list(answer["node_errors"]) == ["9"]
    assert server.finish(answer["prompt_id"])["outputs"] == {}


def test_a_missing_class_is_unknown_everywhere(server: Server) -> None:
    server.fault({"name": "missing-node", "node": "VAEDecode"})

    answer = server.http.post("/prompt", json={"prompt": graph()})

    assert answer.json()["error"]["type"] == "missing_node_type"
    assert server.http.get("/object_info/VAEDecode").json() == {}
    assert "VAEDecode" not in server.http.get("/object_info").json()


def test_a_windows_server_lists_backslashes_and_wants_them(server: Server) -> None:
    server.fault({"name": "backslash-names"})
    windows = graph(prefix="gaze/deep/aria")
    for node in windows.values():
        if "lora_name" in node["inputs"] or "ckpt_name" in node["inputs"]:
            node["inputs"] = {k: v.replace("/", "\\") if isinstance(v, str) else v for k, v in node["inputs"].items()}

    refused = server.http.post("/prompt", json={"prompt": graph()}).status_code
    image = server.finish(server.post(windows))["outputs"]["9"]["images"][0]

    assert refused == 400
    assert "Illustrious\\tiny_v1.safetensors" in server.http.get("/models/checkpoints").json()
    assert image["subfolder"] == "gaze\\deep"
    assert server.http.get("/view", params=image).status_code == 200


def test_an_old_server_ignores_ids_and_has_no_jobs(start: Callable[..., Server]) -> None:
    server = start(steps_per_s=50, **RECORDED)
    server.fault({"name": "old-version"})
    mine = "11111111-2222-4333-8444-555555555555"
    ears = server.ears("a")

    given = server.post(graph(steps=500), client_id="a", prompt_id=mine)

    ears.until("progress")
    server.http.post("/interrupt", json={"prompt_id": mine})
    assert given != mine
    assert server.finish(given)["status"]["messages"][-1][0] == "execution_interrupted"
    assert server.http.get("/api/jobs").status_code == 404
    assert server.http.get("/system_stats").json()["system"]["comfyui_version"] == "0.3.40"


def test_an_unknown_fault_is_refused_with_the_known_names(server: Server) -> None:
    answer = server.http.post("/simulator/faults", json=[{"name": "nonsense"}])

    assert answer.status_code == 400
    assert "out-of-memory" in answer.json()["error"]


def test_reset_takes_all_faults_away(server: Server) -> None:
    server.fault({"name": "slow", "seconds": 60})

    server.http.delete("/simulator/faults")

    assert server.http.get("/prompt").status_code == 200
    assert server.http.get("/simulator/state").json()["faults"] == []


def test_any_model_is_accepted_where_that_is_switched_on(start: Callable[..., Server]) -> None:
    server = start()

    prompt_id = server.post()

    assert server.finish(prompt_id)["status"]["completed"] is True
    assert server.http.get("/system_stats").json()["system"]["accepts_any_model"] is True


def test_arguments_become_options() -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)

    args = parser.parse_args(
        ["--port", "9000", "--steps-per-second", "8", "--fault", "die-mid-job:step=3", "--strict-models"]
    )

    assert options_from(args) == Options(
        port=9000, steps_per_s=8.0, accept_any_model=False, faults=(Fault("die-mid-job", step=3),)
    )
