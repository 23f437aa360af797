"""Long lists are written by the worker: once, all or nothing, and somebody is told."""

import threading

import pytest
from django.db import IntegrityError, OperationalError, connection
from django.urls import reverse

from core.errors import Conflict
from core.models import Heartbeat
from customers.models import Customer
from leads.enums import ImportState
from leads.models import Lead, LeadImport
from leads.services import import_run, import_run_next
from leads.services.import_progress import Progress, rows_done
from leads.tasks import import_run as import_run_task
from notifications.models import Notification
from tests.leads.conftest import confirm, listed, upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def queued(people, monkeypatch):
    """Three rows, and a limit of two."""
    monkeypatch.setattr(import_run, "INLINE_LIMIT", 2)
    return confirm(upload(people.dcc, listed(*(f"N{n},客户{n},1380571562{n}" for n in range(3)))), people.dcc)


def test_a_long_list_waits_for_the_worker_and_is_written_once(people, client, queued):
    client.force_login(people.dcc)
    waiting = client.get(reverse("leads:import-progress", args=[queued.pk]), headers={"HX-Request": "true"})

    assert (queued.state, Lead.objects.count()) == (ImportState.QUEUED, 0)
    assert 'hx-trigger="every 2s"' in waiting.content.decode()
    assert [import_run_task(), import_run_task()] == [1, 0]
    queued.refresh_from_db()
    assert (queued.state, queued.done_count, Lead.objects.count()) == (ImportState.DONE, 3, 3)
    notice = Notification.objects.get(kind="import_finished")
    assert (notice.recipient, notice.data["created"]) == (people.dcc, 3)
    done = client.get(reverse("leads:import-progress", args=[queued.pk]), headers={"HX-Request": "true"})
    assert "hx-trigger" not in done.content.decode()
    assert Heartbeat.objects.get().name == "leads.import_run"


def test_a_list_that_cannot_be_written_fails_once_and_says_so(queued, monkeypatch):
    def explode(*args, **kwargs):
        raise ValueError("a broken row")

    monkeypatch.setattr(import_run, "lead_build", explode)

    assert [import_run_next(), import_run_next()] == [True, False]
    queued.refresh_from_db()
    assert (queued.state, queued.error) == (ImportState.FAILED, "ValueError: a broken row")
    assert not Customer.objects.exists()
    assert Notification.objects.get().data["state"] == "failed"


def test_a_database_that_is_away_leaves_the_list_queued(queued, monkeypatch):
    def away(*args, **kwargs):
        raise OperationalError("gone")

    monkeypatch.setattr(import_run, "lead_build", away)

    with pytest.raises(OperationalError):
        import_run_next()
    queued.refresh_from_db()
    assert queued.state == ImportState.QUEUED


def test_numbers_that_are_taken_again_and_again_end_in_a_clear_word(people, monkeypatch):
    tries = []

    def taken(*args, **kwargs):
        tries.append(1)
        raise IntegrityError("phone_once_per_store")

    monkeypatch.setattr(import_run, "customers_create_many", taken)

    with pytest.raises(Conflict):
        confirm(upload(people.dcc, listed("N1,王,13805715621")), people.dcc)
    assert (len(tries), LeadImport.objects.get().state) == (3, ImportState.CHECKED)


@pytest.mark.django_db(transaction=True)
def test_progress_is_seen_while_the_transaction_is_open(people, queued):
    seen = []

    def look():
        seen.append(rows_done(queued.pk))
        connection.close()

    with Progress(queued.pk) as progress:
        progress.report(2)
        other = threading.Thread(target=look)
        other.start()
        other.join()

    assert (seen, rows_done(queued.pk)) == ([2], None)


@pytest.mark.django_db(transaction=True)
def test_two_workers_write_one_list_once(queued):
    results = []
    barrier = threading.Barrier(2)

    def work():
        barrier.wait()
        results.append(import_run_next())
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sorted(results) == [False, True]
    assert Lead.objects.count() == 3


def test_a_failure_does_not_end_a_list_that_another_worker_has_written_since(queued):
    import_run_task()

    import_run._fail(queued.pk, ValueError("a broken row"))

    queued.refresh_from_db()
    assert (queued.state, queued.error) == (ImportState.DONE, "")
    assert Notification.objects.filter(kind="import_finished").count() == 1
