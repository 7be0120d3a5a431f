"""An image is stale when an asset that it shows is another one now."""

from __future__ import annotations

import json

import pytest

from gaze.categories import declared
from gaze.core.asset import Asset
from gaze.core.stale import stale
from gaze.library.load import load


@pytest.fixture
def asset() -> Asset:
    made = load(declared()["scenes"], "data/scenes/beach.json", json.dumps({"scene_id": "beach"}).encode())
    assert made.asset is not None
    return made.asset


def test_an_image_of_another_version_is_stale(asset: Asset) -> None:
    assert stale(asset, {"versions": {"scenes/beach": "another"}})
    assert not stale(asset, {"versions": {"scenes/beach": asset.version}})


@pytest.mark.parametrize("sidecar", [{}, {"versions": None}, {"versions": []}, {"versions": {"scenes/beach": 5}}])
def test_an_image_that_does_not_say_is_not_stale(asset: Asset, sidecar: dict[str, object]) -> None:
    assert not stale(asset, sidecar)
