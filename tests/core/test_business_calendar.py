from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import clock
from core.business_calendar import (
    DayStatus,
    add_days,
    add_workdays,
    clamp_to_contact_hours,
    day_status,
    is_workday,
    next_workday,
    previous_workday,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")

days = st.dates(date(2004, 1, 1), date(2035, 12, 31))
moments = st.datetimes(datetime(2004, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- bounds


@pytest.mark.parametrize(
    ("day", "is_working"),
    [
        (date(2026, 2, 13), True),  # Friday before Spring Festival
        (date(2026, 2, 14), True),  # make-up Saturday
        (date(2026, 2, 17), False),
        (date(2026, 2, 23), False),
        (date(2026, 2, 28), True),  # make-up Saturday
        (date(2026, 10, 1), False),
        (date(2026, 10, 10), True),  # make-up Saturday
        (date(2026, 11, 21), False),  # ordinary Saturday
        (date(2025, 9, 28), True),  # make-up Sunday
    ],
)
def test_is_workday_knows_holidays_and_make_up_days(day, is_working):
    assert is_workday(day) == is_working
    assert not day_status(day).is_estimated


def test_is_workday_of_an_unpublished_year_is_the_weekday_rule_and_says_so():
    assert day_status(date(2031, 10, 1)) == DayStatus(is_workday=True, is_estimated=True)
    assert day_status(date(2031, 10, 4)) == DayStatus(is_workday=False, is_estimated=True)


def test_is_workday_lets_the_own_calendar_win():
    overrides = {date(2031, 10, 1): False, date(2026, 10, 1): True}

    assert day_status(date(2031, 10, 1), overrides) == DayStatus(is_workday=False)
    assert is_workday(date(2026, 10, 1), overrides)


def test_next_and_previous_workday_jump_over_the_holiday():
    assert next_workday(date(2026, 2, 14)) == date(2026, 2, 24)
    assert previous_workday(date(2026, 2, 24)) == date(2026, 2, 14)
    assert next_workday(date(2026, 9, 30)) == date(2026, 10, 8)


def test_next_workday_gives_up_when_the_own_calendar_is_nonsense():
    closed = {date(2026, 1, 1) + timedelta(days=n): False for n in range(400)}

    with pytest.raises(LookupError, match="2026-01-01"):
        next_workday(date(2026, 1, 1), closed)


@given(days)
def test_next_workday_is_the_nearest_one(day):
    following = next_workday(day)

    assert is_workday(following)
    assert not any(is_workday(day + timedelta(days=n)) for n in range(1, (following - day).days))


@given(days, st.integers(-40, 40))
def test_add_workdays_counts_workdays(day, count):
    end = add_workdays(day, count)

    low, high = (day + timedelta(days=1), end) if count > 0 else (end, day - timedelta(days=1))
    counted = sum(is_workday(low + timedelta(days=n)) for n in range((high - low).days + 1))
    assert counted == abs(count)
    assert count == 0 or is_workday(end)


@pytest.mark.parametrize(
    ("day", "count", "end"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 1)),
        (date(2028, 2, 28), 1, date(2028, 2, 29)),
        (date(2028, 2, 29), 365, date(2029, 2, 28)),
        (date(2026, 12, 31), 1, date(2027, 1, 1)),
        (date(2026, 3, 1), -1, date(2026, 2, 28)),
    ],
)
def test_add_days_crosses_month_ends(day, count, end):
    assert add_days(day, count) == end


@given(days, st.integers(-3000, 3000))
def test_add_days_can_be_undone(day, count):
    assert add_days(add_days(day, count), -count) == day
    assert (add_days(day, count) - day).days == count


@pytest.mark.parametrize(
    ("moment", "allowed"),
    [
        (datetime(2026, 11, 20, 8, 59, 59), datetime(2026, 11, 20, 9)),  # noqa: DTZ001 -- made aware below
        (datetime(2026, 11, 20, 9), datetime(2026, 11, 20, 9)),  # noqa: DTZ001
        (datetime(2026, 11, 20, 13, 7), datetime(2026, 11, 20, 13, 7)),  # noqa: DTZ001
        (datetime(2026, 11, 20, 20), datetime(2026, 11, 20, 20)),  # noqa: DTZ001
        (datetime(2026, 11, 20, 20, 0, 1), datetime(2026, 11, 21, 9)),  # noqa: DTZ001
        (datetime(2026, 11, 30, 23, 59, 59), datetime(2026, 12, 1, 9)),  # noqa: DTZ001
        (datetime(2028, 2, 28, 22), datetime(2028, 2, 29, 9)),  # noqa: DTZ001
        (datetime(2026, 12, 31, 0, 0), datetime(2026, 12, 31, 9)),  # noqa: DTZ001
    ],
)
def test_clamp_to_contact_hours_moves_forward(moment, allowed):
    assert clamp_to_contact_hours(moment.replace(tzinfo=SHANGHAI)) == allowed.replace(tzinfo=SHANGHAI)


@given(moments)
def test_clamp_to_contact_hours_is_never_early_and_always_allowed(moment):
    allowed = clamp_to_contact_hours(moment)
    wall = allowed.astimezone(SHANGHAI)

    assert timedelta(0) <= allowed - moment <= timedelta(hours=13)
    assert time(9) <= wall.time() <= time(20)
    assert clamp_to_contact_hours(allowed) == allowed
    assert clock.local_date(allowed) - clock.local_date(moment) <= timedelta(days=1)


def test_clamp_to_contact_hours_refuses_hours_that_end_before_they_start():
    with pytest.raises(ValueError, match="before"):
        clamp_to_contact_hours(clock.now(), time(20), time(9))
