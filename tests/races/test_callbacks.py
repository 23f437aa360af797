"""Two people, or two workers, and one callback."""

import threading
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection, transaction

from core import clock
from core.models import JobRun
from followups.enums import RuleCode, Step
from followups.models import Contact, FollowUp
from followups.services import (
    claims,
    contact_take_back,
    contacts,
    corrections,
    followup_remind_next,
    followup_reschedule,
    followups_reconcile,
    planning,
    reconcile,
    reminders,
)
from notifications import providers
from notifications.models import Notification, OutboundMessage
from notifications.providers import Answer
from notifications.services import outbox_send_next, sending
from tests.conftest import NOON
from tests.factories import OpportunityFactory, OutboundMessageFactory
from tests.journeys import callbacks, open_one, record
from tests.races.threads import Meeting, kinds, race, remove_locks, without_constraint

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def opportunity(people, noon):
    return open_one(people)


def meet_at(monkeypatch, module, name):
    point = Meeting()
    monkeypatch.setattr(module, name, point.after(getattr(module, name)))
    return point


# ---- recording --------------------------------------------------------------------------------------------------


def record_both(people, opportunity, keys=(None, None)):
    """The owner and the supervisor talk to the customer on day 7; both think that the callback is theirs."""
    people_ = (people.owner, people.owner if keys[0] else people.supervisor)
    with clock.travel(NOON + timedelta(days=7)):
        return race(
            *[
                lambda by=by, key=key: record(opportunity, by, key=key or "")
                for by, key in zip(people_, keys, strict=True)
            ]
        )


def test_two_people_complete_a_callback_once_and_plan_one_next(people, opportunity, monkeypatch):
    point = meet_at(monkeypatch, contacts, "ensure_next")

    results = record_both(people, opportunity)

    assert (point.took_place, kinds(results), Contact.objects.count()) == (False, ["ok", "ok"], 2)
    assert sorted(len(result.completed) for result in results) == [0, 2]
    assert FollowUp.objects.pending().exclude(rule_code=RuleCode.SAME_DAY_SMS).get().rule_code == RuleCode.CADENCE


def test_control_without_the_locks_it_is_completed_and_planned_twice(people, opportunity, monkeypatch):
    point = meet_at(monkeypatch, contacts, "ensure_next")
    remove_locks(monkeypatch)

    results = record_both(people, opportunity)

    assert (point.took_place, [len(result.completed) for result in results]) == (True, [2, 2])
    assert FollowUp.objects.pending().filter(rule_code=RuleCode.CADENCE).count() == 2


def test_a_double_submit_is_one_contact(people, opportunity, monkeypatch):
    meet_at(monkeypatch, contacts, "ensure_next")

    results = record_both(people, opportunity, keys=("k1", "k1"))

    assert (kinds(results), Contact.objects.count()) == (["ok", "ok"], 1)
    assert sorted(result.is_repeat for result in results) == [False, True]


def test_control_without_the_lock_the_key_stops_the_second_with_an_error(people, opportunity, monkeypatch):
    meet_at(monkeypatch, contacts, "ensure_next")
    remove_locks(monkeypatch)

    assert kinds(record_both(people, opportunity, keys=("k1", "k1"))) == ["IntegrityError", "ok"]
    assert Contact.objects.count() == 1


def test_control_without_lock_and_key_there_are_two_contacts(people, opportunity, monkeypatch):
    meet_at(monkeypatch, contacts, "ensure_next")
    remove_locks(monkeypatch)
    with without_constraint("followups_contact", "followups_contact_idempotency_key_key"):
        record_both(people, opportunity, keys=("k1", "k1"))
        assert Contact.objects.filter(idempotency_key="k1").count() == 2


# ---- completing against moving, taking back against taking back ---------------------------------------------------


def complete_and_move(people, opportunity):
    first = callbacks(opportunity)[RuleCode.FIRST_CALLBACK]
    results = race(
        lambda: record(opportunity, people.owner, task=first),
        lambda: followup_reschedule(
            followup_id=first.pk, due_at=NOON + timedelta(days=3), reason="客户改期", by=people.supervisor
        ),
    )
    first.refresh_from_db()
    return results, first


def test_what_is_completed_is_not_moved_at_the_same_time(people, opportunity, monkeypatch):
    meet_at(monkeypatch, planning, "ensure_movable")

    results, first = complete_and_move(people, opportunity)

    assert kinds(results) in (["ok", "ok"], ["DomainError", "ok"])
    assert (first.state, first.contact) == ("done", results[0].contact)


def test_control_without_the_locks_moving_undoes_the_completion(people, opportunity, monkeypatch):
    point = Meeting()
    monkeypatch.setattr(planning, "ensure_movable", point.after(planning.ensure_movable))
    monkeypatch.setattr(contacts, "ensure_next", point.after(contacts.ensure_next))
    read = threading_order(monkeypatch)
    remove_locks(monkeypatch)

    results, first = complete_and_move(people, opportunity)

    assert (kinds(results), read.is_set()) == (["ok", "ok"], True)
    assert first.state == "pending"  # although a contact says that it was completed


def threading_order(monkeypatch):
    """Who moves writes last: after the contact was committed."""
    recorded = threading.Event()
    complete, move = contacts.contact_record, planning.move

    def move_late(*args, **kwargs):
        recorded.wait(timeout=5)
        return move(*args, **kwargs)

    def record_first(**kwargs):
        result = complete(**kwargs)
        recorded.set()
        return result

    monkeypatch.setattr(planning, "move", move_late)
    monkeypatch.setattr("tests.journeys.contact_record", record_first)
    return recorded


def test_a_contact_is_taken_back_once(people, opportunity, monkeypatch):
    contact = record(opportunity, people.owner).contact
    meet_at(monkeypatch, corrections, "rule_book")
    take_back = lambda: contact_take_back(contact_id=contact.pk, by=people.owner)  # noqa: E731

    assert kinds(race(take_back, take_back)) == ["DomainError", "ok"]


def test_control_without_the_locks_the_index_stops_the_second(people, opportunity, monkeypatch):
    contact = record(opportunity, people.owner).contact
    meet_at(monkeypatch, corrections, "_lock_moved")
    remove_locks(monkeypatch)
    take_back = lambda: contact_take_back(contact_id=contact.pk, by=people.owner)  # noqa: E731

    assert kinds(race(take_back, take_back)) == ["IntegrityError", "ok"]


# ---- workers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("has_lock", "has_key", "notices"), [(True, True, 1), (False, True, 1), (True, False, 1), (False, False, 2)]
)
def test_two_workers_remind_once_by_lock_or_by_key(people, opportunity, monkeypatch, has_lock, has_key, notices):
    """Either guard is enough; the last case is the control without both."""
    first = callbacks(opportunity)[RuleCode.FIRST_CALLBACK]
    FollowUp.objects.update(remind_at=None)
    FollowUp.objects.filter(pk=first.pk).update(remind_step=Step.DUE, remind_at=NOON)
    point = Meeting()
    monkeypatch.setattr(reminders, "callback_claimed", point.after(reminders.callback_claimed))
    if not has_lock:
        monkeypatch.setattr(claims, "LOCK", "")
    if not has_key:
        write = reminders.notice_create
        monkeypatch.setattr(reminders, "notice_create", lambda **line: write(**line | {"dedupe_key": None}))

    results = race(followup_remind_next, followup_remind_next)

    assert (sorted(results), point.took_place) == ([has_lock is False, True], not has_lock)
    assert Notification.objects.count() == notices


def orphans(people, count):
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
        for _n in range(count):
            OpportunityFactory(follow_up=False, store=people.store, customer__store=people.store, owner=people.owner)


def test_two_reconcilers_repair_each_orphan_once(people, noon, monkeypatch):
    orphans(people, 3)
    meet_at(monkeypatch, reconcile, "rule_book")

    results = race(followups_reconcile, followups_reconcile)

    assert (kinds(results), sum(results)) == (["ok", "ok"], 3)
    assert (FollowUp.objects.count(), JobRun.objects.count()) == (3, 1)
    assert followups_reconcile() is None


def test_control_without_the_lock_one_reconciler_fails(people, noon, monkeypatch):
    orphans(people, 1)
    meet_at(monkeypatch, reconcile, "rule_book")
    remove_locks(monkeypatch)

    assert kinds(race(followups_reconcile, followups_reconcile)) == ["IntegrityError", "ok"]


@pytest.mark.parametrize(("has_lock", "times"), [(True, 1), (False, 2)])
def test_two_senders_claim_a_message_once(people, noon, monkeypatch, has_lock, times):
    """Without the lock, the control, the customer gets it twice."""
    sent: list[int] = []
    gateway = SimpleNamespace(
        name="fake", is_repeatable=False, send=lambda message, config: sent.append(message.key) or Answer("key")
    )
    monkeypatch.setitem(providers.PROVIDERS, "console", gateway)
    point = Meeting()
    OutboundMessageFactory()
    monkeypatch.setattr(sending, "stop_reason", point.after(lambda message: ""))
    if not has_lock:
        remove_locks(monkeypatch)

    race(outbox_send_next, outbox_send_next)

    assert (len(sent), OutboundMessage.objects.get().state) == (times, "sent")


def test_raw_sql_cannot_take_the_last_two_callbacks_at_once(people, opportunity):
    """Each transaction would leave the other's callback; the check at commit looks at them one after the other."""
    FollowUp.objects.filter(rule_code=RuleCode.SAME_DAY_SMS).delete()
    point = Meeting()

    def drop(code):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM followups_followup WHERE rule_code = %s", [code])
            point.wait()

    results = race(lambda: drop(RuleCode.FIRST_CALLBACK), lambda: drop(RuleCode.SECOND_CALLBACK))

    assert (point.took_place, kinds(results)) == (True, ["IntegrityError", "ok"])
    assert FollowUp.objects.pending().count() == 1
