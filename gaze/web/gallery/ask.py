"""What a gallery address asks for, and the addresses that differ from it by one filter."""

from __future__ import annotations

import re
from datetime import date, timedelta
from urllib.parse import quote, urlencode

import msgspec

from gaze.core.errors import Refusal
from gaze.library.imagequery import ImageQuery, bounds
from gaze.library.search import words_of
from gaze.web import forms
from gaze.web.forms import Values

PAGE = 60
MOST = 500
_SIZE = re.compile(r"^\d{1,5}x\d{1,5}$")


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """Filters as the address says them, and where the window begins: `before` or `after` a key, or `at` a day."""

    q: str = ""
    query: ImageQuery = ImageQuery()
    before: int | None = None
    after: int | None = None
    at: date | None = None
    limit: int = PAGE
    like: str = ""

    @property
    def state(self) -> dict[str, str | list[str]]:
        """The filters that are on, by the names that the address has for them."""
        asked = self.query
        said: dict[str, str | list[str]] = {
            "q": self.q,
            "favourite": "on" if asked.favourite else "",
            "nsfw": asked.nsfw if asked.nsfw != "all" else "",
            "category": asked.category,
            "asset": list(asked.assets),
            "checkpoint": asked.checkpoint,
            "lora": asked.lora,
            "size": asked.size,
            "tool": asked.tool,
            "seed": "" if asked.seed is None else str(asked.seed),
            "since": str(asked.since or ""),
            "until": str(asked.until or ""),
            "batch": asked.batch,
            "recipe": f"{asked.recipe:x}" if asked.recipe else "",
            "stacks": "on" if asked.stacks else "",
            "like": self.like,
        }
        return {name: value for name, value in said.items() if value}

    @property
    def here(self) -> str:
        """The page's address."""
        return self.href()

    def href(self, path: str = "/gallery", **changes: str | list[str]) -> str:
        """An address with some of the filters changed; "" takes one away."""
        wanted = {name: value for name, value in {**self.state, **changes}.items() if value}
        return f"{path}?{urlencode(wanted, doseq=True)}" if wanted else path

    def image(self, path: str) -> str:
        """The address of an image among those that pass."""
        return self.href(image_url(path))

    def window(self, **place: str) -> str:
        """The address of a window of the list; `place` says `before`, `after` or `at`."""
        return self.href(fragment="window", **place)


def image_url(path: str) -> str:
    """The address of an image's view."""
    return f"/gallery/image/{quote(path)}"


def ask_of(given: Values) -> Ask:
    """What the address asks for. Raises Refusal for values that cannot be."""
    q = forms.one(given, "q")[:500]
    nsfw = forms.one(given, "nsfw", "all") or "all"
    if nsfw not in ("all", "sfw", "nsfw"):
        raise Refusal(f"nsfw is «{nsfw[:40]}»; it can be all, sfw or nsfw.", field="nsfw")
    size = forms.one(given, "size").replace("×", "x").replace(" ", "")
    if size and not _SIZE.match(size):
        raise Refusal(f"size is «{size[:40]}»; width and height are needed, such as 832x1216.", field="size")
    seed = forms.one(given, "seed")
    month = _day(given, "at", month=True)
    query = ImageQuery(
        words=tuple(words_of(q)),
        favourite=forms.on(given, "favourite"),
        nsfw=nsfw,
        category=forms.one(given, "category")[:80],
        assets=tuple(dict.fromkeys(value.strip()[:300] for value in given.get("asset", ()) if value.strip()))[:20],
        checkpoint=forms.one(given, "checkpoint")[:500],
        lora=forms.one(given, "lora")[:500],
        size=size,
        tool=forms.one(given, "tool")[:40],
        seed=forms.whole(given, "seed", 0, 2**64 - 1, 0) if seed else None,
        since=_day(given, "since"),
        until=_day(given, "until"),
        batch=forms.one(given, "batch")[:80],
        recipe=_recipe(forms.one(given, "recipe")),
        stacks=forms.on(given, "stacks"),
    )
    return Ask(
        q=q,
        query=query,
        before=forms.whole(given, "before", 0, 2**72, 0) if forms.one(given, "before") else None,
        after=forms.whole(given, "after", 0, 2**72, 0) if forms.one(given, "after") else None,
        at=month,
        limit=forms.whole(given, "limit", 1, MOST, PAGE),
        like=forms.one(given, "like")[:500],
    )


def begins_at(day: date) -> int:
    """The key before which a window begins that shows a day first."""
    return bounds(day, day)[1]


def _day(given: Values, name: str, *, month: bool = False) -> date | None:
    """A day, or the last day of a month (`2026-11`) where one is taken. Raises Refusal."""
    text = forms.one(given, name)
    if not text:
        return None
    try:
        if month and len(text) == 7:
            first = date.fromisoformat(f"{text}-01")
            day = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        else:
            day = date.fromisoformat(text)
        if not 1971 <= day.year <= 9000:
            raise ValueError
        return day
    except (ValueError, OverflowError) as error:
        raise Refusal(f"{name} is «{text[:40]}»; a day such as 2026-11-25 is needed.", field=name) from error


def _recipe(text: str) -> int:
    try:
        return int(text, 16) if text else 0
    except ValueError as error:
        raise Refusal(f"recipe is «{text[:40]}»; it is what a stack's link says.", field="recipe") from error
