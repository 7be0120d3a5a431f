"""Strengths in a browser: a grid that fills by itself, a cell that is taken, a sweep opened again."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import AXE
from tests.site import JSON, Site, until

pytestmark = pytest.mark.browser
Open = Callable[..., Any]


@pytest.fixture
def style(site: Site, request: pytest.FixtureRequest) -> str:
    name = request.node.name.split("[")[0].removeprefix("test_")[:40]
    lora = {"lora_name": "styles/ink.safetensors", "lora_weight": 0.8}
    site.write(f"data/styles/{name}.json", {"style_id": name, "style_name": name.title(), "lora": lora})
    site.write(f"data/state/styles/{name}.json", {"character": "alice", "size": "256x256"})
    until(lambda: site.http.get(f"/styles/{name}", headers=JSON).status_code == 200, what="the style")
    return name


def test_a_grid_fills_in_place_and_a_cell_becomes_the_weight(site: Site, pages: Open, style: str) -> None:
    page = pages(f"/strengths/styles/{style}")
    page.fill("#from", "0.5")
    page.fill("#to", "1")
    page.fill("#step", "0.5")
    page.select_option("#down", "cfg")
    page.fill("#down_values", "4, 6")

    page.click("#new-sweep")

    page.wait_for_selector("#grid >> text=4 of 4", timeout=40000)
    address = page.url
    page.hover("#cell-0-1")
    page.click("#cell-0-1 .use")
    page.wait_for_selector(".toast-g >> text=is 0.5 now")
    page.wait_for_selector("#cell-0-1 >> text=In use: 0.5")
    assert json.loads((site.root / f"data/styles/{style}.json").read_text())["lora"]["lora_weight"] == 0.5
    again = pages(address)
    assert again.is_checked("#cell-0-1 input")
    assert again.inner_text(".hx.cur").startswith("0.5")


def test_a_mistake_is_said_under_the_form_and_nothing_is_lost(pages: Open, style: str) -> None:
    page = pages(f"/strengths/styles/{style}")
    page.fill("#step", "0")

    page.click("#new-sweep")

    page.wait_for_selector("#sweep-errors >> text=step not 0")
    assert page.input_value("#step") == "0"


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing(site: Site, pages: Open, style: str, theme: str, width: int) -> None:
    made = site.post(f"/strengths/styles/{style}", values="0.5, 0.7").json()
    site.wait(made["job_ids"][-1])
    pages.context.add_cookies([{"name": "theme", "value": theme, "url": site.url}])
    page = pages(f"/strengths/styles/{style}")
    page.set_viewport_size({"width": width, "height": 844})
    page.evaluate(AXE)

    found = page.evaluate("axe.run()")["violations"]

    assert not [(item["id"], [node["html"] for node in item["nodes"]]) for item in found]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
