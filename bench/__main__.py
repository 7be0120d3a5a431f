"""`python -m bench [library] [site] [jobs] [models] [gallery] [llm] [tags]`: measure and print one table."""

from __future__ import annotations

import sys
import tempfile
from importlib import import_module
from pathlib import Path

from bench.table import Row, show

PARTS = ("library", "site", "jobs", "models", "gallery", "llm", "tags")


def main(names: list[str]) -> int:
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for name in names or PARTS:
            part = import_module(f"bench.{name}")
            print(f"measuring {name} ...", file=sys.stderr)
            rows += part.measure(Path(folder))
    print(show(rows))
    return 0 if all(row.kept for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
