"""What a person may do, by role (ORG)."""

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from staff.enums import IMPORT_ROLES, REGISTRAR_ROLES, SALES_ROLES, Role
from staff.models import Device, Store, User


def can_decide_leave(user: User, person: User) -> bool:
    """A leader of the person, never oneself: the next superior, the team's supervisor, the store's managers."""
    if not user.is_active or not user.is_leader or user.pk == person.pk:
        return False
    if user.pk == person.reports_to_id or leads_team_of(user, person):
        return True
    return user.has_role(Role.SALES_MANAGER, Role.GENERAL_MANAGER) and user.store_id == person.store_id


def can_register_leads(user: User) -> bool:
    """Sales staff, DCC, reception and leaders; everybody else only refers customers (R-093)."""
    return user.is_active and user.store_id is not None and user.has_role(*REGISTRAR_ROLES)


def can_import_leads(user: User) -> bool:
    """R-047: lists are imported by the DCC desk and leaders."""
    return user.is_active and user.store_id is not None and user.has_role(*IMPORT_ROLES)


def can_configure(user: User) -> bool:
    """Administrators set the system up; they read no customers (reliability.md 4.3)."""
    return user.is_active and user.has_role(Role.ADMINISTRATOR)


MANAGER_ROLES = (Role.SALES_MANAGER, Role.GENERAL_MANAGER)


def can_read_retention(user: User) -> bool:
    """Administrators set how long data is kept, managers see what was removed."""
    return can_configure(user) or (user.is_active and user.has_role(*MANAGER_ROLES))


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


def needs_second_factor(user: User) -> bool:
    """Reliability.md 4.4: who configures, sees a whole store or sees money signs in with a code as well."""
    return settings.REQUIRE_SECOND_FACTOR and (user.is_superuser or user.has_role(*settings.SECOND_FACTOR_ROLES))


def can_manage_devices(user: User) -> bool:
    """Administrators register shared tablets of their store; a superuser those of all."""
    return user.is_active and (user.is_superuser or (user.store_id is not None and user.has_role(Role.ADMINISTRATOR)))


def can_manage_device(user: User, device: Device) -> bool:
    return can_manage_devices(user) and (user.is_superuser or user.store_id == device.store_id)


def can_reset_second_factor(user: User, person: User) -> bool:
    """Another administrator, never oneself; a superuser's only by a superuser."""
    if user.pk == person.pk or not can_manage_devices(user):
        return False
    return user.is_superuser or (person.store_id == user.store_id and not person.is_superuser)


def ensure(allowed: bool) -> None:
    """Raise PermissionDenied unless allowed."""
    if not allowed:
        raise PermissionDenied(_("You may not do this."))


# ---- people, teams, stores -------------------------------------------------------------------------------


def is_administrator(user: User) -> bool:
    return user.is_active and (user.is_superuser or user.has_role(Role.ADMINISTRATOR))


def can_open_people(user: User) -> bool:
    """The page of people: administrators write, general managers read, managers and supervisors read their part."""
    return is_administrator(user) or (user.is_active and user.store_id is not None and user.is_leader)


def can_open_roles(user: User) -> bool:
    """What the roles may do is no secret among leaders; only the program changes it."""
    return is_administrator(user) or (user.is_active and user.has_role(Role.GENERAL_MANAGER))


def can_administer_store(user: User, store: Store | None) -> bool:
    """A superuser everywhere, a group administrator in the group, an administrator in the own store."""
    if store is None or not is_administrator(user):
        return user.is_superuser and user.is_active
    if user.is_superuser or user.store_id == store.pk:
        return True
    return user.administers_group and user.store is not None and user.store.group_id == store.group_id


def can_administer(user: User, person: User) -> bool:
    """Whose data and rights the user changes; a superuser's only another superuser."""
    if person.is_superuser and not user.is_superuser:
        return False
    return can_administer_store(user, person.store)


def can_change_rights(user: User, person: User) -> bool:
    """Nobody gives or takes away an own right, not even the last one (reliability.md 4.3)."""
    return user.pk != person.pk and can_administer(user, person)


def can_reset_password(user: User, person: User) -> bool:
    """Whoever reads customers of a whole team or store gets a new password from a superuser only, once at work."""
    if not can_change_rights(user, person):
        return False
    return user.is_superuser or person.is_awaited or not person.is_leader


def can_edit_roster_of(user: User, person: User) -> bool:
    """Administrators their stores, the sales manager the sales department, a supervisor the own team (R-005, R-041)."""
    if person.is_superuser and person.store_id is None:
        return False
    if is_administrator(user):
        return can_administer_store(user, person.store)
    if not user.is_active or user.store_id is None or user.store_id != person.store_id:
        return False
    if user.has_role(Role.SALES_MANAGER):
        return person.has_role(*SALES_ROLES)
    return user.has_role(Role.SALES_SUPERVISOR) and leads_team_of(user, person)


def leads_team_of(user: User, person: User) -> bool:
    team = person.team
    return team is not None and user.pk in (team.supervisor_id, team.parent.supervisor_id if team.parent else None)


def configures_all_stores(user: User) -> bool:
    """What counts for every store is set by an administrator who stands above the stores."""
    return can_configure(user) and (user.is_superuser or user.administers_group)


def can_read_access_log(user: User) -> bool:
    """Who looked at which customer: managers and administrators of the store; the latter see numbers, no names."""
    return can_manage_store_leave(user)
