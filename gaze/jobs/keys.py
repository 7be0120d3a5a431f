"""The names of what jobs keep in Redis, and how a record is written there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from gaze.jobs.record import Job, QueueName

_TEXT_FIELDS = frozenset({"id", "status"})
_TYPES = {field.name: field.type for field in msgspec.structs.fields(Job)}


def arq_queue(queue: QueueName) -> str:
    """The name of the arq queue."""
    return f"gaze:{queue}"


def record(job_id: str) -> str:
    return f"gaze:job:{job_id}"


def work(job_id: str) -> str:
    return f"gaze:work:{job_id}"


def preview(job_id: str) -> str:
    return f"gaze:preview:{job_id}"


def batch(batch_id: str) -> str:
    return f"gaze:batch:{batch_id}"


def active(queue: str) -> str:
    return f"gaze:active:{queue}"


def running(queue: str) -> str:
    return f"gaze:running:{queue}"


def recent(queue: str) -> str:
    return f"gaze:recent:{queue}"


def paused(queue: str) -> str:
    return f"gaze:paused:{queue}"


def texts(values: Iterable[bytes]) -> list[str]:
    return [value.decode() for value in values]


def encoded(key: str, value: Any) -> bytes | str:
    return str(value) if key in _TEXT_FIELDS else msgspec.json.encode(value)


def fields(job: Job) -> dict[str, Any]:
    return {key: encoded(key, getattr(job, key)) for key in Job.__struct_fields__}


def decoded(fields: dict[bytes, bytes]) -> Job | None:
    """The record behind a hash; None for one that is gone or was written by another version."""
    values: dict[str, Any] = {}
    for name, data in fields.items():
        key = name.decode()
        if key in _TYPES:
            values[key] = data.decode() if key in _TEXT_FIELDS else msgspec.json.decode(data)
    try:
        return msgspec.convert(values, Job)
    except msgspec.ValidationError:
        return None
