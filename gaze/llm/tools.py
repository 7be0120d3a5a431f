"""Tools that a model may call, and the running of the calls of one turn side by side."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from gaze.llm.answer import NoJson, arguments
from gaze.llm.writing import Call

# What a tool says is cut here: a page of text would push the task out of a small model's memory.
MOST_LETTERS = 6000
MOST_CALLS = 32
_NAME = re.compile(r"[^a-zA-Z0-9_-]")


class ToolError(Exception):
    """A tool that could not do it; the message goes to the model as text."""


class Tool(msgspec.Struct, frozen=True):
    """A tool as the model sees it. `run` takes the arguments and gives a text, or raises ToolError.

    `limit_s` is how long one call may take; `server` says whose it is.
    """

    name: str
    description: str
    parameters: Mapping[str, Any]
    run: Callable[[dict[str, Any]], Awaitable[str]]
    limit_s: float = 30.0
    server: str = ""

    def offered(self) -> dict[str, Any]:
        """The tool as the provider takes it."""
        about = {"name": self.name, "description": self.description[:1000], "parameters": dict(self.parameters)}
        return {"type": "function", "function": about}


class Asked(msgspec.Struct, frozen=True):
    """A call as the model wrote it."""

    id: str
    name: str
    arguments: Any


def safe_name(name: str) -> str:
    """A tool's name as providers take it."""
    return _NAME.sub("_", name)[:64]


async def run_all(
    asked: Sequence[Asked], tools: Sequence[Tool], told: Callable[[Sequence[Call]], None] = lambda calls: None
) -> list[Call]:
    """Run the calls of a turn side by side; a failing one gives its error as text. `told` hears of each that ends."""
    known = {tool.name: tool for tool in tools}
    calls = [Call(each.id, each.name[:80], written(each.arguments)) for each in asked[:MOST_CALLS]]
    told(calls)

    async def one(place: int) -> None:
        began = time.monotonic()
        good, text = await _run(known, asked[place])
        took_ms = round(1000 * (time.monotonic() - began))
        calls[place] = msgspec.structs.replace(calls[place], result=text, good=good, took_ms=took_ms)
        told(calls)

    await asyncio.gather(*(one(place) for place in range(len(calls))))
    return calls


async def _run(known: Mapping[str, Tool], asked: Asked) -> tuple[bool, str]:
    tool = known.get(asked.name)
    if tool is None:
        there = f"there are {', '.join(known)}" if known else "there are none"
        return False, f"Error: there is no tool «{asked.name[:80]}»; {there}."
    try:
        given = arguments(asked.arguments)
        async with asyncio.timeout(tool.limit_s):
            return True, (await tool.run(given))[:MOST_LETTERS] or "(nothing)"
    except NoJson as error:
        return False, f"Error: {error}. Call {tool.name} again with a JSON object."
    except TimeoutError:
        return False, f"Error: {tool.name} did not answer within {tool.limit_s:g} s."
    except ToolError as error:
        return False, f"Error: {error}"[:MOST_LETTERS]


def written(given: Any) -> str:
    """Arguments as the next turn must carry them: a JSON text, whatever the model sent (F106)."""
    if isinstance(given, str):
        try:
            json.loads(given)
        except (ValueError, RecursionError):
            return "{}" if not given.strip() else json.dumps({"unreadable": given[:2000]}, ensure_ascii=False)
        return given
    return json.dumps(given if given is not None else {}, ensure_ascii=False)
