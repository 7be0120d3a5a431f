"""MCP servers in real processes: started when needed, kept, restarted, and only where that was confirmed."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gaze.library.secrets import Secrets
from gaze.llm.mcp_client import Connections, look
from gaze.llm.mcp_config import Server, checked, confirm, confirmed, key_of, ready_entries, servers
from gaze.llm.mcp_state import State
from gaze.llm.tools import Tool, ToolError
from tests.site import REPOSITORY, free_port, until

SCRIPT = str(REPOSITORY / "tests/standins/mcp_server.py")
STDIO = Server(name="mine", command=(sys.executable, SCRIPT), timeout_s=5)


class Hand:
    """Connections with a list of servers that a test sets."""

    def __init__(self) -> None:
        self.servers: list[Server] = [STDIO]
        self.trusted = True
        self.states: list[State] = []
        self.connections = Connections(lambda: self.servers, lambda _: self.trusted, lambda _: "", self._told)

    async def _told(self, state: State) -> None:
        self.states.append(state)

    async def tools(self) -> dict[str, Tool]:
        return {tool.name: tool for tool in (await self.connections.tools())[0]}

    async def notes(self) -> list[str]:
        return list((await self.connections.tools())[1])


@pytest.fixture
async def hand() -> AsyncIterator[Hand]:
    made = Hand()
    yield made
    await made.connections.stop()


async def test_a_command_is_started_when_needed_and_kept(hand: Hand) -> None:
    first = await (await hand.tools())["pid"].run({})
    again = await (await hand.tools())["pid"].run({})

    assert first == again and first.isdecimal()
    assert hand.states == [
        State(name="mine", state="up", tools=("search_tags", "env_of", "pid", "fail", "slow", "die", "lie"))
    ]


async def test_a_tool_answers_and_its_schema_is_offered(hand: Hand) -> None:
    tool = (await hand.tools())["search_tags"]

    assert await tool.run({"query": "harbor"}) == "harbor 5k"
    assert tool.offered()["function"]["parameters"]["properties"]["query"]["type"] == "string"


async def test_a_failing_tool_says_why(hand: Hand) -> None:
    with pytest.raises(ToolError, match="the list is away"):
        await (await hand.tools())["fail"].run({})


async def test_f107_a_server_that_dies_in_a_call_is_said_and_started_again(hand: Hand) -> None:
    tools = await hand.tools()
    before, began = await tools["pid"].run({}), time.monotonic()

    with pytest.raises(ToolError, match="the server mine did not answer"):
        await tools["die"].run({})

    assert time.monotonic() - began < STDIO.timeout_s + 1
    assert await tools["pid"].run({}) != before
    assert [state.state for state in hand.states] == ["up", "down", "up"]


async def test_a_server_that_says_nothing_is_given_up_in_time(hand: Hand) -> None:
    hand.servers = [Server(name="mine", command=STDIO.command, timeout_s=0.5)]
    tools = await hand.tools()

    with pytest.raises(ToolError, match=r"said nothing for 0.5 s"):
        await tools["slow"].run({"seconds": 5})


async def test_only_allowed_tools_are_offered(hand: Hand) -> None:
    hand.servers = [Server(name="mine", command=STDIO.command, tools=("search_tags",))]

    assert list(await hand.tools()) == ["search_tags"]


async def test_a_server_that_is_off_is_not_started(hand: Hand) -> None:
    hand.servers = [Server(name="mine", command=STDIO.command, on=False)]

    assert (await hand.connections.tools(), hand.states) == (([], []), [])


async def test_two_servers_with_a_tool_of_one_name_are_told_apart(hand: Hand) -> None:
    hand.servers = [STDIO, Server(name="other", command=STDIO.command, tools=("search_tags",))]

    assert {"search_tags", "other_search_tags"} <= set(await hand.tools())


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (("no-such-command-here",), "there is no command «no-such-command-here» here"),
        ((sys.executable, SCRIPT, "--broken"), "the command ended at once: the tag list is missing"),
    ],
)
async def test_a_command_that_cannot_be_had_is_named_and_the_rest_goes_on(
    hand: Hand, command: tuple[str, ...], why: str
) -> None:
    hand.servers = [Server(name="bad", command=command), STDIO]

    tools, notes = await hand.connections.tools()

    assert notes == [f"The MCP server bad was left out: {why}."]
    assert "search_tags" in {tool.name for tool in tools}


async def test_what_nobody_confirmed_is_not_started(hand: Hand, tmp_path: Path) -> None:
    mark = tmp_path / "started"
    hand.servers = [Server(name="foreign", command=("touch", str(mark)))]
    hand.trusted = False

    notes = await hand.notes()

    assert "nobody on this machine has confirmed it" in notes[0]
    assert not mark.exists()


async def test_a_command_sees_none_of_our_keys(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAZE_LLM_KEY", "sk-secret")

    assert await (await hand.tools())["env_of"].run({"name": "GAZE_LLM_KEY"}) == "not set"


@pytest.fixture
def http_server() -> Any:
    port = free_port()
    process = subprocess.Popen([sys.executable, SCRIPT, "--http", str(port)], stderr=subprocess.DEVNULL)

    def answers() -> bool:
        try:
            httpx.get(f"http://127.0.0.1:{port}/mcp", timeout=1, trust_env=False)
            return True
        except httpx.HTTPError:
            return False

    until(answers, what="the MCP server")
    yield f"http://127.0.0.1:{port}/mcp"
    process.terminate()
    process.wait(5)


async def test_an_address_is_asked_over_http(hand: Hand, http_server: str) -> None:
    hand.servers = [Server(name="far", url=http_server, timeout_s=5)]

    assert await (await hand.tools())["search_tags"].run({"query": "sea"}) == "sea 5k"


async def test_an_address_where_nothing_is_is_said(hand: Hand) -> None:
    url = f"http://127.0.0.1:{free_port()}/mcp"
    hand.servers = [Server(name="far", url=url, timeout_s=2)]

    assert (await hand.notes())[0].startswith(
        f"The MCP server far was left out: nothing that speaks MCP answers at {url}"
    )


async def test_the_test_of_the_settings_names_the_tools_and_leaves_nothing_running() -> None:
    state = await look(STDIO)

    assert (state.state, state.tools[0]) == ("up", "search_tags")
    running = await asyncio.to_thread(subprocess.run, ["pgrep", "-f", SCRIPT], capture_output=True, check=False)
    assert not running.stdout


# -- what may be started ---------------------------------------------------------------------------------


def library(root: Path, entries: Any) -> list[Server]:
    (root / "data").mkdir(exist_ok=True)
    (root / "data/settings.json").write_text(json.dumps({"mcp_servers": entries}))
    return servers(root)


async def test_the_bundled_server_checks_tags_for_the_model(hand: Hand, tmp_path: Path) -> None:
    hand.servers = [entry for entry in ready_entries(tmp_path) if entry.on]

    tools = await hand.tools()
    answer = await tools["validate_tags"].run({"tags": ["long hair", "silver hair", "lnog hair"]})
    wrong = await asyncio.gather(tools["suggest_tags"].run({"partial": ""}), return_exceptions=True)

    assert set(tools) == {"search_tags", "validate_tags", "suggest_tags"}
    assert '"alias_of": "grey_hair"' in answer.replace('":"', '": "')
    assert "long_hair" in answer
    assert isinstance(wrong[0], ToolError) and "empty" in str(wrong[0])


def test_the_ready_entries_are_there_and_only_the_bundled_one_is_on(tmp_path: Path) -> None:
    found = {server.name: server for server in servers(tmp_path)}

    assert [(name, server.on) for name, server in found.items()] == [
        ("danbooru", True),
        ("danbooru-mcp", False),
        ("character-mcp", False),
    ]
    assert found["danbooru-mcp"].command == ("docker", "run", "-i", "--rm", "danbooru-mcp:latest")
    assert found["danbooru"].command[:5] == (sys.executable, "-m", "gaze", "mcp", "danbooru")
    assert confirmed(found["danbooru"], Secrets(tmp_path))


@pytest.mark.parametrize(
    "entries",
    [
        {"evil": {"command": ["sh", "-c", "id"]}},
        {"danbooru": {"command": ["sh", "-c", "id"]}},
        {"danbooru-mcp": {"on": True}},
        {"far": {"url": "http://evil.test/mcp"}},
        {"danbooru": {"url": "http://evil.test/mcp"}},
    ],
)
def test_a_foreign_librarys_servers_are_not_confirmed(tmp_path: Path, entries: Any) -> None:
    secrets = Secrets(tmp_path / "private")
    name = next(iter(entries))
    server = next(each for each in library(tmp_path, entries) if each.name == name)

    assert server.on and not confirmed(server, secrets)
    confirm(server, secrets)
    assert confirmed(server, secrets)
    other = (
        Server(name=name, command=("sh", "-c", "another"))
        if server.command
        else Server(name=name, url="http://other/mcp")
    )
    assert not confirmed(other, secrets)


def test_a_key_belongs_to_its_address_alone(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path)
    confirm(Server(name="a", url="http://mine.test/mcp"), secrets, "key")

    assert key_of(Server(name="b", url="http://mine.test/mcp"), secrets) == "key"
    assert key_of(Server(name="a", url="http://evil.test/mcp"), secrets) == ""


@pytest.mark.parametrize(
    "entries", [[], "x", {"a": 1}, {"a": {"command": "rm -rf"}}, {"danbooru": {"timeout_s": -1, "tools": 3}}]
)
def test_nonsense_in_the_settings_is_left_out(tmp_path: Path, entries: Any) -> None:
    found = library(tmp_path, entries)

    assert found[0].timeout_s == 30 and found[0].tools is None
    assert not any(server.command == ("rm -rf",) for server in found)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://169.254.169.254/mcp", "ftp://x"])
def test_f98_such_addresses_are_refused(url: str) -> None:
    from gaze.core.errors import Refusal

    with pytest.raises(Refusal):
        checked(Server(name="x", url=url))
