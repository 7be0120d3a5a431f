"""What the index keeps of one image, read from its sidecar and its own texts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any
from zlib import crc32

import msgspec

from gaze.core import metadata
from gaze.core.metadata import Metadata, comfyui
from gaze.core.metadata.meta import mapped
from gaze.core.recipe import Recipe
from gaze.library.files import MAX_BYTES
from gaze.library.images import UPLOADS, Seen
from gaze.library.imagetexts import Texts, read_texts

MOST_LETTERS = 4000  # of one prompt; no index grows without end
MOST_ASSETS = 60
GAZE = "GAZE"


class Row(msgspec.Struct, gc=False, array_like=True, kw_only=True):
    """One image as filters and pages need it.

    `key` orders rows by time: microseconds, then 12 bits of the path's checksum, so that rows of one moment have an
    order, too. `assets` (`category/slug`), `weights` and `versions` stand side by side. `nsfw` is None where the
    sidecar says nothing. `text` is the folded prompt. `recipe` is the same for images that differ by seed alone.
    """

    path: str
    seen: Seen
    key: int
    owner: str  # `category/slug` of its folder, or the folder's first name
    width: int
    height: int
    mark: str
    favourite: bool
    nsfw: bool | None
    seed: int | None
    checkpoint: str
    assets: tuple[str, ...]
    weights: tuple[float | None, ...]
    versions: tuple[str, ...]
    loras: tuple[str, ...]
    batch: str
    tool: str
    recipe: int
    text: bytes
    # By number, what it shares with many rows: a filter asks each of those once.
    shape: int = 0
    form: int = 0
    words: int = 0

    @property
    def time_s(self) -> float:
        """When it was made, in seconds since 1970."""
        return (self.key >> 12) / 1e6

    def stale(self, key: str, version: str) -> bool:
        """Whether it was made from another version of the asset `key` than this one, as `core.stale` has it."""
        made_from = next((made for asset, made in zip(self.assets, self.versions, strict=False) if asset == key), "")
        return bool(made_from) and made_from != version

    @property
    def category(self) -> str:
        return self.owner.partition("/")[0]

    @property
    def ratio(self) -> float:
        """Width by height, within what a page can show."""
        return min(max(self.width / self.height, 0.2), 5.0) if self.width and self.height else 0.75


def key_of(time_s: float, path: str) -> int:
    """The place of an image in time, unique but for one chance in 4096 within the same microsecond."""
    return int(max(time_s, 0) * 1e6) << 12 | (crc32(path.encode("utf-8", "replace")) & 0xFFF)


class _Side(msgspec.Struct):
    """The keys of a sidecar that the index keeps; what is of another type is read loosely below."""

    is_favourite: Any = None
    is_nsfw: Any = None
    positive: Any = None
    negative: Any = None
    seed: Any = None
    checkpoint: Any = None
    assets: Any = None
    versions: Any = None
    batch: Any = None
    created: Any = None
    recipe: Any = None


_decode = msgspec.json.Decoder(_Side).decode
_NOTHING = _Side()


def read_row(root: Path, path: str, seen: Seen) -> Row:
    """The row of an image as the disk has it. Raises FileNotFoundError if it is gone."""
    file = root / UPLOADS / path
    side = read_side(file.with_name(f"{file.name}.json")) if seen[2] else _NOTHING
    try:
        texts = read_texts(file, metadata.READ)
    except FileNotFoundError:
        raise
    except OSError:
        texts = Texts(mark="damaged")
    if isinstance(side.recipe, dict) and "prompt" in texts.texts:  # all but its LoRAs is said beside it
        return row_of(path, seen, side, texts, Metadata(loras=comfyui.read_loras(texts.texts["prompt"])))
    return row_of(path, seen, side, texts, metadata.read(texts.texts) if texts.texts else None)


def read_side(file: Path) -> _Side:
    """A sidecar's keys; none for a sidecar that cannot be read."""
    try:
        with file.open("rb", buffering=0) as source:
            body = source.read(MAX_BYTES + 1)
        if len(body) > MAX_BYTES:
            return _NOTHING
        try:
            return _decode(body)
        except msgspec.DecodeError:  # a bare NaN, a lone surrogate, a BOM: as other tools write
            value = json.loads(body.decode("utf-8-sig"))
            return msgspec.convert(value, _Side) if isinstance(value, dict) else _NOTHING
    except (OSError, ValueError, RecursionError, msgspec.MsgspecError):
        return _NOTHING


def row_of(path: str, seen: Seen, side: _Side, texts: Texts, said: Metadata | None) -> Row:
    """A row put together; the sidecar's word counts before the image's own."""
    folder = path.rpartition("/")[0]
    owner = "/".join(folder.split("/")[:2])
    assets = assets_of(side.assets)
    if not assets and "/" in owner and owner.partition("/")[0] != "generator":
        assets = (owner,)
    recipe = mapped(side.recipe)
    weights = mapped(recipe.get("weights"))
    versions = mapped(side.versions)
    positive = side.positive if isinstance(side.positive, str) else said.positive if said else ""
    seed = side.seed if isinstance(side.seed, int) and not isinstance(side.seed, bool) else said.seed if said else None
    time_s = _time(side.created) if isinstance(side.created, str) else None
    checkpoint = side.checkpoint if isinstance(side.checkpoint, str) else said.checkpoint if said else ""
    return Row(
        path=path,
        seen=seen,
        key=key_of(seen[0] / 1e9 if time_s is None else time_s, path),
        owner=owner,
        width=texts.width,
        height=texts.height,
        mark=texts.mark or ("" if texts.content_type else "not an image"),
        favourite=side.is_favourite is True,
        nsfw=side.is_nsfw if isinstance(side.is_nsfw, bool) else None,
        seed=seed if seed is not None and 0 <= seed < 2**64 else None,
        checkpoint=checkpoint[:500],
        assets=assets,
        weights=tuple(_weight(weights.get(asset)) for asset in assets),
        versions=tuple(str(versions.get(asset) or "")[:64] for asset in assets),
        loras=tuple(dict.fromkeys(lora.name for lora in said.loras)) if said else (),
        batch=side.batch[:80] if isinstance(side.batch, str) else "",
        tool=GAZE if recipe or assets_of(side.assets) else said.tool if said else "",
        recipe=recipe_key(recipe, said),
        text=positive[:MOST_LETTERS].casefold().encode("utf-8", "replace"),
    )


def assets_of(value: Any) -> tuple[str, ...]:
    """`category/slug` of the assets a sidecar lists by category."""
    if not isinstance(value, dict):
        return ()
    found: dict[str, None] = {}
    for category, slugs in value.items():
        for slug in slugs if isinstance(slugs, list) else [slugs]:
            if isinstance(slug, str) and slug and len(found) < MOST_ASSETS:
                found.setdefault(f"{category}/{slug}"[:300])
    return tuple(found)


# What a recipe leaves out of its default is as good as said.
_USUAL: Mapping[str, Any] = msgspec.to_builtins(Recipe())
_VARIES = ("seed", "count")


def recipe_key(recipe: Mapping[str, Any], said: Metadata | None) -> int:
    """A number that images of one recipe share, whatever their seed; 0 where no recipe is known."""
    if recipe:
        held = {k: v for k, v in recipe.items() if k not in _VARIES and v != _USUAL.get(k)}
        return _hash(json.dumps(held, sort_keys=True, default=str))
    if said is not None and not said.empty:
        return _hash(repr(msgspec.structs.replace(said, seed=None, more=(), notes=())))
    return 0


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=7).digest(), "big")


def _weight(value: Any) -> float | None:
    return round(float(value), 4) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _time(created: str) -> float | None:
    try:
        then = datetime.fromisoformat(created[:40])
        return (then if then.tzinfo else then.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError, OSError):
        return None
