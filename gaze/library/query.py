"""What a library page asks for, and how the index answers: filter, count, sort, cut."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from gaze.core.asset import Asset
from gaze.library.catalog import ALIKE, Catalog, Entry

Nsfw = Literal["all", "sfw", "nsfw"]
Sort = Literal["name", "newest", "rating"]

MOST_STARS = 5


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """Filters, order and place of a library page. `tags` holds wanted values by tag key, case aside.

    All words of `q` must occur in the asset's names, id, tags, prompt texts or LoRA, case aside.
    """

    q: str = ""
    favourite: bool = False
    nsfw: Nsfw = "all"
    tags: Mapping[str, str] = {}
    has_problem: bool = False
    no_cover: bool = False
    missing_lora: bool = False
    group: str | None = None  # only this sub-folder; "" is the top folder; None is all
    group_by: str = ""  # what is ordered by first: "folder", or the key of a tag
    rating: int = 0  # at least so many stars
    sort: Sort = "name"
    offset: int = 0
    limit: int = 60


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What a library card needs. Image paths are below `static/uploads`; `""` where there is none."""

    asset: Asset
    cover: str = ""
    fallback: str = ""  # one of its own images, always the same one, when there is no cover
    favourite: bool = False
    nsfw: bool = False
    problem: bool = False
    missing_lora: bool = False
    image_count: int = 0
    rating: int = 0
    group: str = ""  # what the page groups by
    stale: bool = False  # whether the cover was made from another version of the asset


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One page of cards, and how many assets each filter value would leave.

    `counts` holds, by filter key (`favourite`, `nsfw`, `has_problem`, `no_cover`, `missing_lora`, `group`, `rating`
    and each tag key), the number of assets by value under all *other* filters. `next` is the offset of the next page,
    or None.
    """

    cards: list[Card]
    total: int
    counts: dict[str, dict[str, int]]
    next: int | None = None
    before: str | None = None  # the group of the card before the page, if it groups


class View:
    """What filters ask about one category beyond its catalog, at the moment of the query."""

    def __init__(
        self,
        states: Mapping[str, Mapping[str, Any]],
        troubled: frozenset[str],
        has_image: Callable[[str], str],
        is_missing: Callable[[str], bool] | None,
    ) -> None:
        self.states = states
        self.troubled = troubled  # paths of files with a problem
        self.has_image = has_image
        self.is_missing = is_missing

    def favourite(self, slug: str) -> bool:
        state = self.states.get(slug)
        return state is not None and state.get("is_favourite") is True

    def rating(self, slug: str) -> int:
        """How many stars the user gave, 0 to 5."""
        state = self.states.get(slug)
        return stars(state.get("rating")) if state else 0

    def cover(self, slug: str) -> str:
        """The chosen cover, if its file is there."""
        state = self.states.get(slug)
        chosen = state.get("cover") if state else None
        return self.has_image(chosen) if isinstance(chosen, str) and chosen else ""

    def missing_lora(self, entry: Entry) -> bool:
        return bool(self.is_missing is not None and entry.model and self.is_missing(entry.model))


def stars(value: Any) -> int:
    """A rating as a state file says it, 0 to 5; what is no number counts as none."""
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value[:9])
    return int(min(max(value, 0), MOST_STARS)) if isinstance(value, int | float) and value == value else 0


_SWITCHES = ("favourite", "has_problem", "no_cover", "missing_lora")
_BIT = {key: 1 << place for place, key in enumerate(_SWITCHES)}
_STARS = len(_SWITCHES)  # the bits above them hold the rating


def select(catalog: Catalog, query: Query, view: View) -> tuple[list[Entry], dict[str, dict[str, int]]]:
    """Every entry that passes, in order, and the counts of `Page`.

    One walk: an entry that fails one filter alone still counts among that filter's values. Entries alike in every
    filter value are judged and counted together; that keeps 10,000 of them within a few milliseconds.
    """
    words = query.q.casefold().split()
    wanted = [(key, value.strip().casefold()) for key, value in query.tags.items() if value.strip()]
    switched = [(key, _BIT[key]) for key in _SWITCHES if getattr(query, key)]
    filtered = bool(wanted or switched or query.nsfw != "all" or query.group is not None or query.rating)
    states, troubled, asks_missing = view.states, view.troubled, view.is_missing is not None
    chosen: list[Entry] = []
    starred: list[Entry] = []
    tally: dict[tuple[str, int, int], int] = {}
    judged: dict[tuple[int, int], str | None] = {}  # the one filter that is failed, "" for none, None for several
    for entry in catalog.entries():
        if words and not all(word in entry.text for word in words):
            continue
        bits = 4
        if entry.slug in states:
            bits = view.favourite(entry.slug) | (0 if view.cover(entry.slug) else 4)
            bits |= view.rating(entry.slug) << _STARS
        if troubled and entry.path in troubled:
            bits |= 2
        if asks_missing and view.missing_lora(entry):
            bits |= 8
        failed = ""
        if filtered:
            about = (bits, entry.alike)
            if about not in judged:
                several = _failed(entry, bits, query, wanted, switched)
                judged[about] = None if len(several) > 1 else "".join(several)
            verdict = judged[about]
            if verdict is None:
                continue
            failed = verdict
        alike = (failed, bits, entry.alike)
        tally[alike] = tally.get(alike, 0) + 1
        if not failed:
            (starred if bits & 1 else chosen).append(entry)
    return _ordered(starred + chosen, query, view), _counts(tally)


def _failed(
    entry: Entry, bits: int, query: Query, wanted: list[tuple[str, str]], switched: list[tuple[str, int]]
) -> list[str]:
    """Keys of the filters that an entry does not pass."""
    failed = [key for key, bit in switched if not bits & bit]
    if query.nsfw != "all" and entry.nsfw != (query.nsfw == "nsfw"):
        failed.append("nsfw")
    if query.rating and bits >> _STARS < query.rating:
        failed.append("rating")
    if query.group is not None and entry.group != query.group:
        failed.append("group")
    failed += [key for key, value in wanted if value not in entry.folded.get(key, ())]
    return failed


def _ordered(entries: list[Entry], query: Query, view: View) -> list[Entry]:
    if query.sort == "newest":
        entries.sort(key=lambda entry: -int(entry.row["changed"]))
    elif query.sort == "rating":
        entries.sort(key=lambda entry: -view.rating(entry.slug))
    if query.group_by:
        entries.sort(key=lambda entry: _group_key(group_of(entry, query.group_by), query.group_by))
    return entries


def group_of(entry: Entry, group_by: str) -> str:
    """The group an entry stands in: its sub-folder, or the first value of its tag; `""` for those without."""
    if group_by == "folder":
        return entry.group
    values = entry.row["tags"].get(group_by, ())
    return str(values[0]) if values else ""


def _group_key(group: str, group_by: str) -> tuple[bool, str]:
    """The top folder comes first, those without the tag last."""
    return (not group and group_by != "folder", group.casefold())


def _counts(tally: Mapping[tuple[str, int, int], int]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {key: {} for key in (*_SWITCHES, "nsfw", "group", "rating")}
    for (failed, bits, alike), number in tally.items():
        switches = [(key, "on") for key, bit in _BIT.items() if bits & bit]
        least = [("rating", str(least)) for least in range(1, (bits >> _STARS) + 1)]
        for key, value in (*switches, *least, *ALIKE[alike]):
            if failed in ("", key):
                found = counts.setdefault(key, {})
                found[value] = found.get(value, 0) + number
    return {key: dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))) for key, found in counts.items()}
