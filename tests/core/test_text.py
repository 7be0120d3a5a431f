"""Items, sameness, repeats, people, LoRA tags, tokens (specification prompts, "Text")."""

from __future__ import annotations

from collections import Counter
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaze.core.brackets import pairs
from gaze.core.text import (
    BREAK,
    chunk_tokens,
    cross_dedup,
    dedup,
    items,
    join,
    key,
    orientation,
    unbalanced,
    without_lora_tags,
)

PROMPTS = st.text(alphabet="ab_ ,()[]{}<>\\:1|\nBREAK", max_size=60)
ITEMS = st.lists(st.sampled_from(["a", "A", "a_b", "A  b", "b", "(a:1.2)", BREAK]), max_size=12)


@given(PROMPTS)
def test_splitting_what_was_joined_changes_nothing(text: str) -> None:
    parts = items(text)

    again = items(join(parts))

    # A bracket left open in one item may meet its partner in a later one only if it did before.
    assert join(again) == join(parts)


@given(PROMPTS)
def test_items_lose_no_letter_but_commas_and_white_space(text: str) -> None:
    def letters(parts: str) -> Counter[str]:
        return Counter(letter for letter in parts if not letter.isspace() and letter != ",")

    assert letters("".join(items(text))) == letters(text)


@given(PROMPTS)
def test_pairs_never_cross(text: str) -> None:
    found, _ = pairs(text)

    for start, end in found:
        for other, its_end in found:
            assert not start < other < end < its_end


@given(ITEMS)
def test_dropping_repeats_twice_is_dropping_them_once(parts: list[str]) -> None:
    once = dedup(parts)

    assert dedup(once) == once
    assert {key(part) for part in once} == {key(part) for part in parts}


@given(ITEMS, ITEMS)
def test_cross_deduplication_keeps_the_difference_of_both_sides(positive: list[str], negative: list[str]) -> None:
    left, right = cross_dedup(positive, negative)

    def count(parts: list[str]) -> Counter[str]:
        return Counter(key(part) for part in parts if part != BREAK)

    assert count(left) == count(positive) - count(negative)
    assert count(right) == count(negative) - count(positive)
    assert left.count(BREAK) == positive.count(BREAK)
    assert right.count(BREAK) == negative.count(BREAK)


@given(ITEMS)
def test_what_stays_after_cross_deduplication_keeps_its_order(parts: list[str]) -> None:
    left, _ = cross_dedup(parts, ["a", "b"])

    rest = iter(parts)
    assert all(any(item == other for other in rest) for item in left)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(a [b, c) d], e", ["(a [b, c) d]", "e"]),
        ("((a, b)", ["((a, b)"]),
        ("a), b", ["a)", "b"]),
        ("<x {a> b}, c", ["<x {a> b}", "c"]),
        ("(a BREAK b), c", ["(a BREAK b)", "c"]),
        ("(a, b)BREAK c", ["(a, b)", "BREAK", "c"]),
        ("\\<a, b>", ["\\<a", "b>"]),
        ("<3, x>", ["<3", "x>"]),
        ("a_BREAK, BREAK_b", ["a_BREAK", "BREAK_b"]),
        ("a，b", ["a，b"]),  # only the comma parts
    ],
)
def test_only_pairs_protect(text: str, expected: list[str]) -> None:
    assert items(text) == expected


@pytest.mark.parametrize("text", ["(", ")", "(]", "a [b", "{", ":(", "(a [b)"])
def test_a_bracket_without_a_partner_is_unbalanced(text: str) -> None:
    assert unbalanced(text)


@pytest.mark.parametrize("text", ["", "(a)", "\\(", ">_<", "<lora:x", "a>b", "([{}])", "(<)x"])
def test_pairs_escapes_and_angles_are_balanced(text: str) -> None:
    assert not unbalanced(text)


@pytest.mark.parametrize("letter", ["(", ")", "{", "<a", "([{", "(,", "\\(", "{a|", "<lora:"])
def test_F18_twenty_thousand_brackets_take_less_than_200_ms(letter: str) -> None:
    text = letter * 20_000
    began = process_time()

    parts = items(text)
    unbalanced(text)
    without_lora_tags(text)

    assert process_time() - began < 0.2
    assert "".join(parts).count(letter[0]) == text.count(letter[0])


def test_F18_the_opened_brackets_are_kept_as_text() -> None:
    assert items("(" * 20_000) == ["(" * 20_000]


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        (" 2f  1M ", ["2girls", "1boy", "hetero"]),
        ("1 F", ["1girl"]),
        ("9M", ["6+boys"]),
        ("3F3F", ["6+girls"]),
        ("10F", ["6+girls"]),
        ("9" * 5000 + "F", ["6+girls"]),
        ("01F", None),
        ("", None),
        ("1F, 1M", None),
        ("1F 2", None),
        ("-1F", None),
        ("١F", None),
    ],
)
def test_orientation_counts_people(text: str, tags: list[str] | None) -> None:
    assert orientation(text) == tags


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("cat <lora:x:1>, dog", "cat , dog"),
        ("<LyCO:x><hypernet:y:0.5>", ""),
        ("<lo<lora:a>ra:b>", ""),
        ("<lora:a<b>c>", ""),
        ("<lora:open", "<lora:open"),
        ("<b:c>", "<b:c>"),
        ("a > <lora:x> <", "a >  <"),
    ],
)
def test_F14_lora_tags_are_taken_out(text: str, left: str) -> None:
    assert without_lora_tags(text)[0] == left


@given(st.text(alphabet="<>lora: x", max_size=40))
def test_taking_lora_tags_out_twice_is_taking_them_out_once(text: str) -> None:
    once, _ = without_lora_tags(text)

    assert without_lora_tags(once) == (once, ())


def test_tokens_are_counted_in_chunks_of_75() -> None:
    assert chunk_tokens("") == [0]
    assert chunk_tokens("a cat, (hat:1.2)") == [4]
    assert chunk_tokens(", ".join(["cat"] * 50)) == [75, 24]
    assert chunk_tokens("cat BREAK dog") == [1, 1]


@given(st.text(max_size=200))
def test_tokens_never_fill_more_than_a_chunk(text: str) -> None:
    counts = chunk_tokens(text)

    assert counts
    assert all(0 <= count <= 75 for count in counts)
