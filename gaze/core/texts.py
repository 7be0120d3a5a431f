"""The texts of a plan: wildcards once, LoRA tags out, what became of them (specification prompts, "Text")."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from gaze.core.asset import Asset
from gaze.core.text import items, unbalanced, without_lora_tags
from gaze.core.wildcards import Lookup, Note, expand, wild


class Texts:
    """Every text read for one plan, each expanded once by a chance of its own."""

    def __init__(self, given: Mapping[str, str], seed: int, lookup: Lookup) -> None:
        self._given = given
        self._seed = seed
        self._lookup = lookup
        self._read: dict[str, str] = {}
        self.changed: dict[str, str] = {}
        self.notes: list[Note] = []

    def read(self, key: str, raw: str, where: str, prompt: bool = True) -> str:
        """What `raw` becomes; one that the recipe gives is not expanded again.

        `where` names the text in notes; `prompt` is false for one whose brackets are no prompt's.
        """
        if not raw and key not in self._given:
            return ""
        if key not in self._read:
            self._read[key] = self._made(key, raw, where, prompt)
        return self._read[key]

    def _made(self, key: str, raw: str, where: str, prompt: bool) -> str:
        if key in self._given:
            text = self._given[key]
        elif not wild(raw):
            text = raw
        else:
            made = expand(raw, Random(f"{self._seed}:{key}"), self._lookup)
            text = made.text
            self.notes += [Note(note.code, f"In {where}: {note.message}") for note in made.notes]
            if made.drawn:
                self.notes.append(Note("random", f"Wildcards of {where} became «{_short(text)}»."))
        text, tags = without_lora_tags(text)
        for tag in tags:
            message = f"{tag} is taken out of {where}: ComfyUI would read it as words. Choose the LoRA on an asset."
            self.notes.append(Note("lora-tag", message))
        if key in self._given or text != raw:
            self.changed[key] = text
        if prompt and unbalanced(text):
            message = f"A bracket of {where} has no partner and stays as text; write \\( or \\) where it is meant so."
            self.notes.append(Note("unbalanced", message))
        return text


def raw_text(asset: Asset, address: str, outfit: str) -> str:
    """The text at an address of an asset as its file has it; of named outfits the one that is worn."""
    section, _, key = address.rpartition("::")
    holder: Any = getattr(asset.data, section) if section else asset.data
    if isinstance(holder, Mapping):
        holder = holder.get(outfit)
    value = getattr(holder, key, "")
    if isinstance(value, list):
        return ", ".join(value)
    return value if isinstance(value, str) else ""


def populated(text: str) -> bool:
    """Whether a text gives an item."""
    return bool(items(text))


def where(asset: Asset, address: str) -> str:
    """A text as notes name it: `action::arms of «Waving»`."""
    return f"{address} of «{asset.name}»"


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:80] + "…"
