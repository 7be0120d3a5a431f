"""The queue page and what can be done to jobs."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.types import ControllerRouterHandler

from gaze.context import Context
from gaze.core.errors import NotFound
from gaze.jobs.record import QueueName
from gaze.library.query import Card
from gaze.web import forms
from gaze.web.answer import HTML, answer, is_htmx, toast
from gaze.web.mcp_settings import shown_servers

AnyRequest = Request[Any, Any, Any]
QUEUES: tuple[QueueName, ...] = ("comfy", "llm")


@get("/queue", include_in_schema=False)
async def page(request: AnyRequest, gaze: Context) -> Response[Any]:
    """Running, queued and recent jobs of a queue, live."""
    queue = _queue(forms.one(await forms.values(request), "queue", "comfy"))
    listing = await gaze.queue.listing(queue)
    counts = {name: (await gaze.queue.counts(name)).active for name in QUEUES}
    jobs = [*listing.running, *listing.queued, *listing.recent]
    cards = {(job.category, job.slug): card for job in jobs if (card := _card(gaze, job.category, job.slug))}
    batches = await gaze.queue.batches([*listing.running, *listing.queued])
    data = {
        "running": listing.running,
        "queued": listing.queued,
        "queued_total": listing.queued_total,
        "recent": listing.recent,
        "paused": listing.paused,
        "batches": batches,
        "backends": gaze.pool.backends,
    }
    context = {
        "batches": batches,
        "listing": listing,
        "queue": queue,
        "counts": counts,
        "cards": cards,
        "backends": gaze.pool.backends,
        "llm": gaze.llm(),
        "servers": await shown_servers(gaze) if queue == "llm" else [],
    }
    return answer(
        request, page="queue/index.html", fragment="queue/_queue.html", data=data, context=context, place="queue"
    )


@post("/queue/{queue:str}/pause", include_in_schema=False)
async def pause(request: AnyRequest, gaze: Context, queue: str) -> Response[Any]:
    """Stop handing out jobs; running ones end."""
    return await _set_pause(request, gaze, _queue(queue), True)


@post("/queue/{queue:str}/resume", include_in_schema=False)
async def resume(request: AnyRequest, gaze: Context, queue: str) -> Response[Any]:
    """Hand out jobs again."""
    return await _set_pause(request, gaze, _queue(queue), False)


async def _set_pause(request: AnyRequest, gaze: Context, queue: QueueName, paused: bool) -> Response[Any]:
    await gaze.queue.pause(queue, paused)
    return answer(request, data={"paused": paused}, goto=f"/queue?queue={queue}")


@post("/queue/{queue:str}/cancel_all", include_in_schema=False)
async def cancel_all(request: AnyRequest, gaze: Context, queue: str) -> Response[Any]:
    """Cancel every open job of a queue."""
    name = _queue(queue)
    cancelled = await gaze.queue.cancel_many(await gaze.queue.open_ids(name))
    text = f"{cancelled} job{'s' if cancelled != 1 else ''} cancelled."
    return _said(request, text, {"cancelled": cancelled}, f"/queue?queue={name}")


@post("/jobs/{job_id:str}/cancel", include_in_schema=False)
async def cancel(request: AnyRequest, gaze: Context, job_id: str) -> Response[Any]:
    """Cancel a job in any state."""
    job = await gaze.queue.cancel(job_id)
    return answer(request, data={"job_id": job.id, "status": job.status}, goto="/queue")


@post("/jobs/{job_id:str}/retry", include_in_schema=False)
async def retry(request: AnyRequest, gaze: Context, job_id: str) -> Response[Any]:
    """Queue a finished job again."""
    job = await gaze.queue.retry(job_id)
    return answer(request, data={"job_id": job.id, "status": job.status}, goto="/queue")


@post("/jobs/{job_id:str}/front", include_in_schema=False)
async def front(request: AnyRequest, gaze: Context, job_id: str) -> Response[Any]:
    """Let a queued job run next."""
    await gaze.queue.front(job_id)
    return answer(request, data={"job_id": job_id}, goto="/queue")


@post("/batches/{batch_id:str}/cancel", include_in_schema=False)
async def cancel_batch(request: AnyRequest, gaze: Context, batch_id: str) -> Response[Any]:
    """Cancel what is left of a batch."""
    cancelled = await gaze.queue.cancel_many([job.id for job in await gaze.queue.batch(batch_id)])
    text = f"{cancelled} job{'s' if cancelled != 1 else ''} cancelled."
    return _said(request, text, {"cancelled": cancelled}, "/queue")


@get("/jobs/{job_id:str}/preview", include_in_schema=False, opt={"raw": True})
async def preview(gaze: Context, job_id: str) -> Response[bytes]:
    """The newest preview picture of a running job."""
    found = await gaze.queue.preview(job_id)
    if found is None:
        raise NotFound("There is no preview of this job.")
    image, mime = found
    safe = mime if mime in ("image/jpeg", "image/png", "image/webp") else "application/octet-stream"
    return Response(image, media_type=safe, headers={"Cache-Control": "private, max-age=60"})


def _said(request: AnyRequest, text: str, data: dict[str, Any], goto: str) -> Response[Any]:
    if is_htmx(request):
        return Response(toast(request, text), media_type=HTML, status_code=200)
    return answer(request, data=data, goto=goto)


def _queue(name: str) -> QueueName:
    for queue in QUEUES:
        if queue == name:
            return queue
    raise NotFound(f"There is no queue «{name}»; there are comfy and llm.")


def _card(gaze: Context, category: str, slug: str) -> Card | None:
    asset = gaze.library.find(category, slug) if slug and category in gaze.categories else None
    return gaze.library.card(asset) if asset else None


ROUTES: list[ControllerRouterHandler] = [page, pause, resume, cancel_all, cancel, retry, front, cancel_batch, preview]
