"""What can be made to go wrong, and the board of switches that says what does so now."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import msgspec

NAMES = {
    "raise-in-node": "a node raises; `exception`, `message`",
    "out-of-memory": "a node runs out of memory",
    "hang": "a node never ends and cannot be interrupted, until the fault is taken away",
    "die-mid-job": "the process is gone without a word, as after kill -9; `after` the node or before it",
    "drop-websocket": "the websocket of the job's client is cut without a close frame",
    "unregister-socket": "the socket stays open and answers pings, but hears nothing more",
    "stall-all": "no socket hears anything; runs and HTTP go on",
    "forget-history": "history is empty and stays so",
    "late-history": "history is written `seconds` after the last message",
    "truncated-file": "half of a saved picture is lost",
    "missing-file": "a saved picture is gone from the disk, though history names it",
    "server-error": "HTTP answers with 500 text; `path`",
    "slow": "HTTP answers only after `seconds`; `path`",
    "prompt-timeout": "POST /prompt is accepted but its answer comes after `seconds`, or never",
    "refuse-output": "one output is refused: 200 with node_errors",
    "missing-node": "the class `node` is not known",
    "backslash-names": "model names and subfolders have backslashes, as on Windows",
    "old-version": "a release without jobs API, own ids and interrupt by id (0.3.40)",
    "slow-start": "connections are refused for the first `seconds`",
}


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that goes wrong.

    `node` is a class or node id; empty means the sampler, for missing-node FaceDetailer. `step` n makes it
    happen after n steps of that node (1 or more); 0 as the node begins. `after` waits until the node is
    done. `times` is how often, 0 for always. `path` limits HTTP faults to paths that begin so.
    """

    name: str
    node: str = ""
    step: int = 0
    after: bool = False
    times: int = 0
    seconds: float = 0.0
    path: str = ""
    exception: str = "ValueError"
    message: str = "the simulator was told to fail here"

    def __post_init__(self) -> None:
        if self.name not in NAMES:
            raise ValueError(f"There is no fault «{self.name}». Known: {', '.join(NAMES)}")

    def concerns(self, node_id: str, class_type: str) -> bool:
        """Whether it strikes in this node of a graph."""
        return self.node in (node_id, class_type) if self.node else class_type.startswith("KSampler")


def parse(text: str) -> Fault:
    """The fault written as `name` or `name:key=value,key=value`. Raises ValueError."""
    name, _, rest = text.partition(":")
    pairs = [part.partition("=")[::2] for part in rest.split(",") if part]
    values: dict[str, Any] = {key.strip(): value for key, value in pairs}
    try:
        return msgspec.convert({"name": name, **values}, Fault, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(f"--fault {text}: {error}") from None


class Board:
    """The faults that are switched on, each with how often it may still strike."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._left: dict[Fault, int] = {}
        self._changed = asyncio.Event()
        self.struck: dict[str, int] = {}
        self.replace(faults)

    def replace(self, faults: Iterable[Fault]) -> None:
        """Switch these on and all others off."""
        self._left = {fault: fault.times or -1 for fault in faults}
        self._changed.set()
        self._changed = asyncio.Event()

    async def change(self) -> None:
        """Wait until the switches are set anew."""
        await self._changed.wait()

    @property
    def faults(self) -> list[Fault]:
        """What is on, in the order it was given."""
        return list(self._left)

    def on(self, name: str) -> Fault | None:
        """The first fault of that name; looking does not use it up."""
        return next((fault for fault in self._left if fault.name == name), None)

    def all(self, name: str) -> list[Fault]:
        """Every fault of that name."""
        return [fault for fault in self._left if fault.name == name]

    def strike(self, fault: Fault) -> Fault:
        """Use it once; with its `times` gone it is off."""
        self.struck[fault.name] = self.struck.get(fault.name, 0) + 1
        left = self._left.get(fault, 0) - 1
        if left == 0:
            del self._left[fault]
        elif fault in self._left:
            self._left[fault] = left
        return fault

    def take(self, name: str, path: str = "") -> Fault | None:
        """The fault of that name that strikes here, used once; None if there is none."""
        for fault in self.all(name):
            if path.startswith(fault.path):
                return self.strike(fault)
        return None

    def take_in_node(self, node_id: str, class_type: str, *, step: int = 0, after: bool = False) -> Fault | None:
        """The node fault that strikes at this point of this node, used once."""
        for fault in list(self._left):
            here = fault.name in IN_NODE and fault.step == step and fault.after == after
            if here and fault.concerns(node_id, class_type):
                return self.strike(fault)
        return None


IN_NODE = frozenset({"raise-in-node", "out-of-memory", "hang", "die-mid-job", "drop-websocket", "unregister-socket"})
