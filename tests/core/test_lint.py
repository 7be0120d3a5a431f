"""Doubts about one asset's prompts."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gaze.categories import declared
from gaze.core.asset import Asset, read_asset
from gaze.core.lint import Finding, Linter, Rules
from gaze.library.lint import RULES
from gaze.settings import program

SHIPPED = msgspec.json.decode((program() / RULES).read_bytes(), type=Rules)
KNOWN = {"long_hair": "long_hair", "grey_hair": "grey_hair", "silver_hair": "grey_hair", "tracer_(overwatch)": "t"}


def character(lora: Any = None, wardrobe: Any = None, **identity: str) -> Asset:
    raw = {"character_id": "a", "character_name": "A", "identity": identity, "lora": lora or {}}
    return read_asset(declared()["characters"], "data/characters/a.json", raw | {"wardrobe": wardrobe or {}}, "v")[0]


def look(asset: Asset, known: Any = None, trained: tuple[str, ...] = ()) -> list[Finding]:
    return Linter(SHIPPED, known)(asset, trained)


def known(tag: str) -> str | None:
    return KNOWN.get(tag.replace(" ", "_").replace("\\", ""))


@pytest.mark.parametrize(
    ("hair", "said"),
    [
        ("blonde hair, black hair", "«black hair» and «blonde hair»: two colours of hair"),
        ("long hair, (short_hair:1.1)", "«long hair» and «short_hair»: two lengths of hair"),
    ],
)
def test_contradictions_are_told(hair: str, said: str) -> None:
    assert [finding.message for finding in look(character(hair=hair))] == [said]


def test_contradictions_are_found_across_fields() -> None:
    (found,) = look(character(hair="long hair", extra="bald"))

    assert (found.code, found.field) == ("contradiction", "identity.hair")


@pytest.mark.parametrize("text", ["blonde hair, black hair, multicolored hair", "long hair", "blue eyes, red hair"])
def test_what_goes_together_is_no_contradiction(text: str) -> None:
    assert look(character(hair=text)) == []


def test_outfits_are_worn_one_at_a_time() -> None:
    outfits = {"default": {"top": "day"}, "evening": {"top": "night"}, "odd": {"top": "day, night"}}

    assert [finding.field for finding in look(character(wardrobe=outfits))] == ["wardrobe.top"]


def test_unknown_tags_and_other_names_are_told() -> None:
    unknown, alias = look(character(hair="(lnog hair:1.2), silver hair, long_hair"), known)

    assert (unknown.code, unknown.about, unknown.mark) == ("tag", "lnog hair", "tag:lnog hair")
    assert (alias.code, alias.use, alias.message) == (
        "alias",
        "grey hair",
        "«silver hair» is another name of «grey hair»; use that",
    )


@pytest.mark.parametrize(
    "text", ["masterpiece, best quality", "__hair/long__", "{red|blue} hair", "she has hair as long as a river"]
)
def test_what_is_no_tag_is_not_called_unknown(text: str) -> None:
    assert look(character(hair=text), known) == []


def test_without_a_list_nothing_is_unknown() -> None:
    assert look(character(hair="lnog hair")) == []


def test_triggers_that_the_file_was_not_trained_on_are_told() -> None:
    lora = {"lora_name": "x.safetensors", "lora_triggers": "mvale, teal eyes"}

    (found,) = look(character(lora), trained=("teal_eyes", "mvale_v3"))

    assert (found.code, found.about) == ("trigger", "mvale")
    assert look(character(lora)) == []


@pytest.mark.parametrize("weight", [0.05, 2.5, -3])
def test_unusual_weights_of_loras_are_told(weight: float) -> None:
    (found,) = look(character({"lora_name": "x.safetensors", "lora_weight": weight}))

    assert (found.code, found.field) == ("weight", "lora.lora_weight")
    assert look(character({"lora_name": "x.safetensors", "lora_weight": 0.8})) == []
    assert look(character({"lora_weight": weight})) == []


def test_unusual_weights_in_a_prompt_are_told() -> None:
    assert [finding.code for finding in look(character(hair="(long hair:2.4), (braid:1.2)"))] == ["weight"]


def test_each_doubt_is_told_once() -> None:
    assert len(look(character(hair="lnog hair", extra="lnog hair"), known)) == 2  # one a field
    assert len(look(character(hair="lnog hair, lnog hair"), known)) == 1
