"""ComfyUI's refusals and failures in words: node, class, input, cause. The answers are recorded ones."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gaze.comfyui import words
from tests.comfyui.replay import RECORDINGS, recording

REFUSED = {
    "backslash_lora": ["LoRA 2 (node 17, LoraLoader)", "lora_name", "Illustrious\\Clothing\\red_dress.safetensors"],
    "bad_link_length": ["KSampler (node 3)", "model"],
    "bad_type_int": ["KSampler (node 3)", "steps is «many»", "wrong type"],
    "batch_4097": ["EmptyLatentImage", "batch_size is 4097", "at most 4096"],
    "cfg_101": ["KSampler (node 3)", "cfg is 101.0", "at most 100"],
    "cycle": ["LoRA 4 (node 19, LoraLoader)", "circle"],
    "detector_missing": ["UltralyticsDetectorProvider (node 10)", "model_name «bbox/nope.pt»"],
    "empty_graph": ["no node that saves an image"],
    "empty_lora": ["LoRA 2 (node 17, LoraLoader)", "lora_name «»"],
    "facedetailer_missing": ["FaceDetailer (node 11)", "«wildcard» is missing"],
    "link_int_id": ["KSampler (node 3)", "linked to the node 4,"],
    "link_to_missing_node": ["KSampler (node 3)", "linked to the node 99,"],
    "loadimage_missing": ["LoadImage (node 1)", "missing.png"],
    "missing_checkpoint": ["Load Checkpoint (node 4, CheckpointLoaderSimple)", "Illustrious/nope.safetensors"],
    "missing_input": ["KSampler (node 3)", "«positive» is missing"],
    "missing_lora": ["LoRA 2 (node 17, LoraLoader)", "Illustrious/Clothing/nope.safetensors"],
    "no_class_type": ["KSampler", "no class_type", "#3"],
    "no_inputs_key": ["KSampler (node 3)", "has no inputs"],
    "no_outputs": ["no node that saves an image"],
    "null_int": ["KSampler (node 3)", "steps is empty"],
    "prompt_id_upper": ["prompt_id", "UUID"],
    "sampler": ["KSampler (node 3)", "sampler_name «nope»"],
    "scheduler": ["KSampler (node 3)", "scheduler «nope»"],
    "seed_2pow64": ["seed is 18446744073709551616", "at most 18446744073709551615"],
    "seed_minus1": ["seed is -1", "at least 0"],
    "slot_out_of_range": ["KSampler (node 3)", "output that does not exist"],
    "steps_10001": ["steps is 10001", "at most 10000"],
    "strength_101": ["LoRA 1 (node 16, LoraLoader)", "strength_model is 101.0"],
    "unknown_node": ["KSampler (node 3, KSamplerX)", "no node «KSamplerX»"],
    "unknown_node_no_title": ["KSamplerX (node 3)", "no node «KSamplerX»"],
    "vae": ["VAELoader (node 21)", "vae_name «nope.safetensors»"],
    "width_16392": ["EmptyLatentImage", "width is 16392", "at most 16384"],
    "width_8": ["EmptyLatentImage", "width is 8", "at least 16"],
    "wrong_link_type": ["KSampler (node 3)", "model is linked to an output of another type", "CONDITIONING"],
}
ALL = sorted(file.stem for file in RECORDINGS.glob("prompt_err_*.json"))


def refused(name: str) -> list[str]:
    found = recording(name)
    body = found["response"]["body"]
    asked = found["request"]["body"]
    graph = asked.get("prompt") if isinstance(asked, dict) else {}
    text = body if isinstance(body, str) else json.dumps(body)
    return words.refusals(found["response"]["status"], text, graph if isinstance(graph, dict) else {})


def recorded_error(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    found = recording(name)
    if "messages" in found:
        return next(m["data"] for m in found["messages"] if m.get("type") == "execution_error"), {}
    entry = next(iter(found["response"]["body"].values()))
    said = next(data for kind, data in entry["status"]["messages"] if kind == "execution_error")
    return said, entry["prompt"][2]


@pytest.mark.parametrize(("name", "parts"), REFUSED.items())
def test_F65_a_refusal_names_node_class_input_and_cause(name: str, parts: list[str]) -> None:
    sentences = " ".join(refused(f"prompt_err_{name}"))

    for part in parts:
        assert part in sentences


@pytest.mark.parametrize("name", ALL)
def test_every_recorded_refusal_is_short_plain_sentences(name: str) -> None:
    sentences = refused(name)

    assert sentences
    for sentence in sentences:
        assert "Traceback" not in sentence and "<" not in sentence and "\n" not in sentence
        assert 5 < len(sentence) < 400


def test_F65_several_faults_are_all_listed() -> None:
    sentences = refused("prompt_err_several")

    assert [sentence.split(":")[0] for sentence in sentences] == [
        "Load Checkpoint (node 4, CheckpointLoaderSimple)",
        "LoRA 2 (node 17, LoraLoader)",
        "KSampler (node 3)",
    ]


def test_F65_an_older_server_names_no_node() -> None:
    answer = {"error": {"type": "invalid_prompt", "message": "Cannot execute because node X does not exist.",
                        "details": "Node ID '#3'", "extra_info": {}}, "node_errors": {}}  # fmt: skip

    sentences = words.refusals(400, json.dumps(answer), {})

    assert sentences == ["Cannot execute because node X does not exist: Node ID '#3'"]


def test_F65_plain_text_is_said_with_its_status() -> None:
    assert words.refusals(502, "Bad Gateway\n", {}) == ["ComfyUI answered 502: Bad Gateway"]


def test_F65_html_loses_its_tags() -> None:
    page = "<html><head><title>413</title></head><body><h1>Too large</h1></body></html>"

    assert words.refusals(413, page, {}) == ["ComfyUI answered 413: 413 Too large"]


def test_an_empty_answer_is_said_to_be_nothing() -> None:
    assert words.refusals(500, "", {}) == ["ComfyUI answered 500: nothing"]


def test_F78_out_of_memory_is_gpu_memory_in_words() -> None:
    sentence = words.failure(*recorded_error("history_error_oom"))

    assert sentence.startswith("ProbeRaise (node 30): the GPU memory was not enough")
    assert "TIPS" not in sentence and "\n" not in sentence


def test_a_corrupt_checkpoint_is_named_with_its_node() -> None:
    sentence = words.failure(*recorded_error("history_error_corrupt_checkpoint"))

    assert sentence.startswith(
        "Load Checkpoint (node 4, CheckpointLoaderSimple) with «Illustrious/corrupt.safetensors»: Error while"
    )


@pytest.mark.parametrize("name", ["history_error_valueerror", "ws_error_custom_node_outdated"])
def test_a_picture_among_the_inputs_is_no_file_name(name: str) -> None:
    sentence = words.failure(*recorded_error(name))

    assert "tensor" not in sentence and "\n" not in sentence


def test_paths_of_the_server_after_the_first_line_are_left_out() -> None:
    sentence = words.failure(*recorded_error("ws_error_prefix_escape"))

    assert sentence == "SaveImage (node 9): ERROR: Saving image outside the output folder is not allowed. (Exception)"


def test_a_failure_without_a_message_names_its_kind() -> None:
    sentence = words.failure({"node_id": "3", "node_type": "KSampler", "exception_type": "KeyError"}, {})

    assert sentence == "KSampler (node 3): KeyError"


def test_a_lone_surrogate_in_a_message_is_replaced() -> None:
    """msgspec could not write it into the record."""
    sentence = words.failure({"node_id": "6", "exception_message": "cannot encode \ud83d"}, {})

    assert sentence.endswith("cannot encode ?")
