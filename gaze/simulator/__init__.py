"""A server that speaks ComfyUI's protocol and draws its pictures itself: for tests, and for a first look.

It imports nothing of gaze outside this package, so that it cannot share a mistake with the client it tests.

    python -m gaze.simulator --port 8188 --steps-per-second 10 --fault out-of-memory:times=1
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from gaze.simulator.faults import NAMES, Fault
from gaze.simulator.options import Options, add_arguments, options_from

__all__ = ["NAMES", "Fault", "Options", "add_arguments", "options_from", "running", "serve"]


def serve(options: Options, sock: socket.socket | None = None) -> None:
    """Serve until SIGINT or SIGTERM, which ends it within a second. `sock` is a bound socket to listen on.

    Raises OSError if the port is taken.
    """
    from gaze.simulator import server  # uvicorn and Pillow load only where a simulator runs

    server.serve(options, sock)


@contextmanager
def running(options: Options | None = None) -> Iterator[str]:
    """A simulator in a thread on a free loopback port; the value is its URL. See `server.running`."""
    from gaze.simulator import server

    with server.running(options) as url:
        yield url
