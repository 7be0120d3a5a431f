"""HTTP requests and answers over raw ASGI: exactly the codes, headers and empty bodies that are asked for."""

from __future__ import annotations

import json
from email.message import Message as Headers
from email.parser import BytesParser
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from gaze.simulator.sockets import Receive, Send

LARGEST_BODY = 104857600
"""Bytes of a request that are taken; more is 413 (specification comfyui §1)."""


class TooLarge(Exception):
    """The body of a request is over the limit."""


class Answer(msgspec.Struct, frozen=True):
    """Status, content type and body; without a content type there is no body either."""

    status: int = 200
    body: bytes = b""
    content_type: str = ""
    headers: tuple[tuple[str, str], ...] = ()


EMPTY = Answer()
TROUBLE = Answer(500, b"500 Internal Server Error\n\nServer got itself in trouble", "text/plain; charset=utf-8")


def as_json(value: Any, status: int = 200) -> Answer:
    """A JSON answer, non-ASCII escaped and NaN bare as the real server sends it."""
    return Answer(status, json.dumps(value).encode(), "application/json; charset=utf-8")


class Request:
    """One HTTP request; the body is read when asked for."""

    def __init__(self, scope: dict[str, Any], receive: Receive) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        query = scope["query_string"].decode("latin-1")
        self.query = dict(reversed(parse_qsl(query, keep_blank_values=True)))
        self.headers = headers_of(scope)
        self._receive = receive

    async def body(self) -> bytes:
        """The whole body. Raises TooLarge."""
        parts: list[bytes] = []
        size = 0
        more = True
        while more:
            message = await self._receive()
            part: bytes = message.get("body", b"")
            size += len(part)
            if size > LARGEST_BODY:
                raise TooLarge
            parts.append(part)
            more = message.get("more_body", False)
        return b"".join(parts)

    async def json(self) -> Any:
        """The body as JSON, whatever its content type. Raises ValueError."""
        return json.loads((await self.body()).decode())

    async def form(self) -> tuple[dict[str, str], tuple[str, bytes] | None]:
        """The fields of a multipart body and its `image` (name, bytes). Raises ValueError if it is none."""
        head = f"Content-Type: {self.headers.get('content-type', '')}\r\n\r\n".encode("latin-1")
        parsed = BytesParser().parsebytes(head + await self.body())
        if not parsed.is_multipart():
            raise ValueError("the body is not multipart")
        fields: dict[str, str] = {}
        image: tuple[str, bytes] | None = None
        for part in parsed.get_payload():
            assert isinstance(part, Headers)
            data = part.get_payload(decode=True)
            assert isinstance(data, bytes)
            name = str(part.get_param("name", header="content-disposition"))
            filename = part.get_filename()
            if name == "image" and filename is not None:
                image = (filename, data)
            elif filename is None:
                fields[name] = data.decode()
        return fields, image


def headers_of(scope: dict[str, Any]) -> dict[str, str]:
    """The headers of a request, names in lower case."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


async def reply(send: Send, answer: Answer, *, head: bool = False) -> None:
    """Send an answer; of one to HEAD only the headers."""
    headers = [(name.encode(), value.encode("utf-8")) for name, value in answer.headers]
    if answer.content_type:
        headers.append((b"content-type", answer.content_type.encode()))
    if answer.status != 304:
        headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head or answer.status == 304 else answer.body})
