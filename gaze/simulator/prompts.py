"""POST /prompt: from a body to a queued item or a refusal (specification comfyui §2)."""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from typing import Any

import msgspec

from gaze.simulator.exchange import Answer, as_json
from gaze.simulator.faults import Board
from gaze.simulator.nodes import Nodes
from gaze.simulator.queue import Item, Queue
from gaze.simulator.validate import Verdict, refusal, validate
from gaze.simulator.versions import Abilities

BAD_ID = refusal(
    "invalid_prompt_id",
    "prompt_id must be a valid UUID",
    "prompt_id must be a UUID string in canonical lowercase hyphenated form; omit it to let the server generate one",
)
NO_PROMPT = refusal("no_prompt", "No prompt provided", "No prompt provided")
SECRET_KEYS = ("auth_token_comfy_org", "api_key_comfy_org")


class Prompts:
    """Takes prompts; counts them from 0 at the server's start, those refused too."""

    def __init__(self, queue: Queue, nodes: Nodes, board: Board, input_folder: Path) -> None:
        self._queue = queue
        self._nodes = nodes
        self._board = board
        self._input_folder = input_folder
        self._number = 0
        self.accepted = 0
        self.refused = 0

    def post(self, body: Any, able: Abilities, *, enforce_uuid: bool) -> Answer:
        """The answer to a posted body. Raises TypeError, AttributeError or ValueError where 500 is due."""
        body = body if isinstance(body, dict) else dict.fromkeys(body)  # [] is taken for an empty object
        number = self._next(body)
        if "prompt" not in body:
            return self._refuse(NO_PROMPT)
        prompt_id = body.get("prompt_id") if able.own_ids else None
        if prompt_id is None:
            prompt_id = str(uuid.uuid4())
        elif able.uuid_enforced and enforce_uuid and not _canonical(prompt_id):
            return self._refuse(BAD_ID)
        verdict = validate(body["prompt"], self._nodes, able, self._input_folder)
        if verdict.error is not None:
            return self._refuse(verdict.error, verdict.node_errors)
        verdict = self._with_one_refused(body["prompt"], verdict)
        extra = body.get("extra_data", {})
        if "client_id" in body:
            extra["client_id"] = body["client_id"]
        if able.create_time:
            extra = {key: value for key, value in extra.items() if key not in SECRET_KEYS}
            extra["create_time"] = int(time.time() * 1000)
        item: Item = (number, str(prompt_id), body["prompt"], extra, verdict.outputs)
        self._queue.put(item)
        self.accepted += 1
        return as_json({"prompt_id": item[1], "number": number, "node_errors": verdict.node_errors})

    def _next(self, body: Any) -> float:
        if "number" in body:
            return float(body["number"])
        number = -self._number if body.get("front") else self._number
        self._number += 1
        return number

    def _refuse(self, error: dict[str, Any], node_errors: dict[str, Any] | None = None) -> Answer:
        self.refused += 1
        return as_json({"error": error, "node_errors": node_errors or {}}, 400)

    def _with_one_refused(self, graph: dict[str, Any], verdict: Verdict) -> Verdict:
        """The verdict as if one output had failed: 200, and that output silently left out."""
        fault = self._board.take("refuse-output")
        if fault is None:
            return verdict
        named = [one for one in verdict.outputs if fault.node in (one, graph[one]["class_type"])]
        lost = named[0] if named else verdict.outputs[-1]
        extra = {"exception_type": "KeyError", "traceback": []}
        reason = refusal("exception_during_validation", "Exception when validating node", "'99'", extra)
        entry = {"errors": [reason], "dependent_outputs": [lost], "class_type": graph[lost]["class_type"]}
        rest = [one for one in verdict.outputs if one != lost]
        return msgspec.structs.replace(verdict, outputs=rest, node_errors={**verdict.node_errors, lost: entry})


def _canonical(prompt_id: Any) -> bool:
    try:
        return isinstance(prompt_id, str) and str(uuid.UUID(prompt_id)) == prompt_id
    except ValueError:
        return False
