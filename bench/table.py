"""Rows of figures and the table they make."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

import msgspec


class Row(msgspec.Struct, frozen=True):
    """One figure: what was measured, its value with unit, and the bound it should keep to (0: none)."""

    what: str
    value: float
    unit: str
    bound: float = 0.0
    at_least: bool = False

    @property
    def kept(self) -> bool:
        return not self.bound or (self.value >= self.bound if self.at_least else self.value <= self.bound)


def p95(values: Sequence[float]) -> float:
    """The value below which 95 of 100 lie."""
    return statistics.quantiles(values, n=20)[-1] if len(values) > 1 else values[0]


def show(rows: Iterable[Row]) -> str:
    """The table, a line a figure."""
    lines = [f"{'what':<64} {'measured':>12} {'bound':>12}", "-" * 92]
    for row in rows:
        sign = "" if not row.bound else ("≥ " if row.at_least else "≤ ") + f"{row.bound:g} {row.unit}"
        mark = "" if row.kept else "  over"
        lines.append(f"{row.what:<64} {f'{row.value:.1f} {row.unit}':>12} {sign:>12}{mark}")
    return "\n".join(lines)
