"""Search ranks, explains and stays small and quick."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from gaze.library.imagerow import MOST_LETTERS, read_side, row_of
from gaze.library.imagetexts import Texts
from gaze.library.search import marked, pattern_of, words_of
from gaze.library.service import Library
from tests.library.conftest import character
from tests.library.make import png, write_json


def names(library: Library, q: str) -> list[str]:
    return [hit.card.asset.name for hit in library.search(q).hits]


def test_the_name_comes_before_its_beginning_a_word_in_it_the_id_and_a_field(root: Path, library: Library) -> None:
    for slug, name, more in (
        ("e", "Zed", {"identity": {"hair": "rain hair"}}),
        ("d_rain", "Yak", {}),
        ("c", "Heavy Rain", {}),
        ("b", "Rainy", {}),
        ("a", "Rain", {}),
        ("f", "Terrain", {}),
    ):
        write_json(root, f"data/characters/{slug}.json", character(slug, name, **more))
    library.rescan()

    assert names(library, "rain") == ["Rain", "Rainy", "Heavy Rain", "Terrain", "Yak", "Zed"]


def test_words_may_stand_in_different_fields_and_each_is_explained(root: Path, library: Library) -> None:
    raw = character("x", "Xena", identity={"hair": "copper hair"}, tags={"origin_series": "Saga"})
    write_json(root, "data/characters/x.json", raw)
    library.rescan()

    (hit,) = library.search("saga copper").hits

    assert [(reason.label, "".join(text for text, _ in reason.text)) for reason in hit.why] == [
        ("Origin series", "Saga"),
        ("Hair", "copper hair"),
    ]


def test_a_long_text_is_cut_around_its_first_match() -> None:
    text = "word " * 50 + "needle" + " word" * 50

    pieces = marked(text, pattern_of(["needle"]))

    assert ("needle", True) in pieces
    assert sum(len(piece) for piece, _ in pieces) < 160
    assert pieces[0] == ("…", False)


@pytest.mark.parametrize("q", ["(" * 20_000, "a|b", "[", "x" * 5000])
def test_F18_a_search_text_is_cut_and_never_a_pattern(library: Library, q: str) -> None:
    began = time.process_time()

    library.search(q)

    assert time.process_time() - began < 0.2
    assert sum(map(len, words_of(q))) <= 200


def test_prompts_follow_images_that_come_change_and_go(root: Path, library: Library) -> None:
    image = root / "static/uploads/characters/tifa/one.png"
    image.parent.mkdir(parents=True)
    image.write_bytes(png())
    sidecar = write_json(root, "static/uploads/characters/tifa/one.png.json", {"positive": "Azure Lagoon"})
    found = []
    for step in (lambda: None, lambda: sidecar.write_text('{"positive": "crimson"}'), image.unlink):
        step()
        library.rescan()
        found.append([library.search("azure").images, library.search("crimson").images])

    path = ["characters/tifa/one.png"]
    assert found == [[path, []], [[], path], [[], []]]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"positive": 5}', '{"positive": null}', '{"positive": [["x"]]}', "\0" * 40]
)
def test_a_sidecar_that_cannot_be_read_is_an_empty_prompt(tmp_path: Path, text: str) -> None:
    (tmp_path / "s.json").write_text(text)

    assert row_of("x.png", (1, 1, 1), read_side(tmp_path / "s.json"), Texts(), None).text == b""


def test_one_prompt_cannot_fill_the_memory(tmp_path: Path) -> None:
    write_json(tmp_path, "s.json", {"positive": "x" * 500_000})

    assert len(row_of("x.png", (1, 1, 1), read_side(tmp_path / "s.json"), Texts(), None).text) == MOST_LETTERS


def test_an_image_without_a_mark_is_as_nsfw_as_its_asset(root: Path, library: Library) -> None:
    write_json(root, "data/characters/tifa.json", character("tifa", "Tifa", tags={"nsfw": True}))
    folder = root / "static/uploads/characters/tifa"
    folder.mkdir(parents=True)
    for name, sidecar in (("plain", {"positive": "lake"}), ("safe", {"positive": "lake", "is_nsfw": False})):
        (folder / f"{name}.png").write_bytes(png())
        write_json(folder, f"{name}.png.json", sidecar)
    library.rescan()

    assert library.search("lake", nsfw="sfw").images == ["characters/tifa/safe.png"]
    assert library.search("lake", nsfw="nsfw").images == ["characters/tifa/plain.png"]
