"""One ComfyUI server over HTTP: submit, look up, fetch, cancel (specification comfyui 1, 2, 4, 6)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Literal

import httpx
import msgspec

from gaze.comfyui import words

# The whole of /object_info is some megabytes where many custom nodes are installed.
_LOOK = httpx.Timeout(5.0, connect=2.0)
_SUBMIT = httpx.Timeout(30.0, connect=2.0)
_LOAD = httpx.Timeout(60.0, connect=2.0)
NOT_COMFYUI = "not a ComfyUI server at this address"


class Unreachable(Exception):
    """The server does not answer, or not as ComfyUI does; waiting may mend it."""


class Uncertain(Unreachable):
    """The answer to a submission got lost: it may have been accepted. Look it up before sending it again."""


class Rejected(Exception):
    """The server refused the graph; `sentences` says why, one for each fault."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = sentences


class Partly(msgspec.Struct, frozen=True):
    """What a server refused of a graph that it queued all the same (F115): why, and the output nodes left out."""

    sentences: tuple[str, ...] = ()
    outputs: frozenset[str] = frozenset()


class System(msgspec.Struct, frozen=True):
    """What a server says of itself; memory in bytes."""

    version: tuple[int, ...]
    version_text: str
    device: str
    vram_total: int
    vram_free: int
    simulator: bool
    any_model: bool = False  # a simulator that takes model names it does not list


class Image(msgspec.Struct, frozen=True):
    """An image as a server names it."""

    filename: str
    subfolder: str
    type: str


class Found(msgspec.Struct, frozen=True):
    """Where a prompt is. `lost` means neither in the queue nor in the history."""

    place: Literal["pending", "running", "done", "error", "interrupted", "lost"]
    images: dict[str, tuple[Image, ...]] = {}  # by node id
    error: Mapping[str, Any] | None = None
    took_s: float | None = None  # from the start of the run to its end, by the server's own clock


class QueueState(msgspec.Struct, frozen=True):
    """Prompt ids at a server, the pending ones in the order in which they will run."""

    running: tuple[str, ...]
    pending: tuple[str, ...]


class Comfy:
    """A ComfyUI server at `url`, asked through a shared HTTP client."""

    def __init__(self, url: str, http: httpx.AsyncClient) -> None:
        self.url = url.rstrip("/")
        self._http = http

    async def system(self) -> System:
        """Version, device and memory. Raises Unreachable, also for a server that is not ComfyUI (F114)."""
        answer = await self._json("GET", "/system_stats", absent=NOT_COMFYUI)
        try:
            system = answer["system"]
            devices = answer["devices"]
            text = str(system.get("comfyui_version") or "0")
            device = devices[0] if devices else {}
            if not isinstance(devices, list) or not isinstance(device, dict):
                raise TypeError("devices")
            return System(
                version=_version(text),
                version_text=text,
                device=str(device.get("name", "")),
                vram_total=int(device.get("vram_total", 0)),
                vram_free=int(device.get("vram_free", 0)),
                simulator=bool(system.get("simulator", False)),
                any_model=bool(system.get("accepts_any_model", False)),
            )
        except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
            raise Unreachable(NOT_COMFYUI) from error

    async def object_info(self) -> dict[str, Any]:
        """Every node class with its inputs, as the server has it now."""
        answer = await self._json("GET", "/object_info", timeout=_LOAD)
        if not isinstance(answer, dict):
            raise Unreachable(NOT_COMFYUI)
        return answer

    async def queue(self) -> QueueState:
        """The queue: what runs and what waits."""
        answer = await self._json("GET", "/queue")
        try:
            pending = sorted(answer["queue_pending"], key=lambda item: item[0])
            return QueueState(
                running=tuple(str(item[1]) for item in answer["queue_running"]),
                pending=tuple(str(item[1]) for item in pending),
            )
        except (KeyError, TypeError, IndexError) as error:
            raise Unreachable(NOT_COMFYUI) from error

    async def submit(
        self, graph: Mapping[str, Any], prompt_id: str, client_id: str, chunks: Mapping[str, Any] | None = None
    ) -> Partly:
        """Queue `graph` under `prompt_id`; what was refused of it (F115), usually nothing.

        Each of `chunks` becomes a text chunk of the PNG, beside ComfyUI's own `prompt`.
        Raises Rejected (nothing was queued), Unreachable (it never arrived) or Uncertain.
        """
        # Previews are off by default; since 0.5 a prompt may ask for its own, older servers take no notice.
        extra: dict[str, Any] = {"preview_method": "latent2rgb"}
        if chunks:
            extra["extra_pnginfo"] = dict(chunks)
        body = {"prompt": graph, "client_id": client_id, "prompt_id": prompt_id, "extra_data": extra}
        try:
            answer = await self._http.post(f"{self.url}/prompt", json=body, timeout=_SUBMIT)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.InvalidURL) as error:
            raise Unreachable(self._offline()) from error
        except httpx.HTTPError as error:
            raise Uncertain("the answer to the submission got lost") from error
        if answer.status_code in (502, 503, 504):
            raise Uncertain(f"the server answered {answer.status_code}")
        if answer.status_code != 200:
            raise Rejected(words.refusals(answer.status_code, answer.text, graph))
        try:
            said = json.loads(answer.content)
            accepted = str(said["prompt_id"])
        except (ValueError, KeyError, TypeError) as error:
            raise Uncertain(NOT_COMFYUI) from error
        if accepted != prompt_id:
            # Before 0.3.45 the server chose its own id, and no attempt could be found again after a crash.
            await self.cancel(accepted)
            raise Rejected(["This ComfyUI is too old: it does not keep the id of a prompt. 0.3.45 or newer is needed."])
        errors = said.get("node_errors")
        if not isinstance(errors, dict) or not errors:
            return Partly()
        entries = {node: entry for node, entry in errors.items() if isinstance(entry, dict)}
        lost = {str(output) for entry in entries.values() for output in entry.get("dependent_outputs") or ()}
        return Partly(tuple(words.node_faults(errors, graph)), frozenset(lost | entries.keys()))

    async def find(self, prompt_id: str) -> Found:
        """Where `prompt_id` is: the queue first, then the history (moves between them are atomic)."""
        queue = await self.queue()
        if prompt_id in queue.running:
            return Found("running")
        if prompt_id in queue.pending:
            return Found("pending")
        return await self.history(prompt_id)

    async def history(self, prompt_id: str) -> Found:
        """What the history says of just this id; `lost` if nothing."""
        answer = await self._json("GET", f"/history/{prompt_id}")
        entry = answer.get(prompt_id) if isinstance(answer, dict) else None
        if not isinstance(entry, dict):
            return Found("lost")
        status = entry.get("status")
        status = status if isinstance(status, dict) else {}
        messages = [m for m in status.get("messages") or () if isinstance(m, list) and len(m) == 2]
        for name, data in reversed(messages):
            if name == "execution_error":
                return Found("error", _images(entry), data if isinstance(data, dict) else {})
            if name == "execution_interrupted":
                return Found("interrupted", _images(entry))
        if status.get("status_str") == "error":
            return Found("error", _images(entry), {})
        return Found("done", _images(entry), took_s=_took_s(messages))

    async def fetch(self, image: Image) -> bytes:
        """The original bytes of an image. Raises FileNotFoundError if the server has lost it."""
        params = {"filename": image.filename, "subfolder": image.subfolder, "type": image.type}
        try:
            answer = await self._http.get(f"{self.url}/view", params=params, timeout=_LOAD)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable(self._offline()) from error
        if answer.status_code == 404:
            raise FileNotFoundError(f"{self.url} no longer has {image.filename}")
        if answer.status_code != 200:
            raise Unreachable(f"the server answered {answer.status_code} for {image.filename}")
        return answer.content

    async def upload(self, name: str, data: bytes) -> str:
        """Put an image into the server's input folder; the name it has there. Raises Unreachable, Rejected."""
        files = {"image": (name, data, "application/octet-stream")}
        try:
            answer = await self._http.post(
                f"{self.url}/upload/image", files=files, data={"overwrite": "true"}, timeout=_LOAD
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable(self._offline()) from error
        if answer.status_code != 200:
            raise Rejected([f"The server did not take the image ({answer.status_code})."])
        try:
            kept = answer.json()
            folder = kept.get("subfolder") or ""
            return f"{folder}/{kept['name']}" if folder else str(kept["name"])
        except (ValueError, KeyError, AttributeError) as error:
            raise Unreachable(NOT_COMFYUI) from error

    async def cancel(self, prompt_id: str) -> None:
        """Take `prompt_id` off the queue, and interrupt it if it is really running there (F73).

        Before ComfyUI 0.3.57 an interrupt is global, so it is sent only while the queue shows this id running.
        Raises Unreachable.
        """
        await self._send("/queue", {"delete": [prompt_id]})
        if prompt_id in (await self.queue()).running:
            await self._send("/interrupt", {"prompt_id": prompt_id})

    async def _send(self, path: str, body: Mapping[str, Any]) -> None:
        try:
            await self._http.post(f"{self.url}{path}", json=body, timeout=_LOOK)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable(self._offline()) from error

    async def _json(self, method: str, path: str, timeout: httpx.Timeout = _LOOK, absent: str = "") -> Any:
        """The answer's JSON. Raises Unreachable; `absent` is what to say of a 404."""
        try:
            answer = await self._http.request(method, f"{self.url}{path}", timeout=timeout)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable(self._offline()) from error
        if answer.status_code != 200:
            said = f"the server answered {answer.status_code}"
            raise Unreachable(absent if absent and answer.status_code == 404 else said)
        try:
            # Histories of strangers may hold bare NaN, which only Python's own parser takes.
            return json.loads(answer.content)
        except ValueError as error:
            raise Unreachable(NOT_COMFYUI) from error

    def _offline(self) -> str:
        return f"nothing answers at {self.url.removeprefix('http://')}"


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def _took_s(messages: list[list[Any]]) -> float | None:
    """Seconds between the first and the last message of a run."""
    times = [data["timestamp"] for _, data in messages if isinstance(data, dict) and "timestamp" in data]
    if len(times) < 2 or not all(isinstance(at, int | float) for at in times):
        return None
    return max(0.0, float(times[-1] - times[0]) / 1000)


def _images(entry: Mapping[str, Any]) -> dict[str, tuple[Image, ...]]:
    outputs = entry.get("outputs")
    found: dict[str, tuple[Image, ...]] = {}
    for node_id, output in outputs.items() if isinstance(outputs, dict) else ():
        listed = output.get("images") if isinstance(output, dict) else None
        found[node_id] = tuple(
            Image(str(item.get("filename", "")), str(item.get("subfolder", "")), str(item.get("type", "output")))
            for item in listed or ()
            if isinstance(item, dict) and item.get("filename")
        )
    return found
