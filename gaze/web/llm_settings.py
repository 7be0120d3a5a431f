"""The LLM's part of the settings: provider, model, key; system prompts."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.errors import Refusal
from gaze.jobs import events
from gaze.library.jsonedit import REMOVE
from gaze.llm.prompts import Prompt
from gaze.llm.provider import USUAL, Provider, checked_url, keys, remember
from gaze.web import forms
from gaze.web.answer import answer, is_htmx, render, wants_json
from gaze.web.mcp_settings import save, shown_servers

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
        await save(gaze, {"llm_url": REMOVE, "llm_model": REMOVE})
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
        await save(gaze, {"llm_url": url, "llm_model": model})
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
    prompt,
    save_prompt,
]
