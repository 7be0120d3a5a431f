"""All ComfyUI servers: which are up, what they have (specification jobs, "Several backends")."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx
import msgspec

from gaze.comfyui.client import Comfy, System, Unreachable
from gaze.comfyui.socket import Socket
from gaze.core.address import check_url
from gaze.settings import USUAL_COMFYUI

log = logging.getLogger("gaze.comfyui")

# Lists of models change when somebody drops a file in; ComfyUI reads its folders anew for each /object_info.
_INFO_FRESH_S = 20.0
# Between two looks at the usual address while the simulator stands in (nothing listening answers at once).
_LOOK_AGAIN_S = 0.25


class Backend(msgspec.Struct, frozen=True, kw_only=True):
    """One ComfyUI server as pages show it. `vram_*` in bytes; `since` is the Unix time of the last change of state."""

    url: str
    name: str
    state: Literal["up", "down", "unknown"] = "unknown"
    message: str = ""
    simulator: bool = False
    any_model: bool = False
    version: tuple[int, ...] = ()
    version_text: str = ""
    device: str = ""
    vram_total: int = 0
    vram_free: int = 0
    running: int = 0
    pending: int = 0
    since: float = 0.0

    @property
    def up(self) -> bool:
        return self.state == "up"

    @property
    def load(self) -> int:
        """Jobs of anybody in its queue."""
        return self.running + self.pending


class Pool:
    """Watches the servers that `urls` names now; without any, the usual address, else the simulator."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        urls: Callable[[], Sequence[str]],
        simulator_url: str,
        client_id: str,
        usual_url: str = USUAL_COMFYUI,
    ) -> None:
        self._http = http
        self._usual_url = usual_url
        self._urls = urls
        self._simulator_url = simulator_url
        self._client_id = client_id
        self._backends: dict[str, Backend] = {}
        self._infos: dict[str, tuple[float, dict[str, Any]]] = {}
        self._sockets: dict[tuple[str, str], Socket] = {}
        self._looked = 0.0
        self._look = asyncio.Lock()

    @property
    def configured(self) -> bool:
        """Whether the user named servers."""
        return bool(self._urls())

    @property
    def backends(self) -> list[Backend]:
        """The servers in use, in the order of the settings; with none, the usual address or the simulator."""
        if urls := self._urls():
            return [self._backends.get(url) or Backend(url=url, name=_name(url)) for url in urls]
        usual = self._backends.get(self._usual_url)
        drawn = self._backends.get(self._simulator_url)
        if usual and usual.up:
            return [usual]
        return [backend for backend in (drawn or usual,) if backend]

    @property
    def using_simulator(self) -> bool:
        """Whether pictures come from the simulator now (it may still be starting)."""
        usual = self._backends.get(self._usual_url)
        return bool(self._simulator_url) and not self.configured and not (usual and usual.up)

    def healthy(self) -> list[Backend]:
        return [backend for backend in self.backends if backend.up]

    def client(self, url: str) -> Comfy:
        return Comfy(url, self._http)

    def socket(self, url: str, client_id: str = "") -> Socket:
        """The shared websocket of a server; its client id is this process's own (two with one id go deaf).

        With the `client_id` of a dead process it hears of the runs which that one submitted.
        """
        key = (url, client_id or self._client_id)
        if key not in self._sockets:
            self._sockets[key] = Socket(*key)
        return self._sockets[key]

    async def release(self, socket: Socket) -> None:
        """Close a dead process's socket once nobody listens; our own stays for the next job."""
        if socket.client_id != self._client_id and not socket.wanted:
            self._sockets = {key: other for key, other in self._sockets.items() if other is not socket}
            await socket.close()

    async def refresh(self) -> bool:
        """Ask every server how it is; True if anything that pages show has changed."""
        async with self._look:
            before = self.backends
            urls = list(self._urls()) or [url for url in (self._usual_url, self._simulator_url) if url]
            asked = await asyncio.gather(*(self._ask(url) for url in urls))
            self._backends = {backend.url: backend for backend in asked}
            self._looked = time.monotonic()
            return before != self.backends

    async def current(self) -> list[Backend]:
        """The healthy servers, looked at anew while the simulator stands in: a real ComfyUI takes the next job."""
        if not self.configured and time.monotonic() - self._looked > _LOOK_AGAIN_S:
            await self.refresh()
        return self.healthy()

    async def watch(self, changed: Callable[[], Awaitable[None]], every_s: float = 2.0) -> None:
        """Refresh for ever; call `changed` whenever a server went up, down or became busier.

        It is held against what was told last: a job that asks in between must not swallow a change.
        """
        told = self.backends
        while True:
            try:
                await self.refresh()
                if told != (told_now := self.backends):
                    await changed()
                    told = told_now
            except Exception:
                log.exception("looking at the ComfyUI servers failed")
            await asyncio.sleep(every_s)

    async def object_info(self, url: str, fresh: bool = False) -> dict[str, Any]:
        """`/object_info` of a server, at most 20 s old. Raises Unreachable."""
        known = self._infos.get(url)
        if known and not fresh and time.monotonic() - known[0] < _INFO_FRESH_S:
            return known[1]
        info = await self.client(url).object_info()
        self._infos[url] = (time.monotonic(), info)
        return info

    def forget_info(self, url: str) -> None:
        """A server that refused something may have other nodes and models now."""
        self._infos.pop(url, None)

    async def close(self) -> None:
        await asyncio.gather(*(socket.close() for socket in self._sockets.values()))

    async def _ask(self, url: str) -> Backend:
        known = self._backends.get(url) or Backend(url=url, name=_name(url))
        client = self.client(url)
        try:
            check_url(url)  # a file or the environment may name what the settings page refuses (F98)
            system, queue = await asyncio.gather(client.system(), client.queue())
        except (Unreachable, ValueError) as error:
            since = known.since if known.state == "down" else time.time()
            self.forget_info(url)
            return Backend(url=url, name=known.name, state="down", message=str(error), since=since)
        return _up(known, system, len(queue.running), len(queue.pending))


async def probe(url: str, http: httpx.AsyncClient) -> Backend:
    """How the server at `url` is right now, for a test button. Raises ValueError for an address that is refused."""
    check_url(url)
    try:
        system = await Comfy(url, http).system()
    except Unreachable as error:
        return Backend(url=url, name=_name(url), state="down", message=str(error), since=time.time())
    return _up(Backend(url=url, name=_name(url)), system, 0, 0)


def _up(known: Backend, system: System, running: int, pending: int) -> Backend:
    return Backend(
        url=known.url,
        name="Simulator" if system.any_model else known.name,
        state="up",
        simulator=system.simulator,
        any_model=system.any_model,
        version=system.version,
        version_text=system.version_text,
        device=system.device,
        vram_total=system.vram_total,
        # To a tenth of a GiB: every byte would make every look a change.
        vram_free=system.vram_free // 107_374_182 * 107_374_182,
        running=running,
        pending=pending,
        since=known.since if known.state == "up" else time.time(),
    )


def _name(url: str) -> str:
    """A short name: the host, with the port where it is not ComfyUI's usual one."""
    with contextlib.suppress(ValueError):
        parts = urlsplit(url)
        return f"{parts.hostname}:{parts.port}" if parts.port not in (None, 8188) else str(parts.hostname or url)
    return url
