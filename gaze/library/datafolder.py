"""Whether the data folder is there: nothing is forgotten and nothing is written while it is away (faults F37)."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from gaze.core.errors import Problem, Unavailable
from gaze.library.assets import Assets
from gaze.library.problems import Problems


class DataFolder:
    """The folder `data` below the root."""

    def __init__(self, root: Path, assets: Assets, problems: Problems, lock: threading.RLock) -> None:
        self.root = root
        self.assets = assets
        self.problems = problems
        self.lock = lock
        self._identity: tuple[int, int] | None = None

    def away(self) -> str:
        """Why the data folder cannot be used now, in words; `""` if it is there."""
        data = self.root / "data"
        try:
            found = data.stat()
            with os.scandir(data) as entries:
                names = {entry.name for entry in entries}
        except OSError as error:
            return f"the data folder cannot be read ({os.strerror(error.errno or 0)})"
        identity = (found.st_dev, found.st_ino)
        if identity == self._identity:
            return ""
        if self.assets.known and not names & {"state", ".gaze", *self.assets.folders}:
            return "the data folder is empty; its disk is probably not mounted"
        return ""

    def present(self) -> bool:
        """Whether the data folder is there; keeps the problem that says otherwise, and forgets it when mended."""
        reason = self.away()
        with self.lock:
            if reason:
                message = f"{reason}. Everything known stays in use; nothing can be saved until it is back."
                self.problems.standing["away"] = Problem(path="data", code="folder", message=message)
                return False
            self.problems.standing.pop("away", None)
            found = (self.root / "data").stat()
            self._identity = (found.st_dev, found.st_ino)
            return True

    def require(self) -> None:
        """Raises Unavailable (503) while the data folder is away."""
        if reason := self.away():
            raise Unavailable(f"Nothing was saved: {reason}. Bring the folder back and save again.")
