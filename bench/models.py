"""Model files: 10,000 in the LoRA folder listed, read, asked about."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench.table import Row
from gaze.categories import declared
from gaze.library.models import Models
from gaze.library.modelscan import scan
from gaze.library.query import Query
from gaze.library.service import Library
from gaze.settings import program
from tests.library.make import make_library

FILES = 10_000


def measure(folder: Path) -> list[Row]:
    """Rows for the table: a scan of 10,000 files, a look where nothing changed, and what a request asks."""
    root, loras = folder / "models root", folder / "loras"
    make_library(root, 10_000, only="characters")  # the worst case: one page has them all, and most files are missing
    make_files(loras)
    library = Library(root, program(), declared())
    library.scan()
    models = Models(
        declared(), root / "data/.gaze", lambda: {"lora": str(loras), "checkpoint": ""}, library.named_models
    )
    library.models, library.is_missing = models, models.is_missing
    first = _ms(models.look)
    before = models._watch.listing("lora")
    listing = statistics.median(_ms(lambda: scan(str(loras), before)) for _ in range(3))
    again = statistics.median(_ms(models.look) for _ in range(3))
    # What was asked for once is kept, so each run asks for a name of its own.
    near = max(_ms(partial(models.near, "characters", name)) for name in _misspelled())
    files = statistics.median(_ms(lambda: models.files("lora")) for _ in range(5))
    assert len(before.files) == FILES
    return [
        Row("10,000 LoRA files listed by scandir", listing, "ms", 500),
        Row("their headers read for the first time", first / 1000, "s", 60),
        Row("a look at 10,000 that did not change, problems included", again, "ms", 2000),
        *_filters(library),
        Row("files near a missing one, a fresh name each time, slowest of 50", near, "ms", 20),
        Row("10,000 files with what is known of them", files, "ms", 200),
    ]


def _filters(library: Library) -> list[Row]:
    """Each filter, order and group of a page alone, where one category has 10,000 assets."""
    asked = {
        "no filter": Query(),
        "missing LoRA": Query(missing_lora=True),
        "favourite": Query(favourite=True),
        "NSFW": Query(nsfw="nsfw"),
        "no cover": Query(no_cover=True),
        "has problem": Query(has_problem=True),
        "rating": Query(rating=3),
        "a tag": Query(tags={"origin_series": "Final Fantasy VII"}),
        "text": Query(q="hair"),
        "sorted by rating": Query(sort="rating"),
        "grouped by tag": Query(group_by="origin_series"),
    }
    return [
        Row(
            f"10,000 of one category: {name}",
            statistics.median(_ms(partial(library.query, "characters", query)) for _ in range(9)),
            "ms",
            60 if name == "no filter" else 50,
        )
        for name, query in asked.items()
    ]


def _misspelled() -> list[str]:
    return [f"x/lora_{number:05}_v{number % 7}.safetensors" for number in range(420, 9_000, 172)][:50]


def make_files(loras: Path) -> None:
    tags = json.dumps({"1_x": {f"tag {number}": 100 - number for number in range(60)}})
    metadata = {"ss_base_model_version": "sdxl_base_v1-0", "ss_tag_frequency": tags}
    tensors = {
        f"lora_unet_input_blocks_{number}_attn2_to_k.lora_down.weight": {
            "dtype": "F16",
            "shape": [8, 2048],
            "data_offsets": [0, 8],
        }
        for number in range(200)
    }
    text = json.dumps({"__metadata__": metadata, **tensors}).encode()
    body = len(text).to_bytes(8, "little") + text + b"12345678"
    for number in range(FILES):
        place = loras / f"Illustrious/{('Looks', 'Clothing', 'Poses')[number % 3]}/{number // 500}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"lora_{number:05}.safetensors").write_bytes(body)


def _ms(what: Callable[[], object]) -> float:
    began = time.perf_counter()
    what()
    return (time.perf_counter() - began) * 1000
