"""Jinja2, once for pages, fragments and live events alike."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gaze.core.asset import Asset
from gaze.jobs.record import Job
from gaze.library.query import Card, Page, Query


class Renderer:
    """Templates of a folder. What a template may use is what the caller names; a slip is an error, not a blank."""

    def __init__(self, folder: Path, reload: bool = False) -> None:
        self._env = Environment(
            loader=FileSystemLoader(folder),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
            auto_reload=reload,
        )
        self._env.filters.update(
            urlpath=lambda path: quote(path),
            initials=initials,
            hue=hue,
            left=left,
            caption=caption,
            with_heads=with_heads,
            took=took,
            clock=clock,
            a=with_article,
            when=when,
            slugid=lambda text: sha256(text.encode()).hexdigest()[:10],
        )

    def __call__(self, template: str, **context: Any) -> str:
        return self._env.get_template(template).render(**context)


def initials(name: str) -> str:
    """Up to two letters that stand for a name where there is no picture."""
    words = [word for word in name.replace("_", " ").split() if word[:1].isalnum()]
    return "".join(word[0] for word in words[:2]).upper() or "?"


def hue(name: str) -> int:
    """A hue of its own for each name, 0..359 degrees."""
    return int(sha256(name.encode()).hexdigest()[:4], 16) % 360


def with_article(noun: str) -> str:
    """`a style`, `an outfit`."""
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def left(seconds: float | None) -> str:
    """How long something will still take: `6 s left`, `about 1 min`."""
    if seconds is None:
        return ""
    if seconds < 50:
        return f"{max(round(seconds), 1)} s left"
    return f"about {round(seconds / 60) or 1} min"


def took(job: Job) -> str:
    """How long a finished job ran: `11.4 s`."""
    if not job.started or not job.finished:
        return ""
    seconds = (datetime.fromisoformat(job.finished) - datetime.fromisoformat(job.started)).total_seconds()
    return f"{seconds:.1f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def clock(at: str) -> str:
    """The time of day, on this machine's clock."""
    return datetime.fromisoformat(at).astimezone().strftime("%H:%M") if at else ""


def when(at: str) -> str:
    """Day and time on this machine's clock: `14:05`, `24 Nov, 14:05`, `24 Nov 2025`."""
    if not at:
        return ""
    then, now = datetime.fromisoformat(at).astimezone(), datetime.now().astimezone()
    if then.date() == now.date():
        return then.strftime("%H:%M")
    return then.strftime(f"{then.day} %b, %H:%M" if then.year == now.year else f"{then.day} %b %Y")


def caption(asset: Asset, images: int) -> str:
    """The line under a card's name: its first tag that says something, outfits, images."""
    tags = asset.data.tags
    said = [
        str(value)
        for key in type(tags).__struct_fields__
        if key not in ("nsfw", "listed") and isinstance(value := getattr(tags, key), str) and value
    ]
    if len(asset.outfits) > 1:
        said.append(f"{len(asset.outfits)} outfits")
    counted = f"{images} image{'s' if images != 1 else ''}" if images else "no images"
    return " · ".join([*said[-1:], counted])


def with_heads(page: Page, query: Query) -> Iterator[tuple[str, Card]]:
    """Cards in their order, each with the heading that stands before it; `""` for none.

    A page goes on under the heading of the page before.
    """
    last = page.before
    for card in page.cards:
        head = ""
        if query.group_by and card.group != last:
            head = card.group or ("At the top" if query.group_by == "folder" else "Without")
        last = card.group
        yield head, card
