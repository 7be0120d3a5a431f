"""ComfyUI's refusals and failures as sentences for people: node, class, input, cause (specification comfyui 2, 5)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_TAGS = re.compile(r"<[^>]*>")
_FILE_INPUTS = ("ckpt_name", "lora_name", "vae_name", "model_name", "image")
_OUT_OF_MEMORY = ("OutOfMemoryError", "out of memory", "Allocation on device")


def refusals(status: int, body: str, graph: Mapping[str, Any]) -> list[str]:
    """One sentence for each fault in the answer to a refused `POST /prompt`; at least one.

    Understands the shapes of ComfyUI 0.3 to 0.27, plain text and HTML.
    """
    try:
        answer = json.loads(body)
    except ValueError:
        return [f"ComfyUI answered {status}: {plain(body) or 'nothing'}"]
    if not isinstance(answer, dict):
        return [f"ComfyUI answered {status}: {plain(body)}"]
    found = list(node_faults(answer.get("node_errors"), graph))
    error = answer.get("error")
    if not found and isinstance(error, dict):
        found.append(_top_fault(error, graph))
    elif not found:
        found.append(f"ComfyUI answered {status}: {plain(str(error or body))}")
    return found


def node_faults(node_errors: Any, graph: Mapping[str, Any]) -> Iterator[str]:
    """One sentence for each fault of `node_errors`."""
    if not isinstance(node_errors, dict):
        return
    for node_id, entry in node_errors.items():
        if not isinstance(entry, dict):
            continue
        where = named(graph, node_id, str(entry.get("class_type", "")))
        for error in entry.get("errors", []):
            if isinstance(error, dict):
                yield f"{where}: {_cause(error)}"


def failure(error: Mapping[str, Any], graph: Mapping[str, Any]) -> str:
    """The sentence for an `execution_error`: the node by its title, the file it worked on, the cause."""
    where = named(graph, str(error.get("node_id", "")), str(error.get("node_type", "")))
    kind = str(error.get("exception_type", ""))
    # What follows the first line are tips and paths of the server.
    message = flat(next(iter(str(error.get("exception_message", "")).strip(" *\n").splitlines()), ""))
    if any(mark in kind or mark in message for mark in _OUT_OF_MEMORY):
        return f"{where}: the GPU memory was not enough ({message or kind}). A smaller size or fewer LoRAs may fit."
    inputs = error.get("current_inputs")
    files = (_file(inputs.get(key)) for key in _FILE_INPUTS) if isinstance(inputs, dict) else ()
    file = next(filter(None, files), "")
    return f"{where}{f' with «{file}»' if file else ''}: {message or kind or 'failed without a message'}" + (
        f" ({kind})" if kind and kind.rsplit(".", 1)[-1] not in message and message else ""
    )


def named(graph: Mapping[str, Any], node_id: str, class_type: str = "") -> str:
    """A node as people know it: `Face detector (node 10, UltralyticsDetectorProvider)`."""
    node = graph.get(node_id)
    node = node if isinstance(node, dict) else {}
    class_type = class_type or str(node.get("class_type", ""))
    title = str(node.get("_meta", {}).get("title", "")) if isinstance(node.get("_meta"), dict) else ""
    title = title.removeprefix("gaze:").replace("_", " ") if title else ""
    place = f"node {node_id}" if node_id else "a node"
    if title and title != class_type:
        return f"{title[:1].upper()}{title[1:]} ({place}{f', {class_type}' if class_type else ''})"
    return f"{class_type} ({place})" if class_type else place.capitalize()


def plain(text: str, limit: int = 300) -> str:
    """Text without tags, on one line, cut to `limit` characters."""
    return flat(_TAGS.sub(" ", text), limit)


def flat(text: str, limit: int = 300) -> str:
    """Text on one line, without lone surrogates (which no JSON of ours could hold), cut to `limit` characters."""
    bare = " ".join(text.split()).encode(errors="replace").decode()
    return bare if len(bare) <= limit else bare[:limit] + "…"


def _top_fault(error: Mapping[str, Any], graph: Mapping[str, Any]) -> str:
    extra = error.get("extra_info")
    extra = extra if isinstance(extra, dict) else {}
    message = str(error.get("message") or error.get("type") or "ComfyUI refused the workflow")
    details = str(error.get("details") or "")
    if class_type := extra.get("class_type"):
        where = named(graph, str(extra.get("node_id", "")), str(class_type))
        return f"{where}: this ComfyUI has no node «{class_type}». Install the custom nodes it comes from."
    if error.get("type") == "prompt_no_outputs":
        return "The workflow has no node that saves an image."
    return plain(f"{message.rstrip('.')}: {details}" if details and details not in message else message)


def _cause(error: Mapping[str, Any]) -> str:
    extra = error.get("extra_info")
    extra = extra if isinstance(extra, dict) else {}
    details = plain(str(error.get("details") or ""))
    name = str(extra.get("input_name") or "")
    got = extra.get("received_value")
    got = flat(got, 120) if isinstance(got, str) else got
    config = extra.get("input_config")
    bounds = config[1] if isinstance(config, list) and len(config) > 1 and isinstance(config[1], dict) else {}
    match error.get("type"):
        case "value_not_in_list":
            return f"{name or 'a value'} «{got}» is not there"
        case "value_smaller_than_min":
            return f"{name} is {got}; at least {bounds.get('min', '?')} is needed"
        case "value_bigger_than_max":
            return f"{name} is {got}; at most {bounds.get('max', '?')} is allowed"
        case "required_input_missing":
            return f"the input «{name or details}» is missing"
        case "invalid_input_type":
            return f"{name} is {'empty' if got is None else f'«{got}»'}, which is of the wrong type"
        case "exception_during_inner_validation" | "exception_during_validation":
            return _broken_link(details)
        case "dependency_cycle":
            return "its links run in a circle"
        case "return_type_mismatch":
            return f"{name} is linked to an output of another type ({details})"
        case _:
            message = str(error.get("message") or error.get("type") or "not valid")
            return plain(f"{message}: {details}" if details else message)


def _broken_link(details: str) -> str:
    """The cause behind the bare text of a KeyError or IndexError of ComfyUI's validation."""
    if "index out of range" in details:
        return "it is linked to an output that does not exist"
    if details == "'inputs'":
        return "it, or a node it is linked to, has no inputs"
    node = details.strip("'")
    return f"it is linked to the node {node}, which is not in the workflow" if node else "one of its links is broken"


def _file(value: Any) -> str:
    """The name of a file among a failed node's inputs; a picture stands there as a dump of its numbers."""
    if isinstance(value, list):
        value = value[0] if value else ""
    return value if isinstance(value, str) and not value.startswith("tensor(") and "\n" not in value else ""
