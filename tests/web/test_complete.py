"""What a prompt may go on with: one list of Danbooru's tags, the user's own, wildcards and LoRA triggers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.site import JSON, Site, character, until


def words(site: Site, q: str, kind: str = "tags") -> list[dict[str, Any]]:
    answer = site.http.get("/complete", params={"q": q, "kind": kind}, headers=JSON)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["words"])


def texts(site: Site, q: str) -> list[str]:
    return [word["text"] for word in words(site, q)]


def related(site: Site, tag: str, has: str = "") -> list[str]:
    found = site.http.get("/complete/related", params={"tag": tag, "has": has}, headers=JSON).json()["words"]
    return [word["text"] for word in found]


def save(site: Site, slug: str, **identity: str) -> None:
    site.write(f"data/characters/{slug}.json", character(slug, **identity))
    until(lambda: site.http.get(f"/characters/{slug}").status_code == 200, what="the character")


def test_tags_come_with_category_colour_and_count_most_used_first(site: Site) -> None:
    found = words(site, "blue e")

    assert found[0]["text"] == "blue eyes"
    assert (found[0]["kind"], found[0]["hue"], found[0]["note"]) == ("general", "general", "1.8M")


def test_a_tag_found_by_an_alias_says_so(site: Site) -> None:
    assert [(word["text"], word["alias"]) for word in words(site, "silver ha")][0] == ("grey hair", "silver hair")


def test_f02_faces_keep_their_underscore_and_other_suggestions_do_not(site: Site) -> None:
    assert ">_<" in texts(site, ">_")
    assert "^_^" in texts(site, "^_")
    assert "0_0" in texts(site, "0_")
    assert texts(site, "upper_bod")[0] == "upper body"


def test_f02_what_the_user_typed_with_underscores_is_offered_so(site: Site) -> None:
    save(site, "scored", extra="zz_score_9")

    assert texts(site, "zz score") == ["zz_score_9"]


def test_f03_brackets_of_a_suggestion_are_escaped_and_shown_without(site: Site) -> None:
    (found,) = words(site, "tracer")

    assert (found["text"], found["shown"], found["hue"]) == (
        "tracer \\(overwatch\\)",
        "tracer (overwatch)",
        "character",
    )


def test_f17_what_is_typed_in_a_weighted_box_is_found(site: Site) -> None:
    assert "very long hair" in texts(site, "(v:0.5)")


def test_a_slip_of_the_finger_is_forgiven(site: Site) -> None:
    assert texts(site, "blodne hai")[0] == "blonde hair"


def test_a_tag_of_ones_own_is_offered_as_soon_as_a_file_has_it(site: Site) -> None:
    before = texts(site, "quokka")

    save(site, "quokka_friend", extra="(quokka stripes:1.2)")

    assert before == []
    assert [(w["text"], w["kind"], w["note"]) for w in words(site, "quokka")] == [("quokka stripes", "yours", "1")]


def test_ones_own_use_lifts_a_tag(site: Site) -> None:
    before = texts(site, "purple")
    own = before[-1]

    for number in range(3):
        save(site, f"uses_own{number}", extra=own)

    assert before.index(own) > 0
    assert texts(site, "purple").index(own) < before.index(own)


def test_wildcards_are_in_the_list(site: Site) -> None:
    site.write("data/wildcards/zcolours/eyes.txt", "red\nblue\n")

    found = until(lambda: words(site, "__zcol"), what="the wildcard")

    assert (found[0]["text"], found[0]["kind"]) == ("__zcolours/eyes__", "wildcard")
    assert "__zcolours/eyes__" in texts(site, "zcol")


def test_a_lora_is_found_by_name_and_puts_in_its_triggers(site: Site) -> None:
    lora = {"lora_name": "Styles/zsketchy_v3.safetensors", "lora_triggers": "zsk style, rough lines"}
    site.write("data/styles/zsketchy.json", {"style_id": "zsketchy", "style_name": "Z", "lora": lora})

    (found,) = until(lambda: words(site, "zsketchy"), what="the style")

    assert (found["text"], found["kind"], found["shown"]) == ("zsk style, rough lines", "LoRA", "zsketchy_v3")


def test_what_goes_with_a_tag_comes_from_assets_and_leaves_out_what_is_there(site: Site) -> None:
    for number in range(3):
        save(site, f"pirate{number}", extra="zpirate, ztricorne, zcutlass")

    assert set(related(site, "zpirate")) >= {"ztricorne", "zcutlass"}
    assert related(site, "(zpirate:1.2)")[:2] == related(site, "zpirate")[:2]
    assert "zcutlass" not in related(site, "zpirate", "zpirate, Zcutlass")


def test_what_goes_with_a_tag_comes_from_images_too(own_site: Callable[..., Site], tmp_path: Path) -> None:
    from PIL import Image

    site = own_site()
    folder = site.root / "static/uploads/characters/alice"
    folder.mkdir(parents=True)
    for number in range(3):
        Image.new("RGB", (8, 8)).save(folder / f"{number}.png")
        (folder / f"{number}.png.json").write_text(json.dumps({"positive": "1girl, zmoon, zlantern"}))

    until(lambda: "zlantern" in related(site, "zmoon"), what="the images' prompts")

    assert words(site, "zlant")[0]["note"] == "3"


@pytest.mark.parametrize("q", ["", " ", "(((((", "\\", "<script>", "é" * 200, "%00", "__", "a" * 5000])
def test_nothing_typed_is_too_odd(site: Site, q: str) -> None:
    page = site.http.get("/complete", params={"q": q, "kind": "tags"}, headers={"HX-Request": "true"})

    assert page.status_code == 200
    assert "<script>" not in page.text


# -- the list in the settings ---------------------------------------------------------------------------


def test_a_list_is_imported_on_the_settings_page(own_site: Callable[..., Site]) -> None:
    site = own_site()
    csv = b'zzyzx,3,120,"zz top"\nbroken,x,1,\n'

    answer = site.http.post("/settings/tags", files={"file": ("mine.csv", csv)}, headers={"HX-Request": "true"})

    assert "The list holds 1 tag now. 1 row was left out." in answer.text
    assert "line 2" in answer.text
    assert [(w["text"], w["hue"], w["alias"]) for w in words(site, "zz to")] == [("zzyzx", "series", "zz top")]
    assert site.http.get("/settings/tags", headers=JSON).json() == {"tags": 1, "own": True}


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"only,words,here\n"])
def test_what_is_no_list_is_400_in_words(site: Site, content: bytes) -> None:
    answer = site.http.post("/settings/tags", files={"file": ("mine.csv", content)}, headers=JSON)

    assert answer.status_code == 400
    assert site.http.post("/settings/tags", data={}, headers=JSON).status_code == 400
