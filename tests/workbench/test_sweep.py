"""`manage.py sweep`: the sweeps without a broker."""

import os
import signal
import threading
from io import StringIO

import pytest
from celery import current_app
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection

from core.models import Heartbeat
from followups.enums import Step
from notifications.models import Notification, OutboundMessage
from tests.factories import FollowUpFactory, OutboundMessageFactory
from workbench.management.commands import sweep
from workbench.management.commands.sweep import Job, scheduled_jobs

pytestmark = pytest.mark.django_db


@pytest.fixture
def one_connection(monkeypatch):
    """The test's transaction lives in it: it is not closed between two sweeps."""
    monkeypatch.setattr(sweep, "close_old_connections", lambda: None)


def run(*options) -> str:
    out = StringIO()
    call_command("sweep", *options, stdout=out)
    return out.getvalue()


def jobs(monkeypatch, *wanted):
    monkeypatch.setattr(sweep, "scheduled_jobs", lambda interval_s: list(wanted))


def stop() -> str:
    os.kill(os.getpid(), signal.SIGTERM)
    return "asked to stop"


def test_every_entry_of_the_beat_schedule_is_swept_at_its_interval():
    intervals = {job.name: job.every_s for job in scheduled_jobs()}

    assert {"followups.remind_due", "notifications.outbox_send", "followups.reconcile"} <= set(intervals)
    assert intervals["followups.reconcile"] == 3600
    assert {job.every_s for job in scheduled_jobs(interval_s=2.0)} == {2.0}


def test_a_task_that_does_not_exist_is_left_out(monkeypatch):
    monkeypatch.setitem(current_app.conf.beat_schedule, "none", {"task": "nobody.knows", "schedule": 1.0})

    assert "none" not in {job.name for job in scheduled_jobs()}


def test_once_reminds_sends_and_beats(people, noon, one_connection):
    FollowUpFactory(opportunity__owner=people.owner, remind_step=Step.DUE, remind_at=noon)
    OutboundMessageFactory()

    output = run("--once")

    assert "followups.remind_due: 1" in output
    assert "notifications.outbox_send: 1" in output
    assert Notification.objects.count() == 1
    assert OutboundMessage.objects.get().state == "sent"
    assert Heartbeat.objects.filter(name="followups.remind_due").exists()
    assert "followups.remind_due: 0" in run()


def test_a_sweep_that_fails_does_not_stop_the_others_and_is_reported(monkeypatch, one_connection):
    def fail() -> int:
        raise ValueError("broken")

    ran = []
    monkeypatch.setattr(connection, "close", lambda: ran.append("closed"))
    jobs(monkeypatch, Job("one", fail, 1.0), Job("two", lambda: ran.append("two"), 1.0))

    with pytest.raises(CommandError, match="one"):
        run()

    assert ran == ["closed", "two"]


def test_the_loop_goes_on_after_a_lost_database_and_ends_at_sigterm(monkeypatch, one_connection):
    answers = iter([1, OperationalError("server closed the connection"), 2, stop])
    closed = []

    def job() -> object:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer() if callable(answer) else answer

    monkeypatch.setattr(connection, "close", lambda: closed.append(True))
    jobs(monkeypatch, Job("job", job, 0.01))
    handlers = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]

    output = run("--loop")

    assert output.splitlines() == ["job: 1", "job: 2", "job: asked to stop", "stopped"]
    assert closed == [True]
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == handlers


def test_after_sigterm_no_further_sweep_begins(monkeypatch, one_connection):
    ran = []
    jobs(monkeypatch, Job("one", stop, 1.0), Job("two", lambda: ran.append("two"), 1.0))

    run("--loop")

    assert ran == []


def test_each_sweep_keeps_its_own_interval(monkeypatch, one_connection):
    counts = {"fast": 0, "slow": 0}

    def count(name: str) -> int:
        counts[name] += 1
        return stop() if counts["fast"] >= 5 else counts[name]

    jobs(monkeypatch, Job("fast", lambda: count("fast"), 0.01), Job("slow", lambda: count("slow"), 60.0))
    watchdog = threading.Timer(20, stop)
    watchdog.start()

    run("--loop")

    watchdog.cancel()
    watchdog.join()
    assert counts == {"fast": 5, "slow": 1}


@pytest.mark.django_db(transaction=True)
def test_a_database_that_restarts_is_found_again(monkeypatch):
    answers = []

    def job() -> int:
        with connection.cursor() as cursor:
            if not answers:
                answers.append("killed")
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
            cursor.execute("SELECT 1")
            return cursor.fetchone()[0]

    command = sweep.Command(stdout=StringIO())

    assert [command._run(Job("job", job, 1.0)) for _time in range(2)] == [False, True]
