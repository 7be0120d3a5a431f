"""Prompt text: items, sameness, repeats, cross-deduplication, people, LoRA tags, tokens.

Pure and linear in the length of the text (specification prompts, "Text"; F18).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from gaze.core.brackets import outermost, pairs

BREAK = "BREAK"
CHUNK = 75  # tokens that CLIP reads at a time

_BREAK = re.compile(r"\bBREAK\b")
_CUT = re.compile(r",|\bBREAK\b")
_GROUP = re.compile(r"([0-9]+)\s*([FM])")
_COUNTED = re.compile(r"\s*(?:[0-9]+\s*[FM]\s*)+")
_LORA_TAG = re.compile(r"<(?:lora|lyco|hypernet):", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+|\d|[^\w\s]+|_+")
_WEIGHT = re.compile(r":\s*[+-]?(?:\d+\.?\d*|\.\d+)\s*(?=[)\]])")


def items(text: str) -> list[str]:
    """The items of a prompt: parted at commas outside brackets, trimmed, without empty ones.

    The word `BREAK` outside brackets is an item of its own.
    """
    found: list[str] = []
    last = 0
    for start, end in _cuts(text):
        found.append(text[last:start])
        found.append(text[start:end].strip(","))
        last = end
    found.append(text[last:])
    return [item for item in map(str.strip, found) if item]


def join(parts: Iterable[str]) -> str:
    """Items as one prompt."""
    return ", ".join(parts)


def key(item: str) -> str:
    """What two items that are the same share: `_` as a space, white space run together, case aside."""
    return " ".join(item.replace("_", " ").split()).casefold()


def same(one: str, other: str) -> bool:
    """Whether two items say the same; `(a:1.2)` and `a` do not."""
    return key(one) == key(other)


def repeats(parts: Sequence[str]) -> list[bool]:
    """For each item whether it is the same as an earlier one; never for BREAK."""
    seen: set[str] = set()
    found = []
    for item in parts:
        known = key(item)
        found.append(item != BREAK and known in seen)
        seen.add(known)
    return found


def dedup(parts: Sequence[str]) -> list[str]:
    """The items without repeats; the first spelling stays."""
    return [item for item, again in zip(parts, repeats(parts), strict=True) if not again]


def cancelled(positive: Sequence[str], negative: Sequence[str]) -> tuple[list[bool], list[bool]]:
    """For each item of both sides whether it cancels: one of each side does, the earliest first; never BREAK."""
    shared = Counter(key(item) for item in positive if item != BREAK) & Counter(
        key(item) for item in negative if item != BREAK
    )
    return _earliest(positive, shared), _earliest(negative, shared)


def cross_dedup(positive: Sequence[str], negative: Sequence[str]) -> tuple[list[str], list[str]]:
    """Both sides without the items that cancel."""
    gone, gone_too = cancelled(positive, negative)
    return (
        [item for item, out in zip(positive, gone, strict=True) if not out],
        [item for item, out in zip(negative, gone_too, strict=True) if not out],
    )


def unbalanced(text: str) -> bool:
    """Whether a round, square or curly bracket of `text` has no partner."""
    return bool(pairs(text)[1])


def orientation(text: str) -> list[str] | None:
    """The tags of a count of people such as `1F` or `2f 1m`; None if it is not one (specification data, Character)."""
    counts = Counter[str]()
    if not _COUNTED.fullmatch(text.upper()):
        return None
    for number, letter in _GROUP.findall(text.upper()):
        if number.startswith("0"):
            return None
        counts[letter] += int(number[:9])  # beyond six they are not told apart
    tags = [_people(counts[letter], word) for letter, word in (("F", "girl"), ("M", "boy")) if counts[letter]]
    return [*tags, "hetero"] if len(tags) == 2 else tags


def without_lora_tags(text: str) -> tuple[str, tuple[str, ...]]:
    """`text` without `<lora:...>`, `<lyco:...>` and `<hypernet:...>`, and the tags taken out.

    ComfyUI would read them as words (F14). Tags in tags go too, so nothing that is left can become one.
    """
    if not _LORA_TAG.search(text):
        return text, ()
    made: list[str] = []
    opened: list[int] = []
    taken: list[str] = []
    for letter in text:
        if letter == "<":
            opened.append(len(made))
        made.append(letter)
        if letter == ">" and opened:
            start = opened.pop()
            if _LORA_TAG.match("".join(made[start : start + 10])):
                taken.append("".join(made[start:]))
                del made[start:]
    return "".join(made), tuple(taken)


def chunk_tokens(prompt: str) -> list[int]:
    """Tokens in each CLIP chunk of 75, estimated; BREAK begins a new chunk.

    Words count one token for each six letters begun, digits and runs of signs one each, as the SDXL tokenizer
    does for tags on average. Weights and their brackets are no tokens.
    """
    chunks: list[int] = []
    for part in _BREAK.split(prompt):
        bare = re.sub(r"(?<!\\)[()\[\]]", " ", _WEIGHT.sub("", part)).replace("\\", "")
        count = sum(-(-len(word) // 6) if word.isalpha() else 1 for word in _WORD.findall(bare))
        full, rest = divmod(count, CHUNK)
        chunks += [CHUNK] * full
        if rest or not full:
            chunks.append(rest)
    return chunks


def _cuts(text: str) -> Iterator[tuple[int, int]]:
    """Commas and words BREAK outside brackets, in order."""
    at = 0
    for start, end in [*outermost(pairs(text)[0]), (len(text), len(text))]:
        for cut in _CUT.finditer(text, at, start):
            yield cut.span()
        at = end + 1


def _earliest(parts: Sequence[str], shared: Counter[str]) -> list[bool]:
    left = Counter(shared)
    found = []
    for item in parts:
        known = key(item)
        out = item != BREAK and left[known] > 0
        if out:
            left[known] -= 1
        found.append(out)
    return found


def _people(count: int, word: str) -> str:
    return f"1{word}" if count == 1 else f"{count}{word}s" if count <= 5 else f"6+{word}s"
