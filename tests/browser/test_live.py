"""What a person sees: pages that follow files and jobs without a reload."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import file_of
from tests.site import Site, character, until

pytestmark = pytest.mark.browser
Open = Callable[..., Any]


def test_generate_shows_progress_and_then_the_picture_in_two_tabs(site: Site, pages: Open, slug: str) -> None:
    detail, library = pages(f"/characters/{slug}"), pages("/characters/")
    detail.evaluate("window.kept = true")

    detail.click("#generate")

    detail.wait_for_selector(f"#herojob-characters-{slug} >> text=/step \\d+ of \\d+/")
    detail.wait_for_selector("#d-hero img[src*='/preview?n=']")
    library.wait_for_selector(f"#cardjob-characters-{slug} >> text=/\\d+\\/\\d+/")
    library.wait_for_selector("#tray .tray-j")
    detail.wait_for_selector("#make-cover", timeout=20_000)
    assert f"characters/{slug}/" in detail.get_attribute("#hero-img", "src")
    library.wait_for_selector(f"#card-characters-{slug} img")
    assert detail.evaluate("window.kept"), "the page was loaded anew"
    image = next((site.root / f"static/uploads/characters/{slug}").glob("*.png"))
    assert json.loads(image.with_name(f"{image.name}.json").read_text())["recipe"]["character"] == slug


def test_an_edited_file_shows_at_once_and_leaves_alone_what_is_being_typed(site: Site, pages: Open, slug: str) -> None:
    page = pages(f"/characters/{slug}")
    page.set_viewport_size({"width": 1300, "height": 500})
    page.click("#more-box summary")
    page.fill("#extra_positive", "half-typed")
    page.evaluate("scrollTo(0, 40)")
    page.evaluate("document.getElementById('extra_positive').setSelectionRange(4, 4)")
    file = file_of(site, slug)

    file.write_text(file.read_text().replace("long blonde hair", "short silver hair"))

    page.wait_for_selector("#fields >> text=short silver hair")
    page.wait_for_selector("#preview >> text=short silver hair")
    assert page.input_value("#extra_positive") == "half-typed"
    assert page.evaluate("document.activeElement.id") == "extra_positive"
    assert page.evaluate("document.activeElement.selectionStart") == 4
    assert page.evaluate("scrollY") == 40
    assert page.get_attribute("#more-box", "open") is not None


def test_a_broken_file_keeps_the_last_good_version_and_says_where(site: Site, pages: Open, slug: str) -> None:
    page, problems = pages(f"/characters/{slug}"), pages("/problems")
    file = file_of(site, slug)
    good = file.read_text()

    file.write_text(good.replace('"blue eyes"', '"blue eyes'))

    page.wait_for_selector("#d-problems >> text=/line 7, column \\d+/")
    problems.wait_for_selector(f".prob >> text=data/characters/{slug}.json")
    assert "long blonde hair" in page.inner_text("#fields")

    file.write_text(good)

    page.wait_for_selector("#d-problems .note", state="detached")
    problems.wait_for_selector(f".prob >> text=data/characters/{slug}.json", state="detached")


def test_a_deleted_file_leaves_the_library_and_its_page_says_so(site: Site, pages: Open, slug: str) -> None:
    page, library = pages(f"/characters/{slug}"), pages("/characters/")
    library.wait_for_selector(f"#card-characters-{slug}")

    file_of(site, slug).unlink()

    library.wait_for_selector(f"#card-characters-{slug}", state="detached")
    page.wait_for_selector("#d-problems >> text=This file is gone")


def test_a_renamed_file_stays_the_asset_it_is(site: Site, pages: Open, slug: str) -> None:
    page = pages(f"/characters/{slug}")
    file = file_of(site, slug)

    file.rename(file.with_name("another_name.json"))

    page.wait_for_selector("#d-facts >> text=another_name.json")
    assert not page.query_selector("#d-problems .note")


def test_a_folder_moved_in_appears_as_a_group(site: Site, pages: Open, tmp_path: Path) -> None:
    library = pages("/characters/?group=folder")
    made = tmp_path / "moved_in"
    made.mkdir()
    for number in range(5):
        (made / f"guest{number}.json").write_text(json.dumps(character(f"guest{number}")))

    shutil.move(made, site.root / "data/characters/moved_in")

    library.wait_for_selector("h2 >> text=moved_in")
    assert library.locator("[id^=card-characters-guest]").count() == 5
    shutil.rmtree(site.root / "data/characters/moved_in")
    library.wait_for_selector("h2 >> text=moved_in", state="detached")


def test_pages_are_right_after_a_checkout_of_300_changed_files(site: Site, pages: Open) -> None:
    folder = site.root / "data/characters/branchy"

    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=T", "-c", "user.email=t@example.invalid"]
        subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)

    folder.mkdir()
    git("init", "-q", "-b", "one")
    for number in range(300):
        (folder / f"b{number}.json").write_text(json.dumps(character(f"b{number}", f"Branch One {number}")))
    git("add", "-A")
    git("commit", "-qm", "one")
    git("checkout", "-qb", "two")
    for number in range(300):
        (folder / f"b{number}.json").write_text(json.dumps(character(f"b{number}", f"Branch Two {number}")))
    git("commit", "-qam", "two")
    library, detail = pages("/characters/?q=Branch"), pages("/characters/b7")
    library.wait_for_selector("text=Branch Two 7")

    git("checkout", "-q", "one")

    library.wait_for_selector("#card-characters-b7 >> text=Branch One 7")
    detail.wait_for_selector("h1 >> text=Branch One 7")
    until(lambda: "Branch Two" not in library.inner_text("#cards"), what="no card of the other branch")
    shutil.rmtree(folder)


def test_F86_twenty_tabs_are_all_live(site: Site, pages: Open, slug: str) -> None:
    tabs = [pages(f"/characters/{slug}") for _ in range(20)]
    file = file_of(site, slug)

    file.write_text(file.read_text().replace("blue eyes", "violet eyes"))

    for tab in tabs:
        tab.wait_for_selector("#fields >> text=violet eyes")


def test_F85_a_page_shows_what_came_between_its_rendering_and_its_stream(site: Site, pages: Open, slug: str) -> None:
    page = pages(f"/characters/{slug}", wait_until="commit")
    file = file_of(site, slug)

    file.write_text(file.read_text().replace("blue eyes", "amber eyes"))

    page.wait_for_selector("#fields >> text=amber eyes")


def test_F90_typing_goes_on_through_a_swap_of_the_list(site: Site, pages: Open, slug: str) -> None:
    library = pages("/characters/")
    library.click("#q")
    library.keyboard.type(slug[:12])
    file = file_of(site, slug)

    file.write_text(file.read_text().replace("Tests", "Swapped"))
    library.keyboard.type(slug[12:])

    library.wait_for_selector(f"#card-characters-{slug}")
    assert library.input_value("#q") == slug
    assert library.evaluate("document.activeElement.id") == "q"


def test_the_queue_page_shows_a_job_come_and_go(site: Site, pages: Open, slug: str) -> None:
    queue = pages("/queue")

    (job,) = site.generate(f"/characters/{slug}")

    queue.wait_for_selector(f"#running #job-{job} >> text=/\\d+\\/28/")
    queue.wait_for_selector(f"#recent #job-{job} >> text=/Done in/", timeout=20_000)


def test_cancel_from_the_picture_stops_the_job(site: Site, pages: Open, slug: str) -> None:
    page = pages(f"/characters/{slug}")
    page.fill("#count", "3")
    page.click("#generate")
    page.wait_for_selector("#cancel-hero")

    for _ in range(3):
        page.click("#cancel-hero")
        page.wait_for_timeout(300)

    until(lambda: not site.get("/queue")["queued"], what="an empty queue")


def test_make_cover_puts_the_preview_on_the_card(site: Site, pages: Open, slug: str) -> None:
    page, library = pages(f"/characters/{slug}"), pages(f"/characters/?q={slug}")
    page.click("#generate")
    page.wait_for_selector("#make-cover", timeout=20_000)

    page.click("#make-cover")

    page.wait_for_selector("#make-cover", state="detached")
    library.wait_for_selector(f"#card-characters-{slug} img:not(.fallback-cover)")


def test_the_star_on_a_card_marks_a_favourite_everywhere(site: Site, pages: Open, slug: str) -> None:
    library, page = pages(f"/characters/?q={slug}"), pages(f"/characters/{slug}")

    library.hover(f"#card-characters-{slug}")
    library.click(f"#fav-characters-{slug}")

    page.wait_for_selector("#fav[aria-pressed=true]")
    library.wait_for_selector(f"#fav-characters-{slug}[aria-pressed=true]")


def test_choices_change_the_prompt_as_they_are_made(site: Site, pages: Open, slug: str) -> None:
    page = pages(f"/characters/{slug}")

    page.check("input[name=character_outfit][value=travel]", force=True)
    page.wait_for_selector("#preview >> text=grey coat")
    page.uncheck("#f-identity-hair")

    page.wait_for_selector("#preview .pp >> text=long blonde hair", state="detached")
    assert page.inner_text("#counting") == "8"


def test_a_mistake_is_said_beside_the_button(site: Site, pages: Open, slug: str) -> None:
    page = pages(f"/characters/{slug}")
    page.fill("#seed", "-7")

    with page.expect_response("**/generate") as answered:
        page.click("#generate")

    assert answered.value.status == 400
    page.wait_for_selector("#gen-errors >> text=/seed/i")


def test_a_button_that_the_new_preview_would_move_gets_the_click_it_was_pressed_for(pages: Open, slug: str) -> None:
    """Leaving the field asks for a preview; here its answer comes while the button is held, always."""
    page = pages(f"/characters/{slug}")
    asked: list[Any] = []
    page.route("**/preview_prompt", lambda route: asked.append(route))
    page.fill("#seed", "-7")
    page.hover("#generate")

    page.mouse.down()
    until(lambda: page.evaluate("1") and asked, what="the question")
    with page.expect_response("**/preview_prompt"):
        asked[-1].continue_()
    page.wait_for_timeout(100)
    with page.expect_response("**/generate") as answered:
        page.mouse.up()

    assert answered.value.status == 400
    page.wait_for_selector("#preview >> text=/seed/i")


def test_everything_works_without_javascript(browser: Any, site: Site, slug: str) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=site.url)
    page = context.new_page()
    page.goto(f"/characters/{slug}")

    page.fill("#seed", "77")
    page.click("#generate")

    assert page.url == f"{site.url}/characters/{slug}"
    until(lambda: list((site.root / f"static/uploads/characters/{slug}").glob("*.png")), what="the picture")
    context.close()


def test_keys_search_go_and_help(pages: Open, site: Site) -> None:
    page = pages("/characters/")

    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q-top"
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.wait_for_selector("#help[open]")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("e")

    page.wait_for_url("**/scenes/")


def test_arrows_move_between_cards_and_enter_opens_one(pages: Open, site: Site) -> None:
    page = pages("/characters/?q=alice")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.id") == "open-characters-alice"

    page.keyboard.press("Enter")

    page.wait_for_url("**/characters/alice")


def test_theme_and_blur_are_kept_in_this_browser(pages: Open, site: Site) -> None:
    page = pages("/characters/")
    page.click("#theme-toggle")
    page.click("#blur-toggle")

    page.reload()

    assert page.get_attribute("html", "data-bs-theme") == "light"
    assert page.get_attribute("html", "data-blur") is None


def test_F88_tabs_are_live_again_after_the_server_was_away(browser: Any, own_site: Callable[..., Site]) -> None:
    site = own_site()
    context = browser.new_context(base_url=site.url)
    page = context.new_page()
    page.goto("/characters/alice")
    page.wait_for_selector("#live", state="attached")
    site.stop()
    site.http = type(site.http)(base_url=site.url, timeout=30)
    site.log.write_text("")

    site.start()
    file = file_of(site, "alice")
    file.write_text(file.read_text().replace("blue eyes", "grey eyes"))

    page.wait_for_selector("#fields >> text=grey eyes", timeout=15_000)
    context.close()
