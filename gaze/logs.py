"""Log lines: an event and its keys, on standard error; never a key, a token or a query string."""

from __future__ import annotations

import logging
import sys

_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


class KeyValues(logging.Formatter):
    """`12:04:11 web job done job=… backend=…`."""

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        extras = {key: value for key, value in vars(record).items() if key not in _USUAL}
        pairs = " ".join(f"{key}={value}" for key, value in extras.items())
        first, newline, rest = line.partition("\n")
        return f"{first} {pairs}{newline}{rest}" if pairs else line


def set_up(process: str, level: str = "info") -> None:
    """Log to standard error, each line with the name of its process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(KeyValues(f"%(asctime)s {process:<6} %(message)s", "%H:%M:%S"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("gaze").setLevel(logging.DEBUG if level == "debug" else logging.INFO)
