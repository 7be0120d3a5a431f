"""What pages say about model files: facts of one, and whether LoRAs suit the checkpoint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gaze.core.asset import Asset
from gaze.core.plan import Plan
from gaze.core.shelf import Shelf
from gaze.library.models import Models, kind_of, model_of

# Models that are made from another one take its LoRAs well.
_CLOSE = ({"Illustrious", "NoobAI"},)
_SDXL = {"SDXL", "Illustrious", "NoobAI", "Pony"}
MOST_TAGS = 6


def size_text(size: int) -> str:
    """A size in bytes as people say it: `218 MB`, `6.9 GB`."""
    if size >= 10**9:
        return f"{size / 10**9:.1f} GB"
    return f"{size / 10**6:.0f} MB" if size >= 10**6 else f"{max(size / 1000, 1):.0f} kB"


def model_facts(models: Models, asset: Asset, servers: Mapping[str, frozenset[str]]) -> list[tuple[str, str, bool]]:
    """Name, value and whether it is code, of what the asset's model file says; `servers` list their files by name."""
    kind = kind_of(asset.category)
    found = models.file(kind, model_of(asset)) if kind and model_of(asset) else None
    facts: list[tuple[str, str, bool]] = [("Model file", model_of(asset), True)] if asset.category.chosen_by_id else []
    if found is None:
        return facts
    if found.size:
        facts.append(("Size", size_text(found.size), False))
    if found.base_model:
        facts.append(("Made for" if kind == "lora" else "Kind", found.base_model, False))
    header = models.header(kind, found.path)
    if header.tags:
        facts.append(("Trained on", ", ".join(f"{tag} {count}" for tag, count in header.tags[:MOST_TAGS]), False))
    if header.output_name:
        facts.append(("Output name", header.output_name, True))
    if found.hash:
        facts.append(("AutoV3", found.hash[:12].upper(), True))
    if servers:
        having = [name for name, files in servers.items() if found.path in files]
        lacking = [name for name in servers if name not in having]
        text = ", ".join(having) + ("; " if having and lacking else "")
        facts.append(("On", text + (f"not on {', '.join(lacking)}" if lacking else ""), False))
    return facts


def asks(models: Models, asset: Asset) -> bool:
    """Whether there is a model file to ask about when the asset is deleted."""
    return bool(model_of(asset) and models.folder(kind_of(asset.category)))


def base_notes(plan: Plan, shelf: Shelf, models: Models) -> list[str]:
    """A sentence for each LoRA that was made for another base model than the checkpoint's."""
    base = _base_of(plan.checkpoint, shelf, models) if plan.checkpoint else ""
    notes = []
    for lora in plan.loras if base else ():
        file = models.file("lora", lora.lora_name)
        if file and file.base_model and not suits(file.base_model, base):
            name = file.path.rsplit("/", 1)[-1].rsplit(".", 1)[0]
            effect = "it works, less well" if {file.base_model, base} <= _SDXL else "it will not work"
            notes.append(f"The LoRA {name} was made for {file.base_model}, the checkpoint is {base}: {effect}.")
    return notes


def _base_of(checkpoint: str, shelf: Shelf, models: Models) -> str:
    """What its entry says, else its header."""
    for category in shelf.categories.values():
        asset = shelf.find(category.name, checkpoint) if category.chosen_by_id else None
        if asset and (said := str(getattr(asset.data.tags, "base_model", "")).strip()):
            return said
    found = models.file("checkpoint", checkpoint)
    return found.base_model if found else ""


def suits(lora: str, base: str) -> bool:
    """Whether a LoRA made for `lora` is at home with `base`; a header that says just SDXL may mean any of its kin."""
    same = lora.casefold() == base.casefold()
    kin = "SDXL" in (lora, base) and {lora, base} <= _SDXL
    return same or kin or any({lora, base} <= close for close in _CLOSE)


def base_models(found: Iterable[str]) -> dict[str, int]:
    """How many files each base model has, the most first; "" for those nobody knows."""
    counts: dict[str, int] = {}
    for base in found:
        counts[base] = counts.get(base, 0) + 1
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
