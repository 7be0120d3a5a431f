"""From a recipe to jobs through the pages: mistakes are seen at once, seeds stay what they are."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from tests.conftest import library
from tests.site import Simulator, Site, until


@pytest.fixture(scope="module")
def comfyui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    made = Simulator(tmp_path_factory.mktemp("comfyui")).start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, comfyui: Simulator) -> Iterator[Site]:
    site = Site(library(tmp_path_factory.mktemp("root")), {"GAZE_COMFYUI_URLS": comfyui.url}).start()
    until(lambda: site.http.get("/characters/alice").status_code == 200, what="the library")
    yield site
    site.stop()


def drawn(own: Site, comfyui: Simulator, **form: str) -> tuple[dict, dict]:  # type: ignore[type-arg]
    """The sidecar and the graph, as the server has it, of a picture of Alice."""
    (job_id,) = own.generate("/characters/alice", width="64", height="64", **form)
    path = own.wait(job_id)["result"]["relative_path"]
    sidecar = json.loads((own.root / f"static/uploads/{path}.json").read_text())
    newest = httpx.get(f"{comfyui.url}/history?max_items=1").json()
    return sidecar, next(iter(newest.values()))["prompt"][2]


def seeds(graph: dict) -> list[int]:  # type: ignore[type-arg]
    return [node["inputs"]["seed"] for node in graph.values() if "seed" in node["inputs"]]


def test_F68_a_large_seed_is_unchanged_from_form_to_graph(own: Site, comfyui: Simulator) -> None:
    sidecar, graph = drawn(own, comfyui, seed="9007199254740993")

    assert sidecar["seed"] == 9007199254740993 and 9007199254740993 in seeds(graph)


def test_F67_detailers_wrap_around_after_the_last_seed(own: Site, comfyui: Simulator) -> None:
    _, graph = drawn(own, comfyui, seed=str(2**64 - 1), sampler_name="euler")

    assert sorted(seeds(graph)) == [0, 1, 2**64 - 1]


def test_F69_minus_one_is_a_random_seed(own: Site, comfyui: Simulator) -> None:
    first, _ = drawn(own, comfyui, seed="-1")
    second, _ = drawn(own, comfyui, seed="-1")

    assert first["seed"] >= 0 and first["seed"] != second["seed"]


def test_F69_another_negative_seed_is_refused(own: Site) -> None:
    assert own.post("/characters/alice/generate", seed="-7").status_code == 400


def test_F66_a_scheduler_unknown_to_the_server_is_said_before_anything_is_queued(own: Site) -> None:
    refused = own.post("/characters/alice/generate", scheduler="karas")

    assert refused.status_code in (400, 422) and "karas" in refused.text and "karras" in refused.text
    assert own.get("/queue")["queued_total"] == 0
