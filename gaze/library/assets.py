"""The assets in memory as a store of files, and where one is found by its slug or its path."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from gaze.core.asset import Asset
from gaze.core.errors import NoSuchAsset, NotFound, Problem
from gaze.library.catalog import Catalog
from gaze.library.index import Index
from gaze.library.load import Loaded, load
from gaze.library.modelfaults import Named
from gaze.library.models import kind_of


class Assets(Index):
    """The index as a store of files. Finding in it waits for nobody."""

    def load(self, path: str, content: bytes | Problem) -> Loaded:
        category = self.category_of(path)
        assert category
        if isinstance(content, Problem):
            return Loaded(f"!{content.message}", None, None, [content])
        return load(category, path, content)

    def catalog(self, category: str) -> Catalog:
        """What is known of a category. Raises NotFound."""
        catalog = self.catalogs.get(category)
        if catalog is None:
            raise NotFound(f"There is no category «{category}».")
        return catalog

    def path_of(self, category: str, slug: str) -> str:
        """The file of a slug, usable or not. Raises NoSuchAsset."""
        entry = self.catalog(category).by_slug.get(slug)
        path = entry.path if entry else self.broken[category].get(slug)
        if path is None:
            raise NoSuchAsset(category, slug, self._near(category, slug))
        return path

    def _near(self, category: str, slug: str) -> list[str]:
        """Slugs worth comparing with a wrong one; all of 10,000 would take too long."""
        slugs = self.catalogs[category].by_slug
        return [other for other in list(slugs) if other[:2].lower() == slug[:2].lower()][:300]

    def get(self, category: str, slug: str) -> Asset:
        """The asset of that slug. Raises NoSuchAsset (404)."""
        entry = self.catalog(category).by_slug.get(slug)
        if entry is None:
            raise NoSuchAsset(category, slug, self._near(category, slug))
        return entry.asset

    def find(self, category: str, slug: str) -> Asset | None:
        """The asset of that slug, or None."""
        catalog = self.catalogs.get(category)
        entry = catalog.by_slug.get(slug) if catalog else None
        return entry.asset if entry else None

    def at(self, path: str) -> Asset | None:
        """The asset whose file is at a path below the root, or None."""
        for catalog in self.catalogs.values():
            if entry := catalog.by_path.get(path):
                return entry.asset
        return None

    def broken_at(self, path: str) -> tuple[str, str] | None:
        """Category and slug of a file that was never good, by its path; None for any other."""
        for category, paths in self.broken.items():
            for slug, broken in list(paths.items()):
                if broken == path:
                    return category, slug
        return None

    def each(self, known: Mapping[str, str], holding: Sequence[str] = ()) -> Iterator[tuple[str, str, Asset | None]]:
        """Path, version and asset of every file; None for an asset where `known` has this version of the path.

        With `holding` only files that hold one of these texts somewhere. Assets are made for the caller and not
        kept: going through 10,000 must not keep 10,000 in memory.
        """
        texts = [json.dumps(text, ensure_ascii=False)[1:-1].encode("utf-8", "replace") for text in holding]
        for catalog in list(self.catalogs.values()):
            for path, entry in list(catalog.by_path.items()):
                version = str(entry.row["version"])
                if texts and not any(text in entry.row["raw"] for text in texts):
                    continue
                yield path, version, None if known.get(path) == version else entry.fresh()

    def named_models(self) -> Iterator[Named]:
        """Every asset that names a LoRA or checkpoint file, with that file; no asset is made for it."""
        for catalog in list(self.catalogs.values()):
            category = catalog.category
            field = category.id_field if category.chosen_by_id else "lora.lora_name"
            for path, entry in list(catalog.by_path.items()):
                if entry.model:
                    name = str(entry.row["name"])
                    yield Named(kind_of(category), entry.model, category.name, entry.slug, name, path, field)
