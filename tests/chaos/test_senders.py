"""Real senders that are killed with -9 while a gateway has their request (reliability.md 2.1, 8)."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection

from core import clock
from notifications.models import OutboundMessage
from notifications.services import outbox_send_next
from notifications.services.sending import SENDING_TIMEOUT
from tests.factories import IntegrationFactory, ProviderTemplateFactory
from tests.notifications import gateways
from tests.notifications.conftest import queue

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a made-up secret"
SENDER = """
import django; django.setup()
from notifications.services import outbox_send_next
while outbox_send_next("{channel}"): pass
"""
PATIENCE_S = 60


class Holding:
    """Lets the gateway take a request and holds its answer back until somebody has killed the sender."""

    def __init__(self, gateway: gateways.Gateway, *, hold: set[int]) -> None:
        self.arrived, self.go_on = threading.Semaphore(0), threading.Event()
        self._answer, self._hold, self._count = gateway.answer, hold, 0
        gateway.answer = self

    def __call__(self, seen: gateways.Seen):
        told = self._answer(seen)  # from here on the gateway has it
        self._count += 1
        if self._count in self._hold:
            self.go_on.clear()
            self.arrived.release()
            self.go_on.wait(PATIENCE_S)
        return told


@contextmanager
def sender(channel: str) -> Iterator[subprocess.Popen[bytes]]:
    database = connection.settings_dict
    user = f"{database['USER']}:{database['PASSWORD']}@" if database["PASSWORD"] else f"{database['USER']}@"
    url = f"postgres://{user}{database['HOST'] or '/'}:{database['PORT'] or 5432}/{database['NAME']}"
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "dealership.settings.test"}
    if str(database["HOST"]).startswith("/") or not database["HOST"]:
        environment["DATABASE_URL"] = f"postgres://{user}/{database['NAME']}?host={database['HOST']}"
    process = subprocess.Popen([sys.executable, "-c", SENDER.format(channel=channel)], cwd=ROOT, env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def run_with_kills(channel: str, holding: Holding, kills: int) -> None:
    """Start senders one after the other; each but the last dies while the gateway has its request."""
    for _kill in range(kills):
        with sender(channel) as process:
            assert holding.arrived.acquire(timeout=PATIENCE_S)
            process.kill()
            process.wait()
        holding.go_on.set()
    with sender(channel) as process:
        assert process.wait(PATIENCE_S) == 0
    with clock.travel(clock.now() + SENDING_TIMEOUT * 2):
        while outbox_send_next(channel):
            pass


def test_no_paid_message_leaves_twice_when_senders_are_killed():
    gateway = gateways.aliyun(SECRET)
    with gateways.serving(gateway):
        integration = IntegrationFactory(secret=SECRET, parameters={"endpoint": gateway.url, "access_key_id": "id"})
        ProviderTemplateFactory(integration=integration, placeholders=["body"])
        messages = [queue(f"m{number}", purpose="internal") for number in range(6)]
        run_with_kills("sms", Holding(gateway, hold={2, 4}), kills=2)

    states = [OutboundMessage.objects.get(pk=message.pk).state for message in messages]
    assert gateway.keys == {str(message.uid): 1 for message in messages}
    assert states == ["sent", "uncertain", "sent", "uncertain", "sent", "sent"]


def test_control_a_message_that_may_be_repeated_is_seen_twice():
    """The same kill, a receiver that tells repeats by the delivery id: it gets the event twice, never not at all."""
    now = clock.now().timestamp()
    gateway = gateways.Gateway()
    with gateways.serving(gateway):
        integration = IntegrationFactory(webhook=True, secret=SECRET, parameters={"url": f"{gateway.url}/"})
        gateway.answer = lambda seen: (
            gateway.keys.update([seen.headers["x-shuncheng-delivery"]]) or (204, {}, b"")
            if gateways.webhook_is_right(seen, SECRET, now=now, tolerance_s=3600)
            else (401, {}, b"")
        )
        message = queue("m1", channel="webhook", purpose="internal", integration_id=integration.pk)
        run_with_kills("webhook", Holding(gateway, hold={1}), kills=1)
        with clock.travel(clock.now() + SENDING_TIMEOUT * 4):
            outbox_send_next("webhook")

    assert gateway.keys == {str(message.uid): 2}
    assert OutboundMessage.objects.get(pk=message.pk).state == "sent"
