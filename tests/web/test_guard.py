"""Who may ask (specification pages): hosts, origins, headers, files."""

from __future__ import annotations

import httpx
import pytest

from tests.site import Site


@pytest.mark.parametrize("host", ["evil.test", "evil.test:5000", "127.0.0.1.evil.test", ""])
def test_F91_a_foreign_host_name_is_refused(site: Site, host: str) -> None:
    assert site.http.get("/", headers={"Host": host}).status_code in (400, 403)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]:5000", "gaze.localhost"])
def test_loopback_names_are_answered(site: Site, host: str) -> None:
    assert site.http.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "null"},
        {"Origin": "http://evil.test"},
        {"Origin": "http://localhost:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"X-Forwarded-For": "10.0.0.9"},
        {"Forwarded": "for=10.0.0.9"},
    ],
)
def test_F92_a_change_from_another_site_is_refused(site: Site, headers: dict[str, str]) -> None:
    state = site.root / "data/state/characters/alice.json"
    before = state.read_bytes() if state.exists() else b""

    answer = site.http.post("/characters/alice/favourite", headers=headers)

    assert answer.status_code == 403
    assert (state.read_bytes() if state.exists() else b"") == before


def test_our_own_pages_and_programs_on_this_machine_may_change_things(site: Site) -> None:
    for headers in ({"Origin": site.url}, {"Sec-Fetch-Site": "same-origin"}, {}):
        assert site.http.post("/queue/llm/resume", headers={**headers, "Accept": "application/json"}).status_code == 200


def test_a_right_key_opens_the_door_from_elsewhere(site: Site) -> None:
    headers = {"Origin": "http://elsewhere.test", "X-API-Key": "test-key", "Accept": "application/json"}

    assert site.http.post("/queue/llm/resume", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/static/uploads/..%2f..%2fdata/.gaze/secrets.json",
        "/static/uploads/../../data/settings.json",
        "/static/..%2fpyproject.toml",
        "/static/uploads/%2e%2e/%2e%2e/data/characters/alice.json",
        "/thumbs/384/..%2f..%2fdata/characters/alice.json",
    ],
)
def test_F94_no_path_leads_out_of_the_folders(site: Site, path: str) -> None:
    with httpx.Client(base_url=site.url) as client:
        assert client.get(path).status_code == 404


def test_F93_what_is_no_image_by_content_is_served_as_a_download(site: Site) -> None:
    folder = site.root / "static/uploads/characters/alice"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "page.png").write_text("<script>alert(1)</script>")
    (folder / "drawing.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")

    for name in ("page.png", "drawing.svg"):
        answer = site.http.get(f"/static/uploads/characters/alice/{name}")
        assert answer.headers.get("content-disposition", "").startswith("attachment") or answer.status_code == 404
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "html" not in answer.headers["content-type"] or answer.status_code == 404


def test_every_page_bears_the_security_headers(site: Site) -> None:
    headers = site.http.get("/").headers

    assert "script-src 'self'" in headers["content-security-policy"]
    assert "'unsafe-inline'" not in headers["content-security-policy"].split("script-src")[1].split(";")[0]
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"


def test_F97_an_upload_over_the_limit_is_413(site: Site) -> None:
    answer = site.http.post("/characters/alice/cover", data={"image": "x" * (65 * 2**20)})

    assert answer.status_code == 413


def test_files_are_answered_by_304_and_by_range(site: Site) -> None:
    first = site.http.get("/static/gaze.css")
    again = site.http.get("/static/gaze.css", headers={"If-None-Match": first.headers["etag"]})
    part = site.http.get("/static/gaze.css", headers={"Range": "bytes=0-9"})

    assert (again.status_code, again.content) == (304, b"")
    assert (part.status_code, len(part.content)) == (206, 10)
    assert part.content == first.content[:10]


def test_a_key_is_made_shown_once_and_kept_as_a_hash(site: Site) -> None:
    made = site.post("/api/key/regenerate").json()["api_key"]

    assert site.http.get("/api/v1/presets", headers={"X-API-Key": made}).status_code == 200
    kept = site.root / "data/.gaze/secrets.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert made not in kept.read_text()
    assert made not in site.http.get("/settings").text
