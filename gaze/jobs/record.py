"""A job's record, its states and the moves allowed between them (specification jobs, "Life of an image job")."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from gaze.llm.writing import Writing

Status = Literal["queued", "running", "waiting", "done", "failed", "cancelled"]
QueueName = Literal["comfy", "llm"]

OPEN: frozenset[Status] = frozenset({"queued", "running", "waiting"})
OVER: frozenset[Status] = frozenset({"done", "failed", "cancelled"})

# Which states a job may come from.
MOVES: Mapping[Status, frozenset[Status]] = {
    "queued": OVER | {"running", "waiting"},  # again: retried, or given back by a worker that stopped
    "running": frozenset({"queued", "waiting", "running"}),
    "waiting": frozenset({"queued", "running", "waiting"}),
    "done": OPEN,
    "failed": OPEN,
    "cancelled": OPEN,
}


class Kind(msgspec.Struct, frozen=True):
    """A kind of job: the queue it waits in and the arq function that does it."""

    queue: QueueName
    function: str


KINDS: Mapping[str, Kind] = {
    "image": Kind("comfy", "image_job"),
    "cover": Kind("comfy", "image_job"),
    "write": Kind("llm", "llm_job"),
    "sweep": Kind("comfy", "image_job"),
}


class Attempt(msgspec.Struct, frozen=True):
    """One submission: written down before it is sent, so that it can be looked for after any crash.

    `client` is the websocket id that hears of it: who takes it over from a dead worker listens under that.
    """

    prompt_id: str
    backend: str
    lost: bool = False
    client: str = ""


class Progress(msgspec.Struct, frozen=True):
    """How far a running job is. `max` 0 means that no total is known; `preview` counts the preview frames."""

    node: str = ""
    value: int = 0
    max: int = 0
    preview: int = 0
    per_s: float = 0.0

    @property
    def percent(self) -> int:
        return round(100 * self.value / self.max) if self.max else 0


class Result(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of a job: of an image job its picture (`relative_path` is below `static/uploads`), of an LLM job the
    asset it wrote, or the proposal that waits for somebody to accept it.
    """

    image_url: str = ""
    relative_path: str = ""
    seed: int | None = None
    category: str = ""
    slug: str = ""
    proposal: str = ""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A job as pages and programs see it. Times are UTC in ISO 8601, `eta` in seconds from `progress`."""

    id: str
    kind: str
    label: str
    category: str = ""
    slug: str = ""
    status: Status = "queued"
    created: str
    started: str = ""
    finished: str = ""
    progress: Progress = Progress()
    eta: float | None = None
    backend: str = ""
    error: str | None = None
    message: str = ""  # why it waits, or what was noted on the way
    result: Result | None = None
    batch: str = ""
    batch_label: str = ""  # what a batch of many assets is called
    place: int = 1
    count: int = 1
    seed: int = 0
    checkpoint: str = ""
    action: str = "preview"
    sweep: str = ""  # `<category>/<slug>/<id>` of the sweep that the picture belongs to
    cell: str = ""  # and its place there, `<column>,<row>`
    via: str = ""  # the page that asked, where it is not the subject's own
    summary: str = ""
    width: int = 0
    height: int = 0
    attempts: tuple[Attempt, ...] = ()
    llm: Writing | None = None  # what a model has written so far

    @property
    def queue(self) -> QueueName:
        return KINDS[self.kind].queue

    @property
    def over(self) -> bool:
        return self.status in OVER

    @property
    def public_status(self) -> str:
        """What the status routes say: `pending` while queued or waiting."""
        return "pending" if self.status in ("queued", "waiting") else self.status


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker needs to do an image job: the wired graph and all that goes into the sidecar.

    `roles` maps a template's roles to node ids; `versions` content hashes by `category/slug`.
    """

    graph: dict[str, Any]
    roles: dict[str, str]
    prefix: str
    recipe: dict[str, Any]
    positive: str
    negative: str
    checkpoint: str | None
    assets: dict[str, list[str]] = {}
    versions: dict[str, str] = {}
    notes: list[str] = []
    source: str = ""
    nsfw: bool = False  # whether an asset that takes part is


def new_id() -> str:
    """A UUID of version 7 in canonical lower case: sorted by time, and what ComfyUI takes as `prompt_id`."""
    milliseconds = time.time_ns() // 1_000_000
    number = (milliseconds << 80) | int.from_bytes(os.urandom(10), "big")
    number = (number & ~(0xF << 76)) | (0x7 << 76)
    number = (number & ~(0x3 << 62)) | (0x2 << 62)
    return str(UUID(int=number))


def now() -> str:
    """This moment in UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
