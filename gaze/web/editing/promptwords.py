"""One list of all that a prompt may go on with: Danbooru tags, the user's own, wildcards, triggers of LoRA files."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from math import log10

from gaze.context import Context
from gaze.core.text import key
from gaze.danbooru.find import PREFIX, WORD, Tag, as_inserted, validate, weighed, written
from gaze.web.editing.vocabulary import Vocabulary, Word

_HUES = {"copyright": "series"}
# Something of one's own weighs as much as a tag with ten thousand pictures, and more for each use.
_OWN = 4.0
Weighed = tuple[float, Word]


def prompt_words(gaze: Context, vocabulary: Vocabulary, typed: str, most: int) -> list[Word]:
    """The best ways to go on with what was typed; nothing for nothing."""
    if not typed.strip():
        return []
    found = list(_wildcards(gaze, typed))
    if not typed.startswith("__"):
        found += [*_tags(gaze, vocabulary, typed, most), *_triggers(vocabulary, typed)]
    found.sort(key=lambda each: (-each[0], each[1].text))
    # What is there already in full is no completion.
    return [word for _, word in found if word.text != typed.strip()][:most]


def related_words(gaze: Context, vocabulary: Vocabulary, tag: str, has: Collection[str], most: int) -> list[Word]:
    """What the user has together with a tag, without what the prompt has already (by `text.key`)."""
    found = vocabulary.related(gaze.library, tag, most + len(has))
    chosen = [(name, text, uses) for name, text, uses in found if key(text) not in has][:most]
    kinds = validate(gaze.tags().index, [name for name, _, _ in chosen], near=0)
    return [
        Word(text, f"{uses} together", "", _hue(kind.category) if kind.tag else "general", _bare(text))
        for (_, text, uses), kind in zip(chosen, kinds, strict=True)
    ]


def _tags(gaze: Context, vocabulary: Vocabulary, typed: str, most: int) -> Iterator[Weighed]:
    own = vocabulary.own_tags(gaze.library)
    listed: set[str] = set()
    for weight, tag in weighed(gaze.tags().index, typed, 2 * most):
        listed.add(tag.name)
        uses = own.uses(tag.name)
        yield weight + (1 + log10(uses) if uses else 0), _word(tag)
    for weight, name, text, uses in own.find(typed, 2 * most, vocabulary.fresh):
        if name not in listed:
            yield _OWN + weight, Word(text, "yours", str(uses), "general", _bare(text))


def _wildcards(gaze: Context, typed: str) -> Iterator[Weighed]:
    wanted = typed.strip("_ ").casefold()
    for name in gaze.library.wildcard_names():
        if wanted and wanted in name:
            yield _OWN + (PREFIX if name.startswith(wanted) else WORD), Word(f"__{name}__", "wildcard", "", "wild")


def _triggers(vocabulary: Vocabulary, typed: str) -> Iterator[Weighed]:
    """LoRA files by name; what is put in are their triggers, for a prompt cannot load a file."""
    wanted = written(typed)
    for found, uses in vocabulary.all("triggers") if wanted else ():
        if wanted in found:
            name, triggers, file = found.split("\n")
            if wanted in name:
                weight = _OWN + (PREFIX if name.startswith(wanted) else WORD) + log10(uses)
                yield weight, Word(triggers, "LoRA", triggers, "wild", file)


def _word(tag: Tag) -> Word:
    text = as_inserted(tag.name)
    return Word(text, tag.category, short(tag.count), _hue(tag.category), _bare(text), tag.alias.replace("_", " "))


def _hue(category: str) -> str:
    return _HUES.get(category, category)


def _bare(text: str) -> str:
    """A tag as it is read: without the escapes of its brackets."""
    return text.replace("\\(", "(").replace("\\)", ")")


def short(count: int) -> str:
    """A count in at most four letters: 310, 14k, 1.5M."""
    if count >= 999_500:
        return f"{count / 1e6:.1f}M"
    return f"{round(count / 1000)}k" if count >= 1000 else str(count)
