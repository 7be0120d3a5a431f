"""What a library page asks for, and what it gets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from gaze.core.asset import Asset

Nsfw = Literal["all", "sfw", "nsfw"]
Sort = Literal["name", "newest"]


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
    by_group: bool = False  # order by sub-folder first
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


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One page of cards, and how many assets each filter value would leave.

    `counts` holds, by filter key (`favourite`, `nsfw`, `has_problem`, `no_cover`, `missing_lora`, `group` and each
    tag key), the number of assets by value under all *other* filters. `next` is the offset of the next page, or None.
    """

    cards: list[Card]
    total: int
    counts: dict[str, dict[str, int]]
    next: int | None = None
