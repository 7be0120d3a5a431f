"""The routes of the jobs API (specification comfyui §7)."""

from __future__ import annotations

import uuid
from typing import Any

from gaze.simulator import jobs
from gaze.simulator.exchange import Answer, Request, as_json
from gaze.simulator.state import State


async def get_jobs(server: State, request: Request, rest: str) -> Answer:
    """A page of jobs, of some states only if `status` names them."""
    if not server.able.jobs:
        return Answer(404)
    query = request.query
    states = [state.strip() for state in query.get("status", "").split(",") if state.strip()]
    if wrong := [state for state in states if state not in jobs.STATES]:
        valid = ", ".join(jobs.STATES)
        return as_json({"error": f"Invalid status value(s): {', '.join(wrong)}. Valid values: {valid}"}, 400)
    limit = int(query["limit"]) if "limit" in query else None
    return as_json(jobs.some(server.queue, states, limit, int(query.get("offset", 0))))


async def get_job(server: State, request: Request, rest: str) -> Answer:
    """One job; 404 if it is unknown."""
    if not server.able.jobs:
        return Answer(404)
    job = jobs.one(server.queue, rest)
    return as_json({"error": "Job not found"}, 404) if job is None else as_json(job)


async def cancel_job(server: State, request: Request, rest: str) -> Answer:
    """Cancel one job or several, running or pending (from 0.26 on)."""
    if not server.able.job_cancel:
        return Answer(405, b"405: Method Not Allowed", "text/plain; charset=utf-8")
    if rest.endswith("/cancel"):
        return as_json({"cancelled": _cancel(server, rest.removesuffix("/cancel"))})
    if rest != "cancel":
        return Answer(404)
    try:
        wanted = (await request.json()).get("job_ids")
    except ValueError:
        return as_json({"error": "Request body must be valid JSON"}, 400)
    if not isinstance(wanted, list):
        return as_json({"error": "job_ids must be a list"}, 400)
    if wrong := [one for one in wanted if not _is_uuid(one)]:
        return as_json({"error": "job_ids contains invalid id(s)", "invalid_ids": wrong}, 400)
    cancelled = [_cancel(server, one) for one in wanted]
    return as_json({"cancelled": any(cancelled)})


def _cancel(server: State, prompt_id: str) -> bool:
    if server.queue.running is not None and server.queue.running[1] == prompt_id:
        server.worker.interrupt()
        return True
    return server.queue.delete(prompt_id)


def _is_uuid(text: Any) -> bool:
    try:
        return bool(uuid.UUID(text))
    except (ValueError, AttributeError, TypeError):
        return False
