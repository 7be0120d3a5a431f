"""Editing one asset over HTTP: what is saved, what is refused, what is kept."""

from __future__ import annotations

import html
import io
import json
import re
import resource
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from gaze.categories import declared
from tests.site import JSON, Site, character, until

HTMX = {"HX-Request": "true"}
each_category = pytest.mark.parametrize("category", declared())


@pytest.fixture
def slug(site: Site, request: pytest.FixtureRequest) -> str:
    """A character of this test's own."""
    name = re.sub(r"\W+", "_", request.node.name.removeprefix("test_"))[:60]
    return add(site, "characters", name, character(name, "Mira Vale"))


def add(site: Site, category: str, slug: str, content: Any, folder: str = "") -> str:
    """A file in its category's folder, known to the pages."""
    site.write(f"data/{folder or declared()[category].data_folder}/{slug}.json", content)
    # Asked as a program: a file that is half written has a page too, which says so.
    until(lambda: site.http.get(f"/{category}/{slug}", headers=JSON).status_code == 200, what=f"the page of {slug}")
    return slug


def file_of(site: Site, slug: str, category: str = "characters") -> Path:
    return site.root / f"data/{declared()[category].data_folder}/{slug}.json"


def hidden(page: str, name: str) -> str:
    """The value of a hidden input of a page."""
    found = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)"', page)
    assert found, f"no {name} in the page"
    return html.unescape(found[1])


def opened(site: Site, slug: str, category: str = "characters") -> dict[str, str]:
    """What a browser sends when the form is saved as it was opened; a switch that is off is not sent."""
    page = site.http.get(f"/{category}/{slug}/edit").text
    base = json.loads(hidden(page, "base"))
    boxes = set(re.findall(r'type="checkbox" id="[^"]*" name="([^"]*)"', page))
    sent = {name: value for name, value in base.items() if name not in boxes or value}
    return {**sent, "version": hidden(page, "version"), "base": hidden(page, "base")}


def changed_lines(before: str, after: str) -> list[str]:
    """Lines of `after` that `before` does not have at that place; both must have as many."""
    old, new = before.split("\n"), after.split("\n")
    assert len(old) == len(new), after
    return [line for line, other in zip(new, old, strict=True) if line != other]


# -- the form ------------------------------------------------------------------------------------------


@each_category
def test_every_category_has_a_form_of_its_declared_fields(site: Site, category: str) -> None:
    one = declared()[category]
    asset_id = "Noob/form.safetensors" if one.chosen_by_id else f"form_{category}"
    slug = "Noob_form_safetensors" if one.chosen_by_id else asset_id
    site.write(f"data/{one.data_folder}/form_{category}.json", {one.id_field: asset_id, one.name_field: "Formed"})
    until(lambda: site.http.get(f"/{category}/{slug}", headers=JSON).status_code == 200)

    page = site.http.get(f"/{category}/{slug}/edit").text

    for field in one.fields:
        outfit = field.section == "wardrobe" and one.has_outfits
        if field.kind not in ("name", "recipe") and field.key != one.id_field and not outfit:
            assert f'name="/{field.path.replace(".", "/")}"' in page, field.path


def test_a_form_that_is_saved_as_it_was_opened_leaves_every_byte(site: Site, slug: str) -> None:
    file = file_of(site, slug)
    before = file.read_bytes()

    answer = site.http.post(f"/characters/{slug}/edit", data=opened(site, slug))

    assert (answer.status_code, answer.headers["location"]) == (303, f"/characters/{slug}")
    assert file.read_bytes() == before


def test_one_field_changed_is_one_line_of_the_file(site: Site, slug: str) -> None:
    file = file_of(site, slug)
    before = file.read_text()

    site.http.post(f"/characters/{slug}/edit", data={**opened(site, slug), "/identity/hair": "short silver hair"})

    assert changed_lines(before, file.read_text()) == ['    "hair": "short silver hair",']
    assert site.get(f"/characters/{slug}")["data"]["identity"]["hair"] == "short silver hair"


def test_F27_unknown_keys_order_indentation_and_line_ends_survive_a_save(site: Site) -> None:
    text = '{\r\n\t"x_first": [1,2],\r\n\t"character_name": "Odd",\r\n\t"character_id": "survives",\r\n'
    text += '\t"identity": {"mood": "sly", "hair": "red hair"},\r\n\t"civitai_deleted": true\r\n}'
    file = site.root / "data/characters/survives.json"
    file.write_bytes(text.encode())
    until(lambda: site.http.get("/characters/survives", headers=JSON).status_code == 200)

    site.http.post("/characters/survives/edit", data={**opened(site, "survives"), "/identity/hair": "blue hair"})

    assert file.read_bytes() == text.replace("red hair", "blue hair").encode()
    assert "identity.mood" in site.http.get("/characters/survives/edit").text


def test_F24_numbers_written_as_they_were_stay_so_when_another_field_is_saved(site: Site) -> None:
    asset = {"checkpoint_path": "Noob/f24.safetensors", "checkpoint_name": "F24", "steps": 25.0, "cfg": "5.5"}
    add(site, "checkpoints", "Noob_f24_safetensors", asset)

    sent = opened(site, "Noob_f24_safetensors", "checkpoints")
    site.http.post("/checkpoints/Noob_f24_safetensors/edit", data={**sent, "/checkpoint_name": "Renamed"})

    text = file_of(site, "Noob_f24_safetensors", "checkpoints").read_text()
    assert '"steps": 25.0' in text
    assert '"cfg": "5.5"' in text
    assert '"checkpoint_name": "Renamed"' in text


def test_F26_null_survives_a_save_of_another_field(site: Site) -> None:
    add(site, "looks", "f26", {"look_id": "f26", "look_name": "F26", "lora": None, "tags": None, "positive": None})

    site.http.post("/looks/f26/edit", data={**opened(site, "f26", "looks"), "/negative": "hat"})

    saved = json.loads(file_of(site, "f26", "looks").read_text())
    assert (saved["lora"], saved["tags"], saved["positive"], saved["negative"]) == (None, None, None, "hat")


def test_F23_a_key_given_twice_changes_only_the_last(site: Site) -> None:
    text = '{\n  "character_id": "f23",\n  "character_name": "First",\n  "character_name": "Second"\n}\n'
    add(site, "characters", "f23", text)

    site.http.post("/characters/f23/edit", data={**opened(site, "f23"), "/character_name": "Third"})

    assert file_of(site, "f23").read_text() == text.replace("Second", "Third")


def test_a_switch_that_is_not_sent_is_off_and_one_that_is_sent_is_on(site: Site, slug: str) -> None:
    site.http.post(f"/characters/{slug}/edit", data={**opened(site, slug), "/tags/nsfw": "on"})
    on = json.loads(file_of(site, slug).read_text())["tags"]["nsfw"]
    sent = opened(site, slug)
    del sent["/tags/nsfw"]

    site.http.post(f"/characters/{slug}/edit", data=sent)

    assert (on, json.loads(file_of(site, slug).read_text())["tags"]["nsfw"]) == (True, False)


def test_what_does_not_fit_comes_back_with_a_sentence_at_each_field_and_all_that_was_typed(site: Site) -> None:
    add(site, "checkpoints", "Noob_bad_safetensors", {"checkpoint_path": "Noob/bad.safetensors"})
    file = file_of(site, "Noob_bad_safetensors", "checkpoints")
    before = file.read_bytes()
    sent = {**opened(site, "Noob_bad_safetensors", "checkpoints"), "/steps": "many", "/cfg": "101", "/vae": "kept.pt"}

    page = site.http.post("/checkpoints/Noob_bad_safetensors/edit", data=sent)
    part = site.http.post("/checkpoints/Noob_bad_safetensors/edit", data=sent, headers=HTMX)
    data = site.http.post("/checkpoints/Noob_bad_safetensors/edit", data=sent, headers=JSON)

    assert (page.status_code, part.status_code, data.status_code) == (400, 400, 400)
    assert "«many» is no number" in page.text
    assert "0 to 100 is allowed" in page.text
    assert 'value="many"' in page.text
    assert 'value="kept.pt"' in page.text
    assert part.text.count("<hx-partial") == 2
    assert [fault["field"] for fault in data.json()["errors"]] == ["/steps", "/cfg"]
    assert file.read_bytes() == before


def test_an_emptied_number_is_null_and_a_list_is_one_item_a_line(site: Site) -> None:
    add(
        site,
        "detailers",
        "lists",
        {"detailer_id": "lists", "detailer_name": "L", "prompt": ["a, b"], "lora": {"lora_weight_min": 0.5}},
    )
    sent = {**opened(site, "lists", "detailers"), "/prompt": "a, b\r\nc\r\n", "/lora/lora_weight_min": ""}

    site.http.post("/detailers/lists/edit", data=sent)

    saved = json.loads(file_of(site, "lists", "detailers").read_text())
    assert saved["prompt"] == ["a, b", "c"]
    assert saved["lora"]["lora_weight_min"] is None


def test_a_program_sets_single_fields_by_their_path(site: Site, slug: str) -> None:
    answer = site.http.post(
        f"/characters/{slug}/edit",
        json={"identity.hair": "red hair", "tags::origin_type": "Game", "participants.solo_focus": True},
        headers=JSON,
    )

    assert answer.status_code == 200
    assert answer.json()["data"]["identity"]["hair"] == "red hair"
    saved = json.loads(file_of(site, slug).read_text())
    assert (saved["tags"]["origin_type"], saved["participants"]["solo_focus"]) == ("Game", True)


def test_a_name_cannot_be_emptied(site: Site, slug: str) -> None:
    answer = site.http.post(f"/characters/{slug}/edit", data={**opened(site, slug), "/character_name": " "})

    assert answer.status_code == 400
    assert "A name is needed." in answer.text


def test_markup_in_a_field_is_text(site: Site, slug: str) -> None:
    nasty = '"><script>alert(1)</script>'

    site.http.post(f"/characters/{slug}/edit", data={**opened(site, slug), "/identity/extra": nasty})
    page = site.http.get(f"/characters/{slug}/edit").text

    assert "<script>alert" not in page
    assert json.loads(file_of(site, slug).read_text())["identity"]["extra"] == nasty


# -- both sides changed --------------------------------------------------------------------------------


def test_a_file_changed_meanwhile_gives_409_with_both_versions_and_overwrites_nothing(site: Site, slug: str) -> None:
    file, sent = file_of(site, slug), opened(site, slug)
    file.write_text(file.read_text().replace("blue eyes", "green eyes"))
    theirs = file.read_bytes()

    answer = site.http.post(f"/characters/{slug}/edit", data={**sent, "/identity/hair": "red hair"})

    assert answer.status_code == 409
    assert "red hair" in answer.text
    assert "green eyes" in answer.text
    assert "garden" not in answer.text  # unchanged fields are hidden
    assert file.read_bytes() == theirs


def test_each_side_keeps_what_only_it_changed_unless_told_otherwise(site: Site, slug: str) -> None:
    file, sent = file_of(site, slug), opened(site, slug)
    file.write_text(file.read_text().replace("blue eyes", "green eyes").replace('"smile"', '"grin"'))
    mine = {**sent, "/identity/hair": "red hair", "/defaults/expression": "frown"}

    page = site.http.post(f"/characters/{slug}/edit", data=mine).text
    checked = dict(re.findall(r'name="(/[^"]*)" id="cf-\d+-[mt]" value="([^"]*)"[^>]* checked', page))
    checked = {name: html.unescape(value) for name, value in checked.items()}
    site.http.post(f"/characters/{slug}/merge", data={**checked, "version": hidden(page, "version")})

    saved = json.loads(file.read_text())
    assert (saved["identity"]["hair"], saved["identity"]["eyes"]) == ("red hair", "green eyes")
    assert saved["defaults"]["expression"] == "frown"


def test_a_file_that_changes_again_is_asked_about_again(site: Site, slug: str) -> None:
    file, sent = file_of(site, slug), opened(site, slug)
    file.write_text(file.read_text().replace("blue eyes", "green eyes"))
    page = site.http.post(f"/characters/{slug}/edit", data={**sent, "/identity/hair": "red hair"}).text
    file.write_text(file.read_text().replace("green eyes", "grey eyes"))

    mix = {"/identity/hair": 'set:"red hair"', "version": hidden(page, "version")}
    answer = site.http.post(f"/characters/{slug}/merge", data=mix)

    assert answer.status_code == 409
    assert "grey eyes" in file.read_text()
    assert "red hair" not in file.read_text()


def test_a_program_gets_both_versions_as_json(site: Site, slug: str) -> None:
    file, sent = file_of(site, slug), opened(site, slug)
    file.write_text(file.read_text().replace("long blonde hair", "bald"))

    answer = site.http.post(f"/characters/{slug}/edit", data={**sent, "/identity/hair": "red hair"}, headers=JSON)

    assert answer.status_code == 409
    assert answer.json()["errors"][0]["code"] == "changed-on-disk"
    assert answer.json()["fields"] == [
        {"name": "/identity/hair", "mine": "red hair", "theirs": "bald", "was": "long blonde hair"}
    ]


def test_texts_that_both_changed_are_compared_field_by_field(site: Site, slug: str) -> None:
    file = file_of(site, slug)
    page = site.http.get(f"/characters/{slug}/edit?tab=json").text
    base, version = file.read_text(), hidden(page, "version")
    file.write_text(base.replace("blue eyes", "green eyes"))
    mine = base.replace("long blonde hair", "red hair")

    answer = site.http.post(f"/characters/{slug}/save_json", data={"json": mine, "version": version, "base_text": base})

    assert answer.status_code == 409
    assert re.search(r'name="/identity/hair"[^>]*value="set:[^"]*red hair[^"]*"[^>]*checked', answer.text)
    assert re.search(r'name="/identity/eyes"[^>]*value="keep"[^>]*checked', answer.text)


def test_a_field_of_an_outfit_that_went_away_meanwhile_is_asked_about(site: Site, slug: str) -> None:
    file, sent = file_of(site, slug), opened(site, slug)
    asset = json.loads(file.read_text())
    del asset["wardrobe"]["travel"]
    file.write_text(json.dumps(asset, indent=2) + "\n")

    answer = site.http.post(f"/characters/{slug}/edit", data={**sent, "/wardrobe/travel/top": "red coat"})

    assert answer.status_code == 409
    assert "red coat" in answer.text


# -- the text of a file --------------------------------------------------------------------------------


def test_a_text_is_checked_with_line_and_column_without_being_saved(site: Site, slug: str) -> None:
    file = file_of(site, slug)
    before = file.read_text()
    text = before.replace('"blue eyes"', '"blue eyes",,')

    part = site.http.post(f"/characters/{slug}/check_json", data={"json": text}, headers=HTMX)
    data = site.http.post(f"/characters/{slug}/check_json", data={"json": text}, headers=JSON).json()

    assert "Line 7, column 2" in part.text
    assert 'hx-target="#marks"' in part.text
    assert (data["usable"], data["problems"][0]["line"]) == (False, 7)
    assert file.read_text() == before


def test_a_text_that_cannot_be_used_is_422_and_stays_in_the_page(site: Site, slug: str) -> None:
    page = site.http.get(f"/characters/{slug}/edit?tab=json").text
    text = file_of(site, slug).read_text().replace('"1F"', "[1]")

    answer = site.http.post(f"/characters/{slug}/save_json", data={"json": text, "version": hidden(page, "version")})

    assert answer.status_code == 422
    assert "orientation is a list" in answer.text
    assert "[1]" in answer.text
    assert "[1]" not in file_of(site, slug).read_text()


@pytest.mark.parametrize(
    ("tail", "says"),
    [("\x00" * 200, "column"), ('{"a": 1}', "after the end")],
    ids=["F20", "F21"],
)
def test_what_follows_the_end_of_a_text_is_named(site: Site, slug: str, tail: str, says: str) -> None:
    text = file_of(site, slug).read_text() + tail

    answer = site.http.post(f"/characters/{slug}/check_json", data={"json": text}, headers=JSON).json()

    assert not answer["usable"]
    assert answer["problems"][0]["line"]
    assert says in answer["problems"][0]["message"] or says == "column"


def test_F25_a_number_too_large_is_out_of_range_with_its_line(site: Site) -> None:
    text = '{\n  "checkpoint_path": "Noob/f25.safetensors",\n  "cfg": 1e400\n}\n'

    answer = site.http.post("/checkpoints/none/check_json", data={"json": text}, headers=JSON).json()

    assert (answer["usable"], answer["problems"][0]["line"]) == (False, 3)
    assert "out of range" in answer["problems"][0]["message"]


def test_F22_nan_is_named_with_its_field(site: Site, slug: str) -> None:
    text = file_of(site, slug).read_text().replace("{\n", '{\n  "lora": {"lora_weight": NaN},\n', 1)

    answer = site.http.post(f"/characters/{slug}/check_json", data={"json": text}, headers=JSON).json()

    assert answer["problems"][0]["line"] == 2


def test_F19_a_file_that_was_never_good_is_mended_on_its_page(site: Site) -> None:
    site.write("data/characters/never_good.json", "")
    until(lambda: "never_good.json" in site.http.get("/problems").text)
    problems = site.http.get("/problems").text
    where = re.search(r'href="(/characters/[^"]*/edit\?tab=json)"', problems[problems.index("never_good.json") :])
    assert where
    page = site.http.get(where[1])
    href = where[1].removesuffix("/edit?tab=json")

    text = json.dumps(character("never_good"))
    answer = site.http.post(f"{href}/save_json", data={"json": text, "version": hidden(page.text, "version")})

    assert page.status_code == 200
    assert (answer.status_code, answer.headers["location"]) == (303, "/characters/never_good")
    until(lambda: "never_good.json" not in site.http.get("/problems").text, what="the problem's end")


def test_a_file_that_broke_has_its_text_instead_of_a_form(site: Site, slug: str) -> None:
    file = file_of(site, slug)
    file.write_text(file.read_text()[:-3])

    page = site.http.get(f"/characters/{slug}/edit")

    assert page.status_code == 200
    assert "The form waits until this file can be read" in page.text


# -- what cannot be written ----------------------------------------------------------------------------


def test_F29_a_full_disk_is_507_the_old_file_is_whole_and_what_was_typed_is_kept(
    own_site: Callable[..., Site],
) -> None:
    """A process that may write no more than a few bytes to a file stands for a full disk."""
    site = own_site()
    file = site.root / "data/characters/alice.json"
    before = file.read_bytes()
    sent = {**opened(site, "alice"), "/identity/hair": "typed and not lost"}
    whole = {"json": file.read_text().replace("blue eyes", "typed here too"), "version": sent["version"]}
    resource.prlimit(site.children()["web"], resource.RLIMIT_FSIZE, (16, resource.RLIM_INFINITY))

    page = site.http.post("/characters/alice/edit", data=sent)
    part = site.http.post("/characters/alice/edit", data=sent, headers=HTMX)
    text = site.http.post("/characters/alice/save_json", data=whole)
    data = site.http.post("/characters/alice/edit", data=sent, headers=JSON)

    assert [answer.status_code for answer in (page, part, text, data)] == [507, 507, 507, 507]
    assert "typed and not lost" in page.text
    assert "Not saved." in page.text
    assert "typed here too" in text.text
    assert "<form" not in part.text  # the page is still there with what was typed
    assert file.read_bytes() == before
    assert [found.name for found in file.parent.iterdir() if found.name.startswith(".gaze")] == []


def test_a_folder_that_is_away_is_503_and_what_was_typed_is_kept(own_site: Callable[..., Site]) -> None:
    site = own_site()
    sent = {**opened(site, "alice"), "/identity/hair": "typed and not lost"}
    file = site.root / "data/characters/alice.json"
    before = file.read_bytes()
    (site.root / "data").rename(site.root / "away")

    page = site.http.post("/characters/alice/edit", data=sent)
    (site.root / "away").rename(site.root / "data")

    assert page.status_code == 503
    assert "typed and not lost" in page.text
    assert "grey coat" in page.text  # outfits as they were opened
    assert file.read_bytes() == before


# -- new ones and other names --------------------------------------------------------------------------


def test_a_new_asset_gets_a_file_of_its_name_in_its_folder_and_opens_its_form(site: Site) -> None:
    page = site.http.get("/styles/create")

    answer = site.http.post("/styles/create", data={"name": "Ink Wash", "group": "dry media"})

    assert "New style" in page.text
    assert (answer.status_code, answer.headers["location"]) == (303, "/styles/ink_wash/edit")
    saved = json.loads((site.root / "data/styles/dry_media/ink_wash.json").read_text())
    assert (saved["style_id"], saved["style_name"]) == ("ink_wash", "Ink Wash")


def test_F44_a_name_that_no_system_takes_gives_a_safe_file_and_is_kept(site: Site) -> None:
    answer = site.http.post("/scenes/create", data={"name": 'te/st: "x"? '}, headers=JSON).json()

    assert re.fullmatch(r"data/scenes/[\w()-]+\.json", answer["path"])
    assert answer["name"] == 'te/st: "x"?'
    assert (site.root / answer["path"]).exists()


@pytest.mark.parametrize("name", ["../x", "CON", "e\u0301tude", "x" * 290, "🙂", "' \" `", "<script>alert(1)</script>"])
def test_any_name_is_stored_shown_and_addressed_safely(site: Site, name: str) -> None:
    made = site.http.post("/outfits/create", data={"name": name}, headers=JSON).json()
    page = site.http.get(f"/outfits/{made['slug']}/edit")

    assert page.status_code == 200
    assert made["name"] == name
    assert "<script>alert" not in page.text
    assert (site.root / made["path"]).resolve().is_relative_to(site.root / "data/clothing")


def test_no_name_gives_the_form_again(site: Site) -> None:
    answer = site.http.post("/scenes/create", data={"name": " ", "group": "kept"})

    assert answer.status_code == 400
    assert "A name is needed." in answer.text
    assert 'value="kept"' in answer.text


def test_a_new_asset_can_begin_as_a_copy_without_lora_or_as_pasted_json(site: Site) -> None:
    add(
        site, "actions", "source", {"action_id": "source", "x": 1, "action": {"arms": "up"}, "lora": {"lora_name": "a"}}
    )

    copy = {"name": "Copied", "from": "copy", "copy_of": "source"}
    site.http.post("/actions/create", data=copy)
    pasted = {"name": "Pasted", "from": "json", "json": '{"action": {"arms": "down"}}'}
    site.http.post("/actions/create", data=pasted)
    wrong = site.http.post("/actions/create", data={**pasted, "name": "Wrong", "json": '{"action": '})

    copied = json.loads((site.root / "data/actions/copied.json").read_text())
    assert (copied["x"], copied["action"]["arms"], "lora" in copied) == (1, "up", False)
    assert json.loads((site.root / "data/actions/pasted.json").read_text())["action"]["arms"] == "down"
    assert wrong.status_code == 422
    assert "line 1, column 12" in wrong.text


def test_a_checkpoint_is_made_from_its_model_file_with_the_usual_settings(site: Site) -> None:
    answer = site.http.post("/checkpoints/create", data={"file": "Noob\\fresh_v1.safetensors"}, headers=JSON).json()

    saved = json.loads((site.root / answer["path"]).read_text())
    assert (answer["id"], answer["name"]) == ("Noob/fresh_v1.safetensors", "fresh_v1")
    assert (saved["steps"], saved["cfg"], saved["vae"]) == (25, 5.0, "integrated")


def test_F27_a_copy_has_an_id_of_its_own_and_keeps_unknown_keys(site: Site) -> None:
    add(site, "scenes", "original", {"scene_id": "original", "scene_name": "Original", "civitai_deleted": True})

    answer = site.http.post("/scenes/original/clone")

    copy = json.loads((site.root / "data/scenes/original_copy.json").read_text())
    assert answer.headers["location"] == "/scenes/original_copy/edit"
    assert (copy["scene_id"], copy["scene_name"], copy["civitai_deleted"]) == ("original_copy", "Original copy", True)


def test_a_rename_takes_state_images_and_every_reference_along(site: Site) -> None:
    add(site, "characters", "oldname", character("oldname"))
    add(site, "looks", "of_old", {"look_id": "of_old", "look_name": "Of old", "character_id": "oldname"})
    recipe = {
        "character": "oldname",
        "subject": "characters/oldname",
        "weights": {"characters/oldname": 0.7, "scenes/beach": 0.5},
        "off": ["scenes/beach", "characters/oldname"],
        "x_note": "oldname",
    }
    add(site, "presets", "with_old", {"preset_id": "with_old", "preset_name": "W", "recipe": recipe})
    site.post("/characters/oldname/favourite")
    site.http.post("/characters/oldname/upload", files={"image": ("a.png", png())})
    preset = file_of(site, "with_old", "presets").read_text()
    form = site.http.get("/characters/oldname/rename").text

    answer = site.post("/characters/oldname/rename", name="New Name", id="newname").json()

    assert "Of old" in form
    assert (answer["slug"], answer["path"]) == ("newname", "data/characters/newname.json")
    assert {"data/looks/of_old.json", "data/presets/with_old.json"} <= set(answer["changed"])
    assert json.loads(file_of(site, "of_old", "looks").read_text())["character_id"] == "newname"
    assert changed_lines(preset, file_of(site, "with_old", "presets").read_text()) == [
        '    "character": "newname",',
        '    "subject": "characters/newname",',
        '      "characters/newname": 0.7,',
        '      "characters/newname"',
    ]
    card = site.get("/characters/newname")
    assert (card["is_favourite"], card["images"]) == (True, 1)
    assert site.http.get("/characters/oldname").status_code == 404


def test_a_rename_to_an_id_that_is_taken_is_refused_in_the_form(site: Site, slug: str) -> None:
    answer = site.http.post(f"/characters/{slug}/rename", data={"name": "Alice 2", "id": "alice"})

    assert answer.status_code == 409
    assert "already" in answer.text
    assert file_of(site, slug).exists()


def test_a_new_name_alone_is_one_line_and_keeps_id_and_file(site: Site, slug: str) -> None:
    before = file_of(site, slug).read_text()

    answer = site.http.post(f"/characters/{slug}/rename", data={"name": "Another", "id": slug})

    assert answer.status_code == 303
    assert changed_lines(before, file_of(site, slug).read_text()) == ['  "character_name": "Another",']


# -- covers --------------------------------------------------------------------------------------------


def png(width: int = 32, height: int = 48) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), (90, 120, 200)).save(out, "PNG")
    return out.getvalue()


def huge_png(width: int = 60_000, height: int = 60_000) -> bytes:
    """A PNG of a few bytes whose header promises billions of pixels."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0")), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


def test_an_uploaded_image_becomes_the_cover_and_stays_among_the_images(site: Site, slug: str) -> None:
    answer = site.http.post(f"/characters/{slug}/upload", files={"image": ("../../my pic.png", png())})

    card = site.get(f"/characters/{slug}")
    assert answer.status_code == 303
    assert card["cover"].startswith(f"/static/uploads/characters/{slug}/")
    assert (card["images"], ".." in card["cover"]) == (1, False)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"),
        ("a.xhtml", b"<html/>"),
        ("a.png", b"<!doctype html><script>alert(1)</script>"),
        ("a.png", png()[:60]),
    ],
    ids=["svg", "xhtml", "html_named_png", "cut_off"],
)
def test_F93_what_is_no_image_by_content_is_415_and_leaves_nothing(
    site: Site, slug: str, name: str, content: bytes
) -> None:
    answer = site.http.post(f"/characters/{slug}/upload", files={"image": (name, content)})

    assert answer.status_code == 415
    assert not (site.root / f"static/uploads/characters/{slug}").exists()
    assert site.get(f"/characters/{slug}")["cover"] is None


def test_F58_too_many_pixels_are_413_before_one_is_read(site: Site, slug: str) -> None:
    answer = site.http.post(f"/characters/{slug}/upload", files={"image": ("bomb.png", huge_png())})

    assert answer.status_code == 413
    assert "too many pixels" in answer.text
    assert not (site.root / f"static/uploads/characters/{slug}").exists()


def test_F97_an_upload_over_the_limit_is_413_in_words(own_site: Callable[..., Site]) -> None:
    site = own_site(GAZE_MAX_UPLOAD_MIB="1")

    answer = site.http.post("/characters/alice/upload", files={"image": ("big.png", b"\0" * (2 * 2**20))})

    assert answer.status_code == 413
    assert "at most 1 MiB are taken" in answer.text
    assert not (site.root / "static/uploads/characters/alice").exists()


def test_no_file_at_all_is_told(site: Site, slug: str) -> None:
    answer = site.http.post(f"/characters/{slug}/upload", files={"other": ("a.png", png())})

    assert answer.status_code == 400
    assert "Choose an image first" in answer.text


def test_any_of_its_images_can_become_the_cover(site: Site, slug: str) -> None:
    for name in ("one.png", "two.png"):
        site.http.post(f"/characters/{slug}/upload", files={"image": (name, png())})
    page = site.http.get(f"/characters/{slug}?tab=images").text
    other = re.search(r'name="image" value="([^"]*one[^"]*)"', page)
    assert other

    site.post(f"/characters/{slug}/cover", image=other[1])

    assert site.get(f"/characters/{slug}")["cover"].endswith(other[1])


# -- outfits -------------------------------------------------------------------------------------------


def test_outfits_are_added_renamed_worn_and_deleted(site: Site, slug: str) -> None:
    href = f"/characters/{slug}/outfit"

    first = site.post(f"{href}/add", name="Winter")
    assert first.status_code == 200, first.text
    added = first.json()["outfits"]
    copied = site.post(f"{href}/add", copy_of="travel").json()["outfits"]
    renamed = site.post(f"{href}/rename", name="travel", new_name="Road").json()["outfits"]
    site.post(f"{href}/switch", name="Road")
    worn = json.loads((site.root / f"data/state/characters/{slug}.json").read_text())["character_outfit"]
    deleted = site.post(f"{href}/delete", name="Winter").json()["outfits"]

    assert added == ["default", "travel", "Winter"]
    assert copied[-1] == "travel copy"
    assert renamed == ["default", "Road", "Winter", "travel copy"]
    assert worn == "Road"
    assert deleted == ["default", "Road", "travel copy"]
    assert json.loads(file_of(site, slug).read_text())["wardrobe"]["travel copy"] == {
        "top": "grey coat",
        "headwear": "hat",
    }


def test_recipes_follow_an_outfit_to_its_new_name(site: Site, slug: str) -> None:
    recipe = {"character": slug, "character_outfit": "travel"}
    add(site, "presets", f"p_{slug}"[:40], {"preset_id": f"p_{slug}"[:40], "recipe": recipe})

    answer = site.post(f"/characters/{slug}/outfit/rename", name="travel", new_name="Road").json()

    assert answer["changed"] == [f"data/presets/{f'p_{slug}'[:40]}.json"]
    saved = json.loads(file_of(site, f"p_{slug}"[:40], "presets").read_text())
    assert saved["recipe"]["character_outfit"] == "Road"


def test_a_flat_wardrobe_is_edited_where_it_stands(site: Site) -> None:
    flat = {"character_id": "flat", "character_name": "Flat", "wardrobe": {"top": "shirt", "bottom": "skirt"}}
    add(site, "characters", "flat", flat)

    site.http.post("/characters/flat/edit", data={**opened(site, "flat"), "/wardrobe/top": "vest"})
    edited = json.loads(file_of(site, "flat").read_text())["wardrobe"]
    site.post("/characters/flat/outfit/rename", name="default", new_name="Home")

    assert edited == {"top": "vest", "bottom": "skirt"}
    assert json.loads(file_of(site, "flat").read_text())["wardrobe"] == {"Home": edited}


@pytest.mark.parametrize(
    ("act", "form", "status"),
    [
        ("add", {"name": "travel"}, 409),
        ("add", {"name": " "}, 400),
        ("add", {"name": "top"}, 400),
        ("delete", {"name": "nothing"}, 404),
        ("rename", {"name": "travel", "new_name": "default"}, 409),
        ("switch", {"name": "nothing"}, 404),
    ],
)
def test_outfits_that_cannot_be_are_refused(site: Site, slug: str, act: str, form: dict[str, str], status: int) -> None:
    before = file_of(site, slug).read_bytes()

    assert site.post(f"/characters/{slug}/outfit/{act}", **form).status_code == status
    assert file_of(site, slug).read_bytes() == before


def test_a_category_without_outfits_has_none_to_add(site: Site) -> None:
    assert site.post("/scenes/beach/outfit/add", name="x").status_code == 404


# -- recipes -------------------------------------------------------------------------------------------


def test_a_presets_recipe_is_edited_in_the_same_form(site: Site) -> None:
    add(site, "presets", "recipe", {"preset_id": "recipe", "preset_name": "R", "recipe": {"character": "alice"}})
    sent = {
        **opened(site, "recipe", "presets"),
        "/recipe/character": "__random__",
        "/recipe/scenes": "beach, __random__",
        "/recipe/weights": "scenes/beach = 0,5".replace(",", "."),
        "/recipe/off": "characters/alice",
        "/recipe/fields": "identity::hair\nidentity::eyes",
        "/recipe/seed": str(2**64 - 1),
        "/recipe/count": "4",
        "/recipe/cfg": "6.5",
    }
    del sent["/recipe/detail_face"]

    site.http.post("/presets/recipe/edit", data=sent)

    assert json.loads(file_of(site, "recipe", "presets").read_text())["recipe"] == {
        "character": "__random__",
        "scenes": ["beach", "__random__"],
        "count": 4,
        "seed": 2**64 - 1,
        "cfg": 6.5,
        "fields": ["identity::hair", "identity::eyes"],
        "off": ["characters/alice"],
        "weights": {"scenes/beach": 0.5},
        "detail_face": False,
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [("count", "21"), ("seed", "18446744073709551616"), ("weights", "beach"), ("weights", "a = 200"), ("steps", "0")],
)
def test_a_recipes_value_out_of_range_is_named(site: Site, field: str, value: str) -> None:
    answer = site.http.post("/presets/evening/edit", json={f"recipe.{field}": value}, headers=JSON)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == f"/recipe/{field}"


# -- completion ----------------------------------------------------------------------------------------


def test_loras_complete_to_those_that_files_and_servers_name(site: Site) -> None:
    lora = {"lora_name": "Illustrious/Looks/Costume&Appearance/rare_name.safetensors"}
    add(site, "looks", "with_lora", {"look_id": "with_lora", "lora": lora})

    found = site.get("/complete?q=rare_name&kind=lora")["words"]
    page = site.http.get("/looks/with_lora/edit").text

    assert [word["text"] for word in found] == [lora["lora_name"]]
    assert "Costume&amp;Appearance" in page
    assert "amp;amp" not in page  # F99


def test_choices_complete_to_assets_and_random(site: Site) -> None:
    found = site.get("/complete?q=&kind=choice:scenes")["words"]

    assert found[0]["text"] == "__random__"
    assert "beach" in [word["text"] for word in found]


def test_samplers_complete_to_what_the_servers_list(site: Site) -> None:
    found = until(lambda: site.get("/complete?q=euler_a&kind=option:sampler_name")["words"], what="the samplers")

    assert "euler_ancestral" in [word["text"] for word in found]


# -- what is not there ---------------------------------------------------------------------------------


def test_unknown_categories_and_assets_are_404(site: Site) -> None:
    for path in ("/nothing/x/edit", "/characters/nobody/edit", "/nothing/create", "/characters/nobody/rename"):
        assert site.http.get(path).status_code == 404, path
    assert isinstance(site.http.post("/characters/nobody/edit", data={"/identity/hair": "x"}), httpx.Response)
    assert site.post("/characters/nobody/save_json", json="{}").status_code == 404
