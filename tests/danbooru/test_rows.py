"""Rows of shared tag lists, good and bad."""

from __future__ import annotations

import pytest

from gaze.danbooru.rows import BadRow, Row, read_rows


def read(text: str) -> list[Row | BadRow]:
    return list(read_rows(text.splitlines(keepends=True)))


def test_a_row_has_name_category_count_and_aliases() -> None:
    assert read('1girl,0,6000000,"1girls,sole_female"\n') == [Row("1girl", 0, 6000000, ("1girls", "sole_female"))]


def test_category_count_and_aliases_may_be_missing() -> None:
    assert read("smile\nblush,0\nsolo,0,5\n") == [Row("smile", 0, 0), Row("blush", 0, 0), Row("solo", 0, 5)]


def test_names_are_spelled_as_danbooru_does() -> None:
    assert read('Long Hair,0,5,"Longhair"') == [Row("long_hair", 0, 5, ("longhair",))]


def test_headings_and_empty_rows_are_passed_over() -> None:
    assert read("name,category,count,aliases\n\nsmile,0,5,\n,,,\n") == [Row("smile", 0, 5)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("smile,zero,5,", "category of «smile» is «zero»"),
        ("smile,0,many,", "count of «smile» is «many»"),
        ("smile,0,-5,", "count of «smile» is «-5»"),
        ("smile,9,5,", "category of «smile» is 9"),
        (" ,0,5,", "has no name"),
        ("a" * 300 + ",0,5,", "more than 200 letters"),
    ],
)
def test_a_bad_row_is_named_with_its_line_and_the_others_are_read(line: str, said: str) -> None:
    good, bad, other = read(f"1girl,0,9,\n{line}\nsolo,0,8,\n")

    assert (good, other) == (Row("1girl", 0, 9), Row("solo", 0, 8))
    assert isinstance(bad, BadRow)
    assert bad.line == 2
    assert said in bad.message


def test_a_tag_that_comes_again_counts_once() -> None:
    assert [type(row) for row in read("smile,0,5,\nSmile,0,7,\n")] == [Row, BadRow]


def test_no_content_is_too_odd_to_be_read() -> None:
    assert all(
        isinstance(row, Row | BadRow) for row in read('"a\0,b\n"",,,"\n\x1b,0,99999999999999999999\n' + "," * 900)
    )
