"""Running a simulator: uvicorn from code, in the foreground or in a thread."""

from __future__ import annotations

import contextlib
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from gaze.simulator.files import Folders
from gaze.simulator.options import Options
from gaze.simulator.protocol import App


class Connection(WebSocketsSansIOProtocol):
    """A websocket that the app can end without a close frame, as a killed server does."""

    async def run_asgi(self) -> None:
        self.scope["extensions"]["gaze.abort"] = {"call": self.transport.abort}
        await super().run_asgi()


class Server(uvicorn.Server):
    """Ends connections before it waits for them: else Ctrl-C hangs while a websocket is open."""

    def __init__(self, config: uvicorn.Config, app: App) -> None:
        super().__init__(config)
        self.app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self.app.stop()
        await super().shutdown(sockets)


def serve(options: Options, sock: socket.socket | None = None) -> None:
    """Serve until SIGINT or SIGTERM, which ends it within a second. `sock` is a bound socket to listen on.

    Raises OSError if the port is taken.
    """
    with _folder(options) as folder:
        for fault in options.faults:
            if fault.name == "slow-start":
                time.sleep(fault.seconds or 3.0)
        bound = sock or _bind(options.host, options.port)
        with contextlib.suppress(KeyboardInterrupt):
            _server(options, folder).run(sockets=[bound])


@contextlib.contextmanager
def running(options: Options | None = None) -> Iterator[str]:
    """A simulator in a thread on a free loopback port; the value is its URL. For tests.

    The fault `die-mid-job` would end the whole process: use `serve` in a process of its own for it.
    """
    options = options or Options()
    bound = _bind("127.0.0.1", 0)
    with _folder(options) as folder:
        server = _server(options, folder)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, name="simulator", daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(5)


def _server(options: Options, folder: Path) -> Server:
    app = App(options, Folders(folder))
    settings: dict[str, Any] = {"log_level": "warning", "access_log": False, "server_header": False}
    settings |= {"ws_per_message_deflate": False, "ws_ping_interval": None, "timeout_graceful_shutdown": 1}
    config = uvicorn.Config(app, http="httptools", ws=Connection, lifespan="on", **settings)
    return Server(config, app)


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(256)
    except OSError:
        bound.close()
        raise
    return bound


@contextlib.contextmanager
def _folder(options: Options) -> Iterator[Path]:
    if options.folder is not None:
        yield options.folder
        return
    with tempfile.TemporaryDirectory(prefix="gaze-simulator-", ignore_cleanup_errors=True) as name:
        yield Path(name)
