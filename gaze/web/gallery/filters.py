"""The filter bar of the gallery: links that keep the state in the address, with how many images each would leave."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from gaze.core.metadata.a1111 import stem_of
from gaze.library.imagequery import FoundImages
from gaze.web.filters import Chip
from gaze.web.gallery.ask import Ask

IN_MENU = 40
_LABELS = {
    "category": "Category",
    "asset": "Asset",
    "checkpoint": "Checkpoint",
    "lora": "LoRA",
    "size": "Size",
    "tool": "Made with",
}
# What stands in the bar; the others are behind "Filter".
_FRONT = ("asset", "checkpoint")


class Menu(msgspec.Struct, frozen=True):
    """Values of one facet to choose from, the most frequent first; `more` are found by typing."""

    name: str
    label: str
    items: tuple[Chip, ...]
    more: int


class Bar(msgspec.Struct, frozen=True):
    """All filters of a gallery page. `active` says in words what is filtered by."""

    favourite: Chip
    stacks: Chip
    nsfw: list[Chip]
    chosen: list[Chip]
    front: list[Menu]
    back: list[Menu]
    hidden: list[tuple[str, str]]
    active: list[str]


def bar_of(ask: Ask, found: FoundImages, name_of: Callable[[str], str]) -> Bar:
    """The filter bar for what was asked and found; `name_of` gives the name of an asset by `category/slug`."""
    counts, query = found.counts, ask.query
    on = "on" if not query.favourite else ""
    chosen = [chip for name in (*_LABELS, *_PLAIN) for chip in _chosen(ask, found, name, name_of)]
    menus = {name: menu for name in _LABELS if (menu := menu_of(ask, counts, name, name_of))}
    hidden: list[tuple[str, str]] = []
    for name, value in ask.state.items():
        if name not in ("q", "since", "until", "seed"):  # those have inputs of their own
            hidden += [(name, one) for one in ([value] if isinstance(value, str) else value)]
    return Bar(
        favourite=Chip(
            "Favourites", ask.href(favourite=on), query.favourite, counts["favourite"].get("on", 0), icon="star"
        ),
        stacks=Chip("Stacks", ask.href(stacks="" if query.stacks else "on"), query.stacks),
        nsfw=[
            Chip("All", ask.href(nsfw=""), query.nsfw == "all"),
            Chip("SFW", ask.href(nsfw="sfw"), query.nsfw == "sfw", counts["nsfw"].get("sfw", 0)),
            Chip("NSFW", ask.href(nsfw="nsfw"), query.nsfw == "nsfw", counts["nsfw"].get("nsfw", 0)),
        ],
        chosen=chosen,
        front=[menu for name, menu in menus.items() if name in _FRONT],
        back=[menu for name, menu in menus.items() if name not in _FRONT],
        hidden=hidden,
        active=_words(ask, chosen),
    )


def menu_of(
    ask: Ask, counts: Mapping[str, Mapping[str, int]], name: str, name_of: Callable[[str], str], find: str = ""
) -> Menu | None:
    """The values of a facet that are not chosen, those whose label holds `find`; None for none at all."""
    chosen = ask.state.get(name, ())
    if name != "asset" and chosen:
        return None
    words = find.casefold().split()
    items: list[Chip] = []
    more = 0
    for value, count in counts[name].items():
        if value in chosen:
            continue
        if not words and len(items) == IN_MENU:
            more += 1
            continue
        label = label_of(name, value, name_of)
        if words and not all(word in f"{label} {value}".casefold() for word in words):
            continue
        if len(items) == IN_MENU:
            more += 1
            continue
        href = ask.href(asset=[*ask.query.assets, value]) if name == "asset" else ask.href(**{name: value})
        items.append(Chip(label, href, False, count, icon=value.partition("/")[0] if name == "asset" else ""))
    return Menu(name, _LABELS[name], tuple(items), more) if items or find else None


def label_of(name: str, value: str, name_of: Callable[[str], str]) -> str:
    """What people call a facet's value."""
    match name:
        case "asset":
            return name_of(value)
        case "checkpoint" | "lora":
            return stem_of(value)
        case "category":
            return value.capitalize()
        case "size":
            return value.replace("x", " × ")
        case _:
            return value


_PLAIN = {
    "seed": "Seed",
    "since": "From",
    "until": "To",
    "batch": "Batch",
    "recipe": "One recipe",
    "like": "Like one image",
}


def _chosen(ask: Ask, found: FoundImages, name: str, name_of: Callable[[str], str]) -> list[Chip]:
    """A chip with a cross for each value of a filter that is on."""
    value = ask.state.get(name)
    if not value:
        return []
    if isinstance(value, list):
        left = {one: [other for other in value if other != one] for one in value}
        return [Chip(name_of(one), ask.href(asset=rest), True, found.total) for one, rest in left.items()]
    label = _LABELS.get(name) or _PLAIN[name]
    said = {"recipe": "", "like": ""}.get(name, label_of(name, value, name_of))
    return [Chip(f"{label}: {said}" if said else label, ask.href(**{name: ""}), True, found.total)]


def _words(ask: Ask, chosen: list[Chip]) -> list[str]:
    said = [f"the words “{ask.q}”"] if ask.q else []
    if ask.query.favourite:
        said.append("the favourite mark")
    if ask.query.nsfw != "all":
        said.append("the NSFW mark" if ask.query.nsfw == "nsfw" else "no NSFW mark")
    return [*said, *(f"“{chip.label}”" for chip in chosen)]
