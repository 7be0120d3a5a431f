"""`prompt` as ComfyUI writes it: a graph, read backwards from the sampler that made the first latent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gaze.core.metadata.meta import MOST_LORAS, SHORT, Metadata, UsedLora, loads, mapped, number, text, whole

_MOST_NODES = 5_000
_DEEP = 60  # links followed from one node
_TEXTS = (
    "text",
    "populated_text",
    "text_g",
    "text_l",
    "clip_l",
    "t5xxl",
    "prompt",
    "string",
    "value",
    "text_0",
    "wildcard",
)
_CHECKPOINT = ("ckpt_name", "unet_name", "model_name", "base_ckpt_name")
_VALUES = ("value", "seed", "int", "float", "number", "Number", "Value", "noise_seed", "text", "string")

Node = Mapping[str, Any]


def read(raw: str) -> Metadata:
    """What a graph says; nothing but a note where it is none that makes a picture."""
    graph = loads(raw)
    if not isinstance(graph, dict):
        return Metadata(tool="ComfyUI", notes=("The workflow in the image is not valid JSON.",))
    return read_graph(graph)


def read_graph(graph: Mapping[str, Any]) -> Metadata:
    """As `read`, of a graph in API format."""
    nodes = _nodes(graph)
    walk = _Walk(nodes)
    sampler = walk.sampler()
    if sampler is None:
        return Metadata(tool="ComfyUI", notes=("The workflow in the image has no sampler that is known.",))
    return Metadata(
        tool="ComfyUI",
        positive=text("\n".join(walk.texts(sampler, "positive"))),
        negative=text("\n".join(walk.texts(sampler, "negative"))),
        checkpoint=text(walk.checkpoint(sampler), SHORT).replace("\\", "/"),
        loras=tuple(walk.loras(sampler)),
        seed=whole(walk.near(sampler, "seed", "noise_seed")),
        width=whole(walk.size(sampler, "width")),
        height=whole(walk.size(sampler, "height")),
        steps=whole(walk.near(sampler, "steps")),
        cfg=number(walk.near(sampler, "cfg", "guidance")),
        sampler_name=text(walk.near(sampler, "sampler_name"), SHORT),
        scheduler=text(walk.near(sampler, "scheduler"), SHORT),
        clip_skip=_clip_skip(nodes),
    )


def read_loras(raw: str) -> tuple[UsedLora, ...]:
    """The LoRAs of a graph alone; none where it is none that makes a picture."""
    graph = loads(raw)
    walk = _Walk(_nodes(graph)) if isinstance(graph, dict) else None
    sampler = walk.sampler() if walk else None
    return tuple(walk.loras(sampler)) if walk and sampler else ()


def _nodes(graph: Mapping[str, Any]) -> dict[str, Node]:
    return {str(key): node for key, node in list(graph.items())[:_MOST_NODES] if isinstance(node, dict)}


class _Walk:
    """A graph, walked against its links; circles and dangling links end a walk."""

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self.nodes = nodes

    def inputs(self, key: str) -> Mapping[str, Any]:
        return mapped(self.nodes.get(key, {}).get("inputs"))

    def link(self, value: Any) -> str | None:
        """The node that a link leads to; None for a value or a link to nowhere."""
        if isinstance(value, list) and len(value) == 2 and str(value[0]) in self.nodes:
            return str(value[0])
        return None

    def sampler(self) -> str | None:
        """The sampler to read: one that begins with an empty latent before any other, never a detailer if it can be."""
        found = [(self._rank(key), place, key) for place, key in enumerate(self.nodes) if self._samples(key)]
        return min(found)[2] if found else None

    def _samples(self, key: str) -> bool:
        held = self.inputs(key)
        return ("positive" in held and ("seed" in held or "noise_seed" in held)) or (
            "guider" in held and "sigmas" in held
        )

    def _rank(self, key: str) -> tuple[bool, int, bool]:
        """Smaller for a sampler by name, for one with no other before it, for one on an empty latent."""
        latents = list(self._up(self.inputs(key).get("latent_image")))
        kinds = [str(self.nodes[node].get("class_type", "")) for node in latents]
        before = sum(self._samples(node) for node in latents)
        empty = any("Empty" in kind for kind in kinds)
        return "Sampler" not in str(self.nodes[key].get("class_type", "")), before, not empty

    def _up(self, value: Any) -> Iterator[str]:
        """A node and what its latents come from."""
        for _ in range(_DEEP):
            key = self.link(value)
            if key is None:
                return
            yield key
            held = self.inputs(key)
            value = next((held[name] for name in ("samples", "latent_image", "latent", "pixels") if name in held), None)

    def near(self, key: str, *names: str) -> Any:
        """A value of a node or of those around it that are no prompts or models: noise, guider, sigmas."""
        waiting, seen = [key], {key}
        for _ in range(_DEEP):
            if not waiting:
                return None
            held = self.inputs(waiting.pop(0))
            for name in names:
                if name in held:
                    return self.value(held[name])
            for name, value in held.items():
                node = self.link(value)
                if node and node not in seen and name in ("noise", "guider", "sampler", "sigmas"):
                    seen.add(node)
                    waiting.append(node)
        return None

    def value(self, value: Any) -> Any:
        """A value, or the one that a link leads to."""
        for _ in range(_DEEP):
            key = self.link(value)
            if key is None:
                return None if isinstance(value, list) else value
            held = self.inputs(key)
            value = next((held[name] for name in _VALUES if name in held), None)
        return None

    def texts(self, key: str, role: str) -> list[str]:
        """The texts that reach a sampler's prompt, in order, each once."""
        held = self.inputs(key)
        begin = held.get(role)
        if begin is None and (guider := self.link(held.get("guider"))):
            inner = self.inputs(guider)
            begin = inner.get(role, inner.get("conditioning") if role == "positive" else None)
        found: dict[str, None] = {}
        self._texts(begin, role, found, set())
        return list(found)

    def _texts(self, value: Any, role: str, found: dict[str, None], seen: set[str]) -> None:
        if isinstance(value, str):
            if value.strip():
                found.setdefault(value)
            return
        key = self.link(value)
        if key is None or key in seen or len(seen) > _DEEP:
            return
        seen.add(key)
        held = self.inputs(key)
        named = [name for name in _TEXTS if name in held]
        for name in named:
            self._texts(held[name], role, found, seen)
        if not named:
            for name, inner in held.items():
                if name in (role, "conditioning") or name.startswith(("conditioning", "string", "text")):
                    self._texts(inner, role, found, seen)

    def _models(self, key: str) -> Iterator[Mapping[str, Any]]:
        """The inputs of each node of the model's chain, from the sampler up to the checkpoint."""
        held = self.inputs(key)
        guider = self.link(held.get("guider"))
        waiting = [held.get("model"), self.inputs(guider).get("model") if guider else None]
        seen: set[str] = set()
        while waiting and len(seen) < 4 * MOST_LORAS:
            node = self.link(waiting.pop(0))
            if node is None or node in seen:
                continue
            seen.add(node)
            inner = self.inputs(node)
            yield inner
            waiting += [
                value for name, value in inner.items() if name.startswith(("model", "lora_stack", "basic_pipe"))
            ]

    def checkpoint(self, key: str) -> str:
        for held in self._models(key):
            for name in _CHECKPOINT:
                if isinstance(found := self.value(held.get(name)), str):
                    return found
        return ""

    def loras(self, key: str) -> list[UsedLora]:
        """LoRAs in the order in which they are applied; one of weight 0 or switched off is none."""
        found: list[UsedLora] = []
        for held in self._models(key):
            name, weight = self.value(held.get("lora_name")), self.value(held.get("strength_model", 1.0))
            if isinstance(name, str):
                found.append(_lora(name, weight))
            powers = [mapped(value) for value in held.values()]  # Power Lora Loader: {"on", "lora", "strength"}
            on = [power for power in reversed(powers) if power.get("on") and isinstance(power.get("lora"), str)]
            found += [_lora(power["lora"], power.get("strength")) for power in on]
        return [lora for lora in reversed(found[:MOST_LORAS]) if lora.weight and lora.name not in ("", "None")]

    def size(self, key: str, name: str) -> Any:
        """Width or height of the empty latent."""
        for node in self._up(self.inputs(key).get("latent_image")):
            held = self.inputs(node)
            if "Empty" in str(self.nodes[node].get("class_type", "")) and name in held:
                return self.value(held[name])
        return None


def _lora(name: str, weight: Any) -> UsedLora:
    found = number(weight)
    return UsedLora(text(name, SHORT).replace("\\", "/"), 1.0 if found is None else round(found, 4))


def _clip_skip(nodes: Mapping[str, Node]) -> int | None:
    for node in nodes.values():
        if node.get("class_type") == "CLIPSetLastLayer":
            layer = number(mapped(node.get("inputs")).get("stop_at_clip_layer"))
            return int(-layer) if layer is not None and layer < -1 else None
    return None
