"""What is wrong with model files, in words: missing, broken, in two places, named twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from gaze.core.errors import Problem
from gaze.library.modelcache import ModelCache
from gaze.library.modelnear import Near
from gaze.library.modelscan import Listing

MOST_MISSING = 200  # a wrong folder must not fill the page; the rest is one sentence
WORDS = {"lora": "LoRA", "checkpoint": "checkpoint"}
_SETTING = {"lora": "lora_root", "checkpoint": "checkpoint_root"}


class Named(msgspec.Struct, frozen=True):
    """An asset that names a model file. `field` is where in its file."""

    kind: str
    model: str
    category: str
    slug: str
    name: str
    path: str
    field: str


def faults(
    named: Iterable[Named],
    there: Mapping[str, frozenset[str]],
    listings: Mapping[str, Listing],
    near: Mapping[str, Near],
    cache: ModelCache,
) -> dict[str, list[Problem]]:
    """Problems by the path of the asset they are about; "" for folders and files that no asset names."""
    found: dict[str, list[Problem]] = {}
    users: dict[tuple[str, str], list[Named]] = {}
    for item in named:
        users.setdefault((item.kind, item.model), []).append(item)
    missing = 0
    for (kind, model), assets in sorted(users.items()):
        gone = kind in there and model not in there[kind]
        fault = "" if gone else _fault(kind, model, listings, cache)
        for asset in assets:
            missing += gone
            if gone and missing <= MOST_MISSING:
                found.setdefault(asset.path, []).append(_missing(asset, listings, near, cache))
            elif fault:
                message = f"the {WORDS[kind]} file «{model}» cannot be used: {fault}"
                found.setdefault(asset.path, []).append(_of(asset, message))
            if len(assets) > 1 and not gone:
                others = ", ".join(f"«{other.name}»" for other in assets if other is not asset)
                message = f"its {WORDS[kind]} file «{model}» is also that of {others}"
                found.setdefault(asset.path, []).append(_of(asset, message, "duplicate"))
    if missing > MOST_MISSING:
        message = f"{missing - MOST_MISSING} more assets name files that are missing; is the folder the right one?"
        found.setdefault("", []).append(_standing("lora_root", message, "lora"))
    for problem in (*_folders(listings), *_unnamed(users, listings, cache), *_doublets(listings, cache)):
        found.setdefault("", []).append(problem)
    return found


def _missing(asset: Named, listings: Mapping[str, Listing], near: Mapping[str, Near], cache: ModelCache) -> Problem:
    listing = listings.get(asset.kind, Listing())
    where = "in the configured folder" if listing.root else "on any server that answers"
    record = cache.records.get(f"{asset.kind}/{asset.model}")
    close = near[asset.kind].find(asset.model, record.hash if record else "") if asset.kind in near else []
    ask = f"; near it: {', '.join(f'«{name}»' for name in close)}" if close else ""
    return _of(asset, f"the {WORDS[asset.kind]} file «{asset.model}» is not {where}{ask}")


def _of(asset: Named, message: str, code: str = "lora") -> Problem:
    return Problem(path=asset.path, code=code, field=asset.field, message=message, fatal=False)


def _standing(path: str, message: str, code: str) -> Problem:
    return Problem(path=path, code=code, message=message, fatal=False)


def _fault(kind: str, model: str, listings: Mapping[str, Listing], cache: ModelCache) -> str:
    stat = listings.get(kind, Listing()).files.get(model)
    record = cache.get(f"{kind}/{model}", *stat) if stat else None
    return record.fault if record else ""


def _folders(listings: Mapping[str, Listing]) -> Iterable[Problem]:
    for kind, listing in listings.items():
        if listing.away:
            message = f"the folder of {WORDS[kind]} files is away ({listing.away}); what was known of it stays in use"
            yield _standing(listing.root, f"{message}. See {_SETTING[kind]} in the settings", "folder")


def _unnamed(
    users: Mapping[tuple[str, str], list[Named]], listings: Mapping[str, Listing], cache: ModelCache
) -> Iterable[Problem]:
    """Broken files that no asset names: they are not offered, which somebody may wonder about."""
    for kind, listing in listings.items():
        for path in listing.files:
            if (kind, path) not in users and (fault := _fault(kind, path, listings, cache)):
                message = f"this {WORDS[kind]} file cannot be used: {fault}; it is not offered"
                yield _standing(f"{listing.root.rstrip('/')}/{path}", message, "lora")


def _doublets(listings: Mapping[str, Listing], cache: ModelCache) -> Iterable[Problem]:
    """Files of one kind with the same content."""
    for kind, listing in listings.items():
        by_hash: dict[str, list[str]] = {}
        for path, stat in listing.files.items():
            if (record := cache.get(f"{kind}/{path}", *stat)) and record.hash:
                by_hash.setdefault(record.hash, []).append(path)
        for paths in by_hash.values():
            if len(paths) > 1:
                first, *rest = sorted(paths)
                message = f"the same content as {', '.join(f'«{path}»' for path in rest)}"
                yield _standing(f"{listing.root.rstrip('/')}/{first}", message, "duplicate")
