"""The generator over HTTP: pages, fragments, JSON; acts, history, presets."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.library.make import png
from tests.site import JSON, Site, until

HTMX = {"HX-Request": "true"}


def ask(site: Site, **query: Any) -> Any:
    answer = site.http.get("/generator", params=query, headers=JSON)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_address_holds_the_choice_and_the_prompt_follows_it(site: Site) -> None:
    asked = ask(site, character="alice", scenes=["beach"], extra_positive="film grain")

    assert asked["recipe"]["character"] == "alice"
    assert "long blonde hair" in asked["main"]
    assert asked["main"].endswith("film grain")
    assert asked["url"] == "/generator?character=alice&scenes=beach&extra_positive=film+grain"


def test_an_act_leads_to_the_changed_address_without_script(site: Site) -> None:
    answer = site.http.get("/generator", params={"character": "alice", "add": "scenes/beach"})

    assert answer.status_code == 303
    assert answer.headers["location"] == "/generator?character=alice&scenes=beach"


def test_htmx_gets_rows_prompt_and_the_new_address(site: Site) -> None:
    headers = {**HTMX, "HX-Current-URL": f"{site.url}/generator?character=alice"}

    answer = site.http.get("/generator", params={"character": "alice", "add": "scenes/beach"}, headers=headers)

    assert answer.headers["HX-Push-Url"] == "/generator?character=alice&scenes=beach"
    assert 'hx-target="#preview"' in answer.text
    assert 'value="beach"' in answer.text
    assert "<html" not in answer.text


def test_nothing_is_pushed_where_the_address_says_so_already(site: Site) -> None:
    headers = {**HTMX, "HX-Current-URL": f"{site.url}/generator?character=alice"}

    answer = site.http.get("/generator", params={"character": "alice", "open": "scenes"}, headers=headers)

    assert "HX-Push-Url" not in answer.headers
    assert 'id="pg-scenes"' in answer.text
    assert 'id="pg-styles"' not in answer.text


def test_a_search_in_a_row_finds(site: Site) -> None:
    answer = site.http.get("/generator", params={"open": "characters", "q:characters": "mira"}, headers=HTMX)

    assert "Mira Vale" in answer.text
    assert "Sora" not in answer.text


def test_a_weight_that_is_the_assets_own_is_no_override(site: Site) -> None:
    lora = {"lora_name": "a.safetensors", "lora_weight": 0.7}
    site.write("data/styles/weighted.json", {"style_id": "weighted", "style_name": "Weighted", "lora": lora})
    until(lambda: site.http.get("/styles/weighted").status_code == 200, what="the style")

    own = ask(site, styles="weighted", **{"weight:styles/weighted": "0.7"})
    other = ask(site, styles="weighted", **{"weight:styles/weighted": "0.4"})

    assert own["recipe"]["weights"] == {}
    assert other["recipe"]["weights"] == {"styles/weighted": 0.4}


def test_what_is_not_there_is_said_in_place_of_a_prompt(site: Site) -> None:
    asked = ask(site, character="alicia")

    assert asked["main"] == ""
    assert "alicia" in asked["errors"][0]


@pytest.mark.parametrize(
    ("query", "status", "word"),
    [
        ({"seed": "-7"}, 400, "seed"),
        ({"recipe": "{"}, 400, "JSON"),
        ({"add": "nothing/x"}, 404, "nothing"),
        ({"apply": "presets/evening", "how": "x"}, 400, "stack"),
        ({"apply": "presets/none"}, 404, "none"),
    ],
)
def test_bad_input_gets_a_sentence(site: Site, query: dict[str, str], status: int, word: str) -> None:
    answer = site.http.get("/generator", params=query, headers=JSON)

    assert answer.status_code == status
    assert word in answer.json()["errors"][0]["message"]


def test_a_preset_is_laid_over_what_is_chosen(site: Site) -> None:
    stacked = ask(site, actions="waving", apply="presets/evening", how="stack")["recipe"]
    replaced = ask(site, actions="waving", apply="presets/evening", how="replace")["recipe"]

    assert (stacked["character"], stacked["actions"], stacked["scenes"]) == ("alice", ["waving"], ["beach"])
    assert replaced["actions"] == []


def test_pictures_are_queued_remembered_and_kept_by_the_generator(site: Site) -> None:
    answer = site.post("/generator", character="alice", extra_positive="a mark of this test", seed="77", size="256x256")
    (job,) = answer.json()["job_ids"]
    done = site.wait(job)

    assert done["result"]["relative_path"].startswith("generator/")
    entry = site.get("/generator/history")["recipes"][0]
    assert (entry["seed"], entry["recipe"]["character"]) == (77, "alice")
    assert "a mark of this test" in entry["positive"]
    name = done["result"]["relative_path"].rpartition("/")[2]
    until(lambda: name in site.http.get("/generator/outs", headers=HTMX).text, what="the picture on the page")


def test_the_same_recipe_is_remembered_once(site: Site) -> None:
    for _ in range(2):
        site.wait(site.post("/generator", scenes="beach", extra_positive="twice", size="256x256").json()["job_ids"][0])

    kept = [entry for entry in site.get("/generator/history")["recipes"] if "twice" in entry["positive"]]

    assert len(kept) == 1


def test_a_mistake_queues_nothing(site: Site) -> None:
    before = site.get("/queue")["queued_total"]

    answer = site.post("/generator", character="nobody_at_all", count="3")

    assert answer.status_code == 422
    assert "nobody_at_all" in answer.json()["errors"][0]["message"]
    assert site.get("/queue")["queued_total"] == before


def test_what_is_chosen_becomes_a_preset(site: Site) -> None:
    form = {"name": "Saved here", "character": "alice", "scenes": "beach", "seed": "5", "detail_hands": "off"}

    answer = site.post("/generator/save", **form)

    saved = site.get(f"/presets/{answer.json()['slug']}")["data"]["recipe"]
    assert (saved["character"], saved["scenes"], saved["detail_hands"]) == ("alice", ["beach"], False)
    assert saved["seed"] is None
    pinned = site.post("/generator/save", **form | {"name": "Pinned here"}, pinned="on").json()["slug"]
    assert site.get(f"/presets/{pinned}")["data"]["recipe"]["seed"] == 5


def test_a_preset_without_a_name_is_asked_for_one(site: Site) -> None:
    answer = site.http.post("/generator/save", data={"name": " ", "character": "alice"}, headers=HTMX)

    assert answer.status_code in (400, 422)
    assert "hint bad" in answer.text
    assert 'value="alice"' in answer.text


def test_the_prompt_follows_typing_and_so_does_the_address(site: Site) -> None:
    answer: httpx.Response = site.http.post(
        "/generator/preview_prompt", data={"character": "alice", "extra_positive": "fog"}, headers=HTMX
    )

    assert ">fog</span>" in answer.text
    assert answer.headers["HX-Replace-Url"] == "/generator?character=alice&extra_positive=fog"


def test_what_is_kept_most_comes_first_when_asked(site: Site) -> None:
    for slug in ("aa_thrown", "zz_kept"):
        site.write(f"data/styles/{slug}.json", {"style_id": slug, "style_name": slug})
        for number in range(3):
            (site.root / "static/uploads/styles" / slug).mkdir(parents=True, exist_ok=True)
            (site.root / f"static/uploads/styles/{slug}/{number}.png").write_bytes(png())
            sidecar = {"is_favourite": slug == "zz_kept", "assets": {"styles": [slug]}}
            site.write(f"static/uploads/styles/{slug}/{number}.png.json", sidecar)
    until(lambda: site.get("/styles/zz_kept").get("images") == 3, what="the images")

    def first(order: str) -> str:
        query = {"open": "styles", "q:styles": "_", "order:styles": order}
        text = site.http.get("/generator", params=query, headers=HTMX).text
        return min(("aa_thrown", "zz_kept"), key=lambda slug: text.index(f'title="{slug}"'))

    assert first("name") == "aa_thrown"
    until(lambda: first("kept") == "zz_kept", what="the kept one first")
