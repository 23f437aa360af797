"""Days off: who records them for whom, and what is refused."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from approvals.enums import ApprovalState, VoidCause
from approvals.models import ApprovalRequest
from approvals.services import approval_decide, approval_withdraw
from core import clock
from core.errors import Conflict, DomainError
from staff.enums import LeaveState
from staff.models import Leave, User
from staff.selectors import leave_at, leaves_visible_to, stand_ins_for
from staff.services import leave_cancel, leave_decide, leave_record
from tests.conftest import NOON
from tests.factories import LeaveFactory, UserFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
NEW = "/staff/leaves/new/"


def record(by, person=None, **fields):
    values = {"kind": "annual", "starts_at": NOON + DAY, "ends_at": NOON + 3 * DAY, "stand_in_id": None} | fields
    return leave_record(user_id=(person or by).pk, by=by, **values)


@pytest.mark.usefixtures("noon")
@pytest.mark.parametrize("by", ["supervisor", "manager", "general_manager", "administrator"])
def test_whoever_leads_records_an_approved_leave(people, by):
    leave = record(getattr(people, by), people.owner, stand_in_id=people.colleague.pk, note=" \u200b Hangzhou ")

    assert (leave.user, leave.stand_in, leave.recorded_by) == (people.owner, people.colleague, getattr(people, by))
    assert leave.note == "Hangzhou"
    assert leave_at(people.owner.pk, NOON + 2 * DAY) == leave


@pytest.mark.usefixtures("noon")
def test_the_own_leave_waits_for_a_leader_and_counts_once_approved(people):
    leave = record(people.owner)
    assert (leave.state, leave_at(people.owner.pk, NOON + 2 * DAY)) == (LeaveState.REQUESTED, None)

    decided = leave_decide(leave_id=leave.pk, is_approved=True, stand_in_id=people.colleague.pk, by=people.supervisor)

    assert (decided.state, decided.decided_by) == (LeaveState.APPROVED, people.supervisor)
    assert leave_at(people.owner.pk, NOON + 2 * DAY).stand_in == people.colleague
    with pytest.raises(Conflict):
        leave_decide(leave_id=leave.pk, is_approved=False, comment="no", by=people.manager)


@pytest.mark.usefixtures("noon")
def test_nobody_stands_above_the_general_manager(people):
    assert record(people.general_manager).state == LeaveState.APPROVED


@pytest.mark.usefixtures("noon")
@pytest.mark.parametrize("by", ["owner", "colleague", "rival", "administrator", "stranger_manager"])
def test_nobody_else_decides_it(people, by):
    leave = record(people.owner)
    with pytest.raises(PermissionDenied):
        leave_decide(leave_id=leave.pk, is_approved=True, by=getattr(people, by))
    assert Leave.objects.get().state == LeaveState.REQUESTED


@pytest.mark.usefixtures("noon")
def test_a_refusal_says_why_and_makes_room_for_another_request(people):
    leave = record(people.owner)
    with pytest.raises(DomainError):
        leave_decide(leave_id=leave.pk, is_approved=False, by=people.manager)
    with pytest.raises(DomainError):
        record(people.owner)

    leave_decide(leave_id=leave.pk, is_approved=False, comment="Month end", by=people.manager)

    assert leave_at(people.owner.pk, NOON + 2 * DAY) is None
    assert record(people.owner).pk != leave.pk


@pytest.mark.usefixtures("noon")
def test_only_people_who_can_stand_in_are_offered(people):
    User.objects.filter(pk=people.dcc.pk).update(must_change_password=True)  # invited, never came
    LeaveFactory(user=people.colleague, starts_at=NOON + DAY, ends_at=NOON + 2 * DAY)

    offered = stand_ins_for(people.owner, NOON + DAY, NOON + 3 * DAY)

    assert offered == [people.rival, people.supervisor, people.general_manager, people.manager, people.receptionist]


@pytest.mark.usefixtures("noon")
@pytest.mark.parametrize("by", ["colleague", "rival", "dcc", "finance", "receptionist", "stranger", "stranger_manager"])
def test_nobody_else_records_it(people, by):
    with pytest.raises(PermissionDenied):
        record(getattr(people, by), people.owner)

    assert not Leave.objects.exists()


@pytest.mark.usefixtures("noon")
def test_a_supervisor_does_not_record_for_another_team(people):
    with pytest.raises(PermissionDenied):
        record(people.supervisor, people.rival)


@pytest.mark.usefixtures("noon")
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"ends_at": NOON + DAY}, "ends_at"),
        ({"ends_at": NOON}, "ends_at"),
        ({"starts_at": NOON + 400 * DAY, "ends_at": NOON + 401 * DAY}, "starts_at"),
        ({"starts_at": NOON - 400 * DAY}, "starts_at"),
        ({"ends_at": NOON + 368 * DAY}, "ends_at"),
    ],
)
def test_impossible_times_are_refused_at_their_field(people, fields, field):
    with pytest.raises(DomainError) as refused:
        record(people.owner, **fields)

    assert refused.value.field == field
    assert not Leave.objects.exists()


@pytest.mark.usefixtures("noon")
def test_two_leaves_of_a_person_do_not_overlap_but_may_touch(people):
    first = record(people.owner)

    with pytest.raises(DomainError) as refused:
        record(people.owner, starts_at=NOON + 2 * DAY, ends_at=NOON + 5 * DAY)
    after = record(people.owner, starts_at=first.ends_at, ends_at=first.ends_at + DAY)

    assert (refused.value.field, refused.value.code) == ("starts_at", "overlap")
    assert set(Leave.objects.all()) == {first, after}


def test_the_database_refuses_an_overlap_too(people):
    LeaveFactory(user=people.owner)

    with pytest.raises(IntegrityError), transaction.atomic():
        LeaveFactory(user=people.owner)


@pytest.mark.usefixtures("noon")
@pytest.mark.parametrize("who", ["owner", "stranger", "gone", "away"])
def test_the_stand_in_is_somebody_else_at_work_in_the_same_store(people, who):
    people.gone = UserFactory(store=people.store, is_active=False)
    people.away = LeaveFactory(user=people.colleague, starts_at=NOON, ends_at=NOON + 2 * DAY).user

    with pytest.raises(DomainError) as refused:
        record(people.owner, stand_in_id=getattr(people, who).pk)

    assert refused.value.field == "stand_in"


def test_an_unknown_kind_is_refused(people):
    with pytest.raises(ValidationError):
        record(people.owner, kind="sabbatical", starts_at=clock.now(), ends_at=clock.now() + DAY)


@pytest.mark.usefixtures("noon")
def test_a_leave_is_cancelled_until_it_is_over(people):
    coming = LeaveFactory(user=people.owner, starts_at=NOON + DAY, ends_at=NOON + 2 * DAY)
    over = LeaveFactory(user=people.owner, starts_at=NOON - 2 * DAY, ends_at=NOON)

    with pytest.raises(PermissionDenied):
        leave_cancel(leave_id=coming.pk, by=people.colleague)
    leave_cancel(leave_id=coming.pk, by=people.owner)
    with pytest.raises(DomainError):
        leave_cancel(leave_id=over.pk, by=people.owner)

    with pytest.raises(DomainError):
        leave_cancel(leave_id=coming.pk, by=people.owner)

    coming.refresh_from_db()
    over.refresh_from_db()
    assert (coming.state, over.state) == (LeaveState.WITHDRAWN, LeaveState.APPROVED)


def test_who_sees_which_leaves(people):
    everybody = (people.owner, people.colleague, people.rival, people.dcc, people.stranger)
    own, colleague, rival, dcc, stranger = (LeaveFactory(user=person) for person in everybody)

    def seen(person):
        return set(leaves_visible_to(person))

    assert seen(people.owner) == {own}
    assert seen(people.supervisor) == {own, colleague}
    assert seen(people.manager) == seen(people.administrator) == {own, colleague, rival, dcc}
    assert seen(people.stranger_manager) == {stranger}
    assert seen(people.finance) == set()


# ---- the pages -------------------------------------------------------------------------------------------


def form(person, **fields):
    values = {"user": person.pk, "kind": "annual", "starts_at": "2026-11-18T00:00", "ends_at": "2026-11-19T23:59"}
    return values | fields


@pytest.mark.usefixtures("noon")
def test_the_page_records_a_leave_and_the_list_shows_it(client, people):
    client.force_login(people.owner)

    response = client.post(NEW, form(people.owner, stand_in=people.colleague.pk, note="回家"))
    page = client.get(response["Location"])

    leave = Leave.objects.get()
    assert response.status_code == 302
    assert (leave.user, leave.stand_in) == (people.owner, people.colleague)
    assert clock.local_date(leave.starts_at).isoformat() == "2026-11-18"
    assert "回家" in page.text
    assert "赵启明" in page.text


@pytest.mark.usefixtures("noon")
def test_the_page_shows_refusals_next_to_the_field_and_keeps_what_was_typed(client, people):
    LeaveFactory(user=people.owner, starts_at=NOON, ends_at=NOON + 3 * DAY)
    client.force_login(people.owner)

    response = client.post(NEW, form(people.owner, note="回家"))

    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["starts_at"]
    assert 'aria-invalid="true"' in response.text
    assert 'value="回家"' in response.text
    assert 'value="2026-11-18T00:00"' in response.text
    assert Leave.objects.count() == 1


@pytest.mark.usefixtures("noon")
def test_a_consultant_cannot_choose_other_people(client, people):
    client.force_login(people.owner)

    response = client.post(NEW, form(people.colleague))

    assert response.status_code == 422
    assert "赵启明" not in client.get(NEW).text.split('name="stand_in"')[0]
    assert not Leave.objects.exists()


@pytest.mark.usefixtures("noon")
def test_a_leader_records_for_the_team_and_cancels_by_button(client, people):
    client.force_login(people.supervisor)

    client.post(NEW, form(people.owner))
    leave = Leave.objects.get()
    hidden = client.post(f"/staff/leaves/{LeaveFactory(user=people.rival).pk}/cancel/")
    cancelled = client.post(f"/staff/leaves/{leave.pk}/cancel/")

    assert leave.recorded_by == people.supervisor
    assert (hidden.status_code, cancelled.status_code) == (404, 302)
    leave.refresh_from_db()
    assert leave.state == LeaveState.WITHDRAWN
    assert Leave.objects.get(user=people.rival).state == LeaveState.APPROVED


@pytest.mark.usefixtures("noon")
def test_a_leave_that_is_over_says_so(client, people):
    over = LeaveFactory(user=people.owner, starts_at=NOON - 2 * DAY, ends_at=NOON - DAY)
    client.force_login(people.owner)

    page = client.post(f"/staff/leaves/{over.pk}/cancel/", follow=True)

    assert Leave.objects.filter(pk=over.pk).exists()
    assert [str(message.level_tag) for message in page.context["messages"]] == ["error"]


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_the_same_for_one_and_three(client, people, django_assert_max_num_queries, rows):
    for person in (people.owner, people.colleague, people.rival)[:rows]:
        LeaveFactory(user=person, stand_in=people.dcc)
    client.force_login(people.manager)
    client.get("/staff/leaves/")

    with django_assert_max_num_queries(5):
        client.get("/staff/leaves/")


# ---- as a request in the inbox ---------------------------------------------------------------------------


@pytest.mark.usefixtures("noon")
def test_the_request_waits_in_the_inbox_of_the_leader_and_settles_the_leave(people):
    leave = record(people.owner, stand_in_id=people.colleague.pk)
    request = ApprovalRequest.objects.get(kind="leave", subject_id=leave.pk)
    with pytest.raises(PermissionDenied):
        approval_decide(request_id=request.pk, approve=True, by=people.rival)

    approval_decide(request_id=request.pk, approve=True, by=people.supervisor)

    leave.refresh_from_db()
    assert (leave.state, leave.decided_by, leave.stand_in) == (
        LeaveState.APPROVED, people.supervisor, people.colleague,
    )  # fmt: skip


@pytest.mark.usefixtures("noon")
@pytest.mark.parametrize("way", ["decide", "cancel"])
def test_a_leave_settled_elsewhere_leaves_the_inbox(people, way):
    leave = record(people.owner)
    request = ApprovalRequest.objects.get(kind="leave")
    if way == "decide":
        leave_decide(leave_id=leave.pk, is_approved=True, by=people.supervisor)
    else:
        leave_cancel(leave_id=leave.pk, by=people.owner)

    request.refresh_from_db()
    assert (request.state, request.cause) == (ApprovalState.VOID, VoidCause.SETTLED)
    with pytest.raises(Conflict):
        approval_decide(request_id=request.pk, approve=True, by=people.supervisor)


@pytest.mark.usefixtures("noon")
def test_a_request_taken_back_takes_the_leave_back(people):
    leave = record(people.owner)
    approval_withdraw(request_id=ApprovalRequest.objects.get(kind="leave").pk, by=people.owner)

    leave.refresh_from_db()
    assert leave.state == LeaveState.WITHDRAWN
