"""The four prompts of a plan, item by item: order of parts, what gives way, what is dropped (specification prompts)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from gaze.core.asset import Asset
from gaze.core.category import PLACE, Part, Slot
from gaze.core.fields import Selection, matches
from gaze.core.loras import Loras
from gaze.core.pieces import Piece, Pieces, dropped_notes, said_once, text_of, without_repeats, without_shared
from gaze.core.text import BREAK, items, join, orientation
from gaze.core.texts import Texts, populated, raw_text, where
from gaze.core.wildcards import Note

_TRIGGERS = "lora::lora_triggers"
_NAME = "special::name"
_CAST = {Part.PARTICIPANTS, Part.TRIGGERS, Part.NAME, Part.HANDS, Part.BACKGROUND}
_APART = {Part.EXTRA, Part.NEGATIVE, Part.OWN_NEGATIVE}
_MAIN = [part for part in Part if part not in _APART]
_FACE = [
    Part.TRIGGERS,
    Part.NAME,
    Part.IDENTITY,
    Part.DEFAULTS,
    Part.ACTION,
    Part.WARDROBE,
    Part.DETAIL,
    Part.STYLE,
    Part.AESTHETIC,
]
_HAND = [Part.HANDS, Part.IDENTITY, Part.ACTION, Part.DETAIL]


class Prompts(msgspec.Struct, frozen=True, kw_only=True):
    """The pieces of a plan and what there is to say about them."""

    pieces: Pieces
    notes: tuple[Note, ...]


def compose(
    assets: Sequence[Asset],
    outfit: str,
    selection: Selection,
    loras: Loras,
    texts: Texts,
    *,
    own_negative: str = "",
    extra_positive: str = "",
    extra_negative: str = "",
    background: bool = False,
) -> Prompts:
    """The prompts of chosen `assets`; `background` is whether a place is made up where nothing gives one."""
    composer = _Composer(assets, outfit, selection, loras, texts)
    main = without_repeats(composer.prompt(_MAIN, "main", background))
    negative = without_repeats(composer.negative(own_negative))
    main += composer.extra("extra_positive", extra_positive)
    negative += composer.extra("extra_negative", extra_negative)
    main, negative = without_shared(main, negative)
    main, negative = without_repeats(main), without_repeats(negative)
    face = without_repeats(composer.prompt(_FACE, "face"))
    hand = without_repeats(composer.prompt(_HAND, "hand"))
    notes = [*composer.notes, *composer.replaced_notes(), *dropped_notes(main, negative, face, said_once(hand))]
    finished = [piece for piece in main if not piece.dropped]
    if not text_of(face):
        face += finished
        notes.append(Note("stand-in", "Nothing here is about the face; its detailer gets the main prompt."))
    if not text_of(hand):
        hand += finished
        notes.append(Note("stand-in", "Nothing here is about the hands; their detailer gets the main prompt."))
    pieces = Pieces(positive=tuple(main), negative=tuple(negative), face=tuple(face), hand=tuple(hand))
    return Prompts(pieces=pieces, notes=tuple(dict.fromkeys(notes)))


class _Composer:
    def __init__(self, assets: Sequence[Asset], outfit: str, selection: Selection, loras: Loras, texts: Texts) -> None:
        self.assets = assets
        self.outfit = outfit
        self.selection = selection
        self.loras = loras
        self.texts = texts
        self.by_part: dict[Part, list[tuple[Asset, Slot]]] = {}
        for asset in assets:
            for slot in asset.category.slots:
                self.by_part.setdefault(slot.part, []).append((asset, slot))
        self.notes: list[Note] = []
        self.lost: dict[tuple[str, str], dict[str, str]] = {}  # texts that gave way, by whose they were and to whom
        self.giving_way = list(self.replacing())
        self.has_place = any(target == PLACE for target, _ in self.giving_way)

    def prompt(self, order: Sequence[Part], kind: str, background: bool = False) -> list[Piece]:
        """The pieces of one prompt, in order of its parts; categories of one's own come last."""
        made: list[Piece] = []
        for part in [*order, *(part for part in _MAIN if part not in order and part not in _CAST)]:
            match part:
                case Part.PARTICIPANTS:
                    made += self.participants()
                case Part.TRIGGERS:
                    made += self.triggers(first_slot=kind == "face")
                case Part.NAME:
                    made += self.names()
                case Part.HANDS:
                    made += self.hands()
                case Part.BACKGROUND:
                    gives = any(piece.address == PLACE and not piece.dropped for piece in made)
                    made += self.background() if background and not gives and not self.has_place else ()
                case _:
                    for asset, slot in self.slots(part):
                        made += self.fill(asset, slot, getattr(slot, kind), kind)
        return made

    def negative(self, own: str) -> list[Piece]:
        made = self.filled(Part.NEGATIVE)
        made += [Piece(text=item, address="workflow::negative") for item in items(own)]
        return made + self.filled(Part.OWN_NEGATIVE)

    def extra(self, name: str, raw: str) -> list[Piece]:
        text = self.texts.read(f"recipe/{name}", raw, name)
        return [Piece(text=item, address=f"recipe::{name}") for item in items(text)]

    def filled(self, part: Part) -> list[Piece]:
        return [piece for asset, slot in self.slots(part) for piece in self.fill(asset, slot, slot.main, "main")]

    def slots(self, part: Part) -> Iterator[tuple[Asset, Slot]]:
        yield from self.by_part.get(part, ())

    def fill(self, asset: Asset, slot: Slot, keys: str, kind: str) -> Iterator[Piece]:
        """The pieces of a slot's texts that count, those that give way marked so."""
        if kind != "main" and slot.focus and not self.focused(asset, slot, kind):
            return
        for name in keys.split():
            address = f"{slot.section}::{name}" if slot.section else name
            if not self.selection.counts(asset, address):
                continue
            if self.replacer(asset, address):
                yield from self.replaced(asset, address)
            else:
                yield from self.pieces(asset, address, slot.prefix)

    def focused(self, asset: Asset, slot: Slot, kind: str) -> bool:
        focus = getattr(asset.data, slot.focus)
        return bool(focus.face if kind == "face" else focus.hands)

    def pieces(self, asset: Asset, address: str, prefix: str = "") -> list[Piece]:
        return [_piece(asset, address, _prefixed(item, prefix)) for item in items(self.text(asset, address))]

    def text(self, asset: Asset, address: str) -> str:
        raw = raw_text(asset, address, self.outfit)
        return self.texts.read(f"{asset.key}/{address}", raw, where(asset, address))

    def has_text(self, asset: Asset, address: str) -> bool:
        return self.selection.counts(asset, address) and populated(self.text(asset, address))

    def replacing(self) -> Iterator[tuple[str, Asset]]:
        """What gives way to which asset; several may replace the same."""
        for asset in self.assets:
            for rule in asset.category.replaces:
                fields = [field.address for field in asset.category.fields]
                own = [address for address in fields if any(matches(address, pattern) for pattern in rule.when)]
                if not rule.when or any(self.has_text(asset, address) for address in own):
                    yield rule.target, asset

    def replacer(self, asset: Asset, address: str) -> Asset | None:
        """The asset, of another category, to which a text gives way."""
        for target, other in self.giving_way:
            if matches(address, target) and other.category.name != asset.category.name:
                return other
        return None

    def replaced(self, asset: Asset, address: str, winner: str = "") -> list[Piece]:
        """The pieces of a text that gave way, as they stand in the file: nothing is drawn for them."""
        made = [_piece(asset, address, item, "replaced") for item in items(raw_text(asset, address, self.outfit))]
        if made:
            by = self.replacer(asset, address)
            key = (asset.name, f"«{by.name}»" if by else winner)
            self.lost.setdefault(key, {})[address] = join(piece.text for piece in made)
        return made

    def replaced_notes(self) -> Iterator[Note]:
        for (name, winner), texts in self.lost.items():
            what = ", ".join(f"{address} («{text}»)" for address, text in texts.items())
            yield Note("replaced", f"{winner} takes the place of {what} of «{name}».")

    def participants(self) -> list[Piece]:
        """Tags of the first asset that counts people; else the mark of a single person, if there is anybody."""
        slots = sorted(self.slots(Part.PARTICIPANTS), key=lambda entry: entry[1].rank)
        for asset, slot in slots:
            made, any_text = self.people(asset, slot)
            if any_text:
                return made
        if any(asset.category.shows_people for asset in self.assets):
            return [Piece(text="(solo:1.2)", address="solo")]
        return []

    def people(self, asset: Asset, slot: Slot) -> tuple[list[Piece], bool]:
        made: list[Piece] = []
        any_text = False
        for name in slot.main.split():
            address = f"{slot.section}::{name}"
            if getattr(getattr(asset.data, slot.section), name) is True:
                made.append(_piece(asset, address, f"({name.replace('_', ' ')}:1.2)"))
                any_text = True
                continue
            text = self.texts.read(
                f"{asset.key}/{address}", raw_text(asset, address, ""), where(asset, address), prompt=False
            )
            if not text.strip():
                continue
            any_text = True
            tags = orientation(text)
            made += [_piece(asset, address, tag) for tag in tags or ()]
            if tags is None:
                message = f"{where(asset, address)} is «{text}», which counts nobody; write it as 1F, 2M or 1F1M."
                self.notes.append(Note("orientation", message))
        return made, any_text

    def triggers(self, first_slot: bool) -> list[Piece]:
        firsts = {(use.category, use.slug) for use in self.loras.uses if use.slot == 1}
        return [
            piece
            for asset in self.loras.in_use
            if not first_slot or (asset.category.name, asset.slug) in firsts
            if self.selection.counts(asset, _TRIGGERS)
            for piece in self.pieces(asset, _TRIGGERS)
        ]

    def names(self) -> list[Piece]:
        """The tags of ids: underscores as spaces, round brackets escaped (F03)."""
        made = []
        for asset in self.assets:
            if asset.category.name_tag and self.selection.counts(asset, _NAME):
                made += [_piece(asset, _NAME, item) for item in items(name_tag(asset.id))]
        return made

    def hands(self) -> list[Piece]:
        """One text about hands, the first by rank; the others give way."""
        made: list[Piece] = []
        winner = ""
        for asset, slot in sorted(self.slots(Part.HANDS), key=lambda entry: entry[1].rank):
            for name in slot.main.split():
                address = f"{slot.section}::{name}"
                if not self.selection.counts(asset, address):
                    continue
                if winner or self.replacer(asset, address):
                    made += self.replaced(asset, address, winner)
                    continue
                pieces = self.pieces(asset, address)
                winner = f"«{join(piece.text for piece in pieces)}»" if pieces else ""
                made += pieces
        return made

    def background(self) -> list[Piece]:
        for asset, slot in self.slots(Part.BACKGROUND):
            for name in slot.main.split():
                colours = self.pieces(asset, f"{slot.section}::{name}")
                if colours:
                    first = colours[0]
                    return [msgspec.structs.replace(first, text=f"{first.text} simple background")]
        return [Piece(text="simple background", address="background")]


def name_tag(asset_id: str) -> str:
    """An id as a tag: `yuna_(ff10)` gives `yuna \\(ff10\\)`."""
    text = asset_id.replace("_", " ")
    made = [
        f"\\{letter}" if letter in "()" and text[place - 1 : place] != "\\" else letter
        for place, letter in enumerate(text)
    ]
    return "".join(made)


def _piece(asset: Asset, address: str, text: str, dropped: str = "") -> Piece:
    return Piece(text=text, category=asset.category.name, slug=asset.slug, address=address, dropped=dropped)


def _prefixed(item: str, prefix: str) -> str:
    if not prefix or item == BREAK or item.lower().startswith(prefix.lower()):
        return item
    return prefix + item
