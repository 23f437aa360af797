"""People, leave and their own preferences."""

from datetime import datetime, timedelta

from django.db import connection
from django.utils.translation import gettext_lazy as _

from core import clock
from core.errors import DomainError
from core.text import clean_text
from core.transactions import service
from staff.enums import Role, Scope
from staff.models import Leave, User
from staff.policies import can_manage_leave, ensure

LEAVE_MAX_DAYS = 366
LEAVE_REACH_DAYS = 366  # how far a leave may lie in the past or the future


@service
def leave_record(
    *,
    user_id: int,
    kind: str,
    starts_at: datetime,
    ends_at: datetime,
    stand_in_id: int | None,
    note: str = "",
    by: User,
) -> Leave:
    """Record days off. Callbacks due meanwhile go to the stand-in, else to the supervisor.

    Raises PermissionDenied, ValidationError (overlap with another leave, end before start, more than a year away or
    long, stand-in of another store or on leave).
    """
    # Both people, in one order: the stand-in cannot go on leave in the same moment.
    locked = User.objects.select_for_update(no_key=True, of=("self",)).select_related("team").order_by("pk")
    people = {row.pk: row for row in locked.filter(pk__in={user_id, stand_in_id or user_id})}
    person = people[user_id]
    ensure(can_manage_leave(by, person))
    _ensure_times(starts_at, ends_at)
    _ensure_no_other(person, starts_at, ends_at)
    if stand_in_id is not None:
        _ensure_stand_in(person, people.get(stand_in_id), starts_at, ends_at)
    leave = Leave(
        user=person,
        kind=kind,
        starts_at=starts_at,
        ends_at=ends_at,
        stand_in_id=stand_in_id,
        note=clean_text(note),
        recorded_by=by,
    )
    leave.full_clean()
    leave.save()
    return leave


def _ensure_times(starts_at: datetime, ends_at: datetime) -> None:
    if ends_at <= starts_at:
        raise DomainError(_("The end must come after the start."), field="ends_at")
    if abs(starts_at - clock.now()) > timedelta(days=LEAVE_REACH_DAYS):
        raise DomainError(_("This is more than a year away."), field="starts_at")
    if ends_at - starts_at > timedelta(days=LEAVE_MAX_DAYS):
        raise DomainError(_("A leave lasts at most one year."), field="ends_at")


def _ensure_no_other(person: User, starts_at: datetime, ends_at: datetime) -> None:
    other = _leave_between(person.pk, starts_at, ends_at)
    if other is not None:
        days = {"start": f"{clock.local_date(other.starts_at)}", "end": f"{clock.local_date(other.ends_at)}"}
        text = _("There is a leave from %(start)s to %(end)s already.")
        raise DomainError(text, field="starts_at", code="overlap", params=days)


def _ensure_stand_in(person: User, stand_in: User | None, starts_at: datetime, ends_at: datetime) -> None:
    if stand_in is None or stand_in.store_id != person.store_id or not stand_in.is_active:
        raise DomainError(_("The stand-in must work in the same store."), field="stand_in")
    if stand_in.pk == person.pk:
        raise DomainError(_("The stand-in must be somebody else."), field="stand_in")
    if person.may_own and stand_in.scope == Scope.NONE:
        raise DomainError(_("%(name)s may not see customers."), field="stand_in", params={"name": stand_in.name})
    if _leave_between(stand_in.pk, starts_at, ends_at) is not None:
        raise DomainError(_("The stand-in is on leave at that time."), field="stand_in")


def _leave_between(user_id: int, starts_at: datetime, ends_at: datetime) -> Leave | None:
    return Leave.objects.filter(user=user_id, starts_at__lt=ends_at, ends_at__gt=starts_at).order_by("id").first()


@service
def leave_cancel(*, leave_id: int, by: User) -> None:
    """Take a leave back; callbacks return to the person at once.

    Raises PermissionDenied, DomainError (taken back already; over: it is what excused a late callback).
    """
    rows = Leave.objects.select_for_update(of=("self",)).select_related("user__team")
    leave = rows.filter(pk=leave_id).first()
    if leave is None:
        raise DomainError(_("This leave was taken back already."), code="missing")
    ensure(can_manage_leave(by, leave.user))
    if leave.ends_at <= clock.now():
        raise DomainError(_("This leave is over and stays on record."))
    leave.delete()


@service
def preferences_set(*, user: User, theme: str | None = None, language: str | None = None) -> User:
    """Keep the person's theme and language."""
    if theme is not None:
        user.theme = theme
    if language is not None:
        user.language = language
    user.clean_fields(exclude=[field.name for field in User._meta.fields if field.name not in ("theme", "language")])
    user.save(update_fields=["theme", "language", "updated_at"])
    return user


@service
def password_set(*, user_id: int, password: str, is_temporary: bool) -> User:
    """Replace the password; every session of the person ends with the old one.

    `is_temporary`: somebody else chose it, so the person must choose a new one after signing in.
    """
    user: User = User.objects.select_for_update(no_key=True, of=("self",)).get(pk=user_id)
    user.set_password(password)
    user.must_change_password = is_temporary
    user.save(update_fields=["password", "must_change_password", "updated_at"])
    return user


@service
def first_administrator_create(*, employee_number: str, name: str, password: str) -> User:
    """Make the first administrator of an empty installation, once; the password is temporary.

    Raises DomainError when there is one already, ValidationError for a number or name that cannot be.
    """
    _lock_people()  # one at a time: check and insert are one step
    if User.objects.filter(is_superuser=True).exists():
        raise DomainError(_("There is an administrator already."))
    user = User(
        employee_number=clean_text(employee_number).lower(),
        name=clean_text(name),
        roles=[Role.ADMINISTRATOR],
        is_superuser=True,
        is_staff=True,
        must_change_password=True,
    )
    user.set_password(password)
    user.full_clean(exclude=["password"])
    user.save()
    return user


def _lock_people() -> None:
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE staff_user IN SHARE ROW EXCLUSIVE MODE")
