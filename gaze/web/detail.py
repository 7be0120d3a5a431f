"""What the page of one asset shows, put together from library, queue and plan."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from gaze.context import Context
from gaze.core.asset import Asset
from gaze.core.errors import Problem, Refusal
from gaze.core.recipe import Recipe
from gaze.core.transfer import can_become
from gaze.jobs.record import Job
from gaze.library.kept import NONE, Rate
from gaze.library.query import Card
from gaze.web.choices import last_choices, selected_fields
from gaze.web.editing.relink import Offer, offer
from gaze.web.forms import Values, one
from gaze.web.live import Live
from gaze.web.loras import Lora, loras_of, without_usual_weights
from gaze.web.mix import workflows_of
from gaze.web.modelpage import SHOWN, FileList, file_list
from gaze.web.modelview import asks, model_facts
from gaze.web.preview import Preview, failed_preview, preview_for
from gaze.web.recipe_form import SIZES, asset_recipe, recipe_url
from gaze.web.recipeview import RecipeView, changed, for_a_program, recipe_view, usual
from gaze.web.related import Pick, more_label, owned_by, picks_for, uses_of
from gaze.web.sections import SectionView, facts_of, sections_of

SHOWN_IMAGES = 200
_FORM: tuple[str, ...] = (
    *("seed", "count", "size", "width", "height", "workflow", "extra_positive", "extra_negative"),
    *("detail_face", "detail_hands"),
)


class TabView(msgspec.Struct, frozen=True):
    name: str
    label: str
    href: str
    on: bool
    count: int | None = None


class KeptView(msgspec.Struct, frozen=True):
    """How often its pictures are kept: in a sentence, by LoRA weight, and what goes well with it."""

    facts: list[tuple[str, str, bool]]
    weights: list[tuple[float, Rate]]
    pairs: list[tuple[str, str, Rate]]


class Detail(msgspec.Struct, frozen=True, kw_only=True):
    """Everything on an asset's page."""

    asset: Asset
    href: str
    card: Card
    problems: list[Problem]
    offer: Offer | None  # another model file for a missing one
    job: Job | None
    more_jobs: int
    failed: Job | None
    shown: str
    preview: bool
    images: list[str]
    kept: KeptView
    image_count: int
    facts: list[tuple[str, str, bool]]
    notes: str
    used: list[tuple[str, list[tuple[str, str]]]]
    sections: list[SectionView]
    selectable: int
    counting: int
    tab: str
    tabs: list[TabView]
    body: str
    owned: list[Card]
    raw: str
    picks: list[Pick]
    form: dict[str, str]
    sizes: list[tuple[str, str]]
    workflows: list[str]
    loras: list[tuple[Asset, Lora]]
    last_seed: str
    more_set: int
    more_label: str
    ratio: str
    in_generator: str  # the generator's address with what this page makes
    turns: bool  # whether it can be turned into another kind
    asks: bool  # whether deleting asks about its model file
    recipe: RecipeView | None  # of a saved recipe
    changed: int  # values of this run that are other than the recipe's
    api: str  # the same run, asked for by a program
    files: FileList | None  # all model files of its kind, where the asset is one
    show: list[tuple[str, str]]  # their filters
    usual: bool  # whether a recipe that names none takes it
    typed: bool  # whether the body holds what is being typed, so that it is never swapped


def detail(gaze: Context, live: Live, asset: Asset, given: Values, failed: Job | None = None) -> Detail:
    """The page of an asset with what has been chosen and typed on it so far."""
    library = gaze.library
    state = library.preferences.of(asset.category.name, asset.slug)
    asked = given if "fields_shown" in given else {**last_choices(state, gaze.categories), **given}
    selected = selected_fields(asset, asked, state)
    sections = sections_of(asset, asked, selected)
    rows = [row for section in sections for row in section.rows if row.selectable]
    card = library.card(asset)
    pictures = library.images.of_asset(asset.key)
    images = [picture.path for picture in pictures[:SHOWN_IMAGES]]
    kept = kept_of(gaze, asset)
    preview = str(state.get("last_preview") or "")
    preview = preview if library.gallery.has(preview) else ""
    job = live.job_of(asset.key)
    owned = owned_by(gaze, asset)
    tab = one(given, "tab", "fields")
    files = file_list(gaze, asset.category, given) if asset.category.chosen_by_id else None
    tabs = _tabs(asset, tab, len(pictures), owned)
    tab = next(item.name for item in tabs if item.on)
    picks = picks_for(gaze, asset, asked)
    texts = () if asset.category.has_recipe else ("extra_positive", "extra_negative")  # those stand in the open
    form = {name: one(asked, name) or usual(asset).get(name, "") for name in _FORM}
    return Detail(
        asset=asset,
        href=f"/{asset.category.name}/{asset.slug}",
        card=card,
        problems=library.problem_of(asset.category.name, asset.slug),
        offer=offer(gaze.model_files, asset),
        job=job,
        more_jobs=sum(other.category == asset.category.name and other.slug == asset.slug for other in live.open_jobs)
        - (1 if job else 0),
        failed=failed if failed and not job else None,
        shown=preview or card.cover,
        preview=bool(preview),
        images=images,
        image_count=len(pictures),
        kept=kept,
        facts=[*facts_of(asset), *model_facts(gaze.model_files, asset, gaze.models.servers), *kept.facts],
        notes=str(state.get("notes") or ""),
        used=uses_of(gaze, asset),
        sections=sections,
        selectable=len(rows),
        counting=sum(row.checked for row in rows),
        tab=tab,
        tabs=tabs,
        body=_body(asset, tab),
        owned=owned,
        raw=library.raw(asset)[0] if tab == "json" else "",
        picks=picks,
        form=form,
        sizes=[("", "usual"), *((size, size.replace("x", "×")) for size in SIZES), ("own", "own size")],
        workflows=workflows_of(gaze),
        loras=_loras(gaze, asset, given),
        last_seed=str(state.get("last_seed") or ""),
        more_set=sum(bool(pick.value) for pick in picks[2:])
        + sum(bool(form[name]) for name in texts)
        + sum(form[name] == "off" for name in ("detail_face", "detail_hands"))
        + (form["workflow"] not in ("", "default")),
        more_label=more_label(picks[2:], "extra prompt" if texts else "detailers"),
        ratio=f"{job.width}/{job.height}" if job and job.width and job.height else "",
        in_generator=_in_generator(gaze, asset, given),
        turns=any(can_become(asset.category, other) for other in gaze.categories.values()),
        asks=asks(gaze.model_files, asset),
        recipe=recipe_view(gaze, asset),
        changed=changed(asset, asked, [pick.name for pick in picks]),
        api=for_a_program(asset, asked),
        files=files,
        show=list(SHOWN.items()),
        usual=asset.category.chosen_by_id and asset.choice == gaze.settings().default_checkpoint,
        typed=files is not None and tab in ("fields", "make"),
    )


def kept_of(gaze: Context, asset: Asset) -> KeptView:
    """How often the asset's pictures are kept."""
    kept = gaze.library.kept()
    rate = kept.checkpoints.get(asset.choice, NONE) if asset.category.chosen_by_id else kept.of(asset.key)
    said = f"{rate.percent} % ({rate.kept} favourites, {rate.gone} thrown away)" if rate.judged else ""
    pairs = [(f"/{key}", gaze.library.name_of(key), other) for key, other in kept.pairs_of(asset.key) if other.kept]
    return KeptView([("Kept", said, False)] if said else [], kept.weights_of(asset.key), pairs)


def preview(gaze: Context, asset: Asset, given: Values) -> Preview:
    """The prompts that the page's choices would make now, or why there are none."""
    try:
        return preview_for(gaze, asked_recipe(gaze, asset, given))
    except Refusal as refusal:
        return failed_preview(refusal)


def asked_recipe(gaze: Context, asset: Asset, given: Values) -> Recipe:
    """What the page's form says, or its last choices where nothing was sent. Raises PlanError."""
    state = gaze.library.preferences.of(asset.category.name, asset.slug)
    asked = given if "fields_shown" in given else {**last_choices(state, gaze.categories), **given}
    return without_usual_weights(gaze, asset_recipe(asset, asked, gaze.library.shelf()))


def _in_generator(gaze: Context, asset: Asset, given: Values) -> str:
    try:
        return recipe_url(msgspec.structs.replace(asked_recipe(gaze, asset, given), count=1), gaze.categories)
    except Refusal:
        return recipe_url(Recipe(), gaze.categories)


def _loras(gaze: Context, asset: Asset, given: Values) -> list[tuple[Asset, Lora]]:
    """The LoRAs of what is chosen; none where a choice cannot be read."""
    try:
        return loras_of(gaze, asked_recipe(gaze, asset, given))
    except Refusal:
        return []


def _body(asset: Asset, tab: str) -> str:
    """The template of a tab: fields are a recipe, or the settings of a model, where the asset is one."""
    if tab == "fields" and asset.category.has_recipe:
        return "asset/_recipe.html"
    return "asset/_settings.html" if tab == "fields" and asset.category.chosen_by_id else f"asset/_{tab}.html"


def _tabs(asset: Asset, tab: str, images: int, owned: Sequence[Card]) -> list[TabView]:
    href = f"/{asset.category.name}/{asset.slug}"
    category = asset.category
    label = "Recipe" if category.has_recipe else "Settings" if category.chosen_by_id else "Fields"
    items: list[tuple[str, str, int | None]] = [("fields", label, None), ("images", "Images", images)]
    if category.chosen_by_id:
        items.insert(1, ("make", "Try it", None))
    if owned:
        items.append(("owned", owned[0].asset.category.name.capitalize(), len(owned)))
    items.append(("json", "JSON", None))
    names = [name for name, _, _ in items]
    tab = tab if tab in names else "fields"
    return [
        TabView(name, label, href if name == "fields" else f"{href}?tab={name}", name == tab, count)
        for name, label, count in items
    ]
