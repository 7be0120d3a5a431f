"""A preset's page as a person uses it: what is changed for a run, what is restored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import AXE
from tests.site import JSON, Site, until

pytestmark = pytest.mark.browser
Open = Callable[..., Any]


def test_what_is_changed_is_counted_and_shown_as_a_request(pages: Open) -> None:
    page = pages("/presets/evening")

    page.fill("#extra_positive", "falling snow")
    page.wait_for_selector("#changed >> text=1 changed")
    page.fill("#count", "3")
    page.wait_for_selector("#generate >> text=Generate 3")

    page.click("#program > summary")
    assert '"extra_positive": "falling snow"' in page.inner_text("#api")
    assert page.is_visible("#final-n") and "tokens" in page.inner_text("#final-n")


def test_a_trashed_choice_is_restored_in_place(site: Site, pages: Open) -> None:
    site.write("data/actions/b_kneel.json", {"action_id": "b_kneel", "action_name": "Kneeling"})
    recipe = {"preset_id": "b_lost", "recipe": {"character": "alice", "actions": ["b_kneel"]}}
    site.write("data/presets/b_lost.json", recipe)
    for path in ("/actions/b_kneel", "/presets/b_lost"):
        until(lambda path=path: site.http.get(path, headers=JSON).status_code == 200, what=path)
    page = pages("/presets/b_lost")

    site.post("/resource/actions/b_kneel/delete")
    page.wait_for_selector("text=The action “Kneeling” is in the trash.")
    page.evaluate(AXE)
    found = page.evaluate("axe.run('#d-body', {resultTypes: ['violations']})")["violations"]
    page.click("text=Restore")

    page.wait_for_selector(".gone-n", state="detached")
    page.wait_for_selector("a.tk.pv-action >> text=Kneeling")
    assert not found, [f"{rule['id']}: {rule['nodes'][0]['html'][:200]}" for rule in found]
