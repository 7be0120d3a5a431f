"""What a provider's errors mean, in the user's words; nothing of a key in them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from time import time
from typing import Any

import httpx2
import openai

from gaze.llm.failure import Failed, NoSchema, NoTools, Passing
from gaze.llm.provider import Provider

_NO_MODEL = ("not found", "not exist", "no such", "unknown", "not a valid", "invalid model", "not available")
_SCHEMA = ("response_format", "json_schema", "schema", "grammar")
_PICTURES = ("image", "vision", "multimodal")
_TOO_LONG = ("context length", "context window", "context size", "too many tokens", "maximum context")


def in_words(provider: Provider, error: Exception) -> Failed:
    """What an exception of a request means."""
    who = provider.name.partition(",")[0]
    match error:
        case openai.APIStatusError():
            return said(provider, error.body or error.message, error.status_code, error.response.headers)
        case openai.APITimeoutError():
            return Passing(f"{who} did not answer within {provider.timeout_s:g} s.")
        case openai.APIConnectionError():
            return Passing(_no_connection(provider, error))
        case openai.APIError():  # an error in the middle of a stream
            return said(provider, error.body or error.message, 0, None)
        case httpx2.TimeoutException():
            return Passing(f"{who} fell silent for {provider.timeout_s:g} s.")
        case httpx2.HTTPError():
            return Passing("The answer broke off in the middle.")
        case _:
            return Failed(f"{who} answered with something that is not OpenAI's protocol.")


def said(provider: Provider, body: Any, status: int, headers: Mapping[str, str] | None) -> Failed:
    """What a provider's own error means, by its status, or by the code inside it where that says nothing (F102)."""
    inner = body.get("error", body) if isinstance(body, dict) else body
    code = inner.get("code") if isinstance(inner, dict) else None
    if not status and str(code).isdecimal():
        status = int(str(code))
    text = inner.get("message") if isinstance(inner, dict) else inner
    words = provider.hides(str(text or "")).strip()[:400]
    return _by_status(provider, status, words, headers or {})


def _by_status(provider: Provider, status: int, words: str, headers: Mapping[str, str]) -> Failed:
    who, low, model = provider.name.partition(",")[0], words.lower(), provider.model
    told = f" It says: {words}" if words else ""
    mistaken = status in (400, 404, 415, 422)
    if (mistaken or status == 500) and "tool" in low and "support" in low:
        return NoTools(f"The model {model} cannot call tools.")
    if mistaken and any(word in low for word in _TOO_LONG):
        return Failed(f"What was asked is too long for the model {model}.{told}")
    if mistaken and any(word in low for word in _SCHEMA):
        return NoSchema(f"{who} takes no answer schema.")
    if mistaken and any(word in low for word in _PICTURES):
        return Failed(f"The model {model} cannot see pictures; choose one that can, or leave the picture out.")
    if mistaken and "model" in low and any(word in low for word in _NO_MODEL):
        return Failed(f"{who} has no model «{model}». Choose another in the settings.{told}")
    if status == 404:
        return Failed(f"There is no chat at {provider.url} (404); such addresses often end with /v1.{told}")
    if status in (401, 403):
        missing = "no key was sent" if not provider.key else "the key is not accepted"
        return Failed(f"{who} refuses ({status}): {missing}. Check the key in the settings.{told}")
    if status == 402:
        return Failed(f"{who} wants to be paid (402): there is no credit left.{told}")
    if 300 <= status < 400:
        to = headers.get("location", "another address")
        return Failed(f"{provider.url} only leads on to {to[:200]}; give that address itself.")
    if status == 429:
        return Passing(f"{who} is asked too often (429).{told}", _retry_after_s(headers))
    if status in (408, 409, 425) or status >= 500 or not status:
        return Passing(f"{who} has trouble{f' ({status})' if status else ''}.{told}", _retry_after_s(headers))
    return Failed(f"{who} refuses ({status}).{told}")


def _no_connection(provider: Provider, error: openai.APIConnectionError) -> str:
    cause = str(error.__cause__ or error)
    low = cause.lower()
    if "certificate" in low or "ssl" in low:
        return f"{provider.url} has no certificate that can be trusted."
    if "name" in low and ("resol" in low or "known" in low):
        return f"There is no machine of the name in {provider.url}; check the address."
    if "refused" in low or "all connection attempts failed" in low:
        return f"Nothing answers at {provider.url} (connection refused). Is it started, and is the port right?"
    return f"No connection to {provider.url}: {provider.hides(cause)[:200]}"


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds that the provider asks to wait, from a number or a date."""
    text = headers.get("retry-after", "")
    try:
        seconds = float(text)
        return max(seconds, 0.0) if math.isfinite(seconds) else None
    except ValueError:
        pass
    try:
        return max(parsedate_to_datetime(text).timestamp() - time(), 0.0)
    except (TypeError, ValueError):
        return None
