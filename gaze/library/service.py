"""The one door to everything that is a file, for web, command line and jobs.

The library itself answers from memory in well under a millisecond (a query takes a few) and may be asked on the event
loop; so may `preferences.of` and the lists of `gallery`. What writes, reads an image's file or the trash, and `raw`,
`refresh`, `scan` and `rescan` touch the disk: call them through `asyncio.to_thread`. All methods may be called from
any thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from gaze.core.asset import Asset
from gaze.core.category import Category
from gaze.core.errors import NoSuchAsset, Problem
from gaze.core.shelf import Shelf
from gaze.library.assets import Assets
from gaze.library.background import Background
from gaze.library.cards import Cards
from gaze.library.changes import Change, ImageAdded, ImageRemoved, ProblemsChanged, Progress, StateChanged, TrashChanged
from gaze.library.deleting import Deleting
from gaze.library.editor import Editor
from gaze.library.files import clear_leftovers
from gaze.library.finder import Finder
from gaze.library.follow import Followers
from gaze.library.gallery import Gallery
from gaze.library.history import History
from gaze.library.imagecache import ImageCache
from gaze.library.imageindex import ImageIndex
from gaze.library.imagequery import FoundImages, ImageQuery
from gaze.library.imagerow import Row
from gaze.library.images import UPLOADS, Images
from gaze.library.kept import Kept
from gaze.library.modelfaults import Named
from gaze.library.models import Models
from gaze.library.modeltrash import hold
from gaze.library.preferences import Preferences
from gaze.library.query import Card, Page, Query
from gaze.library.search import Found
from gaze.library.shelf import LibraryShelf
from gaze.library.snapshot import Snapshot
from gaze.library.state import Settings, States
from gaze.library.store import Store
from gaze.library.sweep import Sweep
from gaze.library.sweeps import Sweeps
from gaze.library.sync import Sync
from gaze.library.words import Templates, Wildcards
from gaze.library.writing import Writing


class Library:
    """Assets, state, images, templates, wildcards and settings of one root folder.

    It lives, finds and reads. Images are kept by `gallery`, assets and settings written by `writing`, what the user
    prefers is in `preferences`, what was deleted in `trash`.
    """

    progress: tuple[int, int]  # files read, files found, of the first read
    ready: bool  # whether the first read is done
    revision: int  # another one whenever something changed
    is_missing: Callable[[str, str], bool] | None  # (category, LoRA or checkpoint path): is it missing? None: never
    models: Models | None  # the model files, in a process that looks at them

    def __init__(
        self,
        root: Path,
        program: Path,
        categories: Mapping[str, Category],
        on_change: Callable[[list[Change]], None] = lambda changes: None,
    ) -> None:
        """Nothing is read yet. `program` is the folder whose `workflows/default.json` stands in for a missing one.

        `on_change` gets lists of changes: on the event loop's thread after `start`, in the caller's before.
        """
        self.root = root
        self.program = program
        self.categories = categories
        self.on_change = on_change
        self.progress = (0, 0)
        self.ready = False
        self.revision = 0
        self.is_missing = None
        self.models = None
        self._lock = threading.RLock()
        self._assets = Assets(categories)
        self._states, self._settings = States(), Settings()
        self._wildcards, self._templates = Wildcards(), Templates(program)
        self._images = Images(root, categories)
        self._followers = Followers(root, self._states, self._images)
        stores: list[Store] = [self._assets, self._states, self._settings, self._wildcards, self._templates]
        self._sync = Sync(root, stores, self._assets, self._images, self._lock, self._followers.follow)
        self._sweep = Sweep(self._sync)
        self._editor = Editor(root, self._sync)
        self.images = ImageIndex(root, self._images, self._lock, ImageCache(root / "data/.gaze/images"))
        self._cards = Cards(self._assets, self._states, self._images, self.images, self._lock, self._missing)
        self._finder = Finder(self._assets.catalogs, self._states, self.images, self._lock, self._cards.of_entries)
        self._snapshot = Snapshot(root / "data/.gaze/index", self._assets, self._lock)
        self.gallery = Gallery(root, self._images, self._followers, self._sync, self._editor, self._lock, self._tell)
        self.preferences = Preferences(
            root, self._assets, self._states, self.gallery, self._sync, self._editor, self._lock, self._tell
        )
        self.history = History(self._states, self._sync, self._editor)
        self.writing = Writing(self._assets, self._sync, self._editor, self._tell)
        self.trash = Deleting(
            root,
            self._assets,
            self._images,
            self._followers,
            self.gallery,
            self._sync,
            self._editor,
            self._tell,
            partial(hold, self),
            self._look_at_models,
        )
        self.sweeps = Sweeps(root, self._editor, self.gallery, self._tell)
        self._background = Background(
            self._sync, self._sweep, self._snapshot, self.images, self.trash, self._first_read, self._tell
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    # life

    def scan(self, *, images: bool = True) -> None:
        """Read everything now, blocking; for the command line and tests."""
        self._first_read(lambda: None)
        if images:
            self.images.work()
            self.images.look_at_trash(self.trash.list())

    async def start(self, *, polling: bool = False) -> None:
        """Begin to read in the background and to watch; returns at once. `polling` as for network drives."""
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._background.run(polling))

    async def stop(self) -> None:
        """End the watcher and write the index snapshot."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        await asyncio.to_thread(self.save_index)
        self._loop = None

    def rescan(self) -> None:
        """Read all files again whatever the index thinks of them; blocking."""
        self._tell(self._sweep.tick(0.0, everything=True))

    def refresh(self, path: str) -> None:
        """Look at one file below the root now, as the watcher would."""
        self._tell(self._sync.refresh([path]))

    def save_index(self) -> None:
        """Write the index snapshot, so that the next start reads only files that changed."""
        self._snapshot.write()
        self.images.save()

    def _first_read(self, pause: Callable[[], None]) -> None:
        with contextlib.suppress(OSError):
            (self.root / "data/.gaze").mkdir(mode=0o700, parents=True, exist_ok=True)
        warm = self.ready or self._snapshot.restore() > 0
        self._templates.read_shipped(self.root)
        told = self._sweep.tick(0.0) if self.ready else self._sweep.first_read(self._progress, pause)
        self.ready = True
        if not warm:  # everything is new to everybody
            told = [change for change in told if isinstance(change, ProblemsChanged)]
        told = [change for change in told if not isinstance(change, ImageAdded)]
        self._tell([*told, Progress(*self.progress)])
        self.images.restore(pause)
        self.images.look()
        self.images.trash_changed.set()
        for folder in ("data", UPLOADS, "workflows"):
            clear_leftovers(self.root / folder)

    def _progress(self, done: int, total: int) -> None:
        self.progress = (done, total)
        if done % 500 == 0 and done < total:
            self._tell([Progress(done, total)])

    def _tell(self, changes: list[Change]) -> None:
        """Tell once what changed, with the assets whose cover came or went."""
        if not changes:
            return
        self.revision += 1
        if TrashChanged() in changes:
            self.images.trash_changed.set()
        pictures = {change.path for change in changes if isinstance(change, ImageAdded | ImageRemoved)}
        if pictures:
            if self.ready:
                self.images.touch(pictures)
            told = set(changes)
            for category, kept in list(self._states.values.items()):
                for slug, state in list(kept.now.items()):
                    change = StateChanged(category, slug)
                    if state.get("cover") in pictures and change not in told:
                        changes = [*changes, change]
        if self._loop is None:
            self.on_change(changes)
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.on_change, changes)

    # reading

    def get(self, category: str, slug: str) -> Asset:
        """The asset of that slug. Raises NoSuchAsset (404)."""
        return self._assets.get(category, slug)

    def find(self, category: str, slug: str) -> Asset | None:
        """The asset of that slug, or None."""
        return self._assets.find(category, slug)

    def taken(self, category: str, slug: str) -> bool:
        """Whether a slug is given already, case aside."""
        return slug.lower() in self._assets.catalog(category).taken

    def at(self, path: str) -> Asset | None:
        """The asset whose file is at a path below the root, or None."""
        return self._assets.at(path)

    def each(self, known: Mapping[str, str], holding: Sequence[str] = ()) -> Iterator[tuple[str, str, Asset | None]]:
        """Path, version and asset of every file; None for an asset where `known` has this version of the path.

        With `holding` only files that hold one of these texts somewhere. Assets are made for the caller and not
        kept: going through 10,000 must not keep 10,000 in memory.
        """
        return self._assets.each(known, holding)

    def query(self, category: str, query: Query) -> Page:
        """The cards a library page shows. Raises NotFound for an unknown category."""
        return self._cards.query(category, query)

    def slugs(self, category: str, query: Query) -> list[str]:
        """Slugs of all assets that pass the filters, in order. Raises NotFound for an unknown category."""
        return self._cards.slugs(category, query)

    def stale(self, category: str) -> list[str]:
        """Slugs of assets whose cover was made from another version of them. Raises NotFound."""
        return self._cards.stale(category)

    def card(self, asset: Asset) -> Card:
        """What a library card of the asset needs."""
        return self._cards.of(asset)

    def search(
        self, q: str, *, category: str = "", nsfw: str = "all", kind: str = "all", limit: int = 60, offset: int = 0
    ) -> Found:
        """Assets (`resources`), images or all whose texts hold every word of `q`, best first, each with why.

        Takes a few milliseconds at 10,000 assets. Raises NotFound for an unknown category.
        """
        if category:
            self._assets.catalog(category)
        return self._finder.search(q, category=category, nsfw=nsfw, kind=kind, limit=limit, offset=offset)

    def find_images(self, query: ImageQuery) -> FoundImages:
        """Images that pass the filters, with counts. Some 50 ms at 100,000 images: not for the event loop."""
        return self.images.find(query, self._finder.nsfw_owners())

    def name_of(self, key: str) -> str:
        """The name of an asset by `category/slug`; made from the slug where there is none by it. No asset is made."""
        category, _, slug = key.partition("/")
        catalog = self._assets.catalogs.get(category)
        entry = catalog.by_slug.get(slug) if catalog else None
        return str(entry.row["name"]) if entry else (slug or category).replace("_", " ")

    def kept(self) -> Kept:
        """How often pictures are kept, by asset, weight, checkpoint and pair. 30 ms at 100,000 images, then kept."""
        return self.images.kept()

    def image_nsfw(self, image: str | Row) -> bool:
        """Whether an image (a path or its row) is NSFW: as its sidecar says, else as its asset is."""
        return self._finder.image_nsfw(image)

    def counts(self) -> dict[str, int]:
        """How many assets each category has, in the order of the navigation."""
        return {name: len(catalog.by_path) for name, catalog in self._assets.catalogs.items()}

    def shelf(self) -> Shelf:
        """The library as it is now, for one plan; cheap to make, later changes do not show in it."""
        with self._lock:
            catalogs = dict(self._assets.catalogs)
            for catalog in catalogs.values():
                catalog.shared = True
            return LibraryShelf(
                self.categories,
                catalogs,
                {name: kept.share() for name, kept in self._states.values.items()},
                self._wildcards.options.share(),
                self._templates.share(),
                self._settings.value,
            )

    def named_models(self) -> Iterator[Named]:
        """Every asset that names a LoRA or checkpoint file, with that file; no asset is made for it."""
        return self._assets.named_models()

    def _look_at_models(self) -> None:
        """Have the model folders listed anew: a file of theirs came or went."""
        if self.models:
            self.models.wake()

    def wildcard_names(self) -> list[str]:
        """Names of wildcard files, as `__name__` takes them."""
        with self._lock:
            return sorted(self._wildcards.options.now)

    def problems(self) -> list[Problem]:
        """Everything its owner should mend, by path and line; what is about model files after the rest."""
        others = sorted(self.models.problems(), key=lambda problem: problem.path) if self.models else []
        with self._lock:
            return [*self._sync.problems.all(), *others]

    def problem_of(self, category: str, slug: str) -> list[Problem]:
        """Problems of one asset's file, or of the file that would have that slug."""
        try:
            path = self._assets.path_of(category, slug)
        except NoSuchAsset:
            return []
        files = self.models.problems_at(path) if self.models else ()
        with self._lock:
            return [*self._assets.bad.get(path, []), *self._assets.clashes(category, path), *files]

    def broken(self, category: str, slug: str) -> str | None:
        """The path of a file that was never good, by the slug it would have; None if there is none."""
        self._assets.catalog(category)
        return self._assets.broken[category].get(slug)

    def broken_at(self, path: str) -> tuple[str, str] | None:
        """Category and slug of a file that was never good, by its path; None for any other."""
        return self._assets.broken_at(path)

    def raw(self, asset: Asset | str) -> tuple[str, str]:
        """Text and version of an asset's file (or of a path below the root) as it is on the disk now."""
        found = self._editor.open(asset if isinstance(asset, str) else asset.path)
        return found.text, found.version

    def groups(self, category: str) -> set[str]:
        """The sub-folders of a category's folder that hold assets."""
        return {"/".join(path.split("/")[2:-1]) for path in list(self._assets.catalog(category).by_path)}

    def settings(self) -> Mapping[str, Any]:
        """The content of data/settings.json."""
        return self._settings.value

    def _missing(self, category: str) -> Callable[[str], bool] | None:
        """Which model files of a category are missing; None where nobody can be asked."""
        if self.models:  # 10,000 are asked about at once, and the index has names spelled as files are
            there = self.models.there(category)
            return None if there is None else partial(_not_in, there)
        return partial(self.is_missing, category) if self.is_missing else None


def _not_in(names: frozenset[str], name: str) -> bool:
    return name not in names
