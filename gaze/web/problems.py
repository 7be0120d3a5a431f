"""The problems page: what its owner should mend, each with where it is and the way to the fix."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.asset import Asset
from gaze.core.errors import NotFound, Problem
from gaze.core.lint import UNKNOWN
from gaze.library.lint import SILENCED, Doubt
from gaze.web import forms
from gaze.web.answer import answer
from gaze.web.editing.relink import Offer, offer

AnyRequest = Request[Any, Any, Any]

# Codes of problems, as the filter names them.
KINDS = {
    "unreadable": "Unreadable",
    "slug": "Slug clash",
    "lora": "Missing file",
    "template": "Workflow",
    "wildcard": "Wildcard",
    "folder": "Folder",
    "duplicate": "Twice",
    "tag": "Tags",
    "contradiction": "Contradiction",
    "trigger": "Trigger",
    "weight": "Weight",
    "other": "Other",
    "silenced": "Silenced",
}
_KIND_OF = {"json": "unreadable", "type": "unreadable", "file": "unreadable", "alias": "tag"}
MOST = 200  # shown at once; the rest is a number
_MOST_NEAR = 40  # unknown tags for which near ones are looked up


class Shown(msgspec.Struct, frozen=True):
    """A problem as its page shows it: with the lines of the file around it and the asset it belongs to."""

    id: str
    problem: Problem
    kind: str
    title: str
    consequence: str
    href: str
    edit: str  # where its text can be mended; "" for what is no asset's file
    lines: list[tuple[int, str, bool]]
    offer: Offer | None = None  # another file for a missing one
    doubt: Doubt | None = None  # a warning of lint, which can be silenced
    near: tuple[str, ...] = ()  # tags that may be meant by an unknown one


@get("/problems", include_in_schema=False)
async def page(request: AnyRequest, gaze: Context) -> Response[Any]:
    """All problems, or those of one kind."""
    wanted = forms.one(await forms.values(request), "kind")
    context = await asyncio.to_thread(_found, gaze, wanted)
    shown = context["shown"]
    return answer(
        request,
        page="problems/index.html",
        fragment="problems/_problems.html",
        data={
            "problems": [item.problem for item in shown if not item.doubt],
            "warnings": [item.problem for item in shown if item.doubt],
            "total": context["total"],
        },
        context=context,
        place="problems",
    )


def _found(gaze: Context, wanted: str) -> dict[str, Any]:
    """What the page shows: problems, then doubts, of one kind if `wanted`; silenced ones only where asked for."""
    doubts = gaze.lint.doubts()
    rules = [gaze.lint.rules_problem] if gaze.lint.rules_problem else []
    problems = [*gaze.library.problems(), *rules]
    kinds = Counter(map(_kind, problems))
    kinds.update("silenced" if doubt.silenced else _kind(doubt.problem) for doubt in doubts)
    found = [_shown(gaze, problem) for problem in problems if wanted in ("", _kind(problem))]
    chosen = [
        doubt for doubt in doubts if (wanted == "silenced" if doubt.silenced else wanted in ("", _kind(doubt.problem)))
    ]
    left = max(MOST - len(found), 0)
    unknown = [each.finding.about for each in chosen[:left] if each.finding.code == UNKNOWN]
    near = gaze.unknown_tags(list(dict.fromkeys(unknown))[:_MOST_NEAR]) if unknown else {}
    for doubt in chosen[:left]:
        words = tuple(near.get(doubt.finding.about, ()))
        found.append(msgspec.structs.replace(_shown(gaze, doubt.problem), doubt=doubt, near=words))
    return {
        "shown": found,
        "total": len(problems),
        "warnings": sum(not doubt.silenced for doubt in doubts),
        "more": len(chosen[left:]),
        "counts": {kind: kinds[kind] for kind in KINDS},
        "kinds": KINDS,
        "wanted": wanted,
    }


@post("/problems/silence", include_in_schema=False)
async def silence(request: AnyRequest, gaze: Context) -> Response[Any]:
    """Hear no more of a doubt about one asset, or hear of it again (`act`: silence, tell)."""
    given = await forms.values(request)
    category, slug, mark = (forms.one(given, name) for name in ("category", "slug", "mark"))
    asset = gaze.library.get(category, slug)
    told = [other for other in gaze.lint.silenced(asset.category.name, asset.slug) if other != mark]
    if forms.one(given, "act", "silence") == "silence":
        if mark not in {
            each.finding.mark for each in gaze.lint.doubts() if (each.category, each.slug) == (category, slug)
        }:
            raise NotFound("There is no such warning any more.")
        told.append(mark)
    await asyncio.to_thread(gaze.library.preferences.set, category, slug, {SILENCED: told or None})
    kind = forms.one(given, "kind")
    context = await asyncio.to_thread(_found, gaze, kind)
    data = {SILENCED: told}
    back = f"/problems?kind={kind}" if kind in KINDS else "/problems"
    return answer(request, fragment="problems/_problems.html", data=data, goto=back, context=context)


@post("/rescan", include_in_schema=False)
async def rescan(request: AnyRequest, gaze: Context) -> Response[Any]:
    """Read all files again."""
    await asyncio.to_thread(gaze.library.rescan)
    gaze.model_files.wake()
    context = {"text": "All files were read again.", "kind": "ok"}
    data = {"status": "rescanned"}
    return answer(request, fragment="_toast.html", data=data, goto="/problems", context=context)


def _kind(problem: Problem) -> str:
    return _KIND_OF.get(problem.code, problem.code if problem.code in KINDS else "other")


def _shown(gaze: Context, problem: Problem) -> Shown:
    asset = gaze.library.at(problem.path)
    name = asset.name if asset else problem.path.rsplit("/", 1)[-1]
    title = f"{name} cannot be used" if problem.fatal else name
    if problem.fatal and asset:
        consequence = "The last good version stays in use."
    elif problem.fatal:
        consequence = "It is left out until it is mended."
    else:
        consequence = ""
    return Shown(
        id=f"{abs(hash((problem.path, problem.line, problem.field, problem.message))):x}",
        problem=problem,
        kind=_kind(problem),
        title=title,
        consequence=consequence,
        href=f"/{asset.category.name}/{asset.slug}" if asset else "",
        edit=_edit(gaze, problem, asset),
        lines=_lines(gaze, problem) if problem.line else [],
        offer=offer(gaze.model_files, asset) if asset and problem.code == "lora" else None,
    )


def _edit(gaze: Context, problem: Problem, asset: Asset | None) -> str:
    """The page on which the text of an asset's file can be mended."""
    named = (asset.category.name, asset.slug) if asset else gaze.library.broken_at(problem.path)
    return f"/{named[0]}/{named[1]}/edit?tab=json" if named else ""


def _lines(gaze: Context, problem: Problem, around: int = 1) -> list[tuple[int, str, bool]]:
    """The line with the problem and its neighbours: number, text, whether it is the one."""
    try:
        text = gaze.library.raw(problem.path)[0]
    except Exception:
        return []  # the file is gone or cannot be read, which the problem itself says
    lines = text.splitlines()
    first, last = max(problem.line - 1 - around, 0), min(problem.line + around, len(lines))
    return [(number + 1, lines[number][:160], number + 1 == problem.line) for number in range(first, last)]


ROUTES: list[ControllerRouterHandler] = [page, silence, rescan]
