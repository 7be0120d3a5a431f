"""Mix and match in a browser: choosing, the address, going back, weights by key, pictures that arrive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import AXE
from tests.site import Site, character, until

pytestmark = pytest.mark.browser
Open = Callable[..., Any]


def open_row(page: Any, name: str) -> None:
    page.click(f"#cat-{name} summary")
    page.wait_for_selector(f"#pg-{name} .pg")


def test_choosing_changes_the_address_and_back_takes_it_back(pages: Open) -> None:
    page = pages("/generator")
    open_row(page, "characters")
    page.click("#pg-characters .pg[title='Mira Vale']")
    page.wait_for_selector("#cat-characters .ch >> text=Mira Vale")
    page.wait_for_url(lambda url: url.endswith("/generator?character=mira_vale"))
    open_row(page, "scenes")
    page.click("#pg-scenes .pg[title='Beach']")
    page.wait_for_url(lambda url: url.endswith("?character=mira_vale&scenes=beach"))
    page.wait_for_selector("#preview >> text=sunset")

    page.go_back()

    page.wait_for_url(lambda url: url.endswith("?character=mira_vale"))
    page.wait_for_selector("#preview >> text=long blonde hair")
    assert page.locator("#preview >> text=sunset").count() == 0
    page.click("#history")  # a page gone back to is alive
    page.wait_for_selector("dialog[open]")


def test_a_file_that_changes_is_in_the_prompt_at_once(site: Site, pages: Open, slug: str) -> None:
    page = pages(f"/generator?character={slug}&extra_positive=typed")
    page.wait_for_selector("#preview >> text=long blonde hair")

    site.write(f"data/characters/{slug}.json", character(slug, hair="short green hair"))

    page.wait_for_selector("#preview >> text=short green hair")
    assert page.input_value("#extra_positive") == "typed"


def test_an_open_row_stays_open_and_keeps_what_is_searched(pages: Open) -> None:
    page = pages("/generator")
    open_row(page, "characters")
    page.type("#q-characters", "mira")
    until(lambda: page.locator("#pg-characters .pg").count() == 1, what="the one that fits")

    page.click("#pg-characters .pg")

    page.wait_for_selector("#pg-characters .pg[aria-pressed=true]")
    assert page.input_value("#q-characters") == "mira"
    assert page.locator("#cat-characters[open]").count() == 1


def test_enter_in_a_search_box_generates_nothing(site: Site, pages: Open) -> None:
    page = pages("/generator?character=mira_vale")
    open_row(page, "scenes")
    posted: list[str] = []
    page.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)

    page.fill("#q-scenes", "beach")
    page.press("#q-scenes", "Enter")

    page.wait_for_timeout(400)
    assert not [url for url in posted if url.endswith("/generator")]


def test_a_picture_grows_and_arrives_without_a_reload(pages: Open) -> None:
    page = pages("/generator?character=sora&extra_positive=arrives&width=256&height=256")

    page.press("#extra_positive", "Control+Enter")

    page.wait_for_selector("#outs .job-ov")
    page.wait_for_selector("#outs img[src^='/thumbs/']", timeout=20000)


def test_ctrl_and_arrows_change_a_weight(pages: Open) -> None:
    page = pages("/generator")
    page.fill("#extra_positive", "film grain, long hair, (eyes:1.2)")
    page.evaluate("document.getElementById('extra_positive').setSelectionRange(15, 15)")

    page.press("#extra_positive", "Control+ArrowUp")
    page.press("#extra_positive", "Control+ArrowUp")
    assert page.input_value("#extra_positive") == "film grain, (long hair:1.1), (eyes:1.2)"
    page.press("#extra_positive", "Control+ArrowDown")
    page.press("#extra_positive", "Control+ArrowDown")
    assert page.input_value("#extra_positive") == "film grain, long hair, (eyes:1.2)"


def test_a_bracket_without_its_partner_is_told_while_one_types(pages: Open) -> None:
    page = pages("/generator")

    page.type("#extra_positive", "(film grain")
    assert "( without its partner" in page.inner_text("#extra_positive + .br-h")
    page.type("#extra_positive", ":1.2)")
    assert page.is_hidden("#extra_positive + .br-h")
    page.fill("#extra_positive", r"yuna \(ff10\), >_<")
    assert page.is_hidden("#extra_positive + .br-h")


def test_the_last_seed_comes_back(site: Site, pages: Open) -> None:
    site.wait(site.post("/generator", character="sora", seed="4242", size="256x256").json()["job_ids"][0])
    page = pages("/generator?character=sora")

    page.click("#seed-last")

    assert page.input_value("#seed") == "4242"
    page.wait_for_url(lambda url: "seed=4242" in url)
    page.click("#seed-random")
    page.wait_for_url(lambda url: "seed" not in url)


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing(site: Site, pages: Open, theme: str, width: int) -> None:
    pages.context.add_cookies([{"name": "theme", "value": theme, "url": site.url}])
    page = pages("/generator?character=mira_vale&scenes=beach&open=scenes&open=presets")
    page.set_viewport_size({"width": width, "height": 844})
    page.evaluate(AXE)

    found = page.evaluate("axe.run()")["violations"]

    assert not [(item["id"], [node["html"] for node in item["nodes"]]) for item in found]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
