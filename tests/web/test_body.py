"""JSON bodies that are none: a sentence on every kind of route, never a 500."""

from __future__ import annotations

import pytest

from tests.site import JSON, Site

ROUTES = [
    "/generator",
    "/characters/alice/generate",
    "/characters/alice/rating",
    "/api/v1/generate",
    "/settings/folders",
]
BODIES = {
    "half": b'{"seed": 1',
    "deep": b"[" * 5000,
    "huge number": b'{"seed": 1e400}',
    "list": b"[]",
    "no UTF-8": b'{"seed": "\xff"}',
}


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_that_is_no_object_is_refused_in_words(site: Site, route: str, body: bytes) -> None:
    headers = {**JSON, "Content-Type": "application/json", "X-API-Key": "test-key"}

    answer = site.http.post(route, content=body, headers=headers)

    assert answer.status_code == 400, answer.text
    assert answer.json()["errors"][0]["message"].endswith(".")


def test_a_recipe_in_the_address_may_be_nested_without_end(site: Site) -> None:
    answer = site.http.get("/generator", params={"recipe": "[" * 3000}, headers=JSON)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "recipe"
