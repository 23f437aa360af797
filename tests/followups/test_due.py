"""When a callback is due and late: pure functions, shown for every moment."""

from datetime import date, datetime, time, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import clock
from core.business_calendar import clamp_to_contact_hours
from followups.defaults import RULES
from followups.enums import DueRule, Step
from followups.models import FollowUp, FollowUpRule
from followups.services.due import arm, due_agreed, due_by_rule, step_times, suggested_moment
from staff.models import Store
from tests.conftest import SHANGHAI

STORE = Store(contact_from=time(9), contact_until=time(20))
MIDNIGHTS = [datetime(2026, 11, 17), datetime(2026, 12, 31), datetime(2027, 2, 28), datetime(2028, 2, 28)]  # noqa: DTZ001
moments = st.datetimes(datetime(2026, 1, 1), datetime(2032, 1, 1), timezones=st.just(SHANGHAI))  # noqa: DTZ001
near_midnight = st.builds(
    lambda day, seconds: day.replace(tzinfo=SHANGHAI) + timedelta(days=1, seconds=seconds),
    st.sampled_from(MIDNIGHTS),
    st.floats(-3, 3),
)
any_moment = moments | near_midnight


def rule(code: str, level: str = "") -> FollowUpRule:
    found = next(row for row in RULES if row["code"] == code and row["level"] == level)
    fields = {"due_rule": DueRule.DAYS, **found, "channels": [found.get("channel", "phone")]}
    fields.pop("channel", None)
    return FollowUpRule(**fields)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.req("R-077", "D-01")
@pytest.mark.parametrize(
    ("begun", "due"),
    [
        ("2026-11-17 00:00:00", "2026-11-17 18:00:00"),
        ("2026-11-17 17:59:59", "2026-11-17 18:00:00"),
        ("2026-11-17 18:00:00", "2026-11-17 23:59:59"),
        ("2026-11-17 23:59:58", "2026-11-17 23:59:59"),
    ],
)
def test_the_message_is_due_on_the_same_day(begun, due):
    planned = due_by_rule(rule("same_day_sms"), at=at(begun), store=STORE)

    assert (planned.due_at, planned.deadline_at) == (at(due), at("2026-11-17 23:59:59"))


@pytest.mark.req("R-070", "R-071", "D-01")
@pytest.mark.parametrize(
    ("code", "due", "late_after"),
    [("first_callback", 2, 3), ("second_callback", 7, 7)],
)
@pytest.mark.parametrize(
    "begun", ["2026-11-17 00:00:00", "2026-11-17 23:59:59", "2026-12-31 12:00", "2028-02-27 23:00"]
)
def test_the_first_callbacks_count_calendar_days(code, due, late_after, begun):
    planned = due_by_rule(rule(code), at=at(begun), store=STORE)

    day = at(begun).date()
    assert planned.due_on == day + timedelta(days=due)
    assert planned.due_at == clock.at_time(planned.due_on, time(18))
    assert planned.deadline_at == clock.end_of_day(day + timedelta(days=late_after))


@pytest.mark.req("R-071")
@pytest.mark.parametrize(
    ("level", "due", "late_after"), [("H", 2, 3), ("A", 5, 7), ("B", 7, 10), ("C", 15, 20), ("N", 30, 40)]
)
def test_the_cadence_follows_the_level(level, due, late_after):
    planned = due_by_rule(rule("cadence", level), at=at("2026-11-17 09:30"), store=STORE)

    assert planned.due_on == date(2026, 11, 17) + timedelta(days=due)
    assert planned.deadline_at == clock.end_of_day(date(2026, 11, 17) + timedelta(days=late_after))


@pytest.mark.parametrize(
    ("begun", "due", "late_after"),
    [
        ("2026-11-17 10:00", "2026-11-17 12:00", "2026-11-18 10:00"),
        ("2026-11-17 18:00", "2026-11-17 20:00", "2026-11-18 18:00"),
        ("2026-11-17 18:01", "2026-11-18 09:00", "2026-11-18 18:01"),
        ("2026-11-17 23:00", "2026-11-18 09:00", "2026-11-18 23:00"),
    ],
)
def test_hours_are_elapsed_hours_within_contact_hours(begun, due, late_after):
    planned = due_by_rule(rule("retry"), at=at(begun), store=STORE)

    assert (planned.due_at, planned.deadline_at) == (at(due), at(late_after))


@given(any_moment, st.sampled_from([(row["code"], row["level"]) for row in RULES]))
@settings(max_examples=200, derandomize=True)
def test_every_rule_gives_a_due_time_ahead_and_a_deadline_behind_it(moment, key):
    planned = due_by_rule(rule(*key), at=moment, store=STORE)

    assert moment.replace(microsecond=0) <= planned.due_at <= planned.deadline_at  # a day ends with its last second
    assert planned.due_on == planned.due_at.astimezone(SHANGHAI).date()


@given(any_moment, st.sampled_from(["first_callback", "second_callback", "delivery_week", "delivery_month"]))
@settings(max_examples=200, derandomize=True)
def test_day_rules_end_with_a_local_day_whatever_the_time_of_day(moment, code):
    used = rule(code)
    planned = due_by_rule(used, at=moment, store=STORE)

    assert planned.due_on == clock.local_date(moment) + timedelta(days=used.due_after)
    assert clock.local_date(planned.deadline_at) == clock.local_date(moment) + timedelta(days=used.overdue_after)
    assert clock.local_date(planned.deadline_at + timedelta(seconds=1)) > clock.local_date(planned.deadline_at)


@given(any_moment)
@settings(max_examples=100, derandomize=True)
def test_hours_rules_stay_within_contact_hours(moment):
    planned = due_by_rule(rule("delivery_24h"), at=moment, store=STORE)

    assert planned.due_at == clamp_to_contact_hours(moment + timedelta(hours=20))
    assert planned.deadline_at == max(planned.due_at, moment + timedelta(hours=24))


def test_an_agreed_time_is_late_after_its_day():
    planned = due_agreed(at("2026-11-17 15:20"))

    assert (planned.due_at, planned.deadline_at) == (at("2026-11-17 15:20"), at("2026-11-17 23:59:59"))


@pytest.mark.parametrize(
    ("limit", "late_after"),
    [("2026-11-20 23:59:59", "2026-11-20 23:59:59"), ("2026-11-16 23:59:59", "2026-11-17 23:59:59")],
)
def test_an_agreed_time_never_shortens_the_time_that_was_promised(limit, late_after):
    assert due_agreed(at("2026-11-17 15:20"), deadline=at(limit)).deadline_at == at(late_after)


@pytest.mark.parametrize(
    ("preferred", "moment"),
    [
        ("", "2026-11-19 10:00"),
        ("morning", "2026-11-19 10:00"),
        ("afternoon", "2026-11-19 15:30"),
        ("evening", "2026-11-19 18:30"),
    ],
)
def test_the_suggested_moment_is_the_slot_that_the_customer_likes(preferred, moment):
    planned = due_by_rule(rule("first_callback"), at=at("2026-11-17 12:00"), store=STORE)

    assert suggested_moment(planned, preferred=preferred, store=STORE) == at(moment)


def ladder(due: str, deadline: str) -> FollowUp:
    return FollowUp(due_at=at(due), deadline_at=at(deadline))


def test_the_ladder_has_four_steps():
    times = step_times(ladder("2026-11-19 18:00", "2026-11-20 23:59:59"), before_min=60, escalate_min=90)

    assert times == {
        Step.SOON: at("2026-11-19 17:00"),
        Step.DUE: at("2026-11-19 18:00"),
        Step.OVERDUE: at("2026-11-21 00:00"),
        Step.ESCALATE: at("2026-11-21 01:30"),
    }


@pytest.mark.parametrize(
    ("now", "step", "when"),
    [
        ("2026-11-19 16:59:59", Step.SOON, "2026-11-19 17:00"),
        ("2026-11-19 17:00", Step.DUE, "2026-11-19 18:00"),
        ("2026-11-19 18:00", Step.OVERDUE, "2026-11-21 00:00"),
        ("2026-11-25 12:00", Step.OVERDUE, "2026-11-21 00:00"),
    ],
)
def test_the_ladder_begins_with_the_first_step_ahead(now, step, when):
    row = ladder("2026-11-19 18:00", "2026-11-20 23:59:59")

    arm(row, now=at(now), before_min=60, escalate_min=60)

    assert SimpleNamespace(step=row.remind_step, at=row.remind_at) == SimpleNamespace(step=step, at=at(when))
