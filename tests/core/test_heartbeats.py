"""Signs of life, and the page that watches them."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.urls import reverse

from core import clock
from core.heartbeats import STALE_AFTER, ages, beat
from core.models import Heartbeat
from core.views import EXPECTED_SWEEPS
from followups.tasks import remind_due
from notifications.tasks import outbox_send
from tests.conftest import NOON

pytestmark = pytest.mark.django_db


def deep(client):
    response = client.get(reverse("core:healthz-deep"))
    return response.status_code, response.json()


def test_a_beat_replaces_the_one_before(noon):
    beat("x", sent=1)
    with clock.travel(NOON + timedelta(seconds=30)):
        beat("x", sent=2)
        beat("y")

    assert Heartbeat.objects.get(name="x").detail == {"sent": 2}
    with clock.travel(NOON + timedelta(seconds=90)):
        assert ages() == {"x": 60.0, "y": 60.0}


def test_the_web_process_answers_without_a_login(client):
    response = client.get(reverse("core:healthz"))

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_without_its_database_the_web_process_says_so(client, monkeypatch):
    def refuse():
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(connection, "cursor", refuse)

    response = client.get(reverse("core:healthz"))

    assert (response.status_code, response.json()["status"]) == (503, "no database")


def test_sweeps_that_never_ran_are_silent(client):
    status, body = deep(client)

    assert (status, body["status"], body["silent"]) == (503, "degraded", list(EXPECTED_SWEEPS))


@pytest.mark.parametrize(
    ("seconds", "silent"), [(180, []), (181, ["followups.remind_due", "notifications.outbox_send"])]
)
def test_after_three_minutes_a_sweep_is_called_silent(client, noon, seconds, silent):
    assert timedelta(minutes=3) == STALE_AFTER
    remind_due()
    outbox_send()
    with clock.travel(NOON + timedelta(seconds=seconds)):
        status, body = deep(client)

    assert (status, body["silent"]) == (503 if silent else 200, silent)
    assert body["heartbeats"] == dict.fromkeys(EXPECTED_SWEEPS, float(seconds))


def test_one_deaf_sweep_is_named(client, noon):
    outbox_send()
    with clock.travel(NOON + timedelta(minutes=5)):
        remind_due()
        status, body = deep(client)

    assert (status, body["silent"]) == (503, ["notifications.outbox_send"])
