"""What can go wrong between us and a model, in the user's words."""

from __future__ import annotations


class Failed(Exception):
    """A call that ended without a usable answer; the message is a sentence for people.

    `raw` is what the model wrote, kept for the user to mend; "" where there is nothing of worth.
    """

    def __init__(self, message: str, raw: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.raw = raw


class Passing(Failed):
    """A failure that another try may mend. `retry_after_s` is what the provider asked for, if anything."""

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class NoTools(Failed):
    """The model cannot call tools (F103)."""


class NoSchema(Failed):
    """The provider takes no `response_format`."""
