"""Search over assets and images as they are in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gaze.core.asset import Asset
from gaze.library.catalog import Catalog, Entry
from gaze.library.imageindex import ImageIndex
from gaze.library.imagequery import ImageQuery
from gaze.library.imagerow import Row
from gaze.library.query import Card
from gaze.library.search import Found, Hit, marked, notes_of, pattern_of, rank_assets, reasons, words_of
from gaze.library.state import States


class Finder:
    """Answers searches within milliseconds; touches no disk. `cards` makes the cards of entries."""

    def __init__(
        self,
        catalogs: Mapping[str, Catalog],
        states: States,
        images: ImageIndex,
        lock: threading.RLock,
        cards: Callable[[Sequence[Entry]], list[Card]],
    ) -> None:
        self._catalogs = catalogs
        self._states = states
        self._images = images
        self._lock = lock
        self._cards = cards

    def search(self, q: str, *, category: str, nsfw: str, kind: str, limit: int, offset: int) -> Found:
        """What `Library.search` promises."""
        words = words_of(q)
        with self._lock:
            states: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
                name: kept.now for name, kept in self._states.values.items()
            }
            found = rank_assets(self._catalogs, states, words, nsfw) if words and kind != "images" else []
            counts: dict[str, int] = {}
            for _, name, _ in found:
                counts[name] = counts.get(name, 0) + 1
            wanted = [item for item in found if category in ("", item[1])]
            shown = wanted[offset : offset + limit]
            cards = self._cards([entry for _, _, entry in shown])
            pattern = pattern_of(words)
            hits = [
                Hit(card=card, rank=rank, name=marked(card.asset.name, pattern, 200), why=self._why(card.asset, words))
                for (rank, _, _), card in zip(shown, cards, strict=True)
            ]
        images: list[Row] = []
        image_total = 0
        if kind != "resources" and words:
            passed = self._images.find(ImageQuery(words=tuple(words), category=category, nsfw=nsfw), self.nsfw_owners())
            image_total = passed.total
            images = passed.rows[max(0, image_total - offset - limit) : max(0, image_total - offset)][::-1]
        return Found(
            hits=hits,
            total=len(wanted),
            counts={name: counts[name] for name in self._catalogs if name in counts},
            images=[row.path for row in images],
            image_total=image_total,
        )

    def _why(self, asset: Asset, words: Sequence[str]) -> list[Any]:
        category = asset.category
        owner_id = str(getattr(asset.data, category.owner_key, "")).strip() if category.owner else ""
        owners = self._catalogs.get(category.owner) if owner_id else None
        entry = owners.by_id.get(owner_id) if owners else None
        notes = notes_of(self._states.get(category.name, asset.slug))
        return reasons(asset, words, owner=str(entry.row["name"]) if entry else "", notes=notes)

    def nsfw_owners(self) -> frozenset[str]:
        """`category/slug` of the NSFW assets: their images are NSFW unless their sidecars say otherwise."""
        with self._lock:
            return frozenset(
                f"{name}/{entry.slug}"
                for name, catalog in self._catalogs.items()
                for entry in catalog.by_path.values()
                if entry.nsfw
            )

    def image_nsfw(self, image: str | Row) -> bool:
        """Whether an image is NSFW: as its sidecar says, else as its asset is."""
        row = self._images.get(image) if isinstance(image, str) else image
        if row and row.nsfw is not None:
            return row.nsfw
        category, _, rest = (row.path if row else str(image)).partition("/")
        catalog = self._catalogs.get(category)
        entry = catalog.by_slug.get(rest.partition("/")[0]) if catalog else None
        return bool(entry and entry.nsfw)
