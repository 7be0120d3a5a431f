"""axe-core finds nothing, on every page, in both themes, wide and narrow."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import AXE
from tests.site import Site

PAGES = ["/", "/characters/alice", "/characters/alice?tab=json", "/scenes/", "/scenes/beach", "/presets/evening"]
PAGES += [
    "/gallery",
    "/gallery?q=zzz&favourite=on",
    "/trash",
    "/search?q=alice",
    "/search",
    "/import",
    "/characters/?select=on",
]
PAGES += ["/characters/?group=origin_series"]
PAGES += ["/looks/", "/queue", "/problems", "/settings", "/characters/nobody"]
PAGES += ["/characters/alice/edit", "/characters/alice/edit?tab=json", "/presets/evening/edit", "/scenes/create"]
PAGES += ["/checkpoints/create", "/characters/alice/rename", "/characters/alice?tab=images"]
PAGES += ["/resource/characters/alice/transfer", "/resource/characters/alice/delete"]
PAGES += ["/checkpoints/", "/looks/create?way=lora"]
PAGES += ["/scenes/create?way=llm", "/proposals", "/queue?queue=llm", "/settings/prompts/scene_system.txt"]


@pytest.mark.browser
@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("theme", "width"), [("dark", 1440), ("light", 1440), ("dark", 390), ("light", 390)])
def test_axe_finds_nothing(browser: Any, site: Site, path: str, theme: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, base_url=site.url, bypass_csp=True)
    context.add_cookies([{"name": "theme", "value": theme, "url": site.url}])
    page = context.new_page()
    page.goto(path)
    page.evaluate(AXE)

    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]

    context.close()
    told = [f"{rule['id']}: {rule['help']}\n    {rule['nodes'][0]['html'][:200]}" for rule in found]
    assert not told, "\n".join(told)


@pytest.mark.browser
@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_wider_than_a_phone(browser: Any, site: Site, path: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, base_url=site.url)
    page = context.new_page()
    page.goto(path)

    wide = page.evaluate("document.documentElement.scrollWidth")

    context.close()
    assert wide <= 390
