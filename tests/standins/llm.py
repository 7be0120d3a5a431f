"""A stand-in for an OpenAI-compatible provider: real HTTP, a process of its own, answers as real servers send them.

What it does is a script of steps, one a request, set by `POST /standin/script`; when the script is used up its last
step is repeated. `GET /standin/requests` tells what was asked, headers included.

    python -m tests.standins.llm --port 9000
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SSE = "text/event-stream"


class State:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        self.script: list[dict[str, Any]] = [{"text": "{}"}]
        self.requests: list[dict[str, Any]] = []
        self.models = ["small-model", "seeing-model"]
        self.key = ""
        self.open = 0

    def next(self) -> dict[str, Any]:
        with self.lock:
            return self.script.pop(0) if len(self.script) > 1 else self.script[0]


STATE = State()


def chunks(step: Mapping[str, Any], model: str) -> Iterator[dict[str, Any]]:
    """A streamed answer: the role, text in pieces, tool calls in pieces, the end, the usage."""
    frame = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_760_000_000, "model": model}

    def delta(said: Mapping[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {**frame, "choices": [{"index": 0, "delta": dict(said), "finish_reason": finish}]}

    yield delta({"role": "assistant", "content": ""})
    for thought in step.get("thought", ()):
        yield delta({"reasoning_content": thought})
    text = step.get("text", "")
    if text is None:
        yield delta({"content": None})
    size = step.get("piece", 24)
    for place in range(0, len(text or ""), size):
        yield delta({"content": text[place : place + size]})
    for place, call in enumerate(step.get("calls", ())):
        given = call.get("arguments", {})
        index = 0 if step.get("same_index") else place
        first = {"index": index, "id": call.get("id", f"call_{place}_{len(STATE.requests)}"), "type": "function"}
        if call.get("raw"):  # an object, or a text that is no JSON: as it is
            yield delta({"tool_calls": [{**first, "function": {"name": call["name"], "arguments": given}}]})
            continue
        written = json.dumps(given)
        yield delta({"tool_calls": [{**first, "function": {"name": call["name"], "arguments": ""}}]})
        for at in range(0, len(written), 9):
            yield delta({"tool_calls": [{"index": index, "function": {"arguments": written[at : at + 9]}}]})
    finish = step.get("finish", "tool_calls" if step.get("calls") else "stop")
    if finish:
        yield delta({}, finish)
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120, **step.get("usage", {})}
    yield {**frame, "choices": [], "usage": usage}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def _json(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def _body(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")

    def do_GET(self) -> None:
        if self.path == "/standin/requests":
            return self._json(200, {"requests": STATE.requests, "open": STATE.open})
        if self.path == "/v1/models":
            if STATE.key and self.headers.get("Authorization") != f"Bearer {STATE.key}":
                return self._json(401, self._no_key())
            return self._json(200, {"object": "list", "data": [{"id": name} for name in STATE.models]})
        return self._json(404, {"error": {"message": "Not Found", "code": 404}})

    def _no_key(self) -> dict[str, Any]:
        given = self.headers.get("Authorization", "")
        text = f"Incorrect API key provided: {given.removeprefix('Bearer ')}."  # as some servers repeat it
        return {"error": {"message": text, "type": "invalid_request_error", "code": "invalid_api_key"}}

    def do_POST(self) -> None:
        body = self._body()
        if self.path == "/standin/script":
            STATE.reset()
            STATE.script = body["script"]
            STATE.models = body.get("models", STATE.models)
            STATE.key = body.get("key", "")
            return self._json(200, {})
        if self.path != "/v1/chat/completions":
            return self._json(404, {"error": {"message": "Not Found", "code": 404}})
        with STATE.lock:
            STATE.requests.append(
                {"body": body, "headers": {name.lower(): value for name, value in self.headers.items()}}
            )
        if STATE.key and self.headers.get("Authorization") != f"Bearer {STATE.key}":
            return self._json(401, self._no_key())
        if body["model"] not in STATE.models:
            return self._json(404, {"error": {"message": f"model '{body['model']}' not found", "type": "api_error"}})
        step = STATE.next()
        time.sleep(step.get("wait_s", 0))
        if "status" in step:
            return self._json(step["status"], step.get("body", {}), step.get("headers"))
        if step.get("no_tools") and body.get("tools"):
            text = f"registry.ollama.ai/library/{body['model']} does not support tools"
            return self._json(400, {"error": {"message": text, "type": "api_error", "code": None}})
        if step.get("no_schema") and body.get("response_format"):
            return self._json(400, {"error": {"message": "response_format json_schema is not supported", "code": 400}})
        if "plain" in step:
            return self._json(200, step["plain"])
        return self._stream(step, body["model"])

    def _stream(self, step: Mapping[str, Any], model: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", SSE)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        with STATE.lock:
            STATE.open += 1
        try:
            for number, chunk in enumerate(chunks(step, model)):
                if number == step.get("cut_after"):
                    self.close_connection = True
                    self.connection.close()
                    return
                self._piece(f"data: {json.dumps(chunk)}\n\n")
                time.sleep(step.get("pause_s", 0))
            if "late_error" in step:
                self._piece(f"data: {json.dumps({'error': step['late_error']})}\n\n")
            self._piece("data: [DONE]\n\n")
            self.wfile.write(b"0\r\n\r\n")
        except OSError:
            self.close_connection = True  # whoever asked has gone
        finally:
            with STATE.lock:
                STATE.open -= 1

    def _piece(self, text: str) -> None:
        data = text.encode()
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    server = ThreadingHTTPServer(("127.0.0.1", parser.parse_args().port), Handler)
    server.daemon_threads = True
    server.serve_forever()


if __name__ == "__main__":
    main()
