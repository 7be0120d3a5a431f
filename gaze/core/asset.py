"""An asset, its slug, and the order of lists (specification data, "Ids, slugs, names")."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

import msgspec

from gaze.core.category import Category, Lora
from gaze.core.shape import Misfit, shape

# A slug that is an address of pages.md counts as given already.
ADDRESSES = frozenset({"create", "rescan", "bulk", "bulk_create", "generate_missing"})

_DIGITS = re.compile(r"(\d+)")


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a category as its file has it.

    `path` is relative to the root, with forward slashes; `version` is the content hash of the file; `data` is an
    instance of the category's struct. `own_slug` is the slug before a clash was settled.
    """

    category: Category
    slug: str
    id: str
    name: str
    path: str
    version: str
    data: Any
    own_slug: str = ""

    @property
    def key(self) -> str:
        """`category/slug`, as recipes and versions name it."""
        return f"{self.category.name}/{self.slug}"

    @property
    def choice(self) -> str:
        """What a recipe says to choose it: its slug, or the path of a checkpoint."""
        return self.id if self.category.chosen_by_id else self.slug

    @property
    def group(self) -> str:
        """The sub-folder of the category's folder it lies in; `""` at the top."""
        return "/".join(self.path.split("/")[2:-1])

    @property
    def lora(self) -> Lora | None:
        """The asset's LoRA, if it names one."""
        lora = getattr(self.data, "lora", None)
        return lora if lora is not None and lora.lora_name.strip() else None

    @property
    def nsfw(self) -> bool:
        return bool(self.data.tags.nsfw)

    @property
    def outfits(self) -> Mapping[str, Any]:
        """The named outfits of a character, in the order of the file."""
        return self.data.wardrobe if self.category.has_outfits else {}


def read_asset(category: Category, path: str, raw: Any, version: str) -> tuple[Asset, list[Misfit]]:
    """The asset that `raw` JSON at `path` describes, and the values that did not fit.

    Its slug is its own; `settle` gives the final ones of a whole category.
    """
    data, misfits = shape(raw, category.struct)
    stem = path.rpartition("/")[2].removesuffix(".json")
    asset_id = getattr(data, category.id_field).strip() or stem
    slug = slug_of(category, asset_id, stem)
    name = getattr(data, category.name_field).strip() or asset_id
    made = Asset(
        category=category, slug=slug, id=asset_id, name=name, path=path, version=version, data=data, own_slug=slug
    )
    return made, misfits


def slug_of(category: Category, asset_id: str, stem: str = "") -> str:
    """The slug of an id: letters, digits and `_`; from the file's stem, else from a hash, if nothing is left."""
    keep = category.replace_slug_with
    for text in (asset_id, stem):
        slug = re.sub(r"[^a-zA-Z0-9_]", keep, text)
        if slug.strip("_" if keep else ""):
            return slug
    return f"{category.name}_{sha256(asset_id.encode()).hexdigest()[:8]}"


def settle(own: Mapping[str, str]) -> dict[str, str]:
    """Final slugs by path, from the files' own slugs by path: clashes, case aside, get `_2`, `_3`, ...

    The first by path keeps its slug (specification data, "Ids, slugs, names").
    """
    final: dict[str, str] = {}
    owns = {slug.lower() for slug in own.values()}
    given = set(ADDRESSES)
    later: list[str] = []
    for path in sorted(own):
        folded = own[path].lower()
        if folded in given:
            later.append(path)
        else:
            final[path] = own[path]
            given.add(folded)
    for path in later:
        number = 2
        while (candidate := f"{own[path]}_{number}").lower() in given | owns:
            number += 1
        final[path] = candidate
        given.add(candidate.lower())
    return final


def natural_key(text: str) -> tuple[tuple[int, int | str], ...]:
    """A key that sorts `Pose 2` before `Pose 10`, case aside."""
    parts: Iterable[str] = _DIGITS.split(text.casefold())
    return tuple((0, int(part)) if part.isdecimal() and len(part) < 19 else (1, part) for part in parts if part)
