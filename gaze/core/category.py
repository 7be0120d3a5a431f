"""What a category declares, and what follows from it: fields, labels, widgets, prompt slots, LoRA node.

Adding a category is one file in `gaze/categories/` and a folder under `data/` (specification README, idea 3).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cached_property
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec

Letter = Literal["M", "F", "H"]


class Part(Enum):
    """The places of a prompt that assets fill, in the order of the main prompt (specification prompts)."""

    BASE = 1
    PARTICIPANTS = 2
    TRIGGERS = 3
    NAME = 4
    IDENTITY = 5
    LOOK = 6
    WARDROBE = 7
    DEFAULTS = 8
    ACTION = 9
    HANDS = 10
    SCENE = 11
    STYLE = 12
    AESTHETIC = 13
    DETAIL = 14
    BACKGROUND = 15
    OWN = 16  # a category that is none of the nine
    EXTRA = 17
    NEGATIVE = 18
    OWN_NEGATIVE = 19  # the same for the negative prompt, after the template's own text


# The address of the place where a character usually is; without it and without a scene a page gets a simple background.
PLACE = "defaults::scene"


class Slot(msgspec.Struct, frozen=True):
    """Texts of one section that fill one part.

    `main`, `face` and `hand` name the keys, parted by spaces, in the order in which each prompt takes them.
    A section of `""` means keys at the top of the file. Where only one text fills a part (hands, participants),
    the lowest `rank` wins. `focus` names the section with booleans `face` and `hands` that opens those prompts.
    """

    part: Part
    section: str
    main: str = ""
    face: str = ""
    hand: str = ""
    rank: int = 0
    focus: str = ""
    prefix: str = ""  # put before each item that does not begin with it: `by `


class Replaces(msgspec.Struct, frozen=True):
    """An asset of this category makes other assets' field give way (specification prompts, parts 7 and 8).

    `target` is an address such as `defaults::pose`; `when` lists own addresses of which one must have text
    (`action::*` is any of the section); empty means always.
    """

    target: str
    when: tuple[str, ...] = ()


class LoraNode(msgspec.Struct, frozen=True):
    """Where a category's LoRA goes: slot 1..4 of the template's chain, and the order within and after it.

    Slot 0 has no place of its own: such a LoRA comes after all others, in slot 5, 6, ...
    `rank` orders categories that share a slot and those left over; `folder` is below the LoRA root.
    `stands_in` names the category whose place this LoRA takes when it is in use (the look for its character).
    """

    slot: int
    rank: int
    folder: str
    stands_in: str = ""


class Widget(msgspec.Struct, frozen=True):
    """How a field is edited: `tags` (prompt text with completion), `text`, `prose`, `lora`, `number`, `switch`."""

    kind: str


class Choice(msgspec.Struct, frozen=True):
    """A field with usual values; others are welcome too, but from an LLM only where it is not `closed`."""

    options: tuple[str, ...]
    closed: bool = False


class Label(msgspec.Struct, frozen=True):
    """A label where the key, underscores as spaces, would not read well."""

    text: str


TagLine = Annotated[str, Widget("tags")]
Prose = Annotated[str, Widget("prose")]


class Section(msgspec.Struct, kw_only=True):
    """A named group of fields in an asset's file."""


class Lora(Section):
    """The LoRA of an asset (specification data, Schemas); without `lora_name` there is none."""

    lora_name: Annotated[str, Widget("lora"), Label("file")] = ""
    lora_weight: Annotated[float, Label("weight")] = 1.0
    lora_triggers: Annotated[str, Widget("tags"), Label("triggers")] = ""
    lora_weight_min: Annotated[float | None, Label("weight from")] = None
    lora_weight_max: Annotated[float | None, Label("weight to")] = None


class Participants(Section):
    """How many people an asset shows; `orientation` counts them, as `1F` or `2F1M`."""

    orientation: str = ""
    solo_focus: bool = False


class CommonTags(Section):
    """Metadata for people; never part of a prompt. `listed` holds tags of the old list form."""

    nsfw: bool = False
    listed: list[str] = []


class AssetFile(msgspec.Struct, kw_only=True):
    """One asset as its file says it."""


class Field(msgspec.Struct, frozen=True):
    """One field of a category, as forms, filters and pages see it."""

    section: str
    key: str
    label: str
    kind: str  # tags, text, prose, lora, number, switch, list, choice, name (special::name), recipe
    options: tuple[str, ...] = ()
    letters: tuple[Letter, ...] = ()
    number: str = ""  # "int" or "float"
    selectable: bool = False  # whether a check box decides if it counts (specification prompts, Which fields count)
    closed: bool = False  # whether an LLM may write nothing but its options

    @property
    def address(self) -> str:
        """`section::key`; a key at the top of the file is its own address."""
        return f"{self.section}::{self.key}" if self.section else self.key

    @property
    def path(self) -> str:
        """The field as messages name it: `lora.lora_weight`."""
        return f"{self.section}.{self.key}" if self.section else self.key


class Category(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """The declaration of one category."""

    name: str  # plural, in URLs and folders of state: "outfits"
    one: str  # singular: "outfit"
    struct: type[AssetFile]
    order: int
    key: str  # the letter after `g` that goes to its library
    icon: str
    folder: str = ""  # below data/; default: the name
    choice: str = ""  # the recipe's key: "character", "outfits"; default: the name; "" if not choosable
    choosable: bool = True  # whether a recipe can choose one
    many: bool = True  # whether the recipe's key is a list
    chosen_by_id: bool = False  # a recipe names the id (checkpoint_path) instead of the slug
    without_file: AssetFile | None = None  # what a chosen model file has that no JSON describes (chosen_by_id only)
    folders: tuple[str, ...] = ()  # where its model files lie below ComfyUI's checkpoints (chosen_by_id only)
    id_key: str = ""  # default: "<one>_id"
    name_key: str = ""  # default: "<one>_name"
    slots: tuple[Slot, ...] = ()
    replaces: tuple[Replaces, ...] = ()
    lora: LoraNode | None = None
    beside: tuple[str, ...] = ()  # categories whose choice stands first on its page; the others fold away
    owner: str = ""  # the category an asset of this one belongs to, by id in `owner_key` (a look to its character)
    owner_key: str = ""
    shows_people: bool = False  # whether somebody is in the picture, even if nobody is counted: `(solo:1.2)`
    backdrop: bool = True  # whether a picture on its page gets a simple background when nothing gives a place
    name_tag: bool = False  # whether the id is a tag of the prompt (special::name)
    keeps: tuple[str, ...] = ()  # addresses that count on another asset's page whatever is selected; its other
    # fields then obey the selection too, and an asset of it is the subject where the recipe names none
    replace_slug_with: str = ""  # what the slug rule puts for a character it drops: "_" for checkpoints
    system_prompt: str = ""
    blurb: str = ""  # one sentence on what belongs here

    def __post_init__(self) -> None:
        if self.choosable and not self.choice:
            msgspec.structs.force_setattr(self, "choice", self.name)

    @cached_property
    def data_folder(self) -> str:
        """The folder below `data/`."""
        return self.folder or self.name

    @cached_property
    def id_field(self) -> str:
        return self.id_key or f"{self.one}_id"

    @cached_property
    def name_field(self) -> str:
        return self.name_key or f"{self.one}_name"

    @cached_property
    def model_folders(self) -> tuple[str, ...]:
        """Where its LoRA or checkpoint files usually lie, below the root of their kind."""
        return (self.lora.folder,) if self.lora else self.folders

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """Every field in the order of the declaration, sections flattened; a wardrobe is listed once."""
        return tuple(_fields(self))

    @cached_property
    def sections(self) -> Mapping[str, tuple[Field, ...]]:
        """Fields by section, in order; `""` holds those at the top of the file."""
        found: dict[str, list[Field]] = {}
        for field in self.fields:
            found.setdefault(field.section, []).append(field)
        return {name: tuple(fields) for name, fields in found.items()}

    @cached_property
    def selectable(self) -> frozenset[str]:
        """The addresses about which a selection decides."""
        return frozenset(field.address for field in self.fields if field.selectable)

    @cached_property
    def has_recipe(self) -> bool:
        """Whether its assets are recipes (presets): what a page of one makes is what the file says."""
        return "recipe" in self.struct.__struct_fields__

    @cached_property
    def has_outfits(self) -> bool:
        """Whether `wardrobe` holds several named outfits."""
        hint = get_type_hints(self.struct).get("wardrobe")
        return get_origin(hint) is dict


def new(section: type[Section]) -> Any:
    """The default of a section: an empty one, made anew for each asset."""
    return msgspec.field(default_factory=section)


_ALWAYS_COUNT = {
    Part.BASE,
    Part.PARTICIPANTS,
    Part.LOOK,
    Part.DETAIL,
    Part.BACKGROUND,
    Part.NEGATIVE,
    Part.OWN_NEGATIVE,
}


def _fields(category: Category) -> Iterator[Field]:
    reach = _letters(category.slots)
    if category.name_tag:
        yield Field("special", "name", "name", "name", letters=("M", "F"), selectable=True)
    for key, hint in get_type_hints(category.struct, include_extras=True).items():
        section = _section_type(hint)
        if section is None:
            yield _field("", key, hint, reach)
            continue
        for inner, inner_hint in get_type_hints(section, include_extras=True).items():
            if inner != "listed":
                yield _field(key, inner, inner_hint, reach)


def _section_type(hint: Any) -> type[Section] | None:
    """The section behind a hint: itself, optional, or the values of a dict of sections (outfits)."""
    for candidate in (hint, *get_args(hint)):
        if isinstance(candidate, type) and issubclass(candidate, Section):
            return candidate
    return None


def _letters(slots: tuple[Slot, ...]) -> dict[str, tuple[tuple[Letter, ...], bool]]:
    """For each address the prompts it reaches, and whether a check box decides about it."""
    found: dict[str, list[Letter]] = {"lora::lora_triggers": ["M"]}
    selectable = {"lora::lora_triggers"}
    for slot in slots:
        if slot.part in (Part.NEGATIVE, Part.OWN_NEGATIVE):
            continue
        by_letter: tuple[tuple[Letter, str], ...] = (("M", slot.main), ("F", slot.face), ("H", slot.hand))
        for letter, keys in by_letter:
            for key in keys.split():
                address = f"{slot.section}::{key}" if slot.section else key
                letters = found.setdefault(address, [])
                if slot.part not in _ALWAYS_COUNT:
                    selectable.add(address)
                if letter not in letters:
                    letters.append(letter)
                if slot.part is Part.HANDS and "H" not in letters:
                    letters.append("H")
    order = "MFH".index
    return {address: (tuple(sorted(letters, key=order)), address in selectable) for address, letters in found.items()}


def _field(section: str, key: str, hint: Any, reach: Mapping[str, tuple[tuple[Letter, ...], bool]]) -> Field:
    extras = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    bare = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    types = set(get_args(bare)) or {bare}
    widget = next((e.kind for e in extras if isinstance(e, Widget)), "")
    choice = next((e for e in extras if isinstance(e, Choice)), Choice(()))
    options = choice.options
    label = next((e.text for e in extras if isinstance(e, Label)), key.replace("_", " "))
    number = "float" if float in types else "int" if int in types else ""
    if bool in types:
        kind, number = "switch", ""
    elif number:
        kind = "number"
    elif get_origin(bare) is list:
        kind = "list"
    elif isinstance(bare, type) and issubclass(bare, msgspec.Struct):
        kind = "recipe"
    elif options:
        kind = "choice"
    else:
        kind = widget or "text"
    address = f"{section}::{key}" if section else key
    letters, selectable = reach.get(address, ((), False))
    return Field(section, key, label, kind, options, letters, number, selectable, choice.closed)
