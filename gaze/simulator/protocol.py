"""The ASGI app of a simulated ComfyUI: its routes in one table (specification comfyui §1)."""

from __future__ import annotations

import asyncio
import json
import struct
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from gaze.simulator import jobs, stats, view
from gaze.simulator.exchange import (
    EMPTY,
    LARGEST_BODY,
    TROUBLE,
    Answer,
    Request,
    TooLarge,
    as_json,
    headers_of,
    reply,
)
from gaze.simulator.faults import Board, Fault
from gaze.simulator.files import Folders, NoFile
from gaze.simulator.nodes import FOLDERS, Nodes
from gaze.simulator.options import Options
from gaze.simulator.origin import refused
from gaze.simulator.prompts import Prompts
from gaze.simulator.queue import Queue
from gaze.simulator.run import Worker
from gaze.simulator.sockets import SERVER_FEATURES, Receive, Send, Socket, Sockets
from gaze.simulator.versions import Abilities, abilities

OLD = "0.3.40"
CORS = (
    ("access-control-allow-origin", "*"),
    ("access-control-allow-methods", "POST, GET, DELETE, PUT, OPTIONS, PATCH"),
    ("access-control-allow-headers", "Content-Type, Authorization"),
    ("access-control-allow-credentials", "true"),
)
Handler = Callable[[Request, str], Awaitable[Answer]]


class App:
    """One simulated server. Queue, history and caches live as long as it does; only files outlast it."""

    def __init__(self, options: Options, folders: Folders) -> None:
        self._options = options
        self._folders = folders
        self.board = Board(options.faults)
        self.sockets = Sockets(self.board)
        self.queue = Queue(self._tell_status)
        self._nodes = Nodes(options, folders.root, self.board)
        self._prompts = Prompts(self.queue, self._nodes, self.board, folders.root / "input")
        self.worker = Worker(options, self._able, folders, self.queue, self.sockets, self.board)
        self.stopping = asyncio.Event()
        self._requests: dict[str, int] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._routes: dict[tuple[str, str], Handler] = {
            ("GET", "/"): self._home,
            ("GET", "/prompt"): self._get_prompt,
            ("POST", "/prompt"): self._post_prompt,
            ("GET", "/queue"): self._get_queue,
            ("POST", "/queue"): self._post_queue,
            ("POST", "/interrupt"): self._interrupt,
            ("GET", "/history"): self._get_history,
            ("GET", "/history/"): self._get_history_of,
            ("POST", "/history"): self._post_history,
            ("GET", "/object_info"): self._object_info,
            ("GET", "/object_info/"): self._object_info_of,
            ("GET", "/models"): self._models,
            ("GET", "/models/"): self._models_of,
            ("GET", "/experiment/models"): self._model_folders,
            ("GET", "/embeddings"): self._embeddings,
            ("GET", "/view_metadata/"): self._view_metadata,
            ("GET", "/extensions"): self._extensions,
            ("GET", "/users"): self._users,
            ("GET", "/system_stats"): self._system_stats,
            ("GET", "/features"): self._features,
            ("POST", "/free"): self._free,
            ("POST", "/upload/image"): self._upload,
            ("GET", "/view"): self._view,
            ("GET", "/api/jobs"): self._get_jobs,
            ("GET", "/api/jobs/"): self._get_job,
            ("POST", "/api/jobs/"): self._cancel_job,
            ("GET", "/simulator/state"): self._state,
            ("POST", "/simulator/faults"): self._set_faults,
            ("DELETE", "/simulator/faults"): self._reset_faults,
        }

    @property
    def _able(self) -> Abilities:
        return abilities(self._version)

    @property
    def _version(self) -> str:
        return OLD if self.board.on("old-version") else self._options.version

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """The ASGI entry."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            request = Request(scope, receive)
            answer = await self._answer(request)
            if self._options.cors:
                answer = msgspec.structs.replace(answer, headers=(*answer.headers, *CORS))
            await reply(send, answer, head=request.method == "HEAD")

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self._tasks = [asyncio.create_task(self.worker.run()), asyncio.create_task(self.sockets.publish())]
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def stop(self) -> None:
        """End all connections and the run, at once and without a word, as ComfyUI does."""
        self.stopping.set()
        self.sockets.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _websocket(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        await receive()
        if scope["path"] not in ("/ws", "/api/ws") or self._forbidden(headers_of(scope)):
            await send({"type": "websocket.close"})
            return
        await send({"type": "websocket.accept"})
        query = Request({**scope, "method": "GET"}, receive).query
        socket = Socket(send, scope["extensions"]["gaze.abort"]["call"])
        await self.sockets.serve(query.get("clientId", ""), socket, receive, self._greeting)

    def _greeting(self, sid: str) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = [{"type": "status", "data": {**self._status(), "sid": sid}}]
        if self.worker.client_id == sid and self.worker.node is not None:
            messages.append({"type": "executing", "data": {"node": self.worker.node}})
        return messages

    def _status(self) -> dict[str, Any]:
        return {"status": {"exec_info": {"queue_remaining": self.queue.remaining}}}

    def _tell_status(self) -> None:
        self.sockets.tell("status", self._status())

    def _forbidden(self, headers: dict[str, str]) -> bool:
        return not self._options.cors and refused(headers, fetch_site=self._able.fetch_site_check)

    async def _answer(self, request: Request) -> Answer:
        path = request.path
        if not path.startswith("/simulator"):
            plain = path.removeprefix("/api") or "/"
            self._requests[f"{request.method} {plain}"] = self._requests.get(f"{request.method} {plain}", 0) + 1
            if request.method == "OPTIONS":
                return EMPTY
            if self._forbidden(request.headers):
                return Answer(403)
            if slow := self.board.take("slow", plain):
                await self._wait(slow.seconds or 1.0)
            if self.board.take("server-error", plain):
                return TROUBLE
            path = path if plain.startswith("/jobs") else plain
        handler, rest = self._route("GET" if request.method == "HEAD" else request.method, path)
        if handler is None:
            return self._no_route(path)
        try:
            return await handler(request, rest)
        except TooLarge:
            return Answer(413, f"Maximum request body size {LARGEST_BODY} exceeded.".encode(), "text/plain")
        except Exception:  # whatever the real server did not foresee is this answer too
            return TROUBLE

    def _route(self, method: str, path: str) -> tuple[Handler | None, str]:
        if (method, path) in self._routes:
            return self._routes[method, path], ""
        for (one, prefix), handler in self._routes.items():
            if one == method and len(prefix) > 1 and prefix.endswith("/") and path.startswith(prefix):
                return handler, path.removeprefix(prefix)
        return None, ""

    def _no_route(self, path: str) -> Answer:
        other = any(self._route(method, path)[0] for method in ("GET", "POST"))
        return Answer(405, b"405: Method Not Allowed", "text/plain; charset=utf-8") if other else Answer(404)

    async def _wait(self, seconds: float) -> None:
        """Wait, but not longer than the server lives."""
        try:
            await asyncio.wait_for(self.stopping.wait(), seconds)
        except TimeoutError:
            return

    async def _home(self, request: Request, rest: str) -> Answer:
        return Answer(200, b"<!doctype html><title>GAZE simulator</title>A simulated ComfyUI.", "text/html")

    async def _get_prompt(self, request: Request, rest: str) -> Answer:
        return as_json(self._status()["status"])

    async def _post_prompt(self, request: Request, rest: str) -> Answer:
        answer = self._prompts.post(await request.json(), self._able, enforce_uuid=self._options.enforce_uuid)
        if late := self.board.take("prompt-timeout"):
            await self._wait(late.seconds or 86400.0)
        return answer

    async def _get_queue(self, request: Request, rest: str) -> Answer:
        running = [self.queue.running] if self.queue.running else []
        return as_json({"queue_running": running, "queue_pending": self.queue.pending})

    async def _post_queue(self, request: Request, rest: str) -> Answer:
        body = await request.json()
        if body.get("clear"):
            self.queue.clear()
        for prompt_id in body.get("delete", ()):
            self.queue.delete(prompt_id)
        return EMPTY

    async def _interrupt(self, request: Request, rest: str) -> Answer:
        try:
            body = await request.json()
        except ValueError:
            body = {}
        wanted = body.get("prompt_id") if isinstance(body, dict) and self._able.interrupt_by_id else None
        running = self.queue.running
        if not wanted or (running is not None and running[1] == wanted):
            self.worker.interrupt()
        return EMPTY

    async def _get_history(self, request: Request, rest: str) -> Answer:
        most = request.query.get("max_items")
        offset = int(request.query.get("offset", -1))
        return as_json(self.queue.page(None if most is None else int(most), offset))

    async def _get_history_of(self, request: Request, rest: str) -> Answer:
        return as_json({rest: self.queue.history[rest]} if rest in self.queue.history else {})

    async def _post_history(self, request: Request, rest: str) -> Answer:
        body = await request.json()
        if body.get("clear"):
            self.queue.history.clear()
        for prompt_id in body.get("delete", ()):
            self.queue.history.pop(prompt_id, None)
        return EMPTY

    async def _object_info(self, request: Request, rest: str) -> Answer:
        return as_json(self._nodes.every())

    async def _object_info_of(self, request: Request, rest: str) -> Answer:
        return as_json({rest: self._nodes.info(rest)} if self._nodes.known(rest) else {})

    async def _models(self, request: Request, rest: str) -> Answer:
        return as_json(FOLDERS)

    async def _models_of(self, request: Request, rest: str) -> Answer:
        known = rest in FOLDERS or (self._folders.root / "models" / rest).is_dir()
        return as_json(self._nodes.models(rest)) if known and rest else Answer(404)

    async def _model_folders(self, request: Request, rest: str) -> Answer:
        hidden = ("configs", "custom_nodes")
        return as_json([{"name": name, "folders": [f"models/{name}"]} for name in FOLDERS if name not in hidden])

    async def _embeddings(self, request: Request, rest: str) -> Answer:
        return as_json([name.rpartition(".")[0] or name for name in self._nodes.models("embeddings")])

    async def _view_metadata(self, request: Request, rest: str) -> Answer:
        name = request.query.get("filename", "")
        path = self._folders.root / "models" / rest / name
        if rest not in FOLDERS or ".." in name or not path.is_file():
            return Answer(404)
        with path.open("rb") as file:
            size = struct.unpack("<Q", file.read(8))[0]
            about = json.loads(file.read(min(size, LARGEST_BODY))).get("__metadata__")
        return Answer(404) if about is None else as_json(about)

    async def _extensions(self, request: Request, rest: str) -> Answer:
        return as_json([])

    async def _users(self, request: Request, rest: str) -> Answer:
        return as_json({"storage": "server", "migrated": False})

    async def _system_stats(self, request: Request, rest: str) -> Answer:
        return as_json(stats.system(self._version, any_model=self._options.accept_any_model))

    async def _features(self, request: Request, rest: str) -> Answer:
        return as_json(SERVER_FEATURES) if self._able.own_ids else Answer(404)

    async def _free(self, request: Request, rest: str) -> Answer:
        if (await request.json()).get("free_memory"):
            self.worker.drop_cache = True
        return EMPTY

    async def _upload(self, request: Request, rest: str) -> Answer:
        fields, image = await request.form()
        if image is None:
            return Answer(400)
        try:
            return as_json(self._folders.store(fields, *image))
        except NoFile as error:
            return Answer(error.status)

    async def _view(self, request: Request, rest: str) -> Answer:
        try:
            path = self._folders.find(request.query)
        except NoFile as error:
            return Answer(error.status)
        return await asyncio.to_thread(view.view, path, request.query, request.headers)

    async def _get_jobs(self, request: Request, rest: str) -> Answer:
        if not self._able.jobs:
            return Answer(404)
        query = request.query
        states = [state.strip() for state in query.get("status", "").split(",") if state.strip()]
        if wrong := [state for state in states if state not in jobs.STATES]:
            valid = ", ".join(jobs.STATES)
            return as_json({"error": f"Invalid status value(s): {', '.join(wrong)}. Valid values: {valid}"}, 400)
        limit = int(query["limit"]) if "limit" in query else None
        return as_json(jobs.some(self.queue, states, limit, int(query.get("offset", 0))))

    async def _get_job(self, request: Request, rest: str) -> Answer:
        if not self._able.jobs:
            return Answer(404)
        job = jobs.one(self.queue, rest)
        return as_json({"error": "Job not found"}, 404) if job is None else as_json(job)

    async def _cancel_job(self, request: Request, rest: str) -> Answer:
        if not self._able.job_cancel:
            return Answer(405, b"405: Method Not Allowed", "text/plain; charset=utf-8")
        if rest.endswith("/cancel"):
            return as_json({"cancelled": self._cancel(rest.removesuffix("/cancel"))})
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
        cancelled = [self._cancel(one) for one in wanted]
        return as_json({"cancelled": any(cancelled)})

    def _cancel(self, prompt_id: str) -> bool:
        if self.queue.running is not None and self.queue.running[1] == prompt_id:
            self.worker.interrupt()
            return True
        return self.queue.delete(prompt_id)

    async def _state(self, request: Request, rest: str) -> Answer:
        return as_json(
            {
                "requests": self._requests,
                "prompts": {"accepted": self._prompts.accepted, "refused": self._prompts.refused},
                "jobs": self.worker.counts,
                "sockets": {"open": self.sockets.count, "sent": self.sockets.sent},
                "faults": msgspec.to_builtins(self.board.faults),
                "struck": self.board.struck,
            }
        )

    async def _set_faults(self, request: Request, rest: str) -> Answer:
        try:
            wanted = msgspec.json.decode(await request.body(), type=list[Fault])
        except msgspec.ValidationError as error:
            return as_json({"error": str(error)}, 400)
        return self._switch(wanted)

    async def _reset_faults(self, request: Request, rest: str) -> Answer:
        return self._switch([])

    def _switch(self, faults: list[Fault]) -> Answer:
        self.board.replace(faults)
        self.worker.able = self._able
        if self.board.on("forget-history"):
            self.queue.history.clear()
        return as_json(msgspec.to_builtins(self.board.faults))


def _is_uuid(text: Any) -> bool:
    try:
        return bool(uuid.UUID(text))
    except (ValueError, AttributeError, TypeError):
        return False
