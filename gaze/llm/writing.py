"""What is seen of a call while it runs: text, tool calls, tokens, cost."""

from __future__ import annotations

import msgspec


class Usage(msgspec.Struct, frozen=True):
    """Tokens in and out; `cost` in US dollars where the provider says it."""

    tokens_in: int = 0
    tokens_out: int = 0
    cost: float | None = None

    def plus(self, other: Usage) -> Usage:
        costs = [cost for cost in (self.cost, other.cost) if cost is not None]
        tokens = (self.tokens_in + other.tokens_in, self.tokens_out + other.tokens_out)
        return Usage(*tokens, sum(costs) if costs else None)


class Call(msgspec.Struct, frozen=True):
    """One call as pages show it: what was asked, what came, how long it took; `good` None while it runs."""

    id: str
    name: str
    arguments: str
    result: str = ""
    good: bool | None = None
    took_ms: int = 0


class Writing(msgspec.Struct, frozen=True, kw_only=True):
    """How far a call is, as pages show it. `text` is the end of what was written; `note` says why it waits."""

    provider: str = ""
    model: str = ""
    turn: int = 0
    usage: Usage = Usage()
    repairs: int = 0
    calls: tuple[Call, ...] = ()
    text: str = ""
    note: str = ""
    notes: tuple[str, ...] = ()
