"""What the page of the business calendar reads."""

import calendar as months
from dataclasses import dataclass
from datetime import date
from typing import Any

import chinese_calendar
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from core.business_calendar import day_status
from core.models import BusinessDay

HOLIDAYS: dict[str, Any] = {
    "New Year's Day": gettext_lazy("New Year's Day"),
    "Spring Festival": gettext_lazy("Spring Festival"),
    "Tomb-sweeping Day": gettext_lazy("Tomb-sweeping Day"),
    "Labour Day": gettext_lazy("Labour Day"),
    "Dragon Boat Festival": gettext_lazy("Dragon Boat Festival"),
    "National Day": gettext_lazy("National Day"),
    "Mid-autumn Festival": gettext_lazy("Mid-autumn Festival"),
}


@dataclass(frozen=True)
class CalendarDay:
    """`label`: the name of the holiday or what was entered; `is_own`: changed here."""

    on: date
    is_workday: bool
    is_own: bool
    is_estimated: bool
    label: str


@dataclass(frozen=True)
class CalendarMonth:
    """Weeks from Monday to Sunday; None where a day belongs to another month."""

    first: date
    weeks: list[list[CalendarDay | None]]
    workdays: int


def business_days(*, year: int) -> dict[date, BusinessDay]:
    """The own entries of a year."""
    return {row.on: row for row in BusinessDay.objects.filter(on__year=year)}


def calendar_year(*, year: int) -> list[CalendarMonth]:
    """Every day of a year as it counts, with one query."""
    own = business_days(year=year)
    return [_month(year, number, own) for number in range(1, 13)]


def is_published(year: int) -> bool:
    """Whether the holidays of the year are known; otherwise weekdays are an estimate."""
    return not day_status(date(year, 1, 1)).is_estimated


def _month(year: int, number: int, own: dict[date, BusinessDay]) -> CalendarMonth:
    weeks = [
        [_day(day, own) if day.month == number else None for day in week]
        for week in months.Calendar().monthdatescalendar(year, number)
    ]
    days = [day for week in weeks for day in week if day is not None]
    return CalendarMonth(date(year, number, 1), weeks, sum(day.is_workday for day in days))


def _day(day: date, own: dict[date, BusinessDay]) -> CalendarDay:
    row = own.get(day)
    if row is not None:
        return CalendarDay(day, row.is_workday, True, False, row.label or _("Changed here"))
    status = day_status(day)
    label = _holiday(day) if not status.is_estimated else ""
    if not label and status.is_workday and day.weekday() > 4:  # noqa: PLR2004 -- Saturday and Sunday
        label = pgettext("calendar", "Make-up workday")
    return CalendarDay(day, status.is_workday, False, status.is_estimated, label)


def _holiday(day: date) -> str:
    _is_off, name = chinese_calendar.get_holiday_detail(day)
    return str(HOLIDAYS.get(name, name)) if name and not chinese_calendar.is_workday(day) else ""
