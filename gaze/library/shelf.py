"""The library as a plan sees it, at one moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gaze.core.asset import Asset
from gaze.core.category import Category
from gaze.library.catalog import Catalog
from gaze.library.files import nfc

if TYPE_CHECKING:
    from gaze.core.template import Template


class LibraryShelf:
    """A Shelf over catalogs and dicts that nobody changes any more."""

    def __init__(
        self,
        categories: Mapping[str, Category],
        catalogs: Mapping[str, Catalog],
        states: Mapping[str, Mapping[str, Mapping[str, Any]]],
        wildcards: Mapping[str, Sequence[str]],
        templates: Mapping[str, Template],
        settings: Mapping[str, Any],
    ) -> None:
        self._categories = categories
        self._catalogs = catalogs
        self._states = states
        self._wildcards = wildcards
        self._templates = templates
        self._settings = settings

    @property
    def categories(self) -> Mapping[str, Category]:
        """Every category by name, in the order of the navigation."""
        return self._categories

    @property
    def default_checkpoint(self) -> str:
        """The `checkpoint_path` of the settings; `""` leaves it to the template."""
        value = self._settings.get("default_checkpoint")
        return value.strip() if isinstance(value, str) else ""

    def find(self, category: str, choice: str) -> Asset | None:
        """The asset chosen by slug, or by path where the category is chosen so."""
        catalog = self._catalogs.get(category)
        if catalog is None:
            return None
        found = catalog.by_id if catalog.category.chosen_by_id else catalog.by_slug
        entry = found.get(choice)
        return entry.asset if entry else None

    def choices(self, category: str) -> Sequence[str]:
        """Everything a recipe can choose, in code-point order."""
        catalog = self._catalogs.get(category)
        return catalog.choices if catalog else ()

    def owned(self, owner: Asset, category: str) -> Sequence[str]:
        """Choices of `category` that belong to `owner`, in code-point order."""
        catalog = self._catalogs.get(category)
        if catalog is None or catalog.category.owner != owner.category.name:
            return ()
        return catalog.owned.get(owner.id, ())

    def saved_fields(self, asset: Asset) -> Sequence[str] | None:
        """The asset's saved field selection; None if none is saved or it is no list."""
        saved = self._states.get(asset.category.name, {}).get(asset.slug, {}).get("default_fields")
        return [str(field) for field in saved] if isinstance(saved, list) else None

    def wildcard(self, name: str) -> Sequence[str] | None:
        """The options of a wildcard file, its name's case aside."""
        return self._wildcards.get(nfc(name).casefold())

    def template(self, name: str) -> Template | None:
        """A workflow template, or None."""
        return self._templates.get(name)

    def templates(self) -> Sequence[str]:
        """Names of all templates."""
        return sorted(self._templates)
