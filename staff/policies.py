"""What a person may do, by role (ORG)."""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from staff.enums import IMPORT_ROLES, REGISTRAR_ROLES, Role
from staff.models import User


def can_register_leads(user: User) -> bool:
    """Sales staff, DCC, reception and leaders; everybody else only refers customers (R-093)."""
    return user.is_active and user.store_id is not None and user.has_role(*REGISTRAR_ROLES)


def can_import_leads(user: User) -> bool:
    """R-047: lists are imported by the DCC desk and leaders."""
    return user.is_active and user.store_id is not None and user.has_role(*IMPORT_ROLES)


def can_assign(user: User) -> bool:
    """R-058, R-094: leaders give customers to consultants."""
    return user.is_active and user.is_leader


def can_manage_leave(user: User, person: User) -> bool:
    """Leaders of the same store and administrators record leave; everybody records the own one."""
    if user.pk == person.pk:
        return True
    return user.store_id == person.store_id and (user.is_leader or user.has_role(Role.ADMINISTRATOR))


def ensure(allowed: bool) -> None:
    """Raise PermissionDenied unless allowed."""
    if not allowed:
        raise PermissionDenied(_("You may not do this."))
