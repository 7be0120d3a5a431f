"""`gaze run`: Redis, web, both workers and, while there is no ComfyUI, the simulator; what dies is started again."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import watchfiles

from gaze.jobs.redis import EmbeddedServer, NoServer, die_with_parent, redis_url
from gaze.settings import LiveSettings, Settings, program

# All children together have this long to end by themselves.
GRACE_S = 0.8


class CannotStart(RuntimeError):
    """Why nothing was started, in one line."""


class Child:
    """One process of ours; started again, ever more slowly, if it dies."""

    def __init__(self, name: str, arguments: Sequence[str], env: dict[str, str], fds: Sequence[int] = ()) -> None:
        self.name = name
        self._command = [sys.executable, "-m", "gaze", *arguments]
        self._env = env
        self._fds = tuple(fds)
        self._process: subprocess.Popen[bytes] | None = None
        self._again = Again(name)

    def start(self) -> None:
        self._again.started()
        self._process = subprocess.Popen(
            self._command,
            env=self._env,
            stdin=subprocess.DEVNULL,
            pass_fds=self._fds,
            start_new_session=True,  # Ctrl-C reaches only the parent, which ends all in order
            preexec_fn=die_with_parent if sys.platform == "linux" else None,
        )

    def tend(self) -> None:
        """Start it again if it has died."""
        if self._process is not None and self._process.poll() is not None and self._again.due(self._process.returncode):
            self.start()

    def terminate(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.terminate()

    def gone(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def kill(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.wait()


class Again:
    """When a dead process is started again: soon, and ever later if it keeps dying young."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._started = 0.0
        self._not_before = 0.0
        self._delay_s = 0.1

    def started(self) -> None:
        self._started, self._not_before = time.monotonic(), 0.0

    def due(self, code: int | None = None) -> bool:
        """Whether to start it now; asked first, it says that the process ended."""
        at = time.monotonic()
        if not self._not_before:
            self._delay_s = 0.2 if at - self._started > 10 else min(self._delay_s * 2, 5.0)
            self._not_before = at + self._delay_s
            ended = f"ended ({code})" if code is not None else "ended"
            print(f"gaze: {self._name} {ended}; it is started again.", file=sys.stderr)
        return at >= self._not_before


def run(settings: Settings, env: dict[str, str], reload: bool = False) -> None:
    """Start everything, print the address, and stay until Ctrl-C or SIGTERM. Raises CannotStart."""
    listener = bind(settings.host, settings.port)
    server = None if settings.redis_url else EmbeddedServer(settings)
    if server:
        server.start()
    try:
        simulator_port = free_port()
        env = {
            **env,
            "GAZE_ROOT": str(settings.root),
            "GAZE_HOST": settings.host,
            "GAZE_PORT": str(settings.port),
            "GAZE_REDIS_URL": redis_url(settings),
            "GAZE_SIMULATOR_URL": settings.simulator_url or f"http://127.0.0.1:{simulator_port}",
        }
        fd = listener.fileno()
        children = [
            Child("web", ["web", "--fd", str(fd)], env, [fd]),
            Child("comfy worker", ["worker", "comfy"], env),
            Child("llm worker", ["worker", "llm"], env),
        ]
        simulator = Child(
            "simulator",
            [
                "simulate-comfyui",
                "--port",
                str(simulator_port),
                "--folder",
                str(settings.private / "simulator"),
                "--steps-per-second",
                "25",
            ],
            env,
        )
        asyncio.run(_supervise(settings, server, children, None if settings.simulator_url else simulator, reload))
    finally:
        listener.close()
        if server:
            server.stop()


async def _supervise(
    settings: Settings, server: EmbeddedServer | None, children: list[Child], simulator: Child | None, reload: bool
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # Under nohup it outlives its terminal; Ctrl-C ends it even where a script's background ignores that.
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, stop.set)
    live = LiveSettings(settings)
    if simulator and not live().comfyui_urls:
        children.append(simulator)
    # The pages first: on two cores each further process would delay them.
    children[0].start()
    tending = asyncio.Lock()
    greeting = asyncio.create_task(_greet(settings, children[1:]))
    reloading = asyncio.create_task(_reload(children, tending, stop)) if reload else None
    redis_again = Again("the embedded Redis")
    redis_again.started()
    try:
        while not stop.is_set():
            if server and server.died() and redis_again.due():
                redis_again.started()
                _launch(server)
            if not tending.locked():
                for child in children:
                    child.tend()
            if simulator and simulator not in children and not live().comfyui_urls:
                simulator.start()
                children.append(simulator)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 0.2)
    finally:
        for task in (greeting, reloading):
            if task:
                task.cancel()
        await asyncio.gather(*(task for task in (greeting, reloading) if task), return_exceptions=True)
        await end(children)


def _launch(server: EmbeddedServer) -> None:
    """Start the embedded server again without waiting for it: web and workers find it by themselves."""
    try:
        server.launch()
    except (NoServer, OSError) as error:
        print(f"gaze: the embedded Redis cannot be started now ({error}); it is tried again.", file=sys.stderr)


async def end(children: Sequence[Child]) -> None:
    """Ask all to end, wait a little, kill the rest."""
    for child in children:
        child.terminate()
    deadline = time.monotonic() + GRACE_S
    while time.monotonic() < deadline and not all(child.gone() for child in children):
        await asyncio.sleep(0.01)
    for child in children:
        child.kill()


async def _greet(settings: Settings, rest: Sequence[Child]) -> None:
    """Print the address once the pages answer, then start the rest."""
    shown = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host
    while True:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_connection(shown, settings.port)
            writer.write(f"GET /healthz HTTP/1.1\r\nHost: {shown}\r\nConnection: close\r\n\r\n".encode())
            answer = await asyncio.wait_for(reader.readline(), 10)
            writer.close()
            if b" 200 " in answer:
                break
        await asyncio.sleep(0.05)
    for child in rest:
        if child.gone():
            child.start()
    print(
        f"GAZE is at http://{_bracketed(shown)}:{settings.port} (library: {settings.root}; Ctrl-C ends it)", flush=True
    )


async def _reload(children: Sequence[Child], tending: asyncio.Lock, stop: asyncio.Event) -> None:
    folders = [path for path in (Path(__file__).parent, program() / "templates", program() / "static") if path.is_dir()]
    ignore = watchfiles.DefaultFilter(ignore_dirs=(*watchfiles.DefaultFilter.ignore_dirs, "uploads"))
    async for _ in watchfiles.awatch(*folders, watch_filter=ignore, stop_event=stop):
        print("gaze: the code changed; web and workers start again.", file=sys.stderr)
        async with tending:
            await end(children)
            for child in children:
                child.start()


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; CannotStart says in one line what is wrong with the address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise CannotStart(
            f"Port {port} of {host} cannot be used ({getattr(error, 'strerror', None) or error}). "
            f"Choose another: GAZE_PORT={port + 1 if port < 65535 else 5001} make run"
        ) from error
    listener.listen(2048)
    return listener


def free_port() -> int:
    """A loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def redis_alone(settings: Settings) -> None:
    """Run the embedded server until SIGINT or SIGTERM. Raises NoServer, RootInUse."""
    server = EmbeddedServer(settings)
    server.start()
    print(f"Redis is at {redis_url(settings)}", flush=True)
    stopped = False

    def stop(*_: object) -> None:
        nonlocal stopped
        stopped = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    while not stopped and not server.died():
        time.sleep(0.1)
    server.stop()
