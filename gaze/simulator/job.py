"""One run of a prompt: what is said of it, and the history entry it leaves (specification comfyui §3-5)."""

from __future__ import annotations

import hashlib
import json
import struct
import time
from pathlib import Path
from typing import Any

from gaze.simulator.nodes import classes
from gaze.simulator.queue import Item
from gaze.simulator.sockets import Sockets

PREVIEW, PREVIEW_WITH_METADATA = 1, 4
JPEG, PNG = 1, 2
TRACEBACK = [
    f'  File "{file}", line {line}, in {function}\n'
    for file, line, function in (
        ("execution.py", 542, "execute"),
        ("execution.py", 341, "get_output_data"),
        ("execution.py", 315, "_async_map_node_over_list"),
        ("execution.py", 303, "process_inputs"),
    )
]


class Job:
    """A prompt while it runs."""

    def __init__(self, item: Item, sockets: Sockets, *, states: bool) -> None:
        self.item = item
        _, self.prompt_id, self.graph, self.extra, self.wanted = item
        client_id = self.extra.get("client_id")
        self.client_id: str | None = client_id if isinstance(client_id, str) else None
        self._sockets = sockets
        self._states = states
        self._before = ""
        self._current = ("", "")
        self._messages: list[list[Any]] = []
        self._outputs: dict[str, Any] = {}
        self._meta: dict[str, Any] = {}
        self._success = False
        self.executed: list[str] = []

    def say(self, kind: str, data: dict[str, Any], *, broadcast: bool = False, keep: bool = False) -> None:
        """Tell the prompt's client; a prompt without one is heard by all (`broadcast`) or by nobody.

        `keep` stamps the message and puts it into history.
        """
        if keep:
            data["timestamp"] = int(time.time() * 1000)
            self._messages.append([kind, data])
        if self.client_id is not None or broadcast:
            self._sockets.tell(kind, data, self.client_id)

    def progress(self, node_id: str, value: float, most: float, state: str) -> None:
        """Tell how far each touched node is. Those before this one do not change, so their text is kept."""
        if not self._states or not self._sockets.hears(self.client_id):
            return
        known = {"value": value, "max": most, "state": state, "node_id": node_id, "prompt_id": self.prompt_id}
        known |= {"display_node_id": node_id, "parent_node_id": None, "real_node_id": node_id}
        text = f"{json.dumps(node_id)}: {json.dumps(known)}"
        last, last_text = self._current
        if last != node_id and last_text:
            self._before += last_text + ", "
        self._current = (node_id, text)
        head = f'{{"type": "progress_state", "data": {{"prompt_id": {json.dumps(self.prompt_id)}, "nodes": {{'
        self._sockets.tell_raw(f"{head}{self._before}{text}}}}}}}", self.client_id)

    def preview(self, node_id: str, jpeg: bytes, *, metadata: bool) -> None:
        """Send a preview frame: type 4 with ids, or type 1."""
        if not metadata:
            self._sockets.tell_raw(struct.pack(">II", PREVIEW, JPEG) + jpeg, self.client_id)
            return
        about: dict[str, Any] = {"node_id": node_id, "prompt_id": self.prompt_id, "display_node_id": node_id}
        about |= {"parent_node_id": None, "real_node_id": node_id, "image_type": "image/jpeg"}
        text = json.dumps(about).encode()
        self._sockets.tell_raw(struct.pack(">II", PREVIEW_WITH_METADATA, len(text)) + text + jpeg, self.client_id)

    def final_frame(self, png: bytes) -> None:
        """Send a finished picture as SaveImageWebsocket does."""
        self._sockets.tell_raw(struct.pack(">II", PREVIEW, PNG) + png, self.client_id)

    def shown(self, node_id: str, output: dict[str, Any]) -> None:
        """An output node has something to show; it goes into history."""
        self._outputs[node_id] = output
        self._meta[node_id] = {
            "node_id": node_id,
            "display_node": node_id,
            "parent_node": None,
            "real_node_id": node_id,
        }
        data = {"node": node_id, "display_node": node_id, "output": output, "prompt_id": self.prompt_id}
        self.say("executed", data)

    def succeeded(self) -> None:
        """All outputs are made."""
        self._success = True
        self.say("execution_success", {"prompt_id": self.prompt_id}, keep=True)

    def interrupted(self, node_id: str) -> None:
        """The run was stopped at this node; everybody hears of it if the prompt has no client."""
        data = {
            "prompt_id": self.prompt_id,
            "node_id": node_id,
            "node_type": self.graph[node_id]["class_type"],
        }
        self.say("execution_interrupted", {**data, "executed": self.executed}, broadcast=True, keep=True)

    def failed(self, node_id: str, kind: str, message: str, inputs: dict[str, Any]) -> None:
        """A node raised."""
        data = {
            "prompt_id": self.prompt_id,
            "node_id": node_id,
            "node_type": self.graph[node_id]["class_type"],
            "executed": self.executed,
            "exception_message": f"{message}\n" if "\n" not in message else message,
            "exception_type": kind,
            "traceback": TRACEBACK,
            "current_inputs": {name: [_plain(value)] for name, value in inputs.items()},
            "current_outputs": [*self.executed, node_id],
        }
        self.say("execution_error", data, keep=True)

    def entry(self) -> dict[str, Any]:
        """What history says of the run."""
        status = {
            "status_str": "success" if self._success else "error",
            "completed": self._success,
            "messages": self._messages,
        }
        return {"prompt": list(self.item), "outputs": self._outputs, "status": status, "meta": self._meta}

    def chunks(self) -> dict[str, str]:
        """The texts of a saved picture: the graph and each key of `extra_pnginfo`."""
        info = self.extra.get("extra_pnginfo")
        texts = {"prompt": json.dumps(self.graph)}
        if info is not None:
            texts |= {key: json.dumps(value) for key, value in info.items()}
        return texts


def signatures(graph: dict[str, Any], wanted: list[str], input_folder: Path) -> dict[str, str]:
    """Node ids in the order they run, each with a text that changes when its result would."""
    signed: dict[str, str] = {}

    def visit(node_id: str) -> str:
        if node_id not in signed:
            node = graph[node_id]
            known = classes()[node["class_type"]]["input"]
            names = {**known.get("required", {}), **known.get("optional", {})}
            parts: list[Any] = [node["class_type"]]
            for name, value in node["inputs"].items():
                if name in names:
                    parts.append([name, visit(value[0]), value[1]] if isinstance(value, list) else [name, value])
            if node["class_type"] == "LoadImage":
                parts.append(_state_of(input_folder / str(node["inputs"]["image"])))
            signed[node_id] = hashlib.blake2b(json.dumps(parts).encode(), digest_size=12).hexdigest()
        return signed[node_id]

    for node_id in wanted:
        visit(node_id)
    return signed


def _state_of(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | None) else f"<{type(value).__name__}>"
