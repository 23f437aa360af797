"""Bad days of the web, with gunicorn, the production settings and real servers (docs/operations.md, bad days)."""

import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from redis import Redis
from redis.exceptions import RedisError

from tests.deploy.actors import Plant, free_port
from tests.deploy.test_files import NGINX
from tests.deploy.visitor import HOST, Visitor
from tests.factories import PASSWORD

pytestmark = pytest.mark.slow
MAKE_STORE = """
import django; django.setup()
from tests.conftest import make_people
from tests.journeys import open_one
people = make_people()
print(open_one(people).pk)
"""
SAVES = 5
SLOW_SOCKETS = 200


@pytest.fixture(scope="module")
def story(plant: Plant) -> int:
    """The number of an open customer story of the consultant who visits."""
    env = plant.env_of("migrate")
    return int(plant.call([sys.executable, "-c", MAKE_STORE], env).split()[-1])


@pytest.fixture
def web(plant: Plant, story: int) -> Iterator[Plant]:
    plant.start("web")
    assert plant.wait_healthy("web") == [], plant.log("web").read_text()[-3000:]
    yield plant
    plant.stop("web")


def consultant(port: int, *, is_tls: bool = False) -> Visitor:
    visitor = Visitor(port, is_tls=is_tls)
    answer = visitor.sign_in("owner", PASSWORD)
    assert (answer.status, "/login" in answer.location) == (302, False), answer
    return visitor


def pages(story: int) -> list[str]:
    return [
        "/today/", "/customers/", f"/opportunities/{story}/", "/search/?q=1", "/notifications/",
        f"/followups/opportunities/{story}/contact/", "/leads/new/",
    ]  # fmt: skip


def save_contact(visitor: Visitor, story: int) -> int:
    next_at = (datetime.now() + timedelta(days=3)).strftime("%Y-%m-%dT10:00")  # noqa: DTZ005 -- as a browser sends it
    fields = {"channel": "phone", "outcome": "talked", "sentence": "", "next_at": next_at, "proposed_at": next_at}
    path = f"/followups/opportunities/{story}/contact/"
    return visitor.post(path, level="B", key=str(uuid.uuid4()), **fields).status


def contacts(plant: Plant) -> int:
    return int(plant.psql("SELECT count(*) FROM followups_contact"))


def work(visitor: Visitor, story: int) -> dict[str, int]:
    """Opens every core page and saves; what did not go as it should, by its status."""
    wrong = {path: answer.status for path in pages(story) if (answer := visitor.get(path)).status != 200}
    for number in range(SAVES):
        status = save_contact(visitor, story)
        if status != 302:
            wrong[f"save {number}"] = status
    return wrong


# ---- the broker is gone, or worse: frozen ------------------------------------------------------------------


def broker_answers(plant: Plant) -> bool:
    path = str(plant.servers.run / "valkey.sock")
    try:
        with Redis(unix_socket_path=path, socket_timeout=0.5, socket_connect_timeout=0.5) as broker:
            return bool(broker.ping())
    except RedisError:
        return False


@pytest.mark.parametrize("fault", [signal.SIGSTOP, signal.SIGKILL])
def test_pages_and_saves_need_no_broker(web, story, fault):
    visitor = consultant(web.port)
    assert work(visitor, story) == {}
    before, pid = contacts(web), web.servers.pids()["valkey"]
    os.kill(pid, fault)
    try:
        time.sleep(0.2)
        assert not broker_answers(web)
        wrong = work(visitor, story)
        new_visitor = consultant(web.port)
    finally:
        if fault == signal.SIGSTOP:
            os.kill(pid, signal.SIGCONT)
        else:
            web.servers.servers["valkey"].process.wait()
            web.servers.restart_dead()

    assert wrong == {}
    assert new_visitor.get("/today/").status == 200
    assert contacts(web) - before == SAVES


# ---- the database restarts under load ----------------------------------------------------------------------


def restart_database(plant: Plant) -> float:
    """Immediate shutdown and start; the moment at which it accepts again."""
    server = plant.servers.servers["postgres"]
    server.process.send_signal(signal.SIGQUIT)
    server.process.wait()
    time.sleep(1)  # long enough for requests to fail
    plant.servers.restart_dead()
    return time.monotonic()


def under_load(plant: Plant, story: int) -> tuple[list[int], list[int]]:
    """Statuses of requests begun while the database was away, and after it accepted again."""
    seen: list[tuple[float, int]] = []
    stop = threading.Event()

    def load(visitor: Visitor) -> None:
        while not stop.is_set():
            begun = time.monotonic()
            seen.append((begun, visitor.get(f"/opportunities/{story}/").status))

    threads = [threading.Thread(target=load, args=[consultant(plant.port)]) for _number in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(2)
    gone = time.monotonic()
    back = restart_database(plant)
    time.sleep(4)
    stop.set()
    for thread in threads:
        thread.join()
    return [status for begun, status in seen if gone < begun < back], [
        status for begun, status in seen if begun >= back
    ]


def after_a_quiet_restart(plant: Plant, story: int) -> list[int]:
    """Nobody asks while the database restarts: the connections of all threads are dead, and nobody knows."""
    visitors = [consultant(plant.port) for _number in range(8)]
    statuses: list[int] = []

    def ask_twice(visitor: Visitor) -> None:
        statuses.extend(visitor.get(f"/opportunities/{story}/").status for _number in range(2))

    def all_at_once() -> None:
        threads = [threading.Thread(target=ask_twice, args=[visitor]) for visitor in visitors]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    all_at_once()  # every thread of gunicorn has a connection now
    assert set(statuses) == {200}
    time.sleep(1)  # the servers of the tests commit before the disk has it: a crash would take the sign-ins back
    restart_database(plant)
    statuses.clear()
    all_at_once()
    return statuses


def test_after_a_restart_of_the_database_no_request_fails(web, story):
    during, after = under_load(web, story)
    quiet = after_a_quiet_restart(web, story)

    assert set(during) - {200}  # it was really away
    assert set(during) - {200} <= {500, 503}  # and everybody got an answer
    assert len(after) >= 4
    assert set(after) == {200}
    assert quiet == [200] * 16
    assert save_contact(consultant(web.port), story) == 302


def test_control_without_the_check_of_connections_some_fail(plant, story, monkeypatch):
    settings = {"DJANGO_SETTINGS_MODULE": "tests.deploy.no_health_checks"}
    env_of = plant.env_of
    monkeypatch.setattr(plant, "env_of", lambda name: env_of(name) | settings)
    plant.start("web")
    try:
        assert plant.wait_healthy("web") == []
        quiet = after_a_quiet_restart(plant, story)
    finally:
        plant.stop("web")

    assert set(quiet) > {200}


# ---- clients that dawdle -----------------------------------------------------------------------------------


@pytest.fixture
def nginx(web: Plant, tmp_path) -> Iterator[int]:
    """nginx with our configuration in front of the running web service; the port that speaks TLS."""
    program = shutil.which("nginx")
    if not program:
        pytest.skip("nginx is not installed here")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={HOST}"]
        + ["-keyout", str(tmp_path / "privkey.pem"), "-out", str(tmp_path / "fullchain.pem")],
        check=True, capture_output=True,
    )  # fmt: skip
    plain, tls, alive = free_port(), free_port(), free_port()
    places = {  # in this order: the folder of the test may itself be below /tmp
        "/tmp/": f"{tmp_path}/",  # noqa: S108
        "/etc/nginx/tls": str(tmp_path),
        "server web:8000": f"server 127.0.0.1:{web.port}",
        "8080": str(plain),
        "8443": str(tls),
        "8081": str(alive),
        "worker_processes auto": "worker_processes 1",
    }
    text = NGINX
    for place, here in places.items():
        text = text.replace(place, here)
    (tmp_path / "nginx.conf").write_text(text)
    directives = "daemon off;" + (" user root;" if os.geteuid() == 0 else "")
    process = subprocess.Popen(
        [program, "-c", str(tmp_path / "nginx.conf"), "-g", directives], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    end = time.monotonic() + 20
    while Visitor(tls, is_tls=True).get("/healthz/").status != 200 and time.monotonic() < end:
        time.sleep(0.2)
    yield tls
    process.send_signal(signal.SIGQUIT)
    try:
        process.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def slow_socket(port: int, start: bytes) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    raw = socket.create_connection(("127.0.0.1", port), 20)
    made = context.wrap_socket(raw, server_hostname=HOST)
    made.sendall(start)
    return made


def drip(sockets: list[ssl.SSLSocket]) -> list[ssl.SSLSocket]:
    """One byte each; those that are still open."""
    kept = []
    for item in sockets:
        try:
            item.sendall(b"a")
            kept.append(item)
        except OSError:
            item.close()
    return kept


def test_two_hundred_slow_clients_keep_nobody_waiting(web, story, nginx):
    """Half of them send a header and half a body, one byte a second; gunicorn has eight threads."""
    visitor = consultant(nginx, is_tls=True)
    body = f"POST /staff/login/ HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 9999\r\n\r\n".encode()
    header = f"GET / HTTP/1.1\r\nHost: {HOST}\r\nX-Slow: ".encode()
    sockets = [slow_socket(nginx, body if number % 2 else header) for number in range(SLOW_SOCKETS)]
    count, wrong, end = len(sockets), [], time.monotonic() + 30
    try:
        while sockets and time.monotonic() < end:
            sockets = drip(sockets)
            count = min(count, len(sockets))
            wrong += [path for path in pages(story)[:3] if visitor.get(path).status != 200]
            if count <= SLOW_SOCKETS // 2:
                break
            time.sleep(1)
        is_saved = save_contact(visitor, story) == 302
    finally:
        for item in sockets:
            item.close()

    assert wrong == []
    assert is_saved
    assert count <= SLOW_SOCKETS // 2  # whoever never ends the header is sent away after ten seconds


def test_nginx_says_who_asks_and_refuses_what_is_too_large_or_strange(web, nginx):
    visitor = Visitor(nginx, is_tls=True)
    large = visitor.ask("POST", "/staff/login/", "x" * (17 * 1024 * 1024))
    trace = visitor.ask("TRACE", "/")
    forged = web.psql("SELECT count(*) FROM axes_accessattempt WHERE host(ip_address) = '10.1.2.3'")
    visitor.sign_in("owner", "wrong-password-by-nginx")

    assert large.status in {0, 413}
    assert trace.status == 405
    assert web.psql("SELECT count(*) FROM axes_accessattempt WHERE host(ip_address) = '10.1.2.3'") == forged
    assert int(web.psql("SELECT count(*) FROM axes_accessattempt WHERE host(ip_address) = '127.0.0.1'")) == 1
