"""What a new asset begins with: nothing, another one's fields, or JSON that was pasted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gaze.context import Context
from gaze.core.asset import Asset
from gaze.core.category import Category
from gaze.core.errors import Refusal, Unusable
from gaze.library.fromfile import usual
from gaze.library.service import Library
from gaze.web.forms import Values, one, raw


def begin(gaze: Context, category: Category, given: Values) -> Asset:
    """The new asset. Raises Refusal with the field that does not fit, Unusable, Unavailable, NoRoom."""
    library = gaze.library
    name, group, file = one(given, "name"), one(given, "group"), one(given, "file").replace("\\", "/")
    if category.chosen_by_id and not name:
        name = file.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    if not name:
        raise Refusal("A name is needed.", field="name")
    source = one(given, "from", "nothing") or "nothing"
    if source == "copy":
        return library.writing.create(category.name, name, _copied(library, category, one(given, "copy_of")), group)
    if source == "json":
        return library.writing.create(category.name, name, _pasted(category, raw(given, "json")), group)
    if category.chosen_by_id:
        return library.writing.create(category.name, name, _of_file(category, file), group)
    return library.writing.create(category.name, name, None, group)


def _copied(library: Library, category: Category, choice: str) -> Mapping[str, Any]:
    """Another asset's JSON without its id, name and LoRA; keys this program does not know come along."""
    source = library.find(category.name, choice) or library.shelf().find(category.name, choice)
    if source is None:
        text = f"There is no «{choice}» among {category.name}; choose one that is there."
        raise Refusal(text if choice else f"Choose the {category.one} to copy.", field="copy_of")
    found = dict(json.loads(library.raw(source)[0]))
    for key in (category.id_field, category.name_field, "lora"):
        found.pop(key, None)
    return found


def _pasted(category: Category, text: str) -> Mapping[str, Any]:
    """Pasted JSON; its id and name count where it has them. Raises Unusable naming line and column."""
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Unusable(f"This is no JSON: {error.msg.lower()} at {where}.", field="json") from error
    except RecursionError as error:
        raise Unusable("This JSON is nested too deeply.", field="json") from error
    if not isinstance(found, dict):
        raise Unusable("An object {...} is needed, as a file of this kind holds.", field="json")
    found.pop(category.name_field, None)
    return found


def _of_file(category: Category, file: str) -> Mapping[str, Any]:
    """What a model file without JSON gets (specification data, Checkpoint)."""
    if not file:
        raise Refusal("The model file is needed, as folder/name.safetensors.", field="file")
    return {category.id_field: file, **usual(category)}
