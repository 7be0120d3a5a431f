"""Model files on pages: missing marks that come and go, another file in one click, entries made from files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.library.make import png
from tests.library.test_models import model
from tests.site import JSON, Site, character, until

HTMX = {"HX-Request": "true"}


class Models:
    """A GAZE with a LoRA and a checkpoint folder."""

    def __init__(self, tmp: Path) -> None:
        self.loras, self.checkpoints = tmp / "loras", tmp / "checkpoints"
        looks = self.loras / "Illustrious/Looks"
        model(looks / "aster_v2.safetensors", {"ss_tag_frequency": json.dumps({"1_a": {"aster": 40, "solo": 40}})})
        aside = {"activation text": "aster_v2, blue coat", "preferred weight": "0.7", "notes": "Likes rain."}
        (looks / "aster_v2.json").write_text(json.dumps(aside))
        (looks / "aster_v2.preview.png").write_bytes(png())
        model(looks / "corin.safetensors", {"ss_base_model_version": "sd_v1"})
        (looks / "page.safetensors").write_text("<html>not a model</html>")
        model(self.loras / "elsewhere/mira.safetensors")
        model(self.checkpoints / "Illustrious/lumen.safetensors")
        root = tmp / "root"
        env = {"GAZE_LORA_ROOT": str(self.loras), "GAZE_CHECKPOINT_ROOT": str(self.checkpoints)}
        self.site = Site(root, env)
        for slug in ("mira", "mira_two"):
            lora = {"lora_name": "Illustrious/Looks/mira.safetensors"}
            self.site.write(f"data/characters/{slug}.json", {**character(slug), "lora": lora})
        self.site.start()
        until(lambda: self.files("characters"), what="the folders read")

    def files(self, category: str, **query: str) -> list[dict[str, object]]:
        answer = self.site.http.get(f"/{category}/create", params={"way": "lora", **query}, headers=JSON)
        return list(answer.json()["files"])


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Models]:
    made = Models(tmp_path_factory.mktemp("models"))
    yield made
    made.site.stop()


def test_files_without_an_entry_are_listed_and_broken_ones_are_not(models: Models) -> None:
    until(lambda: [f["file"] for f in models.files("characters")] == ["aster_v2", "corin"], what="the broken file read")
    page = models.site.http.get("/characters/create?way=lora").text

    assert "A1111 notes" in page
    assert "1 more cannot be used" in page
    assert [item["file"] for item in models.files("characters", q="cor")] == ["corin"]
    assert [item["file"] for item in models.files("characters", base="SD 1.5")] == ["corin"]
    assert models.files("characters", q="nothing") == []


def test_an_entry_is_made_from_the_file_and_what_lies_beside_it(models: Models) -> None:
    path = "Illustrious/Looks/aster_v2.safetensors"
    picture = models.site.http.get("/models/preview", params={"kind": "lora", "file": path})
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/webp")

    answer = models.site.post("/looks/create", way="lora", file=path)

    assert answer.status_code == 200, answer.text
    made = json.loads((models.site.root / answer.json()["path"]).read_text())
    assert made["look_name"] == "Aster"
    assert made["lora"] == {"lora_name": path, "lora_weight": 0.7, "lora_triggers": "aster_v2, blue coat"}
    state = json.loads((models.site.root / f"data/state/looks/{answer.json()['slug']}.json").read_text())
    assert state["notes"] == "Likes rain."
    assert state["cover"].endswith("preview.png")
    until(lambda: [f["file"] for f in models.files("characters")] == ["corin"], what="the file with its entry")
    again = models.site.post("/looks/create", way="lora", file=path)
    assert again.status_code == 400
    assert "has an entry already" in again.text


def test_a_form_without_javascript_makes_entries_and_says_what_is_wrong(models: Models) -> None:
    nothing = models.site.http.post("/styles/create", data={"way": "lora"})
    assert nothing.status_code == 400
    assert "Choose a file" in nothing.text
    assert "<!doctype html>" in nothing.text

    wrong = models.site.http.post("/styles/create", data={"way": "lora", "file": "../../etc/passwd"})
    assert wrong.status_code == 400
    assert "is not there" in wrong.text


def test_a_picture_that_is_nsfw_is_marked_so_that_blur_hides_it(models: Models) -> None:
    folder = models.loras / "Illustrious/Backgrounds"
    for name, said in (("plain", {}), ("level", {"images": [{"nsfwLevel": 8}]}), ("model", {"model": {"nsfw": True}})):
        file = model(folder / f"{name}.safetensors")
        file.with_suffix(".preview.png").write_bytes(png())
        file.with_suffix(".civitai.info").write_text(json.dumps(said))
    models.site.post("/scenes/rescan")

    found = until(lambda: len(files := models.files("scenes")) == 3 and files, what="the files")
    page = models.site.http.get("/scenes/create?way=lora").text

    assert {str(item["file"]): item["nsfw"] for item in found} == {"level": True, "model": True, "plain": False}
    assert page.count('class="thumb none file-t is-nsfw"') == 2


def test_a_picture_beside_no_known_file_is_404(models: Models) -> None:
    for file in ("../x", "corin.safetensors", "Illustrious/Looks/corin.safetensors", ""):
        answer = models.site.http.get("/models/preview", params={"kind": "lora", "file": file})
        assert answer.status_code == 404


def test_a_missing_file_is_marked_and_mended_for_all_in_one_click(models: Models) -> None:
    cards = models.site.get("/characters/?missing_lora=on")["characters"]
    assert {card["slug"] for card in cards} == {"mira", "mira_two"}
    page = models.site.http.get("/problems").text
    assert "elsewhere/mira.safetensors" in page
    assert "In all 2" in page
    assert "elsewhere/mira.safetensors" in models.site.http.get("/characters/mira").text

    answer = models.site.post(
        "/models/relink", category="characters", slug="mira", to="elsewhere/mira.safetensors", all="on"
    )

    assert sorted(answer.json()["changed"]) == ["data/characters/mira.json", "data/characters/mira_two.json"]
    until(lambda: models.site.get("/characters/?missing_lora=on")["total"] == 0, what="the mark gone")
    until(lambda: "mira.safetensors»" not in models.site.http.get("/problems?kind=lora").text, what="problems gone")


def test_relinking_to_what_is_not_there_is_refused(models: Models) -> None:
    answer = models.site.post("/models/relink", category="characters", slug="mira", to="none.safetensors")

    assert answer.status_code == 400
    assert models.site.post("/models/relink", category="none", slug="x", to="y").status_code == 404


def test_a_checkpoint_file_without_an_entry_is_on_the_page_and_gets_one(models: Models) -> None:
    path = "Illustrious/lumen.safetensors"
    until(lambda: models.site.get("/checkpoints/")["files"] == [path], what="the checkpoint found")
    page = models.site.http.get("/checkpoints/").text
    assert "No entry yet" in page
    assert f'<option value="{path}"' in page  # the list in the navigation bar

    answer = models.site.http.post("/checkpoints/create", data={"way": "lora", "file": path})

    assert answer.status_code == 303
    made = json.loads(next((models.site.root / "data/checkpoints").glob("*.json")).read_text())
    assert (made["checkpoint_path"], made["checkpoint_name"], made["steps"]) == (path, "Lumen", 25)
    until(lambda: models.site.get("/checkpoints/")["files"] == [], what="the card gone")


def test_a_folder_that_goes_away_is_said_and_comes_back(models: Models) -> None:
    away = models.loras.with_name("unplugged")
    models.loras.rename(away)
    try:
        models.site.post("/rescan")
        until(lambda: "is away" in models.site.http.get("/problems").text, what="the message")
        assert "is away" in models.site.http.get("/characters/create?way=lora").text
        assert models.site.get("/characters/?missing_lora=on")["total"] == 0
    finally:
        away.rename(models.loras)
    models.site.post("/rescan")
    until(lambda: "is away" not in models.site.http.get("/problems").text, what="the message gone")


def test_search_finds_model_files_as_a_kind_of_their_own(models: Models) -> None:
    model(models.loras / "Illustrious/Styles/zinc_wash.safetensors")
    lora = {"lora_name": "Illustrious/Looks/mira_zinc.safetensors"}
    model(models.loras / "Illustrious/Looks/mira_zinc.safetensors")
    models.site.write("data/characters/zinc.json", {**character("zinc"), "lora": lora})
    models.site.post("/characters/rescan")

    found = until(lambda: len((told := models.site.get("/search?q=zinc"))["files"]) == 2 and told, what="the files")

    assert found["files"] == [
        {
            "kind": "lora",
            "path": "Illustrious/Styles/zinc_wash.safetensors",
            "url": "/styles/create?way=lora&q=zinc_wash",
        },
        {"kind": "lora", "path": "Illustrious/Looks/mira_zinc.safetensors", "url": "/characters/zinc"},
    ]
    only = models.site.get("/search?q=zinc&type=files")
    assert (only["file_total"], only["resources"]) == (2, [])
    page = models.site.http.get("/search?q=zinc").text
    drop = models.site.http.get("/search?q=zinc&fragment=drop", headers=HTMX).text
    assert all("Model files" in html and "<mark>zinc</mark>_wash" in html for html in (page, drop))
    assert models.site.get("/search?q=zinc&category=characters")["files"] == []
    assert models.site.get("/search?q=zinc&nsfw=sfw")["files"] == []
