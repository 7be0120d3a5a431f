"""What a ComfyUI release can do (specification comfyui §8)."""

from __future__ import annotations

import re

import msgspec

Number = tuple[int, int, int]


class Abilities(msgspec.Struct, frozen=True):
    """The differences between releases that a client can notice."""

    own_ids: bool
    metadata_previews: bool
    interrupt_by_id: bool
    create_time: bool
    preview_method: bool
    jobs: bool
    missing_node_type: bool
    fetch_site_check: bool
    cached_output_gap: bool
    cycle_errors: bool
    uuid_enforced: bool
    job_cancel: bool


def abilities(version: str) -> Abilities:
    """What the release of that number can do; text that is no number counts as 0.0.0."""
    at = _number(version)
    return Abilities(
        own_ids=at >= (0, 3, 45),
        metadata_previews=at >= (0, 3, 45),
        interrupt_by_id=at >= (0, 3, 57),
        create_time=at >= (0, 3, 69),
        preview_method=at >= (0, 5, 0),
        jobs=at >= (0, 6, 0),
        missing_node_type=at >= (0, 12, 0),
        fetch_site_check=at >= (0, 19, 0),
        cached_output_gap=(0, 19, 0) <= at < (0, 38, 0),
        cycle_errors=at >= (0, 20, 0),
        uuid_enforced=at >= (0, 25, 0),
        job_cancel=at >= (0, 26, 0),
    )


def _number(version: str) -> Number:
    parts = [int(part) for part in re.findall(r"\d+", version)[:3]]
    first, second, third = [*parts, 0, 0, 0][:3]
    return first, second, third
