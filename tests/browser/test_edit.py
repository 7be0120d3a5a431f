"""Editing as a person does it: completion by keyboard, faults as one types, a file that changes meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import file_of
from tests.conftest import AXE
from tests.site import Site, character, until

pytestmark = pytest.mark.browser
Open = Callable[..., Any]


def on_disk(site: Site, slug: str) -> Any:
    return json.loads(file_of(site, slug).read_text())


def leave(page: Any) -> None:
    """Close a page whose form is not saved; the question whether to leave is answered."""
    page.on("dialog", lambda dialog: dialog.accept())
    page.close(run_before_unload=False)


def test_a_tag_is_completed_by_keyboard_alone_and_saved(site: Site, pages: Open, slug: str) -> None:
    page = pages(f"/characters/{slug}/edit")
    page.focus("#e-identity-hair")
    page.keyboard.press("End")

    page.keyboard.type(", blue d")
    page.wait_for_selector("#ac-list [role=option]")
    page.keyboard.press("ArrowDown")
    chosen = page.get_attribute("#e-identity-hair", "aria-activedescendant")
    page.keyboard.press("Tab")
    page.keyboard.press("Control+s")

    page.wait_for_selector("#toasts >> text=is saved")
    assert chosen == "ac-1"
    assert on_disk(site, slug)["identity"]["hair"] == "long blonde hair, blue dress"
    assert page.evaluate("document.activeElement.id") == "e-identity-hair"
    assert page.inner_text("#dirty") == ""


def test_escape_closes_the_list_and_keeps_what_was_typed(pages: Open, slug: str) -> None:
    page = pages(f"/characters/{slug}/edit")
    page.focus("#e-identity-eyes")
    page.keyboard.press("End")
    page.keyboard.type(", blue d")
    page.wait_for_selector("#ac-list")

    page.keyboard.press("Escape")

    assert page.locator("#ac-list").count() == 0
    assert page.input_value("#e-identity-eyes") == "blue eyes, blue d"
    leave(page)


def test_the_weights_slider_and_its_number_follow_each_other(pages: Open, slug: str) -> None:
    page = pages(f"/characters/{slug}/edit")
    page.focus("#e-lora-lora-weight-s")
    page.keyboard.press("ArrowLeft")
    by_slider = page.input_value("#e-lora-lora-weight")
    page.fill("#e-lora-lora-weight", "0.5")

    assert by_slider == "0.95"
    assert page.input_value("#e-lora-lora-weight-s") == "0.5"
    leave(page)


def test_an_empty_field_waits_as_a_chip_and_opens(pages: Open, slug: str) -> None:
    page = pages(f"/characters/{slug}/edit")
    assert not page.is_visible("#e-identity-legs")

    page.click("#e-identity-legs-c")

    assert page.evaluate("document.activeElement.id") == "e-identity-legs"


def test_a_change_on_the_disk_shows_before_the_save_and_keeps_typed_text(site: Site, pages: Open, slug: str) -> None:
    page = pages(f"/characters/{slug}/edit")
    page.fill("#e-identity-hair", "typed here")
    page.evaluate("document.getElementById('e-identity-hair').setSelectionRange(2, 2)")
    file = file_of(site, slug)

    file.write_text(file.read_text().replace("blue eyes", "green eyes").replace("long blonde hair", "bald"))

    page.wait_for_selector("#disk >> text=changed on disk")
    assert page.input_value("#e-identity-eyes") == "green eyes"
    assert page.input_value("#e-identity-hair") == "typed here"
    assert "bald" in page.inner_text("#e-identity-hair-t")
    assert page.evaluate("document.activeElement.selectionStart") == 2

    page.click("#save")

    page.wait_for_selector("#toasts >> text=is saved")
    saved = on_disk(site, slug)["identity"]
    assert (saved["hair"], saved["eyes"]) == ("typed here", "green eyes")


def test_an_outfit_added_on_the_disk_appears_in_the_open_form(site: Site, pages: Open, slug: str) -> None:
    page = pages(f"/characters/{slug}/edit")
    page.check("[data-outfit][value=travel]")
    page.fill("#s-wardrobe .outfit.shown [name$='/headwear']", "typed hat")
    asset = on_disk(site, slug)
    asset["wardrobe"]["Winter"] = {"top": "parka"}

    file_of(site, slug).write_text(json.dumps(asset, indent=2) + "\n")

    page.wait_for_selector("#s-wardrobe >> text=Winter")
    assert page.input_value("[name='/wardrobe/travel/headwear']") == "typed hat"
    assert page.input_value("[name='/wardrobe/Winter/top']") == "parka"
    leave(page)


def test_an_outfit_renamed_in_the_form_keeps_what_was_typed_in_it(site: Site, pages: Open, slug: str) -> None:
    page = pages(f"/characters/{slug}/edit")
    page.check("[data-outfit][value=travel]")
    page.fill("[name='/wardrobe/travel/top']", "typed coat")
    page.fill("#e-identity-hair", "typed hair")

    page.fill(".outfit.shown input[name=new_name]", "Road")
    page.click(".outfit.shown >> text=Rename")

    page.wait_for_selector("#s-wardrobe .seg >> text=Road")
    assert page.input_value("[name='/wardrobe/Road/top']") == "typed coat"
    assert page.is_visible("[name='/wardrobe/Road/top']")
    assert page.input_value("#e-identity-hair") == "typed hair"

    page.keyboard.press("Control+s")

    page.wait_for_selector("#toasts >> text=is saved")
    saved = on_disk(site, slug)
    assert (saved["wardrobe"]["Road"]["top"], saved["identity"]["hair"]) == ("typed coat", "typed hair")


def test_an_outfit_is_added_and_deleted_in_the_form(site: Site, pages: Open, slug: str) -> None:
    page = pages(f"/characters/{slug}/edit")
    page.fill("#outfit-new", "Winter")
    page.click("#outfit-add")
    page.wait_for_selector("#s-wardrobe .seg >> text=Winter")

    page.check("[data-outfit][value=Winter]")
    page.click(".outfit.shown >> text=Delete")

    page.wait_for_selector("#s-wardrobe .seg >> text=Winter", state="detached")
    assert list(on_disk(site, slug)["wardrobe"]) == ["default", "travel"]


def test_the_conflict_dialog_keeps_the_form_on_escape_and_saves_the_mix(site: Site, pages: Open, slug: str) -> None:
    page = pages(f"/characters/{slug}/edit")
    page.evaluate("document.getElementById('live').replaceWith(document.createElement('i'))")  # no news of the disk
    page.fill("#e-identity-hair", "red hair")
    page.fill("#e-defaults-pose", "jumping")
    page.evaluate("document.getElementById('ed').elements.version.value = 'an older one'")

    page.keyboard.press("Control+s")

    page.wait_for_selector("dialog#conflict[open]")
    assert page.evaluate("document.activeElement.id") == "cf-h"
    assert page.locator("#conflict .k").count() == 2

    page.keyboard.press("Escape")

    page.wait_for_selector("dialog#conflict", state="detached")
    assert page.input_value("#e-identity-hair") == "red hair"

    page.keyboard.press("Control+s")
    page.wait_for_selector("dialog#conflict[open]")
    page.check("#cf-2-t")
    assert page.inner_text("#cf-n") == "1 yours, 1 from disk"
    with page.expect_navigation():
        page.click("#save-mix")

    saved = on_disk(site, slug)
    assert (saved["identity"]["hair"], saved["defaults"]["pose"]) == ("red hair", "standing")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_in_the_conflict_dialog(browser: Any, site: Site, theme: str) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=site.url, bypass_csp=True)
    context.add_cookies([{"name": "theme", "value": theme, "url": site.url}])
    page = context.new_page()
    page.goto("/characters/alice/edit")
    page.fill("#e-identity-hair", "red hair")
    page.evaluate("document.getElementById('ed').elements.version.value = 'an older one'")
    page.click("#save")
    page.wait_for_selector("dialog#conflict[open]")
    page.evaluate(AXE)

    found = page.evaluate("axe.run('#conflict', {resultTypes: ['violations']})")["violations"]

    context.close()
    assert not [f"{rule['id']}: {rule['nodes'][0]['html'][:200]}" for rule in found]


def test_a_fault_shows_at_the_end_of_its_line_and_in_words_as_one_types(site: Site, pages: Open, slug: str) -> None:
    page = pages(f"/characters/{slug}/edit?tab=json")
    text = page.input_value("#json")

    page.fill("#json", text.replace('"blue eyes"', '"blue eyes",,'))

    page.wait_for_selector("#je >> text=/Line 7, column \\d+/")
    assert page.get_attribute("#marks .e-l", "data-line") == "7"
    assert page.inner_text("#lines .e") == "7"
    assert page.is_disabled("#save")

    page.fill("#json", text.replace('"blue eyes"', '"green eyes"'))
    page.wait_for_selector("#je >> text=Nothing wrong")
    page.keyboard.press("Control+s")

    page.wait_for_selector("#toasts >> text=is saved")
    assert on_disk(site, slug)["identity"]["eyes"] == "green eyes"


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_while_one_edits(browser: Any, site: Site, slug: str, theme: str) -> None:
    """With faults at their fields, a value of the disk beside a typed one, and a list of completions open."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=site.url, bypass_csp=True)
    context.add_cookies([{"name": "theme", "value": theme, "url": site.url}])
    page = context.new_page()
    page.goto(f"/characters/{slug}/edit")
    page.fill("#e-lora-lora-weight", "500")
    page.fill("#e-identity-eyes", "typed eyes")
    page.click("#save")
    page.wait_for_selector("#e-lora-lora-weight-h .hint")
    file_of(site, slug).write_text(json.dumps(character(slug, "Other", eyes=f"{theme} eyes"), indent=2) + "\n")
    page.wait_for_selector("#e-identity-eyes-t .lk")
    told = []
    for field, typed in (("#e-identity-hair", ", blue d"), ("#e-tags-origin-type", "i")):
        page.fill(field, "")
        page.focus(field)
        page.keyboard.type(typed)
        page.wait_for_selector("#ac-list")
        page.keyboard.press("ArrowDown")
        page.evaluate(AXE)
        found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
        told += [f"{rule['id']}: {rule['nodes'][0]['html'][:200]}" for rule in found]

    context.close()
    assert not told, "\n".join(told)


def test_a_text_changed_on_the_disk_too_is_compared_field_by_field(site: Site, pages: Open, slug: str) -> None:
    page = pages(f"/characters/{slug}/edit?tab=json")
    file, text = file_of(site, slug), page.input_value("#json")
    page.fill("#json", text.replace("long blonde hair", "red hair"))

    file.write_text(file.read_text().replace("blue eyes", "green eyes"))
    page.wait_for_selector("#disk >> text=Your text is kept")
    page.click("#disk-compare")
    page.wait_for_selector("dialog#conflict[open]")
    with page.expect_navigation():
        page.click("#save-mix")

    saved = on_disk(site, slug)["identity"]
    assert (saved["hair"], saved["eyes"]) == ("red hair", "green eyes")


def test_every_fault_of_a_form_stands_at_its_field(site: Site, pages: Open, slug: str) -> None:
    page = pages(f"/characters/{slug}/edit")
    page.fill("#e-lora-lora-weight", "500")
    page.fill("#e-lora-lora-weight-min", "-500")

    page.click("#save")

    page.wait_for_selector("#e-lora-lora-weight-h >> text=-100 to 100 is allowed")
    page.wait_for_selector("#e-lora-lora-weight-min-h >> text=-100 to 100 is allowed")
    assert page.get_attribute("#e-lora-lora-weight", "aria-invalid") == "true"
    assert page.input_value("#e-lora-lora-weight") == "500"
    leave(page)


def test_rename_opens_in_place_and_says_what_followed(site: Site, pages: Open, slug: str) -> None:
    site.write("data/looks/follows.json", {"look_id": "follows", "look_name": "Follows", "character_id": slug})
    until(lambda: site.http.get("/looks/follows").status_code == 200)
    page = pages(f"/characters/{slug}")
    page.click("#more summary")
    page.click("#rename-open")
    page.wait_for_selector("dialog#rename[open] >> text=Follows")

    page.fill("#rn-id", "renamed_in_place")
    page.click("#rn-yes")

    page.wait_for_selector("dialog#renamed[open] >> text=data/looks/follows.json")
    page.click("#rd-go")
    page.wait_for_url("**/characters/renamed_in_place")


def test_everything_is_saved_without_javascript(browser: Any, site: Site, slug: str) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=site.url)
    page = context.new_page()
    page.goto(f"/characters/{slug}/edit")
    page.fill("#e-identity-legs", "long legs")
    page.check("#e-tags-nsfw")
    page.click("#save")

    page.wait_for_url(f"**/characters/{slug}")
    context.close()
    saved = on_disk(site, slug)
    assert (saved["identity"]["legs"], saved["tags"]["nsfw"]) == ("long legs", True)
