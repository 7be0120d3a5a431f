"""ComfyUI's routes, all in one table; every path also works below /api (specification comfyui §1)."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Awaitable, Callable

from gaze.simulator import control, job_routes, stats, view
from gaze.simulator.exchange import EMPTY, LARGEST_BODY, Answer, Request, as_json
from gaze.simulator.files import NoFile
from gaze.simulator.nodes import FOLDERS
from gaze.simulator.sockets import SERVER_FEATURES
from gaze.simulator.state import State

Handler = Callable[[State, Request, str], Awaitable[Answer]]
"""Answers a request; the text is the rest of the path where the route's path ends with a slash."""

HIDDEN_FOLDERS = ("configs", "custom_nodes")


async def home(server: State, request: Request, rest: str) -> Answer:
    """Something for a browser to show."""
    return Answer(200, b"<!doctype html><title>GAZE simulator</title>A simulated ComfyUI.", "text/html")


async def get_prompt(server: State, request: Request, rest: str) -> Answer:
    """The length of the queue: the cheapest health check."""
    return as_json(server.status()["status"])


async def post_prompt(server: State, request: Request, rest: str) -> Answer:
    """Queue a prompt, or refuse it."""
    answer = server.prompts.post(await request.json(), server.able, enforce_uuid=server.options.enforce_uuid)
    if late := server.board.take("prompt-timeout"):
        await server.wait(late.seconds or 86400.0)
    return answer


async def get_queue(server: State, request: Request, rest: str) -> Answer:
    """Running and pending items, pending ones in heap order."""
    running = [server.queue.running] if server.queue.running else []
    return as_json({"queue_running": running, "queue_pending": server.queue.pending})


async def post_queue(server: State, request: Request, rest: str) -> Answer:
    """Delete pending items by id, or all of them."""
    body = await request.json()
    if body.get("clear"):
        server.queue.clear()
    for prompt_id in body.get("delete", ()):
        server.queue.delete(prompt_id)
    return EMPTY


async def interrupt(server: State, request: Request, rest: str) -> Answer:
    """Stop what runs: that id only, or anything if none is given or the body is no JSON."""
    try:
        body = await request.json()
    except ValueError:
        body = {}
    wanted = body.get("prompt_id") if isinstance(body, dict) and server.able.interrupt_by_id else None
    running = server.queue.running
    if not wanted or (running is not None and running[1] == wanted):
        server.worker.interrupt()
    return EMPTY


async def get_history(server: State, request: Request, rest: str) -> Answer:
    """Finished prompts, oldest first."""
    most = request.query.get("max_items")
    offset = int(request.query.get("offset", -1))
    return as_json(server.queue.page(None if most is None else int(most), offset))


async def get_history_of(server: State, request: Request, rest: str) -> Answer:
    """One finished prompt; `{}` if it is pending, running or unknown."""
    return as_json({rest: server.queue.history[rest]} if rest in server.queue.history else {})


async def post_history(server: State, request: Request, rest: str) -> Answer:
    """Delete entries by id, or all of them."""
    body = await request.json()
    if body.get("clear"):
        server.queue.history.clear()
    for prompt_id in body.get("delete", ()):
        server.queue.history.pop(prompt_id, None)
    return EMPTY


async def object_info(server: State, request: Request, rest: str) -> Answer:
    """All node classes."""
    return as_json(server.nodes.every())


async def object_info_of(server: State, request: Request, rest: str) -> Answer:
    """One node class; `{}` if it is unknown."""
    return as_json({rest: server.nodes.info(rest)} if server.nodes.known(rest) else {})


async def models(server: State, request: Request, rest: str) -> Answer:
    """The kinds of models there are."""
    return as_json(FOLDERS)


async def models_of(server: State, request: Request, rest: str) -> Answer:
    """The models of one kind."""
    known = rest in FOLDERS or (server.folders.root / "models" / rest).is_dir()
    return as_json(server.nodes.models(rest)) if known and rest else Answer(404)


async def model_folders(server: State, request: Request, rest: str) -> Answer:
    """The kinds of models and where they lie."""
    return as_json([{"name": name, "folders": [f"models/{name}"]} for name in FOLDERS if name not in HIDDEN_FOLDERS])


async def embeddings(server: State, request: Request, rest: str) -> Answer:
    """Embeddings, without the ending of their names."""
    return as_json([name.rpartition(".")[0] or name for name in server.nodes.models("embeddings")])


async def view_metadata(server: State, request: Request, rest: str) -> Answer:
    """The `__metadata__` of a safetensors file."""
    name = request.query.get("filename", "")
    path = server.folders.root / "models" / rest / name
    if rest not in FOLDERS or ".." in name or not path.is_file():
        return Answer(404)
    with path.open("rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        about = json.loads(file.read(min(size, LARGEST_BODY))).get("__metadata__")
    return Answer(404) if about is None else as_json(about)


async def extensions(server: State, request: Request, rest: str) -> Answer:
    """No extensions of the web interface."""
    return as_json([])


async def users(server: State, request: Request, rest: str) -> Answer:
    """No users."""
    return as_json({"storage": "server", "migrated": False})


async def system_stats(server: State, request: Request, rest: str) -> Answer:
    """What the server is and has."""
    return as_json(stats.system(server.version, any_model=server.options.accept_any_model))


async def features(server: State, request: Request, rest: str) -> Answer:
    """What the server can do."""
    return as_json(SERVER_FEATURES) if server.able.own_ids else Answer(404)


async def free(server: State, request: Request, rest: str) -> Answer:
    """Drop the cache when next idle."""
    if (await request.json()).get("free_memory"):
        server.worker.drop_cache = True
    return EMPTY


async def upload(server: State, request: Request, rest: str) -> Answer:
    """Keep an uploaded file."""
    fields, image = await request.form()
    if image is None:
        return Answer(400)
    try:
        return as_json(server.folders.store(fields, *image))
    except NoFile as error:
        return Answer(error.status)


async def view_file(server: State, request: Request, rest: str) -> Answer:
    """A picture."""
    try:
        path = server.folders.find(request.query)
    except NoFile as error:
        return Answer(error.status)
    return await asyncio.to_thread(view.view, path, request.query, request.headers)


ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", "/"): home,
    ("GET", "/prompt"): get_prompt,
    ("POST", "/prompt"): post_prompt,
    ("GET", "/queue"): get_queue,
    ("POST", "/queue"): post_queue,
    ("POST", "/interrupt"): interrupt,
    ("GET", "/history"): get_history,
    ("GET", "/history/"): get_history_of,
    ("POST", "/history"): post_history,
    ("GET", "/object_info"): object_info,
    ("GET", "/object_info/"): object_info_of,
    ("GET", "/models"): models,
    ("GET", "/models/"): models_of,
    ("GET", "/experiment/models"): model_folders,
    ("GET", "/embeddings"): embeddings,
    ("GET", "/view_metadata/"): view_metadata,
    ("GET", "/extensions"): extensions,
    ("GET", "/users"): users,
    ("GET", "/system_stats"): system_stats,
    ("GET", "/features"): features,
    ("POST", "/free"): free,
    ("POST", "/upload/image"): upload,
    ("GET", "/view"): view_file,
    ("GET", "/api/jobs"): job_routes.get_jobs,
    ("GET", "/api/jobs/"): job_routes.get_job,
    ("POST", "/api/jobs/"): job_routes.cancel_job,
    ("GET", "/simulator/state"): control.state,
    ("POST", "/simulator/faults"): control.set_faults,
    ("DELETE", "/simulator/faults"): control.reset_faults,
}


def route(method: str, path: str) -> tuple[str, Handler | None, str]:
    """The route for a request: its path in the table, its handler, the rest of the path."""
    if (method, path) in ROUTES:
        return path, ROUTES[method, path], ""
    for (one, prefix), handler in ROUTES.items():
        if one == method and len(prefix) > 1 and prefix.endswith("/") and path.startswith(prefix):
            return prefix, handler, path.removeprefix(prefix)
    return path, None, ""
