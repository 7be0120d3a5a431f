"""What a plan sees of the library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from gaze.core.asset import Asset
from gaze.core.category import Category

if TYPE_CHECKING:
    from gaze.core.template import Template


class Shelf(Protocol):
    """Assets, saved fields, wildcards, settings and templates, as they are at one moment.

    `choice` is what a recipe says: a slug, or a path for checkpoints.
    """

    @property
    def categories(self) -> Mapping[str, Category]:
        """Every category by name, in the order of the navigation."""

    @property
    def default_checkpoint(self) -> str:
        """The `checkpoint_path` of the settings; `""` leaves it to the template."""

    def find(self, category: str, choice: str) -> Asset | None:
        """The asset chosen, or None."""

    def choices(self, category: str) -> Sequence[str]:
        """Everything a recipe can choose, in code-point order."""

    def owned(self, owner: Asset, category: str) -> Sequence[str]:
        """Choices of `category` that belong to `owner` (a character's looks), in code-point order."""

    def saved_fields(self, asset: Asset) -> Sequence[str] | None:
        """The asset's saved field selection; None if none is saved."""

    def wildcard(self, name: str) -> Sequence[str] | None:
        """The options of a wildcard file, its name's case aside; None if there is no such file."""

    def template(self, name: str) -> Template | None:
        """A workflow template, or None."""

    def templates(self) -> Sequence[str]:
        """Names of all templates."""
