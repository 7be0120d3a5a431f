"""What one image was made from: its sidecar, else its own texts; and the recipe either gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from gaze.context import Context
from gaze.core import metadata
from gaze.core.errors import Refusal
from gaze.core.metadata import Metadata
from gaze.core.metadata.meta import number, text, whole
from gaze.core.metadata.torecipe import Model, to_recipe
from gaze.core.plantext import read_recipe
from gaze.core.recipe import Recipe
from gaze.library.imagetexts import Texts
from gaze.library.models import kind_of


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """An image's making. `own` is whether GAZE made it; `recipe` is None where nothing is known; `unmapped` says what
    of foreign metadata the recipe does not have."""

    own: bool
    sidecar: Mapping[str, Any]
    texts: Texts
    said: Metadata
    recipe: Recipe | None
    unmapped: tuple[str, ...] = ()
    fault: str = ""


def source_of(gaze: Context, path: str) -> Source:
    """What an image was made from, read now. Blocking. Raises NotFound."""
    gallery = gaze.library.gallery
    texts, sidecar = gallery.texts(path), gallery.sidecar(path)
    said = metadata.read(texts.texts)
    raw = sidecar.get("recipe")
    if isinstance(raw, dict):
        try:
            recipe, fault = read_recipe(raw), ""
        except Refusal as refusal:
            recipe, fault = None, refusal.message
        own = _own(sidecar, recipe, said)
        return Source(own=True, sidecar=sidecar, texts=texts, said=own, recipe=recipe, fault=fault)
    if said is None or said.empty:
        said = said or Metadata()
        return Source(own=False, sidecar=sidecar, texts=texts, said=said, recipe=None, unmapped=said.notes)
    made = to_recipe(said, gaze.categories, *models_of(gaze))
    return Source(own=False, sidecar=sidecar, texts=texts, said=said, recipe=made.recipe, unmapped=made.unmapped)


def _own(sidecar: Mapping[str, Any], recipe: Recipe | None, said: Metadata | None) -> Metadata:
    """What a sidecar says, in the shape that foreign metadata has; LoRAs are those of the image itself."""
    recipe = recipe or Recipe()
    seed = whole(sidecar.get("seed"))
    return Metadata(
        tool="GAZE",
        positive=text(sidecar.get("positive")),
        negative=text(sidecar.get("negative")),
        checkpoint=text(sidecar.get("checkpoint"), 500),
        loras=said.loras if said else (),
        seed=recipe.seed if seed is None else seed,
        width=recipe.width,
        height=recipe.height,
        steps=recipe.steps,
        cfg=number(recipe.cfg),
        sampler_name=recipe.sampler_name or "",
        scheduler=recipe.scheduler or "",
        more=said.more if said else (),
    )


def models_of(gaze: Context) -> tuple[Sequence[Model], Sequence[Model]]:
    """The LoRAs that assets name, and the checkpoints that can be chosen."""
    loras = [
        Model(named.model, named.category, named.slug)
        for named in gaze.library.named_models()
        if named.kind == "lora" and gaze.categories[named.category].choosable
    ]
    shelf = gaze.library.shelf()
    checkpoints = []
    for category in gaze.categories.values():
        if category.chosen_by_id:
            known = {*shelf.choices(category.name), *gaze.model_files.whole(kind_of(category))}
            known.update(gaze.models.checkpoints)
            checkpoints = [Model(path, category.name, path) for path in sorted(known)]
    return loras, checkpoints
