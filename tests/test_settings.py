"""Settings: defaults, then `data/settings.json`, then the environment, then the command line."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from gaze.settings import SETTINGS, BadSetting, LiveSettings, Settings, read


def test_without_anything_it_listens_on_this_machine_only(tmp_path: Path) -> None:
    settings = read({}, root=tmp_path)

    assert (settings.host, settings.port, settings.comfyui_urls) == ("127.0.0.1", 5000, ())


def test_the_environment_beats_the_file_and_the_command_line_both(tmp_path: Path) -> None:
    env = {"GAZE_THEME": "light", "GAZE_PORT": "6000"}

    settings = read(env, {"theme": "auto", "nsfw_blur": False}, root=tmp_path, port=7000)

    assert (settings.theme, settings.nsfw_blur, settings.port) == ("light", False, 7000)


def test_servers_are_parted_by_commas_and_lose_their_last_slash(tmp_path: Path) -> None:
    settings = read({"GAZE_COMFYUI_URLS": " http://gpu1:8188/ ,,http://gpu2:8188"}, root=tmp_path)

    assert settings.comfyui_urls == ("http://gpu1:8188", "http://gpu2:8188")


def test_the_older_name_of_the_servers_is_still_read(tmp_path: Path) -> None:
    assert read({"COMFYUI_URL": "http://gpu1:8188"}, root=tmp_path).comfyui_urls == ("http://gpu1:8188",)


def test_a_wrong_variable_is_said_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="GAZE_PORT is «many»; a number is needed"):
        read({"GAZE_PORT": "many"}, root=tmp_path)


def test_a_wrong_value_in_the_file_keeps_nothing_from_starting(tmp_path: Path) -> None:
    settings = read({}, {"max_upload_mib": "big", "theme": "light"}, root=tmp_path)

    assert (settings.max_upload_mib, settings.theme) == (64, "light")


def test_what_a_process_needs_to_start_is_not_read_from_the_file(tmp_path: Path) -> None:
    assert read({}, {"host": "0.0.0.0", "api_key": "x"}, root=tmp_path) == read({}, root=tmp_path)


def test_every_setting_is_a_field_and_every_field_a_setting() -> None:
    # `fixed` says which of the others the file cannot change; it is read from nowhere.
    assert {setting.key for setting in SETTINGS} == set(Settings.__struct_fields__) - {"fixed"}


def test_a_changed_file_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _without_gaze(monkeypatch)
    file = tmp_path / "data/settings.json"
    file.parent.mkdir()
    live = LiveSettings(read({}, root=tmp_path))
    assert live().theme == "dark"

    file.write_text(json.dumps({"theme": "light"}))

    assert live().theme == "light"


def test_a_broken_file_leaves_the_last_good_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _without_gaze(monkeypatch)
    file = tmp_path / "data/settings.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"theme": "light"}))
    live = LiveSettings(read({}, root=tmp_path))
    live()

    file.write_text('{"theme": ')

    assert live().theme == "light"


def _without_gaze(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GAZE_") or name == "COMFYUI_URL"]:
        monkeypatch.delenv(name)
