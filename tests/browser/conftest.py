"""What tests in a browser share: an asset of each test's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.site import JSON, Site, character, until


@pytest.fixture
def slug(site: Site, request: pytest.FixtureRequest) -> str:
    """A character of this test's own, known to the pages."""
    name = request.node.name.split("[")[0].removeprefix("test_")[:40]
    site.write(f"data/characters/{name}.json", character(name, name.replace("_", " ").title()))
    until(
        lambda: site.http.get(f"/characters/{name}", headers=JSON).status_code == 200, what="the new character's page"
    )
    return name


def file_of(site: Site, slug: str) -> Path:
    return site.root / f"data/characters/{slug}.json"
