"""The gallery in a real browser: grid, image view, triage by keys, compare, dropping; axe finds nothing in any."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import AXE, library
from tests.core.metadata.test_readers import PARAMETERS
from tests.library.make import png
from tests.library.makeimages import with_chunks
from tests.site import JSON, Site, until

pytestmark = pytest.mark.browser
COUNT = 80


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site of its own with images of two months."""
    made = Site(library(tmp_path_factory.mktemp("gallery")))
    for number in range(COUNT):
        when = datetime(2026, 10, 20, 12, tzinfo=UTC) - timedelta(hours=9 * number)
        size = ((320, 480), (480, 320), (400, 400))[number % 3]
        put(
            made,
            f"characters/alice/{number:03}.png",
            png(*size, colour=40 + number),
            when,
            positive=f"red hair, item {number}",
        )
    made.start()
    until(lambda: total(made) == COUNT, what="all images")
    yield made
    made.stop()


def put(site: Site, path: str, content: bytes, when: datetime, **sidecar: Any) -> str:
    file = site.root / "static/uploads" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    recipe = {"character": "alice", "seed": 1}
    said = {"created": when.isoformat(), "recipe": recipe, "assets": {"characters": ["alice"]}, **sidecar}
    Path(f"{file}.json").write_text(json.dumps(said))
    file.write_bytes(content)
    return path


def total(site: Site, **query: str) -> int:
    return int(site.http.get("/gallery", params=query, headers=JSON).json()["total"])


@pytest.fixture
def page(browser: Any, gallery: Site) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, base_url=gallery.url)
    opened = context.new_page()
    opened.set_default_timeout(15_000)
    opened.goto("/gallery")
    opened.wait_for_selector(".jg.rows")
    yield opened
    context.close()


def current(page: Any) -> str:
    return str(page.locator(".bar-t").get_attribute("data-image"))


def moves(page: Any, before: str) -> str:
    """The image in view once it is another one."""
    page.wait_for_function("before => document.querySelector('.bar-t')?.dataset.image !== before", arg=before)
    return current(page)


def test_rows_fill_the_width_and_windows_come_while_one_scrolls(page: Any) -> None:
    edges = page.evaluate(
        """() => { const grid = document.querySelector(".jg"); const right = grid.getBoundingClientRect().right;
             const rows = new Map(); for (const tile of grid.children) { const box = tile.getBoundingClientRect();
               rows.set(box.top, Math.max(rows.get(box.top) ?? 0, box.right)); }
             return [...rows.values()].slice(0, -1).map((edge) => right - edge); }"""
    )
    assert all(abs(edge) < 6 for edge in edges)

    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.wait_for_function(f"() => document.querySelectorAll('.ph').length === {COUNT}")
    days = page.locator("h2.day").all_inner_texts()
    assert len(days) == len(set(days))
    ids = page.evaluate("[...document.querySelectorAll('.ph')].map((tile) => tile.dataset.path)")
    assert ids == [f"characters/alice/{number:03}.png" for number in range(COUNT)]


def test_the_rail_jumps_to_a_month_and_newer_images_come_above(page: Any) -> None:
    page.locator(".scrub a", has_text="Sep").click()
    page.wait_for_url("**at=2026-09")
    first = page.locator(".ph").first.get_attribute("data-path")

    assert "September" in page.locator("h2.day").first.inner_text()
    page.locator("#newer").click()
    page.wait_for_function("first => document.querySelector('.ph').dataset.path !== first", arg=first)
    assert "October" in page.locator("h2.day").first.inner_text()


def test_an_image_opens_with_an_address_and_gives_the_focus_back(page: Any, gallery: Site) -> None:
    page.locator(".ph-a").nth(4).click()
    page.wait_for_selector("#lightbox[open] #lb-img")

    assert page.url.endswith("/gallery/image/characters/alice/004.png")
    assert "5 of 80" in page.locator("#lb-place").inner_text()
    page.keyboard.press("ArrowRight")
    assert moves(page, "characters/alice/004.png") == "characters/alice/005.png"
    page.keyboard.press("ArrowLeft")
    assert moves(page, "characters/alice/005.png") == "characters/alice/004.png"
    page.keyboard.press("Escape")
    page.wait_for_url("**/gallery")
    page.wait_for_function("() => document.activeElement.closest('.ph')?.dataset.path === 'characters/alice/004.png'")

    page.goto("/gallery/image/characters/alice/010.png")
    page.wait_for_selector("#lightbox[open] #lb-img")
    assert page.locator(".ph").count() > 10


def test_back_closes_the_view_and_keeps_the_place(page: Any) -> None:
    page.evaluate("scrollTo(0, 600)")
    page.locator(".ph-a").nth(20).click()
    page.wait_for_selector("#lightbox[open] #lb-img")
    count = page.locator(".ph").count()

    page.go_back()

    page.wait_for_selector("#lightbox:not([open])", state="attached")
    assert page.locator(".ph").count() == count
    assert page.evaluate("scrollY") > 300


def test_triage_by_keys_alone(page: Any, gallery: Site) -> None:
    page.locator(".ph-a").nth(30).click()
    page.wait_for_selector("#lightbox[open] #lb-img")

    page.keyboard.press("f")
    page.wait_for_selector("#lb-fav[aria-pressed=true]")
    page.keyboard.press("n")
    page.wait_for_selector("#lb-nsfw[aria-pressed=true]")
    page.keyboard.press("ArrowRight")
    assert moves(page, "characters/alice/030.png") == "characters/alice/031.png"
    page.keyboard.press("Shift+F")
    assert moves(page, "characters/alice/031.png") == "characters/alice/032.png"
    page.keyboard.press("Delete")
    assert moves(page, "characters/alice/032.png") == "characters/alice/033.png"

    until(lambda: total(gallery, favourite="on") == 2, what="two favourites")
    assert total(gallery, nsfw="nsfw") == 1
    assert total(gallery) == COUNT - 1
    page.locator("[data-undo]").first.click()  # while the view is open
    until(lambda: total(gallery) == COUNT, what="the image back")
    page.keyboard.press("Escape")
    page.wait_for_selector("#in-never, .ph[data-path='characters/alice/032.png']")
    for path in ("030", "031"):
        gallery.post("/gallery/image/favourite", image=f"characters/alice/{path}.png", on="off")
    gallery.post("/gallery/image/nsfw", image="characters/alice/030.png", on="off")


def test_an_open_grid_shows_marks_and_ends_that_others_make(page: Any, gallery: Site) -> None:
    tile = page.locator(".ph[data-path='characters/alice/002.png']")

    gallery.post("/gallery/image/favourite", image="characters/alice/002.png", on="on")
    tile.locator(".m.star").wait_for()
    gallery.post("/gallery/image/favourite", image="characters/alice/002.png", on="off")
    tile.locator(".m.star").wait_for(state="detached")

    extra = put(gallery, "characters/alice/extra.png", png(), datetime(2026, 10, 21, tzinfo=UTC), positive="x")
    page.locator("#news-show", has_text="1 new").wait_for()
    assert page.locator(f".ph[data-path='{extra}']").count() == 0  # never under the pointer
    page.locator("#news-show").click()
    page.locator(f".ph[data-path='{extra}']").wait_for()
    (gallery.root / "static/uploads" / extra).unlink()
    page.locator(f".ph[data-path='{extra}']").wait_for(state="detached")


def test_words_filter_as_they_are_typed_and_stay_in_the_address(page: Any) -> None:
    page.locator("#q").press_sequentially("item 7")
    page.wait_for_function("() => document.getElementById('g-count').textContent.trim().startsWith('17')")

    assert page.url.endswith("/gallery?q=item+7")
    assert page.evaluate("document.activeElement.id") == "q"
    page.locator(".ph-a").first.click()
    page.wait_for_selector("#lightbox[open] #lb-img")
    assert "of 17" in page.locator("#lb-place").inner_text()


def test_tiles_are_reached_and_selected_by_keys(page: Any) -> None:
    page.locator(".ph-a").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("x")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("x")

    assert page.locator("#g-selected").inner_text() == "2 selected"
    assert page.locator(".ph[data-selected]").evaluate_all("tiles => tiles.map((t) => t.dataset.path)") == [
        "characters/alice/001.png",
        "characters/alice/002.png",
    ]
    page.locator("#g-compare").click()
    page.wait_for_selector("#compare[open]")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.querySelector('.cmp').style.getPropertyValue('--x') === '51%'")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    assert page.locator(".ph[data-selected]").count() == 0


def test_an_image_dropped_in_is_read_and_shown(page: Any, gallery: Site, tmp_path: Path) -> None:
    (tmp_path / "fox.png").write_bytes(with_chunks(png(), {"parameters": PARAMETERS}))

    page.locator("#drop-file").set_input_files(tmp_path / "fox.png")

    page.wait_for_selector("#lightbox[open] #lb-side")
    assert "generator/fox" in page.url
    assert "lowres" in page.locator("#lb-side").inner_text()
    assert "Not in the recipe" in page.locator("#lb-side").inner_text()
    page.locator("#lb-generator").click()
    page.wait_for_url("**/generator?**")
    gallery.post("/gallery/image/delete", image="generator/fox.png")


@pytest.mark.parametrize(("theme", "width"), [("dark", 1280), ("light", 1280), ("dark", 390), ("light", 390)])
def test_axe_finds_nothing_in_grid_view_and_comparison(browser: Any, gallery: Site, theme: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 844}, base_url=gallery.url, bypass_csp=True)
    context.add_cookies([{"name": "theme", "value": theme, "url": gallery.url}])
    page = context.new_page()
    told = []

    def look(place: str) -> None:
        page.evaluate(AXE)
        found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
        told.extend(f"{place}: {rule['id']}: {rule['help']}\n    {rule['nodes'][0]['html'][:200]}" for rule in found)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            told.append(f"{place}: wider than the window")

    page.goto("/gallery?asset=characters/alice")
    page.wait_for_selector(".jg.rows")
    page.locator("#select").click()
    look("grid")
    page.locator("#g-none").click()
    page.locator("#menu-rest > summary").click()
    look("menu")
    page.goto("/gallery/image/characters/alice/001.png")
    page.wait_for_selector("#lightbox[open] #lb-img")
    look("view")
    page.goto("/gallery/compare?a=characters/alice/001.png&b=characters/alice/003.png")
    look("comparison")

    context.close()
    assert not told, "\n".join(told)
