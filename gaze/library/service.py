"""The one door to everything that is a file, for web, command line and jobs.

Reading methods answer from memory in well under a millisecond (a query takes a few) and may be called on the event
loop. Methods that write, `raw`, `image_*`, `thumbnail`, `scan` and `rescan` touch the disk: call them through
`asyncio.to_thread`. All methods may be called from any thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from gaze.core.asset import ADDRESSES, Asset, slug_of
from gaze.core.category import Category
from gaze.core.errors import Conflict, NoSuchAsset, NotFound, Problem, Refusal
from gaze.core.shelf import Shelf
from gaze.library import earlier
from gaze.library.catalog import Catalog, Entry
from gaze.library.changes import (
    Change,
    ImageAdded,
    ImageRemoved,
    ProblemsChanged,
    Progress,
    StateChanged,
    TrashChanged,
)
from gaze.library.editor import ChangedOnDisk, Editor, FieldPath, UnusableText, blank, check, checked_name, renamed
from gaze.library.files import clear_leftovers, make_folder, refused, safe_name, write, write_new
from gaze.library.finder import Finder
from gaze.library.follow import Followers
from gaze.library.images import UPLOADS, Images, folder_of, image_file
from gaze.library.jsonedit import REMOVE
from gaze.library.load import load_text
from gaze.library.modelfaults import Named
from gaze.library.models import Models, kind_of
from gaze.library.modeltrash import hold
from gaze.library.pictures import MAX_PIXELS, ImageInfo, Thumb, Thumbnails, info, verify
from gaze.library.prompts_index import PromptsIndex, breathe
from gaze.library.query import Card, Page, Query, View, group_of, select
from gaze.library.search import Found
from gaze.library.shelf import LibraryShelf
from gaze.library.snapshot import Snapshot
from gaze.library.state import SETTINGS, Settings, States, state_path
from gaze.library.store import Store
from gaze.library.sync import Assets, Sync
from gaze.library.trash import Trash, Trashed, new_id
from gaze.library.watcher import Watcher
from gaze.library.words import Templates, Wildcards

__all__ = [
    "REMOVE",
    "Card",
    "ChangedOnDisk",
    "FieldPath",
    "ImageInfo",
    "Library",
    "Page",
    "Query",
    "Thumb",
    "Trashed",
    "UnusableText",
]

SNAPSHOT_EVERY_S = 30.0

log = logging.getLogger(__name__)


class Library:
    """Assets, state, images, templates, wildcards and settings of one root folder."""

    progress: tuple[int, int]  # files read, files found, of the first read
    ready: bool  # whether the first read is done
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
        self.max_pixels = MAX_PIXELS
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
        self._editor = Editor(root, self._sync)
        self._trash = Trash(root)
        self._thumbs = Thumbnails(root / "data/.gaze/thumbs")
        self.prompts = PromptsIndex(root, self._images, self._lock)
        self._finder = Finder(self._assets.catalogs, self._states, self.prompts, self._lock, self._cards)
        self._snapshot = Snapshot(root / "data/.gaze/index", self._assets, self._lock)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    # life

    def scan(self) -> None:
        """Read everything now, blocking; for the command line and tests."""
        self._first_read(lambda: None)
        self.prompts.work()

    async def start(self, *, polling: bool = False) -> None:
        """Begin to read in the background and to watch; returns at once. `polling` as for network drives."""
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._live(polling))

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
        self._tell(self._sync.tick(0.0, everything=True))

    def save_index(self) -> None:
        """Write the index snapshot, so that the next start reads only files that changed."""
        self._snapshot.write()

    def _first_read(self, pause: Callable[[], None]) -> None:
        with contextlib.suppress(OSError):
            (self.root / "data/.gaze").mkdir(mode=0o700, parents=True, exist_ok=True)
        warm = self.ready or self._snapshot.restore() > 0
        self._templates.read_shipped(self.root)
        told = self._sync.tick(0.0) if self.ready else self._sync.first_read(self._progress, pause)
        self.ready = True
        if not warm:  # everything is new to everybody
            told = [change for change in told if isinstance(change, ProblemsChanged)]
        self._tell([*told, Progress(*self.progress)])
        self.prompts.touch_all()
        for folder in ("data", UPLOADS, "workflows"):
            clear_leftovers(self.root / folder)

    def _progress(self, done: int, total: int) -> None:
        self.progress = (done, total)
        if done % 500 == 0 and done < total:
            self._tell([Progress(done, total)])

    async def _live(self, polling: bool) -> None:
        watcher = Watcher(self._sync, self._tell, polling=polling)
        gc.disable()  # each full collection would hold up everything for 0.1 s, to find nothing among the index
        try:
            await watcher.begin()
            await asyncio.to_thread(self._first_read, _breathe())
        finally:
            gc.freeze()
            gc.enable()
        writing = asyncio.gather(self._write_snapshots(), self._read_prompts())
        try:
            while True:
                try:
                    await watcher.run()
                except Exception:  # whatever it was, a library that stands still is worse
                    log.exception("the watcher failed and starts again")
                    await asyncio.sleep(1)
        finally:
            await watcher.end()
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)

    async def _write_snapshots(self) -> None:
        while True:
            await asyncio.to_thread(self.save_index)
            await asyncio.sleep(SNAPSHOT_EVERY_S)

    async def _read_prompts(self) -> None:
        """Keep the index of prompts up to date, in the background."""
        while True:
            if self.prompts.wanted.is_set():
                try:
                    await asyncio.to_thread(self.prompts.work, breathe())
                except Exception:  # search is poorer for it; nothing else is
                    log.exception("prompts could not be read")
            await asyncio.sleep(0.25)

    def _tell(self, changes: list[Change]) -> None:
        """Tell once what changed, with the assets whose cover came or went."""
        if not changes:
            return
        pictures = {change.path for change in changes if isinstance(change, ImageAdded | ImageRemoved)}
        if pictures:
            self.prompts.touch(pictures)
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

    # finding

    def _catalog(self, category: str) -> Catalog:
        catalog = self._assets.catalogs.get(category)
        if catalog is None:
            raise NotFound(f"There is no category «{category}».")
        return catalog

    def _path(self, category: str, slug: str) -> str:
        """The file of a slug, usable or not. Raises NoSuchAsset."""
        entry = self._catalog(category).by_slug.get(slug)
        path = entry.path if entry else self._assets.broken[category].get(slug)
        if path is None:
            raise NoSuchAsset(category, slug, self._near(category, slug))
        return path

    def _near(self, category: str, slug: str) -> list[str]:
        """Slugs worth comparing with a wrong one; all of 10,000 would take too long."""
        slugs = self._assets.catalogs[category].by_slug
        return [other for other in list(slugs) if other[:2].lower() == slug[:2].lower()][:300]

    def _taken(self, category: str, path: str) -> Asset:
        """The asset of a file just written."""
        self._tell(self._sync.refresh([path]))
        entry = self._catalog(category).by_path.get(path)
        if entry is None:
            raise NotFound(f"«{path}» was written, and is gone again.")
        return entry.asset

    def _view(self, category: str) -> View:
        assets = self._assets
        folder = f"data/{self.categories[category].data_folder}/"
        troubled = {path for path in assets.bad if path.startswith(folder)}
        for path in assets.clashed[category]:
            if path in assets.own[category]:
                troubled |= assets.owners[category][assets.own[category][path].lower()]
        states = self._states.of(category)
        missing = partial(self.is_missing, category) if self.is_missing else None
        if self.models:  # 10,000 are asked about at once, and the index has names spelled as files are
            there = self.models.there(category)
            missing = None if there is None else partial(_not_in, there)
        return View(states, frozenset(troubled), self._images.has, missing)

    def _card(self, asset: Asset, entry: Entry | None, view: View, group_by: str = "") -> Card:
        folder = f"{asset.category.name}/{asset.slug}"
        cover = view.cover(asset.slug)
        return Card(
            asset=asset,
            cover=cover,
            fallback="" if cover else self._images.fallback(asset.category.name, asset.slug),
            favourite=view.favourite(asset.slug),
            nsfw=asset.nsfw,
            problem=asset.path in view.troubled,
            missing_lora=bool(entry and view.missing_lora(entry)),
            image_count=self._images.count(folder),
            rating=view.rating(asset.slug),
            group=group_of(entry, group_by) if entry and group_by else "",
        )

    # reading

    def get(self, category: str, slug: str) -> Asset:
        """The asset of that slug. Raises NoSuchAsset (404)."""
        entry = self._catalog(category).by_slug.get(slug)
        if entry is None:
            raise NoSuchAsset(category, slug, self._near(category, slug))
        return entry.asset

    def find(self, category: str, slug: str) -> Asset | None:
        """The asset of that slug, or None."""
        catalog = self._assets.catalogs.get(category)
        entry = catalog.by_slug.get(slug) if catalog else None
        return entry.asset if entry else None

    def taken(self, category: str, slug: str) -> bool:
        """Whether a slug is given already, case aside."""
        return slug.lower() in self._catalog(category).taken

    def refresh(self, path: str) -> None:
        """Look at one file below the root now, as the watcher would."""
        self._tell(self._sync.refresh([path]))

    def at(self, path: str) -> Asset | None:
        """The asset whose file is at a path below the root, or None."""
        for catalog in self._assets.catalogs.values():
            if entry := catalog.by_path.get(path):
                return entry.asset
        return None

    def each(self, known: Mapping[str, str], holding: Sequence[str] = ()) -> Iterator[tuple[str, str, Asset | None]]:
        """Path, version and asset of every file; None for an asset where `known` has this version of the path.

        With `holding` only files that hold one of these texts somewhere. Assets are made for the caller and not
        kept: going through 10,000 must not keep 10,000 in memory.
        """
        texts = [json.dumps(text, ensure_ascii=False)[1:-1].encode("utf-8", "replace") for text in holding]
        for catalog in list(self._assets.catalogs.values()):
            for path, entry in list(catalog.by_path.items()):
                version = str(entry.row["version"])
                if texts and not any(text in entry.row["raw"] for text in texts):
                    continue
                yield path, version, None if known.get(path) == version else entry.fresh()

    def query(self, category: str, query: Query) -> Page:
        """The cards a library page shows. Raises NotFound for an unknown category."""
        catalog = self._catalog(category)
        with self._lock:
            view = self._view(category)
            entries, counts = select(catalog, query, view)
            begin = max(0, query.offset)
            end = begin + max(1, query.limit)
            cards = [self._card(entry.asset, entry, view, query.group_by) for entry in entries[begin:end]]
            before = (
                group_of(entries[begin - 1], query.group_by) if query.group_by and 0 < begin <= len(entries) else None
            )
        rest = end if end < len(entries) else None
        return Page(cards=cards, total=len(entries), counts=counts, next=rest, before=before)

    def slugs(self, category: str, query: Query) -> list[str]:
        """Slugs of all assets that pass the filters, in order. Raises NotFound for an unknown category."""
        catalog = self._catalog(category)
        with self._lock:
            entries, _ = select(catalog, query, self._view(category))
            return [entry.slug for entry in entries]

    def search(
        self, q: str, *, category: str = "", nsfw: str = "all", kind: str = "all", limit: int = 60, offset: int = 0
    ) -> Found:
        """Assets (`resources`), images or all whose texts hold every word of `q`, best first, each with why.

        Takes a few milliseconds at 10,000 assets. Raises NotFound for an unknown category.
        """
        if category:
            self._catalog(category)
        return self._finder.search(q, category=category, nsfw=nsfw, kind=kind, limit=limit, offset=offset)

    def image_nsfw(self, path: str) -> bool:
        """Whether an image is NSFW: as its sidecar says, else as its asset is."""
        return self._finder.image_nsfw(path)

    def _cards(self, entries: Sequence[Entry]) -> list[Card]:
        views = {name: self._view(name) for name in {entry.category.name for entry in entries}}
        return [self._card(entry.asset, entry, views[entry.category.name]) for entry in entries]

    def card(self, asset: Asset) -> Card:
        """What a library card of the asset needs."""
        with self._lock:
            entry = self._catalog(asset.category.name).by_slug.get(asset.slug)
            return self._card(asset, entry, self._view(asset.category.name))

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
        for catalog in list(self._assets.catalogs.values()):
            category = catalog.category
            field = category.id_field if category.chosen_by_id else "lora.lora_name"
            for path, entry in list(catalog.by_path.items()):
                if entry.model:
                    name = str(entry.row["name"])
                    yield Named(kind_of(category), entry.model, category.name, entry.slug, name, path, field)

    def wildcard_names(self) -> list[str]:
        """Names of wildcard files, as `__name__` takes them."""
        with self._lock:
            return sorted(self._wildcards.options.now)

    def problems(self) -> list[Problem]:
        """Everything its owner should mend, by path and line; what is about model files after the rest."""
        others = sorted(self.models.problems(), key=lambda problem: problem.path) if self.models else []
        with self._lock:
            return [*self._sync.problems(), *others]

    def problem_of(self, category: str, slug: str) -> list[Problem]:
        """Problems of one asset's file, or of the file that would have that slug."""
        try:
            path = self._path(category, slug)
        except NoSuchAsset:
            return []
        files = self.models.problems_at(path) if self.models else ()
        with self._lock:
            return [*self._assets.bad.get(path, []), *self._assets.clashes(category, path), *files]

    def broken(self, category: str, slug: str) -> str | None:
        """The path of a file that was never good, by the slug it would have; None if there is none."""
        self._catalog(category)
        return self._assets.broken[category].get(slug)

    def broken_at(self, path: str) -> tuple[str, str] | None:
        """Category and slug of a file that was never good, by its path; None for any other."""
        for category, paths in self._assets.broken.items():
            for slug, broken in list(paths.items()):
                if broken == path:
                    return category, slug
        return None

    def raw(self, asset: Asset | str) -> tuple[str, str]:
        """Text and version of an asset's file (or of a path below the root) as it is on the disk now."""
        found = self._editor.open(asset if isinstance(asset, str) else asset.path)
        return found.text, found.version

    # assets

    def save_text(self, category: str, slug: str, text: str, version: str) -> Asset:
        """Write the whole JSON of an asset (or of a broken file) and return it.

        Raises Unusable (422; one fault a problem, the first's line and column in the message), Conflict (409, a
        `ChangedOnDisk` with both texts), NoSuchAsset, Unavailable (503), NoRoom (507).
        """
        path = self._path(category, slug)
        self._editor.save_text(self.categories[category], path, text, version)
        return self._taken(category, path)

    def save_fields(
        self,
        category: str,
        slug: str,
        values: Mapping[FieldPath, Any],
        version: str = "",
        *,
        exactly: bool = False,
    ) -> Asset:
        """Set single values and leave every other byte of the file; `REMOVE` as a value takes the key out.

        A path is `section.key`, `section::key`, or a tuple where names may hold dots. A value that means what the
        file says already ("" for null, 25 for 25.0) changes nothing. Without `version` the newest file is changed.
        `exactly` writes an empty value (false) for a key that the file lacks too: its default may be another.
        Raises as `save_text`.
        """
        path = self._path(category, slug)
        self._editor.save_fields(self.categories[category], path, values, version, exactly=exactly)
        return self._taken(category, path)

    def rename_key(self, category: str, slug: str, path: tuple[str, ...], name: str, version: str = "") -> Asset:
        """Give a key (an outfit) another name in its place. Raises Conflict if the name is taken."""
        full = self._path(category, slug)
        self._editor.rename_key(self.categories[category], full, path, name, version)
        return self._taken(category, full)

    def check_text(self, category: str, text: str, slug: str = "") -> list[Problem]:
        """What would keep `text` from being saved, and warnings; for checks while typing. Writes nothing."""
        self._catalog(category)
        try:
            path = self._path(category, slug)
        except NoSuchAsset:
            path = f"data/{self.categories[category].data_folder}/new.json"
        return check(self.categories[category], path, text)

    def create(self, category: str, name: str, raw: Mapping[str, Any] | None = None, group: str = "") -> Asset:
        """A new asset in a new file whose name is safe on any system. Raises Unusable, Unavailable, NoRoom."""
        self._catalog(category)
        declared = self.categories[category]
        name = checked_name(name)
        given = raw.get(declared.id_field) if raw else None
        asset_id = given.strip() if isinstance(given, str) and given.strip() else self._editor.new_id(declared, name)
        if raw is None:
            made = blank(declared, asset_id, name)
        else:
            made = {declared.id_field: asset_id, declared.name_field: name, **raw}
            made.update({declared.id_field: asset_id, declared.name_field: raw.get(declared.name_field) or name})
        text = json.dumps(made, indent=2, ensure_ascii=False) + "\n"
        path = self._editor.create(declared, name if declared.chosen_by_id else asset_id, group, text)
        return self._taken(category, path)

    def add_text(self, category: str, text: str, *, stem: str, group: str = "", apart: bool = False) -> Asset:
        """A new file with this text, byte for byte; `apart` gives it an id of its own where the id is taken.

        Raises Unusable, Unavailable, NoRoom.
        """
        self._catalog(category)
        declared = self.categories[category]
        asset = load_text(declared, f"data/{declared.data_folder}/{stem}.json", text, "").asset
        if apart and asset is not None:
            new_id = self._editor.new_id(declared, asset.id)
            text = renamed(asset, text, f"{asset.name} (imported)", "" if declared.chosen_by_id else new_id)
            stem = stem if declared.chosen_by_id else new_id
        return self._taken(category, self._editor.create(declared, stem, group, text))

    def clone(self, category: str, slug: str, name: str = "") -> Asset:
        """A copy with an id and name of its own; unknown keys come along, state and images do not."""
        source = self.get(category, slug)
        name = checked_name(name or f"{source.name} copy")
        new_id = self._editor.new_id(source.category, source.id if source.category.chosen_by_id else name)
        text = renamed(source, self._editor.open(source.path).text, name, new_id)
        path = self._editor.create(
            source.category, name if source.category.chosen_by_id else new_id, source.group, text
        )
        return self._taken(category, path)

    def rename(self, category: str, slug: str, name: str, new_id: str = "") -> Asset:
        """Change the name and, if given, id and file name; state and images follow a changed slug."""
        source = self.get(category, slug)
        declared, new_id = source.category, new_id.strip()
        values: dict[FieldPath, Any] = {(declared.name_field,): checked_name(name)}
        path = source.path
        if new_id and new_id != source.id:
            wanted = slug_of(declared, new_id)
            owner = self._catalog(category).taken.get(wanted.lower())
            if owner not in (None, path):
                raise Conflict(f"There is a «{wanted}» among {category} already («{owner}»).", field=declared.id_field)
            values[declared.id_field,] = new_id
        self._editor.save_fields(declared, path, values, "")
        self._tell(self._sync.refresh([path]))
        if new_id and new_id != source.id and not declared.chosen_by_id:
            moved = self._editor.move(declared, path, new_id)
            self._tell(self._sync.refresh([path, moved]))
            path = moved
        return self._taken(category, path)

    def free_id(self, category: str, wish: str) -> str:
        """The wish itself if nobody has its slug, else an id near it."""
        declared = self.categories[category]
        slug = slug_of(declared, wish, safe_name(wish))
        taken = self.taken(category, slug) or self.broken(category, slug) or slug.lower() in ADDRESSES
        return self._editor.new_id(declared, wish) if taken else wish

    def groups(self, category: str) -> set[str]:
        """The sub-folders of a category's folder that hold assets."""
        return {"/".join(path.split("/")[2:-1]) for path in list(self._catalog(category).by_path)}

    def repoint_states(self, key: str, old: str, new: str) -> list[str]:
        """Last choices of other pages that name an asset under `key` name it anew; returns the files changed."""
        changed = []
        with self._lock:
            found = [
                (category, slug)
                for category, kept in self._states.values.items()
                for slug, state in kept.now.items()
                if key and old and state.get(key) == old
            ]
        for category, slug in found:
            path = state_path(category, slug)
            with contextlib.suppress(Refusal):
                self._editor.set_keys(path, {key: new}, "the state of an asset")
                changed.append(path)
        self._tell(self._sync.refresh(changed))
        return changed

    def nsfw(self, category: str, slug: str, on: bool | None = None) -> Asset:
        """Write `tags.nsfw` into the asset's file; None turns it over."""
        asset = self.get(category, slug)
        return self.save_fields(category, slug, {("tags", "nsfw"): (not asset.nsfw) if on is None else on})

    # user state

    def state(self, category: str, slug: str) -> Mapping[str, Any]:
        """What the user prefers (data/state); empty if nothing is kept."""
        return self._states.get(category, slug)

    def set_state(self, category: str, slug: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Keep values in the state of an asset, other keys untouched; returns the state."""
        slug = self.get(category, slug).slug
        path = state_path(category, slug)
        self._editor.set_keys(path, values, "the state of an asset")
        self._tell(self._sync.refresh([path]))
        return self._states.get(category, slug)

    def show_image(self, category: str, slug: str, image: str, *, as_cover: bool, if_none: bool = False) -> None:
        """Make an image the cover of an asset, or its last preview; `if_none` makes it the cover if it has none.

        Works on the state's file alone, so a worker need not have read the library.
        """
        path = state_path(category, slug)
        self._tell(self._sync.refresh([path]))
        cover = as_cover or (if_none and not self._states.get(category, slug).get("cover"))
        self._editor.set_keys(path, {"cover": image} if cover else {"last_preview": image}, "the state of an asset")
        self._tell(self._sync.refresh([path]))

    def take_over(self) -> int:
        """Fill the state of assets from the earlier program's database; what is kept already stays. How many were."""
        taken = 0
        for row in earlier.read(self.root, self.categories):
            asset = self.find(row.category, row.slug)
            kept = self.state(row.category, row.slug)
            new = {key: value for key, value in row.values().items() if kept.get(key) is None}
            if asset is not None and new:
                self.set_state(row.category, row.slug, new)
                taken += 1
        earlier.answer(self.root, taken=True)
        return taken

    def favourite(self, category: str, slug: str, on: bool | None = None) -> bool:
        """Set or turn over the favourite mark; returns what it is now."""
        if on is None:
            on = self.state(category, slug).get("is_favourite") is not True
        self.set_state(category, slug, {"is_favourite": on})
        return on

    def save_defaults(self, category: str, slug: str, fields: Sequence[str] | None) -> None:
        """Keep the field selection; None forgets it, an empty one selects nothing."""
        self.set_state(category, slug, {"default_fields": None if fields is None else list(fields)})

    def set_cover(self, category: str, slug: str, image: str | None) -> None:
        """Make an image (path below static/uploads) the cover, or have none. Raises NotFound for no such image."""
        if image is not None:
            self.image_file(image)
            image = self._images.has(image) or image
        self.set_state(category, slug, {"cover": image})

    def settings(self) -> Mapping[str, Any]:
        """The content of data/settings.json."""
        return self._settings.value

    def save_settings(self, values: Mapping[str, Any]) -> None:
        """Set keys of data/settings.json, others untouched; `REMOVE` as a value takes a key out."""
        self._editor.set_keys(SETTINGS, values, "the settings")
        self._tell(self._sync.refresh([SETTINGS]))

    # images

    def images_of(self, asset: Asset) -> list[str]:
        """Paths below static/uploads of the asset's images, newest first."""
        with self._lock:
            return list(self._images.of_folder(f"{asset.category.name}/{asset.slug}"))

    def images(self, category: str = "", slug: str = "", offset: int = 0, limit: int = 60) -> tuple[list[str], int]:
        """A page of all images (or of a category's, an asset's), newest first, and how many there are."""
        with self._lock:
            if not category:
                return self._images.page(offset, limit)
            own = f"{category}/{slug}"
            found = self._images.of_folder(own) if slug else self._images.newest(own)
            return found[offset : offset + limit], len(found)

    def image_file(self, path: str) -> Path:
        """The file of an image by its path below static/uploads. Raises NotFound for anything else."""
        with self._lock:
            spelled = self._images.has(path)
        return image_file(self.root, spelled or path)

    def moved(self, images: Mapping[str, str]) -> None:
        """Take notice of images that were moved (paths below static/uploads, old to new); covers follow them."""
        if images:
            told = self._sync.refresh(
                {f"{UPLOADS}/{path.rpartition('/')[0]}" for pair in images.items() for path in pair}
            )
            with self._lock:
                told += self._followers.follow_images(images)
            self._tell(told)

    def image_info(self, path: str) -> ImageInfo:
        """Type by content, size in pixels, and a mark if it cannot be shown. Raises NotFound."""
        try:
            return info(self.image_file(path), self.max_pixels)
        except OSError as error:
            raise NotFound(f"The image «{path}» cannot be read now.") from error

    def image_sidecar(self, path: str) -> dict[str, Any]:
        """The sidecar of an image; empty if there is none or it cannot be read."""
        file = self.image_file(path)
        try:
            value = json.loads(file.with_name(file.name + ".json").read_text("utf-8-sig"))
        except (OSError, ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    def save_sidecar(self, path: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Set keys of an image's sidecar, others untouched; returns it."""
        file = self.image_file(path)
        sidecar = f"{file.relative_to(self.root).as_posix()}.json"
        self._editor.set_keys(sidecar, values, "the sidecar of an image")
        self._tell(self._sync.refresh([sidecar]))
        return self.image_sidecar(path)

    def save_image(self, category: str, slug: str, stem: str, content: bytes, sidecar: Mapping[str, Any]) -> str:
        """Keep an image and its sidecar; returns its path below static/uploads. Both "" : `generator/`.

        A taken name gets `-2`, `-3`, ... Raises Refusal 415 (no image by content, or damaged), 413 (too many pixels),
        Unavailable, NoRoom.
        """
        ending, width, height = verify(content, self.max_pixels)
        self._sync.require()
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

    def thumbnail(self, path: str, width: int = 384) -> Thumb:
        """A WebP of the image at most `width` pixels wide, made when first asked for. Raises NotFound."""
        file = self.image_file(path)
        try:
            return self._thumbs.get(file, path, width, self.max_pixels)
        except FileNotFoundError as error:
            raise NotFound(f"There is no image «{path}».") from error
        except OSError as error:
            raise refused(error, path) from error

    def outside_thumbnail(self, file: Path, width: int = 384) -> Thumb:
        """As `thumbnail`, of a picture that is no image of the library: beside a model file. Raises NotFound."""
        try:
            return self._thumbs.get(file, str(file), width, self.max_pixels)
        except OSError as error:
            raise NotFound("There is no such picture.") from error

    # trash

    def delete(self, category: str, slug: str, batch: str = "", *, hard: bool = False) -> str:
        """Move an asset with state and images into the trash, `hard` its model file too; returns the trash id.

        Raises Conflict where the model file must stay, Unavailable, NoRoom: then nothing has changed.
        """
        path = self._path(category, slug)
        self._sync.require()
        asset = self.find(category, slug)
        trash_id = new_id()
        files = hold(self, asset, trash_id) if hard else []
        name = asset.name if asset else path.rsplit("/", 1)[-1]
        images = self._images.count(f"{category}/{slug}")
        entry = Trashed(
            id=trash_id,
            kind="asset",
            name=name,
            category=category,
            slug=slug,
            path=path,
            images=images,
            batch=batch,
            files=files,
        )
        belongings = [place for place in self._followers.places(category, slug) if (self.root / place).exists()]
        with self._editor.locks(path):
            entry = self._trash.put(entry, [path, *belongings])
        self._tell([*self._sync.refresh([path, *belongings]), TrashChanged()])
        self._look_at_models(entry)
        return entry.id

    def delete_image(self, path: str) -> str:
        """Move an image with its sidecar into the trash; returns the trash id."""
        self._sync.require()
        full = self.image_file(path).relative_to(self.root).as_posix()
        parts = full.split("/")[2:-1]
        category, slug = parts if len(parts) == 2 and parts[0] in self.categories else ("", "")
        entry = Trashed(id="", kind="image", name=full.rsplit("/", 1)[-1], category=category, slug=slug, path=full)
        entry = self._trash.put(entry, [full, f"{full}.json"])
        self._tell([*self._sync.refresh([full]), TrashChanged()])
        return entry.id

    def trash(self) -> list[Trashed]:
        """What lies in the trash, newest first."""
        return self._trash.list()

    def trashed(self, name: str) -> Sequence[Trashed]:
        """The entry of a trash id, or the entries of a batch. Raises NotFound."""
        return self._trash.together(name)

    def restore(self, trash_id: str) -> Trashed:
        """Bring everything of one trash entry back. Raises NotFound, Conflict if its place is taken."""
        self._sync.require()
        entry = self._trash.get(trash_id)
        taken = entry.kind == "asset" and entry.slug.lower() in self._catalog(entry.category).taken
        if taken and self._trash.waits(entry, entry.path):
            raise Conflict(f"There is a «{entry.slug}» among {entry.category} again; rename it, then restore.")
        entry = self._trash.restore(trash_id)
        self._tell([*self._sync.refresh(entry.paths), TrashChanged()])
        self._look_at_models(entry)
        return entry

    def _look_at_models(self, entry: Trashed) -> None:
        """Have the model folders listed anew if a file of theirs came or went."""
        if entry.files and self.models:
            self.models.wake()

    def empty_trash(self, trash_id: str = "") -> int:
        """Delete the trash (or one entry) for good; returns how many entries."""
        try:
            return self._trash.empty(trash_id)
        finally:
            self._tell([TrashChanged()])


def _not_in(names: frozenset[str], name: str) -> bool:
    return name not in names


def _breathe() -> Callable[[], None]:
    """A pause every few files of the first read, so that pages are answered meanwhile."""
    last = time.monotonic()

    def pause() -> None:
        nonlocal last
        if time.monotonic() - last > 0.01:
            time.sleep(0.001)
            last = time.monotonic()

    return pause
