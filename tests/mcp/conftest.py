"""The official MCP client, over both transports."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from tests.site import REPOSITORY, clean_env


def by_stdio(root: Path, *arguments: str, **env: str) -> StdioServerParameters:
    """A GAZE server as a client starts it."""
    return StdioServerParameters(
        command=sys.executable,
        args=["-m", "gaze", "mcp", *arguments, "--root", str(root)],
        env=clean_env(**env),
        cwd=REPOSITORY,
    )


@asynccontextmanager
async def over_http(url: str, key: str) -> AsyncIterator[Client]:
    """A client of a GAZE that runs, with its API key."""
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=30) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        yield client


def data(result: Any) -> Any:
    """What a tool answered: its structured content, else its text as JSON."""
    assert not result.is_error, result.content
    return result.structured_content or json.loads(result.content[0].text)


def said(result: Any) -> str:
    """The error of a tool."""
    assert result.is_error
    return str(result.content[0].text)
