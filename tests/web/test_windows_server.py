"""F51 end to end: a ComfyUI on Windows lists backslashes, the library has slashes, and both keep theirs."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from tests.site import Simulator, Site, character, until

LORA = "Illustrious/Looks/a.safetensors"
CHECKPOINT = "Illustrious/lumen.safetensors"


@pytest.fixture
def windows(tmp_path: Path) -> Simulator:
    """A server that takes only what it lists, and lists it with backslashes."""
    named = ("--strict-models", "--lora", LORA, "--checkpoint", CHECKPOINT, "--fault", "backslash-names")
    return Simulator(tmp_path / "comfy", *named)


def test_F51_the_graph_has_the_servers_spelling_and_the_json_keeps_its_own(windows: Simulator, tmp_path: Path) -> None:
    site = Site(tmp_path / "root", {"GAZE_COMFYUI_URLS": windows.start().url})
    file = site.write("data/characters/here.json", {**character("here"), "lora": {"lora_name": LORA}})
    gone = {"lora_name": "Illustrious/Looks/gone.safetensors"}
    site.write("data/characters/gone.json", {**character("gone"), "lora": gone})
    site.write("data/settings.json", {"default_checkpoint": CHECKPOINT})
    before = file.read_bytes()
    try:
        site.start()
        until(lambda: site.get("/characters/gone")["missing_lora"], what="the server's list")
        matched = not site.get("/characters/here")["missing_lora"]
        job = site.generate("/characters/here")[0]
        site.wait(job)
        history = httpx.get(f"{windows.url}/history").json()
    finally:
        site.stop()
        windows.stop()

    graph = next(iter(history.values()))["prompt"][2]
    said = {value for node in graph.values() for value in node["inputs"].values() if isinstance(value, str)}
    sidecar = json.loads(next((tmp_path / "root/static/uploads/characters/here").glob("*.json")).read_text())
    assert matched
    assert LORA.replace("/", "\\") in said and CHECKPOINT.replace("/", "\\") in said
    assert LORA not in said
    assert file.read_bytes() == before
    assert sidecar["checkpoint"] == CHECKPOINT and "\\" not in json.dumps(sidecar["recipe"]["weights"])
