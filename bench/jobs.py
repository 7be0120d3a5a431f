"""Jobs a second through web, worker and simulator: `python bench/jobs.py [HOW_MANY]`; prints one line.

The simulator draws at full speed, so what is measured is the road of a job, not a GPU.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.site import Simulator, Site, character, until

BATCH = 20  # the most images that one form asks for


def images(root: Path) -> int:
    return len(list(root.glob("static/uploads/**/*.png.json")))


def main(wanted: int = 200) -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        root = Path(folder) / "root"
        simulator = Simulator(Path(folder) / "comfy", "--steps-per-second", "0").start()
        site = Site(root, {"GAZE_COMFYUI_URLS": simulator.url})
        site.write("data/characters/alice.json", character("alice"))
        site.start()
        try:
            until(lambda: site.http.get("/characters/alice").status_code == 200, what="the library")
            ids = site.generate("/characters/alice", width="256", height="256", count="1")
            site.wait(ids[0])
            began = time.monotonic()
            ids = [
                job_id
                for _ in range(wanted // BATCH)
                for job_id in site.generate("/characters/alice", width="256", height="256", count=str(BATCH))
            ]
            queued_s = time.monotonic() - began
            until(lambda: images(root) > len(ids), 120, "the last picture")
            took_s = time.monotonic() - began
            speed = f"{len(ids)} jobs in {took_s:.1f} s: {len(ids) / took_s:.1f} jobs/s"
            print(f"{speed} (queued in {queued_s:.2f} s; {images(root)} images)")
        finally:
            site.stop()
            simulator.stop()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
