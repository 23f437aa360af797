"""What a person may do with a customer. Which customers somebody sees is decided above, by their opportunities."""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from customers.models import Customer
from staff.enums import Scope
from staff.models import User


def can_change(user: User, customer: Customer) -> bool:
    """People who read customers at all, in their own store or in all stores of the group."""
    match user.scope:
        case Scope.NONE:
            return False
        case Scope.GROUP if user.store is not None:
            return user.store.group_id == customer.store.group_id
    return user.store_id == customer.store_id


def ensure_can_change(user: User, customer: Customer) -> None:
    if not can_change(user, customer):
        raise PermissionDenied(_("This customer is not yours to change."))
