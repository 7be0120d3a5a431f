"""`gaze mcp danbooru` with the official client, as a real process."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from mcp import Client

from gaze.danbooru.taglist import TagList
from gaze.settings import program
from tests.mcp.conftest import by_stdio, data, said
from tests.site import REPOSITORY, clean_env, free_port, until

LIST = b'long_hair,0,4300000,"longhair"\nlong_sleeves,0,1600000,\nhatsune_miku,4,115000,"miku"\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    TagList(tmp_path, program()).take_in(LIST)
    return tmp_path


@pytest.fixture
def url(root: Path) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "gaze", "mcp", "danbooru", "--http", f"127.0.0.1:{port}", "--root", str(root)]
    process = subprocess.Popen(command, env=clean_env(), cwd=REPOSITORY, stderr=subprocess.DEVNULL)

    def up() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    until(up, what="the server")
    yield f"http://127.0.0.1:{port}/mcp"
    process.terminate()
    process.wait(10)


async def test_the_three_tools_say_what_they_take(root: Path) -> None:
    async with Client(by_stdio(root, "danbooru")) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}

    assert {name: sorted(tool.input_schema["properties"]) for name, tool in tools.items()} == {
        "search_tags": ["category", "limit", "query"],
        "validate_tags": ["tags"],
        "suggest_tags": ["category", "limit", "partial"],
    }
    assert all(tool.description for tool in tools.values())


async def test_tags_are_searched_checked_and_suggested(root: Path) -> None:
    async with Client(by_stdio(root, "danbooru")) as client:
        searched = data(await client.call_tool("search_tags", {"query": "long", "limit": 1}))
        checked = data(await client.call_tool("validate_tags", {"tags": ["long hair", "miku", "lnog hair"]}))
        suggested = data(await client.call_tool("suggest_tags", {"partial": "mik", "category": "character"}))

    assert searched == {"tags": [{"name": "long_hair", "category": "general", "count": 4300000}]}
    assert checked["tags"] == [
        {"tag": "long hair", "valid": True, "category": "general", "count": 4300000},
        {"tag": "miku", "valid": False, "alias_of": "hatsune_miku", "category": "character"},
        {"tag": "lnog hair", "valid": False, "suggestions": ["long_hair"]},
    ]
    assert [tag["name"] for tag in suggested["tags"]] == ["hatsune_miku"]


async def test_wrong_arguments_are_an_error_in_words(root: Path) -> None:
    async with Client(by_stdio(root, "danbooru")) as client:
        assert "limit" in said(await client.call_tool("search_tags", {"query": "a", "limit": 0}))
        assert "category" in said(await client.call_tool("search_tags", {"query": "a", "category": "hair"}))
        assert "tags" in said(await client.call_tool("validate_tags", {}))
        assert "empty" in said(await client.call_tool("suggest_tags", {"partial": " "}))


async def test_the_starter_list_says_that_it_is_small(tmp_path: Path) -> None:
    async with Client(by_stdio(tmp_path, "danbooru")) as client:
        answer = data(await client.call_tool("search_tags", {"query": "1girl"}))

    assert answer["tags"][0]["name"] == "1girl"
    assert "estimates" in answer["note"]


async def test_it_answers_over_http_too(url: str) -> None:
    async with Client(url) as client:
        answer = data(await client.call_tool("search_tags", {"query": "long", "limit": 1}))

    assert answer["tags"][0]["name"] == "long_hair"
