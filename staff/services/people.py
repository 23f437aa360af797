"""People: added, changed, moved, gone and back. Who stays the last administrator is guarded here and by a trigger."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection
from django.utils.translation import gettext_lazy as _

from core import clock, events
from core.errors import Conflict, DomainError
from core.text import clean_text
from core.transactions import service
from staff.enums import LeaveState, Role, Scope
from staff.events import PersonLeft
from staff.models import Invitation, Leave, RosterEntry, Store, Team, TeamMembership, User
from staff.policies import can_administer, can_administer_store, can_change_rights, ensure
from staff.selectors.leave import OPEN_STATES
from staff.selectors.people import LONGEST_LINE
from staff.services.security_log import keys_forget

ADMINISTRATORS_LOCK = 7_241_301  # as in the trigger keep_an_administrator
PLAIN = ("name", "gender", "phone", "reports_to", "joined_on", "annual_leave_days", "is_external")
RIGHTS = ("store", "roles", "scope_override", "administers_group")


@dataclass(frozen=True)
class PersonInput:
    """What the form of a person says; `team` moves the person from today on."""

    employee_number: str
    name: str
    roles: list[str]
    store: Store
    gender: str = ""
    phone: str | None = None
    team: Team | None = None
    reports_to: User | None = None
    scope_override: str = ""
    is_external: bool = False
    administers_group: bool = False
    joined_on: date | None = None
    annual_leave_days: int | None = None


@service
def person_add(*, data: PersonInput, by: User) -> User:
    """Add somebody who cannot sign in yet; invitation_create or temporary_password_set opens the door.

    Raises PermissionDenied, ValidationError (number or phone taken, team of another store, too much power).
    """
    ensure(can_administer_store(by, data.store))
    _ensure_grantable(data, by=by)
    user = User(
        employee_number=clean_text(data.employee_number).lower(),
        must_change_password=True,
        **{name: getattr(data, name) for name in (*PLAIN, *RIGHTS)},
    )
    user.name = clean_text(data.name)
    user.joined_on = data.joined_on or clock.today()
    user.set_unusable_password()
    _ensure_consistent(user, data.team)
    user.full_clean(exclude=["password"])
    user.save(force_insert=True)
    if data.team is not None:
        _move(user, data.team, on=user.joined_on, by=by)
    return user


@service
def person_update(*, user_id: int, data: PersonInput, version: str, by: User) -> User:
    """Change somebody's data; a change of rights ends all sessions. `version` is `updated_at` as the form showed it.

    Raises PermissionDenied (also for own rights), Conflict (changed meanwhile), ValidationError, DomainError (the last
    administrator).
    """
    _lock_administrators()
    user = _lock_person(user_id)
    ensure(can_administer(by, user))
    if user.updated_at.isoformat() != version:
        raise Conflict(_("Somebody else changed this person meanwhile. Please look again."), current=user)
    changed = [name for name in RIGHTS if getattr(user, name) != getattr(data, name)]
    if changed:
        if not can_change_rights(by, user):
            raise DomainError(_("Nobody changes own rights."), field=changed[0], code="own")
        ensure(can_administer_store(by, data.store))
        _ensure_grantable(data, by=by, before=user)
    was_administrator = _counts_as_administrator(user)
    for name in (*PLAIN, *RIGHTS):
        setattr(user, name, getattr(data, name))
    user.name = clean_text(data.name)
    user.employee_number = clean_text(data.employee_number).lower()
    if was_administrator and not _counts_as_administrator(user):
        _ensure_other_administrator(user)
    _ensure_consistent(user, data.team)
    user.full_clean(exclude=["password"])
    user.save(update_fields=["employee_number", *PLAIN, *RIGHTS, "updated_at"])
    if data.team != user.team:
        _move(user, data.team, on=clock.today(), by=by)
    return user


@service
def person_move(*, user_id: int, team_id: int | None, on: date, by: User) -> User:
    """Put somebody into another team from a day on, today or earlier; the past stays readable.

    Raises PermissionDenied, DomainError (team of another store or closed, in the future, before the last move).
    """
    user = _lock_person(user_id)
    ensure(can_administer(by, user))
    team = Team.objects.filter(pk=team_id).first() if team_id is not None else None
    if team_id is not None and team is None:
        raise DomainError(_("Choose a team of the store."), field="team")
    _ensure_consistent(user, team)
    _move(user, team, on=on, by=by)
    return user


@service
def person_rota_set(*, user_id: int, takes_leads: bool, by: User) -> User:
    """Let somebody take part in the lead rota, or not."""
    user = _lock_person(user_id)
    ensure(can_administer(by, user))
    user.takes_leads = takes_leads
    user.save(update_fields=["takes_leads", "updated_at"])
    return user


@service
def person_leave(*, user_id: int, left_on: date, by: User) -> User:
    """Close the account of somebody who leaves: no sign-in, no session, no team, no plan after the day.

    The customers stay with the name until a leader hands them over; reminders meanwhile go to the leader on duty.
    Raises PermissionDenied (also for oneself), DomainError (left already, the last administrator, a day far away).
    """
    _lock_administrators()
    user = _lock_person(user_id)
    ensure(can_change_rights(by, user))
    if not user.is_active:
        raise DomainError(_("This person has left."), code="left")
    if left_on > clock.today():
        raise DomainError(_("The account closes on the day; come back then."), field="left_on")
    if user.joined_on is not None and left_on < user.joined_on:
        raise DomainError(_("This is before the person joined."), field="left_on")
    if _counts_as_administrator(user):
        _ensure_other_administrator(user)
    _close_plans(user, left_on)
    now = clock.now()
    user.is_active, user.left_on, user.takes_leads = False, left_on, False
    _end_membership(user, left_on)
    user.set_unusable_password()
    user.full_clean(exclude=["password"])
    user.save(update_fields=["is_active", "left_on", "takes_leads", "password", "updated_at"])
    Invitation.objects.filter(user=user, used_at=None, revoked_at=None).update(revoked_at=now, updated_at=now)
    Team.objects.filter(supervisor=user).update(supervisor=None, updated_at=now)
    keys_forget(user=user)
    events.emit(PersonLeft(user_id=user.pk, store_id=user.store_id, by_id=by.pk))
    return user


@service
def person_rehire(*, user_id: int, joined_on: date, by: User) -> User:
    """Open the account again, as at the beginning: without team and password; an invitation follows.

    Raises PermissionDenied, DomainError (at work, a day before the person left).
    """
    user = _lock_person(user_id)
    ensure(can_change_rights(by, user))
    if user.is_active:
        raise DomainError(_("This person works here."), code="active")
    if user.left_on is not None and joined_on < user.left_on:
        raise DomainError(_("This is before the person left."), field="joined_on")
    user.is_active, user.joined_on, user.left_on = True, joined_on, None
    user.must_change_password, user.last_login = True, None
    user.set_unusable_password()
    user.full_clean(exclude=["password"])
    user.save()
    return user


# ---- parts -----------------------------------------------------------------------------------------------


def _lock_person(user_id: int) -> User:
    rows = User.objects.select_for_update(no_key=True, of=("self",)).select_related("store", "team__parent")
    user: User = rows.get(pk=user_id)
    return user


def _lock_administrators() -> None:
    """Before any row: who may remove an administrator waits here, so that two cannot remove each other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ADMINISTRATORS_LOCK])


def _counts_as_administrator(user: User) -> bool:
    is_one = user.is_superuser or user.has_role(Role.ADMINISTRATOR)
    return user.is_active and is_one and not user.is_awaited


def _ensure_other_administrator(user: User) -> None:
    others = User.objects.filter(is_active=True).exclude(pk=user.pk)
    if not any(_counts_as_administrator(other) for other in others.order_by("pk") if _may_administer(other)):
        raise DomainError(_("The last active administrator stays."), code="last_administrator")


def _may_administer(user: User) -> bool:
    return user.is_superuser or user.has_role(Role.ADMINISTRATOR)


def _ensure_grantable(data: PersonInput, *, by: User, before: User | None = None) -> None:
    """The reach over the whole group is given by whoever has it (reliability.md 4.3)."""
    reaches_group = by.is_superuser or by.administers_group
    if data.administers_group and not reaches_group and not (before is not None and before.administers_group):
        raise DomainError(_("Only a group administrator gives this."), field="administers_group")
    if data.administers_group and Role.ADMINISTRATOR not in data.roles:
        raise DomainError(_("This goes with the role of administrator."), field="administers_group")
    was_group = before is not None and before.scope_override == Scope.GROUP
    if data.scope_override == Scope.GROUP and not reaches_group and not was_group:
        raise DomainError(_("Only a group administrator gives this."), field="scope_override")


def _ensure_consistent(user: User, team: Team | None) -> None:
    if not user.roles:
        raise DomainError(_("Choose at least one role."), field="roles")
    if team is not None and (team.store_id != user.store_id or team.closed_on is not None):
        raise DomainError(_("Choose a team of the store."), field="team")
    superior, steps = user.reports_to, 0
    while superior is not None:
        if superior.pk == user.pk or steps > LONGEST_LINE:
            raise DomainError(_("The reporting line would lead in a circle."), field="reports_to")
        superior, steps = superior.reports_to, steps + 1


def _move(user: User, team: Team | None, *, on: date, by: User) -> None:
    """Write the change of team into the past and the present."""
    if on > clock.today():
        raise DomainError(_("A move begins today or earlier."), field="on")
    present = TeamMembership.objects.filter(user=user, until_on=None).first()
    if present is not None and present.team_id == (team.pk if team else None):
        return
    if present is not None and on < present.since_on:
        raise DomainError(_("There is a later move already."), field="on")
    if present is not None and on == present.since_on:
        present.delete()  # corrected on the same day: the time in that team never was
    elif present is not None:
        present.until_on = on - timedelta(days=1)
        present.save(update_fields=["until_on", "updated_at"])
    if team is not None:
        TeamMembership.objects.create(user=user, team=team, since_on=on, moved_by=by)
    user.team = team
    user.save(update_fields=["team", "updated_at"])


def _end_membership(user: User, last_on: date) -> None:
    present = TeamMembership.objects.filter(user=user, until_on=None).first()
    if present is not None:
        present.until_on = max(last_on, present.since_on)
        present.save(update_fields=["until_on", "updated_at"])
    user.team = None
    user.save(update_fields=["team", "updated_at"])


def _close_plans(user: User, left_on: date) -> None:
    """Shifts after the day end; leaves that have not begun end, also those for which the person would stand in."""
    RosterEntry.objects.filter(user=user, on__gt=left_on).delete()
    ahead = Leave.objects.filter(user=user, state__in=OPEN_STATES, starts_at__gt=clock.now())
    ahead.update(state=LeaveState.WITHDRAWN, updated_at=clock.now())
    stood_in = Leave.objects.filter(stand_in=user, state__in=OPEN_STATES, ends_at__gt=clock.now())
    stood_in.update(stand_in=None, updated_at=clock.now())
