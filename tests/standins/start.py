"""Starting stand-ins in processes of their own."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import httpx

from tests.site import clean_env, free_port, until


class Llm:
    """A provider whose answers a test sets."""

    def __init__(self) -> None:
        self.port = free_port()
        self.host = f"http://127.0.0.1:{self.port}"
        self.url = f"{self.host}/v1"
        command = [sys.executable, "-m", "tests.standins.llm", "--port", str(self.port)]
        self.process = subprocess.Popen(command, env=clean_env())
        until(self._answers, what="the provider's start")

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.host}/standin/requests", timeout=2, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def script(self, *steps: dict[str, Any], **more: Any) -> None:
        """What it does with the next requests; the last step is repeated. Forgets what was asked before."""
        httpx.post(f"{self.host}/standin/script", json={"script": list(steps), **more}, trust_env=False)

    @property
    def asked(self) -> list[dict[str, Any]]:
        """The bodies of the requests so far."""
        return [request["body"] for request in self.requests]

    @property
    def requests(self) -> list[dict[str, Any]]:
        return list(httpx.get(f"{self.host}/standin/requests", trust_env=False).json()["requests"])

    @property
    def open(self) -> int:
        """How many streams it is writing now."""
        return int(httpx.get(f"{self.host}/standin/requests", trust_env=False).json()["open"])

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(5)
