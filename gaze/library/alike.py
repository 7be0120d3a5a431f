"""Images that are like one: by the assets that took part and the words of their prompts."""

from __future__ import annotations

from collections.abc import Sequence

from gaze.library.imagerow import Row

_MOST = 4000  # candidates looked at, the newest: beyond, it would take longer than a click


def alike(row: Row, rows: Sequence[Row], limit: int) -> list[Row]:
    """The rows of `rows` (oldest first) most like `row`, the most alike first; `row` itself is not among them."""
    mine, items = frozenset(row.assets), _items(row)
    near: list[Row] = []
    for other in reversed(rows):
        if other is not row and (not mine or not mine.isdisjoint(other.assets)):
            near.append(other)
            if len(near) == _MOST:
                break
    scored = [(_score(row, mine, items, other), -place, other) for place, other in enumerate(near)]
    scored.sort(key=lambda item: item[:2], reverse=True)
    return [other for score, _, other in scored[:limit] if score > 0]


def _items(row: Row) -> frozenset[bytes]:
    return frozenset(item.strip() for item in row.text.split(b",") if item.strip())


def _score(row: Row, mine: frozenset[str], items: frozenset[bytes], other: Row) -> float:
    """How alike two rows are, from 0: shared assets count as much as shared words."""
    score = 1.0 if row.recipe and row.recipe == other.recipe else 0.0
    if mine:
        score += len(mine.intersection(other.assets)) / len(mine.union(other.assets))
    theirs = _items(other)
    if items and theirs:
        score += len(items & theirs) / len(items | theirs)
    return score + (0.05 if row.checkpoint and row.checkpoint == other.checkpoint else 0.0)
