"""Inbox lines, and the outbox to the world outside."""

import logging
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from core import clock, events
from core.errors import DomainError
from core.models import Heartbeat
from notifications import providers, services
from notifications.enums import MessageState, NoticeKind
from notifications.events import MessageNotSent
from notifications.models import MessageTemplate, OutboundMessage
from notifications.selectors import inbox, templates_in_force, unread_count
from notifications.services import (
    message_queue,
    notice_create,
    notice_finish,
    notice_snooze,
    notices_done,
    notices_read,
    outbox_send_next,
)
from notifications.tasks import outbox_send
from tests.conftest import NOON
from tests.factories import NotificationFactory, OutboundMessageFactory, UserFactory

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def user(db):
    return UserFactory()


def state_of(row) -> dict[str, object]:
    return type(row).objects.filter(pk=row.pk).values().get()


# ---- inbox --------------------------------------------------------------------------------------------------------


def test_a_line_is_written_once_per_key(user, noon):
    written = [
        notice_create(recipient_id=user.pk, kind=NoticeKind.FOLLOW_UP_DUE, dedupe_key=key, customer="王建国")
        for key in ("a", "a", "b")
    ]

    assert written == [True, False, True]
    assert [(line.data, line.created_at) for line in inbox(user)] == [({"customer": "王建国"}, NOON)] * 2


def test_lines_without_a_key_are_all_written(user):
    assert [notice_create(recipient_id=user.pk, kind=NoticeKind.CUSTOMER_RETURNED) for _time in range(2)] == [
        True,
        True,
    ]

    assert unread_count(user) == 2


def test_the_database_refuses_a_second_line_with_the_same_key(user):
    NotificationFactory(recipient=user, dedupe_key="a")

    with pytest.raises(IntegrityError), transaction.atomic():
        NotificationFactory(recipient=user, dedupe_key="a")


def test_what_is_done_leaves_every_inbox_or_one(user, noon):
    other = UserFactory()
    for recipient in (user, other):
        NotificationFactory(recipient=recipient, subject="x:1")
    NotificationFactory(recipient=user, subject="x:2")

    assert notices_done(subjects=["x:1"], recipient_id=user.pk) == 1
    assert (inbox(user).count(), inbox(other).count()) == (1, 1)
    assert notices_done(subjects=["x:1", "x:2"]) == 2
    assert notices_done(subjects=["x:1", "x:2"]) == 0
    assert notices_done(subjects=[]) == 0


def test_reading_some_then_all_of_the_own_lines(user, noon):
    lines = [NotificationFactory(recipient=user) for _line in range(3)]
    foreign = NotificationFactory()

    assert notices_read(by=user, ids=[lines[0].pk, foreign.pk]) == 1
    assert unread_count(user) == 2
    assert notices_read(by=user) == 2
    assert notices_read(by=user) == 0
    assert state_of(foreign)["read_at"] is None


def test_the_count_stops_at_a_hundred(user):
    NotificationFactory.create_batch(101, recipient=user)

    assert unread_count(user) == 100


def test_finishing_the_own_line(user, noon):
    line = NotificationFactory(recipient=user)

    notice_finish(notice_id=line.pk, by=user)

    assert (state_of(line)["done_at"], state_of(line)["read_at"]) == (NOON, NOON)
    assert not inbox(user).exists()


def test_a_snoozed_line_sleeps_until_its_time(user, noon):
    line = NotificationFactory(recipient=user)
    notice_snooze(notice_id=line.pk, until=NOON + 10 * MINUTE, by=user)

    seen = []
    for minutes in (9, 10):
        with clock.travel(NOON + minutes * MINUTE):
            seen.append(inbox(user).exists())

    assert seen == [False, True]


@pytest.mark.parametrize("until", [NOON, NOON - MINUTE, NOON + timedelta(days=30, seconds=1)])
def test_a_line_sleeps_at_most_thirty_days(user, noon, until):
    line = NotificationFactory(recipient=user)
    before = state_of(line)

    with pytest.raises(DomainError) as refused:
        notice_snooze(notice_id=line.pk, until=until, by=user)

    assert refused.value.field == "until"
    assert state_of(line) == before


def test_somebody_elses_line_does_not_exist(user, noon):
    line = NotificationFactory()
    before = state_of(line)

    for attempt in (
        lambda: notice_finish(notice_id=line.pk, by=user),
        lambda: notice_snooze(notice_id=line.pk, until=NOON + MINUTE, by=user),
    ):
        with pytest.raises(DomainError) as refused:
            attempt()
        assert refused.value.code == "missing"

    assert state_of(line) == before


def test_templates_count_on_their_days():
    MessageTemplate.objects.update(valid_to=NOON.date())

    yesterday = NOON.date() - timedelta(days=1)
    assert templates_in_force(channel="sms", on=yesterday).exists()
    assert not templates_in_force(channel="sms", on=NOON.date()).exists()


# ---- outbox -------------------------------------------------------------------------------------------------------


class FakeGateway:
    """Takes messages, or raises what it is told to."""

    name = "fake"

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.error: Exception | None = None

    def send(self, message: OutboundMessage) -> str:
        if self.error is not None:
            raise self.error
        self.taken.append(str(message.uid))
        return f"key-{message.pk}"


@pytest.fixture
def gateway(monkeypatch):
    fake = FakeGateway()
    monkeypatch.setitem(providers._PROVIDERS, "console", fake)
    return fake


@pytest.fixture
def heard():
    found: list[MessageNotSent] = []
    with events.isolated_registry():
        events.on(MessageNotSent)(found.append)
        yield found


def queue(key="m1", **changes):
    values = {"channel": "sms", "recipient": "+8619900000001", "body": "您好", "subject": "x:1", "by": None} | changes
    message_queue(idempotency_key=key, **values)
    return OutboundMessage.objects.get(idempotency_key=key)


def test_a_queued_message_is_sent_once(noon, gateway, heard):
    message = queue()
    queue()

    assert [outbox_send_next(), outbox_send_next()] == [True, False]

    message.refresh_from_db()
    assert gateway.taken == [str(message.uid)]
    assert (message.state, message.attempts, message.sent_at) == (MessageState.SENT, 1, NOON)
    assert (message.provider, message.provider_key) == ("fake", f"key-{message.pk}")
    assert heard == []


def test_a_message_waits_for_its_time(noon, gateway):
    message = OutboundMessageFactory(next_try_at=NOON + MINUTE)

    assert outbox_send_next() is False
    with clock.travel(NOON + MINUTE):
        assert outbox_send_next() is True

    assert gateway.taken == [str(message.uid)]


def test_a_refused_message_is_tried_five_times_with_growing_pauses(noon, gateway, heard):
    message = queue()
    gateway.error = ConnectionError("no route")
    now, pauses = NOON, []
    for _try in range(5):
        with clock.travel(now):
            assert [outbox_send_next(), outbox_send_next()] == [True, False]
        message.refresh_from_db()
        if message.next_try_at is not None:
            pauses.append((message.next_try_at - now) // MINUTE)
            now = message.next_try_at

    assert pauses == [2, 4, 8, 16]
    assert (message.state, message.attempts, message.last_error) == ("failed", 5, "ConnectionError: no route")
    assert heard == [MessageNotSent(message_id=message.pk, subject="x:1", state="failed")]


def test_one_refused_message_does_not_hold_up_the_others(noon, gateway):
    first = queue("m1")
    gateway.error = ConnectionError("no route")
    outbox_send_next()
    gateway.error = None
    second = queue("m2")

    assert outbox_send_next() is True

    assert gateway.taken == [str(second.uid)]
    assert state_of(first)["state"] == MessageState.QUEUED


def test_an_unknown_outcome_is_never_repeated(noon, gateway, heard):
    message = queue()
    gateway.error = providers.Uncertain("time-out")

    assert [outbox_send_next(), outbox_send_next()] == [True, False]

    message.refresh_from_db()
    assert (message.state, message.last_error, message.sent_at) == ("uncertain", "time-out", None)
    assert [event.state for event in heard] == ["uncertain"]


def test_the_claim_of_a_dead_sender_becomes_uncertain_after_five_minutes(noon, gateway, heard):
    message = queue()
    services._claim()  # and the process is killed
    found = []
    for minutes in (5, 6):
        with clock.travel(NOON + minutes * MINUTE):
            found.append([outbox_send_next(), outbox_send_next()])

    message.refresh_from_db()
    assert found == [[False, False], [True, False]]
    assert (message.state, gateway.taken) == ("uncertain", [])
    assert [event.message_id for event in heard] == [message.pk]


def test_the_task_sends_what_is_due_and_beats(noon, gateway):
    for number in range(3):
        queue(f"m{number}")

    assert [outbox_send(limit=2), outbox_send(), outbox_send()] == [2, 1, 0]

    assert Heartbeat.objects.get(name="notifications.outbox_send").detail == {"sent": 0}


def test_the_console_gateway_writes_a_line(noon, caplog):
    message = queue()
    with caplog.at_level(logging.INFO, logger="notifications.providers"):
        outbox_send_next()

    assert "outgoing sms" in caplog.text
    assert state_of(message)["provider_key"] == f"console-{message.uid}"
