"""Writes that belong to no business app: the own business calendar."""

from datetime import date
from typing import Any

from core.models import BusinessDay
from core.policies import ensure_can_configure
from core.text import clean_text
from core.transactions import service


@service
def business_day_set(*, on: date, is_workday: bool, label: str, by: Any) -> BusinessDay:
    """This day is (or is no) workday, whatever the published calendar says; again changes it. Counts at once."""
    ensure_can_configure(by)
    row = BusinessDay.objects.select_for_update(no_key=True).filter(on=on).first() or BusinessDay(on=on)
    row.is_workday, row.label = is_workday, clean_text(label)
    row.full_clean()
    row.save()
    return row


@service
def business_day_clear(*, on: date, by: Any) -> int:
    """The day is again what the published calendar says. Returns 0 when it was nothing else."""
    ensure_can_configure(by)
    deleted, _models = BusinessDay.objects.filter(on=on).delete()
    return deleted
