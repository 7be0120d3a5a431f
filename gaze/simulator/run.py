"""The one worker of a server: takes prompts from the queue and runs them node by node.

Order and routing of the messages: specification comfyui §3; history: §4; failures: §5.
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any

from gaze.simulator import save, work
from gaze.simulator.draw import picture, preview
from gaze.simulator.faults import Board, Fault
from gaze.simulator.files import Folders
from gaze.simulator.job import Job, signatures
from gaze.simulator.nodes import classes
from gaze.simulator.options import Options
from gaze.simulator.queue import Item, Queue
from gaze.simulator.sockets import Sockets
from gaze.simulator.versions import Abilities

PREVIEW_PAUSE_S = 0.1
"""At full speed previews come no faster than this: nobody could look at more, and they cost time."""

OUT_OF_MEMORY = (
    "CUDA out of memory. Tried to allocate 2.50 GiB.\n"
    "This error means you ran out of memory on your GPU.\n\n"
    "TIPS: If the workflow worked before you might have accidentally set the batch_size to a large number."
)


class NodeFailed(Exception):
    """A node raised what a fault told it to; `kind` is the name of the exception's type."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Interrupted(Exception):
    """The run was interrupted."""


class Worker:
    """Runs what is queued, one prompt at a time, and remembers what the last one made."""

    def __init__(
        self,
        options: Options,
        able: Abilities,
        folders: Folders,
        queue: Queue,
        sockets: Sockets,
        board: Board,
    ) -> None:
        self._options = options
        self.able = able
        self._folders = folders
        self._queue = queue
        self._sockets = sockets
        self._board = board
        self._cache: dict[str, tuple[tuple[Any, ...], dict[str, Any] | None]] = {}
        self._interrupt = False
        self._last_preview = 0.0
        self.drop_cache = False
        self.client_id: str | None = None
        self.node: str | None = None
        self.counts = {"started": 0, "succeeded": 0, "failed": 0, "interrupted": 0, "steps": 0, "images": 0}

    def interrupt(self) -> None:
        """Stop what runs at its next step or node; nothing happens while nothing runs."""
        self._interrupt = self._queue.running is not None

    async def run(self) -> None:
        """Work for ever."""
        while True:
            if self.drop_cache:
                self._cache, self.drop_cache = {}, False
            item = await self._queue.take()
            job = await self._execute(item)
            self.node = None
            late = self._board.take("late-history")
            if late is not None:
                await asyncio.sleep(late.seconds)
            self._queue.finish(None if self._board.on("forget-history") else job.entry())
            if job.client_id is not None:
                self._sockets.tell("executing", {"node": None, "prompt_id": job.prompt_id}, job.client_id)
            if self._board.take("forget-history"):
                self._queue.history.clear()

    async def _execute(self, item: Item) -> Job:
        self._interrupt = False
        job = Job(item, self._sockets, states=self.able.own_ids)
        self.client_id = job.client_id
        self.counts["started"] += 1
        job.say("execution_start", {"prompt_id": job.prompt_id}, keep=True)
        signed = signatures(job.graph, job.wanted, self._folders.root / "input")
        cached = {node_id for node_id in signed if signed[node_id] in self._cache}
        listed = [node_id for node_id in job.graph if node_id in cached]
        job.say("execution_cached", {"nodes": listed, "prompt_id": job.prompt_id}, keep=True)
        made: dict[str, tuple[tuple[Any, ...], dict[str, Any] | None]] = {}
        node_id = ""
        try:
            for node_id, signature in signed.items():
                if self._interrupt:
                    raise Interrupted
                if node_id in cached:
                    made[node_id] = self._cache[signature]
                    self._repeat(job, node_id, made[node_id][1])
                else:
                    made[node_id] = await self._node(job, node_id, made)
        except Interrupted:
            self.counts["interrupted"] += 1
            job.interrupted(node_id)
        except Exception as error:
            self.counts["failed"] += 1
            kind = error.kind if isinstance(error, NodeFailed) else _full_name(error)
            job.failed(node_id, kind, str(error), _inputs(job.graph[node_id], made))
            if kind == "torch.OutOfMemoryError":
                self.drop_cache = True
        else:
            self.counts["succeeded"] += 1
            job.succeeded()
        self._cache = {signed[done]: value for done, value in made.items()}
        return job

    def _repeat(self, job: Job, node_id: str, shown: dict[str, Any] | None) -> None:
        """A cached output node shows its old files again; without client_id a range of releases does not."""
        if shown is None:
            return
        if job.client_id is not None or not self.able.cached_output_gap:
            job.shown(node_id, shown)
        job.progress(node_id, 1, 1, "finished")

    async def _node(
        self, job: Job, node_id: str, made: dict[str, tuple[tuple[Any, ...], dict[str, Any] | None]]
    ) -> tuple[tuple[Any, ...], dict[str, Any] | None]:
        node = job.graph[node_id]
        class_type = node["class_type"]
        inputs = _inputs(node, made)
        self.node = node_id
        job.progress(node_id, 0.0, 1.0, "running")
        job.say("executing", {"node": node_id, "display_node": node_id, "prompt_id": job.prompt_id})
        await self._fault(job, self._board.take_in_node(node_id, class_type))
        values = work.outputs(class_type, inputs, classes()[class_type]["output"])
        bars = work.steps(class_type, inputs)
        for length in bars:
            await self._steps(job, node_id, length, values)
        shown: dict[str, Any] | None = None
        if classes()[class_type]["output_node"]:
            shown = await self._save(job, node_id, inputs["images"])
        elif class_type == "LoadImage":
            found = work.Stored(self._folders.root / "input" / str(inputs["image"]))
            await asyncio.to_thread(picture, found)
            values = ((found,), "mask")
        await self._fault(job, self._board.take_in_node(node_id, class_type, after=True))
        job.executed.append(node_id)
        done: float = bars[-1] if bars else 1.0
        job.progress(node_id, done, done, "finished")
        await asyncio.sleep(0)
        return values, shown

    async def _steps(self, job: Job, node_id: str, length: int, values: tuple[Any, ...]) -> None:
        class_type = job.graph[node_id]["class_type"]
        pace = self._options.steps_per_s
        due = time.monotonic()
        for step in range(1, length + 1):
            if pace > 0:
                due += 1 / pace
                await asyncio.sleep(max(0.0, due - time.monotonic()))
            elif step % 8 == 0:
                await asyncio.sleep(0)
            if self._interrupt:
                raise Interrupted
            self.counts["steps"] += 1
            job.progress(node_id, step, length, "running")
            frame = await self._preview(job, values, step / length, part=work.is_detailer(class_type))
            data = {"value": step, "max": length, "prompt_id": job.prompt_id, "node": node_id}
            if frame is not None and self._sockets.wants_metadata(job.client_id):
                job.preview(node_id, frame, metadata=True)
                job.say("progress", data, broadcast=True)
            else:
                job.say("progress", data, broadcast=True)
                if frame is not None:
                    job.preview(node_id, frame, metadata=False)
            await self._fault(job, self._board.take_in_node(node_id, class_type, step=step))

    async def _preview(self, job: Job, values: tuple[Any, ...], share: float, *, part: bool) -> bytes | None:
        method = job.extra.get("preview_method") if self.able.preview_method else None
        wanted = self._options.previews if method in (None, "default") else method != "none"
        now = time.monotonic()
        hurried = self._options.steps_per_s <= 0 and now - self._last_preview < PREVIEW_PAUSE_S
        if not wanted or hurried or not self._sockets.hears(job.client_id) or not values:
            return None
        self._last_preview = now
        pictures = values[0].pictures if isinstance(values[0], work.Latent) else values[0]
        if not isinstance(pictures, tuple) or not pictures:
            return None
        return await asyncio.to_thread(preview, pictures[0], share, part=part)

    async def _save(self, job: Job, node_id: str, pictures: work.Pictures) -> dict[str, Any] | None:
        node = job.graph[node_id]
        if node["class_type"] == "SaveImageWebsocket":
            for place, one in enumerate(pictures):
                job.progress(node_id, place, len(pictures), "running")
                job.say(
                    "progress",
                    {"value": place, "max": len(pictures), "prompt_id": job.prompt_id, "node": node_id},
                    broadcast=True,
                )
                job.final_frame(await asyncio.to_thread(save.bytes_of, one, {}))
            return None
        made = await asyncio.to_thread(save.save, self._folders, node, pictures, job.chunks())
        self.counts["images"] += len(made)
        slashes = self._board.on("backslash-names") is not None
        for place, entry in enumerate(made):
            if self._board.take("truncated-file"):
                entry.path.write_bytes(entry.path.read_bytes()[: entry.path.stat().st_size // 2])
            if self._board.take("missing-file"):
                entry.path.unlink()
            if slashes:
                made[place] = entry.with_backslashes()
        shown = {"images": [entry.shown for entry in made]}
        job.shown(node_id, shown)
        return shown

    async def _fault(self, job: Job, fault: Fault | None) -> None:
        if fault is None:
            return
        if fault.name == "die-mid-job":
            os._exit(137)
        if fault.name == "hang":
            await self._board.change()
        elif fault.name == "drop-websocket":
            self._sockets.cut(job.client_id)
        elif fault.name == "unregister-socket":
            self._sockets.silence(job.client_id)
        elif fault.name == "out-of-memory":
            raise NodeFailed("torch.OutOfMemoryError", OUT_OF_MEMORY)
        else:
            raise NodeFailed(fault.exception, fault.message)


def _inputs(node: dict[str, Any], made: dict[str, tuple[tuple[Any, ...], dict[str, Any] | None]]) -> dict[str, Any]:
    """A node's inputs with links replaced by what the linked nodes gave out."""
    values: dict[str, Any] = {}
    for name, value in node["inputs"].items():
        if isinstance(value, list):
            if value[0] in made and value[1] < len(made[value[0]][0]):
                values[name] = made[value[0]][0][value[1]]
        else:
            values[name] = value
    return values


def _full_name(error: Exception) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ in ("builtins", __name__) else f"{kind.__module__}.{kind.__qualname__}"
