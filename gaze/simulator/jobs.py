"""The jobs API made from queue and history (specification comfyui §7)."""

from __future__ import annotations

from typing import Any

from gaze.simulator.queue import Item, Queue

STATES = ("pending", "in_progress", "completed", "failed", "cancelled")


def one(queue: Queue, prompt_id: str) -> dict[str, Any] | None:
    """What is known of a job, in full once it is over; None if nothing is."""
    if prompt_id in queue.history:
        entry = queue.history[prompt_id]
        job = _over(prompt_id, entry)
        _, _, graph, extra, _ = entry["prompt"]
        job |= {"outputs": entry["outputs"], "execution_status": entry["status"]}
        return {**job, "workflow": {"prompt": graph, "extra_data": extra}}
    return next((job for job in _waiting(queue) if job["id"] == prompt_id), None)


def some(queue: Queue, states: list[str], limit: int | None, offset: int) -> dict[str, Any]:
    """A page of jobs, newest first.

    Raises AttributeError when any prompt has an `extra_pnginfo` that is no object, or a null workflow: the
    real server's list is broken then (specification comfyui §2).
    """
    jobs = _waiting(queue) + [_over(prompt_id, entry) for prompt_id, entry in queue.history.items()]
    jobs = [job for job in jobs if not states or job["status"] in states]
    jobs.sort(key=lambda job: job.get("create_time", 0), reverse=True)
    end = len(jobs) if limit is None else offset + limit
    pages = {"offset": offset, "limit": limit, "total": len(jobs), "has_more": end < len(jobs)}
    return {"jobs": jobs[offset:end], "pagination": pages}


def _waiting(queue: Queue) -> list[dict[str, Any]]:
    running = [_unfinished(queue.running, "in_progress")] if queue.running else []
    return running + [_unfinished(item, "pending") for item in queue.pending]


def _unfinished(item: Item, state: str) -> dict[str, Any]:
    number, prompt_id, _, extra, _ = item
    job = {"id": prompt_id, "status": state, "priority": number, "create_time": extra.get("create_time")}
    return {**job, "outputs_count": 0, **_workflow(extra)}


def _over(prompt_id: str, entry: dict[str, Any]) -> dict[str, Any]:
    number, _, _, extra, _ = entry["prompt"]
    said = dict(entry["status"]["messages"])
    if entry["status"]["completed"]:
        state, last = "completed", said["execution_success"]
    elif "execution_interrupted" in said:
        state, last = "cancelled", said["execution_interrupted"]
    else:
        state, last = "failed", said["execution_error"]
    job: dict[str, Any] = {"id": prompt_id, "status": state, "priority": number}
    job["create_time"] = extra.get("create_time")
    job["execution_start_time"] = said["execution_start"]["timestamp"]
    job["execution_end_time"] = last["timestamp"]
    if state == "failed":
        job["execution_error"] = last
    shown = [(node, image) for node, out in entry["outputs"].items() for image in out["images"]]
    job["outputs_count"] = len(shown)
    if shown:
        node, image = shown[0]
        job["preview_output"] = {**image, "nodeId": node, "mediaType": "images"}
    return {**job, **_workflow(extra)}


def _workflow(extra: dict[str, Any]) -> dict[str, Any]:
    """The id of the workflow in `extra_pnginfo`, if there is one."""
    workflow_id = extra.get("extra_pnginfo", {}).get("workflow", {}).get("id")
    return {} if workflow_id is None else {"workflow_id": workflow_id}
