"""Looking tags up: prefix, exact, forgiving."""

from __future__ import annotations

import pytest

from gaze.danbooru.find import as_inserted, known, search, suggest, validate, written
from gaze.danbooru.index import TagIndex
from gaze.danbooru.rows import Row

ROWS = [
    Row("1girl", 0, 6_000_000, ("1girls", "sole_female")),
    Row("long_hair", 0, 4_300_000, ("longhair",)),
    Row("blonde_hair", 0, 1_500_000, ("yellow_hair",)),
    Row("grey_hair", 0, 560_000, ("silver_hair", "gray_hair")),
    Row("long_sleeves", 0, 1_600_000),
    Row("long_tongue", 0, 12_000),
    Row("hatsune_miku", 4, 115_000, ("miku", "初音ミク")),
    Row("tracer_(overwatch)", 4, 3_000),
    Row("overwatch", 3, 22_000),
    Row(">_<", 0, 47_000),
    Row("^_^", 0, 130_000),
    Row("0_0", 0, 2_000),
    Row("v", 0, 150_000),
    Row("t-shirt", 0, 91_000),
]


@pytest.fixture(scope="module")
def index() -> TagIndex:
    return TagIndex.unpack(TagIndex.build(ROWS).pack())


def names(found: object) -> list[str]:
    return [tag.name for tag in found]  # type: ignore[attr-defined]


def test_prefix_search_is_by_popularity(index: TagIndex) -> None:
    assert names(search(index, "long")) == ["long_hair", "long_sleeves", "long_tongue"]
    assert names(search(index, "long", limit=1)) == ["long_hair"]
    assert names(search(index, "hair")) == []


def test_prefix_search_keeps_to_a_category(index: TagIndex) -> None:
    assert names(search(index, "", category="copyright")) == ["overwatch"]
    assert names(search(index, "h", category="character")) == ["hatsune_miku"]
    assert names(search(index, "h", category="nonsense")) == []


def test_a_tag_is_valid_by_its_own_name_only_and_an_alias_says_which(index: TagIndex) -> None:
    own, alias, unknown = validate(index, ["grey hair", "silver_hair", "grey hiar"])

    assert (own.valid, own.tag, own.category, own.count) == (True, "grey_hair", "general", 560_000)
    assert (alias.valid, alias.tag) == (False, "grey_hair")
    assert (unknown.valid, unknown.tag, unknown.suggestions[0]) == (False, "", "grey_hair")


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("long ha", "long_hair"),
        ("hair blonde", "blonde_hair"),
        ("silver", "grey_hair"),
        ("初音", "hatsune_miku"),
        ("shirt", "t-shirt"),
        ("blodne", "blonde_hair"),
        ("hatsnue mi", "hatsune_miku"),
        ("tracer \\(over", "tracer_(overwatch)"),
        ("(long ha", "long_hair"),
        ("LONG_HA", "long_hair"),
        ("longsleeves", "long_sleeves"),
    ],
)
def test_what_is_typed_is_forgiven(index: TagIndex, typed: str, first: str) -> None:
    assert names(suggest(index, typed))[0] == first


def test_an_exact_tag_comes_before_more_used_ones(index: TagIndex) -> None:
    """F17: what is typed in `(v:0.5)` still finds `v`."""
    assert names(suggest(index, "v"))[0] == names(suggest(index, "(v:0.5)"))[0] == "v"


def test_a_tag_found_by_another_name_says_by_which(index: TagIndex) -> None:
    assert suggest(index, "yellow ha")[0].alias == "yellow_hair"
    assert suggest(index, "blonde")[0].alias == ""


@pytest.mark.parametrize("typed", ["", "   ", "zzzzzz", "((((", "\\", "\x00", "é" * 300, "__", ", ,"])
def test_what_fits_nothing_finds_nothing(index: TagIndex, typed: str) -> None:
    assert suggest(index, typed) == []


@pytest.mark.parametrize("face", [">_<", "^_^", "0_0", "o_o", ">_o", "=_="])
def test_f02_faces_keep_their_underscore(face: str) -> None:
    assert as_inserted(face) == face


def test_f02_underscores_of_other_suggestions_become_spaces() -> None:
    assert as_inserted("long_hair") == "long hair"
    assert as_inserted("no_u") == "no u"


def test_f03_brackets_of_a_suggestion_are_escaped() -> None:
    assert as_inserted("tracer_(overwatch)") == "tracer \\(overwatch\\)"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("(smile:1.2)", "smile"),
        ("((blue eyes))", "blue_eyes"),
        ("[smile]", "smile"),
        ("tracer \\(overwatch\\)", "tracer_(overwatch)"),
        ("(tracer \\(overwatch\\):1.1)", "tracer_(overwatch)"),
        ("tracer_(overwatch)", "tracer_(overwatch)"),
        ("(long hair", "long_hair"),
        (":)", ":)"),
        (">_<", ">_<"),
    ],
)
def test_a_tag_in_a_prompt_is_read_as_the_list_has_it(said: str, name: str) -> None:
    assert written(said) == name


def test_each_name_and_alias_is_known(index: TagIndex) -> None:
    for row in ROWS:
        assert known(index, row.name) == row.name
        assert all(known(index, alias) == row.name for alias in row.aliases)
    assert known(index, "nobody") is None


def test_an_empty_list_knows_nothing() -> None:
    empty = TagIndex.build(())

    assert (suggest(empty, "long"), search(empty, "long"), known(empty, "long")) == ([], [], None)
