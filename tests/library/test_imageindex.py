"""The index of images: what it reads, how it filters and counts, what it keeps over a restart; faults F30, F60."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gaze.categories import declared
from gaze.library.alike import alike
from gaze.library.imagequery import ImageQuery, day_of
from gaze.library.imagerow import Row, recipe_key
from gaze.library.service import Library
from tests.library.conftest import PROGRAM, Live, character
from tests.library.make import png, write_json
from tests.library.makeimages import make_images, with_chunks


def put(root: Path, path: str, *, texts: dict[str, str] | None = None, **sidecar: Any) -> str:
    """An image as it lies on the disk, with a sidecar if it says anything."""
    file = root / "static/uploads" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(with_chunks(png(), texts or {}))
    if sidecar:
        Path(f"{file}.json").write_text(json.dumps(sidecar))
    return path


def paths(library: Library, **query: Any) -> list[str]:
    return [Path(row.path).stem for row in library.find_images(ImageQuery(**query)).before(None, 100)]


@pytest.fixture
def full(root: Path, library: Library) -> Library:
    """A few images that differ in everything."""
    write_json(root, "data/characters/yuna.json", character("yuna", tags={"nsfw": True}))
    recipe = {"seed": 1, "character": "tifa", "weights": {"characters/tifa": 0.8}}
    common: dict[str, Any] = {"assets": {"characters": ["tifa"], "scenes": ["beach"]}, "checkpoint": "a.safetensors"}
    put(root, "characters/tifa/a.png", created="2026-01-05T10:00:00Z", positive="red hair", recipe=recipe, **common)
    other = {**recipe, "seed": 2}
    put(root, "characters/tifa/b.png", created="2026-01-05T12:00:00Z", positive="red dress", recipe=other, **common)
    put(root, "characters/tifa/c.png", created="2026-02-01T12:00:00Z", is_favourite=True, seed=7, **common)
    lora = {"parameters": "blue sky, <lora:x:1>\nSteps: 2"}
    put(root, "characters/yuna/d.png", created="2026-03-01T12:00:00Z", positive="blue sky", texts=lora)
    put(root, "generator/e.png", texts={"parameters": "red fox\nSteps: 20, Seed: 99, Model: b"})
    os.utime(root / "static/uploads/generator/e.png", (1_600_000_000, 1_600_000_000))
    library.rescan()
    return library


def test_each_filter_finds_its_images_newest_first(full: Library) -> None:
    assert paths(full) == ["d", "c", "b", "a", "e"]
    assert paths(full, words=("red",)) == ["b", "a", "e"]
    assert paths(full, words=("red", "hair")) == ["a"]
    assert paths(full, favourite=True) == ["c"]
    assert paths(full, nsfw="nsfw") == ["d"]
    assert paths(full, nsfw="sfw") == ["c", "b", "a", "e"]
    assert paths(full, category="characters") == ["d", "c", "b", "a"]
    assert paths(full, category="generator") == ["e"]
    assert paths(full, assets=("scenes/beach",)) == ["c", "b", "a"]
    assert paths(full, assets=("scenes/beach", "characters/yuna")) == []
    assert paths(full, checkpoint="b") == ["e"]
    assert paths(full, lora="x") == ["d"]
    assert paths(full, seed=99) == ["e"]
    assert paths(full, size="8x8") == ["d", "c", "b", "a", "e"]
    assert paths(full, size="9x9") == []
    assert paths(full, tool="A1111") == ["d", "e"]
    assert paths(full, since=date(2026, 2, 1), until=date(2026, 2, 28)) == ["c"]


def test_counts_are_those_under_all_other_filters(full: Library) -> None:
    counts = full.find_images(ImageQuery(checkpoint="a.safetensors", words=("red",))).counts

    assert counts["checkpoint"] == {"a.safetensors": 2, "b": 1}
    assert counts["asset"] == {"characters/tifa": 2, "scenes/beach": 2}
    assert counts["category"] == {"characters": 2}
    assert counts["nsfw"] == {"sfw": 2}


def test_counts_are_right_whichever_side_is_counted(full: Library) -> None:
    """More than half pass, fewer than half pass, nothing is filtered."""
    for query in (ImageQuery(nsfw="sfw"), ImageQuery(nsfw="nsfw"), ImageQuery()):
        found = full.find_images(query)

        assert sum(found.counts["size"].values()) == found.total
        assert found.counts["nsfw"] == {"sfw": 4, "nsfw": 1}


def test_windows_follow_each_other_without_gap_or_repeat(full: Library) -> None:
    found = full.find_images(ImageQuery())
    first = found.before(None, 2)
    second = found.before(first[-1].key, 2)

    assert [*first, *second] == found.before(None, 4)
    assert found.after(second[0].key, 10) == first
    assert [found.place(row) for row in found.before(None, 5)] == [0, 1, 2, 3, 4]
    assert found.newer(second[0].key) == 2


def test_days_and_months_are_counted(full: Library) -> None:
    found = full.find_images(ImageQuery(category="characters"))

    assert [(f"{month:%Y-%m}", count) for month, count in found.months()] == [
        ("2026-03", 1),
        ("2026-02", 1),
        ("2026-01", 2),
    ]
    assert found.of_day(day_of(found.before(None, 4)[-1])) == 2


def test_a_stack_shows_the_newest_of_images_that_differ_by_seed(full: Library) -> None:
    found = full.find_images(ImageQuery(stacks=True))

    assert [Path(row.path).stem for row in found.before(None, 9)] == ["d", "c", "b", "e"]
    assert list(found.stacks.values()) == [2]
    assert paths(full, recipe=full.images.get("characters/tifa/a.png").recipe) == ["b", "a"]  # type: ignore[union-attr]


def test_a_recipe_is_the_same_whatever_is_said_that_is_usual() -> None:
    assert recipe_key({"seed": 1, "character": "x"}, None) == recipe_key(
        {"character": "x", "count": 4, "styles": []}, None
    )
    assert recipe_key({"character": "x"}, None) != recipe_key({"character": "y"}, None)


def test_a_sidecar_edited_by_hand_changes_the_row(root: Path, full: Library) -> None:
    file = root / "static/uploads/characters/tifa/a.png.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "is_favourite": True}))

    full.refresh("static/uploads/characters/tifa/a.png.json")

    assert paths(full, favourite=True) == ["c", "a"]


def test_F60_an_image_deleted_by_hand_leaves_every_count(root: Path, full: Library) -> None:
    (root / "static/uploads/characters/tifa/c.png").unlink()

    full.rescan()

    assert paths(full) == ["d", "b", "a", "e"]
    assert full.find_images(ImageQuery()).counts["favourite"] == {}


async def test_images_that_come_while_it_runs_are_found(root: Path, live: Live) -> None:
    put(root, "characters/tifa/new.png", positive="crimson")

    await live.until(lambda: live.library.search("crimson").images == ["characters/tifa/new.png"])


def test_the_cache_serves_the_next_start_without_opening_a_picture(root: Path, full: Library) -> None:
    full.save_index()
    for file in (root / "static/uploads").rglob("*.png"):
        stat = file.stat()
        file.write_bytes(b"?" * stat.st_size)  # whoever opens it now finds no image
        os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))

    again = Library(root, PROGRAM, declared())
    again.scan()

    assert paths(again, words=("red",)) == ["b", "a", "e"]
    assert again.find_images(ImageQuery()).counts == full.find_images(ImageQuery()).counts


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0 and then nothing", b"\0" * 5000])
def test_F30_a_damaged_cache_is_made_again(root: Path, full: Library, content: bytes) -> None:
    full.save_index()
    file = root / "data/.gaze/images/rows.sqlite"
    for part in file.parent.iterdir():
        part.unlink()
    file.write_bytes(content)

    again = Library(root, PROGRAM, declared())
    again.scan()
    again.save_index()
    third = Library(root, PROGRAM, declared())

    assert paths(again) == paths(full)
    assert third.images.restore() == 5


def test_what_changed_while_it_was_off_is_read_at_the_start(root: Path, full: Library) -> None:
    full.save_index()
    put(root, "characters/tifa/new.png", positive="crimson")
    (root / "static/uploads/characters/tifa/a.png").unlink()

    again = Library(root, PROGRAM, declared())
    again.scan()

    assert paths(again, words=("crimson",)) == ["new"]
    assert paths(again, words=("red",)) == ["b", "e"]


def test_many_images_of_several_tools_are_read(tmp_path: Path) -> None:
    make_images(tmp_path, 120, assets=40)
    library = Library(tmp_path, PROGRAM, declared())

    library.scan()

    found = library.find_images(ImageQuery())
    assert found.total == 120
    assert found.counts["tool"] == {"GAZE": 96, "ComfyUI": 12, "A1111": 12}
    assert all(row.width and row.text and row.seed is not None and not row.mark for row in found.rows)


def test_the_most_alike_share_assets_and_words(full: Library) -> None:
    rows = full.images.rows()
    row = full.images.get("characters/tifa/a.png")
    assert row is not None

    found = [Path(other.path).stem for other in alike(row, rows, 10)]

    assert found == ["b", "c"]


def test_kept_rates_come_from_favourites_and_the_trash(root: Path, full: Library) -> None:
    full.trash.delete_image("characters/tifa/a.png")
    full.images.look_at_trash(full.trash.list())

    kept = full.kept()

    assert (kept.of("characters/tifa").kept, kept.of("characters/tifa").gone, kept.of("characters/tifa").percent) == (
        1,
        1,
        50,
    )
    assert [(weight, rate.gone) for weight, rate in kept.weights_of("characters/tifa")] == [(0.8, 1)]
    assert kept.pairs[("characters/tifa", "scenes/beach")].judged == 2
    assert kept.checkpoints["a.safetensors"].percent == 50
    assert kept.pairs_of("scenes/beach")[0][0] == "characters/tifa"
    assert kept.order(["characters/yuna", "characters/tifa"]) == ["characters/yuna", "characters/tifa"]


def test_many_images_go_into_the_trash_and_come_back_as_one(full: Library) -> None:
    trash_id = full.trash.delete_images(["characters/tifa/a.png", "characters/tifa/b.png"])

    assert paths(full) == ["d", "c", "e"]
    full.trash.restore(trash_id)
    assert paths(full) == ["d", "c", "b", "a", "e"]


@pytest.mark.parametrize(
    "sidecar",
    [
        {"seed": "x", "assets": [], "versions": 5, "loras": "x", "created": "never", "recipe": [], "batch": 3},
        {"assets": {"characters": "tifa", "": [None, 5]}, "loras": [1, {"name": None}], "seed": -1},
        {"positive": ["x"], "is_favourite": "yes", "is_nsfw": "no", "seed": 2**64, "checkpoint": {}},
        {"recipe": {"weights": {"a": "b"}, "deep": [[[]]]}, "created": "9999999-01-01"},
    ],
)
def test_a_sidecar_of_wrong_types_gives_a_row_all_the_same(
    root: Path, library: Library, sidecar: dict[str, Any]
) -> None:
    put(root, "characters/tifa/odd.png", **sidecar)
    library.rescan()

    row: Row | None = library.images.get("characters/tifa/odd.png")

    assert row is not None
    assert (row.width, row.favourite, row.nsfw) == (8, False, None)


def test_marks_set_from_many_threads_end_as_the_sidecar_says(root: Path, library: Library) -> None:
    path = put(root, "characters/tifa/x.png", positive="x")
    library.rescan()

    def mark(number: int) -> None:
        for step in range(6):
            library.gallery.save_sidecar(path, {"is_favourite": (number + step) % 2 == 0})

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(mark, range(8)))

    row = library.images.get(path)
    assert row is not None
    assert row.favourite == json.loads((root / f"static/uploads/{path}.json").read_text())["is_favourite"]
    assert len(library.find_images(ImageQuery()).rows) == 1
