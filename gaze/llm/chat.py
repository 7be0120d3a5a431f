"""One turn with a model: the request, its stream put together, and what went wrong in words."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx2
import msgspec
import openai
from openai import AsyncOpenAI, DefaultAsyncHttpxClient

from gaze.llm.failure import Failed, Passing
from gaze.llm.provider import Provider
from gaze.llm.tools import Asked
from gaze.llm.words import in_words, said
from gaze.llm.writing import Usage

CONNECT_S = 10.0
MOST_LETTERS = 400_000
Messages = Sequence[Mapping[str, Any]]


class Turn(msgspec.Struct, frozen=True):
    """What the model said in one turn. `whole` is False where the stream ended without saying why."""

    text: str
    asked: list[Asked]
    usage: Usage
    finish: str | None

    @property
    def whole(self) -> bool:
        return self.finish is not None


class Chat:
    """A connection to a provider; `async with` closes it. No redirect is followed: a key goes to one address only."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        timeout = httpx2.Timeout(provider.timeout_s, connect=CONNECT_S)
        usual = provider.usual
        self._client = AsyncOpenAI(
            base_url=provider.url,
            api_key=provider.key or "none",
            max_retries=0,  # the loop waits and says so
            default_headers=dict(usual.headers) if usual else None,
            http_client=DefaultAsyncHttpxClient(timeout=timeout, follow_redirects=False, trust_env=not provider.near),
        )

    async def __aenter__(self) -> Chat:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def models(self) -> list[str]:
        """The models that the provider offers, by name. Raises Failed."""
        try:
            found = await self._client.models.list()
        except (openai.OpenAIError, httpx2.HTTPError, ValueError) as error:
            raise in_words(self.provider, error) from None
        return sorted({str(model.id) for model in getattr(found, "data", None) or [] if getattr(model, "id", "")})

    async def turn(
        self,
        messages: Messages,
        tools: Sequence[Mapping[str, Any]] = (),
        response_format: Mapping[str, Any] | None = None,
        may_call: bool = True,
        told: Callable[[str, str], None] = lambda kind, piece: None,
    ) -> Turn:
        """Ask once. `told` hears each piece of text (`text`, `thought`) as it comes. Raises Failed."""
        request: dict[str, Any] = {"model": self.provider.model, "messages": list(messages), "stream": True}
        request["stream_options"] = {"include_usage": True}
        if tools:
            request["tools"] = list(tools)
            if not may_call:
                request["tool_choice"] = "none"
        if response_format:
            request["response_format"] = dict(response_format)
        if self.provider.usual and self.provider.usual.name == "OpenRouter":
            request["extra_body"] = {"usage": {"include": True}}
        try:
            async with self._client.chat.completions.with_streaming_response.create(**request) as response:
                if "json" in response.headers.get("content-type", ""):
                    return self._plain(await response.read(), told)
                gathered = _Gathered(told)
                async for chunk in await response.parse():
                    gathered.take(chunk)
                return gathered.turn()
        except Failed:
            raise
        except (openai.OpenAIError, httpx2.HTTPError, ValueError, TypeError, AttributeError) as error:
            task = asyncio.current_task()
            if task and task.cancelling():  # closing a half-read stream may hide the cancel behind an error of its own
                raise asyncio.CancelledError from None
            raise in_words(self.provider, error) from None

    def _plain(self, body: bytes, told: Callable[[str, str], None]) -> Turn:
        """An answer that came whole, from a server that does not stream; or an error under status 200 (F102)."""
        try:
            raw = json.loads(body)
        except ValueError:
            raise Passing("The provider answered with something that is no JSON.") from None
        if isinstance(raw, dict) and raw.get("error"):
            raise said(self.provider, raw["error"], 0, None)
        completion = openai.types.chat.ChatCompletion.construct(**raw) if isinstance(raw, dict) else None
        gathered = _Gathered(told)
        for choice in getattr(completion, "choices", None) or []:
            gathered.choice(getattr(choice, "message", None), getattr(choice, "finish_reason", None))
        gathered.used(getattr(completion, "usage", None))
        return gathered.turn()


class _Gathered:
    """A stream put together; lenient with what real servers send."""

    def __init__(self, told: Callable[[str, str], None]) -> None:
        self._told = told
        self._text: list[str] = []
        self._letters = 0
        self._calls: list[dict[str, Any]] = []
        self._usage = Usage()
        self._finish: str | None = None

    def take(self, chunk: Any) -> None:
        self.used(getattr(chunk, "usage", None))
        for choice in getattr(chunk, "choices", None) or []:
            self.choice(getattr(choice, "delta", None), getattr(choice, "finish_reason", None))

    def choice(self, part: Any, finish: str | None) -> None:
        self._finish = finish or self._finish
        if part is None:
            return
        for name in ("reasoning_content", "reasoning"):
            if isinstance(thought := getattr(part, name, None), str) and thought:
                self._told("thought", thought)
                break
        if isinstance(text := getattr(part, "content", None), str) and text:
            self._letters += len(text)
            if self._letters > MOST_LETTERS:
                raise Failed("The model writes without end; it was stopped.", "".join(self._text)[:20_000])
            self._text.append(text)
            self._told("text", text)
        for each in getattr(part, "tool_calls", None) or []:
            self._call(each)

    def _call(self, piece: Any) -> None:
        """A piece of a call: the first names it, others bring more of its arguments."""
        place, identity = getattr(piece, "index", None), getattr(piece, "id", None)
        function = getattr(piece, "function", None)
        name, given = getattr(function, "name", None), getattr(function, "arguments", None)
        mine = next((call for call in reversed(self._calls) if call["place"] == place), None)
        # Some servers number every call 0: another id is another call.
        if mine is None or (identity and mine["id"] and identity != mine["id"]):
            mine = {"place": place, "id": identity or "", "name": "", "arguments": None}
            self._calls.append(mine)
        mine["id"] = mine["id"] or identity or ""
        mine["name"] = mine["name"] or name or ""
        if isinstance(given, str):
            mine["arguments"] = given if not isinstance(mine["arguments"], str) else mine["arguments"] + given
        elif given is not None:
            mine["arguments"] = given

    def used(self, usage: Any) -> None:
        if usage is None:
            return
        cost = getattr(usage, "cost", None)
        self._usage = Usage(
            _count(getattr(usage, "prompt_tokens", None)),
            _count(getattr(usage, "completion_tokens", None)),
            float(cost) if isinstance(cost, int | float) else None,
        )

    def turn(self) -> Turn:
        asked = [
            Asked(call["id"] or f"call_{place}", str(call["name"]), call["arguments"])
            for place, call in enumerate(self._calls)
        ]
        return Turn("".join(self._text), asked, self._usage, self._finish)


def _count(number: Any) -> int:
    return number if isinstance(number, int) else 0
