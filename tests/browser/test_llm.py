"""Writing with an LLM in a real browser: describing, watching, reviewing, setting up; axe on every page of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import AXE, library
from tests.site import Site, until
from tests.standins.start import Llm

pytestmark = pytest.mark.browser

SCENE = {
    "scene_name": "Harbour",
    "scene": {"background": "harbor, ocean", "lighting": "dusk"},
    "tags": {"nsfw": False, "scene_type": "Outdoor"},
}
ENDLESS = {"text": json.dumps(SCENE, indent=1) * 400, "piece": 12, "pause_s": 0.1}


@pytest.fixture(scope="module")
def llm() -> Iterator[Llm]:
    made = Llm()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, llm: Llm) -> Iterator[Site]:
    """A GAZE that has a provider; takes the place of the shared one for `pages`."""
    made = Site(
        library(tmp_path_factory.mktemp("writer")), {"GAZE_LLM_URL": llm.url, "GAZE_LLM_MODEL": "small-model"}
    ).start()
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def _nothing_left(site: Site) -> Iterator[None]:
    """No test waits for what another one has asked."""
    yield
    site.post("/queue/llm/cancel_all")


def write(site: Site, llm: Llm, path: str, value: Any, **form: str) -> str:
    """The id of a draft that was written."""
    llm.script({"text": value if isinstance(value, str) else json.dumps(value)})
    job_id = str(site.post(path, **form).json()["job_id"])
    until(lambda: site.status(job_id)["status"] in ("done", "failed"), what="the draft")
    return job_id


def test_a_description_is_written_live_and_opens_in_the_edit_form(pages: Any, site: Site, llm: Llm) -> None:
    named = {**SCENE, "scene_name": "Live harbour"}
    llm.script({"text": json.dumps(named), "piece": 8, "pause_s": 0.15, "thought": ["thinking of the sea"]})
    page = pages("/scenes/create?way=llm")

    page.fill("#d-text", "a harbour in the evening")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("pre.stream:has-text('thinking of the sea')")
    page.wait_for_url("**/proposals/*/edit", timeout=20_000)
    page.fill("#e-scene-lighting", "night")
    page.click("#save")
    page.wait_for_url("**/scenes/live_harbour")

    made = json.loads((site.root / "data/scenes/live_harbour.json").read_text())
    assert (made["scene"]["background"], made["scene"]["lighting"]) == ("harbor, ocean", "night")


def test_fields_are_accepted_one_by_one(pages: Any, site: Site, llm: Llm) -> None:
    filled = {"identity": {"feet": "barefoot", "extra": "scar", "legs": "long legs"}}
    draft = write(site, llm, "/characters/alice/fill", filled, section="identity")
    page = pages(f"/proposals/{draft}?review=on")
    assert page.inner_text("#save") == "Save 3 fields"

    page.check("[aria-label='Reject extra']")
    assert page.inner_text("#save") == "Save 2 fields"
    page.click("#save")
    page.wait_for_url("**/characters/alice")

    identity = json.loads((site.root / "data/characters/alice.json").read_text())["identity"]
    assert (identity["feet"], identity["legs"], identity.get("extra", "")) == ("barefoot", "long legs", "")


def test_yes_and_no_are_chosen_with_the_keyboard(pages: Any, site: Site, llm: Llm) -> None:
    draft = write(site, llm, "/characters/sora/fill", {"identity": {"feet": "boots"}}, section="identity")
    page = pages(f"/proposals/{draft}?review=on")

    page.focus("[aria-label='Accept feet']")
    page.keyboard.press("ArrowRight")

    assert page.inner_text("#save") == "Save 0 fields"
    assert "no" in page.get_attribute(".prop", "class").split()


def test_an_edit_page_says_that_a_draft_waits(pages: Any, site: Site, llm: Llm) -> None:
    page = pages("/characters/mira_vale/edit")
    llm.script({"text": json.dumps({"defaults": {"pose": "x"}, "identity": {"feet": "barefoot"}})})

    page.click("#fill-identity")

    page.wait_for_selector("#asset-drafts :text('is written and waits for you')", timeout=15_000)
    page.click("#asset-drafts >> text=Review")
    page.wait_for_selector("#proposal :text('barefoot')")


def test_one_field_is_rewritten_from_what_the_page_shows(pages: Any, site: Site, llm: Llm) -> None:
    page = pages("/characters/sora/edit")
    llm.script({"text": json.dumps({"text": "very long hair"})})
    page.fill("#e-identity-hair", "typed, not saved")

    page.click("#e-identity-hair-w")

    until(lambda: llm.asked, what="the request")
    assert "typed, not saved" in llm.asked[0]["messages"][1]["content"]
    page.wait_for_selector("#asset-drafts :text('Rewrite hair')", timeout=15_000)
    page.evaluate("window.onbeforeunload = null")


def test_the_queue_shows_the_text_as_it_grows_and_cancels(pages: Any, site: Site, llm: Llm) -> None:
    llm.script(ENDLESS)
    job_id = site.post("/scenes/create", way="llm", description="endless").json()["job_id"]
    page = pages("/queue?queue=llm")
    box = page.locator(f"#text-{job_id}")
    box.wait_for(timeout=15_000)
    height = box.bounding_box()["height"]

    until(lambda: len(box.text_content() or "") > 600, what="the text")
    at_end = box.evaluate("box => box.scrollHeight - box.scrollTop - box.clientHeight")
    page.click(f"#cancel-{job_id}")
    page.wait_for_selector("#recent :text('Cancelled')", timeout=15_000)

    assert at_end < 40 and height == 298
    until(lambda: llm.open == 0, 5, "the stream's end")


def test_drafts_of_a_batch_are_accepted_together(pages: Any, site: Site, llm: Llm) -> None:
    llm.script({"text": json.dumps({"tags": {"origin_series": "Aldershore", "origin_type": "game", "nsfw": False}})})
    told = site.post("/admin/bulk_regenerate_tags/characters").json()
    page = pages(f"/proposals?batch={told['batch']}")
    page.wait_for_selector("text=3 of 3 written", timeout=20_000)

    page.click("#accept-chosen")
    page.wait_for_selector("#toasts :text('3 drafts accepted')")

    tags = [json.loads(file.read_text())["tags"] for file in (site.root / "data/characters").glob("*.json")]
    assert {each["origin_series"] for each in tags} == {"Aldershore"}


def test_a_broken_answer_is_mended_by_hand(pages: Any, site: Site, llm: Llm) -> None:
    draft = write(
        site, llm, "/scenes/create", '{"scene_name": "Cliff", "scene": {"theme": "cl', way="llm", description="x"
    )
    page = pages(f"/proposals/{draft}")

    page.fill("#answer", '{"scene_name": "Mended cliff", "scene": {"theme": ["list"]}}')
    page.click("#use-answer")
    page.wait_for_selector("text=theme is a list")
    page.fill("#answer", '{"scene_name": "Mended cliff", "scene": {"theme": "cliff"}}')
    page.click("#use-answer")
    page.wait_for_selector("#proposal :text('cliff')")


@pytest.mark.parametrize(("theme", "width"), [("dark", 1440), ("light", 1440), ("dark", 390), ("light", 390)])
def test_axe_finds_nothing_on_the_pages_of_the_llm(browser: Any, site: Site, llm: Llm, theme: str, width: int) -> None:
    new = write(
        site, llm, "/scenes/create", {**SCENE, "scene_name": f"Axe {theme} {width}"}, way="llm", description="x"
    )
    filled = write(site, llm, "/characters/alice/fill", {"identity": {"arms": "tattoo"}}, section="identity")
    broken = write(site, llm, "/scenes/create", "no answer", way="llm", description="x")
    llm.script({"calls": [{"name": "nothing"}]}, ENDLESS)
    running = site.post("/scenes/create", way="llm", description="endless").json()["job_id"]
    site.post("/scenes/create", way="llm", description="waits")
    until(lambda: llm.open == 1, what="the writing")
    paths = ["/scenes/create?way=llm", f"/proposals/{new}/edit", f"/proposals/{new}?review=on"]
    paths += [f"/proposals/{filled}?review=on", f"/proposals/{broken}", "/proposals", "/queue?queue=llm"]
    paths += [f"/proposals/{running}", "/characters/alice/edit", "/settings"]
    context = browser.new_context(viewport={"width": width, "height": 900}, base_url=site.url, bypass_csp=True)
    context.add_cookies([{"name": "theme", "value": theme, "url": site.url}])
    page = context.new_page()

    told = []
    for path in paths:
        page.goto(path)
        page.wait_for_load_state("load")
        page.evaluate(AXE)
        found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
        told += [f"{path} {rule['id']}: {rule['help']}\n    {rule['nodes'][0]['html'][:300]}" for rule in found]
        if page.evaluate("document.documentElement.scrollWidth") > width:
            told.append(f"{path} is wider than {width} px")
    context.close()

    assert not told, "\n".join(told)
