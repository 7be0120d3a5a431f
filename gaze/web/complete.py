"""What one is typing, completed: tags, wildcards, LoRA files, choices of another category; what goes with a tag."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from litestar import Request, Response, get
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.recipe import RANDOM
from gaze.core.text import items, key
from gaze.library.query import Query
from gaze.web import forms
from gaze.web.answer import HTML, answer, wants_json
from gaze.web.editing.promptwords import prompt_words, related_words
from gaze.web.editing.vocabulary import Vocabulary, Word, pieces, ranked
from gaze.web.views import checkpoints

AnyRequest = Request[Any, Any, Any]
MOST = 8
RELATED = 6


@get("/complete", include_in_schema=False)
async def complete(request: AnyRequest, gaze: Context) -> Response[Any]:
    """Up to eight completions of `q`; `kind` says of what: tags, lora, checkpoint, choice:<category>, ..."""
    given = await forms.values(request)
    typed, kind = forms.one(given, "q")[:100], forms.one(given, "kind", "tags")
    usual = [text for text in forms.one(given, "usual").split("|") if text]
    words = await asyncio.to_thread(_words, gaze, request.app.state.vocabulary, kind, typed, usual)
    if wants_json(request):
        return answer(request, data={"words": words})
    return _list(request, words, typed, f"Completions of {typed}" if typed else "Choices")


@get("/complete/related", include_in_schema=False)
async def related(request: AnyRequest, gaze: Context) -> Response[Any]:
    """What the user's assets and images have together with the tag `tag`, without those in `has`."""
    given = await forms.values(request)
    tag, has = forms.one(given, "tag")[:200], {key(item) for item in items(forms.one(given, "has")[:20_000])}
    words = await asyncio.to_thread(related_words, gaze, request.app.state.vocabulary, tag, has, RELATED)
    if wants_json(request):
        return answer(request, data={"words": words})
    return _list(request, words, "", f"Often with “{tag}”", title=True)


def _list(request: AnyRequest, words: list[Word], typed: str, label: str, title: bool = False) -> Response[Any]:
    context = {"words": [(word, *pieces(word.label, typed)) for word in words], "label": label, "title": title}
    html = request.app.state.render("asset/_complete.html", **context)
    return Response(html, media_type=HTML)


def _words(gaze: Context, vocabulary: Vocabulary, kind: str, typed: str, usual: list[str]) -> list[Word]:
    what, _, of = kind.partition(":")
    match what:
        case "choice" | "id":
            return _assets(gaze, of, typed, by_id=what == "id")
        case "checkpoint":
            return _named(((path, name) for path, name in checkpoints(gaze)), typed)
        case "option":
            return _named(((name, "") for name in _options(gaze, of)), typed, everything=True)
    vocabulary.catch_up(gaze.library)
    if what == "lora":
        used = dict(vocabulary.find("lora", typed, 1000))
        known = ranked(
            [(name, used.get(name, 0)) for name in {*used, *gaze.models.loras, *gaze.model_files.whole("lora")}],
            typed.casefold(),
        )
        return [Word(name, "file", _times(number), "wild") for name, number in known[:MOST]]
    if what == "values":
        counted = dict.fromkeys(usual, 0) | dict(vocabulary.find(kind, "", 1000))
        chosen = typed in counted  # a value that is there already: show what else there is
        found = [item for item in ranked(list(counted.items()), "" if chosen else typed.casefold()) if item[0] != typed]
        return [Word(name, "value", _times(number), "meta") for name, number in found[:MOST]]
    return prompt_words(gaze, vocabulary, typed, MOST)


def _assets(gaze: Context, category: str, typed: str, by_id: bool) -> list[Word]:
    """Assets to choose: their slug (or path, or id) beside their name; random where a recipe asks."""
    if category not in gaze.categories:
        return []
    one = gaze.categories[category].one
    cards = gaze.library.query(category, Query(q=typed, limit=MOST)).cards
    found = [Word(card.asset.id if by_id else card.asset.choice, one, card.asset.name, "character") for card in cards]
    if gaze.categories[category].chosen_by_id:
        known = {word.text for word in found}
        found += [word for word in _named(checkpoints(gaze), typed) if word.text not in known]
    if not by_id and RANDOM.startswith(typed.casefold() or "_"):
        found.insert(0, Word(RANDOM, "random", "drawn", "wild"))
    return found[:MOST]


def _named(pairs: Iterable[tuple[str, str]], typed: str, everything: bool = False) -> list[Word]:
    """Names that hold what was typed; with `everything` all of them once one is typed in full, as a select shows."""
    known, folded = list(pairs), typed.casefold()
    fits = [(text, name) for text, name in known if folded in text.casefold() or folded in name.casefold()]
    if everything and any(text == typed for text, _ in fits):
        fits = [(text, name) for text, name in known if text != typed]
    return [Word(text, "file" if name else "value", name, "meta") for text, name in fits[:MOST]]


def _options(gaze: Context, key: str) -> list[str]:
    if key == "workflow":
        return list(gaze.library.shelf().templates())
    listed = list(gaze.models.options.get(key, ()))
    return ["integrated", *listed] if key == "vae" else listed


def _times(number: int) -> str:
    return str(number) if number else ""


ROUTES: list[ControllerRouterHandler] = [complete, related]
