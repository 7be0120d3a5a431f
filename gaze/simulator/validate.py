"""Validation of a graph, step for step as ComfyUI does it, with the same words and shapes.

Follows `validate_prompt` and `validate_inputs` of ComfyUI 0.25.0; what comes out is held against recorded
refusals (specification comfyui §2).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from gaze.simulator.nodes import Nodes, classes, inputs_of
from gaze.simulator.versions import Abilities

Graph = dict[str, Any]
Reason = dict[str, Any]
Checked = dict[str, tuple[bool, list[Reason]]]

LONG_LIST = 20
"""Lists of more options than this are left out of a refusal."""


class Verdict(msgspec.Struct, frozen=True):
    """What became of a graph: refused (`error`), or taken with these outputs; both may name nodes."""

    outputs: list[str]
    node_errors: dict[str, Any]
    error: dict[str, Any] | None = None


def refusal(kind: str, message: str, details: str = "", extra: dict[str, Any] | None = None) -> dict[str, Any]:
    """The one shape of an error, at the top and inside a node."""
    return {"type": kind, "message": message, "details": details, "extra_info": extra or {}}


def validate(graph: Graph, nodes: Nodes, able: Abilities, input_folder: Path) -> Verdict:
    """Check a graph and coerce its values in place (`"5"` becomes 5).

    Raises TypeError, AttributeError or KeyError for a graph that is no object of objects: the real server
    answers 500 there.
    """
    missing = _missing_class(graph, nodes, able)
    if missing is not None:
        return Verdict([], {}, missing)
    wanted = [node_id for node_id, node in graph.items() if classes()[node["class_type"]]["output_node"]]
    if not wanted:
        return Verdict([], {}, refusal("prompt_no_outputs", "Prompt has no outputs"))
    check = _Check(graph, nodes, able, input_folder)
    good: list[str] = []
    node_errors: dict[str, Any] = {}
    top: list[str] = []
    for output in wanted:
        valid, reasons = check.output(output)
        if valid:
            good.append(output)
            continue
        top += [f"{reason['message']}: {reason['details']}" for reason in reasons]
        for node_id, (fine, found) in check.done.items():
            if not fine and found:
                entry = node_errors.setdefault(
                    node_id,
                    {"errors": found, "dependent_outputs": [], "class_type": graph[node_id]["class_type"]},
                )
                entry["dependent_outputs"].append(output)
    if good:
        return Verdict(good, node_errors)
    error = refusal("prompt_outputs_failed_validation", "Prompt outputs failed validation", "\n".join(top))
    return Verdict([], node_errors, error)


def _missing_class(graph: Graph, nodes: Nodes, able: Abilities) -> Reason | None:
    for node_id, node in graph.items():
        class_type = node.get("class_type")
        if nodes.known(class_type):
            continue
        title = node.get("_meta", {}).get("title") or class_type
        if class_type is None:
            message = f"Node '{title}' has no class_type. "
            message += "The workflow may be corrupted or a custom node is missing."
        else:
            message = f"Node '{title}' not found. The custom node may not be installed."
        kind = "missing_node_type" if able.missing_node_type else "invalid_prompt"
        extra = {"node_id": node_id, "class_type": class_type, "node_title": title}
        return refusal(kind, message, f"Node ID '#{node_id}'", extra if able.missing_node_type else {})
    return None


class _Check:
    """One walk over a graph, from its outputs back; each node is looked at once."""

    def __init__(self, graph: Graph, nodes: Nodes, able: Abilities, input_folder: Path) -> None:
        self._graph = graph
        self._nodes = nodes
        self._able = able
        self._input_folder = input_folder
        self.done: Checked = {}

    def output(self, node_id: str) -> tuple[bool, list[Reason]]:
        """Whether an output node and all it needs is valid, with the reasons found at the node itself."""
        try:
            return self._node(node_id, [])
        except Exception as error:
            extra = {"exception_type": type(error).__name__, "traceback": _traceback("validate_prompt", 1172)}
            reason = refusal("exception_during_validation", "Exception when validating node", str(error), extra)
            self.done[node_id] = (False, [reason])
            return self.done[node_id]

    def _node(self, node_id: str, above: list[str]) -> tuple[bool, list[Reason]]:
        if node_id in self.done:
            return self.done[node_id]
        if node_id in above:
            return self._cycle(node_id, above)
        node = self._graph[node_id]
        given, class_type = node["inputs"], node["class_type"]
        info = classes()[class_type]
        required = info["input"].get("required", {})
        reasons: list[Reason] = []
        valid = True
        for name, spec in inputs_of(info).items():
            if name not in given:
                if name in required:
                    extra = {"input_name": name}
                    reasons.append(refusal("required_input_missing", "Required input is missing", name, extra))
                continue
            if isinstance(given[name], list):
                valid &= self._link(node_id, name, spec, given[name], reasons, above)
            elif reason := self._value(class_type, name, spec, given):
                reasons.append(reason)
        if node_id in self.done and not self.done[node_id][0]:
            return self.done[node_id]  # found to be part of a cycle on the way
        self.done[node_id] = (valid and not reasons, reasons)
        return self.done[node_id]

    def _cycle(self, node_id: str, above: list[str]) -> tuple[bool, list[Reason]]:
        if not self._able.cycle_errors:
            raise RecursionError("maximum recursion depth exceeded")
        ring = above[above.index(node_id) :]
        path = " -> ".join(f"{one} ({self._graph[one]['class_type']})" for one in [*ring, node_id])
        for one in ring:
            extra = {"node_id": one, "cycle_nodes": ring}
            reason = refusal("dependency_cycle", "Dependency cycle detected", path, extra)
            self.done[one] = (False, [reason])
        return self.done[node_id]

    def _link(
        self,
        node_id: str,
        name: str,
        spec: list[Any],
        link: list[Any],
        reasons: list[Reason],
        above: list[str],
    ) -> bool:
        """Follow a link. False when something further up is wrong; what is wrong here joins `reasons`."""
        extra: dict[str, Any] = {"input_name": name, "input_config": self._config(spec)}
        if len(link) != 2:
            message = "Bad linked input, must be a length-2 list of [node_id, slot_index]"
            reasons.append(refusal("bad_linked_input", message, name, {**extra, "received_value": link}))
            return True
        source = link[0]
        received = tuple(classes()[self._graph[source]["class_type"]]["output"])[link[1]]
        wanted = _kind(spec)
        if not _fits(received, wanted):
            details = f"{name}, received_type({received}) mismatch input_type({wanted})"
            extra |= {"received_type": received, "linked_node": link}
            reasons.append(refusal("return_type_mismatch", "Return type mismatch between linked nodes", details, extra))
            return True
        try:
            return self._node(source, [*above, node_id])[0]
        except Exception as error:
            extra |= {
                "exception_message": str(error),
                "exception_type": type(error).__name__,
                "traceback": _traceback("validate_inputs", 943),
                "linked_node": link,
            }
            message = "Exception when validating inner node"
            self.done[source] = (
                False,
                [refusal("exception_during_inner_validation", message, str(error), extra)],
            )
            return False

    def _value(self, class_type: str, name: str, spec: list[Any], given: dict[str, Any]) -> Reason | None:
        kind = _kind(spec)
        settings = spec[1] if len(spec) > 1 else {}
        value = given[name]
        extra: dict[str, Any] = {"input_name": name, "input_config": None, "received_value": value}
        convert = {"INT": int, "FLOAT": float, "STRING": str, "BOOLEAN": bool}.get(kind)
        if convert is not None:
            try:
                value = given[name] = convert(value)
            except (TypeError, ValueError, OverflowError) as error:
                message = f"Failed to convert an input value to a {kind} value"
                details = f"{name}, {value}, {error}"
                extra |= {"input_config": self._config(spec), "exception_message": str(error)}
                return refusal("invalid_input_type", message, details, extra)
            extra["received_value"] = value
        if class_type == "LoadImage" and name == "image":
            return self._picture(name, value)
        if "min" in settings and value < settings["min"]:
            extra["input_config"] = self._config(spec)
            message = f"Value {value} smaller than min of {settings['min']}"
            return refusal("value_smaller_than_min", message, name, extra)
        if "max" in settings and value > settings["max"]:
            extra["input_config"] = self._config(spec)
            message = f"Value {value} bigger than max of {settings['max']}"
            return refusal("value_bigger_than_max", message, name, extra)
        if kind == "COMBO" and not self._nodes.open_list(class_type, name):
            return self._choice(name, self._config(spec), value, extra)
        return None

    def _choice(self, name: str, config: list[Any], value: Any, extra: dict[str, Any]) -> Reason | None:
        if value in config[0]:
            return None
        long = len(config[0]) > LONG_LIST
        choices = f"(list of length {len(config[0])})" if long else str(config[0])
        extra["input_config"] = None if long else config
        return refusal("value_not_in_list", "Value not in list", f"{name}: {value!r} not in {choices}", extra)

    def _config(self, spec: list[Any]) -> list[Any]:
        filled = self._nodes.filled(spec)
        return [filled[0], filled[1] if len(filled) > 1 else {}]

    def _picture(self, name: str, value: Any) -> Reason | None:
        if isinstance(value, str) and (self._input_folder / value).is_file():
            return None
        details = f"{name} - Invalid image file: {value}"
        return refusal("custom_validation_failed", "Custom validation failed for node", details, {"input_name": name})


def _kind(spec: list[Any]) -> str:
    """The type of an input; COMBO for a list to choose from."""
    return spec[0] if isinstance(spec[0], str) and not spec[0].startswith("$") else "COMBO"


def _fits(received: str, wanted: str) -> bool:
    return "*" in (received, wanted) or bool(set(received.split(",")) & set(wanted.split(",")))


def _traceback(function: str, line: int) -> list[str]:
    lines = ((function, line), ("validate_inputs", 921))
    return [f'  File "execution.py", line {number}, in {name}\n' for name, number in lines]
