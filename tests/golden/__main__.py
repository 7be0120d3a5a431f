"""`python -m tests.golden DIR [--library FILE] [--template FILE]`: run a folder of golden cases."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path

from tests.golden.runner import HERE, load


def main() -> int:
    """Print a line for each failing field and last the counts; 1 if a case failed."""
    parser = ArgumentParser(prog="python -m tests.golden", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=HERE)
    parser.add_argument("--library", type=Path, help="library.json; default: the folder's, else that of tests/golden")
    parser.add_argument("--template", type=Path, help="template_default.json; likewise")
    asked = parser.parse_args()
    passed = failed = 0
    for case in load(asked.folder, asked.library, asked.template):
        failures = case.failures()
        passed, failed = (passed, failed + 1) if failures else (passed + 1, failed)
        for failure in failures:
            print(
                f"{case.file}: {case.name}: {failure.field}: expected {_one_line(failure.expected)},"
                f" got {_one_line(failure.got)}"
            )
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def _one_line(value: object) -> str:
    return repr(value) if not isinstance(value, str) else repr(value) if "\n" in value else f"«{value}»"


if __name__ == "__main__":
    sys.exit(main())
