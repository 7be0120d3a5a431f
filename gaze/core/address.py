"""Addresses of servers that GAZE talks to: which are addresses at all, which are refused, which are near."""

from __future__ import annotations

import contextlib
import ipaddress
import re
import socket
from urllib.parse import urlsplit

_METADATA_NAMES = {"metadata", "metadata.google.internal", "metadata.goog", "instance-data"}


def check_url(url: str, what: str = "a ComfyUI server", example: str = "http://192.168.1.20:8188") -> str:
    """The address in its usual form; ValueError in words for one that is no server's or a metadata service's (F98).

    `what` and `example` say in the message what is looked for.
    """
    url = url.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"«{url}» is no address of a server; it looks like {example}")
    try:
        port_fits = parts.port is None or parts.port > 0
    except ValueError:
        port_fits = False
    if not port_fits:
        raise ValueError(f"«{url}» has no port between 1 and 65535")
    if _is_special(str(parts.hostname)):
        raise ValueError(f"«{parts.hostname}» is never {what}; give the address of the machine it runs on")
    return url


def _is_special(host: str) -> bool:
    address = _address(host)
    if address is None:
        return host.rstrip(".").lower() in _METADATA_NAMES
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped or address
    return address.is_link_local or address.is_multicast or address.is_unspecified


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a host of digits means, in the old spellings (0xA9FEA9FE, 2852039166, 169.254.43518) too."""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host.partition("%")[0])
    if re.fullmatch(r"(0x[0-9a-f]*|\d+)(\.(0x[0-9a-f]*|\d+)){0,3}\.?", host.lower()):
        with contextlib.suppress(OSError):
            return ipaddress.IPv4Address(socket.inet_aton(host.rstrip(".")))
    return None


def is_near(url: str) -> bool:
    """Whether an address is this machine or a private network; a name without dots is a machine of the house."""
    host = str(urlsplit(url).hostname or "")
    address = _address(host)
    if address is not None:
        return address.is_loopback or address.is_private
    return "." not in host or host.endswith((".local", ".lan", ".internal", ".localhost"))


def is_this_machine(url: str) -> bool:
    """Whether an address is this machine itself."""
    host = str(urlsplit(url).hostname or "").lower()
    address = _address(host)
    return address.is_loopback if address is not None else host == "localhost" or host.endswith(".localhost")
