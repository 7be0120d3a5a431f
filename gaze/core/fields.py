"""Which fields of an asset count (specification prompts, "Which fields count")."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from gaze.core.asset import Asset

ALL = "*"


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """The addresses selected, None for all of them, and the asset they are those of."""

    subject: Asset | None
    addresses: frozenset[str] | None
    listed: tuple[str, ...]  # as a resolved recipe has them

    def counts(self, asset: Asset, address: str) -> bool:
        """Whether the text at `address` of `asset` counts; never for tags, always for what nobody selects."""
        category = asset.category
        if address.startswith("tags::"):
            return False
        if self.addresses is None or address not in category.selectable:
            return True
        if self.subject is not None and asset.key == self.subject.key:
            return address in self.addresses
        # Another asset counts as a whole, but one that keeps its core obeys the selection in the rest.
        kept = not category.keeps or any(matches(address, pattern) for pattern in category.keeps)
        return kept or address in self.addresses


def select(fields: Sequence[str] | None, saved: Sequence[str] | None, subject: Asset | None) -> Selection:
    """The selection a recipe makes: its own `fields`, else those saved for the subject, else all."""
    listed = fields if fields is not None else saved if saved is not None else (ALL,)
    if ALL in listed:
        return Selection(subject=subject, addresses=None, listed=(ALL,))
    return Selection(subject=subject, addresses=frozenset(listed), listed=tuple(listed))


def subject_of(named: str, assets: Sequence[Asset]) -> Asset | None:
    """The asset of a recipe that its `subject` names; else the first whose category obeys selections elsewhere."""
    for asset in assets:
        if asset.key == named:
            return asset
    return next((asset for asset in assets if asset.category.keeps), None)


def matches(address: str, pattern: str) -> bool:
    """Whether `address` is `pattern`, or of the section that a pattern such as `identity::*` names."""
    return address == pattern or (pattern.endswith("::*") and address.startswith(pattern[:-1]))
