"""The reminder ladder, step by step; who hears it; and what happens when a row cannot be sent."""

from datetime import date, datetime, timedelta

import pytest
from django.db import OperationalError, connection, transaction

from core import clock, events
from core.models import Heartbeat
from followups.enums import RuleCode, Step
from followups.events import FollowUpMissed
from followups.models import FollowUp
from followups.services import followup_remind_next, reminders
from followups.tasks import reconcile, remind_due
from notifications.enums import NoticeKind
from notifications.models import Notification
from opportunities.enums import EventKind
from opportunities.models import JourneyEvent, Opportunity
from staff.models import User
from tests.conftest import NOON, SHANGHAI
from tests.factories import FollowUpFactory, LeaveFactory, OpportunityFactory
from tests.journeys import sweep

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
DUE = datetime(2026, 11, 19, 18, 0, tzinfo=SHANGHAI)
DEADLINE = datetime(2026, 11, 20, 23, 59, 59, tzinfo=SHANGHAI)
AFTER = DEADLINE + timedelta(seconds=1)


@pytest.fixture
def row(people, noon):
    """A first callback, nothing else, at the bottom of its ladder."""
    return callback(people)


def callback(people, *, owner="owner", **fields):
    opportunity = OpportunityFactory(
        store=people.store,
        customer__store=people.store,
        owner=getattr(people, owner) if owner else None,
        registered_by=people.dcc,
        follow_up=False,
    )
    values = {"due_at": DUE, "deadline_at": DEADLINE, "remind_step": Step.SOON, "remind_at": DUE - timedelta(hours=1)}
    return FollowUpFactory(opportunity=opportunity, rule_code=RuleCode.FIRST_CALLBACK, **values | fields)


def sweep_at(moment, limit=100) -> list[tuple[str, str]]:
    """Run the sweep at a moment; returns who heard what, in order."""
    last = Notification.objects.order_by("-id").first()
    with clock.travel(moment):
        sweep(limit)
    told = Notification.objects.filter(pk__gt=last.pk if last else 0).order_by("id")
    return [(notice.recipient.employee_number, notice.kind.removeprefix("follow_up_")) for notice in told]


def missed(row) -> list[str]:
    subject = f"followups.FollowUp:{row.pk}"
    return list(
        JourneyEvent.objects.filter(kind=EventKind.FOLLOW_UP_MISSED, subject=subject).values_list(
            "data__excused", flat=True
        )
    )


def test_the_ladder_goes_step_by_step(people, row):
    heard = [
        sweep_at(DUE - timedelta(hours=1, seconds=1)),
        sweep_at(DUE - timedelta(hours=1)),
        sweep_at(DUE - timedelta(seconds=1)),
        sweep_at(DUE),
        sweep_at(DEADLINE),
        sweep_at(AFTER),
        sweep_at(AFTER + timedelta(minutes=59, seconds=59)),
        sweep_at(AFTER + timedelta(minutes=60)),
        sweep_at(AFTER + 30 * DAY),
    ]

    assert heard == [
        [],
        [("owner", "soon")],
        [],
        [("owner", "due")],
        [],
        [("owner", "overdue")],
        [],
        [("supervisor", "escalated")],
        [],
    ]
    row.refresh_from_db()
    assert (row.remind_step, row.remind_at, row.state) == (Step.NONE, None, "pending")


def test_each_step_replaces_the_line_before_it(people, row):
    for moment in (DUE - timedelta(hours=1), DUE, AFTER, AFTER + timedelta(hours=1)):
        sweep_at(moment)

    open_lines = Notification.objects.filter(done_at=None).order_by("id")
    assert [(line.recipient, line.kind) for line in open_lines] == [
        (people.owner, NoticeKind.FOLLOW_UP_OVERDUE),
        (people.supervisor, NoticeKind.FOLLOW_UP_ESCALATED),
    ]
    assert open_lines[0].dedupe_key == f"followups.FollowUp:{row.pk}:1:overdue"
    assert open_lines[0].data["customer"] == row.customer.name
    assert open_lines[0].url == f"/opportunities/{row.opportunity_id}/"


def test_a_miss_is_logged_and_told_to_the_apps_above_once(people, row):
    heard: list[FollowUpMissed] = []
    with events.isolated_registry(is_empty=False):
        events.on(FollowUpMissed)(heard.append)
        sweep_at(DUE)
        sweep_at(AFTER)
        sweep_at(AFTER + DAY)

    row.refresh_from_db()
    assert (row.missed_at, row.excused, row.due_notified_at) == (DEADLINE, "", DUE)
    assert missed(row) == [""]
    assert [(event.follow_up_id, event.assignee_id, event.excused) for event in heard] == [
        (row.pk, people.owner.pk, "")
    ]


def test_a_late_sweep_collapses_soon_into_due_and_excuses_the_person(people, row):
    assert sweep_at(AFTER + 2 * DAY) == [("owner", "due"), ("owner", "overdue"), ("supervisor", "escalated")]

    assert missed(row) == ["system"]


def test_an_outage_before_the_deadline_leaves_one_reminder(people, row):
    assert sweep_at(DUE + timedelta(hours=2)) == [("owner", "due")]


@pytest.mark.parametrize(("reminded_at", "excused"), [(DEADLINE, ""), (AFTER, "system")])
def test_a_reminder_after_the_deadline_excuses(people, row, reminded_at, excused):
    sweep_at(reminded_at)
    sweep_at(AFTER)

    assert missed(row) == [excused]


@pytest.mark.req("R-077")
def test_a_message_that_is_due_at_midnight_counts_when_the_early_reminder_came(people, noon):
    midnight = clock.end_of_day(date(2026, 11, 17))
    row = callback(people, due_at=midnight, deadline_at=midnight, remind_at=midnight - timedelta(hours=1))

    sweep_at(midnight - timedelta(minutes=59))
    sweep_at(midnight + timedelta(seconds=10))

    assert missed(row) == [""]


# ---- leave, stand-in, nobody --------------------------------------------------------------------------------------


def away(person, start, end, stand_in=None):
    return LeaveFactory(user=person, starts_at=start, ends_at=end, stand_in=stand_in)


def test_during_a_leave_the_stand_in_hears_and_the_miss_is_excused(people, row):
    away(people.owner, NOON, AFTER + DAY, people.colleague)

    assert sweep_at(DUE) == [("colleague", "due")]
    assert sweep_at(AFTER) == [("colleague", "overdue")]
    assert missed(row) == ["leave"]
    assert sweep_at(AFTER + timedelta(hours=1)) == [("supervisor", "escalated")]


def test_a_leave_that_ends_at_midnight_excuses_the_deadline_of_its_last_day(people, row):
    away(people.owner, NOON, AFTER)

    assert sweep_at(DUE) == [("supervisor", "due")]
    assert sweep_at(AFTER + timedelta(seconds=5)) == [("owner", "overdue")]
    assert missed(row) == ["leave"]


def test_a_leave_that_begins_after_the_deadline_excuses_nothing(people, row):
    away(people.owner, AFTER, AFTER + DAY)

    sweep_at(DUE)
    sweep_at(AFTER)

    assert missed(row) == [""]


def test_who_was_away_when_the_reminder_came_is_excused(people, row):
    away(people.owner, NOON, DUE + timedelta(hours=1), people.colleague)

    sweep_at(DUE)
    sweep_at(AFTER)

    assert missed(row) == ["leave"]


def test_a_stand_in_who_is_away_as_well_passes_it_to_the_supervisor(people, row):
    away(people.owner, NOON, AFTER, people.colleague)
    away(people.colleague, NOON, AFTER)

    assert sweep_at(DUE) == [("supervisor", "due")]


def test_a_stand_in_who_left_passes_it_to_the_supervisor(people, row):
    away(people.owner, NOON, AFTER, people.colleague)
    User.objects.filter(pk=people.colleague.pk).update(is_active=False)

    assert sweep_at(DUE) == [("supervisor", "due")]


@pytest.mark.req("D-27")
@pytest.mark.parametrize("why", ["none", "left", "away", "self"])
def test_without_a_supervisor_on_duty_the_sales_manager_hears(people, row, why):
    if why == "none":
        people.team.supervisor = None
        people.team.save()
    elif why == "left":
        User.objects.filter(pk=people.supervisor.pk).update(is_active=False)
    elif why == "away":
        away(people.supervisor, NOON, AFTER + DAY)
    else:
        people.team.supervisor = people.owner
        people.team.save()

    assert sweep_at(AFTER + timedelta(hours=1))[-1] == ("manager", "escalated")


def test_without_a_sales_manager_the_general_manager_hears(people, row):
    User.objects.filter(pk__in=[people.supervisor.pk, people.manager.pk]).update(is_active=False)

    assert sweep_at(AFTER + timedelta(hours=1))[-1] == ("general_manager", "escalated")


def test_with_nobody_at_all_the_ladder_goes_on(people, row):
    User.objects.filter(store=people.store).exclude(pk=people.administrator.pk).update(is_active=False)

    assert sweep_at(AFTER + timedelta(hours=1)) == []

    row.refresh_from_db()
    assert row.remind_at is None
    assert missed(row) == ["unassigned"]


def test_unassigned_is_the_registrars_and_excused(people, noon):
    row = callback(people, owner=None)

    assert sweep_at(DUE) == [("dcc", "due")]
    assert sweep_at(AFTER) == [("dcc", "overdue")]
    assert sweep_at(AFTER + timedelta(hours=1)) == [("manager", "escalated")]
    assert missed(row) == ["unassigned"]


@pytest.mark.parametrize("has_registrar", [True, False])
def test_unassigned_without_a_registrar_is_the_managers(people, noon, has_registrar):
    row = callback(people, owner=None)
    User.objects.filter(pk=people.dcc.pk).update(is_active=False)
    if not has_registrar:
        Opportunity.objects.filter(pk=row.opportunity_id).update(registered_by=None)

    assert sweep_at(DUE) == [("manager", "due")]


def test_the_customers_of_somebody_who_left_are_the_leaders(people, row):
    User.objects.filter(pk=people.owner.pk).update(is_active=False)

    assert sweep_at(DUE) == [("supervisor", "due")]
    assert sweep_at(AFTER) == [("supervisor", "overdue")]
    assert missed(row) == ["unassigned"]


def test_the_owner_of_this_moment_hears(people, row):
    Opportunity.objects.filter(pk=row.opportunity_id).update(owner=people.rival)

    assert sweep_at(DUE) == [("rival", "due")]


def test_without_a_rule_the_steps_are_an_hour_apart(people, noon):
    row = callback(people, rule=None)
    sweep_at(DUE - timedelta(minutes=59))
    row.refresh_from_db()

    assert (row.remind_step, row.remind_at) == (Step.DUE, DUE)


# ---- rows that cannot be sent -----------------------------------------------------------------------------------


@pytest.fixture
def poison(monkeypatch):
    """The notification of one callback cannot be written."""
    broken: set[int] = set()
    write = reminders.notice_create

    def notice_create(**fields):
        if any(fields["subject"] == f"followups.FollowUp:{pk}" for pk in broken) and fields["kind"] != "reminder_dead":
            raise ValueError("poison")
        return write(**fields)

    monkeypatch.setattr(reminders, "notice_create", notice_create)
    return broken


def test_a_poisoned_row_rests_and_the_others_go_on(people, row, poison):
    others = [callback(people, due_at=DUE + timedelta(minutes=n)) for n in range(3)]
    poison.add(row.pk)

    assert sweep_at(DUE + timedelta(minutes=5)) == [("owner", "due")] * len(others)

    row.refresh_from_db()
    assert (row.attempts, row.last_error, row.remind_step) == (1, "ValueError: poison", Step.SOON)
    assert row.remind_at == DUE + timedelta(minutes=6)
    assert row.due_notified_at is None


def test_the_pauses_double_and_after_eight_tries_the_manager_hears_once(people, row, poison):
    poison.add(row.pk)
    now = DUE
    pauses = []
    for _try in range(8):
        sweep_at(now)
        row.refresh_from_db()
        if row.remind_at is not None:
            pauses.append((row.remind_at - now) // timedelta(minutes=1))
            now = row.remind_at

    assert pauses == [1, 2, 4, 8, 16, 32, 64]
    assert (row.attempts, row.remind_at) == (8, None)
    assert [notice.recipient for notice in Notification.objects.filter(kind=NoticeKind.REMINDER_DEAD)] == [
        people.manager
    ]
    assert sweep_at(now + 30 * DAY) == []


@pytest.mark.parametrize("code", ["57P01", "53100", "08006", None])
def test_an_outage_is_nobodys_failure(people, row, monkeypatch, code):
    """The session was ended from outside, or the disk is full: the row is still due and has not failed once."""

    class Outage(Exception):
        pgcode = code

    def cut(**fields):
        raise OperationalError("terminating connection") from Outage()

    monkeypatch.setattr(reminders, "notice_create", cut)
    with clock.travel(DUE), pytest.raises(OperationalError):
        followup_remind_next()

    kept = FollowUp.objects.get(pk=row.pk)
    assert (kept.attempts, kept.remind_at, kept.remind_step) == (0, row.remind_at, row.remind_step)


def test_a_reminder_does_not_wait_for_the_disk(people, row):
    """What a crash takes back is due again; everything else stays durable."""
    durable = "SELECT current_setting('synchronous_commit')"
    with connection.cursor() as cursor, clock.travel(DUE):
        cursor.execute("SET LOCAL synchronous_commit TO on")
        before = transaction.savepoint()
        followup_remind_next()
        cursor.execute(durable)
        during = cursor.fetchone()[0]
        transaction.savepoint_rollback(before)
        cursor.execute(durable)
        assert (during, cursor.fetchone()[0]) == ("off", "on")


def test_a_cured_row_goes_on_and_forgets_its_failures(people, row, poison):
    poison.add(row.pk)
    sweep_at(DUE)
    poison.clear()

    assert sweep_at(DUE + timedelta(minutes=1)) == [("owner", "due")]

    row.refresh_from_db()
    assert (row.attempts, row.last_error) == (0, "")


@pytest.mark.parametrize("is_manager_there", [True, False])
def test_a_row_that_not_even_the_manager_can_hear_of_rests_all_the_same(people, row, monkeypatch, is_manager_there):
    def refuse(**fields):
        raise ValueError("poison")

    monkeypatch.setattr(reminders, "notice_create", refuse)
    FollowUp.objects.filter(pk=row.pk).update(attempts=7)
    if not is_manager_there:
        User.objects.exclude(pk__in=[people.owner.pk, people.administrator.pk]).update(is_active=False)

    assert sweep_at(DUE) == []

    row.refresh_from_db()
    assert (row.attempts, row.remind_at) == (8, None)


def test_a_reminder_that_was_written_before_is_not_written_twice(people, row):
    sweep_at(DUE)
    FollowUp.objects.filter(pk=row.pk).update(remind_step=Step.DUE, remind_at=DUE)

    assert sweep_at(DUE + timedelta(minutes=1)) == []


# ---- tasks --------------------------------------------------------------------------------------------------------


def test_remind_due_reminds_each_due_callback_once_and_beats(people, row):
    callback(people, due_at=DUE + timedelta(minutes=1), remind_step=Step.DUE, remind_at=DUE + timedelta(minutes=1))
    with clock.travel(DUE):
        sent = [remind_due(), remind_due()]

    assert sent == [1, 0]
    assert Notification.objects.get().recipient == people.owner
    heartbeat = Heartbeat.objects.get(name="followups.remind_due")
    assert (heartbeat.beat_at, heartbeat.detail) == (DUE, {"sent": 0})


def test_remind_due_stops_at_its_limit(people, noon):
    for _n in range(3):
        callback(people)
    with clock.travel(DUE):
        assert [remind_due(limit=2), remind_due(limit=2)] == [2, 1]


def test_nothing_due_is_nothing_done(people, row):
    assert followup_remind_next() is False


def test_the_reconcile_task_beats(db, noon):
    assert [reconcile(), reconcile()] == [0, None]

    assert Heartbeat.objects.get(name="followups.reconcile").detail == {"repaired": None}
