"""The settings page: ComfyUI servers, folders, appearance, API key. Each group saves itself."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.types import ControllerRouterHandler

from gaze.comfyui.pool import Backend, probe
from gaze.context import Context
from gaze.core.address import check_url
from gaze.core.errors import Refusal
from gaze.library import earlier
from gaze.library.starter import copy_starter
from gaze.web import forms, guard, llm_settings, tags
from gaze.web.answer import HTML, answer, is_htmx, toast
from gaze.web.views import CARD_SIZES, THEMES

AnyRequest = Request[Any, Any, Any]
_YEAR_S = 365 * 24 * 3600
FOLDERS = ("lora_root", "checkpoint_root")


class Tested(msgspec.Struct, frozen=True):
    """What a test button found."""

    good: bool
    sentence: str


@get("/settings", include_in_schema=False)
async def page(request: AnyRequest, gaze: Context) -> Response[Any]:
    """All settings in one column."""
    return await page_of(request, gaze)


async def page_of(request: AnyRequest, gaze: Context, new_key: str = "", **more: Any) -> Response[Any]:
    """The page, with what a form without JavaScript has just found out."""
    settings = gaze.settings()
    context = {
        "settings": settings,
        "backends": gaze.pool.backends,
        "configured": gaze.pool.configured,
        "fixed": settings.fixed,
        "address": "",
        "tested": None,
        "has_key": bool(settings.api_key or guard.stored_hash(gaze)),
        "key_from_env": bool(settings.api_key),
        "new_key": new_key,
        "llm_said": "",
        "tag_list": await asyncio.to_thread(tags.state, gaze),
        **(more if "llm" in more else await llm_settings.context_of(gaze)),
        "webhook_url": settings.webhook_url or gaze.secrets().get("webhook_url", ""),
        **more,
    }
    data = {"comfyui_urls": settings.comfyui_urls, "backends": gaze.pool.backends}
    return answer(
        request,
        page="settings/index.html",
        fragment="settings/_servers.html",
        data=data,
        context=context,
        place="settings",
    )


@post("/settings/comfyui", include_in_schema=False)
async def comfyui(request: AnyRequest, gaze: Context) -> Response[Any]:
    """Test an address, use it, or take it away (`act`: test, add, remove)."""
    given = await forms.values(request)
    url, act = forms.one(given, "url"), forms.one(given, "act", "add")
    urls = list(gaze.settings().comfyui_urls)
    if act != "test" and "comfyui_urls" in gaze.settings().fixed:
        raise Refusal("The servers are set by GAZE_COMFYUI_URLS; change it there and start again.", field="url")
    if act == "remove":
        await _save_urls(gaze, [other for other in urls if other != url])
        return _after(request, gaze, url, Tested(True, f"{url} was taken away."))
    try:
        url = check_url(url)
        backend = await probe(url, gaze.http)
    except ValueError as error:
        return _after(request, gaze, url, Tested(False, f"{str(error)[:1].upper()}{str(error)[1:]}."), status=400)
    tested = _in_words(backend)
    if not tested.good and act == "add":
        tested = Tested(False, f"{tested.sentence} It is kept all the same, and used when it answers.")
    if act == "add" and url not in urls:
        await _save_urls(gaze, [*urls, url])
    return _after(request, gaze, url, tested)


def _in_words(backend: Backend) -> Tested:
    """What a look at a server found, with the way out."""
    if backend.up:
        return Tested(True, f"ComfyUI {backend.version_text} answers, on {backend.device or 'an unnamed device'}.")
    cause = f"{backend.message[:1].upper()}{backend.message[1:]}."
    silent = backend.message.startswith("nothing answers")
    return Tested(False, f"{cause} If ComfyUI runs there, start it with --listen." if silent else cause)


async def _save_urls(gaze: Context, urls: list[str]) -> None:
    await asyncio.to_thread(gaze.library.writing.save_settings, {"comfyui_urls": urls})
    await gaze.pool.refresh()


def _after(request: AnyRequest, gaze: Context, address: str, tested: Tested, status: int = 200) -> Response[Any]:
    if is_htmx(request):
        render = request.app.state.render
        form = render("settings/_connect.html", address=address, tested=tested)
        context = {
            "backends": gaze.pool.backends,
            "configured": gaze.pool.configured,
            "fixed": gaze.settings().fixed,
        }
        servers = render("settings/_servers.html", **context)
        html = f'{form}<hx-partial hx-target="#servers" hx-swap="innerMorph">{servers}</hx-partial>'
        return Response(html, media_type=HTML, status_code=200)
    data = {"ok": tested.good, "message": tested.sentence}
    if status != 200:
        raise Refusal(tested.sentence, field="url")
    return answer(request, data=data, goto="/settings#comfy")


@post("/settings/folders", include_in_schema=False)
async def folders(request: AnyRequest, gaze: Context) -> Response[Any]:
    """Where LoRA and checkpoint files lie."""
    given = await forms.values(request)
    values = {name: forms.one(given, name) for name in FOLDERS if name in given}
    await asyncio.to_thread(gaze.library.writing.save_settings, values)
    return _saved(request, "Folders saved.", values, "/settings#dirs")


@post("/settings/assistant", include_in_schema=False)
async def assistant_saves(request: AnyRequest, gaze: Context) -> Response[Any]:
    """Whether what an assistant proposes over MCP is saved at once (`saves`: on, or empty for a review)."""
    if "mcp_saves" in gaze.settings().fixed:
        raise Refusal("That is set by GAZE_MCP_SAVES; change it there and start again.", field="saves")
    saves = forms.on(await forms.values(request), "saves")
    await asyncio.to_thread(gaze.library.writing.save_settings, {"mcp_saves": saves})
    text = "An assistant's changes are saved at once." if saves else "An assistant's changes wait for your review."
    return _saved(request, text, {"mcp_saves": saves}, "/settings#key")


@post("/set_default_checkpoint", include_in_schema=False)
async def default_checkpoint(request: AnyRequest, gaze: Context) -> Response[Any]:
    """The checkpoint that recipes use which name none; empty leaves it to the workflow."""
    path = forms.one(await forms.values(request), "checkpoint_path")
    await asyncio.to_thread(gaze.library.writing.save_settings, {"default_checkpoint": path})
    return _saved(request, "Default checkpoint saved.", {"default_checkpoint": path}, "/settings#comfy")


@post("/settings/appearance", include_in_schema=False)
async def appearance(request: AnyRequest, gaze: Context) -> Response[Any]:
    """Theme, blur and card size of this browser, kept in its cookies."""
    given = await forms.values(request)
    allowed = {"theme": THEMES, "card_size": CARD_SIZES, "blur": ("on", "off", ""), "welcome": ("hide",)}
    cookies = []
    for name, values in allowed.items():
        if name in given:
            value = forms.one(given, name)
            if value not in values:
                raise Refusal(f"{name} is «{value[:40]}»; it can be {', '.join(filter(None, values))}.", field=name)
            value = value or "off"
            cookies.append(Cookie(key=name, value=value, max_age=_YEAR_S, path="/", samesite="lax", httponly=False))
    back = request.headers.get("referer", "/settings")
    response = answer(request, data={name: forms.one(given, name) for name in given}, goto=_local(back))
    for cookie in cookies:
        response.set_cookie(cookie)
    return response


@post("/settings/starter", include_in_schema=False)
async def starter(request: AnyRequest, gaze: Context) -> Response[Any]:
    """Copy the starter library into an empty root."""
    copied = await asyncio.to_thread(copy_starter, gaze.program, gaze.settings().root)
    await asyncio.to_thread(gaze.library.rescan)
    return _saved(request, f"{copied} files were copied.", {"copied": copied}, "/")


@post("/settings/earlier", include_in_schema=False)
async def take_over(request: AnyRequest, gaze: Context) -> Response[Any]:
    """Take over what the earlier program's database holds, or never be asked again (`act`: take, leave)."""
    act = forms.one(await forms.values(request), "act", "take")
    if act == "leave":
        await asyncio.to_thread(earlier.answer, gaze.settings().root, False)
        taken, text = 0, "It is left as it is."
    else:
        taken = await asyncio.to_thread(gaze.library.preferences.take_over)
        text = f"{taken} entries took over what the earlier program kept of them."
    gaze.earlier = None
    return _saved(request, text, {"taken": taken}, "/")


@post("/settings/webhook", include_in_schema=False)
async def webhook(request: AnyRequest, gaze: Context) -> Response[Any]:
    """The address that hears of finished jobs; empty for none. 400 for what is no address."""
    url = forms.one(await forms.values(request), "url")
    if gaze.settings().webhook_url:
        raise Refusal("The webhook is set by GAZE_WEBHOOK_URL; change it there and start again.", field="url")
    try:
        kept = check_url(url) if url else ""
    except ValueError as error:
        raise Refusal(f"{str(error)[:1].upper()}{str(error)[1:]}.", field="url") from error
    await asyncio.to_thread(gaze.secrets.save, {"webhook_url": kept})
    text = "Finished jobs are told to that address." if kept else "Nobody is told."
    return _saved(request, text, {"webhook_url": kept}, "/settings#api")


@post("/api/key/regenerate", include_in_schema=False)
async def regenerate_key(request: AnyRequest, gaze: Context) -> Response[Any]:
    """Make a new API key. It is shown once; only its hash is kept."""
    key = f"gz_{secrets.token_urlsafe(24)}"
    await asyncio.to_thread(gaze.secrets.save, {"api_key_hash": guard.hash_of(key)})
    if is_htmx(request) or "text/html" in request.headers.get("accept", ""):
        if is_htmx(request):
            html = request.app.state.render("settings/_key.html", has_key=True, key_from_env=False, new_key=key)
            return Response(html, media_type=HTML, status_code=200, headers={"Cache-Control": "no-store"})
        return await page_of(request, gaze, new_key=key)
    return answer(request, data={"api_key": key})


def _saved(request: AnyRequest, text: str, data: dict[str, Any], goto: str) -> Response[Any]:
    if is_htmx(request):
        return Response(toast(request, text), media_type=HTML, status_code=200)
    return answer(request, data=data, goto=goto)


def _local(referer: str) -> str:
    """The path of a page of ours, never another site's."""
    path = "/" + referer.split("//", 1)[-1].partition("/")[2]
    return path if not path.startswith("//") else "/"


ROUTES: list[ControllerRouterHandler] = [
    page,
    comfyui,
    folders,
    default_checkpoint,
    assistant_saves,
    appearance,
    starter,
    take_over,
    regenerate_key,
    webhook,
]
