"""`gaze mcp serve`: the library over standard input and output, with or without a running GAZE."""

from __future__ import annotations

import asyncio

from gaze.context import build
from gaze.settings import LiveSettings


def run(settings: LiveSettings) -> None:
    """Serve until the client leaves. Jobs need Redis; without one the tools that do say so."""
    asyncio.run(_run(settings))


async def _run(settings: LiveSettings) -> None:
    from gaze.mcp.library import server

    gaze = build(settings)
    await gaze.pool.refresh()
    await gaze.start()
    try:
        while not gaze.library.ready:
            await asyncio.sleep(0.02)
        await server(gaze).run_stdio_async()
    finally:
        await gaze.stop()
