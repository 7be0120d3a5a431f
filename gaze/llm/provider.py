"""Which model is asked, at which address, with which key (specification llm, Providers).

A key lies in the secrets under the address it was entered for and goes to no other. An address that only a library's
`settings.json` names, and nobody on this machine, is not used until somebody confirms it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from gaze.core.address import check_url, is_near, is_this_machine
from gaze.core.errors import Refusal, Unavailable
from gaze.library.secrets import Secrets
from gaze.settings import Settings

# In the secrets: {address: key}, "" where none is needed. An address that is there was entered or confirmed here.
KEYS = "llm_keys"
EXAMPLE = "http://localhost:11434/v1"


class Usual(msgspec.Struct, frozen=True):
    """A provider that the settings offer by name."""

    name: str
    url: str
    needs_key: bool = False
    headers: Mapping[str, str] = {}
    # Local servers turn a schema into a grammar that no tool call passes: it is sent only when no tools are.
    schema_with_tools: bool = True


USUAL = (
    Usual("Ollama", "http://localhost:11434/v1", schema_with_tools=False),
    Usual("LM Studio", "http://localhost:1234/v1", schema_with_tools=False),
    Usual(
        "OpenRouter",
        "https://openrouter.ai/api/v1",
        needs_key=True,
        headers={"HTTP-Referer": "http://localhost:5000", "X-Title": "GAZE"},
    ),
)


class Provider(msgspec.Struct, frozen=True):
    """An address, a model and the key that belongs to the address. Its repr never shows the key."""

    url: str
    model: str
    key: str = ""
    timeout_s: float = 180.0

    def __repr__(self) -> str:
        return f"Provider({self.url!r}, {self.model!r}, key={'set' if self.key else 'none'})"

    @property
    def usual(self) -> Usual | None:
        """The provider of that address among the usual ones; local ones are known by their port."""
        for each in USUAL:
            if each.url == self.url:
                return each
        port = urlsplit(self.url).port
        return next((each for each in USUAL if port and port == urlsplit(each.url).port), None)

    @property
    def name(self) -> str:
        """`Ollama, this machine`, `OpenRouter`, or the host."""
        host = urlsplit(self.url).netloc
        named = self.usual.name if self.usual else host
        return f"{named}, this machine" if is_this_machine(self.url) else named

    @property
    def near(self) -> bool:
        """Whether it stands in this house, where nothing costs money and one job at a time is best."""
        return is_near(self.url)

    def hides(self, text: str) -> str:
        """The text without the key: some servers repeat it in their errors."""
        return text.replace(self.key, "•••") if self.key else text


class Standing(msgspec.Struct, frozen=True):
    """Whether an LLM can be asked, and if not, what to do. `unconfirmed`: an address that only the library names."""

    provider: Provider | None
    sentence: str = ""
    url: str = ""
    model: str = ""
    unconfirmed: bool = False

    @property
    def ready(self) -> bool:
        return self.provider is not None


def standing(settings: Settings, secrets: Secrets) -> Standing:
    """The provider that the settings name, or a sentence on what is missing."""
    url, model = settings.llm_url.rstrip("/"), settings.llm_model
    if not url:
        return Standing(None, "No LLM is set up yet. Choose a provider in the settings.")
    try:
        url = checked_url(url)
    except Refusal as refusal:
        return Standing(None, refusal.message, url, model)
    if not model:
        return Standing(None, "No model is chosen yet. Choose one in the settings.", url)
    known = keys(secrets)
    if "llm_url" in settings.fixed:
        # The environment's key belongs to the environment's address.
        key = settings.llm_key or known.get(url, "")
    elif url in known:
        key = known[url]
    else:
        text = f"This library names an LLM at {url}, which nobody on this machine has confirmed. Do so in the settings."
        return Standing(None, text, url, model, unconfirmed=True)
    return Standing(Provider(url, model, key, settings.llm_timeout_s), "", url, model)


def required(settings: Settings, secrets: Secrets) -> Provider:
    """The provider. Raises Unavailable (503) with the sentence on what to set up."""
    found = standing(settings, secrets)
    if found.provider is None:
        raise Unavailable(found.sentence, code="no-llm")
    return found.provider


def keys(secrets: Secrets) -> Mapping[str, str]:
    """Keys by address."""
    found: Any = secrets().get(KEYS)
    return {str(url): str(key) for url, key in found.items()} if isinstance(found, dict) else {}


def remember(secrets: Secrets, url: str, key: str | None = None) -> None:
    """Note that an address was entered on this machine, with a key if one was given; None keeps the one it has."""
    known = dict(keys(secrets))
    known[url] = known.get(url, "") if key is None else key
    secrets.save({KEYS: known})


def checked_url(url: str) -> str:
    """An address as it is kept. Raises Refusal: no address, a metadata service (F98), a key hidden in it."""
    try:
        url = check_url(url, "an LLM's server", EXAMPLE)
    except ValueError as error:
        text = str(error)
        raise Refusal(f"{text[:1].upper()}{text[1:]}.", field="llm_url") from error
    parts = urlsplit(url)
    if parts.username or parts.password or parts.query:
        raise Refusal("Write the address without user, password or query; a key has a field of its own.", field="url")
    return url
