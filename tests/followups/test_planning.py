"""Promises made, moved, handed over and ended."""

from datetime import date, datetime, time, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from core import clock
from core.errors import DomainError, LimitReached
from followups.enums import CancelReason, FollowUpState, RuleCode, Step, Trigger
from followups.models import FollowUp, FollowUpRule
from followups.services import (
    followup_reschedule,
    followups_cancel_all,
    followups_follow_level,
    followups_plan,
    followups_reassign,
    message_plan_again,
)
from notifications.models import Notification
from opportunities.enums import EventKind
from opportunities.models import JourneyEvent, Opportunity
from opportunities.services import level_set, opportunity_assign, opportunity_returned
from tests.conftest import NOON, SHANGHAI
from tests.factories import FollowUpFactory, LeaveFactory, OpportunityFactory, UserFactory
from tests.journeys import callbacks, open_one, record, sweep
from tests.rules import bend

pytestmark = pytest.mark.django_db
FIRST_DUE = datetime(2026, 11, 19, 18, 0, tzinfo=SHANGHAI)


def state_of(row: FollowUp) -> dict[str, object]:
    return FollowUp.objects.filter(pk=row.pk).values().get()


@pytest.mark.req("R-070", "R-071", "R-077", "D-01")
def test_opening_promises_a_message_today_and_two_callbacks(people, noon):
    opportunity = open_one(people)

    rows = callbacks(opportunity)
    assert {code: (row.due_on, row.channel, row.assignee, row.state) for code, row in rows.items()} == {
        RuleCode.SAME_DAY_SMS: (date(2026, 11, 17), "sms", people.owner, "pending"),
        RuleCode.FIRST_CALLBACK: (date(2026, 11, 19), "phone", people.owner, "pending"),
        RuleCode.SECOND_CALLBACK: (date(2026, 11, 24), "phone", people.owner, "pending"),
    }
    assert all(row.rule is not None and row.rule.code == code for code, row in rows.items())
    assert opportunity.next_action_at == clock.at_time(date(2026, 11, 17), time(18))
    assert opportunity.next_action_label == RuleCode.SAME_DAY_SMS


def test_planning_the_same_trigger_again_changes_nothing(people, noon):
    opportunity = open_one(people)
    before = list(FollowUp.objects.values().order_by("pk"))

    followups_plan(opportunity_id=opportunity.pk, trigger=Trigger.OPENED, at=noon + timedelta(days=1))

    assert list(FollowUp.objects.values().order_by("pk")) == before


def test_without_any_rule_in_force_nothing_is_opened(people, noon):
    bend(is_active=False)

    with pytest.raises(DomainError) as refused:
        open_one(people)

    assert refused.value.code == "no_rules"
    assert not Opportunity.objects.exists()


@pytest.mark.parametrize("has_cadence", [True, False])
def test_without_a_rule_for_new_customers_there_is_a_next_action_all_the_same(people, noon, has_cadence):
    rules = FollowUpRule.objects.filter(trigger=Trigger.OPENED)
    bend(rules if has_cadence else FollowUpRule.objects.exclude(code=RuleCode.MANUAL), is_active=False)

    opportunity = open_one(people)

    row = FollowUp.objects.get(opportunity=opportunity)
    assert (row.rule_code, row.due_on) == (RuleCode.CADENCE, date(2026, 11, 24) if has_cadence else noon.date())


@pytest.mark.req("R-341", "R-342")
def test_delivery_promises_three_care_callbacks(people, noon):
    opportunity = open_one(people)

    assert followups_plan(opportunity_id=opportunity.pk, trigger=Trigger.DELIVERED, at=noon) == 3

    rows = callbacks(opportunity)
    assert rows[RuleCode.DELIVERY_24H].due_at == noon + timedelta(
        hours=21
    )  # 20 hours later it is 08:00: too early to call
    assert rows[RuleCode.DELIVERY_24H].deadline_at == noon + timedelta(hours=24)
    assert rows[RuleCode.DELIVERY_WEEK].due_on == date(2026, 11, 24)
    assert rows[RuleCode.DELIVERY_MONTH].due_on == date(2026, 12, 17)


@pytest.mark.req("R-077")
def test_a_customer_who_returns_another_day_gets_a_message_again(people, noon):
    opportunity = open_one(people)
    with clock.travel(noon + timedelta(days=5)):
        opportunity_returned(opportunity_id=opportunity.pk, occurred_at=clock.now(), by=people.dcc)

    rows = FollowUp.objects.filter(rule_code=RuleCode.SAME_DAY_SMS).order_by("occurrence")
    assert [(row.occurrence, row.due_on) for row in rows] == [(1, date(2026, 11, 17)), (2, date(2026, 11, 22))]


def test_a_customer_who_returns_the_same_day_keeps_the_one_message(people, noon):
    opportunity = open_one(people)

    assert message_plan_again(opportunity_id=opportunity.pk, at=noon + timedelta(hours=2)) is None

    assert FollowUp.objects.filter(rule_code=RuleCode.SAME_DAY_SMS).count() == 1


def test_a_closed_opportunity_gets_no_message(people, noon):
    opportunity = OpportunityFactory(outcome="lost", closed_at=noon)

    assert message_plan_again(opportunity_id=opportunity.pk, at=noon) is None

    assert not FollowUp.objects.filter(opportunity=opportunity).exists()


# ---- moving ------------------------------------------------------------------------------------------------


@pytest.fixture
def first(people, noon):
    return callbacks(open_one(people))[RuleCode.FIRST_CALLBACK]


def reschedule(row, by, **changes):
    values = {"due_at": NOON + timedelta(days=4), "reason": "客户出差"} | changes
    return followup_reschedule(followup_id=row.pk, by=by, **values)


def test_moving_gives_another_time_and_a_fresh_ladder(people, first):
    moved = reschedule(first, people.owner)

    assert (moved.due_at, moved.moved_times, moved.generation) == (NOON + timedelta(days=4), 1, 2)
    assert moved.original_due_at == FIRST_DUE
    assert moved.deadline_at == clock.end_of_day(date(2026, 11, 21))
    assert (moved.remind_step, moved.remind_at) == (Step.SOON, NOON + timedelta(days=4, hours=-1))
    event = JourneyEvent.objects.get(kind=EventKind.FOLLOW_UP_MOVED)
    assert (event.actor, event.data["reason"]) == (people.owner, "客户出差")


def test_moving_to_an_earlier_time_keeps_the_deadline(people, first):
    moved = reschedule(first, people.owner, due_at=NOON + timedelta(days=1))

    assert moved.deadline_at == first.deadline_at
    first.opportunity.refresh_from_db()
    assert first.opportunity.next_action_label == RuleCode.SAME_DAY_SMS


def test_moving_takes_the_old_reminder_out_of_the_inbox(people, first):
    with clock.travel(FIRST_DUE):
        sweep()
        reschedule(first, people.owner, due_at=FIRST_DUE + timedelta(hours=2))

    assert Notification.objects.get(subject=f"followups.FollowUp:{first.pk}").done_at is not None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reason": " \u200b"}, "reason"),
        ({"due_at": NOON}, "due_at"),
        ({"due_at": NOON - timedelta(days=1)}, "due_at"),
    ],
)
def test_a_move_needs_a_reason_and_a_time_ahead(people, first, changes, field):
    before = state_of(first)

    with pytest.raises(DomainError) as refused:
        reschedule(first, people.owner, **changes)

    assert refused.value.field == field
    assert state_of(first) == before


@pytest.mark.parametrize(("last", "is_allowed"), [("2026-11-26 23:59:59", True), ("2026-11-27 00:00:00", False)])
def test_a_callback_moves_at_most_seven_days_from_its_first_date(people, first, last, is_allowed):
    due_at = datetime.fromisoformat(last).replace(tzinfo=SHANGHAI)

    if is_allowed:
        assert reschedule(first, people.owner, due_at=due_at).due_at == due_at
    else:
        with pytest.raises(LimitReached):
            reschedule(first, people.owner, due_at=due_at)
        first.refresh_from_db()
        assert (first.due_at, first.moved_times) == (FIRST_DUE, 0)


def test_long_overdue_it_moves_to_tomorrow_at_the_latest(people, first):
    with clock.travel(NOON + timedelta(days=30)):
        with pytest.raises(LimitReached):
            reschedule(first, people.owner, due_at=clock.now() + timedelta(days=2))
        moved = reschedule(first, people.owner, due_at=clock.now() + timedelta(days=1))

    assert moved.moved_times == 1
    assert moved.missed_at == first.deadline_at  # what was missed before stays missed


def test_a_callback_moves_twice_and_no_more(people, first):
    for day in (4, 5):
        reschedule(first, people.owner, due_at=NOON + timedelta(days=day))

    with pytest.raises(LimitReached) as refused:
        reschedule(first, people.owner, due_at=NOON + timedelta(days=6))

    assert refused.value.field == "due_at"
    assert state_of(first)["moved_times"] == 2


@pytest.mark.req("R-077")
@pytest.mark.parametrize(("hours", "is_allowed"), [(9, True), (13, False)])
def test_the_same_day_message_moves_within_its_day_only(people, noon, hours, is_allowed):
    message = callbacks(open_one(people))[RuleCode.SAME_DAY_SMS]

    if is_allowed:
        assert reschedule(message, people.owner, due_at=noon + timedelta(hours=hours)).moved_times == 1
    else:
        with pytest.raises(LimitReached):
            reschedule(message, people.owner, due_at=noon + timedelta(hours=hours))
        assert state_of(message)["moved_times"] == 0


def test_what_is_done_is_not_moved(people, first):
    record(first.opportunity, people.owner, task=first)

    with pytest.raises(DomainError) as refused:
        reschedule(first, people.owner)

    assert refused.value.code == "done"


@pytest.mark.parametrize("who", ["colleague", "rival", "stranger", "finance"])
def test_nobody_else_moves_it(people, first, who):
    before = state_of(first)

    with pytest.raises(PermissionDenied):
        reschedule(first, getattr(people, who))

    assert state_of(first) == before


@pytest.mark.parametrize("who", ["owner", "dcc", "supervisor", "manager", "general_manager"])
def test_owner_registrar_and_leaders_move_it(people, first, who):
    assert reschedule(first, getattr(people, who)).moved_times == 1


def test_a_stand_in_moves_it_during_the_leave_only(people, first):
    LeaveFactory(user=people.owner, stand_in=people.colleague)

    assert reschedule(first, people.colleague).moved_times == 1

    with clock.travel(NOON + timedelta(days=2)), pytest.raises(PermissionDenied):
        reschedule(first, people.colleague, due_at=NOON + timedelta(days=5))


def test_somebody_who_may_only_look_does_not_move_it(people, first):
    reader = UserFactory(store=people.store, roles=["finance"], scope_override="store")

    with pytest.raises(PermissionDenied):
        reschedule(first, reader)


def test_an_unknown_callback_is_nobodys(people, noon):
    with pytest.raises(PermissionDenied):
        followup_reschedule(followup_id=0, due_at=NOON + timedelta(days=1), reason="x", by=people.owner)


# ---- handing over, closing, levels ----------------------------------------------------------------------------


def test_callbacks_follow_the_owner_and_remind_again(people, noon):
    opportunity = open_one(people)
    first = callbacks(opportunity)[RuleCode.FIRST_CALLBACK]
    with clock.travel(FIRST_DUE + timedelta(minutes=5)):
        sweep()
        opportunity_assign(
            opportunity_id=opportunity.pk, owner_id=people.colleague.pk, by=people.supervisor, reason="调班"
        )
        sweep()

    rows = callbacks(opportunity)
    assert {row.assignee for row in rows.values()} == {people.colleague}
    told = Notification.objects.filter(subject=f"followups.FollowUp:{first.pk}").order_by("id")
    assert [(row.recipient, row.kind, row.done_at is None) for row in told] == [
        (people.owner, "follow_up_due", False),
        (people.colleague, "follow_up_due", True),
    ]
    assert rows[RuleCode.FIRST_CALLBACK].due_notified_at == FIRST_DUE + timedelta(minutes=5)


def test_a_miss_stays_where_it_was_when_the_owner_changes(people, noon):
    opportunity = open_one(people)
    with clock.travel(NOON + timedelta(days=4)):
        sweep()
        before = callbacks(opportunity)[RuleCode.FIRST_CALLBACK]
        followups_reassign(opportunity_id=opportunity.pk, owner_id=people.colleague.pk)
        after = callbacks(opportunity)[RuleCode.FIRST_CALLBACK]

    assert before.missed_at is not None
    assert (after.missed_at, after.generation, after.assignee) == (before.missed_at, 1, people.colleague)


def test_a_miss_that_the_sweep_had_not_seen_belongs_to_the_previous_owner(people, noon):
    opportunity = open_one(people)
    with clock.travel(FIRST_DUE + timedelta(minutes=5)):
        sweep()  # the owner was reminded in time

    with clock.travel(NOON + timedelta(days=4)):
        opportunity_assign(
            opportunity_id=opportunity.pk, owner_id=people.colleague.pk, by=people.supervisor, reason="调班"
        )
        sweep()

    first = callbacks(opportunity)[RuleCode.FIRST_CALLBACK]
    missed = opportunity.journey.filter(kind="follow_up_missed", subject=f"followups.FollowUp:{first.pk}").get()
    assert (missed.owner, missed.data["excused"]) == (people.owner, "")
    assert (first.missed_at, first.assignee) == (clock.end_of_day(date(2026, 11, 20)), people.colleague)


def test_closing_ends_the_callbacks_and_keeps_the_miss(people, noon):
    opportunity = open_one(people)
    with clock.travel(NOON + timedelta(days=4)):
        Opportunity.objects.filter(pk=opportunity.pk).update(outcome="lost", closed_at=clock.now())
        assert followups_cancel_all(opportunity_id=opportunity.pk) == 3

    rows = callbacks(opportunity)
    assert {row.state for row in rows.values()} == {FollowUpState.CANCELLED}
    assert {row.cancel_reason for row in rows.values()} == {CancelReason.CLOSED}
    assert {row.remind_at for row in rows.values()} == {None}
    assert rows[RuleCode.FIRST_CALLBACK].missed_at == clock.end_of_day(date(2026, 11, 20))
    assert rows[RuleCode.SECOND_CALLBACK].missed_at is None
    opportunity.refresh_from_db()
    assert (opportunity.next_action_at, opportunity.next_action_label) == (None, "")


def regular(people, **fields):
    opportunity = OpportunityFactory(
        store=people.store, customer__store=people.store, owner=people.owner, follow_up=False, level="B"
    )
    return FollowUpFactory(
        opportunity=opportunity, rule_code=RuleCode.CADENCE, due_at=NOON + timedelta(days=5), **fields
    )


@pytest.mark.req("R-071")
def test_a_hotter_customer_is_called_sooner(people, noon):
    row = regular(people)

    assert level_set(opportunity_id=row.opportunity_id, level="H", by=people.owner) == "set"

    row.refresh_from_db()
    assert row.due_at == FIRST_DUE  # in two days
    assert row.rule.level == "H"
    row.opportunity.refresh_from_db()
    assert row.opportunity.next_action_at == FIRST_DUE


@pytest.mark.parametrize(("level", "days"), [("C", 15), ("A", 5)])
def test_a_colder_customer_is_called_later_and_a_hotter_one_never_later(people, noon, level, days):
    row = regular(people)

    level_set(opportunity_id=row.opportunity_id, level=level, by=people.supervisor)

    row.refresh_from_db()
    expected = NOON + timedelta(days=5) if level == "A" else clock.at_time(date(2026, 12, 2), time(18))
    assert row.due_at == expected


@pytest.mark.parametrize("fields", [{"rule_code": RuleCode.MANUAL}, {"due_at": NOON + timedelta(hours=1)}])
def test_agreed_times_and_what_is_due_today_do_not_follow_the_level(people, noon, fields):
    row = regular(people)
    FollowUp.objects.filter(pk=row.pk).update(**{"due_on": noon.date()} | fields if "due_at" in fields else fields)
    before = state_of(row)

    level_set(opportunity_id=row.opportunity_id, level="H", by=people.owner)

    assert state_of(row) == before


def test_without_a_cadence_rule_the_level_moves_nothing(people, noon):
    row = regular(people)
    bend(FollowUpRule.objects.filter(code=RuleCode.CADENCE), is_active=False)

    assert followups_follow_level(opportunity_id=row.opportunity_id, previous_level="B", level="H") == 0


def test_travelling_is_over_after_the_tests(people):
    assert abs(clock.now() - timezone.now()) < timedelta(seconds=5)
