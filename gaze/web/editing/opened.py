"""An asset's file as it is on the disk now, and its form with hints."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from gaze.context import Context
from gaze.core.category import Category
from gaze.core.errors import Problem
from gaze.core.lint import UNKNOWN, Finding
from gaze.web.editing.fields import Form, Input, each_input
from gaze.web.editing.form import make_form
from gaze.web.editing.values import path_of, pointer
from gaze.web.forms import Values, one

_DOUBTS = 3  # of one field, shown in the form; the problems page has all


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it is on the disk now. `raw` is None while it cannot be used."""

    category: Category
    slug: str
    path: str
    name: str
    text: str
    version: str
    raw: Mapping[str, Any] | None
    problems: list[Problem]
    at: str = ""  # the page of a draft that is no file yet

    @property
    def href(self) -> str:
        return self.at or f"/{self.category.name}/{self.slug}"

    @property
    def file(self) -> str:
        return self.path.rsplit("/", 1)[-1]

    @property
    def fatal(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.fatal]


def opened(gaze: Context, category: str, slug: str) -> Opened:
    """An asset's file, or a file that was never good. Raises NoSuchAsset, NotFound, Unavailable, Unusable."""
    library = gaze.library
    asset = library.find(category, slug)
    path = asset.path if asset else library.broken(category, slug)
    if path is None:
        library.get(category, slug)  # raises, and names the nearest
        raise AssertionError("unreachable")
    text, version = library.raw(path)
    problems = library.writing.check(category, text, slug)
    usable = not any(problem.fatal for problem in problems)
    return Opened(
        category=gaze.categories[category],
        slug=slug,
        path=path,
        name=asset.name if asset else path.rsplit("/", 1)[-1],
        text=text,
        version=version,
        raw=json.loads(text) if usable else None,
        problems=problems,
    )


def last_known(gaze: Context, category: str, slug: str) -> Opened:
    """An asset whose file cannot be read now, so that a page can keep what was typed. Raises NoSuchAsset."""
    asset = gaze.library.get(category, slug)
    return Opened(
        category=asset.category,
        slug=slug,
        path=asset.path,
        name=asset.name,
        text="",
        version=asset.version,
        raw={},
        problems=[],
    )


def form_of(gaze: Context, found: Opened, given: Values) -> Form:
    """The form of a usable file with its hints: files that are missing, values that do not count."""
    base = base_of(given)
    state = gaze.library.preferences.of(found.category.name, found.slug)
    outfit = one(given, "outfit") or str(state.get("character_outfit") or "")
    made = make_form(found.category, found.raw or {}, gaze.categories, also=_gone(found, base), outfit=outfit)
    hints = {pointer(path_of(problem.field)): problem.message for problem in found.problems if problem.field}
    made = each_input(made, lambda item: _hinted(gaze, found.category, item, hints))
    asset = gaze.library.find(found.category.name, found.slug)
    doubts: dict[str, list[Finding]] = {}
    for doubt in gaze.lint.of(asset.path) if asset else ():
        doubts.setdefault(pointer(path_of(doubt.finding.field)), []).append(doubt.finding)
    return each_input(made, lambda item: _doubted(gaze, item, doubts.get(item.name, ())))


def base_of(given: Values) -> dict[str, str] | None:
    """What the inputs showed when the page was made; None if a program asks, which sends none."""
    if "base" not in given:
        return None
    try:
        found = json.loads(given["base"][-1])
    except (ValueError, RecursionError):
        return None
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else None


def _gone(found: Opened, base: Mapping[str, str] | None) -> list[str]:
    """Outfits that an open page still shows and the file no longer has."""
    if not found.category.has_outfits or not base:
        return []
    paths = [path_of(name) for name in base]
    return list(dict.fromkeys(path[1] for path in paths if len(path) == 3 and path[0] == "wardrobe"))


def _hinted(gaze: Context, category: Category, item: Input, hints: Mapping[str, str]) -> Input:
    if item.name in hints:
        message = hints[item.name]
        return msgspec.structs.replace(item, hint=message[:1].upper() + message[1:] + ".")
    missing: Callable[[str, str], bool] | None = gaze.library.is_missing
    if item.kind in ("lora", "checkpoint") and item.value.strip() and missing and missing(category.name, item.value):
        near = gaze.model_files.near(category.name, item.value)
        text = "Not in the configured folder and on no server."
        return msgspec.structs.replace(item, hint=text, near=tuple(near))
    return item


def _doubted(gaze: Context, item: Input, findings: Sequence[Finding]) -> Input:
    """An input with the first doubts about its text, and what may be meant."""
    if not findings or item.hint or item.fault:
        return item
    shown = findings[:_DOUBTS]
    near = gaze.unknown_tags([found.about for found in shown if found.code == UNKNOWN])
    uses = [(found.about, found.use or next(iter(near.get(found.about, ())), "")) for found in shown]
    text = "; ".join(found.message for found in shown)
    return msgspec.structs.replace(
        item, hint=f"{text[:1].upper()}{text[1:]}.", mends=tuple((about, use) for about, use in uses if use)
    )
