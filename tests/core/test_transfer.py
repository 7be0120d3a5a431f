"""What goes where when an asset becomes one of another category; over every pair of declared categories."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gaze.categories import declared
from gaze.core.asset import Asset, read_asset
from gaze.core.category import Category
from gaze.core.transfer import Move, can_become, homes, place, suggest, transferred

CATEGORIES = declared()
PAIRS = [(a, b) for a in CATEGORIES.values() for b in CATEGORIES.values() if can_become(a, b)]


def asset_of(category: str, raw: dict[str, Any]) -> Asset:
    made, misfits = read_asset(CATEGORIES[category], f"data/{category}/x.json", raw, "v")
    assert not misfits
    return made


def turned(category: str, raw: dict[str, Any], target: str) -> tuple[dict[str, Move], dict[str, Any]]:
    """The suggested moves by address, and the new file's JSON."""
    asset, goal = asset_of(category, raw), CATEGORIES[target]
    moves = suggest(asset, raw, goal)
    return {move.address: move for move in moves}, transferred(asset, raw, goal, moves, "New", "new")


def test_no_asset_becomes_a_model_file_a_recipe_or_what_it_is() -> None:
    one = CATEGORIES["characters"]

    able = [category.name for category in CATEGORIES.values() if can_become(one, category)]

    assert able == ["looks", "outfits", "actions", "styles", "scenes", "detailers"]


def test_a_characters_lora_that_is_really_a_style() -> None:
    raw = {
        "character_id": "inkwash",
        "character_name": "Inkwash",
        "identity": {"extra": "paper texture", "mood": "kept"},
        "styles": {"aesthetic": "ink wash, loose lines", "primary_color": "teal"},
        "lora": {"lora_name": "x/inkwash.safetensors", "lora_weight": "0.8", "note": "mine"},
        "tags": {"nsfw": True, "origin_series": "None"},
        "participants": {"orientation": "1F"},
        "added": [1, {"deep": None}],
    }

    moves, made = turned("characters", raw, "styles")

    assert list(made) == ["style_id", "style_name", "style", "lora", "tags", "identity", "added"]
    assert made["style"] == {"artistic_style": "paper texture, ink wash, loose lines"}
    assert made["lora"] == {"lora_name": "x/inkwash.safetensors", "lora_weight": 0.8, "note": "mine"}
    assert made["tags"] == {"nsfw": True}
    assert made["identity"] == {"mood": "kept"}
    assert made["added"] == [1, {"deep": None}]
    lost = {address for address, move in moves.items() if not move.to}
    assert lost == {"styles::primary_color", "tags::origin_series", "participants::orientation"}


def test_what_an_action_makes_way_for_is_where_a_scene_goes() -> None:
    moves, made = turned("scenes", {"scene": {"background": "beach", "theme": "summer"}}, "characters")

    assert made["defaults"] == {"scene": "beach, summer"}
    assert {move.to for move in moves.values()} == {("defaults", "scene")}


def test_of_several_outfits_the_usual_one_goes_along_and_the_others_are_left_out() -> None:
    raw = {"wardrobe": {"travel": {"top": "coat"}, "default": {"top": "dress", "ribbon": "red"}}}

    moves, made = turned("characters", raw, "outfits")

    assert made["wardrobe"] == {"top": "dress", "default": {"ribbon": "red"}}
    assert moves["wardrobe::travel::top"].to == ()


def test_an_outfit_becomes_a_characters_usual_one() -> None:
    _, made = turned("outfits", {"wardrobe": {"top": "dress", "ribbon": "red"}}, "characters")

    assert made["wardrobe"] == {"default": {"top": "dress", "ribbon": "red"}}


def test_the_negative_prompt_never_becomes_a_positive_one() -> None:
    moves, made = turned("looks", {"character_id": "mira", "positive": "red hair", "negative": "hat"}, "characters")

    assert made["character_id"] == "new"
    assert moves["negative"].to == () and moves["character_id"].to == ()
    assert "hat" not in json.dumps(made) and "mira" not in json.dumps(made)


def test_a_list_takes_texts_as_items_and_gives_them_joined() -> None:
    _, listed = turned("styles", {"style": {"artistic_style": "ink"}, "tags": ["old", "form"]}, "detailers")
    _, joined = turned("detailers", {"prompt": ["sharp eyes", "skin"]}, "styles")

    assert listed["prompt"] == ["ink"] and listed["tags"] == {"listed": ["old", "form"]}
    assert joined["style"] == {"artistic_style": "sharp eyes, skin"}


def test_an_unknown_key_that_has_a_meaning_in_the_target_is_asked_about() -> None:
    moves, made = turned("characters", {"positive": "glow", "negative": {"odd": 1}, "look_id": "other"}, "looks")

    assert moves["positive"].to == ("positive",) and made["positive"] == "glow"
    assert moves["negative"].to == () and "negative" not in made
    assert moves["look_id"].to == () and made["look_id"] == "new"


TEXT = st.text("abc äß😀,", min_size=1, max_size=12).filter(str.strip)


@st.composite
def files(draw: st.DrawFn) -> tuple[Category, Category, dict[str, Any]]:
    """Two categories and a file of the first that says some of what it can, with keys nobody knows."""
    source, target = draw(st.sampled_from(PAIRS))
    raw: dict[str, Any] = {}
    for field in source.fields:
        if field.kind == "name" or field.key in (source.id_field, source.name_field) or draw(st.booleans()):
            continue
        value = {"list": st.lists(TEXT, min_size=1, max_size=3), "switch": st.booleans()}.get(field.kind, TEXT)
        here = raw
        for step in place(source, field)[:-1]:
            here = here.setdefault(step, {})
        here[field.key] = 0.5 if field.kind == "number" else draw(value)
        if field.section and draw(st.booleans()):
            here["zz_unknown"] = draw(TEXT)
    foreign = {"zz", "prompt", "positive", "scene", "style"} - set(source.struct.__struct_fields__)
    raw |= draw(st.dictionaries(st.sampled_from(sorted(foreign)), TEXT, max_size=2))
    return source, target, raw


@settings(max_examples=200, deadline=None)
@given(files())
def test_whatever_is_said_is_moved_kept_or_told_as_lost_and_nothing_is_invented(
    case: tuple[Category, Category, dict[str, Any]],
) -> None:
    source, target, raw = case
    asset = asset_of(source.name, raw)
    before = json.dumps(raw)

    moves = suggest(asset, raw, target)
    made = transferred(asset, raw, target, moves, "New", "new")

    paths = [move.path for move in moves]
    assert len(paths) == len(set(paths))
    assert json.dumps(raw) == before
    result = list(leaves(made))
    for move in moves:
        if move.to and move.text:
            for text in move.value if isinstance(move.value, list) else [move.value]:
                at = value_at(made, move.to)
                assert text in at if isinstance(at, list) else text in str(at)
    gone = {move.path for move in moves if not move.to}
    for path, value in leaves(raw):
        told = any(path[: len(each)] == each for each in paths)
        if path[-1] == "zz_unknown" or path == ("zz",):
            assert told or any(value == text for _, text in result), path
        if value and value is not True and not told and path[-1] not in ("lora_weight",):
            assert any(value == text for _, text in result), (path, gone)
    said = json.dumps([value for _, value in leaves(raw)], ensure_ascii=False)
    for path, value in result:
        if path not in ((target.id_field,), (target.name_field,)) and isinstance(value, str):
            assert all(json.dumps(part, ensure_ascii=False)[1:-1] in said for part in value.split(", ")), path
    data, misfits = read_asset(target, f"data/{target.data_folder}/new.json", made, "v")
    assert not misfits and data.id == "new" and data.name == "New"


@given(files())
def test_what_is_left_out_by_hand_is_not_in_the_new_file(case: tuple[Category, Category, dict[str, Any]]) -> None:
    source, target, raw = case
    asset = asset_of(source.name, raw)
    none = [msgspec.structs.replace(move, to=()) for move in suggest(asset, raw, target)]

    made = transferred(asset, raw, target, none, "New", "new")

    data = read_asset(target, "data/x/new.json", made, "v")[0].data
    assert not any(getattr(data, field.key, "") for field in homes(target) if not field.section)
    assert data.lora.lora_name == ""


def leaves(value: Any, path: tuple[str, ...] = ()) -> Any:
    """Every scalar of plain JSON with its keys; items of lists have their list's."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, path)
    else:
        yield path, value


def value_at(value: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


@pytest.mark.parametrize(("source", "target"), PAIRS, ids=lambda category: category.name)
def test_every_pair_of_kinds_takes_a_lora_along(source: Category, target: Category) -> None:
    raw = {"lora": {"lora_name": "a.safetensors", "lora_weight": 0.7, "lora_triggers": "abc"}}

    _, made = turned(source.name, raw, target.name)

    assert made["lora"] == raw["lora"]
