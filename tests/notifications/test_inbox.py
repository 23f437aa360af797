"""Inbox lines."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from core import clock
from core.errors import DomainError
from notifications.enums import NoticeKind
from notifications.models import MessageTemplate
from notifications.selectors import inbox, templates_in_force, unread_count
from notifications.services import (
    notice_create,
    notice_finish,
    notice_snooze,
    notices_done,
    notices_read,
)
from tests.conftest import NOON
from tests.factories import NotificationFactory, UserFactory

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
