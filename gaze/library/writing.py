"""Write the files of assets, and the settings: single values or whole texts, new files, copies, other names."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from gaze.core.asset import ADDRESSES, Asset, slug_of
from gaze.core.errors import Conflict, NoSuchAsset, NotFound, Problem
from gaze.library.assets import Assets
from gaze.library.changes import Change
from gaze.library.editor import Editor, FieldPath, blank, check, checked_name, renamed
from gaze.library.files import safe_name
from gaze.library.load import load_text
from gaze.library.state import SETTINGS
from gaze.library.sync import Sync


class Writing:
    """`library.writing`: memory follows each write in the same call."""

    def __init__(self, assets: Assets, sync: Sync, editor: Editor, tell: Callable[[list[Change]], None]) -> None:
        self.categories = assets.categories
        self._assets = assets
        self._sync = sync
        self._editor = editor
        self._tell = tell

    def save_text(self, category: str, slug: str, text: str, version: str) -> Asset:
        """Write the whole JSON of an asset (or of a broken file) and return it.

        Raises Unusable (422; one fault a problem, the first's line and column in the message), Conflict (409, a
        `ChangedOnDisk` with both texts), NoSuchAsset, Unavailable (503), NoRoom (507).
        """
        path = self._assets.path_of(category, slug)
        self._editor.save_text(self.categories[category], path, text, version)
        return self._written(category, path)

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
        path = self._assets.path_of(category, slug)
        self._editor.save_fields(self.categories[category], path, values, version, exactly=exactly)
        return self._written(category, path)

    def rename_key(self, category: str, slug: str, path: tuple[str, ...], name: str, version: str = "") -> Asset:
        """Give a key (an outfit) another name in its place. Raises Conflict if the name is taken."""
        full = self._assets.path_of(category, slug)
        self._editor.rename_key(self.categories[category], full, path, name, version)
        return self._written(category, full)

    def check(self, category: str, text: str, slug: str = "") -> list[Problem]:
        """What would keep `text` from being saved, and warnings; for checks while typing. Writes nothing."""
        self._assets.catalog(category)
        try:
            path = self._assets.path_of(category, slug)
        except NoSuchAsset:
            path = f"data/{self.categories[category].data_folder}/new.json"
        return check(self.categories[category], path, text)

    def nsfw(self, category: str, slug: str, on: bool | None = None) -> Asset:
        """Write `tags.nsfw` into the asset's file; None turns it over."""
        asset = self._assets.get(category, slug)
        return self.save_fields(category, slug, {("tags", "nsfw"): (not asset.nsfw) if on is None else on})

    def create(self, category: str, name: str, raw: Mapping[str, Any] | None = None, group: str = "") -> Asset:
        """A new asset in a new file whose name is safe on any system. Raises Unusable, Unavailable, NoRoom."""
        self._assets.catalog(category)
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
        return self._written(category, path)

    def add_text(self, category: str, text: str, *, stem: str, group: str = "", apart: bool = False) -> Asset:
        """A new file with this text, byte for byte; `apart` gives it an id of its own where the id is taken.

        Raises Unusable, Unavailable, NoRoom.
        """
        self._assets.catalog(category)
        declared = self.categories[category]
        asset = load_text(declared, f"data/{declared.data_folder}/{stem}.json", text, "").asset
        if apart and asset is not None:
            new_id = self._editor.new_id(declared, asset.id)
            text = renamed(asset, text, f"{asset.name} (imported)", "" if declared.chosen_by_id else new_id)
            stem = stem if declared.chosen_by_id else new_id
        return self._written(category, self._editor.create(declared, stem, group, text))

    def clone(self, category: str, slug: str, name: str = "") -> Asset:
        """A copy with an id and name of its own; unknown keys come along, state and images do not."""
        source = self._assets.get(category, slug)
        name = checked_name(name or f"{source.name} copy")
        new_id = self._editor.new_id(source.category, source.id if source.category.chosen_by_id else name)
        text = renamed(source, self._editor.open(source.path).text, name, new_id)
        path = self._editor.create(
            source.category, name if source.category.chosen_by_id else new_id, source.group, text
        )
        return self._written(category, path)

    def rename(self, category: str, slug: str, name: str, new_id: str = "") -> Asset:
        """Change the name and, if given, id and file name; state and images follow a changed slug."""
        source = self._assets.get(category, slug)
        declared, new_id = source.category, new_id.strip()
        values: dict[FieldPath, Any] = {(declared.name_field,): checked_name(name)}
        path = source.path
        if new_id and new_id != source.id:
            wanted = slug_of(declared, new_id)
            owner = self._assets.catalog(category).taken.get(wanted.lower())
            if owner not in (None, path):
                raise Conflict(f"There is a «{wanted}» among {category} already («{owner}»).", field=declared.id_field)
            values[declared.id_field,] = new_id
        self._editor.save_fields(declared, path, values, "")
        self._tell(self._sync.refresh([path]))
        if new_id and new_id != source.id and not declared.chosen_by_id:
            moved = self._editor.move(declared, path, new_id)
            self._tell(self._sync.refresh([path, moved]))
            path = moved
        return self._written(category, path)

    def free_id(self, category: str, wish: str) -> str:
        """The wish itself if nobody has its slug, else an id near it."""
        declared = self.categories[category]
        slug = slug_of(declared, wish, safe_name(wish))
        taken = (
            slug.lower() in self._assets.catalog(category).taken
            or self._assets.broken[category].get(slug)
            or slug.lower() in ADDRESSES
        )
        return self._editor.new_id(declared, wish) if taken else wish

    def save_settings(self, values: Mapping[str, Any]) -> None:
        """Set keys of data/settings.json, others untouched; `REMOVE` as a value takes a key out."""
        self._editor.set_keys(SETTINGS, values, "the settings")
        self._tell(self._sync.refresh([SETTINGS]))

    def _written(self, category: str, path: str) -> Asset:
        """The asset of a file just written."""
        self._tell(self._sync.refresh([path]))
        entry = self._assets.catalog(category).by_path.get(path)
        if entry is None:
            raise NotFound(f"«{path}» was written, and is gone again.")
        return entry.asset
