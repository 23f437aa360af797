"""People, leave and their own preferences."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from core.transactions import service
from staff.enums import Role
from staff.models import Leave, User
from staff.policies import can_manage_leave, ensure


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

    Raises PermissionDenied, ValidationError (overlap with another leave, end before start, stand-in on leave).
    """
    person = User.objects.select_for_update(no_key=True).get(pk=user_id)
    ensure(can_manage_leave(by, person))
    if stand_in_id is not None:
        stand_in = User.objects.get(pk=stand_in_id)
        if stand_in.store_id != person.store_id or not stand_in.is_active:
            raise DomainError(_("The stand-in must work in the same store."), field="stand_in")
        if Leave.objects.filter(user=stand_in_id, starts_at__lt=ends_at, ends_at__gt=starts_at).exists():
            raise DomainError(_("The stand-in is on leave at that time."), field="stand_in")
    leave = Leave(
        user=person,
        kind=kind,
        starts_at=starts_at,
        ends_at=ends_at,
        stand_in_id=stand_in_id,
        note=note,
        recorded_by=by,
    )
    leave.full_clean()
    leave.save()
    return leave


@service
def leave_cancel(*, leave_id: int, by: User) -> None:
    """Take a leave back; callbacks return to the person at once."""
    leave = Leave.objects.select_for_update(of=("self",)).select_related("user").get(pk=leave_id)
    ensure(can_manage_leave(by, leave.user))
    leave.delete()


@service
def preferences_set(*, user: User, theme: str | None = None, language: str | None = None) -> User:
    """Keep the person's theme and language."""
    if theme is not None:
        user.theme = theme
    if language is not None:
        user.language = language
    user.full_clean(exclude=["password"])
    user.save(update_fields=["theme", "language", "updated_at"])
    return user


@service
def first_administrator_create(*, employee_number: str, name: str, password: str) -> User:
    """Make the first administrator of an empty installation, once.

    Raises DomainError when there is one already.
    """
    # One at a time: the table lock makes the check and the insert one step.
    with transaction.get_connection().cursor() as cursor:
        cursor.execute("LOCK TABLE staff_user IN SHARE ROW EXCLUSIVE MODE")
    if User.objects.filter(is_superuser=True).exists():
        raise DomainError(_("There is an administrator already."))
    user = User(
        employee_number=employee_number,
        name=name,
        roles=[Role.ADMINISTRATOR],
        is_superuser=True,
        is_staff=True,
        must_change_password=True,
    )
    user.set_password(password)
    user.full_clean(exclude=["password"])
    user.save()
    return user
