"""The LLM's part of the settings: provider, model, key; MCP servers; system prompts."""

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
from gaze.llm.prompts import Prompt
from gaze.llm.provider import USUAL, Provider, checked_url, keys, remember
from gaze.web import forms, guard
from gaze.web.answer import HTML, answer, is_htmx, render, wants_json

AnyRequest = Request[Any, Any, Any]
TEST_S = 60.0


async def context_of(gaze: Context, **more: Any) -> dict[str, Any]:
    """What the LLM's groups of the settings page show."""
    standing, settings = gaze.llm(), gaze.settings()
    known = keys(gaze.secrets)
    return {
        "llm": standing,
        "usual": USUAL,
        "llm_url": standing.url,
        "llm_model": standing.model,
        "llm_has_key": bool(standing.provider.key if standing.provider else known.get(standing.url)),
        "llm_fixed": {"url": "llm_url" in settings.fixed, "model": "llm_model" in settings.fixed},
        "llm_key_from_env": bool(settings.llm_key) and "llm_url" in settings.fixed,
        "llm_tested": None,
        "llm_models": (),
        "servers": await shown_servers(gaze),
        "server_told": {},
        "prompts": [gaze.prompts.get(name) for name in gaze.prompts.names()],
        **more,
    }


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


# -- provider --------------------------------------------------------------------------------------------


@get("/settings/llm", include_in_schema=False)
async def llm_group(request: AnyRequest, gaze: Context) -> Response[Any]:
    """The group of the provider, for a page that follows it."""
    return await _llm(request, gaze)


@post("/settings/llm", include_in_schema=False)
async def save_llm(request: AnyRequest, gaze: Context) -> Response[Any]:
    """Test an address and a model, or use them (`act`: test, save, confirm, forget_key, off)."""
    given = await forms.values(request)
    act = forms.one(given, "act", "save")
    fixed = gaze.settings().fixed
    if act != "test" and "llm_url" in fixed:
        raise Refusal("The LLM is set by GAZE_LLM_URL; change it there and start again.", field="url")
    if act == "off":
        await _save(gaze, {"llm_url": REMOVE, "llm_model": REMOVE})
        return await _llm(request, gaze, said="The LLM is off.")
    if act == "confirm":
        await asyncio.to_thread(remember, gaze.secrets, gaze.llm().url)
        return await _llm(request, gaze, said="Confirmed; it is used now.")
    try:
        url = checked_url(_url(gaze, given))
    except Refusal as refusal:
        return await _refused(request, gaze, refusal, given)
    model = forms.one(given, "model") or (gaze.settings().llm_model if "llm_model" in fixed else "")
    typed = forms.one(given, "key")
    if act == "forget_key":
        await asyncio.to_thread(remember, gaze.secrets, url, "")
        return await _llm(request, gaze, said="The key is forgotten.")
    if act == "save":
        await asyncio.to_thread(remember, gaze.secrets, url, typed or None)
        await _save(gaze, {"llm_url": url, "llm_model": model})
    return await _tested(request, gaze, Provider(url, model, typed or _key(gaze, url), TEST_S), act)


async def _tested(request: AnyRequest, gaze: Context, provider: Provider, act: str) -> Response[Any]:
    from gaze.llm.probe import as_json, probe

    tested = await probe(provider)
    if act == "save" and tested.good is False:
        tested = msgspec.structs.replace(tested, sentence=f"Saved, but: {tested.sentence}")
    shown: dict[str, Any] = {
        "llm_url": provider.url,
        "llm_model": provider.model,
        "llm_tested": tested,
        "llm_models": tested.models,
    }
    return await _llm(request, gaze, data=as_json(tested), **shown)


def _url(gaze: Context, given: forms.Values) -> str:
    """The address of the provider chosen, or the one typed."""
    if "llm_url" in gaze.settings().fixed:
        return gaze.settings().llm_url
    chosen = forms.one(given, "provider")
    return chosen if any(chosen == each.url for each in USUAL) else forms.one(given, "url")


def _key(gaze: Context, url: str) -> str:
    """The key that belongs to an address, and no other."""
    provider = gaze.llm().provider
    return provider.key if provider and provider.url == url else keys(gaze.secrets).get(url, "")


async def _save(gaze: Context, values: dict[str, Any]) -> None:
    await asyncio.to_thread(gaze.library.writing.save_settings, values)
    await events.publish(gaze.redis, events.SettingsChanged())


async def _refused(request: AnyRequest, gaze: Context, refusal: Refusal, given: forms.Values) -> Response[Any]:
    from gaze.llm.probe import Tested

    if wants_json(request):
        raise refusal
    shown: dict[str, Any] = {"llm_url": forms.one(given, "url"), "llm_tested": Tested(False, refusal.message)}
    return await _llm(request, gaze, **shown)


async def _llm(
    request: AnyRequest, gaze: Context, said: str = "", data: dict[str, Any] | None = None, **more: Any
) -> Response[Any]:
    """The group again; a page of its own redirects back, with nothing of a key in either."""
    if wants_json(request):
        standing = gaze.llm()
        state = {
            "url": standing.url,
            "model": standing.model,
            "ready": standing.ready,
            "message": said or standing.sentence,
        }
        return answer(request, data={**state, **(data or {})})
    context = await context_of(gaze, llm_said=said, **more)
    if is_htmx(request):
        return render(request, "settings/_llm.html", context)
    return await _whole_page(request, gaze, context)


async def _whole_page(request: AnyRequest, gaze: Context, context: dict[str, Any]) -> Response[Any]:
    from gaze.web.settings_page import page_of

    return await page_of(request, gaze, **context)


@get("/settings/llm/models", include_in_schema=False)
async def models(request: AnyRequest, gaze: Context) -> Response[Any]:
    """The models that the provider set up offers, as options."""
    from gaze.llm.probe import models as offered

    provider = gaze.llm().provider
    found = await offered(msgspec.structs.replace(provider, timeout_s=10.0)) if provider else ()
    options = [(name, "") for name in found]
    context = {"options": options}
    return answer(
        request, page="library/_options.html", fragment="library/_options.html", data={"models": found}, context=context
    )


# -- MCP servers -----------------------------------------------------------------------------------------


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
    await _save(gaze, {mcp_config.KEY: entries or REMOVE})
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


# -- system prompts --------------------------------------------------------------------------------------


@get("/settings/prompts/{name:str}", include_in_schema=False)
async def prompt(request: AnyRequest, gaze: Context, name: str) -> Response[Any]:
    """One system prompt, to be edited."""
    return _prompt(request, await asyncio.to_thread(gaze.prompts.get, name))


@post("/settings/prompts/{name:str}", include_in_schema=False)
async def save_prompt(request: AnyRequest, gaze: Context, name: str) -> Response[Any]:
    """Write a system prompt, or bring the shipped one back (`act`: save, reset). 409 if it changed meanwhile."""
    given = await forms.values(request)
    if forms.one(given, "act") == "reset":
        await asyncio.to_thread(gaze.prompts.reset, name)
    else:
        text = forms.raw(given, "text")
        try:
            await asyncio.to_thread(gaze.prompts.save, name, text, forms.one(given, "version"))
        except Refusal as refusal:
            if wants_json(request) or refusal.status == 404:
                raise
            found = await asyncio.to_thread(gaze.prompts.get, name)
            return _prompt(request, found, refusal, text, forms.one(given, "version"))
    await events.publish(gaze.redis, events.SettingsChanged())
    goto = f"/settings/prompts/{name}"
    found = await asyncio.to_thread(gaze.prompts.get, name)
    return answer(request, data=found, goto=goto, headers={"HX-Redirect": goto})


def _prompt(
    request: AnyRequest, found: Prompt, refusal: Refusal | None = None, text: str = "", version: str = ""
) -> Response[Any]:
    context = {
        "prompt": found,
        "text": text or found.text,
        "version": version or found.version,
        "error": refusal.message if refusal else "",
    }
    status = refusal.status if refusal else 200
    return answer(
        request,
        page="settings/prompt.html",
        fragment="settings/_prompt.html",
        data=found,
        context=context,
        place="settings",
        status=status,
    )


ROUTES: list[ControllerRouterHandler] = [
    llm_group,
    save_llm,
    models,
    save_server,
    mcp_group,
    prompt,
    save_prompt,
]
