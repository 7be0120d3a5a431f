"""A graph held against what a backend says it has (specification workflow, "Against the backend")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from gaze.core.errors import Fault
from gaze.core.template import Template
from gaze.core.wildcards import Note


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """The graph as this backend will take it, what was changed in it, and what it will not take."""

    graph: dict[str, Any]
    notes: tuple[Note, ...] = ()
    faults: tuple[Fault, ...] = ()


def check(
    graph: Mapping[str, Any],
    object_info: Mapping[str, Any],
    template: Template | None = None,
    *,
    any_model: bool = False,
) -> Checked:
    raise NotImplementedError
