"""The index of all assets: which file gives which asset, slug and problem. A disposable copy of the files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import cast

import msgspec

from gaze.core.asset import ADDRESSES, Asset, settle, slug_of
from gaze.core.category import Category
from gaze.core.errors import Problem
from gaze.library.catalog import Catalog, Entry, row_of
from gaze.library.changes import AssetChanged, AssetRemoved, Change
from gaze.library.files import Stat, trusted
from gaze.library.load import Loaded
from gaze.library.store import Faults
from gaze.library.tables import Ids, LiveDB, LiveTable, Memory, Row, doc_id


class Index(Faults):
    """Assets of every category by path and slug, with their problems. Callers hold the library's lock."""

    def __init__(self, categories: Mapping[str, Category]) -> None:
        super().__init__()
        self.categories = categories
        self.folders = {category.data_folder: category for category in categories.values()}
        self.memory = Memory()
        self.db = LiveDB(storage=lambda: self.memory)
        self.catalogs = {name: Catalog(category) for name, category in categories.items()}
        self.own: dict[str, dict[str, str]] = {name: {} for name in categories}  # own slugs of usable files by path
        self.owners: dict[str, dict[str, set[str]]] = {name: {} for name in categories}  # own slug, no case -> paths
        self.clashed: dict[str, set[str]] = {name: set() for name in categories}  # paths whose slug is not their own
        self.broken: dict[str, dict[str, str]] = {name: {} for name in categories}  # never good: slug -> path
        self.moves: list[tuple[str, str, str]] = []  # (category, old slug, new slug) since last taken

    # which files

    def owns(self, path: str) -> bool:
        return path.startswith("data/") and path.endswith(".json") and self.category_of(path) is not None

    def category_of(self, path: str) -> Category | None:
        parts = path.split("/", 2)
        return self.folders.get(parts[1]) if len(parts) == 3 else None

    def row(self, path: str) -> Row | None:
        category = self.category_of(path)
        if category is None:
            return None
        table = self.memory.tables.get(category.name)
        return table.get(doc_id(path)) if table else None

    def table(self, name: str) -> LiveTable:
        return cast(LiveTable, self.db.table(name))

    # changes

    def touch(self, path: str, version: str, stat: Stat) -> bool:
        """Whether a file with this content is known already; its stat is then remembered."""
        row, category = self.row(path), self.category_of(path)
        if row is None or category is None or row["seen"] != version:
            return False
        self.known[path] = kept = trusted(stat)
        if row["stat"] != list(kept):
            self._store(category, {**row, "stat": list(kept)})
        return True

    def put(self, path: str, loaded: Loaded, stat: Stat, *, later: bool = False) -> list[Change]:
        """Take what a file now holds; with `later` a clash of slugs waits for `settle`."""
        category = self.category_of(path)
        assert category
        if self.touch(path, loaded.version, stat):
            return []
        self.known[path] = trusted(stat)
        old = self.row(path)
        self.note(path, loaded.problems)
        if loaded.asset is None:
            return self._spoiled(category, path, loaded, stat, old)
        row = row_of(loaded.asset, loaded.raw, stat, loaded.problems)
        self._mended(category, path)
        was = self.catalogs[category.name].by_path.get(path)
        return self._place(category, row, was, loaded.asset, later=later)

    def _spoiled(self, category: Category, path: str, loaded: Loaded, stat: Stat, old: Row | None) -> list[Change]:
        """The last good version stays in use; a file that was never good waits under the slug it would have."""
        told = [msgspec.to_builtins(problem) for problem in loaded.problems]
        news = {"stat": list(trusted(stat)), "seen": loaded.version, "problems": told}
        if old and old["raw"] is not None:
            row = {**old, **news}
            self._store(category, row)
            entry = self.catalogs[category.name].by_path.get(path)
            if entry is None:
                return []
            self._swap(category, entry, Entry(category, row, entry._asset))
            return [AssetChanged(category.name, entry.slug, entry.row["version"])]
        slug = slug_of(category, path.rsplit("/", 1)[-1].removesuffix(".json"))
        self._store(category, {"path": path, "slug": slug, "own": "", "raw": None, "version": "", **news})
        self.broken[category.name].setdefault(slug, path)
        return []

    def _place(
        self, category: Category, row: Row, was: Entry | None, asset: Asset | None, *, later: bool
    ) -> list[Change]:
        name, path, own = category.name, row["path"], row["own"]
        catalog = self.writable(name)
        if was and was.row["own"] == own:
            row["slug"] = was.slug
            self._store(category, row)
            self._swap(category, was, Entry(category, row, _named(asset, was.slug)))
            return [AssetChanged(name, was.slug, row["version"])]
        self._own(name, path, own)
        alone = len(self.owners[name][own.lower()]) == 1 and own.lower() not in ADDRESSES
        free = catalog.taken.get(own.lower()) in (None, path)
        self._store(category, row)
        if (alone or later) and free and own.lower() not in ADDRESSES and (later or not self.clashed[name]):
            entry = Entry(category, row, None if later else asset)  # 10,000 assets that nobody asked for are 30 MB
            if was:
                catalog.take_out(was)
            catalog.add(entry)
            if was is None:
                return [AssetChanged(name, own, row["version"], new=True)]
            self.moves.append((name, was.slug, own))
            return [AssetRemoved(name, was.slug), AssetChanged(name, own, row["version"])]
        return [] if later else self.settle(name)

    def drop(self, path: str) -> list[Change]:
        """Forget a file that is gone."""
        category = self.category_of(path)
        assert category
        name = category.name
        self.forget(path)
        self._mended(category, path)
        if self.row(path) is not None:
            self.table(name).take_out(path)
        self._own(name, path, None)
        catalog = self.writable(name)
        entry = catalog.by_path.get(path)
        if entry is None:
            return []
        catalog.take_out(entry)
        told: list[Change] = [AssetRemoved(name, entry.slug)]
        return told + self.settle(name) if self.clashed[name] else told

    def move(self, old: str, new: str) -> None:
        """A file was renamed: its row goes along, so that this is neither a removal nor a new asset."""
        category = self.category_of(new)
        row = self.row(old)
        if category is None or row is None or category is not self.category_of(old):
            return
        name = category.name
        entry = self.catalogs[name].by_path.get(old)
        self.table(name).take_out(old)
        self.note(new, self.bad.get(old, []))
        self.forget(old)
        row = {**row, "path": new, "seen": "", "stat": [0, 0, 0]}
        self._store(category, row)
        own = self.own[name].get(old)
        self._own(name, old, None)
        if own is not None:
            self._own(name, new, own)
        if entry:
            catalog = self.writable(name)
            catalog.take_out(entry)
            catalog.add(Entry(category, row))
        if old in self.clashed[name]:
            self.clashed[name].discard(old)
            self.clashed[name].add(new)

    def settle(self, name: str) -> list[Change]:
        """Give every file of a category its final slug (specification data, Ids); tells what that changed."""
        category, catalog = self.categories[name], self.writable(name)
        final = settle(self.own[name])
        clashed = {path for path, slug in final.items() if slug != self.own[name][path]}
        if clashed != self.clashed[name]:
            self.changed_problems = True
        self.clashed[name] = clashed
        moved = [path for path, slug in final.items() if path not in catalog.by_path or self._slug(name, path) != slug]
        before = {path: catalog.by_path.get(path) for path in moved}
        for entry in before.values():
            if entry:
                catalog.take_out(entry)
        told: list[Change] = []
        added: list[Change] = []
        for path in moved:
            row, was = self.row(path), before[path]
            assert row
            row = {**row, "slug": final[path]}
            self._store(category, row)
            catalog.add(Entry(category, row))
            if was:
                self.moves.append((name, was.slug, final[path]))
                told.append(AssetRemoved(name, was.slug))
            added.append(AssetChanged(name, final[path], row["version"], new=was is None))
        return told + added

    def _slug(self, name: str, path: str) -> str:
        return self.catalogs[name].by_path[path].slug

    def writable(self, name: str) -> Catalog:
        """The catalog of a category, to be changed now: a copy if a shelf holds it."""
        catalog = self.catalogs[name]
        if catalog.shared:
            catalog = self.catalogs[name] = catalog.copy()
        for key in ("by_id", "choices", "owned"):
            catalog.__dict__.pop(key, None)
        return catalog

    def _swap(self, category: Category, old: Entry, new: Entry) -> None:
        catalog = self.writable(category.name)
        catalog.take_out(old)
        catalog.add(new)

    def _own(self, name: str, path: str, own: str | None) -> None:
        before = self.own[name].pop(path, None)
        if before is not None:
            paths = self.owners[name].get(before.lower(), set())
            paths.discard(path)
            if not paths:
                self.owners[name].pop(before.lower(), None)
        if own is not None:
            self.own[name][path] = own
            self.owners[name].setdefault(own.lower(), set()).add(path)

    def _store(self, category: Category, row: Row) -> None:
        self.table(category.name).place(row)

    def _mended(self, category: Category, path: str) -> None:
        waiting = self.broken[category.name]
        for slug in [slug for slug, place in waiting.items() if place == path]:
            del waiting[slug]

    # start

    def restore(self, name: str, rows: Iterable[Row]) -> None:
        """Take the rows of a snapshot as they are; the files are compared with them later."""
        category = self.categories[name]
        table = self.memory.tables.setdefault(name, Ids())
        catalog = self.writable(name)
        for row in rows:
            path = row["path"]
            table[doc_id(path)] = row
            self.known[path] = (row["stat"][0], row["stat"][1], row["stat"][2])
            if row["problems"]:
                self.bad[path] = [msgspec.convert(problem, Problem) for problem in row["problems"]]
            if row["raw"] is None:
                self.broken[name].setdefault(row["slug"], path)
                continue
            self._own(name, path, row["own"])
            if row["slug"] != row["own"]:
                self.clashed[name].add(path)
            entry = Entry(category, row)
            catalog.by_slug[entry.slug] = catalog.by_path[path] = entry
            catalog.taken[entry.slug.lower()] = path
        catalog.order = sorted(entry.key for entry in catalog.by_path.values())

    # problems

    def problems(self) -> Iterator[Problem]:
        yield from super().problems()
        for name in self.categories:
            yield from self.clashes(name)

    def clashes(self, name: str, only: str = "") -> Iterator[Problem]:
        """Slug clashes of a category (or of one file), told at each file and naming another one."""
        paths = self.clashed[name]
        for own in {self.own[name][path].lower() for path in paths if path in self.own[name]}:
            group = sorted(self.owners[name].get(own, ()))
            for path in group:
                if only not in ("", path) or path not in self.catalogs[name].by_path:
                    continue
                slug = self._slug(name, path)
                other = group[0] if path != group[0] else group[1] if len(group) > 1 else ""
                reason = f"«{other}» has the same slug" if other else f"«{own}» is an address of the program"
                kept = "this one keeps" if slug.lower() == own else "this one is shown as"
                message = f"{reason}; {kept} «{slug}». Give one of them another {self.categories[name].id_field}."
                yield Problem(path=path, code="slug", message=message, fatal=False)


def _named(asset: Asset | None, slug: str) -> Asset | None:
    return msgspec.structs.replace(asset, slug=slug) if asset and asset.slug != slug else asset
