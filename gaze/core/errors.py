"""The two ways things go wrong: a Problem is a value, a Refusal an exception."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

import msgspec


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Something in a file that its owner should mend.

    `path` is relative to the root with forward slashes; `line` and `column` count from 1. A `fatal` problem
    keeps the file out of use (its last good version stays); any other only warns. `code` groups problems on
    their page: `json`, `type`, `slug`, `lora`, `template`, `wildcard`, `folder`, ...
    """

    path: str
    message: str
    code: str = "json"
    field: str = ""
    line: int = 0
    column: int = 0
    fatal: bool = True

    def __str__(self) -> str:
        """The problem as a compiler prints it: `path:line:column: message`."""
        place = ":".join(str(part) for part in (self.path, self.line, self.column) if part)
        return f"{place}: {self.message}"


class Fault(msgspec.Struct, frozen=True):
    """What is wrong with one value asked for: `code` for programs, `message` for people, `field` between them.

    `category`, `slug` and `near` belong to the codes of specification prompts, "Errors".
    """

    code: str
    message: str
    field: str = ""
    category: str = ""
    slug: str = ""
    near: str | None = None


class Refusal(Exception):
    """Somebody asked for what cannot be done; the edge turns it into a page, a fragment or JSON."""

    status = 400
    code = "bad-value"

    def __init__(
        self,
        message: str,
        *,
        field: str = "",
        code: str = "",
        status: int = 0,
        faults: Sequence[Fault] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.status = status or self.status
        self.field = field
        self.faults: Sequence[Fault] = faults or (Fault(code=self.code, message=message, field=field),)
        self.offers: Sequence[str] = ()  # checkpoints that are there, where the one wanted is not


class NotFound(Refusal):
    """404: there is nothing of that name."""

    status = 404
    code = "not-found"


class NoSuchAsset(NotFound):
    """404 that names the nearest slugs."""

    code = "unknown-asset"

    def __init__(self, category: str, slug: str, slugs: Sequence[str] = ()) -> None:
        near = get_close_matches(slug, slugs, n=1, cutoff=0.6)
        ask = f" Did you mean «{near[0]}»?" if near else ""
        super().__init__(f"There is no «{slug}» among {category}.{ask}")


class Conflict(Refusal):
    """409: the thing has changed since it was read, or the name is taken."""

    status = 409
    code = "conflict"


class Unusable(Refusal):
    """422: well-formed, but it cannot be used."""

    status = 422
    code = "unusable"


class Unavailable(Refusal):
    """503: Redis, a backend or a folder is away; waiting may mend it."""

    status = 503
    code = "unavailable"


class NoRoom(Refusal):
    """507: the disk is full or may not be written to."""

    status = 507
    code = "no-room"
