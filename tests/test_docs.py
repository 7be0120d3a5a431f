"""The documents say what is true: settings, commands, and the API's examples, which are run."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gaze.cli import parser
from gaze.settings import SETTINGS
from tests.site import REPOSITORY, Site, character, until

SETTINGS_PAGE = (REPOSITORY / "docs/settings.md").read_text()
API_PAGE = (REPOSITORY / "docs/api.md").read_text()


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
def test_every_setting_is_documented_with_its_variable_and_meaning(setting: object) -> None:
    row = next((line for line in SETTINGS_PAGE.splitlines() if f"`{setting.env}`" in line), "")

    assert setting.help in row
    assert (f"`{setting.key}`" in row) == setting.in_file
    assert not setting.older or f"`{setting.older}`" in row


def test_every_command_is_documented() -> None:
    commands = next(action for action in parser()._actions if action.dest == "command" or action.choices).choices

    missing = [name for name in commands if f"gaze {name}" not in SETTINGS_PAGE]

    assert not missing


def test_no_document_leads_to_a_file_that_is_not_there() -> None:
    pages = [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *(REPOSITORY / "docs").rglob("*.md")]

    dead = [
        f"{page.name}: {link}"
        for page in pages
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text())
        if not (page.parent / link).exists()
    ]

    assert not dead


def test_the_examples_of_the_api_page_work_as_they_stand(site: Site, tmp_path: object) -> None:
    examples = re.findall(r"```sh\n(.*?)```", API_PAGE.partition("## Assets")[0], re.S)
    env = {**os.environ, "GAZE": site.url, "KEY": "test-key", "PRESET": "evening"}

    def run(example: str) -> str:
        done = subprocess.run(
            ["bash", "-euc", example], env=env, capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    listed, queued, status, image, recipe, cancel = examples
    assert json.loads(run(listed))["presets"]
    env["JOB"] = json.loads(run(queued))["jobs"][0]["job_id"]
    site.wait(env["JOB"])
    done = json.loads(run(status))
    assert done["status"] == "done"
    env["IMAGE"] = done["result"]["image_url"]
    run(image)
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")  # type: ignore[operator]
    site.post("/queue/comfy/pause")
    made = json.loads(run(recipe))["jobs"][0]
    env["JOB"] = made["job_id"]
    assert made["status"] == "queued"
    assert json.loads(run(cancel))["status"] == "cancelled"
    site.post("/queue/comfy/resume")


def test_the_examples_of_the_api_page_about_assets_work_as_they_stand(site: Site, tmp_path: Path) -> None:
    examples = re.findall(r"```sh\n(.*?)```", API_PAGE.partition("## Assets")[2].partition("## Images")[0], re.S)
    site.write("data/characters/documented.json", character("documented"))
    until(lambda: site.http.get("/characters/documented").status_code == 200, what="the character")
    site.post("/characters/documented/rating", rating="5")  # so that it stands among the first
    env = {**os.environ, "GAZE": site.url, "KEY": "test-key", "CHARACTER": "documented"}

    def run(example: str) -> dict[str, Any]:
        done = subprocess.run(
            ["bash", "-euc", example], env=env, capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False
        )
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    read, change, create, remove, listed = examples
    assert run(read)["character_id"] == "documented"
    assert run(change)["identity"]["hair"] == "short silver hair"
    assert run(create)["scene_name"] == "Harbour"
    assert run(remove)["trash_id"]
    assert "documented" in [item["slug"] for item in run(listed)["characters"]]


def test_the_examples_of_the_api_page_about_images_work_as_they_stand(site: Site) -> None:
    listed, following = re.findall(r"```sh\n(.*?)```", API_PAGE.partition("## Images")[2], re.S)
    for job in site.generate("/characters/alice", width="64", height="64", count="2"):
        site.wait(job)
    env = {**os.environ, "GAZE": site.url, "KEY": "test-key", "CHARACTER": "alice"}

    def run(example: str) -> dict[str, Any]:
        done = subprocess.run(
            ["bash", "-euc", example], env=env, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    until(lambda: run(listed)["total"] >= 2, what="both images")
    found = run(listed)
    assert "characters/alice" in found["images"][0]["assets"]
    env["NEXT"] = run(listed.replace("limit=20", "limit=1"))["next"]
    assert found["images"][0]["path"] not in [image["path"] for image in run(following)["images"]]


def test_the_guides_first_character_can_be_used(site: Site) -> None:
    guide = (REPOSITORY / "docs/guide.md").read_text()
    example = re.search(r"```json\n(.*?)```", guide, re.S)
    assert example

    asset = json.loads(example.group(1))

    assert asset["character_id"] == "rosa"
    file = site.write("data/characters/rosa.json", asset)
    until(lambda: site.http.get("/characters/rosa").status_code == 200, what="Rosa's page")
    assert "rose garden" in site.post("/characters/rosa/preview_prompt").json()["main"]
    file.unlink()
