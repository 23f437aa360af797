"""Who decides at registration whom a customer goes to."""

from leads.models import LeadImport
from staff.enums import Role, Scope
from staff.models import User
from staff.policies import can_import_leads


def can_choose_owner(user: User) -> bool:
    """DCC, reception and leaders give a new customer to a consultant; a consultant registers for himself."""
    return user.is_active and (user.is_leader or user.has_role(Role.TELESALES_AGENT, Role.RECEPTIONIST))


def can_work_on_import(user: User, lead_import: LeadImport) -> bool:
    """The one who uploaded it, and who leads the store: the lists are full of other people's numbers."""
    if not can_import_leads(user) or user.store_id != lead_import.store_id:
        return False
    return lead_import.created_by_id == user.pk or user.scope in (Scope.STORE, Scope.GROUP)
