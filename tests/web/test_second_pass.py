"""A second pass over an image: the workflow gets the image, the result says what it was made from."""

from __future__ import annotations

import json
from typing import Any

from PIL import Image

from tests.site import Site


def made(site: Site, **form: Any) -> str:
    job = site.post("/generator", character="alice", size="256x256", **form).json()["job_ids"][0]
    return str(site.wait(job)["result"]["relative_path"])


def test_an_image_is_made_larger_with_the_recipe_that_made_it(site: Site) -> None:
    first = made(site, seed="31", extra_positive="second pass")

    job = site.post("/gallery/image/second_pass", image=first, workflow="upscale").json()["job_id"]

    path = site.wait(job)["result"]["relative_path"]
    sidecar = json.loads((site.root / "static/uploads" / f"{path}.json").read_text())
    assert (sidecar["source"], sidecar["seed"], sidecar["recipe"]["workflow"]) == (first, 31, "upscale")
    assert sidecar["recipe"]["extra_positive"] == "second pass"
    assert Image.open(site.root / "static/uploads" / path).size == (384, 384)


def test_an_image_that_is_not_there_is_404(site: Site) -> None:
    answer = site.post("/gallery/image/second_pass", image="generator/none.png", workflow="upscale")

    assert answer.status_code == 404


def test_a_workflow_that_takes_no_image_says_how_it_would(site: Site) -> None:
    answer = site.post("/gallery/image/second_pass", image=made(site), workflow="plain")

    assert answer.status_code == 422
    assert "gaze:init_image" in answer.json()["errors"][0]["message"]


def test_a_workflow_that_needs_an_image_says_where_to_get_one(site: Site) -> None:
    answer = site.post("/generator", character="alice", workflow="upscale")

    assert answer.status_code == 422
    assert "gallery" in answer.json()["errors"][0]["message"]
    assert 'value="upscale"' not in site.http.get("/generator").text


def test_the_second_template_makes_pictures_without_detailers(site: Site) -> None:
    path = made(site, workflow="plain")

    sidecar = json.loads((site.root / "static/uploads" / f"{path}.json").read_text())
    assert sidecar["recipe"]["workflow"] == "plain"
