"""Completion in prompt fields, by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.site import Site, character, until

pytestmark = pytest.mark.browser
Open = Callable[..., Any]
ADDRESS = "#extra_positive"


@pytest.fixture
def page(pages: Open) -> Any:
    made = pages("/generator")
    made.focus(ADDRESS)
    return made


def test_f03_a_tag_is_put_in_escaped_and_one_goes_on_typing(page: Any) -> None:
    page.keyboard.type("tracer_")
    page.wait_for_selector("#ac-list >> text=tracer (overwatch)")

    page.keyboard.press("Tab")
    page.keyboard.type("solo")

    assert page.input_value(ADDRESS) == "tracer \\(overwatch\\), solo"


def test_f17_the_word_in_a_weighted_box_is_completed_in_place(page: Any) -> None:
    page.keyboard.type("(very long hai:0.5), solo")
    for _ in range(len(":0.5), solo")):
        page.keyboard.press("ArrowLeft")

    page.keyboard.type("r")
    page.keyboard.press("Backspace")
    page.wait_for_selector("#ac-list >> text=very long hair")
    page.keyboard.press("Tab")

    assert page.input_value(ADDRESS) == "(very long hair:0.5), solo"


def test_colour_count_and_alias_are_shown(page: Any) -> None:
    page.keyboard.type("silver ha")
    page.wait_for_selector("#ac-list [role=option]")

    first = page.locator("#ac-1")
    assert "grey hair" in first.inner_text()
    assert "also silver hair" in first.inner_text()
    assert "560k" in first.inner_text()
    assert first.locator("i.dc-general").count() == 1


def test_what_goes_with_a_tag_is_offered_after_it_and_tab_still_leaves(site: Site, pages: Open) -> None:
    for number in range(3):
        site.write(f"data/characters/sailor{number}.json", character(f"sailor{number}", extra="zsailor, zanchor"))
    until(lambda: "sailor2" in site.http.get("/characters").text, what="the characters")
    page = pages("/generator")
    page.focus(ADDRESS)

    page.keyboard.type("zsailo")
    page.wait_for_selector("#ac-list >> text=zsailor")
    page.keyboard.press("Tab")
    page.wait_for_selector(".ac-t >> text=Often with")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    assert page.input_value(ADDRESS).startswith("zsailor, z")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") != "extra_positive"


def test_a_doubt_about_a_field_is_mended_with_one_click(own_site: Callable[..., Site], browser: Any) -> None:
    site = own_site()
    site.write("data/characters/zed.json", character("zed", extra="freckles, lnog hair, hat"))
    csv = b"long_hair,0,99,\nfreckles,0,3,\nhat,0,3,\n"
    site.http.post("/settings/tags", files={"file": ("mine.csv", csv)})
    until(lambda: "lnog hair" in site.http.get("/problems").text, what="the warning")
    page = browser.new_page(base_url=site.url)
    page.goto("/characters/zed/edit")

    page.click("text=Use “long hair”")

    assert page.input_value("#e-identity-extra") == "freckles, long hair, hat"
    page.close()
