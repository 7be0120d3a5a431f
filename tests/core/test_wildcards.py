"""Wildcards (specification prompts, "Text"; faults F01-F12)."""

from __future__ import annotations

from collections import Counter
from random import Random
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaze.core.text import items
from gaze.core.wildcards import MOST_LETTERS, Expansion, expand, read_options

FILES = {
    "single": ("teal ribbon",),
    "colour": ("red", "blue", "green"),
    "combo": ("__single__", "__colour__"),
    "loop": ("swirl __loop__",),
    "a": ("__a____a__",),
    "zero": ("0::red", "0::blue"),
    "weights": ("3::navy", "0::red"),
}


def made(text: str, seed: int = 1, **files: tuple[str, ...]) -> Expansion:
    return expand(text, Random(seed), lambda name: {**FILES, **files}.get(name.lower()))


def codes(expansion: Expansion) -> set[str]:
    return {note.code for note in expansion.notes}


def over_seeds(text: str, **files: tuple[str, ...]) -> Counter[str]:
    return Counter(made(text, seed, **files).text for seed in range(300))


def test_F01_a_line_with_escapes_and_a_colon_is_two_items() -> None:
    line = "rin \\(gear: night city\\), red coat"

    assert items(made("__t__", t=(line,)).text) == ["rin \\(gear: night city\\)", "red coat"]


def test_F04_lines_of_a_crlf_file_are_all_drawn_without_carriage_returns() -> None:
    options = read_options("one\r\ntwo\r\nthree\r\n")

    assert set(over_seeds("__x__", x=options)) == {"one", "two", "three"}


def test_F05_bom_comments_and_blank_lines_are_no_options() -> None:
    assert read_options("\ufeff# credits\nred\n\n # note\nblue") == ("red", "blue")


def test_an_old_mac_file_has_lines_too() -> None:
    assert read_options("red\rblue\r") == ("red", "blue")


def test_F07_a_wildcard_of_itself_ends_and_names_the_cycle() -> None:
    began = process_time()

    expansion = made("__a__")

    assert process_time() - began < 0.1
    assert expansion.text == "__a____a__"
    assert codes(expansion) == {"wildcard-loop"}
    assert "__a__ > __a__" in expansion.notes[0].message


def test_F07_files_that_double_each_other_stay_bounded() -> None:
    files = {f"n{level}": (f"__n{level + 1}__ __n{level + 1}__",) for level in range(40)}
    began = process_time()

    expansion = made("__n0__", **files)

    assert process_time() - began < 0.5
    assert len(expansion.text) < 2 * MOST_LETTERS
    assert "wildcard-loop" in codes(expansion)


def test_F08_commas_inside_options_count_and_empty_picks_leave_no_item() -> None:
    seen = {tuple(items(text)) for text in over_seeds("{|hot,}{|summer,}sky")}

    assert seen == {("sky",), ("hot", "sky"), ("summer", "sky"), ("hot", "summer", "sky")}


def test_F09_weights_may_have_an_empty_option() -> None:
    seen = over_seeds("{3::|looking up|from below}")

    assert set(seen) == {"", "looking up", "from below"}
    assert seen[""] > seen["looking up"]


def test_F10_nothing_inside_angles_is_a_wildcard() -> None:
    assert made("<lora:tama5___Style_v10:0.7>, __single__").text == "<lora:tama5___Style_v10:0.7>, teal ribbon"


def test_F11_square_brackets_are_text() -> None:
    assert set(over_seeds("{apple|[orange]} tree [low]")) == {"apple tree [low]", "[orange] tree [low]"}


def test_F12_a_range_takes_distinct_options_and_too_many_are_noted() -> None:
    assert set(over_seeds("{0-2$$a|b|c}")) == {"", "a", "b", "c", "a, b", "a, c", "b, c"}
    short = made("{5$$a|b}")
    assert short.text == "a, b"
    assert codes(short) == {"wildcard-short"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{2$$ | $$a|b}", "a | b"),
        ("{2$$$$a|b}", "ab"),
        ("{1$$a}", "a"),
        ("{$$a|$$a}", "$$a"),
        ("{2$$__single__|x}", "teal ribbon, x"),
        ("{9$$__combo__}", "teal ribbon, red"),
        ("{2$$0::a|b|c}", "b, c"),
        ("{0::a|0::b}", ""),
        ("__zero__", ""),
        ("{3$$__weights__|0::__colour__}", "navy"),
        ("{a|a", "{a|a"),
        ("a|b}", "a|b}"),
        ("{<a|b>|<a|b>}", "<a|b>"),
        ("{{x|x}|{x|x}}{y|y}", "xy"),
        ("___single__", "_teal ribbon"),
        ("__ single__", "__ single__"),
        ("__single __", "__single __"),
        ("__single____single__", "teal ribbonteal ribbon"),
        ("a<b {x|x}", "a<b x"),
        ("{-2::a|-2::a}", "-2::a"),
        ("{ 2::a| 2::a}", "a"),
    ],
)
def test_edges_of_the_notation(text: str, expected: str) -> None:
    if expected == "teal ribbon, red":
        assert set(over_seeds(text)) == {f"teal ribbon, {colour}" for colour in FILES["colour"]}
    else:
        assert made(text).text == expected


def test_a_plain_text_draws_nothing() -> None:
    rng = Random(1)
    before = rng.getstate()

    expand("a, {b}, <c>", rng, lambda name: None)

    assert rng.getstate() == before


def test_a_pick_is_told_apart_from_no_pick() -> None:
    assert made("__single__").drawn
    assert made("{a|a}").drawn
    assert not made("__nosuch__ {a}").drawn


@given(st.text(alphabet="{}|$_0123:,-<> ab\\", max_size=80), st.integers())
def test_expansion_always_ends_and_never_raises(text: str, seed: int) -> None:
    expansion = expand(text, Random(seed), lambda name: ("{a|__b__}", "3::__a__", "2$$", "") if name in "ab" else None)

    assert len(expansion.text) < 10 * MOST_LETTERS


@given(st.text(alphabet="{}|$_0123:,-<> ab", max_size=60), st.integers())
def test_one_seed_gives_one_expansion(text: str, seed: int) -> None:
    assert made(text, seed) == made(text, seed)


@pytest.mark.parametrize("part", ["{a|", "{", "__a ", "_", "a ___", "{1$$", "{1$${", "<a", "3::", "{a|b}"])
def test_long_odd_texts_are_quick(part: str) -> None:
    began = process_time()

    made(part * (20_000 // len(part)) + "}" * 5_000)

    assert process_time() - began < 2


def test_deep_nesting_ends() -> None:
    began = process_time()

    made("{a|" * 5_000 + "b" + "}" * 5_000)

    assert process_time() - began < 1


def test_a_file_of_a_hundred_thousand_lines_is_quick() -> None:
    lines = tuple(f"option {number}" for number in range(100_000))
    began = process_time()

    made("__big__", big=lines)

    assert process_time() - began < 0.2
