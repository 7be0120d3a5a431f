"""MCP servers whose tools the model may use: `mcp_servers` of data/settings.json, and which of them may be started.

A library may come from somebody else. So a command runs only if its hash lies in this machine's secrets, where it gets
when it is entered or confirmed on the settings page; an address is asked, and a key sent to it, only likewise.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from gaze.core.address import check_url
from gaze.core.errors import Refusal
from gaze.library.secrets import Secrets
from gaze.settings import SETTINGS_FILE

KEY = "mcp_servers"
# In the secrets: hashes of commands that may run here; addresses that may be asked, each with its key or "".
COMMANDS, ADDRESSES = "mcp_commands", "mcp_addresses"
BUNDLED = "danbooru"
TIMEOUT_S = 30.0
MOST_TIMEOUT_S = 600.0


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """One server: a command (stdio) or an address (streamable HTTP). `tools` None allows all that it has."""

    name: str
    command: tuple[str, ...] = ()
    url: str = ""
    tools: tuple[str, ...] | None = None
    on: bool = True
    timeout_s: float = TIMEOUT_S
    ours: bool = False  # comes with the program, as it stands there
    ready: bool = False  # an entry that is there for everybody

    @property
    def place(self) -> str:
        """What it is, as the settings show it."""
        return self.url or " ".join(self.command)

    @property
    def mark(self) -> str:
        """The hash of its command."""
        return sha256(json.dumps(list(self.command)).encode()).hexdigest()


def ready_entries(root: Path) -> list[Server]:
    """The entries that everybody has: the bundled server, and two containers that are off."""
    bundled = (sys.executable, "-m", "gaze", "mcp", BUNDLED, "--root", str(root))
    container = ("docker", "run", "-i", "--rm")
    return [
        Server(name=BUNDLED, command=bundled, ours=True, ready=True),
        Server(name="danbooru-mcp", command=(*container, "danbooru-mcp:latest"), on=False, ready=True),
        Server(name="character-mcp", command=(*container, "character-mcp:latest"), on=False, ready=True),
    ]


def servers(root: Path, said: Mapping[str, Any] | None = None) -> list[Server]:
    """Every server, the ready entries first. `said` is the content of data/settings.json, else it is read."""
    content = _file(root) if said is None else said
    mine = content.get(KEY)
    entries = {str(name): entry for name, entry in mine.items()} if isinstance(mine, Mapping) else {}
    found = [_merged(each, entries.pop(each.name, None)) for each in ready_entries(root)]
    return [
        *found,
        *(_merged(Server(name=name), entry) for name, entry in entries.items() if isinstance(entry, Mapping)),
    ]


def _merged(server: Server, entry: Any) -> Server:
    """A server with what the settings say of it; what does not fit is left out."""
    if not isinstance(entry, Mapping):
        return server
    changes: dict[str, Any] = {}
    if isinstance(entry.get("on"), bool):
        changes["on"] = entry["on"]
    tools = entry.get("tools")
    if isinstance(tools, Sequence) and not isinstance(tools, str):
        changes["tools"] = tuple(str(tool) for tool in tools)
    if isinstance(entry.get("timeout_s"), int | float) and 0 < entry["timeout_s"] <= MOST_TIMEOUT_S:
        changes["timeout_s"] = float(entry["timeout_s"])
    command = entry.get("command")
    if isinstance(command, Sequence) and not isinstance(command, str) and command:
        changes |= {"command": tuple(str(part) for part in command), "url": "", "ours": False}
    elif isinstance(entry.get("url"), str) and entry["url"].strip():
        changes |= {"url": entry["url"].strip().rstrip("/"), "command": (), "ours": False}
    return msgspec.structs.replace(server, **changes)


def confirmed(server: Server, secrets: Secrets) -> bool:
    """Whether it may be started or asked on this machine."""
    if server.ours:
        return True
    if server.command:
        found = secrets().get(COMMANDS)
        return isinstance(found, list) and server.mark in found
    return bool(server.url) and server.url in _addresses(secrets)


def key_of(server: Server, secrets: Secrets) -> str:
    """The key that was entered for its address."""
    return _addresses(secrets).get(server.url, "")


def confirm(server: Server, secrets: Secrets, key: str | None = None) -> None:
    """Note that a server was entered or confirmed on this machine; a key is kept for its address alone."""
    if server.command:
        found = secrets().get(COMMANDS)
        known = [str(each) for each in found] if isinstance(found, list) else []
        secrets.save({COMMANDS: list(dict.fromkeys([*known, server.mark]))})
    elif server.url:
        addresses = _addresses(secrets)
        addresses[server.url] = addresses.get(server.url, "") if key is None else key
        secrets.save({ADDRESSES: addresses})


def checked(server: Server) -> Server:
    """A server as it was entered. Raises Refusal with the field that does not fit."""
    if not server.name or len(server.name) > 60:
        raise Refusal("The server needs a name of at most 60 letters.", field="name")
    if bool(server.command) == bool(server.url):
        raise Refusal("Give either a command or an address.", field="place")
    if server.url:
        try:
            return msgspec.structs.replace(
                server, url=check_url(server.url, "an MCP server", "http://localhost:9000/mcp")
            )
        except ValueError as error:
            raise Refusal(f"{str(error)[:1].upper()}{str(error)[1:]}.", field="place") from error
    return server


def entry(server: Server) -> dict[str, Any]:
    """What data/settings.json says of a server; a ready entry says only what differs."""
    said: dict[str, Any] = {"on": server.on}
    if server.command and not server.ready:
        said["command"] = list(server.command)
    if server.url:
        said["url"] = server.url
    if server.tools is not None:
        said["tools"] = list(server.tools)
    if server.timeout_s != TIMEOUT_S:
        said["timeout_s"] = server.timeout_s
    return said


def _addresses(secrets: Secrets) -> dict[str, str]:
    found = secrets().get(ADDRESSES)
    return {str(url): str(key) for url, key in found.items()} if isinstance(found, dict) else {}


def _file(root: Path) -> Mapping[str, Any]:
    try:
        content = json.loads((root / SETTINGS_FILE).read_text("utf-8-sig"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
