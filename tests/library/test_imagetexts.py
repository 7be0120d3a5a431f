"""Texts of image files, read within bounds; faults F56 to F58."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from gaze.core import metadata
from gaze.library.imagetexts import Texts, read_texts, texts_of, user_comment, with_text
from tests.library.make import png
from tests.library.makeimages import chunk, with_chunks


def texts(content: bytes) -> Texts:
    return texts_of(io.BytesIO(content))


def jpeg(comment: bytes, order: str) -> bytes:
    """A JPEG whose EXIF, of this byte order, has this UserComment."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    inner = 8 + 2 + 12 + 4
    head = mark + struct.pack(order + "I", 8)
    top = struct.pack(order + "H", 1) + struct.pack(order + "HHII", 0x8769, 4, 1, inner) + struct.pack(order + "I", 0)
    at = inner + 2 + 12 + 4
    exif = struct.pack(order + "H", 1) + struct.pack(order + "HHII", 0x9286, 7, len(comment), at)
    body = head + top + exif + struct.pack(order + "I", 0) + comment
    out = io.BytesIO()
    Image.new("RGB", (32, 16), "teal").save(out, "JPEG", exif=b"Exif\0\0" + body)
    return out.getvalue()


def test_a_png_says_its_size_and_every_kind_of_text() -> None:
    packed = chunk(b"zTXt", b"prompt\0\0" + zlib.compress(b"{}"))
    wide = chunk(b"iTXt", "parameters\0\0\0\0\0猫".encode())
    body = png(20, 10)
    found = texts(body[:33] + packed + wide + chunk(b"tEXt", b"Software\0NovelAI") + body[33:])

    assert (found.content_type, found.width, found.height, found.mark) == ("image/png", 20, 10, "")
    assert found.texts == {"prompt": "{}", "parameters": "猫", "Software": "NovelAI"}


def test_only_what_is_wanted_is_read() -> None:
    content = with_chunks(png(), {"workflow": "x" * 100_000, "prompt": "{}"})

    assert texts_of(io.BytesIO(content), ("prompt",)).texts == {"prompt": "{}"}


def test_F57_a_text_that_inflates_without_end_is_skipped_with_a_note() -> None:
    body = png()
    bomb = chunk(b"zTXt", b"parameters\0\0" + zlib.compress(b"\0" * 50_000_000))

    found = texts(body[:33] + bomb + chunk(b"tEXt", b"prompt\0{}") + body[33:])

    assert found.texts == {"prompt": "{}"}
    assert "unpacks to more than 4 MiB" in found.notes[0]
    assert found.mark == ""


def test_a_png_that_claims_4_gib_of_text_is_refused_in_words() -> None:
    body = png()

    found = texts(body[:33] + struct.pack(">I", 2**32 - 1) + b"tEXt" + b"parameters\0" + body[33:])

    assert "claims 4.0 GiB; it was not read" in found.notes[0]
    assert found.texts == {}


def test_many_texts_together_are_bounded() -> None:
    body = png()
    large = b"".join(chunk(b"tEXt", f"k{number}".encode() + b"\0" + b"x" * 3_000_000) for number in range(20))

    found = texts(body[:33] + large + body[33:])

    assert sum(map(len, found.texts.values())) <= 16 * 2**20
    assert any("more than 16 MiB" in note for note in found.notes)


@pytest.mark.parametrize("cut", [8, 20, 33, 40])
def test_F59_a_png_that_ends_before_its_pixels_is_damaged(cut: int) -> None:
    assert texts(png()[:cut]).mark == "damaged"


@pytest.mark.parametrize("text_order", ["utf-16-be", "utf-16-le"])
@pytest.mark.parametrize("file_order", ["<", ">"])
def test_F56_a_user_comment_of_any_byte_order_is_readable(file_order: str, text_order: str) -> None:
    said = "a fox, 狐\nSteps: 20, Seed: 5"

    found = texts(jpeg(b"UNICODE\0" + said.encode(text_order), file_order))

    assert found.texts["parameters"] == said
    assert (found.width, found.height) == (32, 16)
    made = metadata.read(found.texts)
    assert made is not None
    assert made.seed == 5


def test_comfyuis_webp_says_its_graph_in_exif() -> None:
    exif = Image.Exif()
    exif[0x0110], exif[0x010F] = 'prompt:{"3": {}}', "workflow:{}"
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "WEBP", exif=exif)

    assert texts(out.getvalue()).texts == {"prompt": '{"3": {}}', "workflow": "{}"}


@pytest.mark.parametrize("raw", [b"", b"UNICODE\0", b"UNICODE\0\xff", b"\0" * 8 + b"plain", "text", None, 5])
def test_odd_comments_give_text(raw: object) -> None:
    assert isinstance(user_comment(raw), str)


def test_a_text_is_added_before_the_pixels_and_others_stay() -> None:
    content = with_chunks(png(), {"prompt": "{}", "workflow": "[]"})

    made = with_text(content, "parameters", "a fox\nSteps: 1")

    assert texts(made).texts == {"prompt": "{}", "workflow": "[]", "parameters": "a fox\nSteps: 1"}
    with Image.open(io.BytesIO(with_text(made, "note", "狐"))) as picture:
        picture.load()
        assert picture.info["note"] == "狐"
    assert with_text(made, "parameters", "other") == made
    assert with_text(b"no image", "parameters", "x") == b"no image"


def test_a_file_of_no_image_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_text("<html>")

    assert read_texts(tmp_path / "x.png") == Texts()
