"""The own preferences, passwords, and the first administrator."""

from django.db import connection
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from core.text import clean_text
from core.transactions import service
from staff.enums import Role
from staff.models import User


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
def first_administrator_create(*, employee_number: str, name: str) -> User:
    """Make the first administrator of an empty installation, once; the password is chosen on an invitation.

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
    user.set_unusable_password()
    user.full_clean(exclude=["password"])
    user.save()
    return user


def _lock_people() -> None:
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE staff_user IN SHARE ROW EXCLUSIVE MODE")
