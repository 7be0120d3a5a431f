"""Bytes of an asset's file to an Asset, or to Problems that name file, line, column and field."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from gaze.core.asset import Asset, read_asset
from gaze.core.category import Category, Participants
from gaze.core.errors import Problem
from gaze.core.shape import Path
from gaze.library.files import decode, version_of
from gaze.library.jsontext import parse, place_of

_ORIENTATION = re.compile(r"(?:\s*[1-9][0-9]*\s*[FfMm])*\s*")


class Loaded(msgspec.Struct, frozen=True):
    """What a file gave: the asset is None if one of the problems is fatal."""

    version: str
    asset: Asset | None
    raw: Any
    problems: list[Problem]


def load(category: Category, path: str, content: bytes) -> Loaded:
    """The asset in `content`, with its own slug, and all its problems (specification data, "Reading")."""
    version = version_of(content)
    text = decode(content, path)
    if isinstance(text, Problem):
        return Loaded(version, None, None, [text])
    return load_text(category, path, text, version)


def load_text(category: Category, path: str, text: str, version: str) -> Loaded:
    """As `load`, from text."""
    raw, problems = parse(text, path)
    if any(problem.fatal for problem in problems):
        return Loaded(version, None, None, problems)
    asset, misfits = read_asset(category, path, raw, version)
    for misfit in misfits:
        problems.append(_at(text, path, misfit.path, misfit.message, "type", fatal=True))
    problems.extend(_orientations(asset, text))
    usable = not any(problem.fatal for problem in problems)
    return Loaded(version, asset if usable else None, raw if usable else None, problems)


def _orientations(asset: Asset, text: str) -> list[Problem]:
    """Problems of counts of people that cannot be read; they give no tags (specification data, Character)."""
    found = []
    for key in asset.data.__struct_fields__:
        section = getattr(asset.data, key)
        if isinstance(section, Participants) and not _ORIENTATION.fullmatch(section.orientation):
            message = (
                f"orientation is «{section.orientation}», which counts nobody; "
                "write counts with F or M, such as 1F or 2F1M"
            )
            found.append(_at(text, asset.path, (key, "orientation"), message, "orientation", fatal=False))
    return found


def _at(text: str, path: str, field: Path, message: str, code: str, *, fatal: bool) -> Problem:
    line, column = place_of(text, field)
    named = ".".join(str(step) for step in field)
    return Problem(
        path=path,
        code=code,
        field=named,
        line=line,
        column=column,
        message=message,
        fatal=fatal,
    )
