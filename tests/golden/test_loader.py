"""The loader finds what is wrong: a check that cannot fail checks nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.golden.runner import HERE, load

PIP = {"recipe": {"character": "pip", "seed": 1}}
RANDOM_LOOK = {"recipe": {"character": "mira_vale", "look": "__random__", "seed": 1}, "seeds": [1, 2, 3]}


def failing(folder: Path, stem: str, *cases: dict[str, Any], **more: Any) -> list[str]:
    (folder / f"{stem}.json").write_text(json.dumps({"cases": cases, **more}), "utf-8")
    return [failure.field for case in load(folder) for failure in case.failures()]


@pytest.mark.parametrize(
    ("expect", "field"),
    [
        ({"positive": "x"}, "positive"),
        ({"settings": {"width": 1}}, "settings.width"),
        ({"resolved": {"count": 2}}, "resolved.count"),
        ({"resolved": {"detail_face": 1}}, "resolved.detail_face"),
        ({"resolved_one_of": {"character": ["x"]}}, "resolved.character"),
        ({"one_of": [{"positive": "x"}, {"face": "y"}]}, "one_of"),
        ({"weight_between": {"characters/pip": [0, 1]}}, "weight of characters/pip"),
        ({"notes": ["cancel"]}, "notes"),
        ({"not_notes": ["stand-in"]}, "not_notes"),
        ({"errors": [{"code": "unknown-asset"}]}, "errors"),
    ],
)
def test_each_key_of_a_plan_is_checked(tmp_path: Path, expect: dict[str, Any], field: str) -> None:
    assert failing(tmp_path, "plan", {**PIP, "expect": expect}) == [field]


def test_errors_are_just_those(tmp_path: Path) -> None:
    bad = {"recipe": {"actions": ["siting"], "count": 0}}
    one = [{"code": "bad-value", "field": "count"}]
    both = [*one, {"code": "unknown-asset", "near": "sitting"}]

    assert failing(tmp_path, "plan", {**bad, "expect": {"errors": both}}) == []
    assert failing(tmp_path, "plan", {**bad, "expect": {"errors": one}}) == ["errors"]
    assert failing(tmp_path, "plan", {**bad, "expect": {"positive": "x"}}) == ["errors"]


def test_seeds_run_a_case_once_each(tmp_path: Path) -> None:
    case = {**RANDOM_LOOK, "expect": {"resolved_one_of": {"look": ["x"]}}}

    assert failing(tmp_path, "plan", case) == [f"resolved.look (seed {seed})" for seed in (1, 2, 3)]


def test_same_plans_agree_in_the_paths_named(tmp_path: Path) -> None:
    same = {**PIP, "same": [{"character": "vesper", "seed": 1}], "same_paths": ["resolved.seed", "resolved.character"]}

    assert failing(tmp_path, "plan_more", {**same, "expect": {}}) == ["same resolved.character"]


def test_files_of_a_case_change_its_library_only(tmp_path: Path) -> None:
    gone = {**PIP, "files": {"data/characters/pip.json": None}, "expect": {"errors": [{"code": "unknown-asset"}]}}

    assert failing(tmp_path, "plan", gone, {**PIP, "expect": {"detail_face": True}}) == []


def test_graphs_are_checked_by_address_and_absence(tmp_path: Path) -> None:
    case = {"template": "default", "plan": {"positive": "P"}, "expect": {"6.text": "Q", "99.x": 1}, "absent": ["6"]}

    assert failing(tmp_path, "graph", case) == ["6.text", "99.x", "absent"]


def test_the_kind_of_a_file_is_told_by_its_cases_if_not_by_its_name(tmp_path: Path) -> None:
    assert failing(tmp_path, "more", {"text": "a, b", "items": ["a"]}) == ["items"]
    assert failing(tmp_path, "more", {"text": "{a|b}", "expect": {"text": "a"}}) == ["text"]
    assert failing(tmp_path, "more", {"text": "a, a", "expect": "a, a"}) == ["expect"]


def test_a_slug_without_a_file_falls_back_on_the_id_alone(tmp_path: Path) -> None:
    slug = f"characters_{sha256('★'.encode()).hexdigest()[:8]}"
    cases = [
        {"category": "characters", "id": "★", "slug": slug},
        {"category": "actions", "id": "create", "slug": "create_2"},
    ]

    assert failing(tmp_path, "slugs", *cases) == []


def test_an_exception_is_a_failure(tmp_path: Path) -> None:
    assert failing(tmp_path, "plan", {"preset": "nosuch", "expect": {}}) == ["exception"]


def test_the_command_prints_a_line_for_each_failure_and_the_counts(tmp_path: Path) -> None:
    (tmp_path / "split.json").write_text(
        json.dumps({"cases": [{"name": "one", "text": "a", "items": ["b"]}, {"text": "a", "items": ["a"]}]}), "utf-8"
    )

    run = subprocess.run(
        [sys.executable, "-m", "tests.golden", str(tmp_path), "--library", str(HERE / "library.json")],
        capture_output=True,
        text=True,
        cwd=HERE.parent.parent,
        check=False,
    )

    assert run.returncode == 1
    assert run.stdout.splitlines() == ["split: one: items: expected ['b'], got ['a']", "1 passed, 1 failed"]
