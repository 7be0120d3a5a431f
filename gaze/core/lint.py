"""What is doubtful in an asset's prompts though nothing is broken: pure, some microseconds a tag.

Rules come from a file that users may edit. What is a tag is said by whoever has a list of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence

import msgspec

from gaze.core.asset import Asset
from gaze.core.category import Field
from gaze.core.text import BREAK, items, key

# Codes of warnings, as problems have them.
UNKNOWN, ALIAS, CONTRADICTION, TRIGGER, WEIGHT = "tag", "alias", "contradiction", "trigger", "weight"
CODES = (UNKNOWN, ALIAS, CONTRADICTION, TRIGGER, WEIGHT)

_WEIGHT = re.compile(r"^\((.*?):\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*\)$")
_WORDS = 4  # of an item; a longer one is a sentence, not a tag
_LETTERS = 60


class OneOf(msgspec.Struct, frozen=True):
    """Tags of which a picture has one, `unless` it also has one of those."""

    name: str
    tags: tuple[str, ...]
    unless: tuple[str, ...] = ()


class Weights(msgspec.Struct, frozen=True):
    """The usual least and most weight of a LoRA and of a tag."""

    lora: tuple[float, float] = (0.1, 1.5)
    tag: tuple[float, float] = (0.3, 1.7)


class Rules(msgspec.Struct, frozen=True):
    """`data/lint.json`. `also_known` are words that models know and tag lists do not."""

    one_of: tuple[OneOf, ...] = ()
    weights: Weights = Weights()
    also_known: tuple[str, ...] = ()


class Finding(msgspec.Struct, frozen=True):
    """One doubt: its code, where it is, what about (which a user may silence), in words; `use` what may be meant."""

    code: str
    field: str
    about: str
    message: str
    use: str = ""

    @property
    def mark(self) -> str:
        """What an asset's state keeps to have it silenced."""
        return f"{self.code}:{self.about}"


class Linter:
    """Rules made ready. `known` gives the name to use for a tag, None for an unknown one; None: nobody can say."""

    def __init__(self, rules: Rules, known: Callable[[str], str | None] | None = None) -> None:
        self._rules = rules
        self._known = known
        self._also = {key(word) for word in rules.also_known}
        self._groups = [
            (group.name, {key(tag) for tag in group.tags}, {key(tag) for tag in group.unless}) for group in rules.one_of
        ]
        self._names: dict[str, str | None] = {}  # what was asked already: most tags are in many assets

    def __call__(self, asset: Asset, trained: Collection[str] = ()) -> list[Finding]:
        """The doubts about an asset. `trained` are the tags its LoRA was trained on, if its header tells."""
        found: list[Finding] = []
        for texts in _together(asset):
            for field, parts in texts:
                for item in parts:
                    found += self._item(field, item)
            found += self._contradictions(texts)
        found += self._lora(asset, trained)
        return list(dict.fromkeys(found))

    def _item(self, field: Field, item: str) -> Iterator[Finding]:
        weighted = _WEIGHT.match(item)
        low, high = self._rules.weights.tag
        if weighted and not low <= float(weighted[2]) <= high:
            message = f"the weight {weighted[2]} of «{weighted[1]}» is unusual; most lie from {low:g} to {high:g}"
            yield Finding(WEIGHT, field.path, item, message)
        bare = bare_of(item)
        if self._known is None or not bare or key(bare) in self._also or _is_text(bare):
            return
        name = self._name(bare)
        if name is None:
            yield Finding(UNKNOWN, field.path, bare, f"«{bare}» is no known tag")
        elif key(name) != key(bare):
            said = name.replace("_", " ")
            yield Finding(ALIAS, field.path, bare, f"«{bare}» is another name of «{said}»; use that", said)

    def _name(self, bare: str) -> str | None:
        if bare not in self._names and self._known is not None:
            self._names[bare] = self._known(bare)
        return self._names[bare]

    def _contradictions(self, texts: Sequence[tuple[Field, Sequence[str]]]) -> Iterator[Finding]:
        there = {
            key(bare_of(item)): (bare_of(item), field)
            for field, parts in texts
            if "negative" not in field.key
            for item in parts
        }
        for name, tags, unless in self._groups:
            both = sorted(tags & there.keys())
            if len(both) > 1 and not unless & there.keys():
                said = " and ".join(f"«{there[tag][0]}»" for tag in both)
                yield Finding(CONTRADICTION, there[both[-1]][1].path, ", ".join(both), f"{said}: two {name}")

    def _lora(self, asset: Asset, trained: Collection[str]) -> Iterator[Finding]:
        lora = asset.lora
        if lora is None:
            return
        low, high = self._rules.weights.lora
        for name in ("lora_weight", "lora_weight_min", "lora_weight_max"):
            weight = getattr(lora, name)
            if weight is not None and not low <= weight <= high:
                message = f"{name} is {weight:g}; most LoRAs are used from {low:g} to {high:g}"
                yield Finding(WEIGHT, f"lora.{name}", f"{name} {weight:g}", message)
        if trained:
            known = {key(tag) for tag in trained}
            for item in items(lora.lora_triggers):
                if item != BREAK and key(bare_of(item)) not in known:
                    message = f"the LoRA was not trained on «{item}»; its file names other tags"
                    yield Finding(TRIGGER, "lora.lora_triggers", bare_of(item), message)


def bare_of(item: str) -> str:
    """An item without the brackets and the weight around it."""
    weighted = _WEIGHT.match(item)
    text = weighted[1] if weighted else item
    while text[:1] in "([" and text[-1:] in ")]" and not text.endswith(("\\)", "\\]")):
        text = text[1:-1]
    return text.strip()


def _is_text(bare: str) -> bool:
    """Whether an item is something else than one tag: a sentence, a wildcard, alternatives, a trigger of signs."""
    return len(bare) > _LETTERS or len(bare.split()) > _WORDS or "__" in bare or any(sign in bare for sign in "{}<|,")


def _together(asset: Asset) -> Iterator[list[tuple[Field, list[str]]]]:
    """The prompt fields that are used together: all but the wardrobe's, then those of each outfit."""
    category = asset.category
    common: list[tuple[Field, list[str]]] = []
    for section, fields in category.sections.items():
        mine = [field for field in fields if field.kind == "tags" and field.address != "lora::lora_triggers"]
        if section == "wardrobe" and category.has_outfits:
            for outfit in asset.outfits.values():
                yield _parts(outfit, mine)
        else:
            holder = getattr(asset.data, section, None) if section else asset.data
            common += _parts(holder, mine)
    yield common


def _parts(holder: object, fields: Sequence[Field]) -> list[tuple[Field, list[str]]]:
    found = []
    for field in fields:
        value = getattr(holder, field.key, None)
        if isinstance(value, str) and value.strip():
            found.append((field, [item for item in items(value) if item != BREAK]))
    return found
