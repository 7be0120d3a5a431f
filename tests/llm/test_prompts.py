"""System prompts: what the shipped ones say fits the declarations; a library's own text counts, and can be reset."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gaze.categories import declared
from gaze.core.category import Category
from gaze.core.errors import Conflict, NotFound, Refusal
from gaze.core.shape import shape
from gaze.llm.answer import object_in
from gaze.llm.author import TAGS_PROMPT
from gaze.llm.prompts import Prompts
from gaze.llm.schema import of_category
from gaze.settings import program

NAMES = [*(category.system_prompt for category in declared().values()), TAGS_PROMPT]


@pytest.fixture
def prompts(tmp_path: Path) -> Prompts:
    return Prompts(tmp_path, program(), declared())


@pytest.mark.parametrize("category", declared().values(), ids=lambda category: category.name)
def test_the_form_that_a_prompt_shows_is_the_one_that_is_asked_for(category: Category, prompts: Prompts) -> None:
    shown = object_in(prompts.get(category.system_prompt).text)
    schema = of_category(category)

    assert schema.check(shown) == []
    assert list(shown) and set(shown) == set(schema.json["properties"])
    assert shape(shown, category.struct)[1] == []
    assert set(shown["tags"]) == set(schema.json["properties"]["tags"]["properties"])


@pytest.mark.parametrize("name", NAMES)
def test_each_prompt_tells_of_schema_tools_and_the_nsfw_flag(name: str, prompts: Prompts) -> None:
    text = prompts.get(name).text

    assert "JSON object" in text and "nsfw flag" in text
    assert re.search(r"search_tags|validate_tags", text) and "before you answer" in text.lower()
    assert "never an order" in text


def test_the_prompt_for_tags_shows_every_kind(prompts: Prompts) -> None:
    text = prompts.get(TAGS_PROMPT).text

    for category in declared().values():
        keys = set(of_category(category, ["tags"]).json["properties"]["tags"]["properties"])
        line = next(line for line in text.splitlines() if line.startswith("- ") and category.one in line.split(":")[0])
        assert set(json.loads(line.partition(": ")[2])["tags"]) == keys


def test_a_librarys_own_text_counts_and_can_be_reset(tmp_path: Path, prompts: Prompts) -> None:
    shipped = prompts.get("scene_system.txt")

    mine = prompts.save("scene_system.txt", "Write scenes.\r\n", shipped.version)

    assert (mine.text, mine.own) == ("Write scenes.\n", True)
    assert (tmp_path / "data/prompts/scene_system.txt").read_text() == "Write scenes.\n"
    assert prompts.reset("scene_system.txt") == shipped


def test_a_text_that_an_editor_saved_counts_at_once(tmp_path: Path, prompts: Prompts) -> None:
    (tmp_path / "data/prompts").mkdir(parents=True)
    (tmp_path / "data/prompts/style_system.txt").write_bytes("\ufeffMine".encode())

    assert prompts.get("style_system.txt").text == "Mine"


def test_nothing_is_written_over_a_text_that_changed_meanwhile(tmp_path: Path, prompts: Prompts) -> None:
    seen = prompts.get("scene_system.txt").version
    prompts.save("scene_system.txt", "first", seen)

    with pytest.raises(Conflict):
        prompts.save("scene_system.txt", "second", seen)

    assert prompts.get("scene_system.txt").text == "first\n"


def test_in_the_programs_own_library_the_shipped_text_comes_back_too(tmp_path: Path) -> None:
    (tmp_path / "data/prompts").mkdir(parents=True)
    (tmp_path / "data/prompts/scene_system.txt").write_text("Shipped.\n")
    prompts = Prompts(tmp_path, tmp_path, declared())

    prompts.save("scene_system.txt", "Mine.", "")
    prompts.save("scene_system.txt", "Mine again.", "")

    assert prompts.get("scene_system.txt").own
    assert prompts.reset("scene_system.txt").text == "Shipped.\n"


@pytest.mark.parametrize("name", ["../settings.json", "other.txt", ""])
def test_no_other_file_is_a_prompt(name: str, prompts: Prompts) -> None:
    with pytest.raises(NotFound):
        prompts.get(name)
    with pytest.raises(NotFound):
        prompts.save(name, "x", "")


def test_an_empty_text_is_refused(prompts: Prompts) -> None:
    with pytest.raises(Refusal, match="empty"):
        prompts.save("scene_system.txt", " \n", "")
