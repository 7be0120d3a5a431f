"""Reading and saving assets: faults F19 to F44 as far as they are the library's."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import textwrap
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from gaze.categories import declared
from gaze.core.errors import Conflict, NoRoom, NoSuchAsset, Refusal, Unavailable, Unusable
from gaze.library import files
from gaze.library.changes import AssetChanged, AssetRemoved, Change, ProblemsChanged, StateChanged
from gaze.library.check import check
from gaze.library.editor import ChangedOnDisk, UnusableText
from gaze.library.jsonedit import REMOVE
from gaze.library.query import Query
from gaze.library.service import Library
from tests.library.conftest import PROGRAM, character
from tests.library.make import make_library, png, write_json

TIFA = "data/characters/tifa.json"


def again(root: Path) -> Library:
    made = Library(root, PROGRAM, declared())
    made.scan()
    return made


def write_text(root: Path, path: str, text: str) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode())


# reading


def test_F19_an_emptied_file_is_a_problem_and_its_last_good_version_serves(root: Path, library: Library) -> None:
    good = (root / TIFA).read_text()
    write_text(root, TIFA, "")

    library.rescan()

    assert library.get("characters", "tifa").name == "Tifa"
    assert "empty" in library.problem_of("characters", "tifa")[0].message
    assert library.query("characters", Query(has_problem=True)).total == 1
    write_text(root, TIFA, good)
    library.rescan()
    assert library.problems() == []


def test_the_last_good_version_outlasts_a_restart(root: Path, library: Library) -> None:
    write_text(root, TIFA, "")
    library.rescan()
    library.save_index()

    assert again(root).get("characters", "tifa").name == "Tifa"


def test_a_file_that_was_never_good_is_found_by_the_slug_it_would_have(root: Path) -> None:
    write_text(root, "data/scenes/the beach.json", "{")

    library = again(root)

    assert library.broken("scenes", "thebeach") == "data/scenes/the beach.json"
    assert library.problem_of("scenes", "thebeach")[0].line == 1
    with pytest.raises(NoSuchAsset):
        library.get("scenes", "thebeach")


@pytest.mark.parametrize(
    ("text", "words", "line", "field"),
    [
        ('{"character_id": "x"}' + "\0" * 200, "NUL", 1, ""),  # F20
        ('{"character_id": "x"}\n{}', "after the end", 2, ""),  # F21
        ('{\n "lora": {"lora_weight": NaN}}', "NaN", 2, "lora.lora_weight"),  # F22
        ('{\n "lora": {"lora_weight": 1e400}}', "out of range", 2, "lora.lora_weight"),  # F25
        ('{\n "lora": {"lora_weight": "strong"}}', "strong", 2, "lora.lora_weight"),
    ],
)
def test_F20_F21_F22_F25_a_bad_file_names_line_and_field(
    root: Path, text: str, words: str, line: int, field: str
) -> None:
    write_text(root, "data/characters/x.json", text)

    problem = again(root).problem_of("characters", "x")[0]

    assert words in problem.message
    assert (problem.line, problem.field, problem.fatal) == (line, field, True)
    assert problem.column > 0


def test_F23_a_key_twice_warns_and_a_save_changes_only_the_last(root: Path) -> None:
    text = '{\n "character_id": "x",\n "character_name": "One",\n "character_name": "Two"\n}\n'
    write_text(root, "data/characters/x.json", text)
    library = again(root)

    assert library.get("characters", "x").name == "Two"
    problem = library.problem_of("characters", "x")[0]
    assert "line 3" in problem.message
    assert "line 4" in problem.message
    library.writing.save_fields("characters", "x", {"character_name": "Three"})
    assert (root / "data/characters/x.json").read_text() == text.replace("Two", "Three")


def test_F24_the_bytes_of_other_numbers_stay(root: Path) -> None:
    write_text(root, "data/checkpoints/m.json", '{"checkpoint_path": "m.safetensors", "steps": 25.0, "cfg": 5}')
    library = again(root)
    slug = library.query("checkpoints", Query()).cards[0].asset.slug

    assert library.get("checkpoints", slug).data.steps == 25
    library.writing.save_fields("checkpoints", slug, {"steps": 25, "cfg": 6})
    assert '"steps": 25.0, "cfg": 6}' in (root / "data/checkpoints/m.json").read_text()


def test_F26_null_is_missing_and_survives_a_save(root: Path) -> None:
    write_text(
        root,
        "data/characters/x.json",
        '{"character_id": "x", "lora": null, "tags": null, "character_name": null, "identity": {"hair": ""}}',
    )
    library = again(root)

    library.writing.save_fields("characters", "x", {"identity.hair": "red", "character_name": "", "lora.lora_name": ""})

    assert '"lora": null, "tags": null, "character_name": null' in (root / "data/characters/x.json").read_text()
    assert library.get("characters", "x").name == "x"


def test_F27_unknown_keys_survive_edit_clone_and_rename(root: Path) -> None:
    write_json(root, "data/characters/x.json", character("x", civitai_deleted=True))
    library = again(root)

    library.writing.save_fields("characters", "x", {"identity.hair": "red"})
    copy = library.writing.clone("characters", "x")
    renamed = library.writing.rename("characters", "x", "New Name", new_id="y")

    for asset in (copy, renamed):
        assert json.loads((root / asset.path).read_text())["civitai_deleted"] is True
    assert (copy.slug, renamed.slug, renamed.name) == ("x_copy", "y", "New Name")


KILLED_IN_A_SAVE = """
    import os, signal, sys
    from pathlib import Path
    from gaze.library import files
    Path.replace = lambda *args: os.kill(os.getpid(), signal.SIGKILL)
    files.write(Path(sys.argv[1]), "data/characters/tifa.json", b"{}")
"""


def test_F28_a_kill_between_temporary_file_and_rename_leaves_the_old_file(root: Path) -> None:
    before = (root / TIFA).read_bytes()

    done = subprocess.run([sys.executable, "-c", textwrap.dedent(KILLED_IN_A_SAVE), str(root)], cwd=PROGRAM)

    assert done.returncode == -signal.SIGKILL
    assert (root / TIFA).read_bytes() == before
    assert len(list((root / "data/characters").iterdir())) == 2
    library = again(root)
    assert library.counts()["characters"] == 1
    assert library.problems() == []
    assert [file.name for file in (root / "data/characters").iterdir()] == ["tifa.json"]


@pytest.mark.parametrize(("fault", "refusal"), [(errno.ENOSPC, NoRoom), (errno.EROFS, Unavailable)])
def test_F29_a_full_or_read_only_disk_refuses_the_save_and_keeps_the_file(
    root: Path, library: Library, monkeypatch: pytest.MonkeyPatch, fault: int, refusal: type[Refusal]
) -> None:
    before = (root / TIFA).read_bytes()

    def full(handle: int, content: Any) -> int:
        raise OSError(fault, os.strerror(fault))

    monkeypatch.setattr(files.os, "write", full)
    with pytest.raises(refusal):
        library.writing.save_fields("characters", "tifa", {"character_name": "T"})

    assert (root / TIFA).read_bytes() == before
    assert [file.name for file in (root / "data/characters").iterdir()] == ["tifa.json"]


@pytest.mark.parametrize(
    "damage", [lambda body: body[: len(body) // 2], lambda body: b"PK\x03\x04" + body, lambda _: b""]
)
def test_F30_a_damaged_snapshot_is_made_again_from_the_files(root: Path, library: Library, damage: Any) -> None:
    library.save_index()
    file = root / "data/.gaze/index/characters.msgpack"
    file.write_bytes(damage(file.read_bytes()))

    assert again(root).get("characters", "tifa").name == "Tifa"


def test_F31_two_processes_have_each_their_own_index(root: Path) -> None:
    one, two = again(root), again(root)

    one.writing.create("characters", "Aerith")
    two.writing.create("characters", "Yuffie")
    one.rescan()
    two.rescan()
    one.save_index()
    two.save_index()

    assert one.counts()["characters"] == two.counts()["characters"] == again(root).counts()["characters"] == 3


def test_an_unchanged_file_is_not_read_again_at_a_warm_start(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.utime(root / TIFA, (1_700_000_000, 1_700_000_000))
    again(root).save_index()
    read: list[str] = []
    monkeypatch.setattr("gaze.library.sync.read", lambda root, path: read.append(path) or files.read(root, path))

    library = again(root)

    assert library.get("characters", "tifa").data.identity.hair == "black hair"
    assert TIFA not in read


def test_F33_other_programs_files_are_neither_assets_nor_problems(root: Path) -> None:
    for name in ("4913", ".x.json.swp", "x.json~", "._x.json", ".DS_Store", "#x.json#", ".#x.json"):
        write_text(root, f"data/characters/{name}", "junk")

    library = again(root)

    assert library.counts()["characters"] == 1
    assert library.problems() == []


def test_F38_a_cover_is_found_however_its_accents_are_composed(root: Path, library: Library) -> None:
    folder = root / "static/uploads/characters/tifa"
    folder.mkdir(parents=True)
    (folder / unicodedata.normalize("NFD", "é.png")).write_bytes(png())
    library.rescan()

    library.preferences.set_cover("characters", "tifa", unicodedata.normalize("NFC", "characters/tifa/é.png"))

    assert library.gallery.file(library.card(library.get("characters", "tifa")).cover).is_file()
    assert library.gallery.file("characters/tifa/é.png").is_file()


def test_F40_an_id_without_letters_takes_the_slug_of_its_file(root: Path) -> None:
    write_json(root, "data/characters/miku.json", character("初音"))

    assert again(root).get("characters", "miku").id == "初音"


def test_F41_slugs_that_differ_in_case_alone_clash(root: Path) -> None:
    write_json(root, "data/characters/a.json", character("Aerith"))
    write_json(root, "data/characters/b.json", character("aerith"))

    library = again(root)

    assert library.get("characters", "Aerith").path == "data/characters/a.json"
    assert library.get("characters", "aerith_2").path == "data/characters/b.json"
    told = {problem.path: problem.message for problem in library.problems() if problem.code == "slug"}
    assert "b.json" in told["data/characters/a.json"]
    assert "a.json" in told["data/characters/b.json"]


def test_F43_a_link_that_leads_up_is_a_problem_and_not_followed(root: Path) -> None:
    (root / "data/characters/loop").symlink_to("..")

    library = again(root)

    assert library.counts()["characters"] == 1
    assert [problem.path for problem in library.problems()] == ["data/characters/loop"]


def test_a_link_that_leaves_the_data_folder_is_a_problem(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = write_json(tmp_path_factory.mktemp("else"), "x.json", character("x"))
    (root / "data/characters/x.json").symlink_to(elsewhere)

    library = again(root)

    assert library.find("characters", "x") is None
    assert "leaves" in library.problems()[0].message


def test_a_file_of_two_gigabytes_is_a_problem_and_not_read(root: Path) -> None:
    with (root / "data/characters/huge.json").open("wb") as file:
        file.truncate(2 << 30)

    assert "2048.0 MiB" in again(root).problems()[0].message


def test_bytes_that_are_not_utf8_are_named_with_their_line(root: Path) -> None:
    (root / "data/characters/x.json").write_bytes(b'{\n"character_name": "caf\xe9"}')

    problem = again(root).problems()[0]

    assert (problem.line, problem.column) == (2, 23)
    assert "E9" in problem.message


def test_F06_a_wildcard_with_a_bad_byte_is_a_problem_and_others_work(root: Path) -> None:
    (root / "data/wildcards").mkdir()
    (root / "data/wildcards/bad.txt").write_bytes(b"red\ncaf\xe9\n")
    (root / "data/wildcards/Deep").mkdir()
    (root / "data/wildcards/Deep/Good.txt").write_bytes(b"\xef\xbb\xbf# credits\r\nred\r\n\r\nblue\r\n")

    library = again(root)
    shelf = library.shelf()

    assert shelf.wildcard("bad") is None
    assert list(shelf.wildcard("deep/good") or ()) == ["red", "blue"]
    assert (library.problems()[0].line, library.problems()[0].code) == (2, "wildcard")


def test_an_orientation_nobody_can_read_warns_and_the_file_is_used(root: Path) -> None:
    write_json(root, "data/characters/x.json", character("x", participants={"orientation": "0F"}))

    library = again(root)

    assert library.get("characters", "x").data.participants.orientation == "0F"
    assert [(problem.field, problem.fatal) for problem in library.problems()] == [("participants.orientation", False)]


def test_check_finds_what_the_library_finds_and_writes_nothing(root: Path) -> None:
    write_text(root, "data/scenes/x.json", "")

    problems = check(root, PROGRAM, declared())[0]

    assert [problem.path for problem in problems] == ["data/scenes/x.json"]
    assert not (root / "data/.gaze").exists()


# writing


def test_saving_a_text_keeps_bom_line_ends_and_final_newline(root: Path) -> None:
    (root / TIFA).write_bytes(b'\xef\xbb\xbf{\r\n "character_id": "tifa"\r\n}\r\n')
    library = again(root)
    text, version = library.raw(library.get("characters", "tifa"))

    library.writing.save_text(
        "characters", "tifa", text.replace("\r\n", "\n").replace('"tifa"', '"tifa", "x": 1').strip(), version
    )

    assert (root / TIFA).read_bytes() == b'\xef\xbb\xbf{\r\n "character_id": "tifa", "x": 1\r\n}\r\n'


def test_a_text_that_cannot_be_used_is_refused_with_its_place(library: Library, root: Path) -> None:
    before = (root / TIFA).read_bytes()
    version = library.raw(TIFA)[1]

    with pytest.raises(UnusableText) as caught:
        library.writing.save_text("characters", "tifa", '{\n "lora": {"lora_weight": "strong"}\n}', version)

    assert (caught.value.status, caught.value.problems[0].line) == (422, 2)
    assert "Line 2" in caught.value.message
    assert (root / TIFA).read_bytes() == before


def test_a_save_over_a_changed_file_is_refused_with_both_texts(root: Path, library: Library) -> None:
    version = library.raw(TIFA)[1]
    write_json(root, TIFA, character("tifa", "From the editor"))

    with pytest.raises(ChangedOnDisk) as caught:
        library.writing.save_fields("characters", "tifa", {"character_name": "From the form"}, version)

    assert caught.value.status == 409
    assert "From the form" in caught.value.mine
    assert "From the editor" in caught.value.theirs


def test_a_broken_file_can_be_mended_by_its_slug(root: Path) -> None:
    write_text(root, "data/scenes/beach.json", "{")
    library = again(root)

    made = library.writing.save_text(
        "scenes", "beach", '{"scene_id": "beach"}', library.raw("data/scenes/beach.json")[1]
    )

    assert made.slug == "beach"
    assert library.problems() == []


def test_F44_a_new_asset_gets_a_file_name_any_system_takes(root: Path, library: Library) -> None:
    made = library.writing.create("characters", 'te/st: "x"? ')

    assert made.name == 'te/st: "x"?'
    assert Path(made.path).name == "te_st_x.json"
    assert not set('<>:"/\\|?*') & set(Path(made.path).name)
    assert library.writing.create("scenes", "CON").path == "data/scenes/con_.json"


def test_an_own_write_is_told_once(library: Library, told: list[Change]) -> None:
    made = library.writing.create("scenes", "Beach")
    library._tell(library._sweep.tick(0.0))

    assert told == [AssetChanged("scenes", made.slug, made.version, new=True)]


def test_nsfw_is_written_into_the_file_even_with_tags_of_the_old_list_form(root: Path) -> None:
    write_json(root, "data/characters/x.json", character("x", tags=["a", "b"]))
    library = again(root)

    made = library.writing.nsfw("characters", "x")

    assert made.nsfw
    assert made.data.tags.listed == ["a", "b"]


def test_a_renamed_outfit_keeps_its_place(root: Path) -> None:
    write_json(root, "data/characters/x.json", character("x", wardrobe={"a": {"top": "t"}, "b": {}, "c": {}}))
    library = again(root)

    made = library.writing.rename_key("characters", "x", ("wardrobe", "b"), "bikini")

    assert list(made.outfits) == ["a", "bikini", "c"]
    with pytest.raises(Conflict):
        library.writing.rename_key("characters", "x", ("wardrobe", "a"), "c")
    assert list(library.writing.save_fields("characters", "x", {("wardrobe", "a"): REMOVE}).outfits) == ["bikini", "c"]


def test_state_and_images_follow_a_changed_slug(root: Path, library: Library, told: list[Change]) -> None:
    image = library.gallery.save("characters", "tifa", "one", png(), {})
    library.preferences.set_cover("characters", "tifa", image)
    library.preferences.favourite("characters", "tifa")
    told.clear()

    made = library.writing.rename("characters", "tifa", "Tifa Lockhart", new_id="tifa_lockhart")

    card = library.card(made)
    assert (card.favourite, card.cover, card.image_count) == (True, "characters/tifa_lockhart/one.png", 1)
    assert AssetRemoved("characters", "tifa") in told
    assert StateChanged("characters", "tifa_lockhart") in told
    assert not (root / "data/state/characters/tifa.json").exists()
    assert made.path == "data/characters/tifa_lockhart.json"
    assert again(root).card(made).cover == "characters/tifa_lockhart/one.png"


def test_state_follows_when_an_earlier_file_takes_the_slug(root: Path, library: Library) -> None:
    library.preferences.favourite("characters", "tifa")
    write_json(root, "data/characters/a.json", character("tifa", "Other"))

    library.rescan()

    assert library.get("characters", "tifa").name == "Other"
    assert library.preferences.of("characters", "tifa") == {}
    assert library.preferences.of("characters", "tifa_2") == {"is_favourite": True}


def test_a_renamed_file_is_no_removal(root: Path, library: Library, told: list[Change]) -> None:
    library.preferences.favourite("characters", "tifa")
    told.clear()
    (root / "data/characters/ff7").mkdir()
    (root / TIFA).rename(root / "data/characters/ff7/t.json")

    library.rescan()

    asset = library.get("characters", "tifa")
    assert (asset.path, asset.group) == ("data/characters/ff7/t.json", "ff7")
    assert not [change for change in told if isinstance(change, AssetRemoved)]
    assert library.card(asset).favourite


def test_state_keeps_keys_nobody_here_knows(root: Path, library: Library) -> None:
    write_text(root, "data/state/characters/tifa.json", '{\n\t"mine": [1,2],\n\t"is_favourite": false\n}')
    library.rescan()

    library.preferences.favourite("characters", "tifa")
    library.preferences.save_defaults("characters", "tifa", [])

    text = (root / "data/state/characters/tifa.json").read_text()
    assert text == '{\n\t"mine": [1,2],\n\t"is_favourite": true,\n\t"default_fields": []\n}'
    assert library.shelf().saved_fields(library.get("characters", "tifa")) == []


def test_deleted_is_restored_with_state_and_images(root: Path, library: Library) -> None:
    image = library.gallery.save("characters", "tifa", "one", png(), {"seed": 1})
    library.preferences.favourite("characters", "tifa")

    trash_id = library.trash.delete("characters", "tifa")

    assert library.find("characters", "tifa") is None
    assert len(library.images) == 0
    assert [(entry.slug, entry.images) for entry in library.trash.list()] == [("tifa", 1)]
    assert library.trash.restore(trash_id).slug == "tifa"
    assert library.card(library.get("characters", "tifa")).favourite
    assert library.gallery.sidecar(image)["seed"] == 1
    assert library.trash.list() == []


def test_what_is_deleted_from_the_trash_is_gone(library: Library) -> None:
    library.trash.delete("characters", "tifa")

    assert library.trash.empty() == 1
    assert library.trash.list() == []


# asking


def test_a_shelf_does_not_see_later_changes(library: Library) -> None:
    shelf = library.shelf()

    library.writing.create("characters", "Aerith")
    library.writing.save_fields("characters", "tifa", {"character_name": "Changed"})

    assert list(shelf.choices("characters")) == ["tifa"]
    found = shelf.find("characters", "tifa")
    assert found is not None
    assert found.name == "Tifa"
    assert list(library.shelf().choices("characters")) == ["aerith", "tifa"]


def test_a_shelf_finds_checkpoints_by_path_and_looks_by_owner(root: Path) -> None:
    write_json(root, "data/checkpoints/m.json", {"checkpoint_path": "Noob/x.safetensors"})
    write_json(root, "data/looks/l.json", {"look_id": "l", "character_id": "tifa"})
    shelf = again(root).shelf()
    tifa = shelf.find("characters", "tifa")

    assert tifa is not None
    assert shelf.find("checkpoints", "Noob/x.safetensors") is not None
    assert list(shelf.owned(tifa, "looks")) == ["l"]
    assert "default" in shelf.templates()


def test_lists_have_favourites_first_then_names_in_natural_order(root: Path) -> None:
    for number in (10, 2, 1):
        write_json(root, f"data/scenes/s{number}.json", {"scene_id": f"s{number}", "scene_name": f"scene {number}"})
    library = again(root)

    library.preferences.favourite("scenes", "s10", True)

    names = [card.asset.name for card in library.query("scenes", Query()).cards]
    assert names == ["scene 10", "scene 1", "scene 2"]


def test_counts_say_what_each_value_would_leave(root: Path) -> None:
    for number, kind in enumerate(("Indoor", "Indoor", "Outdoor")):
        tags = {"scene_type": kind, "nsfw": number == 0}
        write_json(root, f"data/scenes/s{number}.json", {"scene_id": f"s{number}", "tags": tags})
    library = again(root)

    page = library.query("scenes", Query(tags={"scene_type": "indoor"}))

    assert page.total == 2
    assert page.counts["scene_type"] == {"Indoor": 2, "Outdoor": 1}
    assert page.counts["nsfw"] == {"nsfw": 1, "sfw": 1}
    assert library.query("scenes", Query(nsfw="sfw", q="S1")).total == 1
    assert library.query("scenes", Query(limit=2)).next == 2


def test_search_puts_names_first(root: Path) -> None:
    write_json(root, "data/scenes/a.json", {"scene_id": "a", "scene": {"theme": "tifa's bar"}})

    found = [hit.card.asset.slug for hit in again(root).search("TIFA").hits]

    assert found == ["tifa", "a"]


def test_problems_are_told_when_they_change(root: Path, library: Library, told: list[Change]) -> None:
    write_text(root, "data/scenes/x.json", "{")

    library.rescan()

    assert told == [ProblemsChanged()]


def test_settings_are_kept_without_touching_the_rest(root: Path, library: Library) -> None:
    write_text(root, "data/settings.json", '{"theme": "dark",   "x": [1]}')
    library.rescan()

    library.writing.save_settings({"default_checkpoint": "a.safetensors"})

    assert library.shelf().default_checkpoint == "a.safetensors"
    assert (root / "data/settings.json").read_text().startswith('{"theme": "dark",   "x": [1]')


def test_a_root_without_anything_is_an_empty_library(tmp_path: Path) -> None:
    library = again(tmp_path)

    assert sum(library.counts().values()) == 0
    assert library.problems() == []
    assert [file.name for file in (tmp_path).iterdir()] == ["data"]
    assert [file.name for file in (tmp_path / "data").iterdir()] == [".gaze"]


def test_a_made_up_library_reads_without_problems(tmp_path: Path) -> None:
    make_library(tmp_path, 200, images=20)

    library = again(tmp_path)

    assert sum(library.counts().values()) == 200
    assert library.problems() == []
    assert len(library.images) == 20


def test_an_unknown_slug_names_a_near_one(library: Library) -> None:
    with pytest.raises(NoSuchAsset, match="Did you mean «tifa»"):
        library.get("characters", "tifo")
    with pytest.raises(Unusable):
        library.writing.create("scenes", "x", {"scene": "no object"})


def test_a_link_inside_the_data_folder_is_followed(root: Path) -> None:
    write_json(root, "data/characters/ff7/aerith.json", character("aerith"))
    (root / "data/looks").symlink_to(root / "data/characters")
    (root / "data/characters/again.json").symlink_to(root / "data/characters/ff7/aerith.json")

    library = again(root)

    assert library.counts()["looks"] == 3
    assert library.get("characters", "aerith").path == "data/characters/again.json"


def test_a_save_through_a_link_leaves_it_a_link(root: Path) -> None:
    write_json(root, "data/shared/x.json", character("x"))
    (root / "data/characters/x.json").symlink_to(root / "data/shared/x.json")
    library = again(root)

    library.writing.save_fields("characters", "x", {"character_name": "X 2"})

    assert (root / "data/characters/x.json").is_symlink()
    assert json.loads((root / "data/shared/x.json").read_text())["character_name"] == "X 2"
