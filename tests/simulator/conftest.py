"""A simulator for each test that asks for one, and ears to hear its websocket with."""

from __future__ import annotations

import copy
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from gaze.simulator import Options, running

RECORDINGS = Path(__file__).parents[1] / "recordings"
CHECKPOINTS = ("Illustrious/corrupt.safetensors", "Illustrious/tiny_v1.safetensors")
LORAS = (
    "Illustrious/Clothing/red_dress.safetensors",
    "Illustrious/Looks/aria_look.safetensors",
    "Illustrious/Poses/standing_pose.safetensors",
    "Illustrious/Styles/corrupt.safetensors",
    "Illustrious/Styles/ink_style.safetensors",
    "Illustrious/Styles/nokeys.safetensors",
)
RECORDED = {
    "checkpoints": CHECKPOINTS,
    "loras": LORAS,
    "embeddings": ("neg/badhands.safetensors",),
    "accept_any_model": False,
}
"""Options that make the simulator the server the recordings were taken from."""


def recording(name: str) -> dict[str, Any]:
    """One recorded exchange or stream."""
    loaded: dict[str, Any] = json.loads((RECORDINGS / f"{name}.json").read_text("utf-8"))
    return loaded


def graph(seed: int = 1, steps: int = 4, prefix: str = "gaze/aria", size: int = 64) -> dict[str, Any]:
    """The recorded graph: a checkpoint, four LoRAs, a sampler, SaveImage."""
    made: dict[str, Any] = copy.deepcopy(recording("prompt_ok_full")["request"]["body"]["prompt"])
    for node in made.values():
        for name, value in (("seed", seed), ("steps", steps), ("filename_prefix", prefix)):
            if name in node["inputs"]:
                node["inputs"][name] = value
        if "batch_size" in node["inputs"]:
            node["inputs"].update(width=size, height=size)
    return made


class Ears:
    """One websocket client."""

    def __init__(self, url: str, client_id: str, *, metadata: bool = False) -> None:
        path = f"/ws?clientId={client_id}" if client_id else "/ws"
        self.socket: ClientConnection = connect(
            url.replace("http", "ws") + path, legacy=True, proxy=None, max_queue=None
        )
        self.first = self.next()
        if metadata:
            flags = {"type": "feature_flags", "data": {"supports_preview_metadata": True}}
            self.socket.send(json.dumps(flags))
            assert self.next()["type"] == "feature_flags"

    def next(self, timeout_s: float = 10) -> Any:
        """The next message; a binary frame stays bytes."""
        message = self.socket.recv(timeout=timeout_s)
        return message if isinstance(message, bytes) else json.loads(message)

    def until(self, kind: str, **data: Any) -> list[Any]:
        """All messages up to the first of that kind with those data, that one included."""
        heard = []
        while True:
            heard.append(self.next())
            last = heard[-1]
            named = isinstance(last, dict) and last["type"] == kind
            if named and all(last["data"].get(key, "?") == value for key, value in data.items()):
                return heard

    def run(self) -> list[Any]:
        """All messages up to the last one of a run."""
        return self.until("executing", node=None)


class Server:
    """A running simulator, and what tests do with it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.http = httpx.Client(base_url=url, timeout=10, trust_env=False)
        self._ears: list[Ears] = []

    def ears(self, client_id: str = "", *, metadata: bool = False) -> Ears:
        """A new websocket; it is closed with the server."""
        self._ears.append(Ears(self.url, client_id, metadata=metadata))
        return self._ears[-1]

    def post(self, prompt: dict[str, Any] | None = None, **more: Any) -> str:
        """Queue a graph; its id."""
        answer = self.http.post("/prompt", json={"prompt": prompt or graph(), **more})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["prompt_id"])

    def finish(self, prompt_id: str) -> dict[str, Any]:
        """The history entry of a prompt, once it is there."""
        with connect(self.url.replace("http", "ws") + "/ws", legacy=True, proxy=None, max_queue=None) as status:
            while prompt_id not in (found := self.http.get(f"/history/{prompt_id}").json()):
                status.recv(timeout=10)
        entry: dict[str, Any] = found[prompt_id]
        return entry

    def fault(self, *faults: dict[str, Any]) -> None:
        """Switch these faults on and all others off."""
        assert self.http.post("/simulator/faults", json=list(faults)).status_code == 200

    def close(self) -> None:
        for ears in self._ears:
            ears.socket.socket.close()
        self.http.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start a simulator with those options; it ends with the test."""
    with ExitStack() as stack:

        def begin(**options: Any) -> Server:
            folder = tmp_path / f"comfyui{len(list(tmp_path.iterdir()))}"
            url = stack.enter_context(running(Options(folder=folder, **options)))
            server = Server(url, folder)
            stack.callback(server.close)
            return server

        yield begin


@pytest.fixture(scope="session")
def recorded_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One such server for all requests that leave nothing behind that matters."""
    folder = tmp_path_factory.mktemp("recorded")
    with running(Options(folder=folder, **RECORDED)) as url:  # type: ignore[arg-type]
        server = Server(url, folder)
        yield server
        server.close()


@pytest.fixture
def server(start: Callable[..., Server]) -> Server:
    """A simulator that is the server the recordings were taken from, as fast as it can."""
    return start(**RECORDED)


class Process:
    """A simulator in a process of its own, so that it can die."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "gaze.simulator", "--port", str(port), "--folder", str(folder)]
        root = Path(__file__).parents[2]
        self.process = subprocess.Popen([*command, *arguments], cwd=root, env={**os.environ, "PYTHONPATH": str(root)})
        self.server = Server(f"http://127.0.0.1:{port}", folder)
        transport = httpx.HTTPTransport(retries=8)
        with httpx.Client(base_url=self.server.url, transport=transport, trust_env=False) as waiting:
            assert waiting.get("/prompt").status_code == 200

    def end(self, number: int = signal.SIGKILL) -> int:
        """Send a signal and wait; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(5)


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Start a simulator process with those arguments; it ends with the test."""
    started: list[Process] = []

    def begin(*arguments: str) -> Process:
        started.append(Process(tmp_path / "comfyui", *arguments))
        return started[-1]

    yield begin
    for one in started:
        one.server.close()
        if one.process.poll() is None:
            one.end()
