"""Zip files of a library: written as a stream, and looked at before anything in them is believed (faults F96)."""

from __future__ import annotations

import io
import re
import stat
import time
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from gaze.core.errors import Refusal
from gaze.library.files import MAX_BYTES

MOST_ENTRIES = 50_000
MOST_BYTES = 8 << 30
_MOST_RATIO = 250  # JSON shrinks to a tenth; only a bomb shrinks to less than this
_CHUNK = 1 << 18
_STORED = (".png", ".jpg", ".jpeg", ".webp", ".avif", ".gif")  # packing them again would win nothing


class BadArchive(Refusal):
    """400: the archive is refused as a whole, so nothing of it was written."""

    code = "archive"


class _Sink(io.RawIOBase):
    """Where the zip is written; what has come is taken out bit by bit."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        part = bytes(data)  # type: ignore[call-overload]
        self.parts.append(part)
        return len(part)

    def take(self) -> bytes:
        taken, self.parts = b"".join(self.parts), []
        return taken


def stream(root: Path, paths: Sequence[str]) -> Iterator[bytes]:
    """A zip of files below `root`, made while it is sent; one that went away meanwhile is left out."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as made:
        for path in paths:
            try:
                with (root / path).open("rb") as source:
                    found = (root / path).stat()
                    about = zipfile.ZipInfo(path, time.localtime(max(found.st_mtime, 315_619_200))[:6])
                    about.compress_type = zipfile.ZIP_STORED if path.lower().endswith(_STORED) else zipfile.ZIP_DEFLATED
                    about.external_attr = 0o100644 << 16
                    about.file_size = found.st_size
                    with made.open(about, "w") as target:
                        while chunk := source.read(_CHUNK):
                            target.write(chunk)
                            yield sink.take()
            except (FileNotFoundError, PermissionError):
                continue
            yield sink.take()
    yield sink.take()


def entries(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The files of an archive, once every entry has been found harmless. Raises BadArchive."""
    found = archive.infolist()
    if len(found) > MOST_ENTRIES:
        raise BadArchive(f"The archive has {len(found):,} entries; at most {MOST_ENTRIES:,} are taken.")
    names: set[str] = set()
    total = 0
    for info in found:
        name = info.orig_filename
        if fault := _fault(info, name):
            raise BadArchive(f"The archive holds «{name[:120]}», {fault}. It was refused whole; nothing was written.")
        if name.casefold() in names:
            raise BadArchive(f"The archive holds «{name[:120]}» twice. It was refused whole; nothing was written.")
        names.add(name.casefold())
        total += info.file_size
    if total > MOST_BYTES:
        size = f"{total / 2**30:.1f} GiB; at most {MOST_BYTES >> 30} GiB are taken"
        raise BadArchive(f"Unpacked, the archive has {size}.")
    return [info for info in found if not info.is_dir()]


def _fault(info: zipfile.ZipInfo, name: str) -> str:
    """Why an entry makes the whole archive suspicious; `""` if it does not."""
    parts = re.split(r"[/\\]", name)
    if name.startswith(("/", "\\")) or re.match(r"^[a-zA-Z]:", name):
        return "an absolute path"
    if ".." in parts:
        return "a path that leads out of its folder"
    if "\\" in name or any(ord(char) < 32 for char in name):
        return "a path with letters that do not belong into one"
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return "a link"
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "which is no regular file"
    if info.flag_bits & 1:
        return "which is encrypted"
    if info.file_size > MAX_BYTES and info.file_size > max(info.compress_size, 1) * _MOST_RATIO:
        return f"which unpacks to {info.file_size / 2**20:,.0f} MiB from next to nothing"
    return ""


def open_archive(file: Path) -> zipfile.ZipFile:
    """The archive in a file. Raises BadArchive if it is none."""
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise BadArchive("This is not a zip file that can be read; export one here, or pack the JSON files.") from error


def content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int) -> bytes:
    """What is in an entry, never more than `limit` bytes. Raises BadArchive for a damaged or too large one."""
    if info.file_size > limit:
        size = f"{info.file_size / 2**20:.1f} MiB; at most {limit / 2**20:.0f} are taken"
        raise BadArchive(f"«{info.filename}» in the archive has {size}. Nothing was written.")
    try:
        with archive.open(info) as source:
            return source.read(limit + 1)[:limit]
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError, RuntimeError) as error:
        raise BadArchive(f"«{info.filename}» in the archive is damaged. Nothing was written.") from error
    except Exception as error:  # zlib.error, lzma.LZMAError: each packer has its own
        raise BadArchive(f"«{info.filename}» in the archive cannot be unpacked. Nothing was written.") from error
