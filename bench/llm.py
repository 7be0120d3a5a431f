"""What the LLM's half of GAZE does without a model: 500 plain entries from LoRA files, drafts listed and reviewed."""

from __future__ import annotations

import json
import time
from pathlib import Path
from uuid import uuid4

from bench.table import Row
from gaze.library.proposals import Proposal, Proposals
from tests.site import Site, until

FILES = 500
DRAFTS = 500


def measure(folder: Path) -> list[Row]:
    """Rows for the table, measured over HTTP on a running GAZE."""
    root, loras = folder / "llm root", folder / "llm loras"
    (root / "data").mkdir(parents=True)
    _make_files(loras / "Illustrious/Looks")
    site = Site(root, {"GAZE_LORA_ROOT": str(loras)}).start()
    try:
        until(lambda: _known(site) == FILES, 120, "the files")
        began = time.perf_counter()
        made = site.post("/characters/bulk_create", llm="off").json()
        plain_s = time.perf_counter() - began
        assert len(made["made"]) == FILES, made["failed"][:1]
        _make_drafts(root)
        began = time.perf_counter()
        assert site.http.get("/proposals").status_code == 200
        listed_ms = (time.perf_counter() - began) * 1000
    finally:
        site.stop()
    return [
        Row("500 plain entries made from LoRA files", plain_s, "s", 5),
        Row("the list of 500 drafts", listed_ms, "ms", 2000),
    ]


def _known(site: Site) -> int:
    listed = site.get("/characters/create?way=lora")
    return int(listed["total"]) if all(item["read"] for item in listed["files"]) else 0


def _make_files(folder: Path) -> None:
    folder.mkdir(parents=True)
    tags = json.dumps({"1_x": {f"tag {number}": 100 - number for number in range(40)}})
    head = json.dumps({"__metadata__": {"ss_tag_frequency": tags}}).encode()
    for number in range(FILES):
        (folder / f"lora_{number:03}.safetensors").write_bytes(len(head).to_bytes(8, "little") + head)


def _make_drafts(root: Path) -> None:
    kept = Proposals(root)
    for number in range(DRAFTS):
        now = {"scene_name": f"Scene {number}", "scene": {"background": "harbor, ocean", "lighting": "dusk"}}
        kept.save(
            Proposal(
                id=str(uuid4()), act="create", category="scenes", created="2026-01-01T00:00:00Z", name="x", now=now
            )
        )
