"""What images of other programs say, read; faults F52 to F55."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from gaze.core.metadata import Metadata, UsedLora, a1111, read

PARAMETERS = (
    "masterpiece, 1girl, <lora:mira_v3:0.8>, smile\nsecond line\nNegative prompt: lowres, bad hands\n"
    "Steps: 20, Sampler: DPM++ 2M Karras, CFG scale: 7.5, Seed: 12, Size: 512x768, Model hash: abc, Model: real, "
    'Clip skip: 2, Lora hashes: "mira_v3: aa, x: bb", Version: v1.6.0'
)


def graph(**sampler: Any) -> dict[str, Any]:
    """ComfyUI's usual graph with a LoRA, in API format."""
    return {
        "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "Illustrious\\lumen.safetensors"}},
        "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 832, "height": 1216, "batch_size": 1}},
        "10": {
            "class_type": "LoraLoader",
            "inputs": {
                "lora_name": "Looks/mira.safetensors",
                "strength_model": 0.8,
                "strength_clip": 1,
                "model": ["4", 0],
                "clip": ["4", 1],
            },
        },
        "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "1girl, smile", "clip": ["10", 1]}},
        "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "lowres", "clip": ["10", 1]}},
        "3": {
            "class_type": "KSampler",
            "inputs": {
                "seed": 9007199254740993,
                "steps": 25,
                "cfg": 5.5,
                "sampler_name": "euler_ancestral",
                "scheduler": "karras",
                "denoise": 1,
                "model": ["10", 0],
                "positive": ["6", 0],
                "negative": ["7", 0],
                "latent_image": ["5", 0],
                **sampler,
            },
        },
    }


def said(texts: dict[str, str]) -> Metadata:
    found = read(texts)
    assert found is not None
    return found


def test_a1111_says_prompts_settings_and_loras() -> None:
    found = said({"parameters": PARAMETERS})

    assert (found.positive, found.negative) == ("masterpiece, 1girl, smile\nsecond line", "lowres, bad hands")
    assert found.loras == (UsedLora("mira_v3", 0.8),)
    assert (found.steps, found.cfg, found.seed, found.width, found.height) == (20, 7.5, 12, 512, 768)
    assert (found.sampler_name, found.scheduler, found.checkpoint, found.clip_skip) == ("dpmpp_2m", "karras", "real", 2)
    assert ("Version", "v1.6.0") in found.more


def test_F53_parameters_that_start_at_steps_have_settings_and_no_prompts() -> None:
    found = said({"parameters": "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 64x64"})

    assert (found.positive, found.negative, found.steps, found.sampler_name) == ("", "", 20, "euler_ancestral")


def test_F55_the_first_model_is_the_checkpoint() -> None:
    line = "cat\nSteps: 20, Seed: 1, Model: real, ControlNet 0: Module: canny, Model: c.safetensors"

    assert said({"parameters": line}).checkpoint == "real"


def test_a_prompt_that_speaks_of_steps_stays_a_prompt() -> None:
    assert said({"parameters": "stone steps, Steps: three of them"}).positive.startswith("stone steps")


def test_what_is_written_as_a1111_reads_back_the_same() -> None:
    made = Metadata(
        tool="A1111",
        positive="1girl, (smile:1.2)",
        negative="lowres",
        checkpoint="Illustrious/lumen.safetensors",
        loras=(UsedLora("Looks/mira.safetensors", 0.8),),
        seed=2**64 - 1,
        width=832,
        height=1216,
        steps=25,
        cfg=5.5,
        sampler_name="euler_ancestral",
        scheduler="karras",
    )

    back = a1111.read(a1111.write(made, "GAZE 1"))

    assert back.seed == 2**64 - 1
    assert (back.positive, back.negative, back.checkpoint) == ("1girl, (smile:1.2)", "lowres", "lumen")
    assert back.loras == (UsedLora("mira", 0.8),)
    assert (back.width, back.steps, back.cfg, back.sampler_name, back.scheduler) == (
        832,
        25,
        5.5,
        "euler_ancestral",
        "karras",
    )


def test_comfyui_is_read_from_its_graph() -> None:
    found = said({"prompt": json.dumps(graph())})

    assert (found.positive, found.negative, found.seed) == ("1girl, smile", "lowres", 9007199254740993)
    assert found.loras == (UsedLora("Looks/mira.safetensors", 0.8),)
    assert (found.checkpoint, found.width, found.height) == ("Illustrious/lumen.safetensors", 832, 1216)
    assert (found.steps, found.cfg, found.sampler_name, found.scheduler) == (25, 5.5, "euler_ancestral", "karras")


def test_F52_a_bare_nan_in_the_graph_spoils_nothing() -> None:
    raw = json.dumps({**graph(), "9": {"class_type": "X", "inputs": {}, "is_changed": [float("nan")]}})

    assert "NaN" in raw
    assert said({"prompt": raw}).positive == "1girl, smile"


def test_a_second_pass_and_a_detailer_are_not_taken_for_the_first_sampler() -> None:
    raw = {
        "1": {"class_type": "FaceDetailer", "inputs": {"positive": ["7", 0], "seed": 1, "steps": 3}},
        "2": {
            "class_type": "KSampler",
            "inputs": {"positive": ["7", 0], "negative": ["6", 0], "seed": 2, "latent_image": ["8", 0]},
        },
        "8": {"class_type": "LatentUpscale", "inputs": {"samples": ["3", 0]}},
        **graph(),
    }

    assert said({"prompt": json.dumps(raw)}).seed == 9007199254740993


def test_a_custom_sampler_is_read_from_the_nodes_around_it() -> None:
    raw = {
        **graph(),
        "3": {
            "class_type": "SamplerCustomAdvanced",
            "inputs": {
                "noise": ["20", 0],
                "guider": ["21", 0],
                "sampler": ["22", 0],
                "sigmas": ["23", 0],
                "latent_image": ["5", 0],
            },
        },
        "20": {"class_type": "RandomNoise", "inputs": {"noise_seed": 7}},
        "21": {
            "class_type": "CFGGuider",
            "inputs": {"model": ["10", 0], "positive": ["6", 0], "negative": ["7", 0], "cfg": 4},
        },
        "22": {"class_type": "KSamplerSelect", "inputs": {"sampler_name": "dpmpp_2m"}},
        "23": {"class_type": "BasicScheduler", "inputs": {"scheduler": "beta", "steps": 30}},
    }

    found = said({"prompt": json.dumps(raw)})

    assert (found.seed, found.cfg, found.sampler_name, found.scheduler, found.steps) == (7, 4, "dpmpp_2m", "beta", 30)
    assert (found.positive, found.loras[0].name) == ("1girl, smile", "Looks/mira.safetensors")


@pytest.mark.parametrize(
    "raw", ["{", "[]", "null", "5", '{"3": 1}', '{"3": {"class_type": 5, "inputs": []}}', "[" * 100_000]
)
def test_a_graph_that_is_none_gives_a_note(raw: str) -> None:
    found = said({"prompt": raw})

    assert found.empty
    assert found.notes


def test_links_in_a_circle_end() -> None:
    raw = {**graph(model=["3", 0]), "6": {"class_type": "A", "inputs": {"conditioning": ["6", 0]}}}
    raw["5"] = {"class_type": "B", "inputs": {"samples": ["5", 0]}}

    assert said({"prompt": json.dumps(raw)}).seed == 9007199254740993


def test_swarmui_is_read_with_loras_of_either_shape() -> None:
    params = {"prompt": "a fox", "negativeprompt": "b", "model": "sdxl/base", "seed": 3, "steps": 20, "cfgscale": 7}
    params |= {"width": 1024, "height": 768, "sampler": "dpmpp_2m", "scheduler": "karras"}
    lists = json.dumps({"sui_image_params": {**params, "loras": ["x", "y"], "loraweights": ["0.5", "1"]}})
    joined = json.dumps({"sui_image_params": {**params, "loras": "x,y", "loraweights": "0.5,1"}})

    for raw in (lists, joined):
        found = said({"parameters": raw})
        assert found.tool == "SwarmUI"
        assert found.loras == (UsedLora("x", 0.5), UsedLora("y", 1.0))
        assert (found.positive, found.checkpoint, found.cfg, found.width) == ("a fox", "sdxl/base", 7, 1024)


def test_F54_a_text_where_a_list_was_expected_leaves_the_rest_shown() -> None:
    raw = {
        "positive_prompt": "fox",
        "loras": "not a list",
        "model": 7,
        "seed": "12",
        "steps": [1],
        "strength": {"a": 1},
    }

    found = said({"invokeai_metadata": json.dumps(raw)})

    assert (found.positive, found.loras, found.checkpoint, found.seed, found.steps) == ("fox", (), "", 12, None)
    assert ("strength", '{"a": 1}') in found.more


def test_invokeai_is_read_in_its_newer_and_its_old_form() -> None:
    newer = {
        "positive_prompt": "a fox",
        "negative_prompt": "blur",
        "model": {"name": "lumen", "base": "sdxl"},
        "loras": [{"model": {"name": "fur"}, "weight": 0.6}],
        "scheduler": "dpmpp_2m_k",
        "cfg_scale": 6,
        "seed": 5,
    }
    old = {
        "model_weights": "sd15",
        "image": {"prompt": [{"prompt": "a fox [blur]", "weight": 1}], "sampler": "k_euler_a", "seed": 5},
    }

    one, other = said({"invokeai_metadata": json.dumps(newer)}), said({"sd-metadata": json.dumps(old)})

    assert (one.sampler_name, one.scheduler, one.loras) == ("dpmpp_2m", "karras", (UsedLora("fur", 0.6),))
    assert (other.sampler_name, other.positive, other.negative) == ("euler_ancestral", "a fox", "blur")
    assert one.checkpoint == "lumen"


def test_novelai_is_read_from_its_comment() -> None:
    comment = {
        "prompt": "a fox",
        "uc": "blur",
        "steps": 28,
        "scale": 5,
        "seed": 9,
        "sampler": "k_euler_ancestral",
        "noise_schedule": "native",
    }

    found = said({"Software": "NovelAI", "Source": "NovelAI Diffusion V4", "Comment": json.dumps(comment)})

    assert (found.positive, found.negative, found.cfg, found.seed) == ("a fox", "blur", 5, 9)
    assert (found.sampler_name, found.scheduler) == ("euler_ancestral", "normal")


def test_an_image_without_any_such_text_says_nothing() -> None:
    assert read({}) is None
    assert read({"Copyright": "me"}) is None


@pytest.mark.parametrize(
    "raw",
    [
        "Steps: 1," + " " * 100_000,
        "Steps: 1, x: " + '"' + "\\" * 100_000,
        "<lora:" * 50_000,
        "a: " * 50_000 + "\nSteps: 1",
        ", " * 100_000 + "<lora:a:1>",
    ],
)
def test_F18_a_text_made_to_be_slow_is_read_in_linear_time(raw: str) -> None:
    began = time.process_time()

    read({"parameters": raw})

    assert time.process_time() - began < 1


def test_no_value_is_larger_than_its_bound() -> None:
    found = said({"parameters": "x" * 500_000 + "\nSteps: 1, Model: " + "m" * 100_000})
    huge = said({"prompt": json.dumps(graph(seed=2**64, steps=1e300, cfg="nan"))})

    assert len(found.positive) <= 20_000
    assert len(found.checkpoint) <= 500
    assert (huge.seed, huge.steps, huge.cfg) == (None, None, None)
