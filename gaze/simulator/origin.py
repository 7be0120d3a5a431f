"""Which web pages may ask: ComfyUI's check of Origin and Sec-Fetch-Site (specification comfyui §1)."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def refused(headers: dict[str, str], *, fetch_site: bool) -> bool:
    """Whether a request is answered with 403.

    Origin and Host must be equal, port included, when the Host is loopback; `fetch_site` refuses
    cross-site requests as well.
    """
    if fetch_site and headers.get("sec-fetch-site") == "cross-site":
        return True
    if "host" not in headers or "origin" not in headers:
        return False
    host = urlsplit(f"//{headers['host'].lower()}")
    origin = urlsplit(headers["origin"].lower())
    if not origin.netloc or not _loopback(host.hostname or ""):
        return False
    if origin.port is None:
        return host.hostname != origin.hostname
    return host.netloc != origin.netloc


def _loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"
