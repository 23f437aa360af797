"""Who may do what about the data of a customer."""

from django.db.models import Q

from opportunities.models import Opportunity
from staff.enums import Scope
from staff.models import User
from staff.policies import MANAGER_ROLES, can_configure, ensure


def can_open_customer(user: User, customer_id: int) -> bool:
    """Whoever sees one of the customer's opportunities. One query."""
    return Opportunity.objects.visible_to(user).filter(customer=customer_id).exists()


def ensure_can_open_customer(user: User, customer_id: int) -> None:
    ensure(can_open_customer(user, customer_id))


def can_configure_retention(user: User) -> bool:
    return can_configure(user)


def decides_in_store(user: User) -> Q | None:
    """The managers of the store, those of the group for its stores; the mechanism adds: never an own request."""
    if not user.has_role(*MANAGER_ROLES) or user.store_id is None:
        return None
    return Q(store__group__stores=user.store_id) if user.scope == Scope.GROUP else Q(store=user.store_id)
