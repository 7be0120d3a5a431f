"""From a plan to a ComfyUI graph (specification workflow, "Wiring").

The template is copied, never changed. A graph is foreign JSON and stays a dict; `_Wiring` holds the one being made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from gaze.core.plan import Plan
from gaze.core.settings import SEEDS
from gaze.core.template import PLACEHOLDER, PLACEHOLDERS, Template, is_link

Link = list[Any]  # [node id, output]

_SAMPLER = ("steps", "cfg", "sampler_name", "scheduler")
# Detailer role -> the plan's switch, its prompt's role, and what its seed adds to that of the sampler.
_DETAILERS = {"face": ("detail_face", "face_prompt", 1), "hand": ("detail_hands", "hand_prompt", 2)}


def wire(template: Template, plan: Plan) -> dict[str, Any]:
    """The graph of a plan in API format, ready for POST /prompt; no link leads to a node that is not there."""
    wiring = _Wiring(template, plan)
    for role, (switch, prompt, _) in _DETAILERS.items():
        if not getattr(plan, switch):
            wiring.without(role, prompt)
    wiring.chain()
    wiring.vae()
    wiring.prompts()
    wiring.settings()
    return wiring.graph


def without_detailer(graph: Mapping[str, Any], template: Template, role: str) -> dict[str, Any]:
    """A copy of a graph without the detailer of `role`, `face` or `hand`, and without what served only it."""
    wiring = _Wiring(template, Plan())
    wiring.graph = deepcopy(dict(graph))
    wiring.without(role, _DETAILERS[role][1])
    return wiring.graph


def with_image(graph: Mapping[str, Any], node: str, name: str) -> dict[str, Any]:
    """A graph whose node (role `init_image`) loads an image that the backend keeps as `name`."""
    return {**graph, node: {**graph[node], "inputs": {**graph[node]["inputs"], "image": name}}}


class _Wiring:
    def __init__(self, template: Template, plan: Plan) -> None:
        self.graph: dict[str, Any] = deepcopy(template.graph)
        self.template = template
        self.plan = plan

    def inputs(self, role: str) -> dict[str, Any] | None:
        """The inputs of the node that bears a role; None if there is none (any more)."""
        node = self.graph.get(self.template.roles.get(role, ""))
        return None if node is None else node["inputs"]

    def links(self) -> Iterator[tuple[str, str, Link]]:
        """Every link: the node that takes, its input, where from."""
        for node, body in self.graph.items():
            for key, value in body["inputs"].items():
                if is_link(value):
                    yield node, key, value

    def add(self, node: str, class_type: str, inputs: dict[str, Any]) -> str:
        """Add a node and give its id: `node`, or the first of `<node>_2`, `_3`, ... that is free."""
        name, number = node, 2
        while name in self.graph or name in self.template.graph:
            name, number = f"{node}_{number}", number + 1
        self.graph[name] = {"inputs": inputs, "class_type": class_type, "_meta": {"title": name}}
        return name

    def without(self, role: str, prompt: str) -> None:
        """Take a detailer out: its takers take its image; what served only it leaves too."""
        node = self.template.roles.get(role, "")
        if node not in self.graph:
            return
        gone = self.graph.pop(node)
        image = gone["inputs"].get("image")
        for taker, key, link in list(self.links()):
            if link[0] != node:
                continue
            if is_link(image) and image[0] != node:
                self.graph[taker]["inputs"][key] = list(image)
            else:
                del self.graph[taker]["inputs"][key]
        served = [value[0] for value in gone["inputs"].values() if is_link(value)]
        self.prune([*served, self.template.roles.get(prompt, "")])

    def prune(self, candidates: list[str]) -> None:
        """Remove the candidates that nothing takes from any more, and then what served only them."""
        # A role is the graph's backbone, whoever takes from it; the prompts of detailers are not.
        spared = {node for role, node in self.template.roles.items() if not role.endswith("_prompt")}
        taken: dict[str, int] = {}
        for _, _, link in self.links():
            taken[link[0]] = taken.get(link[0], 0) + 1
        while candidates:
            node = candidates.pop()
            if node not in self.graph or node in spared or taken.get(node):
                continue
            for value in self.graph.pop(node)["inputs"].values():
                if is_link(value):
                    taken[value[0]] -= 1
                    candidates.append(value[0])

    def chain(self) -> None:
        """Load the LoRAs one after the other, set the CLIP layer, and give the end to all who took the start."""
        nodes = {slot: node for slot, node in self.template.lora_nodes.items() if node in self.graph}
        model, clip = self.start(nodes)
        starts = {"model": model, "clip": clip}
        upstream = self.upstream([link for link in (model, clip) if link], set(nodes.values()))
        wanted = {use.slot: use for use in self.plan.loras}
        own: set[str] = set()
        for slot, use in sorted(wanted.items()):
            node = nodes.get(slot) or ""
            if not node:
                if model is None or clip is None:
                    continue  # nothing to hang a loader on
                node = self.add(f"gaze_lora{slot}", "LoraLoader", {"model": model, "clip": clip})
            own.add(node)
            inputs = self.graph[node]["inputs"]
            inputs |= {"lora_name": use.lora_name, "strength_model": use.weight}
            if model is not None:
                inputs["model"], model = model, [node, 0]
            if clip is not None and ("clip" in inputs or "strength_clip" in inputs):  # a model-only loader has neither
                inputs["strength_clip"] = use.weight
                inputs["clip"], clip = clip, [node, 1]
        clip = self.clip_skip(clip, own)
        self.hand_on(nodes, starts, model, clip, spared=own | upstream)
        for node in set(nodes.values()) - own:
            del self.graph[node]
        for node, key, link in list(self.links()):
            if link[0] not in self.graph:  # an output that is neither model nor clip, or a chain without a start
                del self.graph[node]["inputs"][key]

    def start(self, nodes: Mapping[int, str]) -> tuple[Link | None, Link | None]:
        """Where the chain takes model and clip from: as its lowest node does, else from the checkpoint loader."""
        loader = self.template.roles.get("checkpoint")
        found: dict[str, Link | None] = {"model": None, "clip": None}
        for output, key in enumerate(found):
            for node in nodes.values():
                link = self.behind(self.graph[node]["inputs"].get(key), key, set(nodes.values()))
                if link is not None:
                    found[key] = link
                    break
            else:
                found[key] = [loader, output] if loader in self.graph else self.taken(key, set(nodes.values()))
        return found["model"], found["clip"]

    def behind(self, link: Any, key: str, nodes: set[str]) -> Link | None:
        """A link followed back through LoRA nodes to what is none; None if it leads nowhere else."""
        passed: set[str] = set()
        while is_link(link) and link[0] in nodes and link[0] not in passed:
            passed.add(link[0])
            link = self.graph[link[0]]["inputs"].get(key)
        return list(link) if is_link(link) and link[0] not in nodes else None

    def taken(self, key: str, nodes: set[str]) -> Link | None:
        """What sampler or prompt take, in a template whose model comes from no checkpoint loader we know."""
        inputs = self.inputs("sampler" if key == "model" else "positive") or {}
        return self.behind(inputs.get(key), key, nodes)

    def upstream(self, starts: list[Link], nodes: set[str]) -> set[str]:
        """The nodes the chain's start depends on: to give them its end would close a circle."""
        found: set[str] = set()
        left = [link[0] for link in starts]
        while left:
            node = left.pop()
            if node in found or node in nodes or node not in self.graph:
                continue
            found.add(node)
            left += [value[0] for value in self.graph[node]["inputs"].values() if is_link(value)]
        return found

    def clip_skip(self, clip: Link | None, own: set[str]) -> Link | None:
        skip = abs(self.plan.settings.clip_skip or 0)
        if skip < 2 or clip is None:
            return clip
        node = self.add("gaze_clip_skip", "CLIPSetLastLayer", {"stop_at_clip_layer": -skip, "clip": clip})
        own.add(node)
        return [node, 0]

    def hand_on(
        self,
        nodes: Mapping[int, str],
        starts: Mapping[str, Link | None],
        model: Link | None,
        clip: Link | None,
        spared: set[str],
    ) -> None:
        """Every input outside the chain that took its start or a LoRA node takes its end."""
        loras = set(nodes.values())
        for node, key, link in list(self.links()):
            if node in spared or node in loras:
                continue
            if link == starts["model"] or (link[0] in loras and link[1] == 0):
                end = model
            elif link == starts["clip"] or (link[0] in loras and link[1] == 1):
                end = clip
            else:
                continue
            if end is not None:
                self.graph[node]["inputs"][key] = list(end)

    def vae(self) -> None:
        """Load the plan's VAE for all who took the checkpoint's, if there are any."""
        name = self.plan.settings.vae
        loader = self.template.roles.get("checkpoint")
        takers = [(node, key) for node, key, link in self.links() if link == [loader, 2]]
        if not name or name.strip().lower() == "integrated" or not takers:
            return
        vae = self.add("gaze_vae", "VAELoader", {"vae_name": name})
        for node, key in takers:
            self.graph[node]["inputs"][key] = [vae, 0]

    def prompts(self) -> None:
        """Put the prompts in as values: what they bring in is not searched for placeholders again."""
        texts = {"positive": self.plan.positive, "face_prompt": self.plan.face, "hand_prompt": self.plan.hand}
        filled = dict.fromkeys(texts, False)
        for node, body in self.template.graph.items():
            if node not in self.graph:
                continue
            for key, value in body["inputs"].items():
                if isinstance(value, str) and "{{" in value:
                    self.graph[node]["inputs"][key] = PLACEHOLDER.sub(
                        lambda found: texts[PLACEHOLDERS[found[1]]] if found[1] in PLACEHOLDERS else found[0], value
                    )
                    for role in texts:
                        if self.template.roles.get(role) == node and self.holds(value, role):
                            filled[role] = True
        for role, text in texts.items():
            inputs = self.inputs(role)
            if inputs is not None and not filled[role]:
                inputs["text"] = text
        negative = self.inputs("negative")
        if negative is not None:
            negative["text"] = self.plan.negative

    @staticmethod
    def holds(value: str, role: str) -> bool:
        return any(PLACEHOLDERS.get(name) == role for name in PLACEHOLDER.findall(value))

    def settings(self) -> None:
        plan = self.plan
        for role, more in (("sampler", 0), *((role, more) for role, (_, _, more) in _DETAILERS.items())):
            seed = None if plan.settings.seed is None else (plan.settings.seed + more) % SEEDS
            self.put(role, {"seed": seed, "noise_seed": seed})
            self.put(role, {name: getattr(plan.settings, name) for name in _SAMPLER})
        variation = {name: getattr(plan.resolved, name) for name in ("variation_seed", "variation_strength")}
        for role in ("sampler", "variation"):
            self.put(role, variation)
        self.put("latent", {"width": plan.settings.width, "height": plan.settings.height})
        self.put("checkpoint", {"ckpt_name": plan.checkpoint})
        self.put("save", {"filename_prefix": plan.prefix})

    def put(self, role: str, values: Mapping[str, Any]) -> None:
        """Set the inputs a node has; null leaves what is there."""
        inputs = self.inputs(role)
        for key, value in values.items():
            if inputs is not None and key in inputs and value is not None:
                inputs[key] = value
