"""Every golden case is a test; `runner` says what is checked."""

from __future__ import annotations

import pytest

from tests.golden.runner import HERE, Case, load


@pytest.mark.parametrize("case", load(HERE), ids=lambda case: f"{case.file}:{case.name}")
def test_golden(case: Case) -> None:
    failures = case.failures()

    assert not failures, "\n".join(f"{f.field}: expected {f.expected!r}, got {f.got!r}" for f in failures)
