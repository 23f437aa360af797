"""Kill -9 at any instant: no reminder lost, none doubled (reliability.md 2.1, 1 and 2).

CHAOS_REMINDERS and CHAOS_FAULTS make the run longer, CHAOS_OUTAGE_S the outage of the broker, CHAOS_LOCK_S how long
somebody holds rows; CHAOS_DISK_MB gives the database a disk of its own, which is filled (needs root). The lags are
printed.
"""

import itertools
import os
import random
import signal
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import pytest
from redis import Redis

from dealership.embedded import Embedded, EmbeddedError, Options
from tests.chaos.faults import Faults, start_all
from tests.chaos.harness import REMINDED, WORKER, Stage, wait_until

REMINDERS = int(os.environ.get("CHAOS_REMINDERS", "1500"))
FAULTS = int(os.environ.get("CHAOS_FAULTS", "12"))
OUTAGE_S = float(os.environ.get("CHAOS_OUTAGE_S", "6"))
BACKLOG = int(os.environ.get("CHAOS_BACKLOG", "300"))
LOCK_S = float(os.environ.get("CHAOS_LOCK_S", "4"))
DISK_MB = int(os.environ.get("CHAOS_DISK_MB", "0"))
CALM_S = 1.5  # at most, between a sign of life and the next fault
FAULT_S = float(os.environ.get("CHAOS_FAULT_S", "2.5"))  # the writer needs so long for the callbacks of one fault
DRAIN_S = 60 + REMINDERS / 100
WORST_LAG_S = 90  # a busy machine needs ten seconds to start a worker; on an idle one it is a few seconds
FIRST_S, ALL_S = 60, 120  # after the broker is back (reliability.md 3)
REPORT_EVERY = 50
CONTROL_MESSAGES, CONTROL_KILLS = 200, 2

pytestmark = [pytest.mark.chaos, pytest.mark.slow]


@pytest.fixture
def stage(tmp_path):
    """Own servers with an own schema; commits are durable, as in production."""
    servers = Embedded(tmp_path / "servers", Options(ephemeral=True))
    if DISK_MB:
        Path(servers.home).mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", servers.home], check=True)
    try:
        urls = servers.start()
        kept = {
            key: value for key, value in os.environ.items() if key not in ("TEST_DB_NAME", "COVERAGE_PROCESS_START")
        }
        env = {"DJANGO_SETTINGS_MODULE": "dealership.settings.test", "SWEEP_INTERVAL_S": "0.5", "PYTHONUNBUFFERED": "1"}
        stage = Stage(servers, tmp_path, kept | urls | env, is_on_own_disk=DISK_MB > 0)
        try:
            stage.manage("migrate", "--verbosity", "0")
            yield stage
        finally:
            stage.stop()
    except EmbeddedError as error:
        pytest.fail(str(error))
    finally:
        if DISK_MB:
            subprocess.run(["umount", "--lazy", servers.home], check=False)


WRITTEN = "SELECT count(*) FROM followups_followup WHERE rule_code = 'manual'"
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
FAILED_TRIES = "SELECT count(*) FROM followups_followup WHERE attempts > 0"
LAG = """
    SELECT percentile_disc(0.99) WITHIN GROUP (ORDER BY lag), max(lag) FROM (
        SELECT extract(epoch FROM n.created_at - f.created_at) AS lag FROM notifications_notification n
        JOIN followups_followup f ON n.subject = 'followups.FollowUp:' || f.id
        WHERE f.rule_code = 'manual' AND n.kind IN ('follow_up_due', 'follow_up_overdue')
        AND NOT f.id = ANY (ARRAY{locked}::bigint[])
    ) AS lags"""


def say(capsys, line: str) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\n{line}\n")
        sys.stdout.flush()


def lags(stage: Stage, locked: set[int]) -> tuple[float, float]:
    """99 of 100 reminders, and the worst; without those of callbacks that somebody had locked."""
    p99, worst = stage.query(LAG.format(locked=sorted(locked)))[0]
    return float(str(p99 or 0)), float(str(worst or 0))


def attack(stage: Stage, faults: Faults, capsys) -> dict[str, list[float]]:
    """Every fault of the catalogue in turn, each after a sign of life: it hits what is alive. Returns by name how many
    seconds later the next reminder came."""
    chance = random.Random(20261117)
    begin, recoveries = time.monotonic(), defaultdict(list)
    for number, (name, hurt) in enumerate(itertools.islice(itertools.cycle(faults.catalogue().items()), FAULTS), 1):
        time.sleep(CALM_S * chance.random())
        hurt()
        stage.tend()  # what ended is started again at once, as a supervisor would
        recoveries[name].append(stage.wait_for_life())
        if number % REPORT_EVERY == 0:
            told, minutes = stage.sign_of_life(), (time.monotonic() - begin) / 60
            p99, worst = lags(stage, faults.locked)
            say(capsys, f"chaos: {number} faults, {told} reminders, {minutes:.0f} min; {p99:.1f} s, {worst:.1f} s")
    return recoveries


def test_killing_anything_at_any_instant_loses_and_doubles_no_reminder(stage, capsys):
    # No fault before the first reminder, then all of them while callbacks are written.
    start_all(stage, count=REMINDERS, seconds=FAULTS * FAULT_S)
    assert wait_until(lambda: stage.number(REMINDED) > 0, seconds=30), (stage.folder / "worker.log").read_text()[-2000:]
    faults = Faults(stage, lock_s=LOCK_S)
    recoveries = attack(stage, faults, capsys)
    assert wait_until(lambda: stage.number(WRITTEN) == REMINDERS, seconds=DRAIN_S), "the writer did not finish"
    quiet = time.monotonic()
    faults.finish()
    expected = REMINDERS + stage.number(LATE)
    wait_until(lambda: stage.number(LOST) == 0, seconds=DRAIN_S, every=1)  # a miss comes a second after its deadline
    drain_s = time.monotonic() - quiet

    lost, doubled = stage.number(LOST), stage.number(DOUBLED)
    p99, worst = lags(stage, faults.locked)
    say(
        capsys,
        f"chaos: {REMINDERS} callbacks, {expected} reminders, {FAULTS} faults: {lost} lost, {doubled} doubled; lag p99"
        f" {p99:.1f} s, worst {worst:.1f} s without {len(faults.locked)} locked rows; all delivered {drain_s:.1f} s"
        " after the last fault and the last callback\n"
        + "\n".join(
            f"  {name}: {len(seconds)} times, the next reminder after {statistics.median(seconds):.1f} s, at most"
            f" {max(seconds):.1f} s"
            for name, seconds in recoveries.items()
        ),
    )
    assert (lost, doubled) == (0, 0)
    assert stage.query(MISSES) == [(stage.number(LATE), stage.number(LATE))]
    assert stage.number(FAILED_TRIES) == 0  # an outage is nobody's failure
    assert worst < WORST_LAG_S


def test_after_an_outage_of_the_broker_the_backlog_is_worked_off(stage, capsys):
    """Callbacks go on being written; nothing is told meanwhile, everything soon after."""
    start_all(stage, count=1, seconds=1)
    assert wait_until(lambda: stage.number(REMINDED) > 0, seconds=30)
    os.kill(stage.servers.pids()["valkey"], signal.SIGKILL)
    wait_until(lambda: not stage.servers.servers["valkey"].is_alive, seconds=5, every=0.01)
    down = time.monotonic()
    writer = stage.add(
        "writer-2", [sys.executable, "-m", "tests.chaos.writer", str(BACKLOG), str(OUTAGE_S / 2)], may_end=True
    )
    assert wait_until(lambda: writer.is_finished, seconds=OUTAGE_S + 60)
    time.sleep(max(0.0, OUTAGE_S - (time.monotonic() - down)))
    before = stage.sign_of_life()
    expected = BACKLOG + stage.number(LATE)
    assert before < expected  # without the broker nobody wakes the sweep

    stage.tend()
    back = time.monotonic()
    assert wait_until(lambda: stage.number(REMINDED) > before, seconds=FIRST_S)
    first_s = time.monotonic() - back
    assert wait_until(lambda: stage.number(LOST) == 0, seconds=ALL_S, every=0.5)
    all_s = time.monotonic() - back

    say(
        capsys,
        f"outage: broker away for {OUTAGE_S:.0f} s, {expected - before} reminders waiting; the first came"
        f" {first_s:.1f} s, the last {all_s:.1f} s after it was back",
    )
    assert (stage.number(LOST), stage.number(DOUBLED)) == (0, 0)


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
