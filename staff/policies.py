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


def can_manage_store_leave(user: User) -> bool:
    """The managers of a store and its administrators."""
    roles = (Role.ADMINISTRATOR, Role.SALES_MANAGER, Role.GENERAL_MANAGER)
    return user.is_active and user.store_id is not None and user.has_role(*roles)


def records_leave_of_others(user: User) -> bool:
    """Leaders and administrators; whose leave, says can_manage_leave."""
    return can_manage_store_leave(user) or user.has_role(Role.SALES_SUPERVISOR)


def can_manage_leave(user: User, person: User) -> bool:
    """Everybody records the own leave, a supervisor the team's, managers and administrators the store's."""
    if user.pk == person.pk:
        return user.is_active
    if user.store_id is None or user.store_id != person.store_id:
        return False
    leads_team = person.team is not None and person.team.supervisor_id == user.pk
    return can_manage_store_leave(user) or (user.is_active and leads_team)


def ensure(allowed: bool) -> None:
    """Raise PermissionDenied unless allowed."""
    if not allowed:
        raise PermissionDenied(_("You may not do this."))
