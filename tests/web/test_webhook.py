"""The webhook: a real listener hears of jobs and of the empty queue, and holds up nothing."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.site import Site, until


class Listener:
    """Keeps what it is told; answers `status`."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.status = 200
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                listener.heard.append(json.loads(body))
                self.send_response(listener.status)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/gaze"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def events(self) -> list[str]:
        return [message["event"] for message in self.heard]


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.server.shutdown()


def test_jobs_and_the_empty_queue_are_told(own_site: Callable[..., Site], listener: Listener) -> None:
    site = own_site()
    assert site.post("/settings/webhook", url=listener.url).status_code == 200

    jobs = site.generate("/characters/alice", count="2", size="256x256")

    until(lambda: "queue.empty" in listener.events(), 40, "the empty queue")
    done = {message["job"]["id"]: message["job"] for message in listener.heard if message["event"] == "job.done"}
    assert set(done) == set(jobs)
    assert done[jobs[0]]["result"]["relative_path"].startswith("characters/alice/")
    assert (done[jobs[0]]["status"], done[jobs[0]]["error"]) == ("done", None)
    assert listener.events().count("queue.empty") == 1


def test_one_that_fails_is_asked_again_and_stops_no_job(own_site: Callable[..., Site], listener: Listener) -> None:
    listener.status = 500
    site = own_site(GAZE_WEBHOOK_URL=listener.url)

    site.wait(site.generate("/characters/alice", size="256x256")[0])

    until(lambda: listener.events().count("job.done") == 3, 20, "three tries")


def test_the_address_is_kept_with_the_secrets_not_in_the_library(
    own_site: Callable[..., Site], listener: Listener
) -> None:
    site = own_site()
    site.write("data/settings.json", {"webhook_url": listener.url})
    site.wait(site.generate("/characters/alice", size="256x256")[0])
    assert listener.heard == []

    site.post("/settings/webhook", url=listener.url)

    assert json.loads((site.root / "data/.gaze/secrets.json").read_text())["webhook_url"] == listener.url
    assert listener.url in site.http.get("/settings").text


@pytest.mark.parametrize("url", ["ftp://x", "not an address", "http://169.254.169.254/x"])
def test_what_is_no_address_is_refused(site: Site, url: str) -> None:
    answer = site.post("/settings/webhook", url=url)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "url"
