"""A whole GAZE on a folder of its own: `gaze run` as a user starts it, on free loopback ports."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

REPOSITORY = Path(__file__).parent.parent
JSON = {"Accept": "application/json"}


def free_port() -> int:
    """A loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def clean_env(**more: str) -> dict[str, str]:
    """This environment without anybody's GAZE settings."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("GAZE_") and key != "COMFYUI_URL"}
    return {**env, "PYTHONPATH": str(REPOSITORY), **more}


def until(look: Callable[[], Any], timeout_s: float = 20.0, what: str = "") -> Any:
    """The first true value of `look`, asked every 20 ms; fails with `what` after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"{what or look} did not happen within {timeout_s} s; last: {found!r}"
        time.sleep(0.02)


class Simulator:
    """A ComfyUI simulator in a process of its own."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = folder
        self._arguments = arguments
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Simulator:
        command = [sys.executable, "-m", "gaze", "simulate-comfyui", "--port", str(self.port)]
        command += ["--folder", str(self.folder), *self._arguments]
        self.process = subprocess.Popen(command, env=clean_env(), stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        until(self.answers, what="the simulator's start")
        return self

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/prompt", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def state(self) -> dict[str, Any]:
        """What the simulator counted: requests, jobs run."""
        return dict(httpx.get(f"{self.url}/simulator/state").json())

    def faults(self, *faults: Mapping[str, Any]) -> None:
        """Switch these faults on and all others off (gaze/simulator/faults.py)."""
        answer = httpx.post(f"{self.url}/simulator/faults", json=list(faults))
        assert answer.status_code == 200, answer.text

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(5)


class Site:
    """`gaze run` on `root`; `env` adds to its environment."""

    def __init__(self, root: Path, env: Mapping[str, str] | None = None) -> None:
        self.root = root
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.http = httpx.Client(base_url=self.url, timeout=30)
        self.log = root / "run.log"
        self._env = dict(env or {})
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Site:
        env = clean_env(GAZE_PORT=str(self.port), **self._env)
        command = [sys.executable, "-m", "gaze", "run", "--root", str(self.root)]
        with self.log.open("ab") as log:
            # From the root: `-m` looks into the current folder first.
            self.process = subprocess.Popen(
                command, env=env, cwd=self.root, stdout=log, stderr=log, start_new_session=True
            )
        until(self._ready, 30, "the address printed by gaze run")
        until(lambda: "Reading the library" not in self.http.get("/queue").text, 60, "the library read")
        return self

    def _ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"gaze run ended:\n{self.log.read_text()}"
        return "GAZE is at" in self.log.read_text()

    def stop(self) -> float:
        """End it as Ctrl-C does; how many seconds it took."""
        assert self.process is not None
        began = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(15)
        self.http.close()
        return time.monotonic() - began

    def children(self) -> dict[str, int]:
        """Process ids of what it started, by name: web, comfy, llm, simulator, redis."""
        assert self.process is not None
        found = subprocess.run(
            ["ps", "-ww", "--ppid", str(self.process.pid), "-o", "pid=,args="],
            capture_output=True,
            text=True,
            check=False,
        )
        marks = {
            " web": "web",
            " worker comfy": "comfy",
            " worker llm": "llm",
            "simulate-comfyui": "simulator",
            "valkey-server": "redis",
            "redis-server": "redis",
        }
        named = {}
        for line in found.stdout.splitlines():
            pid, _, arguments = line.strip().partition(" ")
            named |= {name: int(pid) for mark, name in marks.items() if mark in arguments}
        return named

    # -- what a program does -------------------------------------------------------------------------

    def get(self, path: str) -> Any:
        return self.http.get(path, headers=JSON).json()

    def post(self, path: str, **form: Any) -> httpx.Response:
        return self.http.post(path, data=form, headers=JSON)

    def generate(self, path: str, **form: Any) -> list[str]:
        """Job ids of what an asset's page asks for."""
        answer = self.post(f"{path}/generate", **form)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["job_ids"])

    def status(self, job_id: str) -> dict[str, Any]:
        answer = self.http.get(f"/api/queue/{job_id}/status")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def wait(self, job_id: str, status: str = "done", timeout_s: float = 40) -> dict[str, Any]:
        """The job once it has this status; fails if it ends otherwise."""

        def look() -> dict[str, Any] | None:
            now = self.status(job_id)
            if now["status"] != status and now["status"] in ("done", "failed", "cancelled"):
                raise AssertionError(f"the job is {now}\n{self.log.read_text()[-3000:]}")
            return now if now["status"] == status else None

        return dict(until(look, timeout_s, f"job {status}"))

    # -- files ---------------------------------------------------------------------------------------

    def write(self, path: str, content: Any) -> Path:
        """A file below the root, whole at once, as a careful editor saves it; JSON unless it is text."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        half = file.with_name(f".{file.name}.tmp")
        half.write_text(content if isinstance(content, str) else json.dumps(content, indent=2) + "\n")
        return half.replace(file)


def character(slug: str, name: str = "", **identity: str) -> dict[str, Any]:
    """A small character's JSON."""
    return {
        "character_id": slug,
        "character_name": name or slug.replace("_", " ").title(),
        "identity": {"base_specs": "young woman", "hair": "long blonde hair", "eyes": "blue eyes", **identity},
        "defaults": {"expression": "smile", "pose": "standing", "scene": "garden"},
        "wardrobe": {"default": {"top": "blue dress"}, "travel": {"top": "grey coat", "headwear": "hat"}},
        "styles": {"primary_color": "teal"},
        "tags": {"origin_series": "Tests", "origin_type": "Original", "nsfw": False},
        "participants": {"orientation": "1F"},
    }
