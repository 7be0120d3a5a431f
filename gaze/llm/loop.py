"""One call: tools until the model has what it needs, an answer that fits, at most two repairs (specification llm)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from gaze.llm.answer import NoJson, object_in
from gaze.llm.chat import Chat, Messages, Turn
from gaze.llm.failure import Failed, NoSchema, NoTools, Passing
from gaze.llm.provider import Provider
from gaze.llm.schema import Schema
from gaze.llm.tools import Tool, run_all, written
from gaze.llm.writing import Writing

MOST_TURNS = 10
MOST_REPAIRS = 2
MOST_TRIES = 5
LONGEST_WAIT_S = 120.0

ANSWER_NOW = "You have used all tool calls. Write the JSON answer now, without calling a tool."


class Completed(msgspec.Struct, frozen=True):
    """A usable answer, its text as it came, and how it was come by."""

    value: dict[str, Any]
    raw: str
    writing: Writing


Told = Callable[[Writing], None]
SHOWN_LETTERS = 6000


async def complete(
    provider: Provider,
    messages: Messages,
    schema: Schema,
    tools: Sequence[Tool] = (),
    told: Told = lambda writing: None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Completed:
    """The model's answer as an object that passes `schema.check`. `told` hears of every piece of it.

    Raises Failed with a sentence, and with what was written where that is worth keeping. Cancelling it closes the
    connection, upon which providers stop writing.
    """
    async with Chat(provider) as chat:
        return await _Call(chat, messages, schema, tools, told, sleep).run()


class _Call:
    """The state of one call to `complete`."""

    def __init__(
        self,
        chat: Chat,
        messages: Messages,
        schema: Schema,
        tools: Sequence[Tool],
        told: Told,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._chat, self._schema, self._told, self._sleep = chat, schema, told, sleep
        self._messages: list[Any] = list(messages)
        self._tools = list(tools)
        self._structured = True
        self._may_call = True
        usual = chat.provider.usual
        self._schema_with_tools = usual is None or usual.schema_with_tools
        self._now = Writing(provider=chat.provider.name, model=chat.provider.model)

    async def run(self) -> Completed:
        repairs = 0
        for number in range(1, MOST_TURNS + MOST_REPAIRS + 1):
            # Repairs come on top: a model that has asked its tools ten times may still mend its answer.
            last = number >= MOST_TURNS + repairs
            if last and self._tools and self._may_call:
                self._messages.append({"role": "user", "content": ANSWER_NOW})
                self._may_call = False
            self._tell(turn=number, note="")
            turn = await self._turn()
            if turn.asked and not last:
                await self._run_tools(turn)
                continue
            if turn.asked and not turn.text.strip():
                raise Failed(f"The model called tools {MOST_TURNS} turns long and never answered.")
            faults, value = self._judged(turn)
            if not faults:
                return Completed(value, turn.text, self._now)
            if repairs == MOST_REPAIRS:
                text = (
                    f"The answer cannot be used after {MOST_REPAIRS} repairs: {faults[0]}. It is kept for you to mend."
                )
                raise Failed(text, turn.text)
            repairs += 1
            self._tell(repairs=repairs)
            self._messages += [{"role": "assistant", "content": turn.text}, _repair(faults)]
        raise AssertionError("unreachable")

    def _judged(self, turn: Turn) -> tuple[list[str], dict[str, Any]]:
        try:
            value = object_in(turn.text)
        except NoJson as error:
            return [str(error)], {}
        return self._schema.check(value), value

    async def _run_tools(self, turn: Turn) -> None:
        before = self._now.calls
        calls = await run_all(turn.asked, self._tools, lambda now: self._tell(calls=(*before, *now)))
        asked = [
            {"id": each.id, "type": "function", "function": {"name": each.name, "arguments": written(each.arguments)}}
            for each in turn.asked[: len(calls)]
        ]
        self._messages.append({"role": "assistant", "content": turn.text or None, "tool_calls": asked})
        self._messages += [{"role": "tool", "tool_call_id": call.id, "content": call.result} for call in calls]

    # -- one turn, tried until it comes ---------------------------------------------------------------

    async def _turn(self) -> Turn:
        tries = 0
        while True:
            self._tell(text="")
            try:
                offered, wanted = self._offered(), self._format()
                turn = await self._chat.turn(self._messages, offered, wanted, self._may_call, self._heard)
                self._tell(usage=self._now.usage.plus(turn.usage))
                self._check(turn)
                return turn
            except NoTools as error:
                if not self._tools:
                    raise Failed(error.message) from None
                self._tools = []
                self._note("The model cannot call tools, so nothing was looked up.")
            except NoSchema as error:
                if not self._structured:
                    raise Failed(error.message) from None
                self._structured = False
            except Passing as error:
                tries += 1
                await self._wait(error, tries)

    def _check(self, turn: Turn) -> None:
        """Raises Passing for an answer that is none, Failed for one that the model could not end (F101, F104)."""
        if turn.finish == "length":
            text = "The answer was cut off at the model's length limit. Ask for less at once, or choose another model."
            raise Failed(text, turn.text)
        if turn.finish == "content_filter":
            raise Failed("The provider's filter held the answer back.", turn.text)
        if turn.asked:
            return
        if not turn.text.strip():
            raise Passing("The model gave an empty answer.")
        if not turn.whole and self._judged(turn)[0]:
            raise Passing("The answer broke off in the middle.")

    async def _wait(self, error: Passing, tries: int) -> None:
        wait_s = 2.0 ** (tries - 1) if error.retry_after_s is None else error.retry_after_s
        if tries >= MOST_TRIES:
            raise Failed(f"{error.message} It was tried {tries} times.")
        if wait_s > LONGEST_WAIT_S:
            raise Failed(f"{error.message} It asks to wait {wait_s / 60:.0f} min; try again then.")
        self._tell(note=f"{error.message} Again in {wait_s:.0f} s.")
        await self._sleep(wait_s)
        self._tell(note="")

    def _offered(self) -> list[dict[str, Any]]:
        """The tools; big providers want them named as long as calls are in the talk, local ones obey no `none`."""
        wanted = self._may_call or self._schema_with_tools
        return [tool.offered() for tool in self._tools] if wanted else []

    def _format(self) -> dict[str, Any] | None:
        if not self._structured or (self._offered() and not self._schema_with_tools):
            return None
        schema = {"name": self._schema.name, "schema": self._schema.json, "strict": False}
        return {"type": "json_schema", "json_schema": schema}

    # -- what pages hear ------------------------------------------------------------------------------

    def _heard(self, kind: str, piece: str) -> None:
        self._tell(text=(self._now.text + piece)[-SHOWN_LETTERS:])

    def _note(self, text: str) -> None:
        self._tell(notes=(*self._now.notes, text))

    def _tell(self, **changes: Any) -> None:
        self._now = msgspec.structs.replace(self._now, **changes)
        self._told(self._now)


def _repair(faults: Sequence[str]) -> dict[str, str]:
    listed = "\n".join(f"- {fault}" for fault in faults[:12])
    text = (
        f"Your answer cannot be used:\n{listed}\nWrite the whole JSON object again, with these mended and nothing else."
    )
    return {"role": "user", "content": text}
