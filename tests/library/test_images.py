"""Images: what is one, what stands for an asset, thumbnails; faults F39, F42, F57 to F61, F93, F94."""

from __future__ import annotations

import io
import json
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from gaze.core.errors import NotFound, Refusal
from gaze.library.changes import Change, ImageAdded, ImageRemoved
from gaze.library.imagequery import ImageQuery
from gaze.library.service import Library
from tests.library.make import png


def bomb(side: int = 60_000) -> bytes:
    body = png()
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
    return body[:8] + chunk + body[8 + len(chunk) :]


def photo(kind: str, size: tuple[int, int] = (64, 32)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, kind)
    return out.getvalue()


def by_hand(root: Path, path: str, body: bytes) -> str:
    file = root / "static/uploads" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(body)
    return path


def test_an_image_is_kept_with_its_sidecar_and_told_once(library: Library, root: Path, told: list[Change]) -> None:
    path = library.gallery.save("characters", "tifa", "my image", png(), {"seed": 2**64 - 1})

    assert path == "characters/tifa/my_image.png"
    sidecar = json.loads((root / "static/uploads" / f"{path}.json").read_text())
    assert sidecar == {"width": 8, "height": 8, "seed": 2**64 - 1}
    library._tell(library._sync.uploads.sweep())
    assert told == [ImageAdded(path, "characters", "tifa")]


def test_a_taken_name_gets_a_number(library: Library) -> None:
    paths = [library.gallery.save("", "", "x", png(), {}) for _ in range(3)]

    assert paths == ["generator/x.png", "generator/x-2.png", "generator/x-3.png"]


def test_images_come_newest_first(library: Library, root: Path) -> None:
    import os

    for age, name in enumerate(("c", "a", "b")):
        file = root / "static/uploads" / by_hand(root, f"characters/tifa/{name}.png", png())
        os.utime(file, (1_700_000_000 - age, 1_700_000_000 - age))
    library.rescan()

    names = [Path(path).stem for path in library.gallery.of(library.get("characters", "tifa"))]

    assert names == ["c", "a", "b"]
    assert [row.path for row in library.find_images(ImageQuery()).before(None, 2)] == [
        "characters/tifa/c.png",
        "characters/tifa/a.png",
    ]


def test_the_fallback_is_always_the_same_image(library: Library) -> None:
    for number in range(5):
        library.gallery.save("characters", "tifa", f"i{number}", png(), {})

    found = {library.card(library.get("characters", "tifa")).fallback for _ in range(5)}

    assert len(found) == 1
    assert found.pop().startswith("characters/tifa/")


def test_F39_a_name_of_odd_characters_works_everywhere(library: Library, root: Path) -> None:
    path = by_hand(root, "characters/tifa/a (v2) 100% #1.png", png())
    library.rescan()

    assert library.gallery.of(library.get("characters", "tifa")) == [path]
    assert library.gallery.thumbnail(path).file is not None
    trash_id = library.trash.delete_image(path)
    assert len(library.images) == 0
    library.trash.restore(trash_id)
    assert len(library.images) == 1


def test_F42_two_endings_have_two_sidecars(library: Library) -> None:
    one = library.gallery.save("characters", "tifa", "a", png(), {"n": 1})
    two = library.gallery.save("characters", "tifa", "a", photo("JPEG"), {"n": 2})

    assert [library.gallery.sidecar(path)["n"] for path in (one, two)] == [1, 2]
    assert library.gallery.save_sidecar(one, {"is_favourite": True})["n"] == 1


def test_F57_a_text_chunk_that_inflates_without_end_does_not_spoil_the_picture(library: Library, root: Path) -> None:
    text = b"parameters\0\0" + zlib.compress(b"\0" * 50_000_000)
    chunk = struct.pack(">I", len(text)) + b"zTXt" + text + struct.pack(">I", zlib.crc32(b"zTXt" + text))
    body = png()
    path = by_hand(root, "generator/x.png", body[:33] + chunk + body[33:])

    assert library.gallery.info(path).mark == ""
    assert library.gallery.thumbnail(path).mark == ""


def test_F58_a_picture_of_too_many_pixels_is_refused_and_marked(library: Library, root: Path) -> None:
    with pytest.raises(Refusal, match="too many pixels") as caught:
        library.gallery.save("characters", "tifa", "x", bomb(), {})
    path = by_hand(root, "characters/tifa/bomb.png", bomb())

    assert caught.value.status == 413
    assert library.gallery.info(path).mark == "too many pixels"
    assert library.gallery.thumbnail(path).mark == "too many pixels"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_F59_half_an_image_is_marked_and_the_rest_goes_on(library: Library, root: Path, kind: str) -> None:
    whole = photo(kind, (640, 320)) if kind != "PNG" else png(400, 400)
    half = by_hand(root, f"characters/tifa/half.{kind.lower()}", whole[: len(whole) // 2])
    good = library.gallery.save("characters", "tifa", "good", png(), {})

    assert library.gallery.thumbnail(half).mark == "damaged"
    assert library.gallery.thumbnail(half).mark == "damaged"
    assert library.gallery.thumbnail(good).file is not None
    with pytest.raises(Refusal, match="damaged"):
        library.gallery.save("characters", "tifa", "x", whole[: len(whole) // 2], {})


def test_F60_a_cover_deleted_by_hand_falls_back(library: Library, root: Path, told: list[Change]) -> None:
    cover = library.gallery.save("characters", "tifa", "cover", png(), {})
    other = library.gallery.save("characters", "tifa", "other", png(), {})
    library.preferences.set_cover("characters", "tifa", cover)
    assert library.card(library.get("characters", "tifa")).cover == cover
    told.clear()

    (root / "static/uploads" / cover).unlink()
    library.rescan()

    card = library.card(library.get("characters", "tifa"))
    assert (card.cover, card.fallback, card.image_count) == ("", other, 1)
    assert ImageRemoved(cover, "characters", "tifa") in told
    with pytest.raises(NotFound):
        library.preferences.set_cover("characters", "tifa", cover)


def test_F61_a_thumbnail_is_made_again(library: Library) -> None:
    path = library.gallery.save("characters", "tifa", "x", photo("PNG", (1000, 500)), {})
    first = library.gallery.thumbnail(path, 384).file
    assert first is not None

    first.unlink()
    again = library.gallery.thumbnail(path, 384).file

    assert again == first
    with Image.open(first) as picture:
        assert (picture.format, picture.size) == ("WEBP", (384, 192))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "AVIF", "GIF"])
def test_F93_an_image_is_known_by_its_content(library: Library, root: Path, kind: str) -> None:
    path = library.gallery.save("characters", "tifa", "x.html", photo(kind), {})
    odd = by_hand(root, "characters/tifa/odd.gif", photo(kind))

    assert library.gallery.info(path).content_type == f"image/{kind.lower()}"
    assert (library.gallery.info(odd).content_type, library.gallery.info(odd).width) == (f"image/{kind.lower()}", 64)


@pytest.mark.parametrize("body", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<html>", b"", b"GIF8"])
def test_F93_what_is_no_image_is_refused_whatever_its_name(library: Library, root: Path, body: bytes) -> None:
    with pytest.raises(Refusal) as caught:
        library.gallery.save("characters", "tifa", "x.png", body, {})
    path = by_hand(root, "characters/tifa/page.png", body)

    assert caught.value.status == 415
    assert library.gallery.info(path).content_type == ""
    assert library.gallery.thumbnail(path).mark == "not an image"


@pytest.mark.parametrize(
    "path",
    ["../../data/.gaze/secrets.json", "/etc/passwd", "a\0b.png", "..", "", "characters/../../../x", ".hidden/x.png"],
)
def test_F94_no_path_leaves_the_uploads(library: Library, root: Path, path: str) -> None:
    (root / "data/.gaze/secrets.json").write_text("{}")

    with pytest.raises(NotFound):
        library.gallery.file(path)


def test_F94_no_link_leaves_the_uploads(library: Library, root: Path) -> None:
    (root / "static/uploads").mkdir(parents=True)
    (root / "static/uploads/x.png").symlink_to(root / "data/characters/tifa.json")

    with pytest.raises(NotFound):
        library.gallery.file("x.png")
