"""Who may ask (specification pages): hosts, origins, keys; and the headers every answer bears."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from litestar import Request
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from gaze.context import Context
from gaze.core.errors import Refusal
from gaze.settings import Settings

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

HEADERS: Mapping[bytes, bytes] = {
    b"content-security-policy": (
        b"default-src 'self'; img-src 'self' data: blob:; style-src 'self'; style-src-attr 'unsafe-inline'; "
        b"script-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"same-origin",
}


class Forbidden(Refusal):
    """403: this request is not answered, whoever sends it."""

    status = 403
    code = "forbidden"


class NoKey(Refusal):
    """401: the REST API asks for a key."""

    status = 401
    code = "no-key"


def headers_middleware(app: ASGIApp) -> ASGIApp:
    """Put the security headers on every answer that has not its own."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                has = {name.lower() for name, _ in message["headers"]}
                extra = [(name, value) for name, value in HEADERS.items() if name not in has]
                message["headers"] = [*message["headers"], *extra]
            await send(message)

        await app(scope, receive, send_with_headers)

    return wrapped


def check_request(request: Request[Any, Any, Any]) -> None:
    """Refuse foreign hosts (F91) and state changes from foreign origins (F92). Raises Forbidden."""
    gaze: Context = request.app.state.gaze
    settings = gaze.settings()
    host = request.headers.get("host", "")
    if not host_allowed(host, settings):
        raise Forbidden(
            f"This host name is not answered: «{host[:100]}». Add it to «allowed hosts» in the settings if it is yours."
        )
    if request.method in SAFE:
        return
    if not same_origin(request, host) and not key_fits(request):
        raise Forbidden("This request comes from another site, so nothing was changed.")


def host_allowed(host: str, settings: Settings) -> bool:
    """Whether a Host header names loopback, this machine, or a host of the settings (against DNS rebinding)."""
    name = urlsplit(f"//{host}").hostname or ""
    if name == "localhost" or name.endswith(".localhost") or name in {h.lower() for h in settings.allowed_hosts}:
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or _is_mine(str(address))


def same_origin(request: Request[Any, Any, Any], host: str) -> bool:
    """Whether the browser says that the request comes from our own page, or a program sends it on this machine."""
    origin = request.headers.get("origin")
    if origin is not None:
        return origin != "null" and urlsplit(origin).netloc == host
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    return on_this_machine(request)


def on_this_machine(request: Request[Any, Any, Any]) -> bool:
    """Whether the request comes from this machine itself, and not through a proxy on it."""
    proxied = any(name == "forwarded" or name.startswith("x-forwarded-") for name in request.headers)
    client = request.client.host if request.client else ""
    return not proxied and _is_loopback(client)


def require_key(request: Request[Any, Any, Any]) -> None:
    """Refuse a REST request without the right key. Raises NoKey, which says how to make one while none is set."""
    if key_fits(request):
        return
    gaze: Context = request.app.state.gaze
    if not gaze.settings().api_key and not stored_hash(gaze):
        raise NoKey("No API key is set. Make one on the settings page, or start with GAZE_API_KEY.")
    raise NoKey("The API key is missing or wrong; send it as the header X-API-Key.")


def key_fits(request: Request[Any, Any, Any]) -> bool:
    """Whether the request bears the key of the environment or the one made on the settings page."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    bearer = token.strip() if kind.lower() == "bearer" else ""  # as MCP clients send keys
    given = request.headers.get("x-api-key") or request.query_params.get("api_key") or bearer
    if not given:
        return False
    gaze: Context = request.app.state.gaze
    mine = gaze.settings().api_key
    by_environment = bool(mine) and hmac.compare_digest(given.encode(), mine.encode())
    stored = stored_hash(gaze)
    return by_environment or (bool(stored) and hmac.compare_digest(hash_of(given), stored))


def stored_hash(gaze: Context) -> str:
    """The hash of the key made on the settings page; `""` if there is none."""
    return str(gaze.secrets().get("api_key_hash") or "")


def hash_of(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_mine(address: str) -> bool:
    """Whether this machine has the address: only then a socket can be bound to it."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
        return True
