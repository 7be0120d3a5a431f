"""Warnings on the problems page, and silencing them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.site import JSON, Site, character, until


def warnings(site: Site, slug: str, kind: str = "") -> list[dict[str, Any]]:
    found = site.http.get("/problems", params={"kind": kind}, headers=JSON).json()
    return [each for each in found["warnings"] if each["path"].endswith(f"/{slug}.json")]


def silence(site: Site, slug: str, mark: str, act: str = "silence") -> Any:
    form = {"category": "characters", "slug": slug, "mark": mark, "act": act}
    return site.http.post("/problems/silence", data=form, headers=JSON)


@pytest.fixture
def slug(site: Site, request: pytest.FixtureRequest) -> str:
    made = f"lint_{abs(hash(request.node.name)):x}"
    site.write(f"data/characters/{made}.json", character(made, hair="long hair, short hair"))
    until(lambda: warnings(site, made), what="the warning")
    return made


def test_a_warning_is_no_problem(site: Site, slug: str) -> None:
    found = site.http.get("/problems", headers=JSON).json()

    assert [each["message"] for each in warnings(site, slug)] == ["«long hair» and «short hair»: two lengths of hair"]
    assert not [each for each in found["problems"] if slug in each["path"]]
    assert warnings(site, slug, "contradiction")
    assert not warnings(site, slug, "lora")


def test_a_warning_is_silenced_for_its_asset_and_told_again(site: Site, slug: str) -> None:
    mark = "contradiction:long hair, short hair"

    assert silence(site, slug, mark).status_code == 200
    assert (warnings(site, slug), len(warnings(site, slug, "silenced"))) == ([], 1)
    assert silence(site, slug, mark, "tell").status_code == 200
    assert len(warnings(site, slug)) == 1


def test_what_is_no_warning_cannot_be_silenced(site: Site, slug: str) -> None:
    assert silence(site, slug, "contradiction:nothing").status_code == 404
    assert silence(site, "nobody", "contradiction:long hair, short hair").status_code == 404


def test_a_warning_goes_with_its_cause(site: Site, slug: str) -> None:
    site.write(f"data/characters/{slug}.json", character(slug, hair="long hair"))

    until(lambda: not warnings(site, slug), what="the end of the warning")


def test_unknown_tags_come_with_near_ones_once_a_list_was_imported(own_site: Callable[..., Site]) -> None:
    site = own_site()
    site.write("data/characters/zed.json", character("zed", extra="blodne hair"))
    csv = b"blonde_hair,0,99,\nyoung_woman,0,3,\n"

    site.http.post("/settings/tags", files={"file": ("mine.csv", csv)}, headers=JSON)

    until(lambda: warnings(site, "zed", "tag"), what="the warning")
    assert "Did you mean «blonde hair»" in site.http.get("/problems?kind=tag").text
