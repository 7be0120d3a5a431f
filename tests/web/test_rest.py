"""The REST API reads, replaces, merges and deletes assets by version."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from gaze.categories import declared
from tests.site import Site, character, until

KEY = {"X-API-Key": "test-key"}


@pytest.fixture
def slug(site: Site, request: pytest.FixtureRequest) -> str:
    """A character of this test's own."""
    name = request.node.name.split("[")[0].removeprefix("test_")[:40]
    site.write(f"data/characters/{name}.json", {**character(name), "civitai_deleted": False})
    until(lambda: site.http.get(f"/characters/{name}").status_code == 200, what="the new character's page")
    return name


def call(site: Site, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return site.http.request(method, f"/api/v1/{path}", json=body, headers={**KEY, **named})


def test_get_gives_the_file_with_its_unknown_keys_and_its_version(site: Site, slug: str) -> None:
    answer = call(site, "GET", f"characters/{slug}")

    assert answer.json() == json.loads((site.root / f"data/characters/{slug}.json").read_text())
    assert answer.headers["etag"].strip('"') == site.get(f"/characters/{slug}")["version"]
    assert call(site, "GET", f"characters/{slug}", If_None_Match=answer.headers["etag"]).status_code == 304


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_change_without_a_version_is_428_and_with_an_old_one_412(site: Site, slug: str, method: str) -> None:
    body = {"character_id": slug} if method != "DELETE" else None
    before = (site.root / f"data/characters/{slug}.json").read_text()

    missing = call(site, method, f"characters/{slug}", body)
    stale = call(site, method, f"characters/{slug}", body, If_Match='"0000"')

    assert (missing.status_code, missing.json()["errors"][0]["code"]) == (428, "no-version")
    assert (stale.status_code, stale.json()["errors"][0]["code"]) == (412, "stale")
    assert (site.root / f"data/characters/{slug}.json").read_text() == before


def test_patch_is_a_merge_patch_and_one_changed_line(site: Site, slug: str) -> None:
    file = site.root / f"data/characters/{slug}.json"
    before = file.read_text().splitlines()
    etag = call(site, "GET", f"characters/{slug}").headers["etag"]

    answer = call(site, "PATCH", f"characters/{slug}", {"identity": {"hair": "red hair"}}, If_Match=etag)

    assert answer.status_code == 200
    assert answer.headers["etag"] != etag
    changed = [pair for pair in zip(before, file.read_text().splitlines(), strict=True) if pair[0] != pair[1]]
    assert [after.strip() for _, after in changed] == ['"hair": "red hair",']


def test_patch_with_null_takes_a_key_out(site: Site, slug: str) -> None:
    answer = call(site, "PATCH", f"characters/{slug}", {"styles": None, "identity": {"eyes": None}}, If_Match="*")

    assert "styles" not in answer.json()
    assert "eyes" not in answer.json()["identity"]
    assert answer.json()["identity"]["hair"] == "long blonde hair"


def test_put_replaces_the_whole_document(site: Site, slug: str) -> None:
    etag = call(site, "GET", f"characters/{slug}").headers["etag"]
    document = {"character_id": slug, "character_name": "New", "extra": [1, {"a": None}]}

    answer = call(site, "PUT", f"characters/{slug}", document, If_Match=etag)

    assert answer.status_code == 200
    assert json.loads((site.root / f"data/characters/{slug}.json").read_text()) == document


@pytest.mark.parametrize("category", declared())
def test_put_to_a_free_slug_creates_in_every_category(site: Site, category: str) -> None:
    one = declared()[category]

    answer = call(site, "PUT", f"{category}/put_made", {one.id_field: "put_made", one.name_field: "Put made"})

    assert answer.status_code == 201, answer.text
    assert answer.json()[one.name_field] == "Put made"
    assert site.get(f"/{category}/put_made")["name"] == "Put made"
    etag = answer.headers["etag"]
    gone = call(site, "DELETE", f"{category}/put_made", If_Match=etag)
    assert gone.status_code == 200
    assert site.post(f"/trash/{gone.json()['trash_id']}/restore").status_code == 200
    assert call(site, "GET", f"{category}/put_made").headers["etag"] == etag


@pytest.mark.parametrize(
    ("slug", "body", "status"),
    [
        ("other", {"character_id": "another"}, 400),
        ("create", {"character_id": "create"}, 400),
        ("ALICE", {"character_id": "ALICE"}, 409),
        ("bad_kind", {"character_id": "bad_kind", "lora": {"lora_weight": "strong"}}, 422),
        ("bad_kind", [1], 400),
    ],
)
def test_put_that_cannot_be_is_refused_and_writes_nothing(site: Site, slug: str, body: Any, status: int) -> None:
    answer = call(site, "PUT", f"characters/{slug}", body)

    assert answer.status_code == status, answer.text
    assert not (site.root / f"data/characters/{slug}.json").exists()


def test_put_only_to_create_is_412_where_something_is(site: Site, slug: str) -> None:
    answer = call(site, "PUT", f"characters/{slug}", {"character_id": slug}, If_None_Match="*")

    assert answer.status_code == 412


def test_a_patch_that_gives_another_slug_is_400(site: Site, slug: str) -> None:
    assert call(site, "PATCH", f"characters/{slug}", {"character_id": "elsewhere"}, If_Match="*").status_code == 400


def test_a_body_that_is_no_json_is_415_or_400(site: Site, slug: str) -> None:
    path = f"/api/v1/characters/{slug}"

    assert site.http.patch(path, content=b"a=1", headers={**KEY, "Content-Type": "text/plain"}).status_code == 415
    assert site.http.patch(path, content=b"{", headers={**KEY, "Content-Type": "application/json"}).status_code == 400
    deep = b"[" * 100_000
    assert site.http.patch(path, content=deep, headers={**KEY, "Content-Type": "application/json"}).status_code == 400


def test_the_list_takes_the_filters_of_the_page(site: Site, slug: str) -> None:
    site.post(f"/characters/{slug}/rating", rating="4")

    def slugs(query: str) -> set[str]:
        return {item["slug"] for item in call(site, "GET", f"characters?{query}").json()["characters"]}

    assert slugs(f"q={slug}&rating=4") == {slug}
    assert slugs(f"q={slug}&rating=5") == set()
    assert slugs(f"q={slug}&origin_series=Tests") == {slug}
    assert slugs(f"q={slug}&origin_series=Other") == set()
    assert call(site, "GET", "characters?rating=9").status_code == 400


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_without_the_key_nothing_is_answered(site: Site, method: str) -> None:
    answer = site.http.request(method, "/api/v1/characters/alice", json={})

    assert answer.status_code == 401


def test_ratings_out_of_range_are_400_and_rating_sorts(site: Site, slug: str) -> None:
    assert site.post(f"/characters/{slug}/rating", rating="6").status_code == 400
    site.post(f"/characters/{slug}/rating", rating="5")

    listed = [item["slug"] for item in site.get("/characters/?sort=rating&limit=500")["characters"]]

    assert listed.index(slug) < listed.index("alice")


@pytest.mark.parametrize(("group", "heading"), [("origin_series", "Tests"), ("folder", "At the top")])
def test_a_library_groups_by_folder_or_any_tag(site: Site, group: str, heading: str) -> None:
    page = site.http.get(f"/characters/?group={group}").text

    assert f'<h2 class="grp">{heading}</h2>' in page
    assert site.http.get("/characters/?group=nonsense").status_code == 400


def test_filters_are_saved_renamed_and_deleted_with_undo(site: Site) -> None:
    site.post("/filters/save", name="Mine", url="/characters/?favourite=on&bogus=1")
    assert json.loads((site.root / "data/settings.json").read_text())["saved_filters"] == [
        {"name": "Mine", "url": "/characters/?favourite=on"}
    ]
    assert 'href="/characters/?favourite=on"' in site.http.get("/queue").text

    assert site.post("/filters/rename", name="Mine", new="Ours").json()["filters"][0]["name"] == "Ours"
    html = site.http.post("/filters/delete", data={"name": "Ours"}, headers={"HX-Request": "true"}).text
    assert site.get("/filters")["filters"] == []
    site.post(html.split('action="')[1].split('"')[0])
    assert site.get("/filters")["filters"][0]["name"] == "Ours"


@pytest.mark.parametrize("url", ["https://evil.test/", "//evil.test/characters/", "/settings", "javascript:alert(1)"])
def test_only_addresses_of_libraries_are_saved(site: Site, url: str) -> None:
    answer = site.post("/filters/save", name="Evil", url=url)

    assert answer.status_code == 400 or answer.json()["filters"][-1]["url"].startswith("/characters/")
    assert "evil.test" not in json.dumps(site.get("/filters"))
