"""The REST API as a program uses it (specification pages, "REST API")."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.site import Site

KEY = {"X-API-Key": "test-key"}


def api(site: Site, method: str, path: str, **options: Any) -> httpx.Response:
    headers = {**KEY, **options.pop("headers", {})}
    return site.http.request(method, f"/api/v1{path}", headers=headers, **options)


def test_presets_are_listed_generated_polled_and_fetched(site: Site) -> None:
    listed = api(site, "GET", "/presets").json()
    evening = next(preset for preset in listed["presets"] if preset["slug"] == "evening")
    assert {"id": "evening", "name": "Evening"}.items() <= evening.items()

    answer = api(site, "POST", "/generate/evening", json={"seed": 11, "width": 256, "height": 256})
    assert answer.status_code == 200, answer.text
    (job,) = answer.json()["jobs"]
    assert job["status"] == "queued"
    site.wait(job["job_id"])

    done = api(site, "GET", f"/job/{job['job_id']}").json()
    assert done.keys() == {"id", "label", "status", "error", "result"}
    assert (done["status"], done["error"], done["result"]["seed"]) == ("done", None, 11)
    image = site.http.get(done["result"]["image_url"])
    assert image.headers["content-type"] == "image/png"
    assert image.content[:8] == b"\x89PNG\r\n\x1a\n"


def test_overrides_replace_the_presets_own_values(site: Site) -> None:
    asked = {"action": "waving", "extra_positive": "night", "seed": "9007199254740993", "width": 256, "height": 320}

    (job,) = api(site, "POST", "/generate/evening", json=asked).json()["jobs"]

    result = site.wait(job["job_id"])["result"]
    sidecar = json.loads((site.root / "static/uploads" / f"{result['relative_path']}.json").read_text())
    assert sidecar["recipe"]["actions"] == ["waving"]
    assert sidecar["recipe"]["extra_positive"] == "night"
    assert (sidecar["width"], sidecar["height"]) == (256, 320)


def test_F68_a_large_seed_is_the_same_everywhere(site: Site) -> None:
    asked = {"seed": "9007199254740993", "width": 64, "height": 64}

    (job,) = api(site, "POST", "/generate/evening", json=asked).json()["jobs"]

    result = site.wait(job["job_id"])["result"]
    sidecar = json.loads((site.root / "static/uploads" / f"{result['relative_path']}.json").read_text())
    assert result["seed"] == sidecar["seed"] == sidecar["recipe"]["seed"] == 9007199254740993


def test_several_images_are_several_jobs(site: Site) -> None:
    asked = {"count": 3, "seed": 5, "width": 64, "height": 64}

    jobs = api(site, "POST", "/generate/evening", json=asked).json()["jobs"]

    assert [site.wait(job["job_id"])["result"]["seed"] for job in jobs] == [5, 6, 7]


def test_a_recipe_is_generated(site: Site) -> None:
    recipe = {"character": "alice", "scenes": ["beach"], "seed": 3, "width": 64, "height": 64}

    (job,) = api(site, "POST", "/generate", json=recipe).json()["jobs"]

    assert site.wait(job["job_id"])["result"]["relative_path"].startswith("generator/")


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("seed", "18446744073709551616", "18446744073709551615"),
        ("seed", -7, "0"),
        ("count", 21, "20"),
        ("count", 0, "1"),
        ("width", "abc", "16384"),
        ("width", 8, "16"),
    ],
)
def test_F109_a_value_out_of_range_is_refused_with_field_and_range(
    site: Site, field: str, value: Any, said: str
) -> None:
    answer = api(site, "POST", "/generate/evening", json={field: value})

    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert said in error["message"]


def test_F109_a_number_beyond_64_bits_is_refused_too(site: Site) -> None:
    answer = api(site, "POST", "/generate/evening", content=b'{"seed": 18446744073709551616}')

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "seed"


def test_F69_a_seed_of_minus_one_is_random(site: Site) -> None:
    answer = api(site, "POST", "/generate/evening", json={"seed": -1, "width": 64, "height": 64})

    (job,) = answer.json()["jobs"]
    assert 0 <= site.wait(job["job_id"])["result"]["seed"] < 10**15


def test_an_unknown_preset_is_404_and_names_the_nearest(site: Site) -> None:
    answer = api(site, "POST", "/generate/evning", json={})

    assert answer.status_code == 404
    assert "evening" in answer.json()["errors"][0]["message"]


def test_an_unknown_action_is_422_with_its_code(site: Site) -> None:
    answer = api(site, "POST", "/generate/evening", json={"action": "wavin"})

    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["code"], error["near"]) == ("unknown-asset", "waving")


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff", b'"text"'])
def test_a_body_that_is_no_json_object_is_400_in_words(site: Site, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}

    answer = api(site, "POST", "/generate/evening", content=content, headers=headers)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"]


def test_without_the_right_key_nothing_is_told(site: Site) -> None:
    for headers in ({}, {"X-API-Key": "wrong"}):
        answer = site.http.get("/api/v1/presets", headers=headers)
        assert answer.status_code == 401
        assert answer.json()["errors"][0]["code"] == "no-key"


def test_F95_the_key_is_taken_as_a_parameter_too_and_never_logged(site: Site) -> None:
    answer = site.http.get("/api/v1/presets?api_key=test%2Dkey")

    assert answer.status_code == 200
    logged = site.log.read_text()
    assert "test-key" not in logged
    assert "test%2Dkey" not in logged


def test_a_list_is_whole_unless_a_limit_is_given(site: Site) -> None:
    whole = api(site, "GET", "/characters").json()
    part = api(site, "GET", "/characters?limit=1").json()

    assert len(whole["characters"]) == whole["total"] > 1
    assert whole["next"] is None
    assert (len(part["characters"]), part["next"]) == (1, 1)


def test_the_description_is_openapi_3_1_and_needs_no_key(site: Site) -> None:
    described = site.http.get("/api/v1/openapi.json").json()

    assert described["openapi"].startswith("3.1")
    assert {"/api/v1/generate/{preset_slug}", "/api/v1/job/{job_id}", "/api/v1/{category}"} <= described["paths"].keys()


def test_the_docs_page_loads_nothing_from_elsewhere(site: Site) -> None:
    page = site.http.get("/api/v1/docs")

    assert page.status_code == 200
    assert "http://" not in page.text
    assert "https://" not in page.text


def test_the_pages_status_route_needs_no_key(site: Site) -> None:
    (job,) = site.generate("/characters/sora", seed=1, size="256x256")

    assert site.status(job)["status"] in ("pending", "running", "done")
    assert site.http.get("/api/queue/nobody/status").status_code == 404


def test_events_come_as_json(site: Site) -> None:
    with site.http.stream("GET", "/api/v1/events", headers=KEY) as stream:
        lines = stream.iter_lines()
        next(lines)
        (job,) = site.generate("/characters/sora", seed=2, size="256x256")
        found = next(
            event
            for line in lines
            if line.startswith("data: ")
            and (event := json.loads(line[6:]))["type"] == "job.changed"
            and event["job"]["id"] == job
        )

    assert found["job"]["label"] == "Sora"
