"""Search over everything: as one types in the bar, and as a page (specification pages, "Search")."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, get
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.category import Category
from gaze.core.errors import Refusal
from gaze.library.search import Found, Hit, Marked, marked, pattern_of, words_of
from gaze.web import forms
from gaze.web.answer import answer
from gaze.web.filehits import FileHit, file_hits
from gaze.web.filters import Chip
from gaze.web.forms import Values
from gaze.web.library import category_of

AnyRequest = Request[Any, Any, Any]

TYPES = ("all", "resources", "files", "images")
IN_DROP = (7, 6, 3)  # assets, images and model files in the drop-down
IN_GROUP = 8
MOST = 240


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """What is searched for."""

    q: str
    category: str = ""
    nsfw: str = "all"
    type: str = "all"

    def href(self, **changes: str) -> str:
        """The page's address with some of it changed."""
        state = {"q": self.q, "category": self.category, "nsfw": self.nsfw, "type": self.type, **changes}
        usual = {"nsfw": "all", "type": "all"}
        return f"/search?{urlencode({key: value for key, value in state.items() if value and value != usual.get(key)})}"


class Picture(msgspec.Struct, frozen=True):
    """An image that was found, and its prompt around the match."""

    path: str
    nsfw: bool
    why: Marked


class Group(msgspec.Struct, frozen=True):
    """Hits of one category; `more` are not shown."""

    category: Category
    hits: list[Hit]
    total: int
    more: int
    href: str


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """What the drop-down and the page show."""

    ask: Ask
    found: Found
    best: Hit | None
    groups: list[Group]
    pictures: list[Picture]
    files: list[FileHit]
    file_total: int
    types: list[Chip]
    categories: list[Chip]
    nsfw: list[Chip]
    took_ms: float

    @property
    def total(self) -> int:
        return self.found.total + self.found.image_total + self.file_total


@get("/search", include_in_schema=False)
async def page(request: AnyRequest, gaze: Context) -> Response[Any]:
    """What was found, best first; `fragment=drop` is what stands below the bar."""
    given = await forms.values(request)
    ask = ask_of(gaze, given)
    drop = forms.one(given, "fragment") == "drop"
    results = await asyncio.to_thread(results_of, gaze, ask, drop)
    return answer(
        request,
        page="search/index.html",
        fragment="search/_drop.html" if drop else "search/_results.html",
        data=json_of(results),
        headers=None if drop else {"HX-Replace-Url": ask.href()},
        context={"results": results, "categories": gaze.categories},
        place="search",
    )


def ask_of(gaze: Context, given: Values) -> Ask:
    """What the address asks for. Raises Refusal, NotFound for an unknown category."""
    category = forms.one(given, "category")
    if category:
        category_of(gaze, category)
    for name, allowed in (("nsfw", ("all", "sfw", "nsfw")), ("type", TYPES)):
        value = forms.one(given, name, "all") or "all"
        if value not in allowed:
            raise Refusal(f"{name} is «{value[:40]}»; it can be {', '.join(allowed)}.", field=name)
    return Ask(
        q=forms.one(given, "q")[:500],
        category=category,
        nsfw=forms.one(given, "nsfw", "all") or "all",
        type=forms.one(given, "type", "all") or "all",
    )


def results_of(gaze: Context, ask: Ask, drop: bool) -> Results:
    """The search, put together for its page; the filters' counts are those of the whole search."""
    began = time.perf_counter()
    library = gaze.library
    limit = max(IN_DROP) if drop else MOST
    kind = "resources" if ask.type == "files" else ask.type
    found = library.search(
        ask.q, category=ask.category, nsfw=ask.nsfw, kind=kind, limit=0 if ask.type == "files" else limit
    )
    # Of a model file nobody knows for whom it is, and it belongs to no category.
    able = not ask.category and ask.nsfw == "all" and ask.type != "images"
    most = IN_DROP[2] if drop else MOST if ask.type == "files" else IN_GROUP
    files, file_total = file_hits(gaze, words_of(ask.q) if able else (), most if ask.type != "resources" else 0)
    took_ms = (time.perf_counter() - began) * 1000
    best = found.hits[0] if found.hits else None
    pattern = pattern_of(words_of(ask.q))
    shown = found.images[: IN_DROP[1] if drop else 60]
    pictures = [Picture(path, library.image_nsfw(path), marked(library.images.text(path), pattern)) for path in shown]
    assets = sum(found.counts.values())
    types = [("all", "All", assets + file_total + found.image_total), ("resources", "Assets", assets)]
    types += [("files", "Model files", file_total), ("images", "Images", found.image_total)]
    return Results(
        ask=ask,
        found=found,
        best=best,
        groups=_groups(gaze, ask, found, best),
        pictures=pictures,
        files=files,
        file_total=file_total if ask.type != "resources" else 0,
        types=[
            Chip(
                label,
                ask.href(type=name, category="" if name in ("images", "files") else ask.category),
                ask.type == name,
                count,
            )
            for name, label, count in types
        ],
        categories=[
            Chip(
                name.capitalize(), ask.href(category="" if name == ask.category else name), name == ask.category, count
            )
            for name, count in found.counts.items()
        ],
        nsfw=[
            Chip(label, ask.href(nsfw=name), ask.nsfw == name)
            for name, label in (("all", "All"), ("sfw", "SFW"), ("nsfw", "NSFW"))
        ],
        took_ms=took_ms,
    )


def _groups(gaze: Context, ask: Ask, found: Found, best: Hit | None) -> list[Group]:
    """The hits behind the best, by category; the category of the better hit comes first."""
    by: dict[str, list[Hit]] = {}
    for hit in found.hits:
        if hit is not best:
            by.setdefault(hit.card.asset.category.name, []).append(hit)
    groups = []
    for name, hits in by.items():
        total = found.counts.get(name, len(hits))
        shown = hits if ask.category else hits[:IN_GROUP]
        is_best = best is not None and best.card.asset.category.name == name
        more = total - len(shown) - is_best
        groups.append(Group(gaze.categories[name], shown, total, more, ask.href(category=name)))
    return groups


def json_of(results: Results) -> dict[str, Any]:
    """The results as programs get them."""
    return {
        "q": results.ask.q,
        "total": results.found.total,
        "image_total": results.found.image_total,
        "file_total": results.file_total,
        "counts": results.found.counts,
        "resources": [_hit_json(hit) for hit in results.found.hits],
        "files": [{"kind": hit.kind, "path": hit.path, "url": hit.href} for hit in results.files],
        "images": [
            {"path": image.path, "url": f"/static/uploads/{image.path}", "why": _plain(image.why)}
            for image in results.pictures
        ],
    }


def _hit_json(hit: Hit) -> dict[str, Any]:
    asset = hit.card.asset
    return {
        "category": asset.category.name,
        "slug": asset.slug,
        "id": asset.id,
        "name": asset.name,
        "url": f"/{asset.category.name}/{asset.slug}",
        "why": [{"field": reason.label, "text": _plain(reason.text)} for reason in hit.why],
    }


def _plain(text: Marked) -> str:
    return "".join(piece for piece, _ in text)


ROUTES: list[ControllerRouterHandler] = [page]
