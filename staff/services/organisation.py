"""Stores, teams, shifts and minimum staffing, written by administrators; every earlier version is kept."""

from dataclasses import dataclass
from datetime import date, time

from django.utils.translation import gettext_lazy as _

from core import clock
from core.errors import Conflict, DomainError
from core.text import clean_text
from core.transactions import service
from staff import defaults
from staff.enums import Role
from staff.models import DealerGroup, ShiftType, StaffMinimum, Store, Team, User
from staff.policies import can_administer_store, ensure

STORE_FIELDS = ("name", "brand_name", "address", "area_code", "opens_at", "closes_at", "contact_from", "contact_until")


@dataclass(frozen=True)
class StoreInput:
    name: str
    opens_at: time
    closes_at: time
    contact_from: time
    contact_until: time
    brand_name: str = ""
    address: str = ""
    area_code: str = ""


@service
def store_add(*, group_id: int, code: str, data: StoreInput, by: User) -> Store:
    """Open a store with the usual shifts. By a superuser or an administrator of the group.

    Raises PermissionDenied, ValidationError (code taken, hours).
    """
    group = DealerGroup.objects.get(pk=group_id)
    reaches = by.is_superuser or (by.administers_group and by.store is not None and by.store.group_id == group.pk)
    ensure(by.is_active and reaches and (by.is_superuser or by.has_role(Role.ADMINISTRATOR)))
    store = Store(group=group, code=clean_text(code).lower(), **{name: getattr(data, name) for name in STORE_FIELDS})
    _ensure_hours(store)
    store.full_clean()
    store.save(force_insert=True)
    defaults.ship(ShiftType, store)
    return store


@service
def store_update(*, store_id: int, data: StoreInput, version: str, by: User) -> Store:
    """Change a store's data. Raises PermissionDenied, Conflict (changed meanwhile), ValidationError."""
    store: Store = Store.objects.select_for_update(no_key=True, of=("self",)).select_related("group").get(pk=store_id)
    ensure(can_administer_store(by, store))
    if store.updated_at.isoformat() != version:
        raise Conflict(_("Somebody else changed this store meanwhile. Please look again."), current=store)
    for name in STORE_FIELDS:
        setattr(store, name, getattr(data, name))
    store.name, store.brand_name = clean_text(store.name), clean_text(store.brand_name)
    store.address = clean_text(store.address)
    _ensure_hours(store)
    store.full_clean()
    store.save(update_fields=[*STORE_FIELDS, "updated_at"])
    return store


@service
def team_add(
    *, store_id: int, name: str, by: User, parent_id: int | None = None, supervisor_id: int | None = None
) -> Team:
    """Found a team. Raises PermissionDenied, DomainError (leader or department do not fit), ValidationError (name)."""
    store = Store.objects.select_related("group").get(pk=store_id)
    ensure(can_administer_store(by, store))
    team = Team(store=store, name=clean_text(name))
    _set_place(team, parent_id, supervisor_id)
    team.full_clean()
    team.save(force_insert=True)
    return team


@service
def team_update(*, team_id: int, name: str, parent_id: int | None, supervisor_id: int | None, by: User) -> Team:
    """Rename a team, give it another leader or department. Raises as team_add, DomainError (closed)."""
    team = _lock_team(team_id, by=by)
    team.name = clean_text(name)
    _set_place(team, parent_id, supervisor_id)
    team.full_clean()
    team.save(update_fields=["name", "parent", "supervisor", "updated_at"])
    return team


@service
def team_close(*, team_id: int, by: User) -> Team:
    """End a team that has nobody left; its past stays. Raises PermissionDenied, DomainError (people or teams in it)."""
    team = _lock_team(team_id, by=by)
    if User.objects.filter(team=team, is_active=True).exists():
        raise DomainError(_("Move its people to another team first."), code="people")
    if Team.objects.filter(parent=team, closed_on=None).exists():
        raise DomainError(_("Close or move the teams inside it first."), code="teams")
    team.closed_on = clock.today()
    team.save(update_fields=["closed_on", "updated_at"])
    return team


@service
def shift_save(
    *,
    store_id: int,
    shift_id: int | None,
    letter: str,
    name: str,
    tone: str,
    starts_at: time | None,
    ends_at: time | None,
    is_active: bool = True,
    by: User,
) -> ShiftType:
    """Add a shift (no id) or change one; without hours it is a day off. Rosters that exist show the change.

    Raises PermissionDenied, ValidationError (letter taken, hours).
    """
    store = Store.objects.select_related("group").get(pk=store_id)
    ensure(can_administer_store(by, store))
    rows = ShiftType.objects.select_for_update(no_key=True).filter(store=store)
    shift = rows.get(pk=shift_id) if shift_id is not None else ShiftType(store=store)
    shift.letter, shift.name, shift.tone = clean_text(letter), clean_text(name), tone
    shift.starts_at, shift.ends_at, shift.is_active = starts_at, ends_at, is_active
    shift.is_day_off = starts_at is None and ends_at is None
    if (starts_at is None) != (ends_at is None):
        raise DomainError(_("Give both hours, or none for a day off."), field="ends_at")
    shift.full_clean()
    shift.save()
    return shift


@service
def minimum_set(
    *, store_id: int, group: str, on_weekdays: int, on_weekends: int, valid_from: date, by: User
) -> StaffMinimum:
    """Say how many of a group must be in the store from a day on; the same day again corrects it.

    Raises PermissionDenied, DomainError (a day that is over: what was counted then stays), ValidationError.
    """
    store = Store.objects.select_for_update(no_key=True, of=("self",)).select_related("group").get(pk=store_id)
    ensure(can_administer_store(by, store))
    if valid_from < clock.today():
        raise DomainError(_("Begins today or later: earlier days stay as they were judged."), field="valid_from")
    row = StaffMinimum.objects.filter(store=store, group=group, valid_from=valid_from).first()
    row = row or StaffMinimum(store=store, group=group, valid_from=valid_from)
    row.on_weekdays, row.on_weekends = on_weekdays, on_weekends
    row.full_clean()
    row.save()
    return row


# ---- parts -----------------------------------------------------------------------------------------------


def _ensure_hours(store: Store) -> None:
    if store.opens_at >= store.closes_at:
        raise DomainError(_("A store closes after it opens."), field="closes_at")
    if store.contact_from >= store.contact_until:
        raise DomainError(_("The end must come after the start."), field="contact_until")


def _lock_team(team_id: int, *, by: User) -> Team:
    rows = Team.objects.select_for_update(no_key=True, of=("self",)).select_related("store__group")
    team: Team = rows.get(pk=team_id)
    ensure(can_administer_store(by, team.store))
    if team.closed_on is not None:
        raise DomainError(_("This team is closed."), code="closed")
    return team


def _set_place(team: Team, parent_id: int | None, supervisor_id: int | None) -> None:
    parent = Team.objects.filter(pk=parent_id or 0, store=team.store_id, closed_on=None).first()
    if parent_id is not None and (parent is None or parent.pk == team.pk or parent.parent_id is not None):
        raise DomainError(_("Choose a department of the store."), field="parent")
    if parent is not None and team.pk and Team.objects.filter(parent=team, closed_on=None).exists():
        raise DomainError(_("A department with teams does not go into another one."), field="parent")
    supervisor = User.objects.filter(pk=supervisor_id or 0, store=team.store_id, is_active=True).first()
    if supervisor_id is not None and supervisor is None:
        raise DomainError(_("Choose somebody of the store."), field="supervisor")
    team.parent, team.supervisor = parent, supervisor
