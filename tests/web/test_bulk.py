"""One act on many assets, and zips of them out and in."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from gaze.categories import declared
from tests.library.make import png
from tests.site import JSON, Site, character, until

HTMX = {"HX-Request": "true"}


@pytest.fixture
def slugs(site: Site, request: pytest.FixtureRequest) -> list[str]:
    """Three characters of this test's own."""
    name = request.node.name.split("[")[0].removeprefix("test_")[:34]
    made = [f"{name}_{letter}" for letter in "abc"]
    for slug in made:
        site.write(f"data/characters/{slug}.json", character(slug))
    until(lambda: all(site.http.get(f"/characters/{slug}").status_code == 200 for slug in made), what="the characters")
    return made


def bulk(site: Site, slugs: list[str], category: str = "characters", **form: Any) -> Any:
    answer = site.post(f"/{category}/bulk", slugs=" ".join(slugs), **form)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_favourite_marks_all_and_undo_takes_it_back(site: Site, slugs: list[str]) -> None:
    done = bulk(site, slugs, act="favourite")

    assert done["changed"] == 3
    assert all(site.get(f"/characters/{slug}")["is_favourite"] for slug in slugs)
    assert site.post(done["undo"]).json() == {"undone": 3}
    assert not any(site.get(f"/characters/{slug}")["is_favourite"] for slug in slugs)
    assert site.post(done["undo"]).status_code == 404


def test_what_is_so_already_is_not_written_again(site: Site, slugs: list[str]) -> None:
    first = bulk(site, slugs[:1], act="nsfw")
    before = (site.root / f"data/characters/{slugs[0]}.json").stat().st_mtime_ns

    done = bulk(site, slugs, act="nsfw")

    assert (done["changed"], done["same"]) == (2, 1)
    assert (site.root / f"data/characters/{slugs[0]}.json").stat().st_mtime_ns == before
    for act in (first, done):  # other tests count NSFW ones
        site.post(act["undo"])


def test_a_tag_is_one_changed_line_in_each_file_and_undo_gives_the_old_bytes(site: Site, slugs: list[str]) -> None:
    file = site.root / f"data/characters/{slugs[0]}.json"
    before = file.read_text()

    done = bulk(site, slugs, act="tag", key="origin_series", value="New")

    changed = [line for line in file.read_text().splitlines() if line not in before.splitlines()]
    assert changed == ['    "origin_series": "New",']
    site.post(done["undo"])
    assert file.read_text() == before


def test_a_tag_can_be_replaced_only_where_it_is_so_now(site: Site, slugs: list[str]) -> None:
    bulk(site, slugs[:1], act="tag", key="origin_series", value="Other")

    done = bulk(site, slugs, act="tag", key="origin_series", value="New", only="tests")

    assert sorted(done["slugs"]) == slugs[1:]


def test_delete_of_many_comes_back_with_one_undo(site: Site, slugs: list[str]) -> None:
    done = bulk(site, slugs, act="delete")

    assert all(site.http.get(f"/characters/{slug}").status_code == 404 for slug in slugs)
    assert len(site.post(done["undo"]).json()["restored"]) == 3
    assert all(site.http.get(f"/characters/{slug}").status_code == 200 for slug in slugs)


def test_all_that_pass_the_filters_can_be_meant(site: Site, slugs: list[str]) -> None:
    done = site.post("/characters/bulk", all="on", q=slugs[0][:-2], act="favourite").json()

    assert sorted(done["slugs"]) == slugs


def test_a_slug_that_is_not_there_does_not_hold_up_the_others(site: Site, slugs: list[str]) -> None:
    done = bulk(site, [*slugs, "nobody_here"], act="favourite")

    assert done["changed"] == 3
    assert [failed["slug"] for failed in done["failed"]] == ["nobody_here"]


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"act": "burn", "slugs": "alice"}, "act"),
        ({"act": "favourite"}, "slugs"),
        ({"act": "tag", "key": "nsfw", "slugs": "alice"}, "key"),
        ({"act": "tag", "key": "lora_name", "slugs": "alice"}, "key"),
    ],
)
def test_a_wish_that_does_not_fit_is_400_naming_the_field(site: Site, form: dict[str, str], field: str) -> None:
    answer = site.post("/characters/bulk", **form)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field


def test_the_toast_of_a_bulk_act_has_undo(site: Site, slugs: list[str]) -> None:
    form = {"slugs": " ".join(slugs), "act": "delete"}
    html = site.http.post("/characters/bulk", data=form, headers=HTMX).text

    assert "3 characters moved to trash." in html
    assert ">Undo<" in html


@pytest.mark.parametrize("category", declared())
def test_every_category_has_its_toolbar(site: Site, category: str) -> None:
    assert f'action="/{category}/bulk"' in site.http.get(f"/{category}/").text


def test_progress_of_a_bulk_act_goes_to_every_open_page(site: Site) -> None:
    slugs = [f"progress_{number:03}" for number in range(300)]
    for slug in slugs:
        site.write(f"data/scenes/{slug}.json", {"scene_id": slug, "tags": {"scene_type": "Old"}})
    until(lambda: site.get("/scenes/?q=progress_")["total"] == 300, what="the scenes")
    told: list[str] = []

    with site.http.stream("GET", "/events") as stream, ThreadPoolExecutor(1) as pool:
        lines = stream.iter_lines()
        next(lines)
        form = {"slugs": " ".join(slugs), "act": "tag", "key": "scene_type", "value": "New"}
        doing = pool.submit(lambda: httpx.post(f"{site.url}/scenes/bulk", data=form, headers=JSON, timeout=60))
        told.append(next(line for line in lines if "Setting the tag: " in line))
        assert doing.result().json()["changed"] == 300

    assert "of 300" in told[0]
    bulk(site, slugs, "scenes", act="delete")


# export and import


def zip_of(**files: Any) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content if isinstance(content, bytes) else json.dumps(content, indent=2))
    return made.getvalue()


def upload(site: Site, content: bytes, **form: str) -> Any:
    return site.http.post("/import", files={"file": ("x.zip", content, "application/zip")}, data=form, headers=JSON)


def test_export_is_a_zip_of_the_files_with_images_if_asked(site: Site, slugs: list[str]) -> None:
    folder = site.root / f"static/uploads/characters/{slugs[0]}"
    folder.mkdir(parents=True)
    (folder / "one.png").write_bytes(png())
    (folder / "one.png.json").write_text("{}")
    until(lambda: site.get(f"/characters/{slugs[0]}")["images"] == 1, what="the image")

    def names(**form: str) -> list[str]:
        data = {"slugs": " ".join(slugs), "act": "export", **form}
        answer = site.http.post("/characters/bulk", data=data)
        assert answer.headers["content-disposition"].startswith("attachment")
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            assert archive.testzip() is None
            return archive.namelist()

    files = [f"data/characters/{slug}.json" for slug in slugs]
    image = f"static/uploads/characters/{slugs[0]}/one.png"
    assert names() == files
    assert names(images="on") == [*files, image, f"{image}.json"]


def test_an_import_writes_nothing_before_the_choice_and_new_files_after_it(site: Site) -> None:
    content = zip_of(**{"data/characters/ff7/brought.json": character("brought")})

    found = upload(site, content).json()

    assert [(item["slug"], item["verdict"]) for item in found["items"]] == [("brought", "new")]
    assert not (site.root / "data/characters/ff7/brought.json").exists()
    done = site.post(f"/import/{found['id']}").json()
    assert done["created"] == ["characters/brought"]
    assert (site.root / "data/characters/ff7/brought.json").exists()


@pytest.mark.parametrize("choice", ["mine", "theirs", "both"])
def test_a_clash_is_shown_side_by_side_and_obeys_the_choice(site: Site, choice: str) -> None:
    slug = f"clash_{choice}"
    site.write(f"data/characters/{slug}.json", character(slug))
    until(lambda: site.http.get(f"/characters/{slug}").status_code == 200, what="the character")
    entry = f"data/characters/{slug}.json"
    found = upload(site, zip_of(**{entry: character(slug, hair="green hair")})).json()

    page = site.http.get(f"/import/{found['id']}").text
    assert "long blonde hair" in page
    assert "green hair" in page
    site.post(f"/import/{found['id']}", **{f"choice:{entry}": choice})

    hairs = {
        item["slug"]: site.get(f"/characters/{item['slug']}")["data"]["identity"]["hair"]
        for item in site.get(f"/characters/?q={slug}")["characters"]
    }
    wanted = {"mine": ["long blonde hair"], "theirs": ["green hair"], "both": ["green hair", "long blonde hair"]}
    assert sorted(hairs.values()) == wanted[choice]
    assert (hairs[slug] == "green hair") == (choice == "theirs")


def test_images_come_along_with_their_sidecars(site: Site) -> None:
    files: dict[str, Any] = {
        "data/characters/pictured.json": character("pictured"),
        "static/uploads/characters/pictured/one.png": png(),
        "static/uploads/characters/pictured/one.png.json": {"positive": "kept"},
    }
    found = upload(site, zip_of(**files)).json()

    done = site.post(f"/import/{found['id']}").json()

    assert done["images"] == 1
    sidecar = site.root / "static/uploads/characters/pictured/one.png.json"
    assert json.loads(sidecar.read_text())["positive"] == "kept"


def test_an_import_is_taken_back_whole(site: Site) -> None:
    mine = site.write("data/characters/back_mine.json", character("back_mine"))
    until(lambda: site.http.get("/characters/back_mine").status_code == 200, what="the character")
    before = mine.read_bytes()
    files: dict[str, Any] = {
        "data/characters/back_mine.json": character("back_mine", hair="green hair"),
        "data/characters/back_new.json": character("back_new"),
        "static/uploads/characters/back_mine/one.png": png(),
    }
    found = upload(site, zip_of(**files)).json()
    done = site.post(f"/import/{found['id']}", all="theirs").json()
    assert done["replaced"] and done["created"] and done["images"] == 1 and mine.read_bytes() != before

    undone = site.post(done["undo"]).json()

    assert undone == {"undone": 3}
    assert mine.read_bytes() == before
    assert site.http.get("/characters/back_new", headers=JSON).status_code == 404
    assert not (site.root / "static/uploads/characters/back_mine/one.png").exists()


def test_a_model_file_has_one_entry_so_both_are_not_kept(site: Site) -> None:
    mine = {"checkpoint_path": "a/one.safetensors", "checkpoint_name": "One", "steps": 20}
    site.write("data/checkpoints/one.json", mine)
    until(lambda: site.http.get("/checkpoints/a_one_safetensors", headers=JSON).status_code == 200, what="the entry")
    found = upload(site, zip_of(**{"data/checkpoints/one.json": {**mine, "steps": 30}})).json()

    page = site.http.get(f"/import/{found['id']}").text
    done = site.post(f"/import/{found['id']}", all="both").json()

    assert "Take theirs" in page and "Keep both" not in page
    assert done["created"] == [] and done["kept"] == 1 and "there cannot be both" in done["failed"][0]
    assert [item["slug"] for item in site.get("/checkpoints/?q=One")["checkpoints"]] == ["a_one_safetensors"]


def test_a_broken_file_in_an_import_is_named_and_left_out(site: Site) -> None:
    found = upload(site, zip_of(**{"data/scenes/bad.json": b'{"scene_id": ', "readme.txt": b"x"})).json()

    assert found["items"][0]["verdict"] == "broken"
    assert "line 1" in found["items"][0]["message"]
    assert found["left_out"] == ["readme.txt"]


def linked() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        link = zipfile.ZipInfo("data/characters/link.json")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (zip_of(**{"../x.json": {}, "data/characters/good.json": character("good")}), "out of its folder"),
        (zip_of(**{"data/characters/../../../x.json": {}}), "out of its folder"),
        (zip_of(**{"/etc/x.json": {}}), "absolute"),
        (zip_of(**{"C:/x.json": {}}), "absolute"),
        (zip_of(**{"data\\characters\\x.json": {}}), "letters"),
        (zip_of(**{"static/uploads/characters/alice/x.png": bytes(60 << 20)}), "next to nothing"),
        (zip_of(**{"static/uploads/characters/alice/x.png": b"<svg/>"}), "not an image"),
        (linked(), "a link"),
        (b"PK\x03\x04 not a zip", "not a zip"),
    ],
)
def test_F96_a_suspicious_archive_is_refused_whole_in_words(site: Site, content: bytes, word: str) -> None:
    kept = set((site.root / "data/.gaze").glob("imports/*"))

    answer = upload(site, content)

    assert answer.status_code == 400
    assert word in answer.json()["errors"][0]["message"]
    assert set((site.root / "data/.gaze").glob("imports/*")) == kept
    assert site.http.get("/characters/good").status_code == 404


def test_an_import_that_is_over_is_404(site: Site) -> None:
    assert site.http.get("/import/20260101T000000-00000000").status_code == 404
    assert site.http.get("/import/..%2f..%2fx").status_code == 404
