"""Doubts about all assets of a library."""

from __future__ import annotations

import json
from pathlib import Path

from gaze.categories import declared
from gaze.library.lint import RULES, Lint, read_rules
from gaze.library.service import Library
from tests.library.conftest import PROGRAM, character
from tests.library.make import write_json


def made(root: Path, trained: tuple[str, ...] = ()) -> tuple[Library, Lint]:
    library = Library(root, PROGRAM, declared())
    library.scan()
    lint = Lint(root, PROGRAM, library.each, library.preferences.of, lambda: (None, None), lambda asset: trained)
    return library, lint


def odd(root: Path, slug: str = "odd", hair: str = "long hair, short hair") -> None:
    write_json(root, f"data/characters/{slug}.json", character(slug, identity={"hair": hair}))


def test_only_changed_assets_are_looked_at_again(tmp_path: Path) -> None:
    odd(tmp_path)
    odd(tmp_path, "other")
    library, lint = made(tmp_path)
    lint.look()

    library.writing.save_fields("characters", "odd", {("identity", "hair"): "long hair"})

    assert lint.look()
    assert [doubt.slug for doubt in lint.doubts()] == ["other"]
    assert not lint.look()


def test_a_deleted_asset_has_no_doubts(tmp_path: Path) -> None:
    odd(tmp_path)
    library, lint = made(tmp_path)
    lint.look()

    library.trash.delete("characters", "odd")

    assert lint.look()
    assert lint.doubts() == []


def test_a_silenced_doubt_is_kept_but_no_problem(tmp_path: Path) -> None:
    odd(tmp_path)
    library, lint = made(tmp_path)
    lint.look()
    (doubt,) = lint.doubts()

    library.preferences.set("characters", "odd", {"silenced": [doubt.finding.mark]})

    assert [each.silenced for each in lint.doubts()] == [True]
    assert lint.problems() == []


def test_own_rules_take_the_place_of_the_shipped_ones_at_once(tmp_path: Path) -> None:
    odd(tmp_path, hair="red hair, blue hair")
    _, lint = made(tmp_path)
    lint.look()
    before = len(lint.problems())

    (tmp_path / RULES).write_text(json.dumps({"one_of": []}))
    lint.look()

    assert (before, lint.problems()) == (1, [])


def test_rules_that_cannot_be_read_are_a_problem_and_the_shipped_ones_hold(tmp_path: Path) -> None:
    odd(tmp_path)
    (tmp_path / RULES).write_text('{"one_of": 3}')
    _, lint = made(tmp_path)

    lint.look()

    assert [problem.path for problem in lint.problems()] == [RULES, "data/characters/odd.json"]


def test_the_shipped_rules_are_good() -> None:
    assert read_rules(PROGRAM, PROGRAM).problem is None
    assert len(read_rules(PROGRAM, PROGRAM).rules.one_of) > 5
