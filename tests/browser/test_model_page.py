"""The page of a checkpoint as a person uses it: search its files, change a setting, follow the disk."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conftest import AXE
from tests.site import until
from tests.web.test_model_page import LUMEN, Models

pytestmark = pytest.mark.browser
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Models]:
    made = Models(tmp_path_factory.mktemp("models"))
    yield made
    made.site.stop()


@pytest.fixture
def open_page(browser: Any, models: Models) -> Iterator[Open]:
    contexts = []

    def make(path: str = LUMEN, theme: str = "dark", width: int = 1440) -> Any:
        size = {"width": width, "height": 900}
        contexts.append(browser.new_context(viewport=size, base_url=models.site.url, bypass_csp=True))
        contexts[-1].add_cookies([{"name": "theme", "value": theme, "url": models.site.url}])
        page = contexts[-1].new_page()
        page.goto(path)
        return page

    yield make
    for context in contexts:
        context.close()


def test_a_setting_is_changed_and_saved_in_place(models: Models, open_page: Open) -> None:
    page = open_page()
    file = models.root / "data/checkpoints/lumen.json"
    page.evaluate("window.kept = true")

    page.fill("#e-steps", "33")
    changed = page.inner_text("#dirty")
    page.click("#save")
    page.wait_for_selector("#toasts >> text=lumen.json is saved.")

    assert changed == "1 change, not saved"
    assert json.loads(file.read_text())["steps"] == 33
    assert page.evaluate("window.kept") and page.inner_text("#dirty") == ""


def test_a_file_changed_on_the_disk_shows_beside_what_is_typed(models: Models, open_page: Open) -> None:
    page = open_page()
    page.fill("#e-cfg", "7")
    file = models.root / "data/checkpoints/lumen.json"

    file.write_text(json.dumps({**json.loads(file.read_text()), "width": 640}, indent=2))

    page.wait_for_function("document.getElementById('e-width').value === '640'")
    assert page.input_value("#e-cfg") == "7"


def test_the_list_narrows_as_one_types_and_marks_the_default(models: Models, open_page: Open) -> None:
    page = open_page()

    page.fill("#files-q", "tidal")
    page.wait_for_selector("#files >> text=Noob/tidal")
    page.wait_for_selector("#files >> text=Illustrious/lumen", state="detached")
    page.fill("#files-q", "")
    page.wait_for_selector("#files >> text=Illustrious/lumen")
    page.check("#show-missing", force=True)
    page.wait_for_selector("#files >> text=Illustrious/lumen", state="detached")
    page.check("#show-all", force=True)
    page.wait_for_selector("#files >> text=Illustrious/lumen")
    page.click("#make-default")

    page.wait_for_selector("#files .bdg-g.ok >> text=default")
    page.wait_for_selector("#make-default[disabled]")


def test_a_new_file_in_the_folder_appears(models: Models, open_page: Open) -> None:
    page = open_page()
    folder = models.root.parent / "ckpt/Noob"

    (folder / "late.safetensors").write_bytes((folder / "tidal.safetensors").read_bytes())
    models.site.post("/checkpoints/rescan")

    page.wait_for_selector("#files >> text=Noob/late")


def test_a_picture_is_made_on_the_page(models: Models, open_page: Open) -> None:
    page = open_page(f"{LUMEN}?tab=make")

    page.click("#more-box > summary")
    page.fill("#extra_positive", "a boat")
    page.click("#generate")

    page.wait_for_selector("#make-cover", timeout=20_000)
    assert page.input_value("#extra_positive") == "a boat"
    folder = models.root / "static/uploads/checkpoints"
    until(lambda: list(folder.glob("*/*.png")), what="the picture")


@pytest.mark.parametrize(("theme", "width"), [("dark", 1440), ("light", 1440), ("dark", 390), ("light", 390)])
@pytest.mark.parametrize("tab", ["", "?tab=make"])
def test_axe_finds_nothing_and_it_fits_a_phone(open_page: Open, tab: str, theme: str, width: int) -> None:
    page = open_page(LUMEN + tab, theme, width)
    page.evaluate(AXE)

    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]

    assert not found, [f"{rule['id']}: {rule['nodes'][0]['html'][:200]}" for rule in found]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
