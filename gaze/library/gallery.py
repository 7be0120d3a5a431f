"""All images: which there are, their files, sidecars and thumbnails, and keeping new ones."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gaze.core.asset import Asset
from gaze.core.errors import NotFound
from gaze.library import pictures
from gaze.library.changes import Change
from gaze.library.editor import Editor
from gaze.library.files import make_folder, refused, safe_name, write, write_new
from gaze.library.follow import Followers
from gaze.library.images import UPLOADS, Images, folder_of, image_file
from gaze.library.imagetexts import Texts, read_texts
from gaze.library.pictures import ImageInfo, Thumb, Thumbnails
from gaze.library.sync import Sync


class Gallery:
    """`library.gallery`. Images are named by their paths below `static/uploads`."""

    def __init__(
        self,
        root: Path,
        images: Images,
        followers: Followers,
        sync: Sync,
        editor: Editor,
        lock: threading.RLock,
        tell: Callable[[list[Change]], None],
    ) -> None:
        self.root = root
        self._images = images
        self._followers = followers
        self._sync = sync
        self._editor = editor
        self._lock = lock
        self._tell = tell
        self._thumbs = Thumbnails(root / "data/.gaze/thumbs")

    def of(self, asset: Asset) -> list[str]:
        """Paths below static/uploads of the asset's images, newest first."""
        with self._lock:
            return list(self._images.of_folder(f"{asset.category.name}/{asset.slug}"))

    def newest(self, folder: str, limit: int) -> list[str]:
        """Paths of a folder's newest images."""
        with self._lock:
            return self._images.of_folder(folder)[:limit]

    def has(self, path: str) -> bool:
        """Whether there is such an image."""
        with self._lock:
            return bool(self._images.has(path))

    def spelled(self, path: str) -> str:
        """The path of an image as the disk spells it; any other path as it is."""
        with self._lock:
            return self._images.has(path) or path

    def file(self, path: str) -> Path:
        """The file of an image by its path below static/uploads. Raises NotFound for anything else."""
        return image_file(self.root, self.spelled(path))

    def content(self, path: str) -> bytes:
        """The bytes of an image. Raises NotFound."""
        try:
            return self.file(path).read_bytes()
        except OSError as error:
            raise NotFound(f"The image «{path}» cannot be read now.") from error

    def info(self, path: str) -> ImageInfo:
        """Type by content, size in pixels, and a mark if it cannot be shown. Raises NotFound."""
        try:
            return pictures.info(self.file(path))
        except OSError as error:
            raise NotFound(f"The image «{path}» cannot be read now.") from error

    def thumbnail(self, path: str, width: int = 384) -> Thumb:
        """A WebP of the image at most `width` pixels wide, made when first asked for. Raises NotFound."""
        file = self.file(path)
        try:
            return self._thumbs.get(file, path, width)
        except FileNotFoundError as error:
            raise NotFound(f"There is no image «{path}».") from error
        except OSError as error:
            raise refused(error, path) from error

    def outside_thumbnail(self, file: Path, width: int = 384) -> Thumb:
        """As `thumbnail`, of a picture that is no image of the library: beside a model file. Raises NotFound."""
        try:
            return self._thumbs.get(file, str(file), width)
        except OSError as error:
            raise NotFound("There is no such picture.") from error

    def sidecar(self, path: str) -> dict[str, Any]:
        """The sidecar of an image; empty if there is none or it cannot be read."""
        file = self.file(path)
        try:
            value = json.loads(file.with_name(file.name + ".json").read_text("utf-8-sig"))
        except (OSError, ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    def texts(self, path: str) -> Texts:
        """Header and texts of an image, read now. Raises NotFound."""
        try:
            return read_texts(self.file(path))
        except OSError as error:
            raise NotFound(f"The image «{path}» cannot be read now.") from error

    def save_sidecar(self, path: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Set keys of an image's sidecar, others untouched; returns it."""
        file = self.file(path)
        sidecar = f"{file.relative_to(self.root).as_posix()}.json"
        self._editor.set_keys(sidecar, values, "the sidecar of an image")
        self._tell(self._sync.refresh([sidecar]))
        return self.sidecar(path)

    def save(self, category: str, slug: str, stem: str, content: bytes, sidecar: Mapping[str, Any]) -> str:
        """Keep an image and its sidecar; returns its path below static/uploads. Both "" : `generator/`.

        A taken name gets `-2`, `-3`, ... Raises Refusal 415 (no image by content, or damaged), 413 (too many pixels),
        Unavailable, NoRoom.
        """
        ending, width, height = pictures.verify(content)
        self._sync.data.require()
        folder = f"{UPLOADS}/{folder_of(category, slug)}"
        make_folder(self.root / folder, folder)
        stem, number = safe_name(stem), 1
        while True:
            path = f"{folder}/{stem if number == 1 else f'{stem}-{number}'}{ending}"
            taken = (self.root / f"{path}.json").exists()
            if not taken and write_new(self.root, path, content):
                break
            number += 1
        kept = {"width": width, "height": height, **sidecar}
        write(self.root, f"{path}.json", (json.dumps(kept, indent=2, ensure_ascii=False) + "\n").encode())
        self._tell(self._sync.refresh([path]))
        return path.removeprefix(UPLOADS + "/")

    def moved(self, images: Mapping[str, str]) -> None:
        """Take notice of images that were moved (paths below static/uploads, old to new); covers follow them."""
        if images:
            told = self._sync.refresh(
                {f"{UPLOADS}/{path.rpartition('/')[0]}" for pair in images.items() for path in pair}
            )
            with self._lock:
                told += self._followers.follow_images(images)
            self._tell(told)
