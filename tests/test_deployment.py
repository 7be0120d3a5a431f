"""Procfile, Dockerfile and docker-compose.yml held against the program, since no Docker engine is at hand."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
import yaml

from gaze.cli import parser
from gaze.settings import SETTINGS, read
from tests.site import REPOSITORY

COMPOSE: dict[str, Any] = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())
ALWAYS = {name: service for name, service in COMPOSE["services"].items() if "profiles" not in service}
OURS = {name: service for name, service in COMPOSE["services"].items() if name != "redis"}
VARIABLES = {setting.env for setting in SETTINGS}
ours = pytest.mark.parametrize("name", OURS)


def understood(words: list[str]) -> bool:
    """Whether the command line takes these words."""
    try:
        parser().parse_args(words)
    except SystemExit:
        return False
    return True


@ours
def test_every_command_of_compose_is_one_of_ours(name: str) -> None:
    program, *words = OURS[name]["command"]

    assert program == "gaze"
    assert understood(words)


@ours
def test_every_variable_of_compose_is_one_the_program_reads(name: str) -> None:
    assert set(OURS[name]["environment"]) <= VARIABLES


@ours
def test_compose_mounts_what_the_program_uses(name: str) -> None:
    environment = OURS[name]["environment"]
    settings = read({key: str(value) for key, value in environment.items()})
    targets = {volume.rsplit(":ro", 1)[0].rsplit(":", 1)[1]: volume for volume in OURS[name]["volumes"]}

    root = str(settings.root)
    assert {f"{root}/data", f"{root}/static/uploads", f"{root}/workflows", "/models"} == set(targets)
    assert targets["/models"].endswith(":ro")
    assert settings.lora_root.startswith("/models/")
    assert settings.checkpoint_root.startswith("/models/")
    assert not any("docker.sock" in volume for volume in targets.values())


def test_the_pages_are_published_on_loopback_at_their_port() -> None:
    (port,) = OURS["web"]["ports"]

    assert port == f"127.0.0.1:5782:{OURS['web']['environment']['GAZE_PORT']}"
    assert OURS["web"]["environment"]["GAZE_HOST"] == "0.0.0.0"
    assert not any(
        "ports" in service for name, service in COMPOSE["services"].items() if name not in ("web", "danbooru-mcp")
    )


def test_compose_runs_redis_the_pages_and_both_workers() -> None:
    assert {name for name, each in COMPOSE["services"].items() if "profiles" not in each} == {
        "redis",
        "web",
        "comfy",
        "llm",
    }
    assert OURS["comfy"]["environment"]["GAZE_REDIS_URL"] == "redis://redis:6379/0"
    assert "redis:/data" in COMPOSE["services"]["redis"]["volumes"]
    assert "redis" in COMPOSE["volumes"]


def test_the_tag_server_runs_only_where_its_profile_is_named() -> None:
    assert COMPOSE["services"]["danbooru-mcp"]["profiles"] == ["danbooru-mcp"]
    assert COMPOSE["services"]["danbooru-mcp"]["ports"] == ["127.0.0.1:9130:9130"]
    assert not COMPOSE["services"]["danbooru-mcp"]["depends_on"]


def test_the_image_holds_every_folder_the_program_reads() -> None:
    dockerfile = (REPOSITORY / "Dockerfile").read_text()

    for folder in ("gaze", "templates", "static", "workflows", "data"):
        assert f"COPY {folder} {folder}" in dockerfile
    assert "--require-hashes -r requirements.lock" in dockerfile


def test_every_line_of_the_procfile_is_a_command_of_ours() -> None:
    lines = [line for line in (REPOSITORY / "Procfile").read_text().splitlines() if line.strip()]

    for line in lines:
        name, _, command = line.partition(":")
        words = shlex.split(command)
        if words[0] == "env":
            assert words[1].partition("=")[0] in VARIABLES
            words = words[2:]
        assert words[0] == ".venv/bin/gaze", name
        assert understood(words[1:]), line
    assert {line.partition(":")[0] for line in lines} == {"redis", "simulator", "web", "comfy", "llm"}


def test_no_registry_is_named_in_the_lock_file() -> None:
    assert "://" not in (REPOSITORY / "requirements.lock").read_text()
