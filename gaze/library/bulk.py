"""One act on many assets: each file is written whole, one that cannot be changed does not hold up the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from gaze.core.category import Field
from gaze.core.errors import NoRoom, Refusal, Unavailable
from gaze.library.trash import new_id
from gaze.library.undo import Changed, Marked, Step
from gaze.library.undo import changed as change

if TYPE_CHECKING:
    from gaze.library.service import Library

Told = Callable[[int, int], None]


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done: `on` for marks, `field` and `value` for a tag, `only` for those whose tag is that now."""

    act: Literal["favourite", "nsfw", "tag", "delete"]
    on: bool = True
    field: Field | None = None
    value: str = ""
    only: str = ""


class Failed(msgspec.Struct, frozen=True):
    slug: str
    message: str


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it: assets changed, assets that were so already (or not meant), and why others could not be."""

    changed: list[str]
    same: int = 0
    failed: list[Failed] = []
    batch: str = ""  # the batch in the trash
    steps: list[Step] = []  # what takes the rest back


def apply(
    library: Library, category: str, slugs: Sequence[str], wish: Wish, told: Told = lambda done, total: None
) -> Done:
    """Do `wish` to every slug. `told` hears how far it is; blocking.

    A full disk or a folder that is away ends it; what was done until then stays, and is said.
    """
    batch = new_id() if wish.act == "delete" else ""
    act = _ACTS[wish.act]
    changed: list[str] = []
    failed: list[Failed] = []
    steps: list[Step] = []
    wanted = list(dict.fromkeys(slugs))
    for number, slug in enumerate(wanted, 1):
        try:
            done = act(library, category, slug, wish, batch)
        except (NoRoom, Unavailable) as refusal:
            failed += [Failed(other, refusal.message) for other in wanted[number - 1 :]]
            break
        except Refusal as refusal:
            failed.append(Failed(slug, refusal.message))
        else:
            if done:
                changed.append(slug)
            if isinstance(done, Changed | Marked):
                steps.append(done)
        told(number, len(wanted))
    same = len(wanted) - len(changed) - len(failed)
    return Done(changed=changed, same=same, failed=failed, batch=batch, steps=steps)


def _favourite(library: Library, category: str, slug: str, wish: Wish, _: str) -> Marked | None:
    library.get(category, slug)
    if (library.preferences.of(category, slug).get("is_favourite") is True) == wish.on:
        return None
    library.preferences.favourite(category, slug, wish.on)
    return Marked(category, slug, not wish.on)


def _nsfw(library: Library, category: str, slug: str, wish: Wish, _: str) -> Changed | None:
    if library.get(category, slug).nsfw == wish.on:
        return None
    return _saved(library, category, slug, ("tags", "nsfw"), wish.on)


def _tag(library: Library, category: str, slug: str, wish: Wish, _: str) -> Changed | None:
    assert wish.field is not None
    now = getattr(library.get(category, slug).data.tags, wish.field.key)
    new = retagged(now, wish)
    return None if new == now else _saved(library, category, slug, ("tags", wish.field.key), new)


def retagged(now: Any, wish: Wish) -> Any:
    """The value of a tag after the wish: a list keeps its other items when one of them is replaced."""
    only = wish.only.strip().casefold()
    if not isinstance(now, list):
        return now if only and str(now).strip().casefold() != only else wish.value.strip()
    wanted = [item for part in wish.value.split(",") if (item := part.strip())]
    if not only:
        return wanted
    items: list[Any] = []
    for item in now:
        items += wanted if str(item).strip().casefold() == only else [item]
    return list(dict.fromkeys(items))


def _saved(library: Library, category: str, slug: str, path: tuple[str | int, ...], value: Any) -> Changed | None:
    before, version = library.raw(library.get(category, slug))
    saved = library.writing.save_fields(category, slug, {path: value}, version)
    if saved.version == version:
        return None
    return change(category, slug, before, library.raw(saved)[0], saved.version)


def _delete(library: Library, category: str, slug: str, wish: Wish, batch: str) -> str:
    """The trash id; the batch in the trash is its own undo."""
    return library.trash.delete(category, slug, batch)


_ACTS: dict[str, Callable[..., Changed | Marked | str | None]] = {
    "favourite": _favourite,
    "nsfw": _nsfw,
    "tag": _tag,
    "delete": _delete,
}
