"""The LoRAs of a plan: which are in use, in which slot, at what weight (specification workflow, "The plan's LoRAs")."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from random import Random

import msgspec

from gaze.core.asset import Asset
from gaze.core.category import Lora
from gaze.core.errors import Fault
from gaze.core.settings import allowed, fits
from gaze.core.wildcards import Note

CHAIN = 4  # slots that have a node of their own in the default template


class LoraUse(msgspec.Struct, frozen=True, kw_only=True):
    """A LoRA of a plan: its place in the chain, whose it is, its file and its weight."""

    slot: int
    category: str
    slug: str
    lora_name: str
    weight: float


class Loras(msgspec.Struct, frozen=True, kw_only=True):
    """LoRAs to load in order of slots; the assets whose triggers count, in order; what there is to say."""

    uses: tuple[LoraUse, ...]
    in_use: tuple[Asset, ...]
    notes: tuple[Note, ...]
    faults: tuple[Fault, ...]


def lora_file(lora: Lora) -> str:
    """The path of a LoRA below ComfyUI's `models/loras`: trimmed, with forward slashes."""
    return lora.lora_name.strip().replace("\\", "/")


def assign(assets: Sequence[Asset], off: Sequence[str], weights: Mapping[str, float], seed: int) -> Loras:
    """The LoRAs of chosen assets, each with its slot and weight.

    A weight drawn has `random.Random(f"{seed}:weight:<category>/<slug>")`. A file met again is loaded once.
    """
    notes: list[Note] = []
    in_use = _in_use(assets, off, notes)
    placed, more = _slots(in_use)
    if more:
        names = ", ".join(f"«{asset.name}»" for asset in more)
        notes.append(Note("more-loras", f"The slots of the workflow are taken; loaders are added for {names}."))
    uses: list[LoraUse] = []
    faults: list[Fault] = []
    loaded: dict[str, Asset] = {}
    for slot, asset in placed:
        lora = asset.lora
        assert lora is not None
        name = lora_file(lora)
        if name in loaded:
            message = f"The LoRA {name} of «{asset.name}» is loaded for «{loaded[name].name}» already; once is enough."
            notes.append(Note("lora-twice", message))
            continue
        loaded[name] = asset
        weight = _weight(asset, lora, weights, seed, notes)
        if not fits("weights", weight) and _given(asset, weights) is None:
            message = f"The LoRA of «{asset.name}» has the weight {weight}; {allowed('weights')} is allowed."
            faults.append(Fault("bad-value", message, "weights", asset.category.name, asset.slug))
        use = LoraUse(slot=slot, category=asset.category.name, slug=asset.slug, lora_name=name, weight=weight)
        uses.append(use)
    return Loras(uses=tuple(uses), in_use=tuple(in_use), notes=tuple(notes), faults=tuple(faults))


def _in_use(assets: Sequence[Asset], off: Sequence[str], notes: list[Note]) -> list[Asset]:
    """Assets whose LoRA is in use, in order of rank; one that stands in takes the place of another category's."""
    having = []
    for asset in assets:
        if asset.category.lora is None or asset.lora is None:
            continue
        if asset.category.name in off or asset.key in off:
            notes.append(Note("off", f"The LoRA of «{asset.name}» is off; its prompt text still counts."))
        else:
            having.append(asset)
    giving_way = {asset.category.lora.stands_in: asset for asset in having if asset.category.lora is not None}
    kept = []
    for asset in having:
        other = giving_way.get(asset.category.name)
        if other is None:
            kept.append(asset)
        else:
            notes.append(Note("replaced", f"The LoRA of «{other.name}» takes the place of that of «{asset.name}»."))
    return sorted(kept, key=_rank)


def _rank(asset: Asset) -> tuple[int, int]:
    node = asset.category.lora
    return (node.rank if node else 0, asset.category.order)


def _slots(in_use: Sequence[Asset]) -> tuple[list[tuple[int, Asset]], list[Asset]]:
    """Assets with their slots, in order of slots; and those for which none was left."""
    taken: dict[int, Asset] = {}
    more: list[Asset] = []
    for asset in in_use:
        slot = asset.category.lora.slot if asset.category.lora else 0
        if 1 <= slot <= CHAIN and slot not in taken:
            taken[slot] = asset
        else:
            more.append(asset)
    return [*sorted(taken.items(), key=lambda entry: entry[0]), *enumerate(more, CHAIN + 1)], more


def _weight(asset: Asset, lora: Lora, weights: Mapping[str, float], seed: int, notes: list[Note]) -> float:
    own = lora.lora_weight
    ends = [own if end is None else end for end in (lora.lora_weight_min, lora.lora_weight_max)]
    low, high = min(ends), max(ends)
    ranged = (lora.lora_weight_min, lora.lora_weight_max) != (None, None)
    given = _given(asset, weights)
    if given is not None:
        inside = low <= given <= high if ranged else given == own
        if not inside:
            message = f"The recipe gives the LoRA of «{asset.name}» the weight {given:g} in place of its own."
            notes.append(Note("override", message))
        return float(given)
    if not ranged:
        return own
    if low == high:
        return low
    drawn = _between(low, high, Random(f"{seed}:weight:{asset.key}"))
    notes.append(Note("random", f"The LoRA of «{asset.name}» got the weight {drawn:g}, between {low:g} and {high:g}."))
    return drawn


def _given(asset: Asset, weights: Mapping[str, float]) -> float | None:
    return weights.get(asset.key, weights.get(asset.category.name))


def _between(low: float, high: float, rng: Random) -> float:
    """A number of two decimals between two others; of more decimals only where none of two lies between."""
    first, last = math.ceil(low * 100 - 1e-9), math.floor(high * 100 + 1e-9)
    if first <= last:
        return rng.randint(first, last) / 100
    return rng.uniform(low, high)
