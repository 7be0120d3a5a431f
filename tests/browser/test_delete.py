"""Deleting an asset with its model file as a person does it: by keyboard, on a phone, with Undo."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conftest import AXE
from tests.web.test_delete import Loras

pytestmark = pytest.mark.browser
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def loras(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loras]:
    made = Loras(tmp_path_factory.mktemp("delete"))
    yield made
    made.site.stop()


@pytest.fixture
def open_page(browser: Any, loras: Loras) -> Iterator[Open]:
    contexts = []

    def make(path: str, theme: str = "dark", width: int = 1440) -> Any:
        size = {"width": width, "height": 900}
        contexts.append(browser.new_context(viewport=size, base_url=loras.site.url, bypass_csp=True))
        contexts[-1].add_cookies([{"name": "theme", "value": theme, "url": loras.site.url}])
        page = contexts[-1].new_page()
        page.goto(path)
        return page

    yield make
    for context in contexts:
        context.close()


def opened(page: Any) -> None:
    page.click("#more > summary")
    page.click("#to-trash")
    page.wait_for_selector("#delete[open]")


def test_by_keyboard_the_file_goes_along_and_undo_brings_both_back(loras: Loras, open_page: Open) -> None:
    page = open_page("/characters/undo")

    page.focus("#more > summary")
    page.keyboard.press("Enter")
    page.focus("#to-trash")
    page.keyboard.press("Enter")
    page.wait_for_selector("#delete[open]")
    first = page.evaluate("document.activeElement.id")
    page.focus("#del-soft")
    page.keyboard.press("ArrowDown")
    page.focus("#del-yes")
    page.keyboard.press("Enter")
    page.wait_for_selector("#toasts >> text=Undo moved to trash, its model file too.")
    page.wait_for_selector("#delete", state="detached")

    assert first == "del-h"
    assert not loras.file("undo").exists()

    page.click("#toasts button[data-undo]")
    page.wait_for_selector("#toasts >> text=Undo is back.")

    assert loras.file("undo").exists()
    assert (loras.root / "data/characters/undo.json").exists()


def test_escape_keeps_everything_and_gives_the_focus_back(loras: Loras, open_page: Open) -> None:
    page = open_page("/characters/page")

    opened(page)
    page.keyboard.press("Escape")
    page.wait_for_selector("#delete", state="detached")

    assert page.evaluate("document.activeElement.parentElement.id") == "more"
    assert loras.file("page").exists()


@pytest.mark.parametrize(("theme", "width"), [("dark", 1440), ("light", 1440), ("dark", 390), ("light", 390)])
@pytest.mark.parametrize("slug", ["own", "one", "gone"])
def test_axe_finds_nothing_and_it_fits_a_phone(
    loras: Loras, open_page: Open, slug: str, theme: str, width: int
) -> None:
    page = open_page(f"/characters/{slug}", theme, width)

    opened(page)
    page.evaluate(AXE)
    found = page.evaluate("axe.run('#delete', {resultTypes: ['violations']})")["violations"]
    wide = page.evaluate("[document.documentElement.scrollWidth, document.getElementById('delete').scrollWidth]")

    assert not found, [f"{rule['id']}: {rule['nodes'][0]['html'][:200]}" for rule in found]
    assert max(wide) <= width
