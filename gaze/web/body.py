"""JSON that strangers send: an object, or a sentence."""

from __future__ import annotations

from typing import Any

import msgspec

from gaze.core.errors import Refusal


def json_object(content: bytes | str, what: str = "The body", field: str = "") -> dict[str, Any]:
    """The JSON object in `content`. Raises Refusal (400): no JSON, not UTF-8, nested too deeply, something else."""
    try:
        value = msgspec.json.decode(content)
    except RecursionError as error:
        raise Refusal(f"{what} is nested too deeply.", field=field) from error
    except (msgspec.DecodeError, UnicodeError) as error:
        raise Refusal(f"{what} is not valid JSON: {error}.", field=field) from error
    if not isinstance(value, dict):
        raise Refusal(f"{what} is not an object {{...}}.", field=field)
    return value
