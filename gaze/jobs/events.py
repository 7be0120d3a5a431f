"""Events: one Redis stream that every web process reads (specification jobs, "Events").

An event is a hint: it says what changed, and a reader fetches the thing as it is now. So a reader that was away
needs no old states, and progress can be coalesced.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import ClassVar

import msgspec
from redis.asyncio import Redis

STREAM = "gaze:events"
SEEN = "gaze:seen:"
# About ten minutes of progress of two jobs; who was away for longer gets a full refresh.
KEPT = 5000
_SEEN_S = 7 * 24 * 3600


class Event(msgspec.Struct, frozen=True, tag_field="type"):
    """Something that open pages may show."""

    coalesce: ClassVar[bool] = False  # whether only the newest of one id matters


class JobChanged(Event, tag="job.changed", frozen=True):
    id: str
    status: str


class JobProgress(Event, tag="job.progress", frozen=True):
    coalesce: ClassVar[bool] = True
    id: str


class QueueChanged(Event, tag="queue.changed", frozen=True):
    """Order, pause, or many jobs at once."""

    queue: str


class AssetChanged(Event, tag="asset.changed", frozen=True):
    """A new version, or state (favourite, cover) of an asset; `version` is its content hash."""

    category: str
    slug: str
    version: str = ""
    new: bool = False


class AssetRemoved(Event, tag="asset.removed", frozen=True):
    category: str
    slug: str


class ImageAdded(Event, tag="image.added", frozen=True):
    """`path` is below `static/uploads`."""

    path: str
    category: str
    slug: str


class ImageRemoved(Event, tag="image.removed", frozen=True):
    path: str
    category: str
    slug: str


class ProblemsChanged(Event, tag="problems.changed", frozen=True):
    count: int = 0


class BackendsChanged(Event, tag="backends.changed", frozen=True):
    up: int = 0
    total: int = 0


class SettingsChanged(Event, tag="settings.changed", frozen=True):
    pass


class TrashChanged(Event, tag="trash.changed", frozen=True):
    pass


class ProposalsChanged(Event, tag="proposals.changed", frozen=True):
    """A draft of a model came, or was accepted or discarded."""


class LibraryChanged(Event, tag="library.changed", frozen=True):
    """So much changed at once that lists ask for themselves again."""


AnyEvent = (
    JobChanged
    | JobProgress
    | QueueChanged
    | AssetChanged
    | AssetRemoved
    | ImageAdded
    | ImageRemoved
    | ProblemsChanged
    | BackendsChanged
    | SettingsChanged
    | TrashChanged
    | ProposalsChanged
    | LibraryChanged
)

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(AnyEvent).decode

# Of several processes that see one change, the first speaks (compare and set).
_ONCE = """
if redis.call('GET', KEYS[2]) == ARGV[1] then return false end
redis.call('SET', KEYS[2], ARGV[1], 'EX', ARGV[4])
return redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[3], '*', 'e', ARGV[2])
"""


async def publish(redis: Redis, *events: AnyEvent) -> None:
    """Append events to the stream, in one round trip."""
    async with redis.pipeline(transaction=False) as pipe:
        for event in events:
            pipe.xadd(STREAM, {"e": _encode(event)}, maxlen=KEPT, approximate=True)
        await pipe.execute()


async def publish_once(redis: Redis, *events: tuple[str, str, AnyEvent]) -> None:
    """Append each (key, version, event) unless the last one published under its key had that version."""
    async with redis.pipeline(transaction=False) as pipe:
        for key, version, event in events:
            pipe.eval(_ONCE, 2, STREAM, SEEN + key, version, _encode(event).decode(), str(KEPT), str(_SEEN_S))
        await pipe.execute()


async def last_id(redis: Redis) -> str:
    """The id of the newest event; `0-0` while there is none."""
    newest = await redis.xrevrange(STREAM, count=1)
    return newest[0][0].decode() if newest else "0-0"


async def holds(redis: Redis, after: str) -> bool:
    """Whether the stream still has everything that came after the id."""
    oldest = await redis.xrange(STREAM, count=1)
    if not oldest:
        return after == "0-0"
    if _order(after) >= _order(oldest[0][0].decode()):
        return True
    about = await redis.xinfo_stream(STREAM)
    return bool(about["length"] == about.get("entries-added"))  # nothing was trimmed yet


async def read(redis: Redis, after: str, block_ms: int = 5000) -> AsyncIterator[list[tuple[str, AnyEvent]]]:
    """Events after an id in batches, for ever; an empty batch after `block_ms` of silence."""
    while True:
        answer = await redis.xread({STREAM: after}, count=500, block=block_ms)
        batch = []
        for entry_id, fields in answer[0][1] if answer else ():
            after = entry_id.decode()
            if event := decode(fields):
                batch.append((after, event))
        yield batch


def decode(fields: dict[bytes, bytes]) -> AnyEvent | None:
    """The event of a stream entry; None for one that another version of the program wrote."""
    try:
        event: AnyEvent = _decode(fields[b"e"])
    except (KeyError, msgspec.MsgspecError):
        return None
    return event


def _order(entry_id: str) -> tuple[int, int]:
    left, _, right = entry_id.partition("-")
    return (int(left), int(right or 0)) if left.isdecimal() and (right or "0").isdecimal() else (0, 0)
