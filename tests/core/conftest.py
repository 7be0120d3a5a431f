"""A small library of our own for the tests of the core: the golden one, and what a test adds to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from gaze.core.plan import Plan, plan
from gaze.core.plantext import read_recipe
from gaze.core.template import Template
from tests.golden.runner import HERE, LIBRARY, TEMPLATE
from tests.golden.shelf import FileShelf

Planner = Callable[..., Plan]
DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="session")
def files() -> dict[str, Any]:
    """The files of the golden library."""
    library = json.loads((HERE / LIBRARY).read_text("utf-8"))
    return {**library, "workflows/default.json": json.loads((HERE / TEMPLATE).read_text("utf-8"))}


@pytest.fixture(scope="session")
def shelf(files: dict[str, Any]) -> FileShelf:
    return FileShelf(files)


@pytest.fixture
def planner(files: dict[str, Any], shelf: FileShelf) -> Planner:
    """Plan a recipe given as keywords, with `files` added to the library."""

    def make(more: dict[str, Any] | None = None, **recipe: Any) -> Plan:
        library = FileShelf({**files, **more}) if more else shelf
        return plan(read_recipe({"seed": 1, **recipe}), library, Random(7))

    return make


@pytest.fixture
def default(shelf: FileShelf) -> Template:
    template = shelf.template("default")
    assert template is not None
    return template


@pytest.fixture(scope="session")
def object_info() -> dict[str, Any]:
    """What a real server with the Impact Pack answered."""
    return json.loads((DATA / "object_info.json").read_text("utf-8"))


def codes(made: Plan) -> set[str]:
    """The codes of a plan's notes."""
    return {note.code for note in made.notes}
