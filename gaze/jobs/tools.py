"""What job functions work with; made by the worker, handed in as an argument."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

import msgspec

from gaze.comfyui.pool import Pool
from gaze.jobs.choose import Slots
from gaze.jobs.queue import JobQueue


class Keep(Protocol):
    """Where pictures go."""

    def save(self, category: str, slug: str, stem: str, data: bytes, sidecar: Mapping[str, Any]) -> str:
        """Write image and sidecar; the image's path below `static/uploads`.

        Raises Refusal: 415 if `data` is no whole image, 503 or 507 if it cannot be written.
        """

    def show(self, category: str, slug: str, path: str, action: str, kind: str) -> None:
        """Make the picture its asset's preview or cover, as the request said."""

    def read(self, path: str) -> bytes:
        """The bytes of an image by its path below `static/uploads`. Raises Refusal if it is gone."""

    def put_in_sweep(self, sweep: str, cell: str, path: str) -> None:
        """Note the picture in its sweep's file (`<category>/<slug>/<id>`)."""


class JobTools(msgspec.Struct, frozen=True):
    """`cancelled` gives the event that is set when somebody cancels the job."""

    queue: JobQueue
    pool: Pool
    slots: Slots
    keep: Keep
    image_added: Callable[[str, str, str], Awaitable[None]]
    cancelled: Callable[[str], asyncio.Event]
    monotonic: Callable[[], float] = time.monotonic
