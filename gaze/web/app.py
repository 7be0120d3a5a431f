"""The web process: routes in one table, Litestar, and a server that ends its streams before it waits for them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import sys
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
from litestar import Litestar, Request, Response, get
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.response import Redirect, ServerSentEvent
from litestar.types import ControllerRouterHandler

from gaze import __version__
from gaze.context import Context
from gaze.settings import Settings
from gaze.web import (
    api,
    asset,
    assistant,
    authoring,
    bulk,
    complete,
    covers,
    create,
    deletion,
    edit,
    exchange,
    files,
    fromfiles,
    generator,
    guard,
    library,
    llm_settings,
    mcp_settings,
    models,
    opinion,
    outfits,
    problems,
    proposal,
    proposals,
    queue,
    saved_filters,
    search,
    second_pass,
    settings_page,
    strengths,
    tags,
    transfer,
    trash,
    undo,
    upload,
)
from gaze.web.editing.vocabulary import Vocabulary
from gaze.web.errors import HANDLERS
from gaze.web.gallery import acts as gallery_acts
from gaze.web.gallery import compare as gallery_compare
from gaze.web.gallery import image as gallery_image
from gaze.web.gallery import page as gallery_page
from gaze.web.live import Live
from gaze.web.render import Renderer

AnyRequest = Request[Any, Any, Any]
log = logging.getLogger("gaze.web")


@get("/healthz", include_in_schema=False, sync_to_thread=False)
def healthz() -> dict[str, str]:
    """Whether the process answers."""
    return {"status": "ok"}


@get("/events", include_in_schema=False, opt={"raw": True})
async def live_events(request: AnyRequest, after: str = "") -> ServerSentEvent:
    """The stream of one browser: fragments and nudges from the id it saw last."""
    live: Live = request.app.state.live
    seen = request.headers.get("last-event-id") or after or live.last_id
    headers = {"X-Accel-Buffering": "no", "Cache-Control": "no-store"}
    return ServerSentEvent(live.stream(seen), headers=headers)


@get("/create", include_in_schema=False, sync_to_thread=False)
def old_create(request: AnyRequest) -> Response[Any]:
    """An address of the earlier program: a new asset of its first category."""
    return Redirect(f"/{next(iter(request.app.state.gaze.categories))}/create", status_code=308)


def routes(context: Context) -> list[ControllerRouterHandler]:
    """Every route; those that name no category follow from the declarations."""
    return [
        healthz,
        live_events,
        old_create,
        *_old_addresses(context),
        *api.ROUTES,
        *files.ROUTES,
        *authoring.ROUTES,
        *proposals.ROUTES,
        *proposal.ROUTES,
        *queue.ROUTES,
        *problems.ROUTES,
        *settings_page.ROUTES,
        *llm_settings.ROUTES,
        *mcp_settings.ROUTES,
        *generator.ROUTES,
        *second_pass.ROUTES,
        *search.ROUTES,
        *gallery_page.ROUTES,
        *gallery_image.ROUTES,
        *gallery_compare.ROUTES,
        *gallery_acts.ROUTES,
        *saved_filters.ROUTES,
        *opinion.ROUTES,
        *deletion.ROUTES,
        *trash.ROUTES,
        *undo.ROUTES,
        *bulk.ROUTES,
        *exchange.ROUTES,
        *models.ROUTES,
        *fromfiles.ROUTES,
        *strengths.ROUTES,
        *covers.ROUTES,
        *covers.routes(list(context.categories.values())),
        *library.ROUTES,
        *complete.ROUTES,
        *tags.ROUTES,
        *assistant.ROUTES,
        *create.ROUTES,
        *edit.ROUTES,
        *outfits.ROUTES,
        *transfer.ROUTES,
        *upload.ROUTES,
        *asset.ROUTES,
    ]


def _old_addresses(context: Context) -> list[ControllerRouterHandler]:
    """The earlier program's singular addresses (`/character/x`) lead to today's (308)."""

    def redirect(one: str, many: str) -> ControllerRouterHandler:
        @get([f"/{one}", f"/{one}/{{rest:path}}"], include_in_schema=False, sync_to_thread=False)
        def old(rest: str = "") -> Response[Any]:
            return Redirect(f"/{many}/{rest.strip('/')}", status_code=308)

        return old

    return [redirect(c.one, c.name) for c in context.categories.values() if c.one != c.name]


def make_app(context: Context, reload_templates: bool = False) -> Litestar:
    """The application around a context; both start and stop together."""
    render = Renderer(context.program / "templates", reload_templates)
    live = Live(context, render)
    vocabulary, helper = Vocabulary(), assistant.Assistant(context)

    @contextlib.asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        await context.pool.refresh()
        await context.start()
        await live.start()
        counting = asyncio.create_task(vocabulary.begin(context.library), name="count words")
        try:
            yield
        finally:
            vocabulary.close()
            await helper.stop()
            counting.cancel()
            await asyncio.gather(counting, return_exceptions=True)
            await live.stop()
            await context.stop()

    async def provide_context() -> Context:
        return context

    return Litestar(
        routes(context),
        dependencies={"gaze": Provide(provide_context)},
        state=State({"gaze": context, "live": live, "render": render, "vocabulary": vocabulary, "assistant": helper}),
        lifespan=[lifespan],
        before_request=guard.check_request,
        exception_handlers=HANDLERS,  # type: ignore[arg-type]
        middleware=[guard.headers_middleware],
        compression_config=CompressionConfig(backend="gzip", gzip_compress_level=4, exclude_opt_key="raw"),
        request_max_body_size=context.settings().max_upload_mib * 2**20,
        openapi_config=OpenAPIConfig(
            title="GAZE",
            version=__version__,
            description="Assets, recipes, jobs and images of a GAZE library.",
            # Litestar's own pages would answer for every address below their path, so they lie beside the API.
            path="/api/schema",
            render_plugins=[JsonRenderPlugin(path="/openapi.json")],
            components=Components(
                security_schemes={"key": SecurityScheme(type="apiKey", name="X-API-Key", security_scheme_in="header")}
            ),
        ),
        logging_config=None,
    )


class Server(uvicorn.Server):
    """Uvicorn, ending every live stream before it waits for them: else Ctrl-C would hang."""

    def handle_exit(self, sig: int, frame: Any) -> None:
        self.config.app.state.live.close()  # type: ignore[union-attr]
        super().handle_exit(sig, frame)


def serve(context: Context, settings: Settings, listener: socket.socket | None = None, reload: bool = False) -> None:
    """Serve until SIGINT or SIGTERM, on `listener` or on the host and port of the settings."""
    config = uvicorn.Config(
        make_app(context, reload),
        host=settings.host,
        port=settings.port,
        loop="auto",
        http="httptools",
        ws="none",
        access_log=False,  # query strings may hold an api_key, and are not logged in any spelling
        log_config=None,
        timeout_graceful_shutdown=1,
        server_header=False,
    )
    sys.setswitchinterval(0.001)  # while files are read in a thread, a page waits for its turn 1 ms instead of 5
    with contextlib.suppress(KeyboardInterrupt):  # raised again after a clean end
        Server(config).run(sockets=[listener] if listener else None)
