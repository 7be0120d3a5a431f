"""Turning an asset into another kind as a person does it: a dialog, a choice, Undo."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conftest import AXE
from tests.site import JSON, Site, character, until
from tests.web.test_delete import Loras

pytestmark = pytest.mark.browser
Open = Callable[..., Any]


def add(site: Site, slug: str) -> None:
    file = character(slug, "Inkwash", extra="paper texture")
    site.write(f"data/characters/{slug}.json", file | {"lora": {"lora_name": "a/ink.safetensors"}})
    until(lambda: site.http.get(f"/characters/{slug}", headers=JSON).status_code == 200, what="the character")


def opened(page: Any) -> None:
    page.click("#more > summary")
    page.click("#transfer-open")
    page.wait_for_selector("#transfer[open]")


def faults(page: Any) -> list[str]:
    page.evaluate(AXE)
    found = page.evaluate("axe.run('#transfer', {resultTypes: ['violations']})")["violations"]
    return [f"{rule['id']}: {rule['nodes'][0]['html'][:200]}" for rule in found]


def test_a_character_becomes_a_style_and_undo_restores_both(site: Site, pages: Open) -> None:
    add(site, "ink_turn")
    page = pages("/characters/ink_turn")

    opened(page)
    focus = page.evaluate("document.activeElement.id")
    page.focus("#tr-kind")
    page.select_option("#tr-kind", "styles")
    page.wait_for_selector("text=Make a style of “Inkwash”")
    still = page.evaluate("document.activeElement.id")
    page.select_option('[name="to/identity/hair"]', "")
    page.check("#tr-remove")
    page.click("#tr-yes")
    page.wait_for_selector("#toasts >> text=Inkwash is a style now.")

    made = site.root / "data/styles/ink_turn.json"
    assert focus == "tr-h" and still == "tr-kind"
    assert "paper texture" in json.loads(made.read_text())["style"]["artistic_style"]
    assert "blonde" not in made.read_text()
    page.wait_for_selector("#transfer", state="detached")
    assert not (site.root / "data/characters/ink_turn.json").exists()

    page.click("#toasts >> text=Undo")
    page.wait_for_selector("#toasts >> text=Inkwash is as it was.")

    assert not made.exists() and (site.root / "data/characters/ink_turn.json").exists()
    assert page.locator("#toasts >> text=is a style now").count() == 0


def test_a_taken_id_says_so_in_the_dialog_and_escape_gives_the_focus_back(site: Site, pages: Open) -> None:
    add(site, "ink_taken")
    page = pages("/characters/ink_taken")

    opened(page)
    page.select_option("#tr-kind", "scenes")
    page.wait_for_selector("text=Make a scene of “Inkwash”")
    page.fill("#tr-id", "beach")
    page.click("#tr-yes")
    page.wait_for_selector("#transfer[open] >> text=There is a «beach» among scenes already")
    page.keyboard.press("Escape")
    page.wait_for_selector("#transfer", state="detached")

    assert page.evaluate("document.activeElement.parentElement.id") == "more"


@pytest.fixture(scope="module")
def loras(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loras]:
    made = Loras(tmp_path_factory.mktemp("transfer"))
    yield made
    made.site.stop()


def test_the_lora_file_moves_along_and_comes_back(loras: Loras, browser: Any) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, base_url=loras.site.url, bypass_csp=True)
    page = context.new_page()
    page.goto("/characters/own")
    moved = loras.folder / "Illustrious/Styles/own.safetensors"

    opened(page)
    page.select_option("#tr-kind", "styles")
    page.wait_for_selector("#tr-folder")
    found = faults(page)
    wide = page.evaluate("document.getElementById('transfer').scrollWidth")
    page.check("#tr-move")
    page.check("#tr-remove")
    page.click("#tr-yes")
    page.wait_for_selector("#toasts >> text=1 file names it anew.")
    there = moved.exists()
    page.click("#toasts >> text=Undo")
    page.wait_for_selector("#toasts >> text=Own is as it was.")
    context.close()

    assert not found, "\n".join(found)
    assert wide <= 390
    assert there and loras.file("own").exists() and not moved.exists()


@pytest.mark.parametrize(("theme", "width"), [("dark", 1440), ("light", 1440), ("dark", 390), ("light", 390)])
def test_axe_finds_nothing_in_the_dialog_and_it_fits_a_phone(site: Site, browser: Any, theme: str, width: int) -> None:
    add(site, "ink_axe")
    context = browser.new_context(viewport={"width": width, "height": 844}, base_url=site.url, bypass_csp=True)
    context.add_cookies([{"name": "theme", "value": theme, "url": site.url}])
    page = context.new_page()
    page.goto("/characters/ink_axe")

    opened(page)
    found = faults(page)
    wide = page.evaluate("[document.documentElement.scrollWidth, document.getElementById('transfer').scrollWidth]")
    context.close()

    assert not found, "\n".join(found)
    assert max(wide) <= width
