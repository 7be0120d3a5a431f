"""What a prompt asks for, read from its Danbooru-like tags."""

from __future__ import annotations

import re
from random import Random
from typing import Any

import msgspec

from gaze.simulator.art.palette import (
    CLOTHES_BY_CHANCE,
    COLORS,
    EYES_BY_CHANCE,
    HAIR_BY_CHANCE,
    RGB,
    SKINS,
    mix,
)
from gaze.simulator.art.words import (
    BANGS,
    CLOTHES,
    EXPRESSIONS,
    HAIR_STYLES,
    LENGTHS,
    PLACES,
    POSES,
    PROPS,
    SKY,
    STYLES,
    TIMES,
    WEAR,
    WEATHER,
)

COLOR = "|".join(COLORS)


class Wish(msgspec.Struct, frozen=True):
    """What a prompt asks for; what it leaves open is chosen by a hash of its words, so it stays the same."""

    people: tuple[bool, ...]
    skin: RGB
    hair: RGB
    hair_tips: RGB
    length: str
    hair_style: str
    bangs: str
    eyes: RGB
    other_eye: RGB
    clothes: str
    cloth: RGB
    trim: RGB
    wear: frozenset[str]
    props: frozenset[str]
    pose: str
    face: frozenset[str]
    old: bool
    young: bool
    place: str
    time: str
    weather: frozenset[str]
    sky: frozenset[str]
    styles: frozenset[str]
    view: str
    tints: tuple[RGB, ...]


def read(prompt: str) -> Wish:
    """The wish behind a prompt: comma separated tags, underscores and weights allowed."""
    text = re.sub(r"<[^>]*>|:\s*-?\d+(\.\d+)?(?=\s*\))|[()\[\]{}\\]", " ", prompt.lower().replace("_", " "))
    text = re.sub(r"\s+", " ", text)
    items = [item.strip() for item in text.split(",") if item.strip()]
    chance = Random("|".join(items))
    people = _people(text, items)
    female = people[0] if people else True
    old = bool(re.search(r"\bold\b|elderly|aged|wrinkle|grandm|grandf|\bwitch crone", text))
    place = _first(PLACES, text)
    return Wish(
        people=people,
        **_looks(text, chance, female=female, old=old),
        **_dress(text, chance, female=female),
        wear=_all(WEAR, text),
        props=_all(PROPS, text),
        pose=_first(POSES, text),
        face=_all(EXPRESSIONS, text) | ({"blush"} if "blush" in text else set()),
        old=old,
        young=bool(re.search(r"\bchild|\bkid\b|young|teen|petite", text)),
        place=place,
        time=_first(TIMES, text),
        weather=_all(WEATHER, text),
        sky=_all(SKY, text),
        styles=_all(STYLES, text),
        view=_view(text),
        tints=tuple(COLORS[word] for word in re.findall(rf"\b({COLOR})\b", text)[:6]),
    )


def _people(text: str, items: list[str]) -> tuple[bool, ...]:
    """One entry a person, True for a woman or girl; empty for a scene without anybody."""
    if re.search(r"no humans|scenery only|empty scene|no people", text):
        return ()
    found: list[bool] = []
    for count, word in re.findall(r"\b(\d)\+?(girls?|boys?)\b", text):
        found += [word.startswith("girl")] * min(3, int(count))
    if found:
        return tuple(found[:3])
    if re.search(r"multiple girls|couple|two people|friends", text):
        return (True, "couple" not in text)
    someone = re.search(
        r"\b(man|boy|male|woman|girl|female|lady|knight|witch|wizard|person|solo|portrait|he|she|hair|eyes"
        r"|looking at viewer|elf|monk|king|queen|prince|princess|robot|skin|wearing|smil\w*|arms?|hands?"
        r"|standing|sitting"
        r"|face|dress|armou?r|kimono|coat|hoodie|suit|outfit|uniform|robe|cloak|jacket|sweater)\b",
        text,
    )
    if someone is None and (re.search(r"scenery|landscape", text) or _first(PLACES, text)):
        return ()
    male = re.search(r"\b(man|boy|male|king|prince|wizard|monk|he|beard\w*|old man|butler|grandfather|guy)\b", text)
    return (male is None,)


def _looks(text: str, chance: Random, *, female: bool, old: bool) -> dict[str, Any]:
    named = re.findall(rf"\b({COLOR})(?:[ -](?:\w+[ -]){{0,2}}?)hair\b", text)
    plain = ["black", "brown", "chestnut", "blonde", "auburn", "brunette"]
    by_chance = COLORS[chance.choice(HAIR_BY_CHANCE if female else plain)]
    hair = COLORS[named[0]] if named else COLORS[chance.choice(["grey", "silver", "white"])] if old else by_chance
    tips = COLORS[named[1]] if len(named) > 1 else hair
    if re.search(r"gradient hair|two-?tone|streaked|multicolored hair", text) and tips == hair:
        tips = COLORS[chance.choice(["pink", "cyan", "violet", "amber"])]
    eye_names = re.findall(rf"\b({COLOR})(?:[ -]\w+)?[ -]eyes?\b", text)
    eyes = COLORS[eye_names[0]] if eye_names else COLORS[chance.choice(EYES_BY_CHANCE)]
    skin = re.search(rf"\b({'|'.join(SKINS)})(?:[ -]skin(?:ned)?\b)", text) or re.search(
        r"\b(tan)(?:ned|lines)\b", text
    )
    tone = SKINS[skin[1]] if skin else SKINS[chance.choice(["pale", "fair", "fair", "light", "light", "olive", "tan"])]
    if re.search(r"\borc\b|goblin", text) and not skin:
        tone = SKINS["green"]
    lengths = ["long", "long", "medium", "short"] if female else ["short", "short", "short", "medium"]
    styles = ["", "", "", "curly", "ponytail", "bun"] if female else ["", "", "spiky", "spiky"]
    style = _first(HAIR_STYLES, text)
    length = _first(LENGTHS, text)
    if not style and not length:
        style = chance.choice(styles) if not old else ""
    return {
        "skin": tone,
        "hair": hair,
        "hair_tips": tips,
        "length": length or chance.choice(lengths),
        "hair_style": style,
        "bangs": _first(BANGS, text) or chance.choice(["swept", "swept", "parted", "blunt", "choppy", "choppy"]),
        "eyes": eyes,
        "other_eye": COLORS[eye_names[1]] if "heterochromia" in text and len(eye_names) > 1 else eyes,
    }


def _dress(text: str, chance: Random, *, female: bool) -> dict[str, Any]:
    kind = _first(CLOTHES, text)
    words = CLOTHES.get(kind, "dress|shirt|coat|robe|clothes|outfit")
    found = re.search(rf"\b({COLOR})(?:[ -](?:\w+[ -]){{0,2}}?)(?:{words}|clothes|outfit|skirt)", text)
    cloth = COLORS[found[1]] if found else COLORS[chance.choice(CLOTHES_BY_CHANCE)]
    if kind == "armor" and not found:
        cloth = COLORS["silver"]
    accents = re.findall(
        rf"\b({COLOR})[ -](?:trim|scarf|ribbon|sash|lining|bow|collar|apron|belt|obi|tie|cape)\b", text
    )
    trim = COLORS[accents[0]] if accents else COLORS[chance.choice(["gold", "cream", "white", "silver", "copper"])]
    if abs(sum(trim) - sum(cloth)) < 90:
        trim = mix(trim, (255, 255, 255) if sum(cloth) < 380 else (40, 30, 60), 0.6)
    usual = (
        ["dress", "sweater", "kimono", "cloak", "shirt"] if female else ["coat", "shirt", "hoodie", "tunic", "jacket"]
    )
    return {"clothes": kind or chance.choice(usual), "cloth": cloth, "trim": trim}


def _view(text: str) -> str:
    if re.search(r"close-?up|headshot|face focus|portrait\b(?! orientation)", text):
        return "close"
    if re.search(r"full[ -]body|wide shot|from afar|standing|walking|running|sitting|kneeling|jumping|dancing", text):
        return "far"
    if re.search(r"cowboy shot|upper body|from waist|holding|dynamic pose", text):
        return "upper"
    return ""


def _first(table: dict[str, str], text: str) -> str:
    return next((name for name, pattern in table.items() if _says(pattern, text)), "")


def _all(table: dict[str, str], text: str) -> frozenset[str]:
    return frozenset(name for name, pattern in table.items() if _says(pattern, text))


def _says(pattern: str, text: str) -> bool:
    """Whether a word of `text` begins as the pattern says: «robin» is no obi, «bookshelf» no elf."""
    return re.search(rf"(?<![a-z])(?:{pattern})", text) is not None
