"""How a new person gets in: a link for the own password, or a temporary one; both work once."""

import secrets
from datetime import timedelta

from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from core import clock
from core.errors import DomainError
from core.transactions import service
from staff.models import Invitation, User
from staff.policies import can_reset_password, ensure
from staff.selectors.invitations import fingerprint, invitation_of
from staff.services.accounts import password_set

VALID = timedelta(hours=72)
TEMPORARY_LENGTH = 16
LETTERS = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # nothing that looks like something else


@service
def invitation_create(*, user_id: int, by: User | None) -> str:
    """Make the one link by which the person chooses a password; returns its secret, which is kept nowhere.

    An older link ends, and so do the password and every session of the person. None: the command line.
    Raises PermissionDenied, DomainError (left).
    """
    user = _lock(user_id, by=by)
    now = clock.now()
    Invitation.objects.filter(user=user, used_at=None, revoked_at=None).update(revoked_at=now, updated_at=now)
    user.set_unusable_password()
    user.must_change_password = True
    user.save(update_fields=["password", "must_change_password", "updated_at"])
    token = secrets.token_urlsafe(32)
    row = Invitation(user=user, token_hash=fingerprint(token), expires_at=now + VALID, invited_by=by)
    row.full_clean(exclude=["invited_by"])  # nobody: the command line
    row.save(force_insert=True)
    return token


@service
def invitation_accept(*, token: str, password: str) -> User:
    """Set the password that the person chose; the link is used up.

    Raises DomainError (unknown, used, too old), ValidationError (a weak password).
    """
    row = invitation_of(token)
    if row is None:
        raise DomainError(_("This link is not valid any more."), code="invalid")
    won = Invitation.objects.filter(pk=row.pk, used_at=None, revoked_at=None, expires_at__gt=clock.sql_now())
    if not won.update(used_at=clock.now(), updated_at=clock.now()):
        raise DomainError(_("This link is not valid any more."), code="invalid")
    validate_password(password, row.user)
    return password_set(user_id=row.user_id, password=password, is_temporary=False)


@service
def temporary_password_set(*, user_id: int, by: User) -> str:
    """Give the person a password to be changed at the first sign-in; returned once, every session ends.

    Raises PermissionDenied, DomainError (left).
    """
    user = _lock(user_id, by=by)
    now = clock.now()
    Invitation.objects.filter(user=user, used_at=None, revoked_at=None).update(revoked_at=now, updated_at=now)
    password = "".join(secrets.choice(LETTERS) for _number in range(TEMPORARY_LENGTH))
    password_set(user_id=user.pk, password=password, is_temporary=True)
    return password


def _lock(user_id: int, *, by: User | None) -> User:
    user: User = User.objects.select_for_update(no_key=True, of=("self",)).select_related("store").get(pk=user_id)
    if by is not None:
        ensure(can_reset_password(by, user))
    if not user.is_active:
        raise DomainError(_("This person has left."), code="left")
    return user
