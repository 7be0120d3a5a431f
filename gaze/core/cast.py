"""Who takes part: the assets, outfit, checkpoint, template and seed of a recipe, chance included.

The rules are those of specification prompts, "Recipe": chance, errors, notes. Nothing is raised here; faults are
gathered, so that all can be told at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from random import Random
from typing import Any

import msgspec

from gaze.core.asset import Asset
from gaze.core.category import Category
from gaze.core.errors import Fault
from gaze.core.recipe import RANDOM, Recipe
from gaze.core.settings import SEEDS
from gaze.core.shelf import Shelf
from gaze.core.template import Template
from gaze.core.wildcards import Note

DEFAULT_OUTFIT = "default"
DRAWN_SEEDS = 10**15  # a missing seed is drawn below this


class Cast(msgspec.Struct, frozen=True, kw_only=True):
    """A recipe's choices made definite; `chosen` is what it then says by recipe key."""

    seed: int
    assets: tuple[Asset, ...]  # in order of categories, then of choice
    chosen: dict[str, list[str]]
    outfit: str
    checkpoint: str | None
    model: Any  # the data of the checkpoint: settings and base prompts; None where the template's values stay
    template: Template | None
    notes: tuple[Note, ...]
    faults: tuple[Fault, ...]


def cast(recipe: Recipe, library: Shelf, rng: Random) -> Cast:
    """Everything a recipe chooses, with what could not be chosen as faults; `rng` draws only a missing seed."""
    drawn = recipe.seed is None or recipe.seed == -1
    seed = rng.randrange(DRAWN_SEEDS) if drawn else recipe.seed or 0
    return _Casting(recipe, library, seed).all()


def near(name: str, names: Sequence[str]) -> str | None:
    """The closest of `names`, or None if none is close."""
    return next(iter(get_close_matches(name, names, n=1, cutoff=0.6)), None)


def hint(close: str | None) -> str:
    """The question that names it."""
    return f" Did you mean «{close}»?" if close else ""


class _Casting:
    def __init__(self, recipe: Recipe, library: Shelf, seed: int) -> None:
        self.recipe = recipe
        self.library = library
        self.seed = seed
        self.notes: list[Note] = []
        self.faults: list[Fault] = []
        self.found: dict[str, list[Asset]] = {}
        self.chosen: dict[str, list[str]] = {}
        self.random: set[str] = set()  # keys of assets that were drawn
        self.checkpoint: str | None = None
        self.model: Any = None

    def all(self) -> Cast:
        template = self.template()
        categories = [category for category in self.library.categories.values() if category.choice]
        # Owners before what belongs to them: a look is drawn from the character's own.
        for category in sorted(categories, key=lambda category: bool(category.owner)):
            if category.without_file is not None:
                self.choose_model(category, template)
            else:
                self.choose(category, self.recipe.chosen(category.choice))
        assets = tuple(asset for category in categories for asset in self.found.get(category.name, ()))
        return Cast(
            seed=self.seed % SEEDS,
            assets=assets,
            chosen=self.chosen,
            outfit=self.outfit(assets),
            checkpoint=self.checkpoint,
            model=self.model,
            template=template,
            notes=tuple(self.notes),
            faults=tuple(self.faults),
        )

    def template(self) -> Template | None:
        name = self.recipe.workflow or "default"
        template = self.library.template(name)
        if template is None:
            close = near(name, self.library.templates())
            message = f"There is no workflow «{name}» that can be used.{hint(close)}"
            self.faults.append(Fault("unknown-workflow", message, "workflow", slug=name, near=close))
        return template

    def choose(self, category: Category, wanted: Sequence[str]) -> None:
        """Find what a recipe names and draw what it leaves to chance."""
        made: list[str] = []
        for place, choice in enumerate(wanted):
            random = choice == RANDOM
            if random:
                named = {*made, *(other for other in wanted if other != RANDOM)}
                drawn = self.draw(category, place, named)
                if drawn is None:
                    continue
                choice = drawn
            made.append(choice)
            asset = self.library.find(category.name, choice)
            if asset is None:
                self.unknown(category, choice)
                continue
            if random:
                self.random.add(asset.key)
                self.notes.append(Note("random", f"«{asset.name}» was drawn from {category.name}."))
            self.found.setdefault(category.name, []).append(asset)
            self.check_owner(category, asset)
        self.chosen[category.choice] = made

    def draw(self, category: Category, place: int, named: set[str]) -> str | None:
        pool: Sequence[str] = ()
        for owner in self.found.get(category.owner, ()):
            pool = pool or self.library.owned(owner, category.name)
        pool = pool or self.library.choices(category.name)
        if not pool:
            message = f"There is nothing among {category.name} to draw from; add one, or choose none."
            self.faults.append(Fault("empty-category", message, category.choice, category.name))
            return None
        left = [choice for choice in pool if choice not in named] or list(pool)
        return Random(f"{self.seed}:{category.name}:{place}").choice(left)

    def unknown(self, category: Category, choice: str) -> None:
        close = near(choice, self.library.choices(category.name))
        message = f"There is no «{choice}» among {category.name}.{hint(close)}"
        self.faults.append(Fault("unknown-asset", message, category.choice, category.name, choice, close))

    def check_owner(self, category: Category, asset: Asset) -> None:
        """Note an asset that belongs to another one than the recipe's."""
        mine = getattr(asset.data, category.owner_key, "").strip() if category.owner_key else ""
        owners = self.found.get(category.owner, [])
        if mine and owners and all(mine not in (owner.id, owner.slug) for owner in owners):
            message = f"«{asset.name}» belongs to «{mine}», not to «{owners[0].name}»."
            self.notes.append(Note(f"{category.one}-{self.library.categories[category.owner].one}", message))

    def choose_model(self, category: Category, template: Template | None) -> None:
        """The checkpoint: the recipe's, else the settings', else the template's."""
        own = template.checkpoint if template else None
        wanted = next(iter(self.recipe.chosen(category.choice)), "") or self.library.default_checkpoint or own
        if wanted == RANDOM:
            wanted = self.draw(category, 0, set())
            if wanted:
                self.notes.append(Note("random", f"{wanted} was drawn from {category.name}."))
        if not wanted:
            return
        self.checkpoint = wanted
        asset = self.library.find(category.name, wanted)
        if asset is not None:
            self.found[category.name] = [asset]
            self.model = asset.data
        elif own is None or wanted.replace("\\", "/") != own.replace("\\", "/"):
            self.model = category.without_file
            message = f"No file under data/{category.data_folder} describes {wanted}; the usual settings are used."
            self.notes.append(Note("checkpoint-defaults", message))

    def outfit(self, assets: Sequence[Asset]) -> str:
        """The outfit worn; of a wearer drawn at random its first where it lacks the one asked for."""
        wanted = self.recipe.character_outfit or DEFAULT_OUTFIT
        wearer = next((asset for asset in assets if asset.category.has_outfits), None)
        if wearer is None:
            return DEFAULT_OUTFIT if wanted == RANDOM else wanted
        names = list(wearer.outfits)
        first = DEFAULT_OUTFIT if DEFAULT_OUTFIT in names or not names else names[0]
        if wanted == RANDOM:
            if not names:
                return DEFAULT_OUTFIT
            drawn = Random(f"{self.seed}:outfit:0").choice(names)
            self.notes.append(Note("random", f"«{wearer.name}» wears the outfit «{drawn}», drawn from its own."))
            return drawn
        if wanted in names:
            return wanted
        if wanted == DEFAULT_OUTFIT:
            return first
        if wearer.key in self.random:
            message = f"«{wearer.name}» was drawn and has no outfit «{wanted}»; it wears «{first}»."
            self.notes.append(Note("no-outfit", message))
            return first
        close = near(wanted, names)
        message = f"«{wearer.name}» has no outfit «{wanted}».{hint(close)}"
        fault = Fault("unknown-outfit", message, "character_outfit", wearer.category.name, wanted, close)
        self.faults.append(fault)
        return first
