"""What a model is asked to write, as a job carries it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Act = Literal["create", "file", "fill", "rewrite", "tags"]


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of writing. `path` is the file of the asset it changes, "" for a new one.

    `create` from `wish`; `file` from `facts` about a model file, beginning with `draft`; `fill` the empty fields of
    `sections`; `rewrite` the field at `field` (a JSON pointer); `tags` anew. With `accept` the answer is written as it
    comes, if the file is still the one that was read.
    """

    act: Act
    category: str
    path: str = ""
    slug: str = ""
    name: str = ""
    group: str = ""
    wish: str = ""
    sections: list[str] = []
    field: str = ""
    text: str = ""  # what the field holds on the page, which may not be saved yet
    facts: dict[str, Any] = {}
    draft: dict[str, Any] = {}
    notes: str = ""  # for the user's own state of a new asset
    source: str = ""
    picture: str = ""  # a file in data/.gaze/pictures
    accept: bool = False
    batch: str = ""
