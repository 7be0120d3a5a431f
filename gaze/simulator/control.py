"""What a test asks a simulator beside its protocol: counters, and switches of faults."""

from __future__ import annotations

import msgspec

from gaze.simulator.exchange import Answer, Request, as_json
from gaze.simulator.faults import Fault
from gaze.simulator.state import State


async def state(server: State, request: Request, rest: str) -> Answer:
    """What was asked and done since the start: requests by route, prompts, jobs, sockets, faults."""
    return as_json(
        {
            "requests": server.requests,
            "prompts": {"accepted": server.prompts.accepted, "refused": server.prompts.refused},
            "jobs": server.worker.counts,
            "sockets": {"open": server.sockets.count, "sent": server.sockets.sent},
            "faults": msgspec.to_builtins(server.board.faults),
            "struck": server.board.struck,
        }
    )


async def set_faults(server: State, request: Request, rest: str) -> Answer:
    """Switch on exactly the faults of the body, a JSON list of `Fault`; 400 says what is wrong."""
    try:
        wanted = msgspec.json.decode(await request.body(), type=list[Fault])
    except msgspec.ValidationError as error:
        return as_json({"error": str(error)}, 400)
    return _switch(server, wanted)


async def reset_faults(server: State, request: Request, rest: str) -> Answer:
    """Switch all faults off."""
    return _switch(server, [])


def _switch(server: State, faults: list[Fault]) -> Answer:
    server.board.replace(faults)
    server.follow_version()
    if server.board.on("forget-history"):
        server.queue.history.clear()
    return as_json(msgspec.to_builtins(server.board.faults))
