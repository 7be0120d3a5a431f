"""What an answer must look like: a JSON schema for the provider, a check that decides, both from the declaration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from gaze.core.category import Category
from gaze.core.shape import shape

Json = dict[str, Any]


class Schema(msgspec.Struct, frozen=True):
    """`json` goes to the provider; `check` gives the faults of an answer, each a sentence for the model."""

    name: str
    json: Json
    check: Callable[[Json], list[str]]


def of_category(category: Category, sections: Sequence[str] = ()) -> Schema:
    """The schema of a category's file, or of some of its sections; what the model has no word in is left out."""
    whole = _written(category)
    made = {key: value for key, value in whole.items() if not sections or key in sections}
    closed = _closed(category)

    def check(answer: Json) -> list[str]:
        known = {key: answer[key] for key in made if key in answer}
        if not known:
            return [f"the object has none of the keys {', '.join(made)}"]
        faults = [misfit.message for misfit in shape(known, category.struct)[1]]
        for (section, key), options in closed.items():
            inner = known.get(section)
            value = inner.get(key) if isinstance(inner, dict) else None
            if isinstance(value, str) and value.strip() and value.strip().lower() not in options:
                faults.append(f"{section}.{key} is «{value[:40]}»; it can be {', '.join(options)}")
        return faults

    return Schema(category.one, _object(made), check)


def of_text(label: str) -> Schema:
    """The schema of one field's text: `{"text": "..."}`."""

    def check(answer: Json) -> list[str]:
        if not isinstance(answer.get("text"), str):
            return ['the object must be {"text": "..."} with the text in quotes']
        return []

    return Schema(label, _object({"text": {"type": "string"}}), check)


def _written(category: Category) -> dict[str, Json]:
    """The properties that a model writes: neither ids nor which file a LoRA is."""
    (root,), parts = msgspec.json.schema_components([category.struct])
    whole = _inlined(root, parts)["properties"]
    for key in ("lora", category.owner_key, *([category.id_field])):
        whole.pop(key, None)
    whole.get("tags", {}).get("properties", {}).pop("listed", None)
    found = {}
    for key, value in whole.items():
        value = _tidy(value)
        found[key] = value
    for (section, key), options in _closed(category).items():
        found[section]["properties"][key]["enum"] = ["", *options]
    return found


def _closed(category: Category) -> dict[tuple[str, str], tuple[str, ...]]:
    return {(field.section, field.key): field.options for field in category.fields if field.closed}


def _inlined(node: Any, parts: Mapping[str, Any]) -> Any:
    """The schema with every reference replaced by what it names: small models and grammars read it better."""
    if isinstance(node, dict):
        if "$ref" in node:
            return _inlined(parts[node["$ref"].rsplit("/", 1)[-1]], parts)
        return {key: _inlined(value, parts) for key, value in node.items()}
    return [_inlined(item, parts) for item in node] if isinstance(node, list) else node


def _tidy(node: Json) -> Json:
    """A property without defaults and titles; every key of an object is asked for."""
    if "properties" in node:
        return _object({key: _tidy(value) for key, value in node["properties"].items()})
    made = {key: value for key, value in node.items() if key not in ("default", "title", "description", "required")}
    if isinstance(inner := made.get("additionalProperties"), dict):
        made["additionalProperties"] = _tidy(inner)
    return made


def _object(properties: Mapping[str, Json]) -> Json:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }
