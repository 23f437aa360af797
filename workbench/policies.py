"""Who may take customers away as a file."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _

from staff.enums import Role, Scope
from staff.models import User

# Another person decides: somebody who answers for the store, never the one who asks.
EXPORT_DECIDERS: frozenset[str] = frozenset({Role.SALES_MANAGER, Role.GENERAL_MANAGER})
_EXPORTERS: frozenset[str] = EXPORT_DECIDERS | {
    Role.SALES_SUPERVISOR,
    Role.SALES_CONSULTANT,
    Role.KEY_ACCOUNT_SPECIALIST,
    Role.TELESALES_AGENT,
}


def can_export(user: User) -> bool:
    """People who work with customers; what they get is what they see."""
    return user.is_active and user.store_id is not None and user.scope != Scope.NONE and user.has_role(*_EXPORTERS)


def ensure_can_export(user: User) -> None:
    if not can_export(user):
        raise PermissionDenied(_("You may not export customers."))


def rights_of(user: User) -> dict[str, Any]:
    """What the sight of a person follows from; a file made with other rights is not given any more."""
    return {
        "roles": sorted(user.roles),
        "scope": str(user.scope),
        "store": user.store_id,
        "team": user.team_id,
        "active": user.is_active,
    }
