"""Asking and deciding: who, what about, once, and what everybody hears of it."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, IntegrityError, connection, transaction

from approvals.enums import ApprovalState
from approvals.events import ApprovalDecided, ApprovalDropped
from approvals.models import ApprovalRequest
from approvals.services import approval_decide, approval_void_for, approval_withdraw
from approvals.tasks import expire
from core import clock, events
from core.errors import Conflict, DomainError
from notifications.models import Notification
from notifications.selectors import sentence
from staff.enums import Role
from tests.approvals.asking import CODE, SUBJECT, ask, registered
from tests.conftest import NOON
from tests.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture(autouse=True)
def things():
    with registered() as made:
        yield made


@pytest.fixture
def heard():
    found = []
    with events.isolated_registry(is_empty=False):
        events.on(ApprovalDecided)(found.append)
        events.on(ApprovalDropped)(found.append)
        yield found


def state_of(row):
    return ApprovalRequest.objects.get(pk=row.pk).state


def inbox(person):
    return [sentence(notice) for notice in Notification.objects.inbox_of(person).order_by("id")]


def test_a_request_goes_to_everybody_who_may_decide_it(people):
    row = ask(people.owner)

    assert (row.state, row.reason, row.payload) == ("pending", "对手让了一千", {"amount": "8000.00"})
    told = Notification.objects.values_list("recipient__employee_number", "url").order_by("recipient")
    assert list(told) == [(name, f"/approvals/{row.pk}/") for name in ("general_manager", "manager", "supervisor")]
    assert inbox(people.manager) == ["林悦请你审批：Thing"]


@pytest.mark.req("R-875")
def test_a_leader_who_asks_does_not_hear_of_it_and_cannot_decide_it(people):
    row = ask(people.manager)

    with pytest.raises(PermissionDenied):
        approval_decide(request_id=row.pk, approve=True, by=people.manager)

    assert state_of(row) == ApprovalState.PENDING
    assert inbox(people.manager) == []
    assert approval_decide(request_id=row.pk, approve=True, by=people.general_manager).is_approved


@pytest.mark.parametrize("who", ["owner", "colleague", "finance", "administrator", "stranger_manager"])
def test_without_authority_nobody_decides(people, who):
    row = ask(people.owner)

    with pytest.raises(PermissionDenied):
        approval_decide(request_id=row.pk, approve=True, by=getattr(people, who))

    assert state_of(row) == ApprovalState.PENDING


def test_an_approval_records_who_when_why_and_by_what_right(people, heard):
    row = ask(people.owner)

    done = approval_decide(request_id=row.pk, approve=True, comment=" 可以 ", by=people.manager)

    assert (done.state, done.decided_by, done.decided_at, done.comment) == ("approved", people.manager, NOON, "可以")
    assert done.authority == {"roles": ["sales_manager"], "scope": "store", "store": people.store.pk}
    assert inbox(people.manager) == inbox(people.supervisor) == []
    assert inbox(people.owner) == ["沈立峰批准了你的申请：Thing"]
    assert heard == [
        ApprovalDecided(
            request_id=row.pk,
            kind=CODE,
            subject_type=SUBJECT,
            subject_id=1,
            subject_version=1,
            is_approved=True,
            decided_by_id=people.manager.pk,
            requested_by_id=people.owner.pk,
            comment="可以",
            payload={"amount": "8000.00"},
        )
    ]


def test_sending_back_needs_a_word(people, heard):
    row = ask(people.owner)

    with pytest.raises(DomainError) as refused:
        approval_decide(request_id=row.pk, approve=False, comment="  ", by=people.manager)
    assert (refused.value.field, state_of(row), heard) == ("comment", "pending", [])

    approval_decide(request_id=row.pk, approve=False, comment="再谈谈", by=people.manager)
    assert (state_of(row), heard[0].is_approved, heard[0].comment) == ("rejected", False, "再谈谈")
    assert inbox(people.owner) == ["沈立峰退回了你的申请：Thing"]


def test_what_the_asking_app_refuses_undoes_the_decision(people):
    row = ask(people.owner)

    def refuse(event):
        raise DomainError("no")

    with events.isolated_registry():
        events.on(ApprovalDecided)(refuse)
        with pytest.raises(DomainError):
            approval_decide(request_id=row.pk, approve=True, by=people.manager)

    assert (state_of(row), inbox(people.owner)) == ("pending", [])


@pytest.mark.parametrize("approve", [True, False])
def test_the_second_decision_meets_a_conflict(people, heard, approve):
    row = ask(people.owner)
    approval_decide(request_id=row.pk, approve=True, by=people.supervisor)

    with pytest.raises(Conflict) as conflict:
        approval_decide(request_id=row.pk, approve=approve, comment="不同意", by=people.manager)

    assert (conflict.value.code, conflict.value.current.decided_by) == ("decided", people.supervisor)
    assert (state_of(row), len(heard)) == ("approved", 1)


@pytest.mark.parametrize("version", [2, None])
def test_a_decision_about_something_that_changed_makes_the_request_void(people, things, heard, version):
    row = ask(people.owner)
    things.versions = {1: version} if version else {}

    with pytest.raises(Conflict) as conflict:
        approval_decide(request_id=row.pk, approve=True, by=people.manager)

    assert (conflict.value.code, conflict.value.current.state) == ("changed", "void")
    assert [type(event).__name__ for event in heard] == ["ApprovalDropped"]
    assert inbox(people.owner) == ["你的申请已作废：Thing"]
    assert inbox(people.manager) == []


def test_what_changed_is_void_at_once(people, heard):
    row, other = ask(people.owner), ask(people.owner, subject_id=2)

    assert approval_void_for(subject_type=SUBJECT, subject_id=1) == 1

    assert [state_of(row), state_of(other)] == ["void", "pending"]
    assert (heard[0].request_id, heard[0].cause) == (row.pk, "changed")


def test_a_newer_request_replaces_the_older(people, heard):
    first = ask(people.owner)

    second = ask(people.owner, payload={"amount": "9000.00"})

    assert [state_of(first), state_of(second)] == ["void", "pending"]
    assert ApprovalRequest.objects.get(pk=first.pk).cause == "replaced"
    assert (len(inbox(people.manager)), inbox(people.owner)) == (1, [])


def test_taking_it_back(people, heard):
    row = ask(people.owner)

    with pytest.raises(PermissionDenied):
        approval_withdraw(request_id=row.pk, by=people.colleague)
    approval_withdraw(request_id=row.pk, by=people.owner)

    assert (state_of(row), heard[0].cause, heard[0].by_id) == ("withdrawn", "", people.owner.pk)
    assert inbox(people.manager) == []
    with pytest.raises(Conflict):
        approval_withdraw(request_id=row.pk, by=people.owner)
    with pytest.raises(Conflict):
        approval_decide(request_id=row.pk, approve=True, by=people.manager)


def test_a_request_lapses_when_nobody_decides(people, heard):
    row = ask(people.owner, due_at=NOON + timedelta(hours=1))
    ask(people.owner, subject_id=2)

    assert expire() == 0
    with clock.travel(NOON + timedelta(hours=1)):
        assert [expire(), expire()] == [1, 0]

    assert (state_of(row), heard[0].cause) == ("void", "expired")
    assert inbox(people.owner) == ["你的申请已作废：Thing"]


def test_a_person_who_lost_the_role_decides_no_more(people):
    row = ask(people.owner)
    people.manager.roles = [Role.SALES_CONSULTANT]
    people.manager.save()

    with pytest.raises(PermissionDenied):
        approval_decide(request_id=row.pk, approve=True, by=people.manager)


def test_a_group_leader_decides_for_every_store_of_the_group(people):
    boss = UserFactory(name="总", roles=[Role.GENERAL_MANAGER], scope_override="group", store=people.other_store)
    row = ask(people.owner)

    assert approval_decide(request_id=row.pk, approve=True, by=boss).decided_by == boss


# ---- what the database refuses, whoever asks it ----------------------------------------------------------------


def test_one_request_waits_for_each_subject(people):
    row = ask(people.owner)

    with pytest.raises(IntegrityError), transaction.atomic():
        ApprovalRequest.objects.create(
            kind=CODE, store=people.store, subject_type=SUBJECT, subject_id=row.subject_id, requested_by=people.rival
        )


@pytest.mark.req("R-875")
def test_the_database_refuses_an_own_decision(people):
    row = ask(people.manager)

    with pytest.raises(IntegrityError), transaction.atomic():
        ApprovalRequest.objects.filter(pk=row.pk).update(state="approved", decided_by=people.manager, decided_at=NOON)


@pytest.mark.parametrize(
    "change",
    [
        {"state": "approved", "decided_at": NOON},  # by nobody
        {"state": "void"},  # without a time
        {"payload": {"amount": "1.00"}},
        {"subject_version": 2},
        {"requested_by_id": None},
        {"reason": "anders"},
    ],
)
def test_the_database_refuses_half_a_decision_and_another_question(people, change):
    row = ask(people.owner)

    with pytest.raises(DatabaseError), transaction.atomic():
        ApprovalRequest.objects.filter(pk=row.pk).update(**change)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE approvals_approvalrequest SET comment = 'x' WHERE id = %s",
        "UPDATE approvals_approvalrequest SET state = 'pending', decided_at = NULL, decided_by_id = NULL WHERE id = %s",
        "DELETE FROM approvals_approvalrequest WHERE id = %s",
    ],
)
def test_a_decided_request_never_changes(people, sql):
    row = ask(people.owner)
    approval_decide(request_id=row.pk, approve=True, by=people.manager)

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, [row.pk])

    assert state_of(row) == "approved"
