"""The test of the settings page: what a provider offers, and whether its model answers and calls tools."""

from __future__ import annotations

import time
from typing import Any

import msgspec

from gaze.llm.chat import Chat
from gaze.llm.failure import Failed, NoTools
from gaze.llm.provider import Provider

_TOOL = {
    "type": "function",
    "function": {
        "name": "search_tags",
        "description": "Search tags that begin with a text.",
        "parameters": {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]},
    },
}
_ASK = [{"role": "user", "content": 'Call the tool search_tags with the query "harbor". Write nothing else.'}]


class Tested(msgspec.Struct, frozen=True):
    """What a test found. `good` is True with tools, None where drafts can be written without looking up tags."""

    good: bool | None
    sentence: str
    models: tuple[str, ...] = ()


async def models(provider: Provider) -> tuple[str, ...]:
    """The models that a provider offers; none where it does not say."""
    try:
        async with Chat(provider) as chat:
            return tuple(await chat.models())
    except Failed:
        return ()


async def probe(provider: Provider) -> Tested:
    """Ask the model to call a tool; says in a sentence what is wrong, or how long it took."""
    async with Chat(provider) as chat:
        try:
            offered = tuple(await chat.models())
        except Failed as failed:
            if "404" not in failed.message:  # some providers list no models, and answer all the same
                return Tested(False, failed.message)
            offered = ()
        if not provider.model:
            text = (
                f"It answers and offers {len(offered)} models; choose one." if offered else "It answers; name a model."
            )
            return Tested(None, text, offered)
        if offered and provider.model not in offered:
            near = ", ".join(offered[:4])
            return Tested(False, f"There is no model «{provider.model}» there; there are {near}.", offered)
        return await _ask(chat, offered)


async def _ask(chat: Chat, offered: tuple[str, ...]) -> Tested:
    began = time.monotonic()
    try:
        turn = await chat.turn(_ASK, [_TOOL])
    except NoTools as error:
        text = f"{error.message} Drafts are written without looking up tags; choose another model for better ones."
        return Tested(None, text, offered)
    except Failed as failed:
        return Tested(False, failed.message, offered)
    took = f"Answered in {time.monotonic() - began:.1f} s"
    if any(each.name == "search_tags" for each in turn.asked):
        return Tested(True, f"{took} and called search_tags correctly.", offered)
    if not turn.text.strip() and not turn.asked:
        return Tested(False, "The model gave an empty answer.", offered)
    text = f"{took}, but did not call the tool it was told to call. It may write drafts without looking up tags."
    return Tested(None, text, offered)


def as_json(tested: Tested) -> dict[str, Any]:
    """What programs get."""
    return {
        "ok": tested.good is not False,
        "tools": tested.good is True,
        "message": tested.sentence,
        "models": tested.models,
    }
