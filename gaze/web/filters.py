"""The filter bar of a library page: links that keep the state in the URL, with counts."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

import msgspec

from gaze.core.category import Category
from gaze.library.query import MOST_STARS, Page, Query
from gaze.web.forms import groups_of

# A tag of no more values than this shows them as links; one of more folds them into a menu.
FEW_VALUES = 3

SORTS = (("", "Favourites, name"), ("newest", "Newest"), ("rating", "Rating"))


class Chip(msgspec.Struct, frozen=True):
    """One filter as a link that turns it on, or off again."""

    label: str
    href: str
    on: bool = False
    count: int | None = None
    icon: str = ""
    bar: bool = False
    seg_after: bool = False
    menu: tuple[Chip, ...] = ()  # values to choose from, for a tag of many


class Filters(msgspec.Struct, frozen=True):
    """All links of a library page. `active` says in words what is filtered by."""

    here: str
    chips: list[Chip]
    nsfw: list[Chip]
    sort: list[Chip]
    group: list[Chip]
    hidden: list[tuple[str, str]]
    active: list[str]


def filters_of(category: Category, query: Query, page: Page) -> Filters:
    """The filter bar for a query and what it found."""
    state = _state(query)
    base = f"/{category.name}/"

    def link(**changes: str) -> str:
        wanted = {name: value for name, value in {**state, **changes}.items() if value}
        return f"{base}?{urlencode(wanted)}" if wanted else base

    def flag(name: str, label: str, icon: str = "", bar: bool = False, seg: bool = False) -> Chip:
        on = bool(state.get(name))
        count = page.counts.get(name, {}).get("on")
        return Chip(label, link(**{name: "" if on else "on"}), on, count, icon, bar, seg)

    chips = [flag("favourite", "Favourites", "star", seg=True)]
    for field in category.sections.get("tags", ()):
        if field.key == "nsfw":
            continue  # it has a switch of its own
        values = {value: count for value, count in page.counts.get(field.key, {}).items() if value}
        chosen = query.tags.get(field.key, "")
        label = f"{field.label[:1].upper()}{field.label[1:]}"
        links = tuple(
            Chip(value, link(**{field.key: value}), False, count)
            for value, count in sorted(values.items(), key=lambda item: (-item[1], item[0].casefold()))
        )
        if chosen:
            chips.append(Chip(f"{label}: {chosen}", link(**{field.key: ""}), True, values.get(chosen)))
        elif len(links) > FEW_VALUES:
            chips.append(Chip(label, "", menu=links, count=None))
        else:
            chips += links
    rated = page.counts.get("rating", {})
    least = [(number, rated.get(str(number), 0)) for number in range(MOST_STARS, 0, -1)]
    if query.rating:
        chips.append(Chip(f"{query.rating} stars and up", link(rating=""), True, rated.get(str(query.rating), 0)))
    elif any(count for _, count in least):
        menu = tuple(
            Chip(f"{number} and up", link(rating=str(number)), False, count) for number, count in least if count
        )
        chips.append(Chip("Rating", "", menu=menu))
    chips += [flag("no_cover", "No cover", bar=True), flag("has_problem", "Has a problem")]
    if category.lora or category.chosen_by_id:
        chips.append(flag("missing_lora", "Missing file"))
    kept = [chip for chip in chips if chip.on or chip.count or chip.seg_after or chip.menu]
    groups = groups_of(category)
    nsfw_counts = page.counts.get("nsfw", {})
    nsfw = [
        Chip("All", link(nsfw=""), query.nsfw == "all"),
        Chip("SFW", link(nsfw="sfw"), query.nsfw == "sfw", nsfw_counts.get("sfw")),
        Chip("NSFW", link(nsfw="nsfw"), query.nsfw == "nsfw", nsfw_counts.get("nsfw")),
    ]
    return Filters(
        here=address(category, query),
        chips=kept,
        nsfw=nsfw,
        sort=[Chip(label, link(sort=name), query.sort == (name or "name")) for name, label in SORTS],
        group=[
            Chip("None", link(group=""), not query.group_by),
            *(Chip(f"By {label}", link(group=key), query.group_by == key) for key, label in groups.items()),
        ],
        hidden=[(name, value) for name, value in state.items() if name != "q"],
        active=_words(query, category),
    )


def address(category: Category, query: Query) -> str:
    """The address of the library page that shows a query."""
    state = _state(query)
    return f"/{category.name}/?{urlencode(state)}" if state else f"/{category.name}/"


def more_url(category: Category, query: Query, offset: int) -> str:
    """The address of the next page of cards."""
    return f"/{category.name}/?{urlencode({**_state(query), 'offset': offset, 'fragment': 'more'})}"


def _state(query: Query) -> dict[str, str]:
    """The filters that are on, as the URL says them."""
    said: Mapping[str, str] = {
        "q": query.q,
        "favourite": "on" if query.favourite else "",
        "nsfw": query.nsfw if query.nsfw != "all" else "",
        **query.tags,
        "has_problem": "on" if query.has_problem else "",
        "no_cover": "on" if query.no_cover else "",
        "missing_lora": "on" if query.missing_lora else "",
        "rating": str(query.rating) if query.rating else "",
        "group": query.group_by,
        "sort": query.sort if query.sort != "name" else "",
    }
    return {name: value for name, value in said.items() if value}


def _words(query: Query, category: Category) -> list[str]:
    said = []
    if query.q:
        said.append(f"the words “{query.q}”")
    if query.favourite:
        said.append("the favourite mark")
    if query.rating:
        said.append(f"{query.rating} stars or more")
    if query.nsfw != "all":
        said.append("the NSFW mark" if query.nsfw == "nsfw" else "no NSFW mark")
    said += [f"{key.replace('_', ' ')} “{value}”" for key, value in query.tags.items()]
    for on, text in (
        (query.has_problem, "a problem"),
        (query.no_cover, "no cover"),
        (query.missing_lora, "a missing file"),
    ):
        if on:
            said.append(text)
    return said
