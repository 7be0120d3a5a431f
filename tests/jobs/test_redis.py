"""The embedded server, and what a client says of one that is away, loading or full."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis
from arq.connections import ArqRedis

from gaze.jobs.redis import (
    EmbeddedServer,
    NoServer,
    RootInUse,
    answers,
    connect,
    pack,
    redis_url,
    server_binary,
    socket_path,
    unpack,
)
from gaze.settings import Settings
from tests.jobs.yard import Redis
from tests.site import clean_env


def test_the_server_answers_on_a_socket_below_the_root(redis_server: Redis) -> None:
    assert redis_server.url == f"unix://{redis_server.settings.root}/data/.gaze/redis/redis.sock"
    assert answers(redis_server.url, 0)


def test_what_it_writes_is_for_its_owner_only(redis_server: Redis) -> None:
    folder = redis_server.server.folder

    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "redis.conf").stat().st_mode & 0o777 == 0o600
    assert redis_server.server.socket.stat().st_mode & 0o777 == 0o600


def test_it_listens_on_no_port_and_never_throws_keys_away(redis_server: Redis) -> None:
    told = redis_server.plain().config_get("*")

    assert (told["port"], told["appendonly"], told["maxmemory-policy"]) == ("0", "yes", "noeviction")


def test_a_long_root_gets_a_socket_in_the_temporary_folder(tmp_path: Path) -> None:
    made = Redis(tmp_path / ("long" * 30)).start()
    try:
        assert len(str(made.server.socket)) < 100 and answers(made.url, 0)
        assert not str(made.server.socket).startswith(str(tmp_path))
    finally:
        made.stop()


def test_two_long_roots_have_two_sockets(tmp_path: Path) -> None:
    assert socket_path(tmp_path / ("a" * 100)) != socket_path(tmp_path / ("b" * 100))


def test_a_root_with_quotes_and_spaces_works(tmp_path: Path) -> None:
    made = Redis(tmp_path / 'a "b" \\c é').start()
    try:
        assert answers(made.url, 0)
    finally:
        made.stop()


def test_a_second_server_on_one_root_is_refused_in_words(redis_server: Redis) -> None:
    with pytest.raises(RootInUse, match=r"Another GAZE is running on .*--root"):
        EmbeddedServer(redis_server.settings).start()

    assert answers(redis_server.url, 0)


def test_a_root_is_free_again_after_stop(tmp_path: Path) -> None:
    first = Redis(tmp_path).start()
    first.stop()

    second = Redis(tmp_path).start()

    second.stop()


def test_kill_9_keeps_what_was_told(tmp_path: Path) -> None:
    made = Redis(tmp_path).start()
    made.plain().set("a", "1")
    made.plain().xadd("s", {"e": "1"})
    made.plain().config_set("appendfsync", "always")
    made.plain().set("b", "2")

    made.kill()
    assert made.server.died() and not answers(made.url, 0)
    made.start()

    assert made.plain().mget("a", "b") == [b"1", b"2"] and made.plain().xlen("s") == 1
    made.stop()


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    made = Redis(tmp_path)
    broken = tmp_path / "data/.gaze/redis/appendonlydir"
    broken.mkdir(parents=True)
    (broken / "appendonly.aof.manifest").write_text("nonsense\n")

    with pytest.raises(NoServer, match=r"did not start: .+"):
        made.start()

    made.stop()


def test_it_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    program = (
        "import os,sys,signal,pathlib\n"
        "from gaze.jobs.redis import EmbeddedServer\nfrom gaze.settings import Settings\n"
        f"s = EmbeddedServer(Settings(root=pathlib.Path({str(tmp_path)!r})))\n"
        "s.start(); print(s.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], env=clean_env(), capture_output=True, text=True, check=False)

    pid = int(done.stdout)
    deadline = time.monotonic() + 3
    while Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]:
        assert time.monotonic() < deadline, "it lives on"
        time.sleep(0.02)


def test_nobody_at_an_address_is_no_answer() -> None:
    began = time.monotonic()

    assert not answers("redis://127.0.0.1:9", 0.1)

    assert time.monotonic() - began < 2


def load_slowly(made: Redis) -> subprocess.Popen[bytes]:
    """The server once more, killed and then reading its file for some seconds."""
    with made.plain().pipeline(transaction=False) as pipe:
        for number in range(20_000):
            pipe.set(f"k{number}", "x")
        pipe.execute()
    made.kill()
    command = [str(server_binary()), str(made.server.folder / "redis.conf"), "--key-load-delay", "100"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


async def test_F84_a_server_that_loads_is_told_from_one_that_is_away(tmp_path: Path) -> None:
    made = Redis(tmp_path).start()
    loading = load_slowly(made)
    client = connect(made.url)
    try:
        with pytest.raises(redis.BusyLoadingError):
            await until_it_listens(client)
        assert not answers(made.url, 0)
        assert answers(made.url, 20), "it is waited for"
    finally:
        await client.aclose()
        loading.kill()
        loading.wait()
        made.stop()


async def until_it_listens(client: ArqRedis) -> None:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            await client.get("k0")
            return
        except redis.BusyLoadingError:
            raise
        except redis.ConnectionError:
            continue


async def test_a_client_reconnects_by_itself(tmp_path: Path) -> None:
    made = Redis(tmp_path).start()
    client = connect(made.url)
    await client.set("a", "1")

    made.kill()
    made.start()

    assert await client.get("a") in (b"1", None)  # a second of writing may be lost
    await client.aclose()
    made.stop()


def test_an_address_of_ones_own_is_used() -> None:
    assert redis_url(Settings(root=Path("/x"), redis_url="redis://10.0.0.5:6379/2")) == "redis://10.0.0.5:6379/2"


async def test_a_database_and_a_password_of_an_address_are_kept() -> None:
    client = connect("redis://:secret@10.0.0.5:6380/2")

    given = client.connection_pool.connection_kwargs
    assert (given["db"], given["password"], given["port"]) == (2, "secret", 6380)


def test_payloads_are_msgpack_and_exceptions_become_text() -> None:
    assert unpack(pack({1: "é", "error": ValueError("no")})) == {1: "é", "error": "ValueError('no')"}
