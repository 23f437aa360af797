"""Watching the processes of `./dev demo`."""

import signal
import sys
import time
from pathlib import Path

import pytest

from devtools import processes
from devtools.base import StopError
from devtools.processes import Child, describe, stop_all, wait_until


class NoStop:
    count = 0


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(processes, "LOG", tmp_path)
    monkeypatch.setattr(processes, "ROOT", tmp_path)
    child = Child("worker", [sys.executable, "-c", "print('up', flush=True); import time; time.sleep(60)"], {})
    child.start()
    yield child
    child.kill()


def test_watch_starts_a_killed_child_again(child: Child) -> None:
    first = child.process
    assert child.watch() == ""

    first.kill()
    first.wait()
    news = child.watch()
    deadline = time.monotonic() + 10
    while child.exit_status is not None and time.monotonic() < deadline:
        child.watch()
        time.sleep(0.05)

    assert news == "worker ended (SIGKILL); it is started again in 1 s. See worker.log"
    assert child.exit_status is None
    assert child.process.pid != first.pid


def test_watch_waits_longer_after_every_early_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "LOG", tmp_path)
    monkeypatch.setattr(processes, "ROOT", tmp_path)
    now = [1000.0]
    monkeypatch.setattr(processes.time, "monotonic", lambda: now[0])
    child = Child("beat", [sys.executable, "-c", "raise SystemExit(3)"], {})
    child.start()

    waits = []
    for _attempt in range(7):
        child.process.wait()
        waits.append(int(child.watch().split(" in ")[1].split()[0]))
        now[0] += waits[-1]
        child.watch()
    child.kill()

    assert waits == [1, 2, 4, 8, 16, 30, 30]


def test_stop_all_kills_a_child_that_does_not_listen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "LOG", tmp_path)
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    child = Child("web", [sys.executable, "-c", code], {})
    child.start()
    while "deaf" not in child.log_tail():
        time.sleep(0.02)

    stop_all([child], NoStop(), seconds=0.3)

    assert child.exit_status == -signal.SIGKILL


def test_wait_until_reports_the_log_of_a_child_that_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "LOG", tmp_path)
    child = Child("web", [sys.executable, "-c", "raise SystemExit('no such module')"], {})
    child.start()
    child.process.wait()

    with pytest.raises(StopError, match=r"web ended \(status 1\); see ") as caught:
        wait_until(lambda: False, [child], NoStop(), seconds=5, failure="not ready")

    assert caught.value.details == "no such module"


@pytest.mark.parametrize(("status", "words"), [(0, "status 0"), (2, "status 2"), (-9, "SIGKILL"), (-200, "signal 200")])
def test_describe(status: int, words: str) -> None:
    assert describe(status) == words
