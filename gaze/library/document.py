"""An asset's file as a JSON document for programs: read, replaced or merged by version, every other byte kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from gaze.core.asset import ADDRESSES, Asset, slug_of
from gaze.core.errors import Conflict, NoSuchAsset, Refusal
from gaze.library.editor import ChangedOnDisk
from gaze.library.jsonedit import put

if TYPE_CHECKING:
    from gaze.library.service import Library

NONE = ""  # the version of what is not there


class Stale(Refusal):
    """412: the version named is not the one on the disk."""

    status = 412
    code = "stale"


class NoVersion(Refusal):
    """428: a change must name the version it was made from."""

    status = 428
    code = "no-version"


class Document(msgspec.Struct, frozen=True):
    """The JSON of a file with its version; `created` says that a write made the file."""

    value: dict[str, Any]
    version: str
    created: bool = False


def read(library: Library, category: str, slug: str) -> Document:
    """The file as it is on the disk; while it is broken, its last good version. Raises NoSuchAsset."""
    asset = library.get(category, slug)
    text, version = library.raw(asset)
    value = _object(text)
    return Document(value if value is not None else msgspec.to_builtins(asset.data), version)


def replace(library: Library, category: str, slug: str, value: dict[str, Any], match: str | None) -> Document:
    """Make `value` the document, or create it under a free slug.

    `match` is what If-Match said: None is NoVersion (428) for a file that is there. Raises Stale (412), Refusal (400)
    if the id gives another slug, Unusable (422).
    """
    asset = library.find(category, slug)
    if asset is None:
        return _create(library, category, slug, value, match)
    text, version = _checked(library, asset, match)
    return _write(library, asset, text, version, value)


def merge(library: Library, category: str, slug: str, patch: Any, match: str | None) -> Document:
    """Apply a JSON Merge Patch (RFC 7396). Raises as `replace`, and NoSuchAsset."""
    asset = library.get(category, slug)
    text, version = _checked(library, asset, match)
    value = _object(text)
    if value is None:
        raise Refusal(f"«{asset.path}» is broken now, so nothing can be merged into it; PUT the whole.", status=409)
    return _write(library, asset, text, version, merged(value, patch))


def remove(library: Library, category: str, slug: str, match: str | None) -> str:
    """Move the asset into the trash; returns the trash id. Raises as `replace`, and NoSuchAsset."""
    _checked(library, library.get(category, slug), match)
    return library.trash.delete(category, slug)


def merged(value: Any, patch: Any) -> Any:
    """A value after a JSON Merge Patch: null takes a key out, objects are merged, anything else replaces."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(value) if isinstance(value, Mapping) else {}
    for key, inner in patch.items():
        if inner is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), inner)
    return result


def _checked(library: Library, asset: Asset, match: str | None) -> tuple[str, str]:
    """Text and version of the file, if `match` names it. Raises NoVersion, Stale."""
    if match is None:
        raise NoVersion("Name the version you change in If-Match (the ETag of a GET), or * for whatever is there.")
    text, version = library.raw(asset)
    if match.strip() != "*" and version not in tags_of(match):
        raise Stale(f"«{asset.path}» has changed since you read it; GET it again, then change that.")
    return text, version


def tags_of(header: str) -> list[str]:
    """The entity tags in an If-Match header, without their quotes. Weak ones never match (RFC 9110)."""
    found = [tag.strip() for tag in header.split(",")]
    return [tag[1:-1] for tag in found if len(tag) > 1 and tag[0] == tag[-1] == '"']


def _write(library: Library, asset: Asset, text: str, version: str, value: Any) -> Document:
    if not isinstance(value, dict):
        raise Refusal("An asset is a JSON object {...}.")
    stem = asset.path.rpartition("/")[2].removesuffix(".json")
    _check_slug(asset.category.name, asset.own_slug, slug_of(asset.category, _id(asset.category.id_field, value), stem))
    new = put(text, (), value) if _object(text) is not None else json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    try:
        saved = library.writing.save_text(asset.category.name, asset.slug, new, version)
    except ChangedOnDisk as error:
        raise Stale(f"«{asset.path}» has changed since you read it; GET it again, then change that.") from error
    return read(library, saved.category.name, saved.slug)


def _create(library: Library, category: str, slug: str, value: dict[str, Any], match: str | None) -> Document:
    if match is not None:
        raise Stale(f"There is no «{slug}» among {category}, so no version either; leave If-Match out to create it.")
    if category not in library.categories:
        raise NoSuchAsset(category, slug)
    declared = library.categories[category]
    asset_id = _id(declared.id_field, value) or slug
    _check_slug(category, slug, slug_of(declared, asset_id))
    if slug.lower() in ADDRESSES:
        raise Refusal(f"«{slug}» is the address of a page; choose another id.", field=declared.id_field)
    if library.broken(category, slug) is not None:
        raise Refusal(f"The file of «{slug}» is broken; mend it, or delete it first.", status=409, code="broken")
    if library.taken(category, slug):
        message = f"There is a slug that differs from «{slug}» in case only; choose another id."
        raise Conflict(message, field=declared.id_field)
    said = value.get(declared.name_field)
    name = said if isinstance(said, str) and said.strip() else asset_id
    made = library.writing.create(category, name, {**value, declared.id_field: asset_id})
    return msgspec.structs.replace(read(library, category, made.slug), created=True)


def _id(field: str, value: Mapping[str, Any]) -> str:
    found = value.get(field)
    return found.strip() if isinstance(found, str) else ""


def _check_slug(category: str, slug: str, given: str) -> None:
    if given != slug:
        raise Refusal(f"The id in the document gives «{given}», not «{slug}», among {category}.", code="slug")


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
