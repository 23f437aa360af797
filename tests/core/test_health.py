"""Health pages and error pages."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import OperationalError
from django.test import RequestFactory
from django.utils import translation

from core import clock, heartbeats, views
from tests.conftest import NOON

pytestmark = pytest.mark.django_db


def beat_all(at):
    with clock.travel(at):
        for name in views.EXPECTED_SWEEPS:
            heartbeats.beat(name, done=1)


def test_healthz_is_open_and_costs_one_query(client, django_assert_num_queries):
    client.get("/healthz/")

    with django_assert_num_queries(1):
        response = client.get("/healthz/")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert client.head("/healthz/").status_code == 200


def test_deep_health_is_degraded_until_every_sweep_has_beaten(client):
    never = client.get("/healthz/deep")
    beat_all(NOON)
    with clock.travel(NOON + timedelta(minutes=3)):
        alive = client.get("/healthz/deep")
    with clock.travel(NOON + timedelta(minutes=3, seconds=1)):
        dead = client.get("/healthz/deep")

    assert never.status_code == dead.status_code == 503
    assert dead.json()["silent"] == list(views.EXPECTED_SWEEPS)
    assert (alive.status_code, alive.json()["status"], alive.json()["silent"]) == (200, "ok", [])
    assert set(alive.json()["heartbeats"].values()) == {180.0}


def test_health_fails_when_the_database_is_away(client, monkeypatch):
    def away():
        raise OperationalError("gone")

    monkeypatch.setattr("core.views.health.connection.cursor", away)
    client.raise_request_exception = False

    assert client.get("/healthz/").status_code == 503


def test_deep_health_fails_when_the_database_is_away(client, monkeypatch):
    def away():
        raise OperationalError("gone")

    monkeypatch.setattr("core.views.health.ages", away)

    response = client.get("/healthz/deep")

    assert (response.status_code, response.json()) == (503, {"status": "no database"})


REQUEST = RequestFactory().get("/")


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (lambda: views.bad_request(REQUEST), 400, "check what you entered"),
        (lambda: views.bad_request(REQUEST, RequestDataTooBig()), 400, "too large"),
        (lambda: views.permission_denied(REQUEST, PermissionDenied("Only a leader.")), 403, "Only a leader."),
        (lambda: views.permission_denied(REQUEST), 403, "Ask your supervisor"),
        (lambda: views.csrf_failure(REQUEST, "no cookie"), 403, "open too long"),
        (lambda: views.page_not_found(REQUEST), 404, "does not exist"),
        (lambda: views.server_error(REQUEST), 500, "on our side"),
    ],
)
def test_error_pages_need_no_session_no_database_and_no_user(answer, status, words, django_assert_num_queries):
    with translation.override("en"), django_assert_num_queries(0):
        response = answer()

    assert response.status_code == status
    assert words in response.text
    assert '<html lang="en"' in response.text


def test_error_pages_escape_what_they_repeat():
    response = views.permission_denied(REQUEST, PermissionDenied("<script>x</script>"))

    assert "<script>x" not in response.text
