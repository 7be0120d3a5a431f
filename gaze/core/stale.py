"""Whether an image is older than an asset that it shows (issue: stale marks)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gaze.core.asset import Asset


def stale(asset: Asset, sidecar: Mapping[str, Any]) -> bool:
    """Whether the image of this sidecar was made from another version of the asset.

    The sidecar's `versions` holds the content hash by `category/slug`; an image that says nothing of the asset (an
    upload, or one of another program) is not stale: nobody can tell.
    """
    versions = sidecar.get("versions")
    made_from = versions.get(asset.key) if isinstance(versions, Mapping) else None
    return isinstance(made_from, str) and bool(made_from) and made_from != asset.version
