"""The earlier program's database is offered once, on every page, and taken over by one click."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests.conftest import library
from tests.site import JSON, Site, until


def test_the_offer_is_taken_once(tmp_path: Path) -> None:
    root = library(tmp_path / "root")
    (root / "instance").mkdir()
    with sqlite3.connect(root / "instance/database.db") as database:
        database.execute("CREATE TABLE character (slug, is_favourite, default_fields, image_path)")
        database.execute("INSERT INTO character VALUES ('alice', 1, NULL, NULL)")
    site = Site(root).start()
    try:
        assert 'id="earlier-take"' in site.http.get("/queue").text

        answer = site.http.post("/settings/earlier", data={"act": "take"}, headers=JSON)

        assert answer.json() == {"taken": 1}
        until(lambda: site.get("/characters/alice")["is_favourite"], what="the favourite")
        assert 'id="earlier-take"' not in site.http.get("/queue").text
    finally:
        site.stop()
