"""Deleting an asset: at once, or after asking whether its model file goes too (specification data, "Writing")."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.asset import Asset
from gaze.core.errors import Refusal
from gaze.library.modelfaults import WORDS
from gaze.library.modelfiles import also_naming
from gaze.library.models import kind_of, model_of
from gaze.library.modeltrash import why_not
from gaze.library.query import Card
from gaze.library.references import Reference, references
from gaze.web import forms
from gaze.web.answer import HTML, answer, is_htmx, render, toast, wants_json
from gaze.web.library import category_of
from gaze.web.modelview import size_text
from gaze.web.trash import moved

AnyRequest = Request[Any, Any, Any]
MOST_USERS = 50


class User(msgspec.Struct, frozen=True):
    """Another asset that needs the model file; `said` is its kind, with the weight if it has one of its own."""

    card: Card
    said: str


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """What the dialog says. `file` is "" where the asset names none; `why` says why it must stay, "" if it may go."""

    asset: Asset
    images: int
    word: str
    file: str
    size: str
    why: str
    users: list[User]
    used: list[Reference]
    usual: bool  # whether it is what a recipe that names none takes


def ask_of(gaze: Context, asset: Asset) -> Ask:
    """What would go, what must stay, and who says so; takes some ms."""
    kind, file = kind_of(asset.category), model_of(asset)
    found = gaze.model_files.file(kind, file) if file else None
    return Ask(
        asset=asset,
        images=len(gaze.library.gallery.of(asset)),
        word=WORDS.get(kind, ""),
        file=file,
        size=size_text(found.size) if found and found.size else "",
        why=why_not(gaze.library, asset) if file else "",
        users=_users(gaze, asset),
        used=references(gaze.library, asset),
        usual=asset.category.chosen_by_id and gaze.settings().default_checkpoint == asset.choice,
    )


def _users(gaze: Context, asset: Asset) -> list[User]:
    found = []
    for named in also_naming(gaze.library, asset):
        if other := gaze.library.find(named.category, named.slug):
            weight = f", weight {other.lora.lora_weight:.2f}" if other.lora and other.lora.lora_weight != 1 else ""
            found.append(User(gaze.library.card(other), other.category.one.capitalize() + weight))
    return found


@get("/resource/{category:str}/{slug:str}/delete", include_in_schema=False)
async def ask(request: AnyRequest, gaze: Context, category: str, slug: str) -> Response[Any]:
    """What goes to the trash, and whether the model file may go along."""
    category_of(gaze, category)
    found = await asyncio.to_thread(ask_of, gaze, gaze.library.get(category, slug))
    return _ask(request, found)


@post("/resource/{category:str}/{slug:str}/delete", include_in_schema=False)
async def delete(request: AnyRequest, gaze: Context, category: str, slug: str) -> Response[Any]:
    """Move an asset with its state and images into the trash; `mode=hard` its model file too.

    409 where that must stay, 503 where its folder is away or may not be written to: then nothing has changed.
    """
    category_of(gaze, category)
    mode = forms.one(await forms.values(request), "mode", "soft") or "soft"
    if mode not in ("soft", "hard"):
        raise Refusal(f"mode is «{mode[:40]}»; it can be soft or hard.", field="mode")
    asset = gaze.library.find(category, slug)
    try:
        trash_id = await asyncio.to_thread(gaze.library.trash.delete, category, slug, hard=mode == "hard")
    except Refusal as refusal:
        if asset is None or mode == "soft" or wants_json(request):
            raise
        return _ask(request, await asyncio.to_thread(ask_of, gaze, asset), refusal)
    files = [held.source for entry in gaze.library.trash.together(trash_id) for held in entry.files]
    text = f"{asset.name if asset else slug} moved to trash{', its model file too' if files else ''}."
    if is_htmx(request) and not wants_json(request):
        said = toast(request, text, "gone", f"/trash/{trash_id}/restore")
        # An answer of partials alone leaves its target as it was; the dialog is emptied in words of its own.
        closed = '<hx-partial hx-target="#dialog" hx-swap="innerHTML"></hx-partial>'
        return Response(said + closed, media_type=HTML, status_code=200)
    data = {"trash_id": trash_id, "mode": mode, **({"files": files} if files else {})}
    return moved(request, text, trash_id, f"/{category}/", data)


def _ask(request: AnyRequest, found: Ask, refusal: Refusal | None = None) -> Response[Any]:
    data = {
        "name": found.asset.name,
        "path": found.asset.path,
        "images": found.images,
        "file": found.file,
        "hard": bool(found.file) and not found.why,
        "why": found.why,
        "users": [{"category": u.card.asset.category.name, "slug": u.card.asset.slug} for u in found.users],
        "used": [msgspec.to_builtins(reference) for reference in found.used],
    }
    context = {"ask": found, "fault": refusal.message if refusal else "", "most": MOST_USERS}
    status = refusal.status if refusal else 200
    if wants_json(request):
        return answer(request, data=data)
    return render(request, "asset/_delete.html" if is_htmx(request) else "asset/delete.html", context, status=status)


ROUTES: list[ControllerRouterHandler] = [ask, delete]
