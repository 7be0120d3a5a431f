"""What every page may use: the shell around it, and the live status of queue and servers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Request

from gaze.comfyui.pool import Backend
from gaze.context import Context
from gaze.jobs.queue import BatchState
from gaze.jobs.record import Job
from gaze.library.earlier import Earlier
from gaze.library.saved_filters import Saved, saved
from gaze.llm.provider import Standing

THEMES = ("dark", "light", "auto")
CARD_SIZES = ("s", "m", "l")


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """Queue, servers and reading progress as the shell shows them. `open` is None while Redis is away."""

    backends: list[Backend] = []
    simulator: bool = False
    open: int | None = 0
    running: int = 0
    waiting: int = 0
    paused: bool = False
    job: Job | None = None
    jobs: tuple[Job, ...] = ()  # the first of the open ones, for the tray
    nsfw_jobs: frozenset[str] = frozenset()  # ids of those whose asset is marked NSFW
    percent: int | None = None
    batch: BatchState | None = None  # that of the running job
    redis: bool = True
    reading: tuple[int, int] | None = None
    problems: int = 0
    counts: Mapping[str, int] = {}
    images: int = 0
    reading_images: tuple[int, int] | None = None  # read, and found, while the gallery is being read
    llm: Standing = Standing(None)
    llm_open: int = 0
    llm_running: int = 0

    @property
    def llm_state(self) -> str:
        """The LLM in a word."""
        if not self.llm.ready:
            return "off"
        return f"{self.llm_open}" if self.llm_open else "idle"

    @property
    def llm_title(self) -> str:
        if not self.llm.ready:
            return self.llm.sentence or "No LLM is set up"
        waits = f"{self.llm_open} open job{'s' if self.llm_open != 1 else ''}" if self.llm_open else "idle"
        return f"{self.llm.provider.name if self.llm.provider else ''}, {self.llm.model}: {waits}"

    @property
    def backends_up(self) -> int:
        return sum(backend.up for backend in self.backends)

    @property
    def backends_dot(self) -> str:
        if self.simulator:
            return "warn"
        if not self.backends_up:
            return "bad"
        return "ok" if self.backends_up == len(self.backends) else "warn"

    @property
    def backends_title(self) -> str:
        if self.simulator:
            return "Pictures come from the simulator"
        return f"{self.backends_up} of {len(self.backends)} ComfyUI servers answer"

    @property
    def queue_title(self) -> str:
        if self.open is None:
            return "Redis does not answer"
        text = f"{self.open} job{'s' if self.open != 1 else ''}" if self.open else "No jobs"
        text += f", {self.batch.label}: {self.batch.done} of {self.batch.total}" if self.batch else ""
        return text + (", paused" if self.paused else "")


class NavItem(msgspec.Struct, frozen=True):
    """One link of the navigation. `count` None shows no number; `hot` ones are hidden at 0."""

    id: str
    label: str
    href: str
    icon: str
    key: str
    count: int | None = None
    hot: bool = False
    current: bool = False


class Shell(msgspec.Struct, frozen=True):
    """The frame of a page."""

    nav: list[tuple[str, list[NavItem]]]
    place: str
    theme: str
    theme_now: str
    blur: bool
    card_size: str
    after: str
    q: str
    earlier: Earlier | None
    saved: list[Saved]
    checkpoint: str
    checkpoints: list[tuple[str, str]]


def shell_of(request: Request[Any, Any, Any], place: str) -> Shell:
    """The shell for this browser (its cookies say theme, blur and card size) at this place."""
    gaze: Context = request.app.state.gaze
    status: Status = request.app.state.live.status
    settings = gaze.settings()
    cookies = request.cookies
    theme = _one_of(cookies.get("theme"), THEMES, _one_of(settings.theme, THEMES, "dark"))
    named = next((part for part in request.url.path.split("/") if part in gaze.categories), "")
    category = named or (next(iter(gaze.categories)) if request.url.path == "/" else "")
    current = category if place == "library" else place
    library = [
        NavItem(c.name, c.name.capitalize(), f"/{c.name}/", c.icon, c.key, status.counts.get(c.name, 0), False)
        for c in gaze.categories.values()
    ]
    make = [
        NavItem("generator", "Generator", "/generator", "mix", "g"),
        NavItem("gallery", "Gallery", "/gallery", "grid", "i", status.images),
        NavItem("queue", "Queue", "/queue", "queue", "q", status.open),
    ]
    keep = [
        NavItem("problems", "Problems", "/problems", "warn", "x", status.problems, hot=True),
        NavItem("trash", "Trash", "/trash", "trash", "t"),
        NavItem("settings", "Settings", "/settings", "gear", ","),
    ]
    nav = [
        (title, [msgspec.structs.replace(item, current=item.id == current) for item in items])
        for title, items in (("Library", library), ("Make", make), ("Keep", keep))
    ]
    return Shell(
        nav=nav,
        place=place,
        theme=theme,
        theme_now="light" if theme == "light" else "dark",
        blur=cookies.get("blur", "on" if settings.nsfw_blur else "off") == "on",
        card_size=_one_of(cookies.get("card_size"), CARD_SIZES, "m"),
        after=request.app.state.live.last_id,
        earlier=gaze.earlier,
        q=request.query_params.get("q", "") if place == "search" else "",
        saved=saved(gaze.library.settings()),
        checkpoint=settings.default_checkpoint,
        checkpoints=checkpoints(gaze),
    )


def checkpoints(gaze: Context) -> list[tuple[str, str]]:
    """What can be the default checkpoint: (path, name) of entries, then of files that have none."""
    found: dict[str, str] = {}
    files = gaze.model_files
    for category in gaze.categories.values():
        if category.chosen_by_id:
            shelf = gaze.library.shelf()
            for choice in shelf.choices(category.name):
                asset = shelf.find(category.name, choice)
                missing = files.is_missing(category.name, choice)
                found[choice] = (asset.name if asset else choice) + (" (not there)" if missing else "")
    for path in sorted({*files.whole("checkpoint"), *gaze.models.checkpoints}, key=str.casefold):
        found.setdefault(path, path.rsplit("/", 1)[-1].rsplit(".", 1)[0])
    return list(found.items())


def _one_of(value: str | None, allowed: tuple[str, ...], otherwise: str) -> str:
    return value if value in allowed else otherwise
