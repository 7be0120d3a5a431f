"""The filter bar of a library page: links that keep the state in the URL, with counts."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

import msgspec

from gaze.core.category import Category
from gaze.library.query import Page, Query

# A tag of no more values than this shows them as links; one of more folds them into a menu.
FEW_VALUES = 3


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
    sort_link: Chip
    group_link: Chip
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
    chips += [flag("no_cover", "No cover", bar=True), flag("has_problem", "Has a problem")]
    if category.lora or category.chosen_by_id:
        chips.append(flag("missing_lora", "Missing file"))
    kept = [chip for chip in chips if chip.on or chip.count or chip.seg_after or chip.menu]
    nsfw_counts = page.counts.get("nsfw", {})
    nsfw = [
        Chip("All", link(nsfw=""), query.nsfw == "all"),
        Chip("SFW", link(nsfw="sfw"), query.nsfw == "sfw", nsfw_counts.get("sfw")),
        Chip("NSFW", link(nsfw="nsfw"), query.nsfw == "nsfw", nsfw_counts.get("nsfw")),
    ]
    newest = query.sort == "newest"
    return Filters(
        here=link(),
        chips=kept,
        nsfw=nsfw,
        sort_link=Chip("Newest" if newest else "Favourites, name", link(sort="" if newest else "newest"), newest),
        group_link=Chip("Group", link(group="" if query.by_group else "folder"), query.by_group),
        hidden=[(name, value) for name, value in state.items() if name != "q"],
        active=_words(query, category),
    )


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
        "group": "folder" if query.by_group else "",
        "sort": query.sort if query.sort != "name" else "",
    }
    return {name: value for name, value in said.items() if value}


def _words(query: Query, category: Category) -> list[str]:
    said = []
    if query.q:
        said.append(f"the words “{query.q}”")
    if query.favourite:
        said.append("the favourite mark")
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
