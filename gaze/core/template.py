"""Workflow templates: which node plays which role, and what is wrong with one (specification workflow)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from gaze.core.errors import Problem
from gaze.core.settings import Settings

# Role -> the node id it has in the default template, and the input that a node at that id must have to bear it.
ROLES: Mapping[str, tuple[str, str]] = {
    "sampler": ("3", "steps"),
    "checkpoint": ("4", "ckpt_name"),
    "latent": ("5", "width"),
    "positive": ("6", "text"),
    "negative": ("7", "text"),
    "decode": ("8", "samples"),
    "save": ("9", "filename_prefix"),
    "face": ("11", "bbox_detector"),
    "hand": ("13", "bbox_detector"),
    "face_prompt": ("14", "text"),
    "hand_prompt": ("15", "text"),
    "lora1": ("16", "lora_name"),
    "lora2": ("17", "lora_name"),
    "lora3": ("18", "lora_name"),
    "lora4": ("19", "lora_name"),
}

# Roles that only a title gives: the image a workflow works on (its input `image`), and a node with `variation_seed`
# and `variation_strength`, which the sampler may have itself.
TITLED = ("init_image", "variation")

# Placeholder -> the prompt node that holds it.
PLACEHOLDERS: Mapping[str, str] = {
    "POSITIVE_PROMPT": "positive",
    "FACE_PROMPT": "face_prompt",
    "HAND_PROMPT": "hand_prompt",
}
PLACEHOLDER = re.compile(r"\{\{([A-Z][A-Z0-9_]*)\}\}")

_TITLE = "gaze:"
_LORA = re.compile(r"lora[1-9][0-9]{0,3}")  # a template may have nodes for more slots than the default one
_WHOLE = re.compile(r"[+-]?[0-9]{1,25}")
_DECIMAL = re.compile(r"[+-]?([0-9]+\.[0-9]*|\.?[0-9]+)([eE][+-]?[0-9]{1,3})?")
_TEXTUAL = re.compile(r"text|name|prompt|prefix|wildcard|string|title|path|file|scheduler")


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """A usable workflow in API format.

    `roles` gives node ids by role. `settings`, `checkpoint` and `negative` are the values a plan falls back on;
    null or empty where the template has none or takes them from a link.
    """

    name: str
    path: str
    graph: dict[str, Any]
    roles: dict[str, str]
    checkpoint: str | None = None
    settings: Settings = Settings()
    negative: str = ""

    @property
    def works_on_an_image(self) -> bool:
        """Whether it makes an image of another one."""
        return "init_image" in self.roles

    @property
    def varies(self) -> bool:
        """Whether a variation seed goes anywhere."""
        return any(
            "variation_seed" in self.graph[self.roles[role]]["inputs"]
            for role in ("variation", "sampler")
            if role in self.roles
        )

    @property
    def lora_nodes(self) -> dict[int, str]:
        """Node ids of the LoRA roles by slot, in order of slots."""
        slots = {int(role[4:]): node for role, node in self.roles.items() if _LORA.fullmatch(role)}
        return dict(sorted(slots.items()))


def read_template(name: str, path: str, raw: Any) -> tuple[Template | None, list[Problem]]:
    """The template that JSON `raw` holds, and all that is wrong with it; None if a problem is fatal.

    An unknown placeholder only warns, for its text stays as it is (specification workflow, "Other templates").
    """
    if isinstance(raw, Mapping) and isinstance(raw.get("nodes"), list):
        message = "this is a workflow in the editor's format; in ComfyUI, export it in API format and save that here"
        return None, [_problem(path, message)]
    if not isinstance(raw, Mapping) or not raw:
        return None, [_problem(path, "this is not a workflow; an object of nodes, exported in API format, is needed")]
    problems = list(_shape_problems(path, raw))
    if problems:
        return None, problems
    graph = {node: _numbers(body) for node, body in raw.items()}
    roles, problems = _roles(path, graph)
    problems += _dangling(path, graph)
    problems += _placeholder_problems(path, graph)
    if any(problem.fatal for problem in problems):
        return None, problems
    made = Template(
        name=name,
        path=path,
        graph=graph,
        roles=roles,
        checkpoint=_text(graph, roles.get("checkpoint"), "ckpt_name"),
        settings=_settings(graph, roles),
        negative=_text(graph, roles.get("negative"), "text") or "",
    )
    return made, problems


def is_link(value: Any) -> bool:
    """Whether an input's value is `[node id, output]`; ComfyUI takes only text as a link's id."""
    return (
        isinstance(value, list | tuple)
        and len(value) == 2
        and isinstance(value[0], str)
        and isinstance(value[1], int)
        and not isinstance(value[1], bool)
    )


def title_of(node: str, body: Mapping[str, Any]) -> str:
    """How people know a node: its title, else its class and id."""
    meta = body.get("_meta")
    title = meta.get("title") if isinstance(meta, Mapping) else None
    return title.strip() if isinstance(title, str) and title.strip() else f"{body.get('class_type', 'node')} {node}"


def _problem(path: str, message: str, field: str = "", fatal: bool = True) -> Problem:
    return Problem(path=path, message=message, code="template", field=field, fatal=fatal)


def _shape_problems(path: str, raw: Mapping[str, Any]) -> Iterator[Problem]:
    for node, body in raw.items():
        if not isinstance(body, Mapping) or not isinstance(body.get("class_type"), str):
            yield _problem(path, f"node {node} has no class_type; export the workflow in API format", node)
        elif not isinstance(body.get("inputs", {}), Mapping):
            yield _problem(path, f"node {node}: its inputs are no object {{...}}", f"{node}.inputs")


def _numbers(body: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a node in which numbers written as strings are numbers, except in texts and names."""
    textual = "string" in body["class_type"].lower()  # its `value` is a text
    inputs = {}
    for key, value in body.get("inputs", {}).items():
        if isinstance(value, str) and not textual and not _TEXTUAL.search(key.lower()):
            value = _number(value)
        inputs[key] = list(value) if is_link(value) else value
    return {**body, "inputs": inputs}


def _number(text: str) -> Any:
    trimmed = text.strip()
    if _WHOLE.fullmatch(trimmed):
        return int(trimmed)
    return float(trimmed) if _DECIMAL.fullmatch(trimmed) else text


def _roles(path: str, graph: Mapping[str, Any]) -> tuple[dict[str, str], list[Problem]]:
    """Roles by title, then by id for those nobody bears."""
    roles: dict[str, str] = {}
    problems: list[Problem] = []
    titled = set()
    for node, body in graph.items():
        title = title_of(node, body)
        if not title.startswith(_TITLE):
            continue
        titled.add(node)
        role = title.removeprefix(_TITLE).strip()
        if role not in ROLES and role not in TITLED and not _LORA.fullmatch(role):
            known = ", ".join([*ROLES, *TITLED])
            message = f"node {node}: its title «{title}» names no role; the roles are {known}"
            problems.append(_problem(path, message, f"{node}._meta.title"))
        elif role in roles:
            message = f"node {node}: its title «{title}» is that of node {roles[role]} too; a role is for one node"
            problems.append(_problem(path, message, f"{node}._meta.title"))
        else:
            roles[role] = node
    for role, (node, key) in ROLES.items():
        if role not in roles and node in graph and node not in titled and key in graph[node]["inputs"]:
            roles[role] = node
    if "save" not in roles:
        message = (
            "no node saves the image; give the one that does, with its input filename_prefix, the title «gaze:save»"
        )
        problems.append(_problem(path, message, "filename_prefix"))
    return roles, problems


def _dangling(path: str, graph: Mapping[str, Any]) -> Iterator[Problem]:
    for node, body in graph.items():
        for key, value in body["inputs"].items():
            if is_link(value) and value[0] not in graph:
                title = title_of(node, body)
                message = f"node {node} ({title}): its input {key} takes from node {value[0]}, which is not there"
                yield _problem(path, message, f"{node}.{key}")


def _placeholder_problems(path: str, graph: Mapping[str, Any]) -> Iterator[Problem]:
    for node, body in graph.items():
        for key, value in body["inputs"].items():
            for found in PLACEHOLDER.findall(value) if isinstance(value, str) else ():
                if found not in PLACEHOLDERS:
                    known = ", ".join(f"{{{{{name}}}}}" for name in PLACEHOLDERS)
                    message = f"node {node}: its input {key} holds {{{{{found}}}}}; the placeholders are {known}"
                    yield _problem(path, message, f"{node}.{key}", fatal=False)


def _settings(graph: Mapping[str, Any], roles: Mapping[str, str]) -> Settings:
    sampler, latent = roles.get("sampler"), roles.get("latent")
    steps = _figure(graph, sampler, "steps")
    width, height = _figure(graph, latent, "width"), _figure(graph, latent, "height")
    return Settings(
        width=None if width is None else int(width),
        height=None if height is None else int(height),
        steps=None if steps is None else int(steps),
        cfg=_figure(graph, sampler, "cfg"),
        sampler_name=_text(graph, sampler, "sampler_name"),
        scheduler=_text(graph, sampler, "scheduler"),
    )


def _figure(graph: Mapping[str, Any], node: str | None, key: str) -> float | None:
    value = graph[node]["inputs"].get(key) if node else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _text(graph: Mapping[str, Any], node: str | None, key: str) -> str | None:
    value = graph[node]["inputs"].get(key) if node else None
    return value if isinstance(value, str) and value else None
