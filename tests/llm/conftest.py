"""A provider that speaks real HTTP, one for all tests of this folder; each sets its own script."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.standins.start import Llm


@pytest.fixture(scope="session")
def llm() -> Iterator[Llm]:
    made = Llm()
    yield made
    made.stop()
