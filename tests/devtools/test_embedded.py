"""The embedded servers: they start, survive a kill, and leave nothing behind."""

import os
import pwd
import signal
import stat
import subprocess
import time
from pathlib import Path

import psycopg2
import pytest

from dealership import embedded
from dealership.embedded import Embedded, EmbeddedError, Options, Server

FAST = Options(fast=True, ephemeral=True, max_connections=20)


def query(servers: Embedded, sql: str) -> list[tuple]:
    connection = psycopg2.connect(host=str(servers.run), user=embedded.NAME, dbname=embedded.NAME)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


@pytest.mark.slow
def test_running_starts_both_servers_and_deletes_ephemeral_data_at_the_end(tmp_path: Path) -> None:
    with embedded.running(tmp_path / "state", FAST) as servers:
        home = servers.home
        # Without a UTF-8 character type the search for Chinese names would find nothing.
        query(servers, "CREATE EXTENSION pg_trgm")
        similar = query(servers, "SELECT similarity('张三丰', '张三') > 0")
        sockets = sorted(path.name for path in servers.run.iterdir() if stat.S_ISSOCK(path.stat().st_mode))
        pids = servers.pids()

    assert similar == [(True,)]
    assert sockets == [".s.PGSQL.5432", "valkey.sock"]
    assert not home.exists()
    assert [Path(f"/proc/{pid}").exists() for pid in pids.values()] == [False, False]


@pytest.mark.slow
def test_restart_dead_brings_killed_servers_back_with_their_data(tmp_path: Path) -> None:
    durable = Options(ephemeral=True, max_connections=20)  # `fast` may lose the commits of the last moment
    with embedded.running(tmp_path / "state", durable) as servers:
        query(servers, "CREATE TABLE kept AS SELECT 42 AS answer")
        before = servers.pids()
        for pid in before.values():
            os.kill(pid, signal.SIGKILL)
        for server in servers.servers.values():
            server.process.wait(10)

        restarted = servers.restart_dead()

        assert restarted == ["postgres", "valkey"]
        assert query(servers, "SELECT answer FROM kept") == [(42,)]
        assert set(before.values()).isdisjoint(servers.pids().values())
        assert servers.restart_dead() == []


@pytest.mark.slow
def test_data_stay_between_two_starts_and_a_second_launcher_is_refused(tmp_path: Path) -> None:
    state, options = tmp_path / "state", Options(fast=True, valkey=False, max_connections=20)
    try:
        with embedded.running(state, options) as servers:
            query(servers, "CREATE TABLE kept AS SELECT 42 AS answer")
            with pytest.raises(EmbeddedError, match="in use by another"):
                Embedded(state, options).start()
        with embedded.running(state, options) as servers:
            assert query(servers, "SELECT answer FROM kept") == [(42,)]
            assert list(servers.urls()) == ["DATABASE_URL"]
    finally:
        embedded.remove(state)


@pytest.mark.slow
def test_a_long_or_odd_path_moves_the_sockets_to_a_short_directory_that_goes_away(tmp_path: Path) -> None:
    state = tmp_path / ("很长的 路径" * 6)
    servers = Embedded(state, Options(fast=True, ephemeral=True, postgres=False))
    servers.home, servers.run = state, state / "run"  # also as root, whose data always have a short path

    try:
        urls = servers.start()
        moved = servers.run
    finally:
        servers.stop()

    assert urls == {"REDIS_URL": f"redis+socket://{moved}/valkey.sock"}
    assert moved.parent == Path("/tmp")  # noqa: S108
    assert not moved.exists()


def test_a_server_that_cannot_start_is_reported_with_its_log(tmp_path: Path) -> None:
    servers = Embedded(tmp_path / "state", FAST)
    argv = ["/bin/sh", "-c", "echo the disk is full; exit 1"]
    broken = Server(name="x", argv=argv, log=tmp_path / "x.log", stop_signal=signal.SIGTERM, is_ready=lambda: False)

    servers._launch(broken)

    with pytest.raises(EmbeddedError, match="x does not start:\nthe disk is full"):
        servers._wait_ready(broken)


def test_account_is_an_unprivileged_user_for_root_and_nothing_else_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"nobody": pwd.struct_passwd(("nobody", "x", 65534, 65533, "", "/", ""))}
    monkeypatch.setattr(pwd, "getpwnam", lambda name: known[name])

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert embedded.account() == {"user": 65534, "group": 65533, "extra_groups": []}
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert embedded.account() == {}


def test_home_of_root_is_outside_the_checkout_and_differs_between_checkouts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)

    one, two = (embedded.home_of(Path(path)) for path in ("/srv/a/var/embedded", "/srv/b/var/embedded"))

    assert one.parent == two.parent == embedded.SHARED_HOME
    assert one != two


@pytest.mark.slow
def test_servers_of_a_killed_launcher_end_by_themselves(tmp_path: Path) -> None:
    from_root = Path(embedded.__file__).parent.parent
    argv = [os.sys.executable, "-m", "devtools.servers", "serve", str(tmp_path / "state"), "--fast", "--ephemeral"]
    launcher = subprocess.Popen(argv, cwd=from_root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        launcher.stdout.readline()
        children = Path(f"/proc/{launcher.pid}/task/{launcher.pid}/children").read_text().split()
        launcher.kill()
        launcher.wait()
        deadline = time.monotonic() + 15
        while any(Path(f"/proc/{pid}").exists() for pid in children) and time.monotonic() < deadline:
            time.sleep(0.1)

        assert len(children) == 2
        assert [pid for pid in children if Path(f"/proc/{pid}").exists()] == []
    finally:
        launcher.kill()
        launcher.stdin.close()
        launcher.stdout.close()
        embedded.remove(tmp_path / "state")
