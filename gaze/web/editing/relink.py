"""Give assets whose model file is missing another file: one field each, every other byte of their JSON stays."""

from __future__ import annotations

import msgspec

from gaze.core.asset import Asset
from gaze.core.errors import Conflict, Refusal
from gaze.library.modelfaults import Named
from gaze.library.models import Models, kind_of, model_of, spelled
from gaze.library.references import rename_everywhere
from gaze.library.service import Library


class Offer(msgspec.Struct, frozen=True):
    """What can be done about an asset's missing file: files that may be meant, and how many assets name it."""

    category: str
    slug: str
    old: str
    near: list[str]
    users: int


class Relinked(msgspec.Struct, frozen=True):
    """Which files now name another model file, and in words which could not be written."""

    to: str
    changed: list[str]
    failed: list[str]


def offer(models: Models, asset: Asset) -> Offer | None:
    """What to offer for an asset; None if its file is not missing."""
    name = model_of(asset)
    if not name or not models.is_missing(asset.category.name, name):
        return None
    users = models.users(kind_of(asset.category), name)
    return Offer(asset.category.name, asset.slug, name, models.near(asset.category.name, name), users)


def relink(library: Library, models: Models, asset: Asset, old: str, to: str, everywhere: bool) -> Relinked:
    """Write `to` into the asset, or into every asset that names `old`.

    Raises Refusal if `to` is not there, Conflict if the asset names another file than `old` by now.
    """
    kind, to, old = kind_of(asset.category), spelled(to), spelled(old) or model_of(asset)
    found = models.file(kind, to)
    if found is None or found.fault:
        why = f"cannot be used: {found.fault}" if found else "is not there"
        raise Refusal(f"The file «{to}» {why}; choose one that is.", field="to")
    if model_of(asset) != old:
        raise Conflict(f"{asset.name} names «{model_of(asset)}» by now; nothing was changed.", field="to")
    changed: list[str] = []
    failed: list[str] = []
    for named in [n for n in library.named_models() if (n.kind, n.model) == (kind, old)]:
        if not everywhere and (named.category, named.slug) != (asset.category.name, asset.slug):
            continue
        try:
            changed += _write(library, named, to)
        except Refusal as refusal:
            failed.append(f"{named.name}: {refusal.message}")
    if failed and not changed:
        raise Refusal(" ".join(failed))
    return Relinked(to, changed, failed)


def _write(library: Library, named: Named, to: str) -> list[str]:
    """The file named anew; where the file is the id, everything that names the asset follows."""
    asset = library.get(named.category, named.slug)
    if asset.category.chosen_by_id:
        told = rename_everywhere(library, asset, asset.name, to)
        return [told.asset.path, *told.changed]
    section, _, key = named.field.partition(".")
    return [library.writing.save_fields(named.category, named.slug, {(section, key): to}).path]
