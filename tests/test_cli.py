"""The command line as a user types it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import library
from tests.site import REPOSITORY, clean_env


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return library(tmp_path)


def gaze(*arguments: str, cwd: Path, stdin: str | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gaze", *arguments],
        cwd=cwd,
        env=clean_env(**env),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_check_finds_nothing_wrong_with_a_good_library(root: Path) -> None:
    done = gaze("check", str(root), cwd=root)

    assert (done.returncode, done.stdout) == (0, "No problems.\n")


def test_check_prints_problems_like_a_compiler_and_ends_with_1(root: Path) -> None:
    (root / "data/characters/alice.json").write_text('{\n  "character_id": "alice",\n  "identity": {"hair": }\n}\n')

    done = gaze("check", cwd=root)

    assert done.returncode == 1
    assert done.stdout.splitlines()[0].startswith("data/characters/alice.json:3:24: ")


def test_check_writes_nothing(root: Path) -> None:
    before = {file for file in root.rglob("*")}

    gaze("check", cwd=root)

    assert {file for file in root.rglob("*")} == before


def test_plan_piped_into_graph_is_a_workflow(root: Path) -> None:
    recipe = json.dumps({"character": "alice", "scenes": ["beach"], "seed": 5})

    planned = gaze("plan", "-", "--root", str(root), cwd=REPOSITORY, stdin=recipe)
    graph: dict[str, Any] = json.loads(
        gaze("graph", "-", "--root", str(root), cwd=REPOSITORY, stdin=planned.stdout).stdout
    )

    assert json.loads(planned.stdout)["settings"]["seed"] == 5
    assert graph["3"]["inputs"]["seed"] == 5
    assert "long blonde hair" in graph["6"]["inputs"]["text"]
    assert all("class_type" in node for node in graph.values())


def test_plan_says_all_errors_as_json_and_ends_with_2(root: Path) -> None:
    (root / "recipe.json").write_text(json.dumps({"character": "alise", "scenes": ["beech"]}))

    done = gaze("plan", "recipe.json", cwd=root)

    assert done.returncode == 2
    assert [(e["code"], e["near"]) for e in json.loads(done.stdout)["errors"]] == [
        ("unknown-asset", "alice"),
        ("unknown-asset", "beach"),
    ]


def test_a_list_of_recipes_gives_a_list_of_plans(root: Path) -> None:
    recipes = json.dumps([{"character": "alice", "seed": 1}, {"character": "nobody"}])

    done = gaze("plan", "-", cwd=root, stdin=recipes)

    first, second = json.loads(done.stdout)
    assert first["resolved"]["seed"] == 1
    assert all(set(note) == {"code", "message"} for note in first["notes"])
    assert second["errors"][0]["code"] == "unknown-asset"
    assert done.returncode == 2


def test_graph_takes_a_template_by_file_and_by_name(root: Path) -> None:
    plan = gaze("plan", "-", cwd=root, stdin=json.dumps({"character": "alice", "seed": 1})).stdout
    template = json.loads((REPOSITORY / "workflows/default.json").read_text())
    template["5"]["inputs"]["batch_size"] = 3
    (root / "workflows").mkdir(exist_ok=True)
    (root / "workflows/three.json").write_text(json.dumps(template))

    by_file = json.loads(gaze("graph", "-", "--template", "workflows/three.json", cwd=root, stdin=plan).stdout)
    by_name = json.loads(gaze("graph", "-", "--template", "three", cwd=root, stdin=plan).stdout)

    assert by_file["5"]["inputs"]["batch_size"] == by_name["5"]["inputs"]["batch_size"] == 3
    assert gaze("graph", "-", "--template", "four", cwd=root, stdin=plan).returncode == 2


@pytest.mark.parametrize("content", ["{", "[1", ""])
def test_what_is_not_json_is_said_in_one_line(root: Path, content: str) -> None:
    done = gaze("plan", "-", cwd=root, stdin=content)

    assert done.returncode == 2
    assert done.stderr.startswith("gaze: Standard input is not JSON")
    assert len(done.stderr.splitlines()) == 1


def test_the_root_is_taken_from_the_environment_too(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")

    done = gaze("plan", "-", cwd=elsewhere, stdin=json.dumps({"character": "alice"}), GAZE_ROOT=str(root))

    assert done.returncode == 0


def test_a_folder_that_is_not_there_is_said_in_one_line(root: Path) -> None:
    for command in (["run"], ["web"], ["check"], ["plan", "-"]):
        done = gaze(*command, "--root", str(root / "nowhere"), cwd=root, stdin="{}")
        assert done.returncode == 2
        assert "There is no folder" in done.stderr


def test_a_port_that_is_no_number_is_said_in_one_line(root: Path) -> None:
    done = gaze("run", cwd=root, GAZE_PORT="many")

    assert (done.returncode, done.stderr) == (2, "gaze: GAZE_PORT is «many»; a number is needed\n")


def test_web_without_redis_says_how_to_get_one(root: Path) -> None:
    done = gaze("web", cwd=root, GAZE_REDIS_URL="redis://127.0.0.1:1/0")

    assert done.returncode == 2
    assert "GAZE_REDIS_URL" in done.stderr


def test_an_empty_folder_is_a_library_without_assets(tmp_path: Path) -> None:
    assert gaze("check", cwd=tmp_path).returncode == 0
    planned = gaze("plan", "-", cwd=tmp_path, stdin=json.dumps({"extra_positive": "a red ball", "seed": 1}))
    assert json.loads(planned.stdout)["positive"] == "a red ball"


def test_tags_import_takes_a_list_in_and_names_bad_rows(root: Path) -> None:
    (root / "mine.csv").write_text('xyzzy,0,12,"plugh"\nbad,0,many,\n')

    done = gaze("tags", "import", "mine.csv", cwd=root)

    assert (done.returncode, done.stdout) == (0, "The list holds 1 tag now. 1 row was left out.\n")
    assert done.stderr.startswith("mine.csv:line 2: the count of «bad»")


def test_tags_import_says_what_is_no_list_in_one_line(root: Path) -> None:
    (root / "mine.csv").write_text("")

    assert gaze("tags", "import", "mine.csv", cwd=root).returncode == 2
    assert gaze("tags", "import", "nowhere.csv", cwd=root).stderr.startswith("gaze: nowhere.csv cannot be read")


def test_check_tells_doubts_as_warnings_and_ends_with_0_unless_strict(root: Path) -> None:
    scene = {"scene_id": "odd", "scene_name": "Odd", "scene": {"background": "day, night", "lighting": ""}}
    (root / "data/scenes/odd.json").write_text(json.dumps(scene))

    done = gaze("check", cwd=root)

    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "data/scenes/odd.json: «day» and «night»: two times of day (warning)",
        "1 warning",
    ]
    assert gaze("check", "--strict", cwd=root).returncode == 1


def test_check_knows_unknown_tags_only_by_a_real_list(root: Path) -> None:
    quiet = gaze("check", "--strict", cwd=root)
    (root / "mine.csv").write_text("zzyzx,0,12,\n")
    gaze("tags", "import", "mine.csv", cwd=root)

    done = gaze("check", "--strict", cwd=root)

    assert quiet.returncode == 0
    assert done.returncode == 1
    assert "data/scenes/beach.json: «beach» is no known tag (warning)" in done.stdout


def test_check_hears_no_more_of_what_was_silenced(root: Path) -> None:
    scene = {"scene_id": "odd", "scene_name": "Odd", "scene": {"background": "day, night", "lighting": ""}}
    (root / "data/scenes/odd.json").write_text(json.dumps(scene))
    (root / "data/state/scenes").mkdir(parents=True)
    (root / "data/state/scenes/odd.json").write_text(json.dumps({"silenced": ["contradiction:day, night"]}))

    assert gaze("check", "--strict", cwd=root).stdout == "No problems.\n"
