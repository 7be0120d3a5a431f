"""The problems page: what its owner should mend, each with where it is and the way to the fix."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.asset import Asset
from gaze.core.errors import Problem
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
    "other": "Other",
}
_KIND_OF = {"json": "unreadable", "type": "unreadable", "file": "unreadable"}


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


@get("/problems", include_in_schema=False)
async def page(request: AnyRequest, gaze: Context) -> Response[Any]:
    """All problems, or those of one kind."""
    wanted = forms.one(await forms.values(request), "kind")
    found = await asyncio.to_thread(lambda: [_shown(gaze, problem) for problem in gaze.library.problems()])
    counts = {kind: sum(item.kind == kind for item in found) for kind in KINDS}
    shown = [item for item in found if not wanted or item.kind == wanted]
    context = {"shown": shown, "total": len(found), "counts": counts, "kinds": KINDS, "wanted": wanted}
    return answer(
        request,
        page="problems/index.html",
        fragment="problems/_problems.html",
        data={"problems": [item.problem for item in shown], "total": len(found)},
        context=context,
        place="problems",
    )


@post("/rescan", include_in_schema=False)
async def rescan(request: AnyRequest, gaze: Context) -> Response[Any]:
    """Read all files again."""
    await asyncio.to_thread(gaze.library.rescan)
    gaze.model_files.wake()
    context = {"text": "All files were read again.", "kind": "ok"}
    data = {"status": "rescanned"}
    return answer(request, fragment="_toast.html", data=data, goto="/problems", context=context)


def _shown(gaze: Context, problem: Problem) -> Shown:
    kind = _KIND_OF.get(problem.code, problem.code if problem.code in KINDS else "other")
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
        kind=kind,
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


ROUTES: list[ControllerRouterHandler] = [page, rescan]
