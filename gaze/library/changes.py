"""What has changed in the library, as told to its callback in lists."""

from __future__ import annotations

import msgspec


class AssetChanged(msgspec.Struct, frozen=True):
    """An asset is new or has new content, or its file's problems changed (the version then stays)."""

    category: str
    slug: str
    version: str
    new: bool = False


class AssetRemoved(msgspec.Struct, frozen=True):
    """There is no asset by that slug any more: its file went away or its slug changed."""

    category: str
    slug: str


class StateChanged(msgspec.Struct, frozen=True):
    """What the user prefers about an asset changed: favourite, cover, saved fields, last choices."""

    category: str
    slug: str


class ImageAdded(msgspec.Struct, frozen=True):
    """An image is new, or its bytes or its sidecar changed. `path` is below `static/uploads`.

    `category` and `slug` are those of its folder; both are `""` outside the folder of an asset.
    """

    path: str
    category: str = ""
    slug: str = ""


class ImageRemoved(msgspec.Struct, frozen=True):
    """An image is gone. `path` is below `static/uploads`."""

    path: str
    category: str = ""
    slug: str = ""


class ProblemsChanged(msgspec.Struct, frozen=True):
    """The list of problems is another one."""


class ModelsChanged(msgspec.Struct, frozen=True):
    """Which model files there are, or what their headers say, is another."""


class SettingsChanged(msgspec.Struct, frozen=True):
    """`data/settings.json` has new content."""


class TrashChanged(msgspec.Struct, frozen=True):
    """Something went into the trash, or came out of it."""


class TemplatesChanged(msgspec.Struct, frozen=True):
    """A workflow template is new, changed or gone."""


class WildcardsChanged(msgspec.Struct, frozen=True):
    """A wildcard file is new, changed or gone."""


class Progress(msgspec.Struct, frozen=True):
    """The first read goes on: `done` of `total` files. Told about every 500 files and once at the end."""

    done: int
    total: int


Change = (
    AssetChanged
    | AssetRemoved
    | StateChanged
    | ImageAdded
    | ImageRemoved
    | ProblemsChanged
    | ModelsChanged
    | SettingsChanged
    | TrashChanged
    | TemplatesChanged
    | WildcardsChanged
    | Progress
)
