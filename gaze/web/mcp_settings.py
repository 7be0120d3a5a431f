"""The MCP servers' part of the settings: entered, confirmed, tested, limited, taken away."""

from __future__ import annotations

import asyncio
import shlex
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.errors import NotFound, Refusal
from gaze.jobs import events
from gaze.library.jsonedit import REMOVE
from gaze.llm import mcp_config, mcp_state
from gaze.llm.mcp_config import Server
from gaze.web import forms, guard
from gaze.web.answer import HTML, answer, is_htmx, render, wants_json

AnyRequest = Request[Any, Any, Any]


async def shown_servers(gaze: Context) -> list[mcp_state.Shown]:
    """The MCP servers with how they fare."""
    known = await mcp_state.states(gaze.redis)
    return [
        mcp_state.Shown(
            server=server,
            state=known.get(server.name, mcp_state.State(name=server.name)),
            confirmed=mcp_config.confirmed(server, gaze.secrets),
        )
        for server in mcp_config.servers(gaze.settings().root, gaze.library.settings())
    ]


async def save(gaze: Context, values: dict[str, Any]) -> None:
    """Write keys of data/settings.json, and tell every open page."""
    await asyncio.to_thread(gaze.library.writing.save_settings, values)
    await events.publish(gaze.redis, events.SettingsChanged())


@post("/settings/mcp", include_in_schema=False)
async def save_server(request: AnyRequest, gaze: Context) -> Response[Any]:
    """Add or change an MCP server, turn it on or off, confirm, test or remove it (`act`)."""
    given = await forms.values(request)
    act, name = forms.one(given, "act", "save"), forms.one(given, "name")
    every = {server.name: server for server in mcp_config.servers(gaze.settings().root, gaze.library.settings())}
    if act == "add":
        server = mcp_config.checked(_entered(given))
        if server.name in every:
            raise Refusal(f"There is a server «{name}» already.", field="name")
    elif name not in every:
        raise NotFound(f"There is no MCP server «{name[:60]}».")
    else:
        server = every[name]
    match act:
        case "remove":
            return await _keep_server(request, gaze, server, remove=True)
        case "test":
            return await _look(request, gaze, server)
        case "on" | "off":
            server = msgspec.structs.replace(server, on=act == "on")
        case "tools":
            server = _limited(server, given)
    if act in ("add", "on", "confirm"):  # whoever turns it on here sees what is started
        if server.command and not mcp_config.confirmed(server, gaze.secrets) and not guard.on_this_machine(request):
            text = "A command can be entered or confirmed only in a browser on the machine that GAZE runs on."
            raise guard.Forbidden(text, field="place")
        await asyncio.to_thread(mcp_config.confirm, server, gaze.secrets, forms.one(given, "key") or None)
    return await _keep_server(request, gaze, server)


def _entered(given: forms.Values) -> Server:
    """A server as it was typed: a command line, or an address."""
    place = forms.one(given, "place")
    far = place.startswith(("http://", "https://"))
    try:
        command = () if far else tuple(shlex.split(place))
    except ValueError as error:
        raise Refusal(f"The command cannot be read: {error}.", field="place") from error
    return Server(name=forms.one(given, "name"), command=command, url=place if far else "")


def _limited(server: Server, given: forms.Values) -> Server:
    """A server with its allowed tools and its time limit."""
    tools = tuple(tool for tool in given.get("tool", ()) if tool)
    limit_s = forms.whole(given, "timeout_s", 1, int(mcp_config.MOST_TIMEOUT_S), int(server.timeout_s))
    every = forms.on(given, "every") or "tools_shown" not in given
    return msgspec.structs.replace(server, tools=None if every else tools, timeout_s=float(limit_s))


async def _keep_server(request: AnyRequest, gaze: Context, server: Server, *, remove: bool = False) -> Response[Any]:
    mine = gaze.library.settings().get(mcp_config.KEY)
    entries = dict(mine) if isinstance(mine, dict) else {}
    entries.pop(server.name, None)
    if not remove:
        entries[server.name] = mcp_config.entry(server)
    await save(gaze, {mcp_config.KEY: entries or REMOVE})
    return await _servers(request, gaze)


async def _look(request: AnyRequest, gaze: Context, server: Server) -> Response[Any]:
    """Start it once and ask for its tools. Only one that was confirmed is started."""
    if not mcp_config.confirmed(server, gaze.secrets):
        raise Refusal(f"Confirm «{server.name}» first; it would run: {server.place[:300]}", field="name")
    from gaze.llm.mcp_client import look

    state = await look(server, mcp_config.key_of(server, gaze.secrets))
    await mcp_state.keep(gaze.redis, state)
    told = (
        f"Answers with {len(state.tools)} tools."
        if state.state == "up"
        else f"{state.error[:1].upper()}{state.error[1:]}."
    )
    return await _servers(request, gaze, {server.name: (state.state == "up", told)})


async def _servers(
    request: AnyRequest, gaze: Context, told: dict[str, tuple[bool, str]] | None = None
) -> Response[Any]:
    found = await shown_servers(gaze)
    if wants_json(request):
        data = [
            {
                "name": each.name,
                "place": each.server.place,
                "on": each.on,
                "state": each.short,
                "tools": each.state.tools,
            }
            for each in found
        ]
        said = {name: {"ok": good, "message": text} for name, (good, text) in (told or {}).items()}
        return answer(request, data={"servers": data, "tested": said})
    context = {"servers": found, "server_told": told or {}}
    if is_htmx(request):
        return render(request, "settings/_mcp.html", context)
    return Response("", media_type=HTML, status_code=303, headers={"Location": "/settings#mcp"})


@get("/settings/mcp", include_in_schema=False)
async def mcp_group(request: AnyRequest, gaze: Context) -> Response[Any]:
    """The group of MCP servers, for a page that follows it."""
    return await _servers(request, gaze)


ROUTES: list[ControllerRouterHandler] = [save_server, mcp_group]
