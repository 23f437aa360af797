"""/metrics and /readyz: who may read them, what they count, and that processes are added up."""

import json
import os
import re
import subprocess
import sys
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.db import connection
from django.test import Client

from core import clock, heartbeats
from notifications.enums import MessageState
from notifications.models import OutboundMessage
from operations.selectors import numbers
from tests.conftest import NOON
from tests.factories import FollowUpFactory

pytestmark = pytest.mark.django_db
TOKEN = "a-long-token-of-the-monitoring-0001"


def scrape(client, token=TOKEN):
    return client.get("/metrics", headers={"Authorization": f"Bearer {token}"})


def values(text):
    """Each sample by its name and labels."""
    return {
        name: float(value) for name, value in re.findall(r"^([a-z_]+(?:\{[^}]*\})?) ([-+.e\d]+)$", text, re.MULTILINE)
    }


@pytest.fixture
def monitored(settings):
    settings.METRICS_TOKEN = TOKEN


@pytest.mark.usefixtures("monitored")
@pytest.mark.parametrize(
    "header", [None, "", "Bearer ", "Bearer wrong", TOKEN, f"bearer {TOKEN}", f"Bearer {TOKEN}x", "Bearer ä"]
)
def test_without_the_token_there_is_no_such_page(client, header):
    headers = {} if header is None else {"Authorization": header}
    refused, missing = client.get("/metrics", headers=headers), client.get("/no-such-page")

    assert refused.status_code == missing.status_code == 404
    assert b"shuncheng_requests" not in refused.content


def test_an_empty_token_opens_nothing(client, settings):
    settings.METRICS_TOKEN = ""

    assert scrape(client, "").status_code == 404


@pytest.mark.usefixtures("monitored")
def test_requests_are_counted_by_view_and_status_with_their_database_time(client):
    name = 'shuncheng_requests_total{method="GET",status="200",view="core:healthz"}'
    before = values(scrape(client).text)
    client.get("/healthz/?q=13971234567")
    client.get("/nowhere-13971234567/")
    response = scrape(client)
    after = values(response.text)

    assert after[name] - before.get(name, 0) == 1
    assert after['shuncheng_request_db_queries_total{view="core:healthz"}'] >= 1
    assert after['shuncheng_request_seconds_count{view="none"}'] >= 1
    assert "13971234567" not in response.text
    assert "no-store" in response["Cache-Control"]


@pytest.mark.usefixtures("monitored")
def test_what_waits_is_told(client):
    now = clock.now()
    for minutes in (1, 10):
        due = now - timedelta(minutes=minutes)
        FollowUpFactory(remind_at=due, due_at=due, deadline_at=now + timedelta(days=1))
    heartbeats.beat("followups.remind_due")
    for number, state in enumerate(
        (MessageState.QUEUED, MessageState.QUEUED, MessageState.UNCERTAIN, MessageState.SENT)
    ):
        OutboundMessage.objects.create(
            channel="sms", recipient="x", body="x", idempotency_key=f"m{number}", state=state
        )
    AccessAttempt.objects.create(username="x", ip_address="10.0.0.1", user_agent="t", failures_since_start=3)

    found = values(scrape(client).text)

    assert found["shuncheng_reminders_due"] == 2
    assert 600 <= found["shuncheng_oldest_reminder_seconds"] < 660
    assert found['shuncheng_heartbeat_age_seconds{sweep="followups.remind_due"}'] < 60
    assert found['shuncheng_outbox_messages{state="queued"}'] == 2
    assert found['shuncheng_outbox_messages{state="uncertain"}'] == 1
    assert 'shuncheng_outbox_messages{state="sent"}' not in found  # it only grows; nobody waits for it
    assert found["shuncheng_failed_sign_ins"] == 3
    assert found["shuncheng_approvals_pending"] == 0


def test_old_wrong_passwords_and_an_empty_store_count_nothing():
    with clock.travel(NOON):
        found = numbers()

    assert (found.reminders_due, found.oldest_reminder_s, found.failed_sign_ins) == (0, 0.0, 0)


def test_the_numbers_cost_the_same_however_much_waits(django_assert_num_queries):
    with django_assert_num_queries(5):
        numbers()
    for number in range(3):
        OutboundMessage.objects.create(channel="sms", recipient="x", body="x", idempotency_key=f"n{number}")
    with django_assert_num_queries(5):
        numbers()


def test_processes_are_added_up(tmp_path):
    """Two processes count one request each; a third one that reads finds two."""
    env = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    count = "import django; django.setup()\nfrom operations.metrics import REQUESTS\n"
    count += "REQUESTS.labels('x:y', 'GET', '200').inc()"
    read = "import django, sys; django.setup()\nfrom prometheus_client import CollectorRegistry, generate_latest\n"
    read += "from prometheus_client.multiprocess import MultiProcessCollector\n"
    read += "r = CollectorRegistry(); MultiProcessCollector(r); sys.stdout.write(generate_latest(r).decode())"
    for code in (count, count):
        subprocess.run([sys.executable, "-c", code], env=env, cwd=settings.BASE_DIR, check=True)

    done = subprocess.run([sys.executable, "-c", read], env=env, cwd=settings.BASE_DIR, check=True, capture_output=True)

    assert values(done.stdout.decode())['shuncheng_requests_total{method="GET",status="200",view="x:y"}'] == 2


def test_each_request_writes_one_line_without_its_query(client, caplog):
    with caplog.at_level("INFO", logger="operations.requests"):
        client.get("/healthz/?q=13971234567")

    record = caplog.records[-1]
    assert (record.view, record.path, record.status, record.db_queries) == ("core:healthz", "/healthz/", 200, 1)
    assert "13971234567" not in json.dumps(record.__dict__, default=str)


def test_ready_means_that_the_tables_are_of_this_version(client):
    ready = client.get("/readyz")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'vehicles'")
    waiting = Client().get("/readyz")

    assert (ready.status_code, ready.json()["status"]) == (200, "ok")
    assert (waiting.status_code, waiting.json()["status"]) == (503, "migrations are missing")
