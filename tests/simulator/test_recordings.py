"""Recorded requests get from the simulator what the real server answered."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.simulator.conftest import RECORDED, RECORDINGS, Server, graph, recording

PROMPTS = sorted(path.stem for path in RECORDINGS.glob("prompt_*.json"))
PLAIN = """
embeddings extensions features free_both free_empty get_prompt history_max_items_bad history_unknown
interrupt_bad_json interrupt_idle interrupt_other_id jobs_bad_status jobs_unknown models
models_checkpoints models_loras models_unknown object_info_unknown object_info_KSampler
object_info_FaceDetailer object_info_UltralyticsDetectorProvider options_preflight
origin_localhost_vs_127 origin_none origin_null origin_other_port origin_other_site host_other
host_other_origin_other post_origin_other queue_bad_json queue_clear queue_delete
queue_delete_string sec_fetch_cross_site sec_fetch_same_site users view_abs view_abs_subfolder
view_bad_type view_empty_filename view_missing view_no_filename view_traversal_name
view_traversal_subfolder view_metadata_missing
""".split()  # noqa: SIM905 - a page of one name a line is no easier to read
ANY = {"prompt_id", "number", "traceback", "queue_remaining"}
"""Keys whose values differ from run to run."""


def send(server: Server, request: dict[str, Any]) -> httpx.Response:
    """The recorded request, as it was sent; headers name the recorded server's address."""
    body = request["body"]
    content = body if isinstance(body, str) else None if body is None else json.dumps(body)
    headers = {name: value for name, value in request["headers"].items() if name != "Content-Type"}
    return server.http.request(request["method"], request["path"], content=content, headers=headers)


def settled(value: Any) -> Any:
    """The value without what differs from run to run."""
    if isinstance(value, dict):
        return {key: "any" if key in ANY else settled(one) for key, one in value.items()}
    return [settled(one) for one in value] if isinstance(value, list) else value


def shape(value: Any) -> Any:
    """The keys and types of a value; of a list its kinds of members."""
    if isinstance(value, dict):
        return {key: shape(one) for key, one in value.items()}
    if isinstance(value, list):
        kinds: list[Any] = []
        for one in value:
            if shape(one) not in kinds:
                kinds.append(shape(one))
        return kinds
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


def check(answer: httpx.Response, recorded: dict[str, Any]) -> None:
    """Hold status, content type and body against the recording."""
    assert answer.status_code == recorded["status"], answer.text
    assert answer.headers.get("content-type") == recorded["headers"].get("Content-Type")
    body = recorded["body"]
    if body is None:
        assert answer.content == b""
    elif isinstance(body, str):
        assert answer.text == body
    else:
        assert settled(answer.json()) == settled(body)


@pytest.mark.parametrize("name", PROMPTS)
def test_prompt_is_taken_or_refused_in_the_recorded_words(recorded_server: Server, name: str) -> None:
    exchange = recording(name)

    answer = send(recorded_server, exchange["request"])

    check(answer, exchange["response"])


@pytest.mark.parametrize("name", PLAIN)
def test_request_gets_the_recorded_answer(recorded_server: Server, name: str) -> None:
    exchange = recording(name)

    answer = send(recorded_server, exchange["request"])

    check(answer, exchange["response"])


@pytest.mark.parametrize("name", ["history_empty", "jobs_list_empty"])
def test_new_server_knows_of_nothing(server: Server, name: str) -> None:
    exchange = recording(name)

    answer = send(server, exchange["request"])

    check(answer, exchange["response"])


def test_stats_have_the_recorded_keys_and_tell_a_simulator_apart(server: Server) -> None:
    recorded = recording("system_stats")["response"]["body"]

    stats = server.http.get("/system_stats").json()

    assert set(stats["system"]) - set(recorded["system"]) == {"simulator", "accepts_any_model"}
    assert set(recorded["system"]) <= set(stats["system"])
    assert stats["devices"][0].keys() == recorded["devices"][0].keys()
    assert stats["system"]["simulator"] is True
    assert stats["devices"][0]["name"] == "GAZE simulator"


def test_cors_switch_serves_every_origin(start: Any) -> None:
    server = start(cors=True)
    exchange = recording("cors_flag_get")

    answer = send(server, exchange["request"])

    assert answer.status_code == 200
    for name, value in exchange["response"]["headers"].items():
        if name.startswith("Access-Control"):
            assert answer.headers[name] == value


def test_history_of_a_success_has_the_recorded_shape(server: Server) -> None:
    recorded = recording("history_success")
    (entry,) = recorded["response"]["body"].values()

    prompt_id = server.post(entry["prompt"][2], client_id="a")

    made = server.finish(prompt_id)
    assert shape(made) == shape(entry)
    assert made["prompt"][2] == entry["prompt"][2]


def test_history_of_a_failure_has_the_recorded_shape(server: Server) -> None:
    (entry,) = recording("history_error_oom")["response"]["body"].values()
    server.fault({"name": "out-of-memory"})

    made = server.finish(server.post())

    kind, data = made["status"]["messages"][-1]
    recorded_kind, recorded_data = entry["status"]["messages"][-1]
    assert kind == recorded_kind == "execution_error"
    assert data.keys() == recorded_data.keys()
    assert data["exception_type"] == recorded_data["exception_type"]
    assert made["status"]["status_str"] == "error"
    assert made["status"]["completed"] is False


def test_finished_job_has_the_recorded_shape(server: Server) -> None:
    recorded = recording("jobs_completed")["response"]["body"]
    prompt_id = server.post(recorded["workflow"]["prompt"])
    server.finish(prompt_id)

    job = server.http.get(f"/api/jobs/{prompt_id}").json()

    assert shape(job) == shape(recorded)


def test_failed_job_has_the_recorded_keys(server: Server) -> None:
    recorded = recording("jobs_failed")["response"]["body"]
    server.fault({"name": "raise-in-node"})
    prompt_id = server.post()
    server.finish(prompt_id)

    job = server.http.get(f"/api/jobs/{prompt_id}").json()

    assert job.keys() == recorded.keys()
    assert job["status"] == "failed"
    assert job["execution_error"].keys() == recorded["execution_error"].keys()


def test_list_of_finished_jobs_has_the_recorded_shape(server: Server) -> None:
    server.finish(server.post())

    listed = server.http.get("/api/jobs?limit=1").json()

    assert shape(listed) == shape(recording("jobs_list_completed")["response"]["body"])


def test_job_api_is_broken_by_an_extra_pnginfo_that_is_no_object(server: Server) -> None:
    server.finish(server.post(extra_data={"extra_pnginfo": "text"}))

    assert server.http.get("/api/jobs").status_code == 500
    server.http.post("/history", json={"clear": True})
    assert server.http.get("/api/jobs").status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "v027_cancel_batch_bad",
        "v027_cancel_batch_empty_body",
        "v027_cancel_batch_not_list",
        "v027_cancel_unknown",
    ],
)
def test_newer_server_cancels_jobs_as_recorded(start: Any, name: str) -> None:
    server = start(version="0.27.0", **RECORDED)
    exchange = recording(name)

    answer = send(server, exchange["request"])

    check(answer, exchange["response"])


@pytest.mark.parametrize("case", recording("saveimage_prefixes")["results"], ids=lambda case: repr(case[0])[:30])
def test_file_name_prefix_leads_to_the_recorded_names(recorded_server: Server, case: list[Any]) -> None:
    prefix, status, outputs, _ = case
    count = len(outputs["9"]["images"]) if outputs else 1
    inputs = {"width": 64, "height": 64, "batch_size": count, "color": 0}
    blank = {"class_type": "EmptyImage", "inputs": inputs}
    save = {"class_type": "SaveImage", "inputs": {"filename_prefix": prefix, "images": ["1", 0]}}

    made = recorded_server.finish(recorded_server.post({"1": blank, "9": save}))

    assert made["status"]["status_str"] == status
    if "%year%" not in prefix:
        assert made["outputs"] == outputs


def test_odd_sizes_are_floored_as_recorded(server: Server) -> None:
    for case in recording("limits_and_odd_inputs")["results"][:5]:
        _, width, _, height = case["case"].split()
        prompt = graph(prefix=f"gaze/lim{width}")
        prompt["5"]["inputs"].update(width=int(width), height=int(height))

        made = server.finish(server.post(prompt))

        (image,) = made["outputs"]["9"]["images"]
        data = server.http.get("/view", params=image).content
        size = [int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")]
        assert size == case["pixel_size"], case["case"]
