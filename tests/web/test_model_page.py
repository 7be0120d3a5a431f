"""The page of a checkpoint: all files beside it, which servers have it, its settings, pictures to try it with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.library.test_models import model
from tests.site import JSON, Simulator, Site, until

HTMX = {"HX-Request": "true"}
LUMEN = "/checkpoints/Illustrious_lumen_safetensors"


class Models:
    """A GAZE with a folder of checkpoints: `lumen` has an entry, `tidal` none, `harbour` an entry and no file."""

    def __init__(self, tmp: Path, **env: str) -> None:
        self.root = tmp / "root"
        for name in ("Illustrious/lumen", "Noob/tidal"):
            model(tmp / f"ckpt/{name}.safetensors")
        self.site = Site(self.root, {"GAZE_CHECKPOINT_ROOT": str(tmp / "ckpt"), **env})
        self.add("lumen", "Illustrious/lumen.safetensors")
        self.add("harbour", "Illustrious/harbour.safetensors")
        self.site.start()
        until(lambda: "tidal" in self.site.http.get(LUMEN).text, what="the folder read")

    def add(self, slug: str, path: str) -> None:
        content = {"checkpoint_path": path, "checkpoint_name": slug.title(), "steps": 28, "mine": 1}
        self.site.write(f"data/checkpoints/{slug}.json", content)

    def files(self, **asked: str) -> str:
        return self.site.http.get(LUMEN, params={"fragment": "files", **asked}, headers=HTMX).text


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Models]:
    made = Models(tmp_path_factory.mktemp("models"))
    yield made
    made.site.stop()


def test_every_file_is_listed_with_an_entry_or_without(models: Models) -> None:
    page = models.site.http.get(LUMEN).text

    assert f'href="{LUMEN}" aria-current="page"' in page
    assert "Make entry of Noob/tidal.safetensors" in page
    assert "file missing" in page and 'href="/checkpoints/Illustrious_harbour_safetensors"' in page
    assert "Search 3 model files" in page


@pytest.mark.parametrize(
    ("asked", "there", "not_there"),
    [
        ({"show": "json"}, "lumen", "tidal"),
        ({"show": "none"}, "tidal", "lumen"),
        ({"show": "missing"}, "harbour", "lumen"),
        ({"q": "TIDAL"}, "tidal", "lumen"),
        ({"q": "nothing like it"}, "No file fits", "lumen"),
    ],
)
def test_words_and_filters_narrow_the_list(models: Models, asked: dict[str, str], there: str, not_there: str) -> None:
    rows = models.files(**asked)

    assert there in rows and f"/{not_there}" not in rows


def test_a_filter_that_is_none_is_400(models: Models) -> None:
    answer = models.site.http.get(LUMEN, params={"show": "some"}, headers=JSON)

    assert answer.status_code == 400 and "all, json, none, missing" in answer.text


def test_its_settings_are_edited_on_the_page_and_one_line_changes(models: Models) -> None:
    page = models.site.http.get(LUMEN).text
    file = models.root / "data/checkpoints/lumen.json"
    before = file.read_text()

    assert 'name="/steps"' in page and 'form="ed" id="save"' in page
    saved = models.site.http.post(f"{LUMEN}/edit", data={"/steps": "31"})

    assert (saved.status_code, saved.headers["location"]) == (303, LUMEN)
    assert file.read_text() == before.replace("28", "31")


def test_the_default_is_made_here_and_then_cannot_be_made_again(models: Models) -> None:
    path = "Illustrious/lumen.safetensors"

    models.site.post("/set_default_checkpoint", checkpoint_path=path)

    until(lambda: 'id="make-default" disabled' in models.site.http.get(LUMEN).text, what="the default marked")
    assert "default</span></a>" in models.files()


def test_pictures_are_tried_on_a_tab_of_their_own(models: Models) -> None:
    page = models.site.http.get(LUMEN, params={"tab": "make"}).text
    preview = models.site.http.post(f"{LUMEN}/preview_prompt", data={"character": ""}, headers=HTMX)

    assert 'id="generate"' in page and 'id="gen-form"' in page and 'id="ed"' not in page
    assert preview.status_code == 200 and 'hx-target="#d-body"' not in preview.text


def test_the_page_follows_without_touching_what_is_typed(models: Models) -> None:
    part = models.site.http.get(LUMEN, params={"fragment": "detail"}, headers=HTMX).text

    assert 'hx-target="#d-known"' in part and 'hx-target="#d-body"' not in part


def test_it_says_which_servers_have_the_file(models: Models, tmp_path: Path) -> None:
    having, lacking = (
        Simulator(tmp_path / name, "--strict-models", "--checkpoint", name).start()
        for name in ("Illustrious/lumen.safetensors", "other.safetensors")
    )
    for server in (having, lacking):
        assert models.site.post("/settings/comfyui", url=server.url, act="add").status_code == 200

    said = until(lambda: _on(models), 40, "the servers' lists")

    having.stop()
    lacking.stop()
    assert said == f"127.0.0.1:{having.port}; not on 127.0.0.1:{lacking.port}"


def _on(models: Models) -> str:
    said = models.site.http.get(LUMEN).text.partition("<dt>On</dt><dd>")[2].partition("</dd>")[0]
    return said if "not on" in said and said[0] != "n" else ""
