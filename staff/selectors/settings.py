"""Which tables of people and stores are settings, for the page of all changes."""

from typing import Any

from django.db.models import QuerySet
from django.utils.formats import date_format

from core.history import Setting
from core.phones import mask_phone
from staff.models import DealerGroup, Device, ShiftType, StaffMinimum, Store, Team, User
from staff.selectors.organisation import administered_stores

# Columns of a person that are no setting of the store: what the person or the system writes.
_OWN = frozenset({"language", "theme", "must_change_password", "second_factor_at"})


def tracked_settings() -> list[Setting]:
    """An administrator reads the past of the stores that are his. No password and no digest is in any history."""
    return [
        Setting("people", User, title=lambda row: row.name, words=_person_words, skip=_OWN, visible=_in_stores),
        Setting("people", Team, title=lambda row: row.name, visible=_in_stores),
        Setting("stores", Store, title=lambda row: row.name, visible=_stores),
        Setting("stores", DealerGroup, title=lambda row: row.name, visible=_groups),
        Setting("stores", ShiftType, title=lambda row: row.name, visible=_in_stores),
        Setting(
            "stores",
            StaffMinimum,
            title=lambda row: f"{row.get_group_display()} · {date_format(row.valid_from, 'MONTH_DAY_FORMAT')}",
            visible=_in_stores,
            versions_of=("store", "group"),
        ),
        Setting("devices", Device, title=lambda row: row.name, visible=_in_stores),
    ]


def _in_stores(rows: QuerySet[Any], user: User) -> QuerySet[Any]:
    return rows if user.is_superuser else rows.filter(store__in=administered_stores(user))


def _stores(rows: QuerySet[Any], user: User) -> QuerySet[Any]:
    return rows if user.is_superuser else rows.filter(pgh_obj__in=administered_stores(user))


def _groups(rows: QuerySet[Any], user: User) -> QuerySet[Any]:
    return rows if user.is_superuser else rows.filter(pgh_obj__in=administered_stores(user).values("group"))


def _person_words(row: Any, name: str) -> str | None:
    """A private number is not read out to everybody who looks at settings."""
    return mask_phone(row.phone) if name == "phone" and row.phone else None
