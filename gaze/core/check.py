"""A graph held against what a backend says it has (specification workflow, "Against the backend").

Nothing is swapped in silence: a name is matched whole, only its slashes may differ (F51, F111).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from difflib import get_close_matches
from typing import Any

import msgspec

from gaze.core.errors import Fault
from gaze.core.graph import without_detailer
from gaze.core.template import Template, is_link, read_template, title_of
from gaze.core.wildcards import Note

# Input -> what its values are called in messages and in the code of a fault: `unknown-lora`.
_KINDS = {
    "lora_name": ("lora", "LoRA"),
    "ckpt_name": ("checkpoint", "checkpoint"),
    "vae_name": ("vae", "VAE"),
    "sampler_name": ("sampler", "sampler"),
    "scheduler": ("scheduler", "scheduler"),
    "model_name": ("detector", "detector model"),
}
_NO_FILES = {"sampler_name"}  # ends like the name of a model file, but is none
_DETAILERS = {"face": "face", "hand": "hand"}


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """The graph as this backend will take it, what was changed in it, and what it will not take.

    A fault has `field` "node.input", `slug` the name that is missing and `near` the closest one there is.
    """

    graph: dict[str, Any]
    notes: tuple[Note, ...] = ()
    faults: tuple[Fault, ...] = ()


def check(
    graph: Mapping[str, Any],
    object_info: Mapping[str, Any],
    template: Template | None = None,
    *,
    any_model: bool = False,
) -> Checked:
    """What `object_info`, a backend's answer to GET /object_info, makes of a graph; the graph itself stays as it is.

    Detailers whose classes are missing are taken out, inputs it newly requires get its default, both noted. `template`
    tells the detailers; without it the graph's titles do. `any_model` leaves out the names of model files, for a
    backend that takes any.
    """
    notes: list[Note] = []
    made = _without_detailers(deepcopy(dict(graph)), object_info, template, notes)
    faults: list[Fault] = []
    for node, body in made.items():
        declared = object_info.get(body["class_type"])
        if declared is None:
            faults.append(_no_class(node, body, object_info))
            continue
        inputs = declared.get("input", {})
        faults += _required(node, body, inputs.get("required", {}), notes)
        for section in ("required", "optional"):
            for key, wanted in (inputs.get(section) or {}).items():
                if key in body["inputs"] and not is_link(body["inputs"][key]):
                    faults += _value(node, body, key, wanted, any_model)
    return Checked(graph=made, notes=tuple(notes), faults=tuple(faults))


def options(wanted: Sequence[Any]) -> list[Any] | None:
    """The values an input of `/object_info` allows, None if it is of another kind.

    Old servers write `[["a", "b"], {}]`, newer ones `["COMBO", {"options": ["a", "b"]}]`.
    """
    if not wanted:
        return None
    if isinstance(wanted[0], list):
        return wanted[0]
    found = _settings(wanted).get("options")
    return found if wanted[0] == "COMBO" and isinstance(found, list) else None


def listed(name: str, names: Sequence[Any]) -> Any:
    """The spelling in which a backend lists `name`, slashes aside; None if it does not."""
    if name in names:
        return name
    folded = name.replace("\\", "/")
    return next((other for other in names if isinstance(other, str) and other.replace("\\", "/") == folded), None)


def nearest(name: str, names: Sequence[Any], most: int = 3) -> list[str]:
    """Names that may be meant: the same file elsewhere, then those that read alike."""
    texts = [other for other in names if isinstance(other, str)]
    base = _file(name)
    same = [other for other in texts if _file(other) == base]
    alike = get_close_matches(name.replace("\\", "/"), texts, n=most, cutoff=0.6)
    return list(dict.fromkeys([*same, *alike]))[:most]


def _without_detailers(
    graph: dict[str, Any], object_info: Mapping[str, Any], template: Template | None, notes: list[Note]
) -> dict[str, Any]:
    template = template or read_template("", "", graph)[0]
    for role, what in _DETAILERS.items():
        node = template.roles.get(role, "") if template else ""
        if template is None or node not in graph:
            continue
        classes = [graph[node]["class_type"], *_detectors(graph, node)]
        missing = [name for name in dict.fromkeys(classes) if name not in object_info]
        if missing:
            graph = without_detailer(graph, template, role)
            message = (
                f"The {what} detailer is off: the backend lacks {' and '.join(missing)}. Install its node pack there."
            )
            notes.append(Note("detailer-off", message))
    return graph


def _detectors(graph: Mapping[str, Any], node: str) -> Iterator[str]:
    """The classes of what a detailer finds faces or hands with."""
    for key, value in graph[node]["inputs"].items():
        if is_link(value) and value[0] in graph and ("detector" in key or key.startswith("sam_model")):
            yield graph[value[0]]["class_type"]


def _no_class(node: str, body: Mapping[str, Any], object_info: Mapping[str, Any]) -> Fault:
    name = body["class_type"]
    near = get_close_matches(name, list(object_info), n=1, cutoff=0.6)
    ask = f" It does have {near[0]}." if near else ""
    message = f"{_named(node, body)}: the backend has no node class {name}; install its node pack there.{ask}"
    return Fault("missing-node", message, field=node, slug=name, near=near[0] if near else None)


def _required(node: str, body: Mapping[str, Any], required: Mapping[str, Any], notes: list[Note]) -> Iterator[Fault]:
    """Give a node the defaults of what it lacks (F64); a fault for each input without one."""
    for key, wanted in required.items():
        if key in body["inputs"]:
            continue
        if "default" in _settings(wanted):
            value = body["inputs"][key] = _settings(wanted)["default"]
            notes.append(
                Note("default-input", f"{_named(node, body)}: its input {key} got the backend's default, {value}.")
            )
        else:
            message = f"{_named(node, body)}: the backend requires the input {key}; it has no default, so set one."
            yield Fault("missing-input", message, field=f"{node}.{key}")


def _value(node: str, body: Mapping[str, Any], key: str, wanted: Sequence[Any], any_model: bool) -> Iterator[Fault]:
    """A fault if the backend will not take a value; a name gets the backend's spelling."""
    value = body["inputs"][key]
    allowed = options(wanted)
    if _settings(wanted).get("image_upload"):
        return  # the image is uploaded when the job is submitted
    if allowed is not None:
        if isinstance(value, str):
            found = listed(value, allowed)
            if found is not None:
                body["inputs"][key] = found
            elif not (any_model and key.endswith("_name") and key not in _NO_FILES):
                yield _unknown(node, body, key, value, allowed)
        elif value not in allowed and not isinstance(value, list):
            yield _unknown(node, body, key, str(value), allowed)
    elif wanted and wanted[0] in ("INT", "FLOAT") and not isinstance(value, bool):
        yield from _bounded(node, body, key, value, _settings(wanted))


def _unknown(node: str, body: Mapping[str, Any], key: str, value: str, allowed: Sequence[Any]) -> Fault:
    code, kind = _KINDS.get(key, ("value", key))
    near = nearest(value, allowed)
    ask = f" Near it: {', '.join(f'«{name}»' for name in near)}." if near else ""
    if not near and len(allowed) <= 12:
        ask = f" It has {', '.join(f'«{name}»' for name in allowed)}." if allowed else " It lists none at all."
    message = f"{_named(node, body)}: the backend has no {kind} «{value}».{ask}"
    return Fault(f"unknown-{code}", message, field=f"{node}.{key}", slug=value, near=near[0] if near else None)


def _bounded(node: str, body: Mapping[str, Any], key: str, value: Any, settings: Mapping[str, Any]) -> Iterator[Fault]:
    try:
        number = value if isinstance(value, int | float) else float(value)
    except (TypeError, ValueError):
        number = None
    low, high = settings.get("min"), settings.get("max")
    below = number is not None and low is not None and not number >= low
    above = number is not None and high is not None and not number <= high
    if number is None or below or above:
        allowed = f"{'any' if low is None else low} to {'any' if high is None else high}"
        message = f"{_named(node, body)}: its input {key} is {value}; the backend takes {allowed}."
        yield Fault("bad-value", message, field=f"{node}.{key}")


def _settings(wanted: Sequence[Any]) -> Mapping[str, Any]:
    return wanted[1] if len(wanted) > 1 and isinstance(wanted[1], Mapping) else {}


def _file(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2].casefold()


def _named(node: str, body: Mapping[str, Any]) -> str:
    return f"Node {node} ({title_of(node, body)})"
