"""What must never leave this machine: `data/.gaze/secrets.json`, readable by its owner alone (0600)."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Secrets:
    """Keys and hashes, read anew when the file changes."""

    def __init__(self, private: Path) -> None:
        self._file = private / "secrets.json"
        self._stamp = 0
        self._content: dict[str, Any] = {}

    def __call__(self) -> Mapping[str, Any]:
        try:
            stamp = self._file.stat().st_mtime_ns
        except OSError:
            return {}
        if stamp != self._stamp:
            try:
                content = json.loads(self._file.read_text("utf-8"))
            except (OSError, ValueError):
                return {}
            self._content = content if isinstance(content, dict) else {}
            self._stamp = stamp
        return self._content

    def save(self, values: Mapping[str, Any]) -> None:
        """Set keys, others untouched; the file is never readable by others, not for a moment."""
        content = {**self(), **values}
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = self._file.with_name(f".secrets.{os.getpid()}.tmp")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._file)
