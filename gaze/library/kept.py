"""How often pictures are kept: favourites against those in the trash, by asset, weight, checkpoint and pair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

import msgspec

from gaze.library.imagerow import Row

_USUAL = 0.5  # what is believed of what nobody judged, as strongly as two judgements
_PAIRS = 8  # categories of one image that are paired; more would be a crowd


class Rate(msgspec.Struct, frozen=True):
    """How many images were made favourites and how many were thrown away."""

    kept: int = 0
    gone: int = 0

    @property
    def judged(self) -> int:
        return self.kept + self.gone

    @property
    def percent(self) -> int | None:
        """The share that was kept of those judged; None if none was."""
        return round(100 * self.kept / self.judged) if self.judged else None

    @property
    def score(self) -> float:
        """The share as an order: a few judgements move it less than many (two of either kind are taken as given)."""
        return (self.kept + 2 * _USUAL) / (self.judged + 2)


NONE = Rate()


class Kept(msgspec.Struct, frozen=True):
    """Rates by asset (`category/slug`), by asset and weight, by checkpoint, and by pair of assets."""

    assets: dict[str, Rate]
    weights: dict[tuple[str, float], Rate]
    checkpoints: dict[str, Rate]
    pairs: dict[tuple[str, str], Rate]

    def of(self, key: str) -> Rate:
        return self.assets.get(key, NONE)

    def weights_of(self, key: str) -> list[tuple[float, Rate]]:
        """Rates of an asset's LoRA weights, by weight."""
        return sorted((weight, rate) for (asset, weight), rate in self.weights.items() if asset == key)

    def pairs_of(self, key: str, most: int = 6) -> list[tuple[str, Rate]]:
        """The assets that go with one best, of those judged with it at least twice."""
        found = [
            (one if other == key else other, rate)
            for (one, other), rate in self.pairs.items()
            if key in (one, other) and rate.judged > 1
        ]
        return sorted(found, key=lambda pair: (-pair[1].score, pair[0]))[:most]

    def order(self, keys: Sequence[str]) -> list[str]:
        """Assets (`category/slug`) or checkpoints (paths), those kept most often first, else in the order given."""
        return sorted(keys, key=lambda key: -(self.assets.get(key) or self.checkpoints.get(key) or NONE).score)


def count(kept: Iterable[Row], gone: Iterable[Row]) -> Kept:
    """The rates of favourites and trashed images."""
    tallies: tuple[Counter[tuple[object, ...]], Counter[tuple[object, ...]]] = (Counter(), Counter())
    for tally, rows in zip(tallies, (kept, gone), strict=True):
        for row in rows:
            tally.update(_about(row))
    found: dict[str, dict[object, Rate]] = {"asset": {}, "weight": {}, "checkpoint": {}, "pair": {}}
    for about in tallies[0].keys() | tallies[1].keys():
        kind, *what = about
        key = what[0] if len(what) == 1 else tuple(what)
        found[str(kind)][key] = Rate(tallies[0][about], tallies[1][about])
    return Kept(found["asset"], found["weight"], found["checkpoint"], found["pair"])  # type: ignore[arg-type]


def _about(row: Row) -> Iterator[tuple[object, ...]]:
    """Everything an image says something about."""
    for asset, weight in zip(row.assets, row.weights, strict=False):
        yield "asset", asset
        if weight is not None:
            yield "weight", asset, weight
    if row.checkpoint:
        yield "checkpoint", row.checkpoint
    for one, other in combinations(sorted(row.assets)[:_PAIRS], 2):
        yield "pair", one, other
