"""One act on many cards: what a form asks for, the progress that open pages see, and what came of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from litestar import Request, Response, post
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.category import Category
from gaze.core.errors import Refusal
from gaze.jobs.generate import Order
from gaze.library.bulk import Done, Wish, apply
from gaze.library.undo import keep
from gaze.web import covers, exchange, forms
from gaze.web.answer import HTML, answer, is_htmx, toast
from gaze.web.forms import Values
from gaze.web.library import category_of
from gaze.web.undo import address

AnyRequest = Request[Any, Any, Any]

ACTS = ("favourite", "nsfw", "tag", "delete", "export", "generate", "covers")
MAKES = {"generate": ("picture", "preview"), "covers": ("cover", "replace")}
_PROGRESS_S = 0.2


@post("/{category:str}/bulk", include_in_schema=False)
async def bulk(request: AnyRequest, gaze: Context, category: str) -> Response[Any]:
    """Favourite, NSFW, tag, delete or export many assets at once; the answer's toast takes it back."""
    declared = category_of(gaze, category)
    given = await forms.values(request)
    slugs = chosen(gaze, declared, given)
    if forms.one(given, "act") == "export":
        return exchange.export(gaze, declared, slugs, with_images=forms.one(given, "images") == "on")
    if forms.one(given, "act") in MAKES:
        return await _make(request, gaze, declared, slugs, *MAKES[forms.one(given, "act")])
    wish = wish_of(declared, given)
    told = _progress(request, declared, wish)
    done = await asyncio.to_thread(apply, gaze.library, category, slugs, wish, told)
    await asyncio.sleep(0)  # what the thread told last goes out before the end does
    request.app.state.live.say(f"bulk:{category}", _bar(request, declared, "", 0, 0))
    undo = address(await asyncio.to_thread(keep, gaze.library.root, done.steps))
    undo = f"/trash/{done.batch}/restore" if done.batch else undo
    return _answer(request, declared, wish, done, undo if done.changed else "")


async def _make(
    request: AnyRequest, gaze: Context, category: Category, slugs: list[str], what: str, action: str
) -> Response[Any]:
    """A picture of each, as one batch: previews, or new covers."""
    assets = [asset for slug in slugs if (asset := gaze.library.find(category.name, slug))]
    label = f"{len(assets)} {category.one if len(assets) == 1 else category.name}"
    made = await covers.queue_pictures(
        gaze, assets, label, lambda asset: Order(action=action, kind="image", label=asset.name)
    )
    return await covers.queued(request, made, what, f"/{category.name}/", "Nothing was queued.")


def chosen(gaze: Context, category: Category, given: Values) -> list[str]:
    """The slugs a form names, parted by spaces; with `all=on` every asset that passes its filters. Raises Refusal."""
    if forms.one(given, "all") == "on":
        return gaze.library.slugs(category.name, forms.query(category, given))
    slugs = [slug for value in given.get("slugs", ()) for slug in value.split()]
    if not slugs:
        raise Refusal(f"No {category.one} is selected; select some first.", field="slugs")
    return list(dict.fromkeys(slugs))


def wish_of(category: Category, given: Values) -> Wish:
    """What is to be done. Raises Refusal naming the field that does not fit."""
    act = forms.one(given, "act")
    if act not in ACTS:
        raise Refusal(f"act is «{act[:40]}»; it can be {', '.join(ACTS)}.", field="act")
    if act != "tag":
        return Wish(act=act, on=forms.one(given, "on", "on").lower() in ("on", "true", "1", "yes"))  # type: ignore[arg-type]
    fields = {field.key: field for field in tag_fields(category)}
    key = forms.one(given, "key")
    if key not in fields:
        raise Refusal(f"Choose which tag to set: {', '.join(fields) or 'there are none here'}.", field="key")
    return Wish(act="tag", field=fields[key], value=forms.one(given, "value"), only=forms.one(given, "only"))


def tag_fields(category: Category) -> list[Any]:
    """The tags that many assets can be given at once; the NSFW mark has buttons of its own."""
    return [field for field in category.sections.get("tags", ()) if field.kind != "switch"]


def _progress(request: AnyRequest, category: Category, wish: Wish) -> Callable[[int, int], None]:
    """A callback for the thread: five times a second every open library of the category hears how far it is."""
    loop, live, last = asyncio.get_running_loop(), request.app.state.live, time.monotonic()

    def told(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _PROGRESS_S:
            last = time.monotonic()
            label = {"delete": "Moving to trash", "tag": "Setting the tag"}.get(wish.act, "Marking")
            loop.call_soon_threadsafe(live.say, f"bulk:{category.name}", _bar(request, category, label, done, total))

    return told


def _bar(request: AnyRequest, category: Category, label: str, done: int, total: int) -> str:
    context = {"category": category, "label": label, "done": done, "total": total}
    return str(request.app.state.render("library/_bulk_bar.html", **context))


def _answer(request: AnyRequest, category: Category, wish: Wish, done: Done, undo: str) -> Response[Any]:
    data = {"changed": len(done.changed), "slugs": done.changed, "same": done.same, "failed": done.failed, "undo": undo}
    if is_htmx(request):
        html = toast(request, sentence(category, wish, done), "gone" if wish.act == "delete" else "ok", undo)
        if done.failed:
            failed = len(done.failed)
            html += toast(request, f"{failed} could not be changed: {done.failed[0].message}", "bad")
        return Response(html, media_type=HTML, status_code=200)
    return answer(request, data=data, goto=f"/{category.name}/")


def sentence(category: Category, wish: Wish, done: Done) -> str:
    """What was done, in words: `12 characters are favourites now.`"""
    count = len(done.changed)
    if not count:
        return "Nothing had to be changed."
    who = f"{count:,} {category.one if count == 1 else category.name}"
    are = "is" if count == 1 else "are"
    match wish.act:
        case "delete":
            return f"{who} moved to trash."
        case "tag":
            label = wish.field.label if wish.field else ""
            became = f"is {wish.value} now" if wish.value else "was cleared"
            return f"{label.capitalize()} of {who} {became}."
        case "favourite":
            return f"{who} {are} {'marked' if wish.on else 'no longer marked'} as favourite{'s' if count > 1 else ''}."
        case _:
            return f"{who} {are} {'marked' if wish.on else 'no longer marked'} NSFW."


ROUTES: list[ControllerRouterHandler] = [bulk]
