"""Days and hours of business: public holidays with make-up days, and when a customer may be called.

The functions are pure. `overrides` are the rows of `core.models.BusinessDay` as `{day: is_workday}`; they win over the
published calendar. Source: domain.md section 19 (State Council arrangement; contact hours 09:00 to 20:00).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import chinese_calendar

from core import clock

Overrides = Mapping[date, bool]

CONTACT_START = time(9)
CONTACT_END = time(20)

# No holiday is nearly as long; a longer row of free days is a mistake in the data, not a reason to search for ever.
LONGEST_BREAK_DAYS = 60

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DayStatus:
    """Whether a day is a workday, and whether that is only estimated from the weekday (year not yet published)."""

    is_workday: bool
    is_estimated: bool = False


def day_status(day: date, overrides: Overrides | None = None) -> DayStatus:
    """Look a day up: own calendar first, then the published one, then the weekday rule as an estimate."""
    if overrides is not None and day in overrides:
        return DayStatus(overrides[day])
    try:
        return DayStatus(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return DayStatus(day.weekday() < 5, is_estimated=True)


def is_workday(day: date, overrides: Overrides | None = None) -> bool:
    """Tell whether offices work on this day, make-up Saturdays included."""
    return day_status(day, overrides).is_workday


def next_workday(day: date, overrides: Overrides | None = None) -> date:
    """Return the first workday after the day (never the day itself). Raises LookupError when there is none near."""
    return _workday_from(day, _ONE_DAY, overrides)


def previous_workday(day: date, overrides: Overrides | None = None) -> date:
    """Return the last workday before the day (never the day itself). Raises LookupError when there is none near."""
    return _workday_from(day, -_ONE_DAY, overrides)


def add_days(day: date, days: int) -> date:
    """Return the calendar day so many days later (negative: earlier), across month ends and 29 February."""
    return day + timedelta(days=days)


def add_workdays(day: date, days: int, overrides: Overrides | None = None) -> date:
    """Return the day on which the n-th workday after the day falls; 0 is the day itself, negative counts back."""
    step = _ONE_DAY if days > 0 else -_ONE_DAY
    for _count in range(abs(days)):
        day = _workday_from(day, step, overrides)
    return day


def clamp_to_contact_hours(moment: datetime, start: time = CONTACT_START, end: time = CONTACT_END) -> datetime:
    """Return the moment itself when a customer may be called then, else the next start of contact hours.

    Store time; start and end themselves are allowed. Never earlier than `moment`.
    """
    if start > end:
        raise ValueError("Contact hours end before they start.")
    day = clock.local_date(moment)
    if moment < clock.at_time(day, start):
        return clock.at_time(day, start)
    if moment > clock.at_time(day, end):
        return clock.at_time(add_days(day, 1), start)
    return moment


def _workday_from(day: date, step: timedelta, overrides: Overrides | None) -> date:
    for count in range(1, LONGEST_BREAK_DAYS + 1):
        candidate = day + step * count
        if is_workday(candidate, overrides):
            return candidate
    raise LookupError(f"No workday within {LONGEST_BREAK_DAYS} days of {day}.")
