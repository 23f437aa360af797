"""Kill -9 at any instant: no reminder lost, none doubled (reliability.md 2.1, 1 and 2).

CHAOS_REMINDERS and CHAOS_FAULTS make the run longer; it prints the worst lag and how long the backlog took.
"""

import itertools
import os
import random
import signal
import sys
import time

import pytest
from redis import Redis

from dealership.embedded import Embedded, EmbeddedError, Options
from tests.chaos.harness import CELERY, WORKER, Stage, wait_until

REMINDERS = int(os.environ.get("CHAOS_REMINDERS", "1500"))
FAULTS = int(os.environ.get("CHAOS_FAULTS", "12"))
CALM_S = 1.5  # at most, between a sign of life and the next fault
RECOVERY_S = 5
FROZEN_S = 2.0
DRAIN_S = 60
WORST_LAG_S = 90  # a busy machine needs ten seconds to start a worker; on an idle one it is a few seconds
CONTROL_MESSAGES, CONTROL_KILLS = 200, 2
PLAN = [
    "worker",
    "broker",
    "beat",
    "database",
    "freeze",
    "writer",
    "flush",
    "worker",
    "database",
    "broker",
    "beat",
    "worker",
]

pytestmark = [pytest.mark.chaos, pytest.mark.slow]


@pytest.fixture
def stage(tmp_path):
    """Own servers with an own schema; commits are durable, as in production."""
    servers = Embedded(tmp_path / "servers", Options(ephemeral=True))
    try:
        urls = servers.start()
    except EmbeddedError as error:
        pytest.fail(str(error))
    kept = {name: value for name, value in os.environ.items() if name not in ("TEST_DB_NAME", "COVERAGE_PROCESS_START")}
    env = {"DJANGO_SETTINGS_MODULE": "dealership.settings.test", "SWEEP_INTERVAL_S": "0.5", "PYTHONUNBUFFERED": "1"}
    stage = Stage(servers, tmp_path, kept | urls | env)
    try:
        stage.manage("migrate", "--verbosity", "0")
        yield stage
    finally:
        stage.stop()


def hurt(stage: Stage, fault: str) -> None:
    """One fault. What was killed is started again at once, as a supervisor would."""
    match fault:
        case "worker" | "writer":
            stage.actors[fault].kill()
        case "beat":
            stage.actors["beat-1"].kill()
        case "broker":
            os.kill(stage.servers.pids()["valkey"], signal.SIGKILL)
            wait_until(lambda: not stage.servers.servers["valkey"].is_alive, seconds=5, every=0.01)
        case "flush":
            with Redis(unix_socket_path=str(stage.servers.run / "valkey.sock")) as broker:
                broker.flushall()
        case "database":
            os.kill(stage.servers.pids()["postgres"], signal.SIGQUIT)  # immediate shutdown: no checkpoint, no goodbye
            wait_until(lambda: not stage.servers.servers["postgres"].is_alive, seconds=10, every=0.01)
        case "freeze":
            stage.actors["worker"].signal(signal.SIGSTOP)
            time.sleep(FROZEN_S)
            stage.actors["worker"].signal(signal.SIGCONT)
    stage.tend()


def start_all(stage: Stage, seconds: float) -> None:
    stage.add("worker", WORKER)
    for number in (1, 2):  # two beats, all the time: by mistake, as it happens
        schedule = str(stage.folder / f"schedule-{number}")
        stage.add(f"beat-{number}", [*CELERY, "beat", "-l", "warning", "-s", schedule, "--pidfile="])
    stage.add("writer", [sys.executable, "-m", "tests.chaos.writer", str(REMINDERS), str(seconds)])


def last_number(stage: Stage, statement: str) -> int:
    """Also while the database restarts: it is waited for."""
    found: list[int] = []
    assert wait_until(lambda: found.append(stage.number(statement)) is None, seconds=20)
    return found[0]


WRITTEN = "SELECT count(*) FROM followups_followup WHERE rule_code = 'manual'"
REMINDED = "SELECT count(*) FROM notifications_notification WHERE kind IN ('follow_up_due', 'follow_up_overdue')"
LATE = "SELECT count(*) FROM followups_followup WHERE rule_code = 'manual' AND deadline_at = due_at"
LOST = """
    SELECT count(*) FROM followups_followup f CROSS JOIN (VALUES ('due'), ('overdue')) AS step (name)
    WHERE f.rule_code = 'manual' AND (step.name = 'due' OR f.deadline_at = f.due_at) AND NOT EXISTS (
        SELECT 1 FROM notifications_notification n
        WHERE n.subject = 'followups.FollowUp:' || f.id AND n.kind = 'follow_up_' || step.name)"""
DOUBLED = """
    SELECT count(*) FROM (
        SELECT subject, kind FROM notifications_notification GROUP BY subject, kind HAVING count(*) > 1) AS twice"""
MISSES = "SELECT count(*), count(DISTINCT subject) FROM opportunities_journeyevent WHERE kind = 'follow_up_missed'"
WORST_LAG = """
    SELECT extract(epoch FROM max(n.created_at - f.created_at)) FROM notifications_notification n
    JOIN followups_followup f ON n.subject = 'followups.FollowUp:' || f.id"""


def test_killing_anything_at_any_instant_loses_and_doubles_no_reminder(stage, capsys):
    # No fault before the first reminder, then all of them while callbacks are written.
    start_all(stage, seconds=FAULTS * 1.5)
    assert wait_until(lambda: stage.number(REMINDED) > 0, seconds=30), (stage.folder / "worker.log").read_text()[-2000:]
    chance = random.Random(20261117)
    for fault in itertools.islice(itertools.cycle(PLAN), FAULTS):
        before = last_number(stage, REMINDED)
        wait_until(lambda before=before: stage.number(REMINDED) > before, seconds=RECOVERY_S)  # it hits what is alive
        time.sleep(CALM_S * chance.random())
        hurt(stage, fault)
    assert wait_until(lambda: stage.number(WRITTEN) == REMINDERS, seconds=DRAIN_S), "the writer did not finish"
    quiet = time.monotonic()
    expected = REMINDERS + last_number(stage, LATE)
    wait_until(lambda: stage.number(REMINDED) >= expected, seconds=DRAIN_S)
    drain_s = time.monotonic() - quiet

    lost, doubled = stage.number(LOST), stage.number(DOUBLED)
    lag = float(str(stage.query(WORST_LAG)[0][0]))
    with capsys.disabled():
        sys.stdout.write(
            f"\nchaos: {REMINDERS} callbacks, {expected} reminders, {FAULTS} faults: {lost} lost, {doubled} doubled;"
            f" worst lag {lag:.1f} s, all delivered {drain_s:.1f} s after the last fault and the last callback\n"
        )
    assert (lost, doubled) == (0, 0)
    assert stage.query(MISSES) == [(stage.number(LATE), stage.number(LATE))]
    assert lag < WORST_LAG_S


def test_control_one_early_acknowledged_message_per_reminder_loses_some(tmp_path, capsys):
    """The same kills of a worker, the usual design: what was running is nowhere any more."""
    servers = Embedded(tmp_path / "servers", Options(ephemeral=True, postgres=False))
    try:
        urls = servers.start()
    except EmbeddedError as error:
        pytest.fail(str(error))
    socket = str(servers.run / "valkey.sock")
    stage = Stage(servers, tmp_path, dict(os.environ) | urls | {"CONTROL_SOCKET": socket})
    try:
        with Redis(unix_socket_path=socket) as broker:
            worker = stage.add("worker", [sys.executable, "-m", "celery", "-A", "tests.chaos.early_ack", *WORKER[5:]])
            stage.add("sender", [sys.executable, "-m", "tests.chaos.early_ack", str(CONTROL_MESSAGES)])
            for kill in range(1, CONTROL_KILLS + 1):
                reached = CONTROL_MESSAGES * kill // (CONTROL_KILLS + 2)
                assert wait_until(lambda reached=reached: broker.scard("reminded") >= reached, seconds=30, every=0.005)
                worker.kill()
                worker.start()
            wait_until(lambda: broker.llen("celery") == 0, seconds=30)
            time.sleep(1)  # what the worker holds is done now
            reminded, waiting = broker.scard("reminded"), broker.llen("celery") + broker.hlen("unacked")
    finally:
        stage.stop()

    lost = CONTROL_MESSAGES - reminded - waiting
    with capsys.disabled():
        sys.stdout.write(
            f"\ncontrol: {CONTROL_MESSAGES} messages, {CONTROL_KILLS} kills: {lost} lost, {waiting} stranded\n"
        )
    assert lost > 0
