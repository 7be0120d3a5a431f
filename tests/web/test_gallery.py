"""The gallery over HTTP: filters, windows, marks, images from elsewhere; faults F39, F58 to F60, F93, F112."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.conftest import library
from tests.core.metadata.test_readers import PARAMETERS
from tests.library.make import png
from tests.library.makeimages import with_chunks
from tests.library.test_images import bomb
from tests.site import JSON, Site, character, until

HX = {"HX-Request": "true"}


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site of its own, whose images no other test adds to."""
    made = Site(library(tmp_path_factory.mktemp("gallery")), {"GAZE_API_KEY": "test-key"})
    for number in range(70):
        put(
            made,
            f"characters/alice/{number:03}.png",
            created=f"2026-10-{number % 28 + 1:02}T10:00:00Z",
            positive="red hair",
        )
    made.start()
    until(lambda: found(made)["total"] == 70, what="all images")
    yield made
    made.stop()


def put(site: Site, path: str, *, content: bytes = b"", wait: bool = False, **sidecar: Any) -> str:
    file = site.root / "static/uploads" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    if sidecar:
        Path(f"{file}.json").write_text(json.dumps(sidecar))
    file.write_bytes(content or png())
    if wait:
        until(lambda: any(image["path"] == path for image in found(site, limit="500")["images"]), what=path)
    return path


def found(site: Site, **query: str) -> dict[str, Any]:
    answer = site.http.get("/gallery", params=query, headers=JSON)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def image(site: Site, path: str) -> dict[str, Any]:
    answer = site.http.get(f"/gallery/image/{quote(path)}", headers=JSON)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_windows_go_through_all_images_once(gallery: Site) -> None:
    first = found(gallery, q="red")
    second = found(gallery, q="red", before=first["next"])

    paths = [item["path"] for item in (*first["images"], *second["images"])]
    assert (len(first["images"]), len(second["images"]), second["next"]) == (60, 10, None)
    assert len(set(paths)) == 70
    page = gallery.http.get("/gallery?q=red").text
    assert page.count('class="ph"') == 60
    assert f"before={first['next']}" in page
    window = gallery.http.get(f"/gallery?q=red&fragment=window&before={first['next']}", headers=HX).text
    assert window.count('class="ph"') == 10


def test_the_page_says_days_counts_and_filters_in_its_address(gallery: Site) -> None:
    page = gallery.http.get("/gallery?q=red&asset=characters/alice&nsfw=sfw").text

    assert "28 October" in page
    assert 'href="/gallery?q=red&amp;asset=characters%2Falice"' in page  # NSFW off again
    assert "Alice" in page


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("nsfw=maybe", "nsfw"),
        ("seed=-1", "seed"),
        ("seed=18446744073709551616", "seed"),
        ("size=big", "size"),
        ("since=yesterday", "since"),
        ("until=2026-13-01", "until"),
        ("at=9999-99", "at"),
        ("before=x", "before"),
        ("limit=0", "limit"),
        ("recipe=zz", "recipe"),
    ],
)
def test_a_value_that_cannot_be_is_400_and_named(gallery: Site, query: str, field: str) -> None:
    answer = gallery.http.get(f"/gallery?{query}", headers=JSON)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field


def test_no_match_names_the_filters_and_the_way_out(gallery: Site) -> None:
    page = gallery.http.get("/gallery?q=zzz&favourite=on").text

    assert "Nothing matches" in page
    assert "the words “zzz” and the favourite mark" in page
    assert 'href="/gallery?favourite=on"' in page


def test_marks_are_written_into_the_sidecar_and_shown(gallery: Site) -> None:
    path = put(gallery, "generator/marked.png", wait=True, positive="marks")

    assert gallery.post("/gallery/image/favourite", image=path).json() == {"image": path, "is_favourite": True}
    assert gallery.post("/gallery/image/nsfw", image=path, on="on").json() == {"image": path, "is_nsfw": True}

    sidecar = json.loads((gallery.root / "static/uploads" / f"{path}.json").read_text())
    assert sidecar == {"positive": "marks", "is_favourite": True, "is_nsfw": True}
    assert [item["path"] for item in found(gallery, favourite="on", nsfw="nsfw")["images"]] == [path]
    assert gallery.post("/gallery/image/favourite", image=path).json()["is_favourite"] is False


def test_F39_F42_odd_names_and_two_endings_keep_their_own_sidecars(gallery: Site) -> None:
    odd = put(gallery, "characters/alice/a (v2) 100% #1.png", wait=True)
    other = put(gallery, "characters/alice/a (v2) 100% #1.gif", content=_gif(), wait=True)

    gallery.post("/gallery/image/favourite", image=odd)

    assert image(gallery, odd)["is_favourite"] is True
    assert image(gallery, other)["is_favourite"] is False
    assert gallery.http.get(f"/thumbs/384/{quote(odd)}").headers["content-type"] == "image/webp"
    trash_id = gallery.post("/gallery/image/delete", image=odd).json()["trash_id"]
    assert gallery.http.get(f"/gallery/image/{quote(odd)}", headers=JSON).status_code == 404
    assert gallery.http.post(f"/trash/{trash_id}/restore", headers=JSON).status_code == 200
    assert image(gallery, odd)["is_favourite"] is True


def _gif() -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (9, 9)).save(out, "GIF")
    return out.getvalue()


def test_F58_F59_what_cannot_be_shown_is_marked_and_the_rest_goes_on(gallery: Site) -> None:
    half = put(gallery, "generator/half.png", content=png(400, 400)[:30], wait=True)
    large = put(gallery, "generator/large.png", content=bomb(), wait=True)

    assert (image(gallery, half)["problem"], image(gallery, large)["problem"]) == ("damaged", "too many pixels")
    assert "damaged" in gallery.http.get(f"/gallery/image/{half}", headers=HX).text
    assert "too many pixels" in gallery.http.get("/gallery").text


def test_F60_an_image_deleted_by_hand_leaves_the_gallery(gallery: Site) -> None:
    path = put(gallery, "generator/short-lived.png", wait=True)

    (gallery.root / "static/uploads" / path).unlink()

    until(lambda: all(item["path"] != path for item in found(gallery, limit="500")["images"]), what="the image's end")
    assert gallery.http.get(f"/gallery/image/{path}", headers=JSON).status_code == 404


def test_an_image_dropped_in_becomes_a_recipe_and_says_what_did_not_map(gallery: Site) -> None:
    lora = {"lora_name": "Looks/mira_v3.safetensors", "lora_weight": 1.0, "lora_triggers": ""}
    gallery.write("data/characters/mira_drop.json", {**character("mira_drop"), "lora": lora})
    until(lambda: gallery.http.get("/characters/mira_drop").status_code == 200, what="the character")
    content = with_chunks(png(), {"parameters": PARAMETERS})

    kept = gallery.http.post("/gallery/drop", files={"image": ("my fox.png", content)}, headers=JSON).json()

    (path,) = kept["images"]
    shown = image(gallery, path)
    assert path == "generator/my_fox.png"
    assert (shown["tool"], shown["seed"], shown["negative"]) == ("A1111", "12", "lowres, bad hands")
    assert shown["recipe"]["character"] == "mira_drop"
    assert shown["recipe"]["weights"] == {"characters/mira_drop": 0.8}
    assert any("Checkpoint «real»" in text for text in shown["unmapped"])
    page = gallery.http.get(f"/gallery/image/{path}", headers=HX).text
    assert "Not in the recipe" in page
    assert "character=mira_drop" in page


def test_metadata_of_strangers_is_escaped(gallery: Site) -> None:
    evil = '<script>alert(1)</script>, <b onmouseover="x">\nSteps: 20, Seed: 1, <img src=x>: "<svg onload=x>"'
    path = put(gallery, "generator/evil.png", content=with_chunks(png(), {"parameters": evil}), wait=True)

    page = gallery.http.get(f"/gallery/image/{path}", headers=HX).text

    for piece in ("<script>", "<b onmouseover", "<svg onload"):
        assert piece not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize("content", [b"<svg/>", b"<html>", b"", png()[:40]])
def test_F93_what_is_no_whole_image_is_not_taken(gallery: Site, content: bytes) -> None:
    answer = gallery.http.post("/gallery/drop", files={"image": ("x.png", content)}, headers=JSON)

    assert answer.status_code == 415
    assert answer.json()["errors"][0]["message"]


def test_F58_an_image_of_too_many_pixels_is_not_taken(gallery: Site) -> None:
    answer = gallery.http.post("/gallery/drop", files={"image": ("x.png", bomb())}, headers=JSON)

    assert answer.status_code == 413


def test_a_made_picture_says_parameters_and_its_recipe_opens_whole(gallery: Site) -> None:
    """F112: the generator's address has the whole recipe, and names nothing that the image did not have."""
    from gaze.core.metadata import a1111
    from gaze.library.imagetexts import read_texts

    (job,) = gallery.generate("/characters/alice", width="64", height="64", seed="9007199254740993", scenes="beach")
    path = gallery.wait(job)["result"]["relative_path"]
    until(lambda: image(gallery, path)["recipe"], what="the image")

    texts = read_texts(gallery.root / "static/uploads" / path).texts
    shown = image(gallery, path)
    said = a1111.read(texts["parameters"])
    assert {"prompt", "parameters"} <= set(texts)
    assert (said.seed, said.positive, said.width) == (9007199254740993, shown["positive"], 64)
    assert shown["seed"] == "9007199254740993"
    page = gallery.http.get(f"/gallery/image/{path}", headers=HX).text
    address = page.partition('id="lb-generator" href="')[2].partition('"')[0].replace("&amp;", "&")
    opened = gallery.http.get(address, headers=JSON).json()["recipe"]
    assert {key: opened[key] for key in shown["recipe"]} == shown["recipe"]


def test_again_makes_the_recipe_with_a_new_seed(gallery: Site) -> None:
    (job,) = gallery.generate("/characters/sora", width="64", height="64", seed="5")
    path = gallery.wait(job)["result"]["relative_path"]

    answer = gallery.post("/gallery/image/again", image=path)

    again = gallery.wait(answer.json()["job_id"])["result"]
    assert again["seed"] != 5
    one, other = image(gallery, path), image(gallery, again["relative_path"])
    assert {**one["recipe"], "seed": 0} == {**other["recipe"], "seed": 0}
    stack = gallery.http.get(f"/gallery/image/{path}", headers=HX).text
    assert "2 of this recipe" in stack
    assert gallery.post("/gallery/image/again", image="characters/alice/000.png").status_code == 422


def test_two_images_are_compared_by_what_differs(gallery: Site) -> None:
    a = put(gallery, "generator/cmp_a.png", wait=True, positive="misty ridges, pale dawn", recipe={"seed": 1, "cfg": 5})
    b = put(
        gallery, "generator/cmp_b.png", wait=True, positive="misty ridges, rose evening", recipe={"seed": 1, "cfg": 6}
    )

    said = gallery.http.get("/gallery/compare", params={"a": a, "b": b}, headers=JSON).json()

    assert {item["label"]: (item["a"], item["b"]) for item in said["differences"]} == {
        "CFG": ("5", "6"),
        "Prompt": ("misty ridges, pale dawn", "misty ridges, rose evening"),
    }
    page = gallery.http.get("/gallery/compare", params={"a": a, "b": b}).text
    assert "<del>pale dawn</del>" in page
    assert "<ins>rose evening</ins>" in page
    assert gallery.http.get("/gallery/compare", params={"a": a, "b": "x"}, headers=JSON).status_code == 404


def test_many_at_once_and_back(gallery: Site) -> None:
    paths = [put(gallery, f"generator/many_{number}.png", wait=True, positive="many") for number in range(3)]
    images = "\n".join(paths)

    done = gallery.post("/gallery/bulk", act="favourite", image=images).json()
    assert (done["changed"], found(gallery, q="many", favourite="on")["total"]) == (3, 3)
    assert gallery.http.post(done["undo"], headers=JSON).json() == {"undone": 3}
    assert found(gallery, q="many", favourite="on")["total"] == 0

    packed = gallery.http.post("/gallery/bulk", data={"act": "download", "q": "many", "all": "on"})
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        assert sorted(archive.namelist()) == sorted(f"static/uploads/{p}{end}" for p in paths for end in ("", ".json"))

    trash_id = gallery.post("/gallery/bulk", act="delete", image=images).json()["trash_id"]
    assert found(gallery, q="many")["total"] == 0
    assert "3 images" in gallery.http.get("/trash").text
    gallery.http.post(f"/trash/{trash_id}/restore")
    assert found(gallery, q="many")["total"] == 3
    assert gallery.post("/gallery/bulk", act="delete").status_code == 400
    assert gallery.post("/gallery/bulk", act="burn", image=images).status_code == 400


def test_the_api_lists_images_with_the_same_filters(gallery: Site) -> None:
    key = {"X-API-Key": "test-key"}
    said = gallery.http.get("/api/v1/images?asset=characters/alice&q=red&limit=5", headers=key).json()

    assert (len(said["images"]), said["total"]) == (5, 70)
    assert said["counts"]["asset"]["characters/alice"] == 70
    more = gallery.http.get(f"/api/v1/images?q=red&limit=5&before={said['next']}", headers=key).json()
    assert not {item["path"] for item in said["images"]} & {item["path"] for item in more["images"]}
    assert gallery.http.get("/api/v1/images").status_code == 401
    assert gallery.http.get("/api/v1/images?limit=501", headers=key).status_code == 400
    assert gallery.http.get("/api/v1/images?seed=x", headers=key).status_code == 400


def test_more_like_this_and_the_values_of_a_facet(gallery: Site) -> None:
    page = gallery.http.get("/gallery", params={"like": "characters/alice/000.png"}).text

    assert "The most alike first" in page
    assert page.count('class="ph"') > 20
    items = gallery.http.get("/gallery?fragment=facet&facet=asset&find=ali", headers=HX).text
    assert "Alice" in items
    assert gallery.http.get("/gallery?fragment=facet&facet=x", headers=HX).status_code == 400
    assert gallery.http.get("/gallery?like=gone.png", headers=JSON).status_code == 404


def test_news_are_counted_and_not_put_in(gallery: Site) -> None:
    page = gallery.http.get("/gallery").text
    top = page.partition("top=")[2].partition("&")[0].partition('"')[0]

    put(gallery, "generator/news.png", wait=True, created="2030-01-01T00:00:00Z")

    assert "1 new" in gallery.http.get(f"/gallery?fragment=news&top={top}", headers=HX).text


def test_an_assets_page_shows_the_images_it_took_part_in_and_leads_to_the_gallery(gallery: Site) -> None:
    path = put(gallery, "generator/with_beach.png", wait=True, assets={"scenes": ["beach"]}, positive="sand")

    page = gallery.http.get("/scenes/beach?tab=images").text

    assert f'href="/gallery/image/{path}?asset=scenes/beach"' in page
    assert 'href="/gallery?asset=scenes/beach"' in page


def test_a_cover_older_than_its_asset_says_so_until_the_asset_is_as_it_was(gallery: Site) -> None:
    version = gallery.get("/characters/mira_vale")["version"]
    path = put(
        gallery,
        "characters/mira_vale/cover.png",
        wait=True,
        assets={"characters": ["mira_vale"]},
        versions={"characters/mira_vale": version},
    )
    gallery.post("/characters/mira_vale/cover", image=path)
    assert "The cover is older" not in gallery.http.get("/characters/mira_vale").text

    file = gallery.root / "data/characters/mira_vale.json"
    before = file.read_text()
    file.write_text(before.replace("blue eyes", "green eyes"))
    until(lambda: "The cover is older" in gallery.http.get("/characters/mira_vale").text, what="the mark")
    assert "The cover is older than the asset" in gallery.http.get("/characters/").text
    file.write_text(before)
    until(lambda: "The cover is older" not in gallery.http.get("/characters/mira_vale").text, what="no mark")


def test_how_often_pictures_are_kept_stands_on_the_assets_page(gallery: Site) -> None:
    gallery.write("data/characters/judged.json", character("judged"))
    for number, loved in ((1, True), (2, True), (3, False), (4, False)):
        recipe = {"character": "judged", "weights": {"characters/judged": 0.6 if loved else 1.0}}
        path = f"characters/judged/{number}.png"
        put(gallery, path, wait=True, is_favourite=loved, recipe=recipe, assets={"characters": ["judged"]})
    gallery.post("/gallery/image/delete", image="characters/judged/3.png")

    said = "67 % (2 favourites, 1 thrown away)"
    until(lambda: said in gallery.http.get("/characters/judged").text, what="the rate")
    images = gallery.http.get("/characters/judged?tab=images").text
    assert "0.60</b> 100 %" in images
    assert "1.00</b> 0 %" in images


def test_a_search_hit_opens_in_the_gallery(gallery: Site) -> None:
    put(gallery, "generator/searched.png", wait=True, positive="vermilion pagoda")

    page = gallery.http.get("/search?q=vermilion").text

    assert 'href="/gallery/image/generator/searched.png?q=vermilion"' in page
