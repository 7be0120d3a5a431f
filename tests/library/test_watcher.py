"""A live library sees what others do to its files; faults F31 to F37."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from gaze.core.errors import Unavailable
from gaze.library.changes import (
    AssetChanged,
    AssetRemoved,
    ImageAdded,
    ImageRemoved,
    SettingsChanged,
    StateChanged,
    TemplatesChanged,
    WildcardsChanged,
)
from gaze.library.watcher import Watcher
from tests.library.conftest import PROGRAM, Live, character
from tests.library.make import make_library, png, write_json

TIFA = "data/characters/tifa.json"


def name_of(live: Live, slug: str = "tifa", category: str = "characters") -> str:
    found = live.library.find(category, slug)
    return found.name if found else ""


def of_kind(live: Live, kind: type) -> list[Any]:
    return [change for change in live.told if isinstance(change, kind)]


async def test_F32_a_save_by_temporary_file_and_rename_is_seen_within_a_second(root: Path, live: Live) -> None:
    await asyncio.to_thread(subprocess.run, ["sed", "-i", "s/Tifa/Tifa L/", str(root / TIFA)], check=True)

    await live.until(lambda: name_of(live) == "Tifa L", within_s=1.0)

    await live.until(lambda: of_kind(live, AssetChanged))
    assert [change.new for change in of_kind(live, AssetChanged)] == [False]


async def test_F34_delete_and_recreate_within_50_ms_is_no_removal(root: Path, live: Live) -> None:
    live.library.preferences.favourite("characters", "tifa")
    body = (root / TIFA).read_text().replace("Tifa", "Again")
    (root / TIFA).unlink()
    await asyncio.sleep(0.05)
    (root / TIFA).write_text(body)

    await live.until(lambda: name_of(live) == "Again")
    await live.until(lambda: not live.library._sync.missing)

    assert of_kind(live, AssetRemoved) == []
    assert live.library.card(live.library.get("characters", "tifa")).favourite


async def test_a_deleted_file_is_told_as_removed(root: Path, live: Live) -> None:
    (root / TIFA).unlink()

    await live.until(lambda: AssetRemoved("characters", "tifa") in live.told, within_s=1.5)


async def test_folders_that_appear_are_read_and_watched(root: Path, live: Live) -> None:
    write_json(root, "data/scenes/deep/beach.json", {"scene_id": "beach"})
    await live.until(lambda: live.library.find("scenes", "beach"), within_s=2.0)
    write_json(root, "data/scenes/deep/beach.json", {"scene_id": "beach", "scene_name": "Beach 2"})

    await live.until(lambda: name_of(live, "beach", "scenes") == "Beach 2", within_s=1.0)


async def test_a_folder_moved_in_is_read_whole(root: Path, live: Live) -> None:
    away = root / "elsewhere"
    for number in range(5):
        write_json(away, f"ff7/sub/c{number}.json", character(f"c{number}"))

    shutil.move(away / "ff7", root / "data/characters/ff7")

    await live.until(lambda: live.library.counts()["characters"] == 6, within_s=1.5)
    (root / "data/characters/ff7").rename(root / "data/characters/ff8")
    await live.until(lambda: live.library.get("characters", "c0").group == "ff8/sub", within_s=2.0)
    await live.until(lambda: not live.library._sync.missing)
    assert of_kind(live, AssetRemoved) == []


async def test_files_changed_at_once_by_a_checkout_are_right_afterwards(root: Path) -> None:
    for number in range(300):
        write_json(root, f"data/characters/x/c{number}.json", character(f"c{number}", "before"))
    live = await Live(root).start()
    try:
        shutil.rmtree(root / "data/characters/x")
        for number in range(100, 400):
            write_json(root, f"data/characters/x/c{number}.json", character(f"c{number}", "after"))

        await live.until(lambda: all(name_of(live, f"c{number}") == "after" for number in range(100, 400)))
        await live.until(lambda: live.library.counts()["characters"] == 301)
        assert live.library.find("characters", "c50") is None
        assert live.library.problems() == []
    finally:
        await live.library.stop()


async def test_every_kind_of_file_is_told(root: Path, live: Live) -> None:
    write_json(root, "data/settings.json", {"a": 1})
    write_json(root, "data/state/characters/tifa.json", {"is_favourite": True})
    (root / "data/wildcards").mkdir()
    (root / "data/wildcards/hair.txt").write_text("red\nblue\n")
    (root / "workflows").mkdir()
    shutil.copy(PROGRAM / "workflows/default.json", root / "workflows/mine.json")

    for kind in (SettingsChanged, StateChanged, WildcardsChanged, TemplatesChanged):
        await live.until(lambda kind=kind: of_kind(live, kind), within_s=4.0)

    assert list(live.library.shelf().wildcard("hair") or ()) == ["red", "blue"]
    assert live.library.shelf().template("mine") is not None


async def test_images_dropped_in_and_deleted_by_hand_are_told(root: Path, live: Live) -> None:
    path = "characters/tifa/a.png"
    file = root / "static/uploads" / path
    file.parent.mkdir(parents=True)
    file.write_bytes(png())
    await live.until(lambda: ImageAdded(path, "characters", "tifa") in live.told, within_s=4.0)

    file.unlink()
    await live.until(lambda: ImageRemoved(path, "characters", "tifa") in live.told, within_s=4.0)
    assert len(live.library.images) == 0


async def test_an_own_save_is_told_once_though_the_watcher_sees_it_too(root: Path, live: Live) -> None:
    version = await asyncio.to_thread(
        lambda: live.library.writing.save_fields("characters", "tifa", {"character_name": "T"}).version
    )
    write_json(root, "data/characters/z.json", character("z"))

    await live.until(lambda: live.library.find("characters", "z"))
    await live.until(lambda: len(of_kind(live, AssetChanged)) == 2)

    assert [change.version for change in of_kind(live, AssetChanged) if change.slug == "tifa"] == [version]


async def test_F43_links_out_of_the_folder_are_not_watched_and_the_rest_is(root: Path) -> None:
    (root / "data/characters/loop").symlink_to("..")
    (root / "data/characters/usr").symlink_to("/usr")
    live = await Live(root).start()
    try:
        assert len(live.library.problems()) == 2
        write_json(root, TIFA, character("tifa", "Seen"))
        await live.until(lambda: name_of(live) == "Seen", within_s=1.0)
        assert live.library.counts()["characters"] == 1
    finally:
        await live.library.stop()


async def test_F36_a_share_without_events_is_polled(root: Path) -> None:
    live = await Live(root).start(polling=True)
    try:
        write_json(root, TIFA, character("tifa", "Polled"))

        await live.until(lambda: name_of(live) == "Polled", within_s=5.0)
    finally:
        await live.library.stop()


async def test_F35_without_watches_it_polls_and_says_so(root: Path, live: Live) -> None:
    watcher = Watcher(live.library._sync, live.library._sweep, live.library._tell)
    watcher.fall_back(OSError(28, "No space left on device"))
    task = asyncio.create_task(watcher.run())

    try:
        await live.until(lambda: [problem for problem in live.library.problems() if problem.code == "watch"])
        write_json(root, TIFA, character("tifa", "Polled"))
        await live.until(lambda: name_of(live) == "Polled", within_s=5.0)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_F37_an_unmounted_data_folder_is_one_message_and_heals(root: Path, live: Live) -> None:
    live.library.preferences.favourite("characters", "tifa")
    live.library.gallery.save("characters", "tifa", "x", png(), {})
    live.told.clear()
    (root / "data").rename(root / "away")
    await live.until(live.library.problems)

    assert len(live.library.problems()) == 1
    assert "not" in live.library.problems()[0].message or "cannot" in live.library.problems()[0].message
    card = live.library.card(live.library.get("characters", "tifa"))
    assert (card.favourite, card.image_count) == (True, 1)
    with pytest.raises(Unavailable):
        live.library.writing.save_fields("characters", "tifa", {"character_name": "X"})
    with pytest.raises(Unavailable):
        live.library.preferences.favourite("characters", "tifa")
    assert not (root / "data").exists()

    (root / "data").mkdir()  # an empty mount point is no reason to forget anything
    await live.until(lambda: "empty" in live.library.problems()[0].message)
    assert name_of(live) == "Tifa"
    (root / "data").rmdir()
    (root / "away").rename(root / "data")
    await live.until(lambda: live.library.problems() == [])
    write_json(root, TIFA, character("tifa", "Back"))
    await live.until(lambda: name_of(live) == "Back")
    assert of_kind(live, AssetRemoved) == []


async def test_a_root_removed_and_remade_is_watched_again(root: Path, live: Live) -> None:
    shutil.rmtree(root / "data")
    write_json(root, "data/characters/new.json", character("new"))
    await live.until(lambda: name_of(live, "new"))
    await live.until(lambda: live.library.find("characters", "tifa") is None)
    await live.until(lambda: not live.library._sync.wants_sweep)
    write_json(root, "data/characters/new.json", character("new", "Newer"))

    await live.until(lambda: name_of(live, "new") == "Newer", within_s=5.0)


async def test_pages_come_while_the_first_read_runs(tmp_path: Path) -> None:
    make_library(tmp_path, 600)
    live = Live(tmp_path)
    await live.library.start()
    try:
        assert not live.library.ready
        live.library.counts()
        await live.until(lambda: live.library.ready)
        assert live.library.progress[0] == live.library.progress[1] > 0
        assert sum(live.library.counts().values()) == 600
    finally:
        await live.library.stop()


async def test_stop_leaves_no_thread_behind_that_keeps_the_process(root: Path) -> None:
    program = """
        import asyncio, sys
        from pathlib import Path
        from gaze.categories import declared
        from gaze.library.service import Library
        async def main():
            library = Library(Path(sys.argv[1]), Path.cwd(), declared())
            await library.start()
            while not library.ready:
                await asyncio.sleep(0.01)
            await library.stop()
        asyncio.run(main())
    """
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(program), str(root)]
    done = await asyncio.to_thread(subprocess.run, command, cwd=PROGRAM, timeout=30)

    assert done.returncode == 0
