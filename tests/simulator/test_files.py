"""Pictures on disk, how they are served, and what is uploaded."""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.simulator.conftest import Server, graph, recording


@pytest.fixture
def picture(recorded_server: Server) -> dict[str, Any]:
    """The name of a picture that was made."""
    extra = {"extra_pnginfo": {"workflow": {"id": "wf-1"}, "gaze": {"ü": "é"}}}
    entry = recorded_server.finish(
        recorded_server.post(graph(prefix="gaze/pic", size=128), extra_data=extra, client_id="f")
    )
    image: dict[str, Any] = entry["outputs"]["9"]["images"][0]
    return image


def test_a_picture_is_a_png_that_carries_graph_and_workflow(recorded_server: Server, picture: dict[str, Any]) -> None:
    data = recorded_server.http.get("/view", params=picture).content

    image = Image.open(io.BytesIO(data))
    image.load()
    assert image.size == (128, 128)
    assert list(image.text) == ["prompt", "workflow", "gaze"]
    assert json.loads(image.text["prompt"])["3"]["class_type"] == "KSampler"
    assert image.text["gaze"] == '{"\\u00fc": "\\u00e9"}'


@pytest.mark.parametrize("name", ["view_png", "view_head", "view_range"])
def test_a_file_is_served_with_the_recorded_headers(
    recorded_server: Server, picture: dict[str, Any], name: str
) -> None:
    exchange = recording(name)
    method, headers = exchange["request"]["method"], exchange["request"]["headers"]

    answer = recorded_server.http.request(method, "/view", params=picture, headers=headers)

    assert answer.status_code == exchange["response"]["status"]
    assert {header.lower() for header in exchange["response"]["headers"]} <= set(answer.headers)
    assert answer.headers["content-type"] == "image/png"
    if name == "view_range":
        assert answer.content == b"\x89PNG\r\n\x1a\n"


def test_a_known_file_is_not_sent_again(recorded_server: Server, picture: dict[str, Any]) -> None:
    etag = recorded_server.http.get("/view", params=picture).headers["etag"]

    again = recorded_server.http.get("/view", params=picture, headers={"If-None-Match": etag})

    assert again.status_code == 304
    assert again.content == b""


@pytest.mark.parametrize("name", ["view_jpeg", "view_webp90", "view_preview_bad", "view_channel_rgb"])
def test_a_file_is_re_encoded_as_recorded(recorded_server: Server, picture: dict[str, Any], name: str) -> None:
    exchange = recording(name)
    wish = dict(part.split("=") for part in exchange["request"]["path"].split("?")[1].split("&"))

    answer = recorded_server.http.get("/view", params={**wish, **picture})

    assert answer.headers["content-type"] == exchange["response"]["headers"]["Content-Type"]
    assert answer.content[:3].hex() == exchange["response"]["body"]["_first16_hex"][:6]


def test_numbers_follow_the_highest_on_disk(server: Server) -> None:
    made = [server.finish(server.post(graph(seed=seed)))["outputs"]["9"]["images"][0] for seed in (1, 2)]
    (server.folder / "output" / "gaze" / made[1]["filename"]).unlink()

    third = server.finish(server.post(graph(seed=3)))["outputs"]["9"]["images"][0]

    assert [one["filename"] for one in made] == ["aria_00001_.png", "aria_00002_.png"]
    assert third["filename"] == "aria_00002_.png"


def test_a_batch_is_one_list_of_numbered_files(server: Server) -> None:
    prompt = graph()
    prompt["5"]["inputs"]["batch_size"] = 3

    images = server.finish(server.post(prompt))["outputs"]["9"]["images"]

    assert [image["filename"] for image in images] == [f"aria_0000{n}_.png" for n in (1, 2, 3)]
    assert len({server.http.get("/view", params=image).content for image in images}) == 3


UPLOADS = [
    "upload_ok",
    "upload_same_again",
    "upload_clash",
    "upload_overwrite",
    "upload_subfolder",
    "upload_temp",
]
UPLOADS += ["upload_no_file", "upload_bad_type", "upload_traversal_name", "upload_traversal_sub"]


def test_uploads_are_kept_and_refused_as_recorded(server: Server) -> None:
    for name in UPLOADS:
        exchange = recording(name)
        sent = exchange["request"]["body"]["multipart"]
        fields = {key: (None, value) for key, value in sent["fields"].items()}
        files: dict[str, Any] = {**fields, "other": (None, "x")}
        if sent["filename"] is not None:
            files["image"] = (sent["filename"], b"x" * sent["bytes"])

        answer = server.http.post("/upload/image", files=files)

        assert answer.status_code == exchange["response"]["status"], name
        if answer.status_code == 200:
            assert answer.json() == exchange["response"]["body"], name


def test_a_new_model_file_shows_at_once_with_its_metadata(server: Server) -> None:
    path = server.folder / "models" / "loras" / "Illustrious" / "new.safetensors"
    path.parent.mkdir(parents=True)
    head = json.dumps({"__metadata__": {"ss_output_name": "new"}}).encode()
    path.write_bytes(struct.pack("<Q", len(head)) + head)

    listed = server.http.get("/models/loras").json()
    about = server.http.get("/view_metadata/loras", params={"filename": "Illustrious/new.safetensors"})

    assert "Illustrious/new.safetensors" in listed
    assert about.json() == {"ss_output_name": "new"}


def test_an_uploaded_picture_can_be_loaded_and_saved(server: Server, tmp_path: Path) -> None:
    Image.new("RGB", (32, 24), (10, 20, 30)).save(tmp_path / "in.png")
    server.http.post("/upload/image", files={"image": ("in.png", (tmp_path / "in.png").read_bytes())})
    load = {"class_type": "LoadImage", "inputs": {"image": "in.png"}}
    save = {"class_type": "SaveImage", "inputs": {"filename_prefix": "x", "images": ["1", 0]}}

    entry = server.finish(server.post({"1": load, "2": save}))

    data = server.http.get("/view", params=entry["outputs"]["2"]["images"][0]).content
    assert Image.open(io.BytesIO(data)).getpixel((5, 5)) == (10, 20, 30)


def test_a_picture_that_is_none_fails_in_the_node_that_loads_it(server: Server) -> None:
    server.http.post("/upload/image", files={"image": ("bad.png", b"no picture")})
    load = {"class_type": "LoadImage", "inputs": {"image": "bad.png"}}
    save = {"class_type": "SaveImage", "inputs": {"filename_prefix": "x", "images": ["1", 0]}}

    entry = server.finish(server.post({"1": load, "2": save}))

    error = entry["status"]["messages"][-1][1]
    assert (error["node_id"], error["exception_type"]) == ("1", "PIL.UnidentifiedImageError")
