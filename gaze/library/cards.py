"""The cards of assets: filtered, ordered and by the page, as libraries show them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from gaze.core.asset import Asset
from gaze.library.assets import Assets
from gaze.library.catalog import Entry
from gaze.library.imageindex import ImageIndex
from gaze.library.images import Images
from gaze.library.query import Card, Page, Query, View, group_of, select
from gaze.library.state import States


class Cards:
    """Makes cards of what is in memory. `missing` gives, by category, which model files are missing; None: none."""

    def __init__(
        self,
        assets: Assets,
        states: States,
        images: Images,
        index: ImageIndex,
        lock: threading.RLock,
        missing: Callable[[str], Callable[[str], bool] | None],
    ) -> None:
        self._assets = assets
        self._states = states
        self._images = images
        self._index = index
        self._lock = lock
        self._missing = missing

    def query(self, category: str, query: Query) -> Page:
        """The cards a library page shows. Raises NotFound for an unknown category."""
        catalog = self._assets.catalog(category)
        with self._lock:
            view = self._view(category)
            entries, counts = select(catalog, query, view)
            begin = max(0, query.offset)
            end = begin + max(1, query.limit)
            cards = [self._card(entry.asset, entry, view, query.group_by) for entry in entries[begin:end]]
            before = (
                group_of(entries[begin - 1], query.group_by) if query.group_by and 0 < begin <= len(entries) else None
            )
        rest = end if end < len(entries) else None
        return Page(cards=cards, total=len(entries), counts=counts, next=rest, before=before)

    def slugs(self, category: str, query: Query) -> list[str]:
        """Slugs of all assets that pass the filters, in order. Raises NotFound for an unknown category."""
        catalog = self._assets.catalog(category)
        with self._lock:
            entries, _ = select(catalog, query, self._view(category))
            return [entry.slug for entry in entries]

    def stale(self, category: str) -> list[str]:
        """Slugs of assets whose cover is older than they are, in order of name. Raises NotFound."""
        catalog = self._assets.catalog(category)
        with self._lock:
            view = self._view(category)
            covered = [(entry, view.cover(entry.slug)) for entry in catalog.entries() if entry.slug in view.states]
            rows = [(entry, self._index.get(cover)) for entry, cover in covered if cover]
            return [entry.slug for entry, row in rows if row and row.stale(entry.asset.key, entry.asset.version)]

    def of(self, asset: Asset) -> Card:
        """What a library card of the asset needs."""
        with self._lock:
            entry = self._assets.catalog(asset.category.name).by_slug.get(asset.slug)
            return self._card(asset, entry, self._view(asset.category.name))

    def of_entries(self, entries: Sequence[Entry]) -> list[Card]:
        views = {name: self._view(name) for name in {entry.category.name for entry in entries}}
        return [self._card(entry.asset, entry, views[entry.category.name]) for entry in entries]

    def _card(self, asset: Asset, entry: Entry | None, view: View, group_by: str = "") -> Card:
        folder = f"{asset.category.name}/{asset.slug}"
        cover = view.cover(asset.slug)
        row = self._index.get(cover) if cover else None
        return Card(
            asset=asset,
            cover=cover,
            fallback="" if cover else self._images.fallback(asset.category.name, asset.slug),
            favourite=view.favourite(asset.slug),
            nsfw=asset.nsfw,
            problem=asset.path in view.troubled,
            missing_lora=bool(entry and view.missing_lora(entry)),
            image_count=self._images.count(folder),
            rating=view.rating(asset.slug),
            group=group_of(entry, group_by) if entry and group_by else "",
            stale=bool(row and row.stale(asset.key, asset.version)),
        )

    def _view(self, category: str) -> View:
        assets = self._assets
        folder = f"data/{assets.categories[category].data_folder}/"
        troubled = {path for path in assets.bad if path.startswith(folder)}
        for path in assets.clashed[category]:
            if path in assets.own[category]:
                troubled |= assets.owners[category][assets.own[category][path].lower()]
        states = self._states.of(category)
        return View(states, frozenset(troubled), self._images.has, self._missing(category))
