"""From what a browser sends to structs; what does not fit is a Refusal with a sentence (400)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gaze.core.category import Category
from gaze.core.errors import Refusal
from gaze.library.query import MOST_STARS, Query
from gaze.web.body import json_object

Values = Mapping[str, Sequence[str]]


async def values(request: Any) -> dict[str, list[str]]:
    """Form, query or JSON body as lists of text by name."""
    found: dict[str, list[str]] = {}
    if request.method in ("POST", "PUT", "PATCH") and "json" in request.headers.get("content-type", ""):
        body = json_object(await request.body())
        for name, value in body.items():
            items = value if isinstance(value, list) else [value]
            found[name] = [_text(item) for item in items if item is not None]
        return found
    if request.method in ("POST", "PUT", "PATCH"):
        form = await request.form()
        for name, value in form.multi_items():
            if isinstance(value, str):
                found.setdefault(name, []).append(value)
    for name, value in request.query_params.multi_items():
        found.setdefault(name, []).append(value)
    return found


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return value if isinstance(value, str) else str(value)


def one(given: Values, name: str, otherwise: str = "") -> str:
    """The last value of a name."""
    found = given.get(name)
    return found[-1].strip() if found else otherwise


def raw(given: Values, name: str) -> str:
    """The last value of a name with every space as it was sent."""
    found = given.get(name)
    return found[-1] if found else ""


def query(category: Category, given: Values) -> Query:
    """What a library page asks for. Raises Refusal for values out of range."""
    nsfw = one(given, "nsfw", "all") or "all"
    sort = one(given, "sort", "name") or "name"
    if nsfw not in ("all", "sfw", "nsfw"):
        raise Refusal(f"nsfw is «{nsfw}»; it can be all, sfw or nsfw.", field="nsfw")
    if sort not in ("name", "newest", "rating"):
        raise Refusal(f"sort is «{sort}»; it can be name, newest or rating.", field="sort")
    groups = groups_of(category)
    group = one(given, "group")
    if group and group not in groups:
        raise Refusal(f"group is «{group[:40]}»; it can be {', '.join(groups)}.", field="group")
    tags = {
        field.key: value
        for field in category.sections.get("tags", ())
        if field.key != "nsfw" and (value := one(given, field.key))
    }
    return Query(
        q=one(given, "q")[:500],
        favourite=on(given, "favourite"),
        nsfw=nsfw,  # type: ignore[arg-type]
        tags=tags,
        has_problem=on(given, "has_problem"),
        no_cover=on(given, "no_cover"),
        missing_lora=on(given, "missing_lora"),
        group_by=group,
        rating=whole(given, "rating", 0, MOST_STARS, 0),
        sort=sort,  # type: ignore[arg-type]
        offset=whole(given, "offset", 0, 10**9, 0),
        limit=whole(given, "limit", 1, 500, 60),
    )


def groups_of(category: Category) -> dict[str, str]:
    """What a library can be grouped by: folders, and every tag but the NSFW mark; the label of each."""
    fields = [field for field in category.sections.get("tags", ()) if field.kind != "switch"]
    return {"folder": "folder"} | {field.key: field.label for field in fields}


def whole(given: Values, name: str, least: int, most: int, otherwise: int) -> int:
    """A whole number of a range. Raises Refusal."""
    text = one(given, name)
    if not text:
        return otherwise
    if not text.lstrip("-").isascii() or not text.lstrip("-").isdecimal() or not least <= int(text[:30]) <= most:
        raise Refusal(f"{name} is «{text[:40]}»; a whole number from {least} to {most} is needed.", field=name)
    return int(text)


def on(given: Values, name: str) -> bool:
    """Whether a switch was sent as on."""
    return one(given, name).lower() in ("on", "true", "1", "yes")
