"""What the generator's page shows: every category with what is chosen of it, the settings, the prompt."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from gaze.context import Context
from gaze.core.asset import Asset
from gaze.core.category import Category
from gaze.core.recipe import RANDOM, Recipe
from gaze.library.query import Card, Query
from gaze.web.forms import Values, one
from gaze.web.loras import Lora, lora_of
from gaze.web.recipe_form import pairs, recipe_url
from gaze.web.views import checkpoints

IN_PICKER = 16


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """One choice; `card` is None for a random one, a model file without entry, or an asset that is not there."""

    choice: str
    name: str
    card: Card | None = None
    lora: Lora | None = None
    gone: bool = False
    outfits: list[str] = []


class Offer(msgspec.Struct, frozen=True):
    """One of a picker; `card` is None for a model file without entry."""

    choice: str
    name: str
    card: Card | None
    on: bool


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """A category as a row: what is chosen, and while it is open what there is to choose."""

    category: Category
    label: str
    count: int
    chosen: list[Chosen]
    open: bool
    q: str
    order: str  # of its offers: "name", or "kept" (most often kept first)
    offers: list[Offer]
    more: int


class Mix(msgspec.Struct, frozen=True, kw_only=True):
    """The page. `kept` are values of the recipe that have no input and stay as they are, `values` all but choices."""

    recipe: Recipe
    url: str
    kinds: list[Kind]
    presets: list[Kind]
    how: str
    kept: list[tuple[str, str]]
    values: list[tuple[str, str]]
    subject: Asset | None
    drawn: int
    size: str
    workflows: list[str]
    varies: bool  # whether a variation seed goes anywhere
    last_seed: int | None


def mix_of(gaze: Context, recipe: Recipe, given: Values) -> Mix:
    """The page of a recipe; `given` says which rows are open and what is searched in them."""
    categories = gaze.categories
    kinds = [_kind(gaze, category, recipe, given) for category in categories.values() if category.choosable]
    presets = [_kind(gaze, category, recipe, given) for category in categories.values() if category.has_recipe]
    category, _, slug = recipe.subject.partition("/")
    choices = {c.choice for c in categories.values()}
    entries = gaze.library.history.entries()
    size = f"{recipe.width}x{recipe.height}" if recipe.width and recipe.height else ""
    return Mix(
        recipe=recipe,
        url=recipe_url(recipe, categories),
        kinds=kinds,
        presets=presets,
        how=one(given, "how", "stack"),
        kept=[
            (name, value)
            for name, value in pairs(recipe, categories)
            if name in ("subject", "fields") or name.startswith("text:") or _elsewhere(name, recipe, categories)
        ],
        values=[(name, value) for name, value in pairs(recipe, categories) if name not in choices],
        subject=gaze.library.find(category, slug) if slug else None,
        drawn=len(recipe.texts),
        size=size,
        workflows=workflows_of(gaze),
        varies=bool((template := gaze.library.shelf().template(recipe.workflow)) and template.varies),
        last_seed=int(entries[0]["seed"]) if entries else None,
    )


def workflows_of(gaze: Context) -> list[str]:
    """Names of the workflows that make an image from nothing."""
    shelf = gaze.library.shelf()
    return [name for name in shelf.templates() if (each := shelf.template(name)) and not each.works_on_an_image]


def _elsewhere(name: str, recipe: Recipe, categories: Mapping[str, Category]) -> bool:
    """Whether a weight or a switch is of a whole category, or of an asset that is not among the choices."""
    kind, _, key = name.partition(":")
    if kind not in ("weight", "lora"):
        return False
    category, _, choice = key.partition("/")
    return category not in categories or choice not in recipe.chosen(categories[category].choice)


def _kind(gaze: Context, category: Category, recipe: Recipe, given: Values) -> Kind:
    choices = recipe.chosen(category.choice) if category.choosable else []
    opened, q = category.name in given.get("open", ()), one(given, f"q:{category.name}")[:100]
    order = "kept" if one(given, f"order:{category.name}") == "kept" else "name"
    offers, total = _offers(gaze, category, q, choices, order) if opened else ([], 0)
    return Kind(
        category=category,
        label=(category.name if category.many and not category.has_recipe else category.one).capitalize(),
        count=gaze.library.counts().get(category.name, 0),
        chosen=[_chosen(gaze, category, choice, recipe) for choice in choices],
        open=opened,
        q=q,
        order=order,
        offers=offers,
        more=max(0, total - len(offers)),
    )


def _chosen(gaze: Context, category: Category, choice: str, recipe: Recipe) -> Chosen:
    if choice == RANDOM:
        return Chosen(choice=choice, name="Random")
    asset = gaze.library.shelf().find(category.name, choice)
    if asset is None:
        loose = category.chosen_by_id and choice in dict(checkpoints(gaze))
        return Chosen(choice=choice, name=choice.rsplit("/", 1)[-1].rsplit(".", 1)[0], gone=not loose)
    return Chosen(
        choice=choice,
        name=asset.name,
        card=gaze.library.card(asset),
        lora=lora_of(asset, recipe),
        outfits=list(asset.outfits) if len(asset.outfits) > 1 else [],
    )


def _offers(gaze: Context, category: Category, q: str, choices: list[str], order: str) -> tuple[list[Offer], int]:
    cards, total = _cards(gaze, category, q, order)
    found = [
        Offer(choice, card.asset.name, card, choice in choices)
        for card in cards
        for choice in (card.asset.slug if category.has_recipe else card.asset.choice,)
    ]
    if not category.chosen_by_id:
        return found, total
    known = {offer.choice for offer in found}
    loose = [
        Offer(path, name, None, path in choices)
        for path, name in checkpoints(gaze)
        if path not in known
        and gaze.library.shelf().find(category.name, path) is None
        and q.casefold() in path.casefold()
    ]
    return [*found, *loose][:IN_PICKER], total + len(loose)


def _cards(gaze: Context, category: Category, q: str, order: str) -> tuple[list[Card], int]:
    """The first cards of a picker, and how many there are."""
    if order == "name":
        page = gaze.library.query(category.name, Query(q=q, limit=IN_PICKER))
        return page.cards, page.total
    kept, slugs = gaze.library.kept(), gaze.library.slugs(category.name, Query(q=q))
    best = sorted(slugs, key=lambda slug: -kept.of(f"{category.name}/{slug}").score)[:IN_PICKER]
    assets = [asset for slug in best if (asset := gaze.library.find(category.name, slug))]
    return [gaze.library.card(asset) for asset in assets], len(slugs)
