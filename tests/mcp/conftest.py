"""The official MCP client, over both transports."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from mcp.client.stdio import StdioServerParameters

from tests.site import REPOSITORY, clean_env


def by_stdio(root: Path, *arguments: str, **env: str) -> StdioServerParameters:
    """A GAZE server as a client starts it."""
    return StdioServerParameters(
        command=sys.executable,
        args=["-m", "gaze", "mcp", *arguments, "--root", str(root)],
        env=clean_env(**env),
        cwd=REPOSITORY,
    )


def data(result: Any) -> Any:
    """What a tool answered: its structured content, else its text as JSON."""
    assert not result.is_error, result.content
    return result.structured_content or json.loads(result.content[0].text)


def said(result: Any) -> str:
    """The error of a tool."""
    assert result.is_error
    return str(result.content[0].text)
