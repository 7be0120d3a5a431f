"""Bytes of a file, read and written safely (specification data, "Reading" and "Writing")."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import sys
import time
import unicodedata
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from gaze.core.errors import NoRoom, Problem, Refusal, Unavailable

MAX_BYTES = 1 << 20
BOM = b"\xef\xbb\xbf"

Stat = tuple[int, int, int]  # mtime_ns, size, inode: the same ones mean the same content

_LEFTOVER = re.compile(r"^\.gaze-(\d+)-[0-9a-f]+\.tmp$")
_IGNORED = re.compile(r"^\.|^4913$|^#.*#$|~$|\.(?:sw[a-z]|bak|tmp|part|orig|rej|crdownload)$", re.IGNORECASE)
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_STARTED_S = time.time()  # leftovers older than this process are nobody's work in progress


def is_ignored(name: str) -> bool:
    """Whether a name is an editor's, a system's or our own temporary file, neither asset nor problem (faults F33)."""
    return bool(_IGNORED.search(name))


def nfc(text: str) -> str:
    """A name as it compares: macOS keeps `é` decomposed, people type it composed (faults F38)."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def stat_of(found: os.stat_result) -> Stat:
    return found.st_mtime_ns, found.st_size, found.st_ino


def trusted(stat: Stat, now_ns: int | None = None) -> Stat:
    """The stat to remember: none if the file is so young that a second save could leave it the same.

    Clocks of disks tick every few milliseconds, those of some shares every two seconds.
    """
    age_ns = (time.time_ns() if now_ns is None else now_ns) - stat[0]
    window_ns = 2_100_000_000 if stat[0] % 1_000_000_000 == 0 else 100_000_000
    return stat if age_ns > window_ns else (0, 0, 0)


def version_of(content: bytes) -> str:
    """The content hash by which forms, events and sidecars name one state of a file."""
    return sha256(content).hexdigest()[:20]


def read(root: Path, path: str) -> tuple[bytes, Stat] | Problem:
    """Content and stat of the file at `path` below `root`, or why it is not read.

    A file over 1 MiB is never read, nor one that a link brings from outside `root`'s data folders. Raises
    FileNotFoundError if there is none, other OSErrors if the disk is away.
    """
    full = root / path
    with contextlib.ExitStack() as stack:
        try:
            # O_NONBLOCK: a named pipe must not hold us up
            handle = os.open(full, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        except PermissionError:
            return Problem(path=path, code="file", message="the file may not be read; check its permissions")
        except OSError as error:
            if error.errno == errno.ELOOP:
                return Problem(path=path, code="file", message="the link leads in a circle")
            raise
        stack.callback(os.close, handle)
        found = os.fstat(handle)
        if found.st_mode & 0o170000 != 0o100000:
            return Problem(path=path, code="file", message="this is not a regular file")
        if found.st_size > MAX_BYTES:
            size = found.st_size / MAX_BYTES
            return Problem(path=path, code="file", message=f"the file has {size:.1f} MiB; at most 1 MiB is read")
        chunks = []
        left = MAX_BYTES + 1
        while left and (chunk := os.read(handle, left)):
            chunks.append(chunk)
            left -= len(chunk)
        if not left:
            return Problem(path=path, code="file", message="the file has more than 1 MiB; at most 1 MiB is read")
        return b"".join(chunks), stat_of(found)


def decode(content: bytes, path: str) -> str | Problem:
    """The text of a file, without its byte order mark, or a Problem with the line of the first bad byte."""
    body = content.removeprefix(BOM)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        before = body[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        return Problem(
            path=path,
            code="encoding",
            line=line,
            column=column,
            message=f"byte {body[error.start]:02X} is not UTF-8; save the file as UTF-8",
        )


def write(root: Path, path: str, content: bytes) -> Stat:
    """Put `content` at `path` below `root`, whole or not at all, and return its stat.

    Temporary file in the same folder, fsync, rename, fsync of the folder. The folder must exist. Raises NoRoom
    (507) on a full disk, Unavailable (503) when the folder is away or may not be written to.
    """
    target = Path(os.path.realpath(root / path))  # a link inside the data folder stays a link
    with _temporary(target, path, content) as (temporary, stat):
        temporary.replace(target)
    return stat


def write_new(root: Path, path: str, content: bytes) -> bool:
    """As `write`, only where there is no file yet; returns whether it was free. Raises as `write`."""
    target = root / path
    with _temporary(target, path, content) as (temporary, _):
        try:
            os.link(temporary, target)
        except FileExistsError:
            return False
        except OSError:  # a disk without hard links
            if target.exists():
                return False
            temporary.replace(target)
    return True


@contextlib.contextmanager
def _temporary(target: Path, path: str, content: bytes) -> Iterator[tuple[Path, Stat]]:
    """`content` on the disk beside `target`, to be moved there; what is left of it goes away at the end."""
    temporary = target.parent / f".gaze-{os.getpid()}-{secrets.token_hex(6)}.tmp"
    try:
        mode = _mode(target)
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
        try:
            view = memoryview(content)
            while view:
                view = view[os.write(handle, view) :]
            if hasattr(os, "fchmod"):
                os.fchmod(handle, mode)
            os.fsync(handle)
            found = os.fstat(handle)
        finally:
            os.close(handle)
        yield temporary, stat_of(found)
    except OSError as error:
        raise refused(error, path) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
    sync_folder(target.parent)


def _mode(target: Path) -> int:
    """The permissions the file has, so that a save does not change them; usual ones for a new file."""
    try:
        return target.stat().st_mode & 0o7777
    except OSError:
        return 0o644


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` outlast a power cut, where the system can."""
    if sys.platform == "win32":
        return
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def refused(error: OSError, path: str) -> Refusal:
    """What a failed write means for the one who asked."""
    if error.errno in _FULL:
        return NoRoom(f"The disk is full; «{path}» was not saved, the old file is whole. Make room and save again.")
    if error.errno == errno.ENAMETOOLONG:
        return Refusal(f"The file name of «{path}» is too long for this disk.")
    return Unavailable(
        f"«{path}» could not be written ({os.strerror(error.errno or 0)}); the file on disk is as before. "
        "Check that the folder is there and may be written to, then save again."
    )


def make_folder(folder: Path, path: str) -> None:
    """Create the folder and its parents. Raises NoRoom, Unavailable."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refused(error, path) from error


def clear_leftovers(folder: Path) -> int:
    """Remove temporary files that a killed process left below `folder`; returns how many (faults F28)."""
    removed = 0
    for place, _, names in os.walk(folder):
        for name in names:
            match = _LEFTOVER.match(name)
            if match and _abandoned(Path(place, name), int(match[1])):
                with contextlib.suppress(OSError):
                    Path(place, name).unlink()
                    removed += 1
    return removed


def _abandoned(file: Path, pid: int) -> bool:
    """Whether no living process is about to rename this file."""
    try:
        born_s = file.stat().st_mtime
    except OSError:
        return False
    if born_s < time.time() - 3600:
        return True
    if pid == os.getpid():  # in a container every start has the same id
        return born_s < _STARTED_S
    if sys.platform == "win32":  # there os.kill would end it
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_RESERVED = re.compile(r"^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)


def safe_name(name: str) -> str:
    """A file name without ending that any system takes, made from what a person typed (faults F44)."""
    text = re.sub(r"\s+", "_", _FORBIDDEN.sub(" ", nfc(name)).strip())
    text = "".join(char for char in text if char.isprintable()).strip("._-~ #")
    text = re.sub(r"_+", "_", text)
    while len(text.encode()) > 120:
        text = text[:-1]
    if not text or is_ignored(text + ".json"):
        text = "unnamed"
    return f"{text}_" if _RESERVED.match(text) else text
