"""What a person does with many cards, and with the search box: by mouse, by keyboard, on a phone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.site import Site, character, until

pytestmark = pytest.mark.browser
Open = Callable[..., Any]


@pytest.fixture
def name(site: Site, request: pytest.FixtureRequest) -> str:
    """The beginning of the slugs of four characters of this test's own."""
    name = request.node.name.split("[")[0].removeprefix("test_")[:34]
    for letter in "abcd":
        site.write(f"data/characters/{name}_{letter}.json", character(f"{name}_{letter}"))
    until(lambda: site.get(f"/characters/?q={name}")["total"] == 4, what="the characters")
    return name


def selected(page: Any) -> list[str]:
    slugs = page.evaluate(
        "[...document.querySelectorAll('.card-a[data-selected]')].map(a => a.closest('li').dataset.slug)"
    )
    return [slug.rpartition("_")[2] for slug in slugs]


def test_clicks_and_shift_click_select_and_esc_clears(site: Site, pages: Open, name: str) -> None:
    page = pages(f"/characters/?q={name}")
    page.click("#select")

    page.click(f"#open-characters-{name}_a")
    page.click(f"#open-characters-{name}_c", modifiers=["Shift"])

    assert selected(page) == ["a", "b", "c"]
    assert page.inner_text("#bulk-count") == "3 selected"
    page.keyboard.press("Escape")
    assert selected(page) == []
    assert not page.is_visible("#bulk")


def test_keys_select_and_favourite_many_in_every_tab(site: Site, pages: Open, name: str) -> None:
    page, other = pages(f"/characters/?q={name}"), pages(f"/characters/?q={name}&sort=newest")
    page.focus(f"#open-characters-{name}_b")
    page.keyboard.press("x")
    assert selected(page) == ["b"]
    page.keyboard.press("Control+a")
    until(lambda: page.text_content("#bulk-count") == "4 selected", what="four selected")

    page.click("#bulk-fav")

    for letter in "abcd":
        other.wait_for_selector(f"#fav-characters-{name}_{letter}[aria-pressed=true]", state="attached")
    page.wait_for_selector(".toast-g >> text=4 characters")
    assert len(selected(page)) == 4


def test_del_moves_a_card_to_the_trash_and_undo_brings_it_back(site: Site, pages: Open, name: str) -> None:
    page = pages(f"/characters/?q={name}")
    page.focus(f"#open-characters-{name}_a")

    page.keyboard.press("Delete")

    page.wait_for_selector(f"#card-characters-{name}_a", state="detached")
    page.click(".toast-g [data-undo]")
    page.wait_for_selector(f"#card-characters-{name}_a")
    page.wait_for_selector(".toast-g [data-undo]", state="detached")


def test_the_trash_page_follows_and_asks_before_emptying(site: Site, pages: Open, name: str) -> None:
    trash = pages("/trash")
    trash_id = site.post(f"/resource/characters/{name}_a/delete").json()["trash_id"]
    trash.wait_for_selector(f"#trash-{trash_id}")

    trash.click(f"#empty-{trash_id}")
    trash.click(f"#ask-{trash_id} >> text=Keep")
    assert (site.root / f"data/.gaze/trash/{trash_id}").exists()
    trash.click(f"#restore-{trash_id}")

    trash.wait_for_selector(f"#trash-{trash_id}", state="detached")
    assert site.http.get(f"/characters/{name}_a").status_code == 200


def test_a_tag_is_set_on_a_phone(site: Site, browser: Any, name: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, base_url=site.url, has_touch=True)
    page = context.new_page()
    page.goto(f"/characters/?q={name}")
    page.tap("#select")
    page.tap(f"#open-characters-{name}_a")
    page.tap(f"#open-characters-{name}_b")

    page.tap("#bulk-tag-open")
    page.select_option("#bulk-key", "origin_series")
    page.fill("#bulk-value", "Phoned")
    page.tap("#bulk-set")

    page.wait_for_selector(".toast-g >> text=/Origin series of 2/i")
    assert site.get("/characters/?origin_series=Phoned")["total"] == 2
    context.close()


def test_export_downloads_a_zip(site: Site, pages: Open, name: str) -> None:
    page = pages(f"/characters/?q={name}")
    page.click("#select")
    page.click(f"#open-characters-{name}_a")
    page.click("#bulk-export-open")

    with page.expect_download() as download:
        page.click("#bulk-zip")

    assert download.value.suggested_filename.endswith(".zip")


def test_bulk_works_without_javascript(browser: Any, site: Site, name: str) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=site.url)
    page = context.new_page()
    page.goto(f"/characters/?q={name}&select=on")

    page.check(f"#pick-characters-{name}_a")
    page.check(f"#pick-characters-{name}_d")
    page.click("#bulk-delete")

    assert page.url == f"{site.url}/characters/"
    assert site.get(f"/characters/?q={name}")["total"] == 2
    context.close()


def test_search_as_one_types_by_keyboard(site: Site, pages: Open, name: str) -> None:
    page = pages("/queue")
    page.keyboard.press("/")
    page.keyboard.type(name)
    page.wait_for_selector("#results .hit-r[aria-selected=true]")

    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.id") == "q-top"
    assert page.get_attribute("#q-top", "aria-activedescendant") == f"h-characters-{name}_b"
    page.keyboard.press("Escape")
    assert not page.is_visible("#results")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    page.wait_for_url(f"**/characters/{name}_b")


def test_all_results_stand_on_a_page_that_follows_the_box(site: Site, pages: Open, name: str) -> None:
    page = pages("/search?q=alice")
    page.wait_for_selector(".best >> text=Alice")

    page.fill("#q-top", name)

    page.wait_for_selector(f"#s-characters-{name}_a")
    until(lambda: name in page.url, what="the address with the words")


def test_stars_and_notes_are_kept_and_show_in_another_tab(site: Site, pages: Open, name: str) -> None:
    page, other = pages(f"/characters/{name}_a"), pages(f"/characters/{name}_a")

    page.click("#stars-4")
    page.fill("#notes", "goes with rain")
    page.focus("#stars-1")

    other.wait_for_selector("#stars-4[aria-pressed=true]")
    until(lambda: other.input_value("#notes") == "goes with rain", what="the notes in the other tab")
    page.wait_for_selector("#stars-4[aria-pressed=true]")


def test_a_filter_is_saved_and_stands_in_the_navigation_of_every_page(site: Site, pages: Open, name: str) -> None:
    page, other = pages("/characters/?nsfw=sfw"), pages("/queue")
    page.click("#saved-open")
    page.fill("#saved-name", name)

    page.click("#saved-save")

    other.wait_for_selector(f"#saved >> text={name}")
    assert other.get_attribute(f"#saved a[title='{name}']", "href") == "/characters/?nsfw=sfw"
    page.wait_for_selector(f"#saved-pop >> text={name}")
