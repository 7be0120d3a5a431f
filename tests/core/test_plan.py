"""Recipes become prompts (specification prompts, workflow "The plan's LoRAs", faults of prompts and values)."""

from __future__ import annotations

import json
from copy import deepcopy
from random import Random
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gaze.core.errors import Fault
from gaze.core.plan import Plan, PlanError, one_by_one, plan
from gaze.core.plantext import plan_json, planned, read_plan, read_recipe
from gaze.core.recipe import Recipe, to_json
from tests.core.conftest import Planner, codes
from tests.golden.shelf import FileShelf


def faults(planner: Planner, more: dict[str, Any] | None = None, **recipe: Any) -> list[Fault]:
    with pytest.raises(PlanError) as caught:
        planner(more, **recipe)
    return list(caught.value.faults)


def note(made: Plan, code: str) -> str:
    return " ".join(note.message for note in made.notes if note.code == code)


def character(**body: Any) -> dict[str, Any]:
    return {"data/characters/x.json": {"character_id": "x", **body}}


# Text ----------------------------------------------------------------------------------------------------------------


def test_F02_typed_underscores_stay(planner: Planner) -> None:
    made = planner(extra_positive="score_9, >_<, 0_0")

    assert made.positive.endswith("score_9, >_<, 0_0")


def test_F03_an_id_with_a_title_becomes_an_escaped_tag(planner: Planner) -> None:
    body = {"data/characters/t.json": {"character_id": "tracer_(overwatch)"}}

    made = planner(body, character="tracer_overwatch")

    assert "tracer \\(overwatch\\)" in made.positive
    assert codes(made).isdisjoint({"unbalanced"})


def test_F13_break_is_never_dropped_and_never_cancelled(planner: Planner) -> None:
    made = planner(extra_positive="red, BREAK, blue, BREAK, red", extra_negative="BREAK")

    assert made.positive.endswith("red, BREAK, blue, BREAK")
    assert made.negative.endswith("BREAK")
    assert "cancel" not in codes(made)


def test_F14_a_lora_tag_is_taken_out_with_a_note(planner: Planner) -> None:
    made = planner(extra_positive="<lora:more:-0.5>")

    assert made.positive == "masterpiece, best quality"
    assert "<lora:more:-0.5>" in note(made, "lora-tag")


def test_F15_backslashes_of_a_wildcard_stay_single(planner: Planner) -> None:
    made = planner({"data/wildcards/toy.txt": "cat_\\(toy\\)\n"}, extra_positive="__toy__")

    assert made.positive.endswith(", cat_\\(toy\\)")
    assert made.resolved.texts["recipe/extra_positive"] == "cat_\\(toy\\)"


def test_F16_quotes_newlines_and_backslashes_are_kept_to_the_letter(planner: Planner) -> None:
    text = 'she said "hi"\nC:\\new'

    assert planner(extra_positive=text).positive == f"masterpiece, best quality, {text}"


def test_F18_an_opened_bracket_is_kept_and_told(planner: Planner) -> None:
    began = process_time()

    made = planner(extra_positive="(" * 20_000)

    assert process_time() - began < 0.2
    assert made.positive.endswith("(" * 20_000)
    assert "extra_positive" in note(made, "unbalanced")


def test_F113_the_resolved_recipe_gives_the_prompt_again_when_a_wildcard_file_changed(
    planner: Planner, files: dict[str, Any]
) -> None:
    made = planner(character="vesper", extra_positive="__colour__ hat", seed=5)
    changed = FileShelf({**files, "data/wildcards/colour.txt": "violet\n"})

    again = plan(made.resolved, changed, Random(0))

    assert again.positive == made.positive
    assert "violet" not in again.positive


def test_one_text_is_expanded_once_for_all_prompts_that_take_it(planner: Planner) -> None:
    for seed in range(20):
        made = planner(character="vesper", seed=seed)

        assert made.face == made.positive.partition("(solo:1.2), ")[2]


def test_a_repeat_inside_one_field_is_told(planner: Planner) -> None:
    made = planner(character(identity={"hair": "red hair, Red_Hair"}), character="x")

    assert "Red_Hair" in note(made, "repeat")


def test_action_hands_in_the_hand_prompt_are_no_repeat_to_tell(planner: Planner) -> None:
    made = planner(actions=["waving"])

    assert made.hand == "waving, arm up"
    assert "waving" not in note(made, "repeat")


# Chance --------------------------------------------------------------------------------------------------------------


def test_only_a_missing_seed_is_drawn_from_the_given_chance(shelf: FileShelf) -> None:
    rng = Random(3)
    before = rng.getstate()

    plan(read_recipe({"seed": 4, "character": "__random__", "extra_positive": "{a|b}"}), shelf, rng)

    assert rng.getstate() == before


@pytest.mark.parametrize("seed", [None, -1])
def test_F69_a_seed_of_none_or_minus_one_is_drawn(shelf: FileShelf, seed: int | None) -> None:
    made = plan(Recipe(seed=seed), shelf, Random(3))

    assert made.settings.seed == made.resolved.seed == Random(3).randrange(10**15)


def test_F69_any_other_negative_seed_is_refused(planner: Planner) -> None:
    (fault,) = faults(planner, seed=-7)

    assert (fault.code, fault.field) == ("bad-value", "seed")
    assert "0 to 18446744073709551615" in fault.message


def test_F68_a_large_seed_stays_as_it_is(planner: Planner) -> None:
    made = read_plan(json.loads(json.dumps(plan_json(planner(seed=9007199254740993)))))

    assert made.settings.seed == made.resolved.seed == 9007199254740993


def test_a_draw_leaves_out_what_its_list_names_or_has_drawn(planner: Planner) -> None:
    for seed in range(20):
        made = planner(scenes=["__random__", "__random__", "beach"], seed=seed)

        assert sorted(made.resolved.scenes) == ["beach", "library", "void"]


def test_a_draw_takes_from_all_when_none_is_left(planner: Planner) -> None:
    made = planner(scenes=["__random__"] * 5)

    assert len(made.resolved.scenes) == 5
    assert set(made.resolved.scenes) == {"beach", "library", "void"}


def test_a_random_look_of_nobody_is_any_look(planner: Planner) -> None:
    seen = {planner(look="__random__", seed=seed).resolved.look for seed in range(40)}

    assert seen == {"mira_casual", "rain_mira", "statue"}


def test_a_random_look_of_a_random_character_is_its_own_if_it_has_any(planner: Planner) -> None:
    for seed in range(40):
        resolved = planner(character="__random__", look="__random__", seed=seed).resolved

        assert resolved.character != "mira_vale" or resolved.look in ("mira_casual", "rain_mira")


def test_a_random_checkpoint_is_one_that_has_a_file(planner: Planner) -> None:
    seen = {planner(checkpoint="__random__", seed=seed).checkpoint for seed in range(40)}

    assert "Noob/noon.safetensors" in seen
    assert len(seen) == 4


def test_a_random_character_without_the_outfit_wears_its_first(planner: Planner, files: dict[str, Any]) -> None:
    only = {path: None for path in files if path.startswith("data/characters/") and "ember" not in path}

    made = planner(only, character="__random__", character_outfit="winter")

    assert made.resolved.character_outfit == "casual"
    assert "no-outfit" in codes(made)


def test_a_random_outfit_of_a_character_without_any_is_the_default(planner: Planner) -> None:
    made = planner(character="pip", character_outfit="__random__")

    assert made.resolved.character_outfit == "default"
    assert "random" not in codes(made)


def test_a_weight_is_drawn_between_its_bounds_in_either_order(planner: Planner) -> None:
    lora = {"lora_name": "x.safetensors", "lora_weight_min": 0.9, "lora_weight_max": 0.25}
    weights = set()
    for seed in range(60):
        made = planner(character(lora=lora), character="x", seed=seed)
        weights.add(made.loras[0].weight)
        assert made.resolved.weights == {"characters/x": made.loras[0].weight}
        assert "random" in codes(made)

    assert all(0.25 <= weight <= 0.9 and round(weight, 2) == weight for weight in weights)
    assert len(weights) > 20


# Errors --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value", "range_"),
    [
        ("seed", 18446744073709551616, "0 to 18446744073709551615"),
        ("seed", "18446744073709551616", "0 to 18446744073709551615"),
        ("seed", 1.5, "0 to 18446744073709551615"),
        ("count", 21, "1 to 20"),
        ("count", 0, "1 to 20"),
        ("width", "abc", "16 to 16384"),
        ("width", 10**400, "16 to 16384"),
        ("width", True, "16 to 16384"),
        ("height", 15, "16 to 16384"),
        ("steps", 10001, "1 to 10000"),
        ("cfg", -0.1, "0 to 100"),
        ("cfg", "NaN", "0 to 100"),
        ("weights", {"actions": 101}, "-100 to 100"),
        ("weights", {"actions": "x"}, "-100 to 100"),
    ],
)
def test_F109_a_bad_value_names_its_field_and_range(field: str, value: Any, range_: str) -> None:
    with pytest.raises(PlanError) as caught:
        read_recipe({field: value})

    (fault,) = caught.value.faults
    assert (caught.value.status, fault.code, fault.field) == (400, "bad-value", field)
    assert range_ in fault.message


def test_numbers_and_switches_may_be_written_as_text() -> None:
    recipe = read_recipe({"width": "640", "cfg": "4.5", "detail_face": "False", "seed": "-1"})

    assert (recipe.width, recipe.cfg, recipe.detail_face, recipe.seed) == (640, 4.5, False, -1)


def test_all_faults_are_told_at_once(shelf: FileShelf) -> None:
    raw = {
        "subject": "nowhere/x",
        "character": "mira_vael",
        "character_outfit": "x",
        "scenes": ["beech"],
        "off": ["loras"],
        "weights": {"nothing/x": 1},
        "width": "abc",
        "count": 99,
        "workflow": "defualt",
    }

    made = planned(raw, shelf, Random(1))

    found = {(fault["code"], fault.get("field"), fault.get("near")) for fault in made["errors"]}
    assert found == {
        ("bad-value", "subject", None),
        ("unknown-asset", "character", "mira_vale"),
        ("unknown-asset", "scenes", "beach"),
        ("bad-value", "off", None),
        ("bad-value", "weights", None),
        ("bad-value", "width", None),
        ("bad-value", "count", None),
        ("unknown-workflow", "workflow", "default"),
    }
    assert all(fault["message"].endswith((".", "?")) for fault in made["errors"])


def test_an_unknown_outfit_names_the_nearest(planner: Planner) -> None:
    (fault,) = faults(planner, character="mira_vale", character_outfit="wintr")

    assert (fault.code, fault.category, fault.slug, fault.near) == ("unknown-outfit", "characters", "wintr", "winter")


def test_a_checkpoint_whose_file_holds_a_value_out_of_bounds_is_named(planner: Planner) -> None:
    bad = {"data/checkpoints/bad.json": {"checkpoint_path": "bad.safetensors", "steps": 0}}

    (fault,) = faults(planner, bad, checkpoint="bad.safetensors")

    assert fault.field == "steps"
    assert "bad.safetensors" in fault.message
    assert planner(bad, checkpoint="bad.safetensors", steps=5).settings.steps == 5


def test_a_subject_may_hold_no_path(planner: Planner) -> None:
    (fault,) = faults(planner, subject="characters/../../x")

    assert fault.field == "subject"


def test_unknown_keys_are_left_out_in_silence() -> None:
    assert read_recipe({"nonsense": 3, "sampler": "x", "seed": 2}) == Recipe(seed=2)


def test_an_unknown_list_is_kept_and_chooses_nothing(planner: Planner) -> None:
    made = planner(props=["sword"])

    assert to_json(made.resolved)["props"] == ["sword"]
    assert made.positive == "masterpiece, best quality"


# Parts and what gives way --------------------------------------------------------------------------------------------


def test_a_look_of_another_character_is_noted(planner: Planner) -> None:
    made = planner(character="pip", look="rain_mira")

    assert "mira_vale" in note(made, "look-character")
    assert "look-character" not in codes(planner(character="pip", look="statue"))


def test_hands_of_the_characters_wardrobe_give_way_to_an_outfit(planner: Planner) -> None:
    made = planner(character="mira_vale", character_outfit="winter", outfits=["cape"])

    assert "knit gloves" not in made.positive
    assert made.hand == "painted nails"


def test_gloves_of_any_outfit_win_over_hands_of_an_earlier_one(planner: Planner) -> None:
    made = planner(outfits=["apron", "french_maid_01"])

    assert made.hand == "white gloves"
    assert "holding ladle" not in made.positive
    assert note(made, "replaced") == "«white gloves» takes the place of wardrobe::hands («holding ladle») of «Apron»."


def test_a_blank_field_is_no_text(planner: Planner) -> None:
    blank = {"data/actions/blank.json": {"action_id": "blank", "action": {"head": " , ,", "eyes": "{|}"}}}

    made = planner(blank, character="mira_vale", actions=["blank"])

    assert "smile" in made.positive
    assert "standing" in made.positive


def test_an_action_field_that_does_not_count_replaces_nothing(planner: Planner) -> None:
    made = planner(
        subject="actions/sitting",
        character="mira_vale",
        actions=["sitting"],
        fields=["action::arms", "defaults::pose", "defaults::expression"],
    )

    assert "standing" not in made.positive  # arms are text of the action
    assert "smile" in made.positive  # its head is not selected


def test_a_scene_without_text_replaces_the_characters_own(planner: Planner) -> None:
    made = planner(character="mira_vale", scenes=["void"])

    assert "city street" not in made.positive
    assert "city street" in note(made, "replaced")


def test_a_page_without_a_place_gets_a_background(planner: Planner) -> None:
    assert planner(subject="styles/ink", styles=["ink"]).positive.endswith("ink wash, simple background")
    assert "background" not in planner(subject="styles/ink", styles=["ink"], scenes=["void"]).positive
    assert "background" not in planner(subject="styles/ink", character="mira_vale").positive
    assert planner(subject="styles/ink", character="mira_vale", fields=[]).positive.endswith("teal simple background")


def test_break_gets_no_artist_prefix_and_by_is_not_doubled(planner: Planner) -> None:
    style = {"data/styles/s.json": {"style_id": "s", "style": {"artist_name": "ann BREAK BY bo, byron"}}}

    assert planner(style, styles=["s"]).positive.endswith("by ann, BREAK, BY bo, by byron")


def test_fields_saved_for_a_character_hold_on_a_preset_page(planner: Planner) -> None:
    made = planner(subject="presets/evening", character="sora_skyward")

    assert "blue eyes" not in made.positive


def test_participants_take_wildcards_like_any_text(planner: Planner) -> None:
    made = planner(character(participants={"orientation": "{2F|2F}"}), character="x")

    assert "2girls" in made.positive


def test_the_templates_own_negative_takes_no_wildcards(planner: Planner, files: dict[str, Any]) -> None:
    template = deepcopy(files["workflows/default.json"])
    template["7"]["inputs"]["text"] = "{a|b}, __single__"

    made = planner({"workflows/own.json": template}, workflow="own")

    assert made.negative.endswith("{a|b}, __single__")


# LoRAs and settings --------------------------------------------------------------------------------------------------


def test_a_lora_met_again_leaves_its_slot_empty(planner: Planner) -> None:
    same = {
        "data/clothing/o.json": {"outfit_id": "o", "lora": {"lora_name": " Illustrious\\Looks\\mira.safetensors "}},
    }

    made = planner(same, character="mira_vale", outfits=["o"], actions=["sitting"])

    assert [use.slot for use in made.loras] == [1, 3]
    assert "lora-twice" in codes(made)


def test_F49_the_full_path_decides(planner: Planner) -> None:
    two = {
        "data/characters/x.json": {"character_id": "x", "lora": {"lora_name": "char/s.safetensors"}},
        "data/actions/y.json": {"action_id": "y", "lora": {"lora_name": "pose/s.safetensors"}},
    }

    made = planner(two, character="x", actions=["y"])

    assert [use.lora_name for use in made.loras] == ["char/s.safetensors", "pose/s.safetensors"]


def test_an_asset_whose_lora_is_off_keeps_its_text_but_not_its_triggers(planner: Planner) -> None:
    made = planner(actions=["sitting", "high_five"], off=["actions/sitting"])

    assert "sitting pose" not in made.positive
    assert "crossed legs" in made.positive
    assert [(use.slot, use.slug) for use in made.loras] == [(3, "high_five")]


def test_left_over_loras_keep_the_order_of_categories(planner: Planner) -> None:
    made = planner(
        outfits=["french_maid_01", "cape"],
        actions=["sitting", "high_five"],
        detailers=["fine_hands"],
        styles=["watercolor"],
        scenes=["beach"],
    )

    places = [(use.slot, use.slug) for use in made.loras]
    assert places == [
        (2, "french_maid_01"),
        (3, "sitting"),
        (4, "watercolor"),
        (5, "cape"),
        (6, "high_five"),
        (7, "fine_hands"),
        (8, "beach"),
    ]


def test_a_lora_without_a_name_brings_no_triggers(planner: Planner) -> None:
    made = planner(character(lora={"lora_name": "  ", "lora_triggers": "t"}), character="x")

    assert made.loras == ()
    assert "t" not in made.positive.split(", ")


def test_a_value_that_is_the_assets_own_overrides_nothing(planner: Planner) -> None:
    made = planner(character="mira_vale", weights={"characters": 0.8}, steps=30, sampler_name="euler")

    assert "override" not in codes(made)


def test_a_look_with_the_characters_lora_file_takes_slot_one_once(planner: Planner) -> None:
    same = {
        "data/looks/l.json": {
            "look_id": "l",
            "character_id": "mira_vale",
            "lora": {"lora_name": "Illustrious/Looks/mira.safetensors", "lora_triggers": "look_trigger"},
        }
    }

    made = planner(same, character="mira_vale", look="l")

    assert [(use.slot, use.category) for use in made.loras] == [(1, "looks")]
    assert made.face.startswith("look_trigger, mira vale")
    assert "mira_v2" not in made.positive


def test_the_checkpoint_named_by_the_settings_has_defaults_too_if_no_file_describes_it(planner: Planner) -> None:
    made = planner({"data/settings.json": {"default_checkpoint": "new.safetensors"}})

    assert made.settings.steps == 25
    assert "checkpoint-defaults" in codes(made)


def test_the_templates_own_checkpoint_chosen_by_name_keeps_the_templates_values(planner: Planner) -> None:
    made = planner(checkpoint="Illustrious/model.safetensors")

    assert made.settings.steps == 28
    assert "checkpoint-defaults" not in codes(made)


def test_clip_skip_is_null_below_two_and_its_sign_is_put_aside(planner: Planner) -> None:
    skip = {
        "data/checkpoints/a.json": {"checkpoint_path": "a", "clip_skip": 1},
        "data/checkpoints/b.json": {"checkpoint_path": "b", "clip_skip": -2},
    }

    assert planner(skip, checkpoint="a").settings.clip_skip is None
    assert planner(skip, checkpoint="b").settings.clip_skip == 2


def test_the_templates_own_checkpoint_with_a_file_has_the_files_values(planner: Planner) -> None:
    own = {
        "data/settings.json": {},
        "data/checkpoints/m.json": {"checkpoint_path": "Illustrious/model.safetensors", "steps": 9},
    }

    made = planner(own)

    assert made.settings.steps == 9
    assert made.settings.scheduler == "karras"


# The plan as a whole -------------------------------------------------------------------------------------------------


def test_prompts_are_what_their_pieces_say(planner: Planner) -> None:
    made = planner(character="mira_vale", actions=["sitting"], extra_positive="smile", extra_negative="freckles")

    for name in ("positive", "negative", "face", "hand"):
        pieces = getattr(made.pieces, name)
        assert getattr(made, name) == ", ".join(piece.text for piece in pieces if not piece.dropped)
    dropped = {(piece.text, piece.dropped, piece.address) for piece in made.pieces.positive if piece.dropped}
    assert ("freckles", "cancel", "identity::extra") in dropped
    assert ("standing", "replaced", "defaults::pose") in dropped


def test_the_assets_of_a_plan_are_named_by_slug(planner: Planner) -> None:
    made = planner(character="mira_vale", scenes=["beach"])

    assert made.assets == {
        "characters": ["mira_vale"],
        "scenes": ["beach"],
        "checkpoints": ["Illustrious_dawn_v3_safetensors"],
    }


def test_images_of_a_recipe_are_planned_with_one_seed_after_the_other() -> None:
    recipes = list(one_by_one(Recipe(count=3, seed=2**64 - 2), Random(1)))

    assert [recipe.seed for recipe in recipes] == [2**64 - 2, 2**64 - 1, 0]
    assert all(recipe.count == 1 for recipe in recipes)


def test_a_list_of_recipes_gives_a_list_of_plans(shelf: FileShelf) -> None:
    made = planned([{"character": "pip", "seed": 1}, {"character": "piip"}], shelf, Random(1))

    assert made[0]["positive"].endswith("brown eyes")
    assert made[1]["errors"][0]["near"] == "pip"
    assert json.loads(json.dumps(made)) == made


@pytest.mark.parametrize("raw", [None, 3, "x", [3], {"others": [1], "props": ["x"]}, {"fields": 3}, {"texts": []}])
def test_whatever_is_no_recipe_is_an_answer_in_words(shelf: FileShelf, raw: Any) -> None:
    made = planned(raw, shelf, Random(1))

    for one in made if isinstance(made, list) else [made]:
        assert one.get("errors") or one["positive"]


CHOICES = {
    "character": st.none() | st.sampled_from(["mira_vale", "vesper", "odd_one", "ember_and_ash", "__random__"]),
    "character_outfit": st.sampled_from(["default", "__random__"]),
    "look": st.none() | st.sampled_from(["mira_casual", "statue", "__random__"]),
    "outfits": st.lists(st.sampled_from(["french_maid_01", "cape", "__random__"]), max_size=2),
    "actions": st.lists(st.sampled_from(["sitting", "waving", "mystery_pose", "__random__"]), max_size=2),
    "styles": st.lists(st.sampled_from(["watercolor", "ink", "__random__"]), max_size=2),
    "scenes": st.lists(st.sampled_from(["beach", "void", "__random__"]), max_size=1),
    "detailers": st.lists(st.sampled_from(["sharp_eyes", "clutter", "fine_hands", "__random__"]), max_size=2),
    "checkpoint": st.none() | st.sampled_from(["Noob/noon.safetensors", "new.safetensors", "__random__"]),
    "fields": st.none() | st.just(["*"]) | st.just([]) | st.just(["identity::hair", "action::arms"]),
    "subject": st.sampled_from(["", "characters/mira_vale", "actions/sitting", "styles/ink", "presets/x"]),
    "off": st.lists(st.sampled_from(["looks", "actions/sitting", "styles"]), max_size=2),
    "extra_positive": st.text(alphabet="ab_{}|$2,<>( )__single__colour", max_size=30),
    "extra_negative": st.sampled_from(["", "freckles", "{a|b} __colour__", "<lora:x>, BREAK"]),
    "seed": st.none() | st.integers(0, 2**64 - 1),
}


@settings(max_examples=150, deadline=None)
@given(st.fixed_dictionaries({}, optional=CHOICES))
def test_a_resolved_recipe_planned_again_is_the_same_plan(raw: dict[str, Any]) -> None:
    shelf = _library()
    before = deepcopy(raw)

    made = plan(read_recipe(raw), shelf, Random(1))
    again = plan(made.resolved, shelf.without_wildcards(), Random(2))

    assert raw == before
    for name in ("positive", "negative", "face", "hand", "loras", "checkpoint", "settings", "prefix", "resolved"):
        assert getattr(again, name) == getattr(made, name)
    assert read_plan(plan_json(made)) == made


def _library() -> FileShelf:
    from tests.golden.runner import HERE

    if not hasattr(_library, "shelf"):
        content = json.loads((HERE / "library.json").read_text("utf-8"))
        template = json.loads((HERE / "template_default.json").read_text("utf-8"))
        _library.shelf = FileShelf({**content, "workflows/default.json": template})  # type: ignore[attr-defined]
    return _library.shelf  # type: ignore[attr-defined, no-any-return]


def test_a_plan_of_a_library_of_ten_thousand_takes_less_than_5_ms(files: dict[str, Any]) -> None:
    many = {f"data/actions/a{number}.json": {"action_id": f"a{number}"} for number in range(10_000)}
    shelf = FileShelf({**files, **many})
    recipe = read_recipe({"character": "mira_vale", "actions": ["a77"], "styles": ["watercolor"], "seed": 1})
    plan(recipe, shelf, Random(1))
    began = process_time()

    for _ in range(20):
        plan(recipe, shelf, Random(1))

    assert (process_time() - began) / 20 < 0.005
