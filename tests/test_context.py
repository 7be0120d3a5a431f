"""What a web process publishes of very many changes at once."""

from __future__ import annotations

from gaze.context import MANY, Told, coalesced
from gaze.jobs import events


def assets(count: int) -> list[Told]:
    return [(f"asset:characters/{n}", str(n), events.AssetChanged("characters", str(n))) for n in range(count)]


def kinds(told: list[Told]) -> list[str]:
    return [type(event).__name__ for _, _, event in told]


def test_few_changes_are_told_one_by_one() -> None:
    assert coalesced(assets(MANY)) == assets(MANY)


def test_of_very_many_assets_the_lists_are_told_once() -> None:
    told = kinds(coalesced(assets(1000)))

    assert told == ["AssetChanged"] * MANY + ["LibraryChanged"]


def test_news_of_trash_settings_and_problems_are_never_left_out() -> None:
    others: list[Told] = [
        ("trash", "1", events.TrashChanged()),
        ("settings", "1", events.SettingsChanged()),
        ("problems", "1", events.ProblemsChanged(3)),
    ]

    told = kinds(coalesced([*assets(1000), *others]))

    assert {"TrashChanged", "SettingsChanged", "ProblemsChanged", "LibraryChanged"} <= set(told)


def test_of_several_about_one_thing_the_last_is_told() -> None:
    told: list[Told] = [("trash", str(n), events.TrashChanged()) for n in range(500)]

    assert coalesced(told) == told[-1:]
