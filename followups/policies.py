"""Who reads, writes and approves the callback rules."""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from followups.models import FollowUpRuleSet
from staff.enums import LEADER_ROLES, REGISTRAR_ROLES, Role
from staff.models import User
from staff.policies import can_configure

APPROVER_ROLES: frozenset[str] = frozenset({Role.SALES_MANAGER, Role.GENERAL_MANAGER})
# Whom the rules concern: who works with customers, and who leads them.
READER_ROLES: frozenset[str] = REGISTRAR_ROLES | LEADER_ROLES


def can_read_rules(user: User) -> bool:
    """Administrators write them, leaders look at them; everybody concerned reads the published text."""
    return can_configure(user) or (user.is_active and user.is_leader)


def can_edit_rules(user: User, rule_set: FollowUpRuleSet) -> bool:
    """Drafts only; a store's own version only by its administrators."""
    is_own = rule_set.store_id is None or rule_set.store_id == user.store_id
    return can_configure(user) and is_own and rule_set.is_draft


def ensure_can_configure(user: User) -> None:
    if not can_configure(user):
        raise PermissionDenied(_("Only administrators change the rules."))


def is_concerned(user: User) -> bool:
    """Has to read a new version and to confirm it (R-878)."""
    return user.is_active and user.has_role(*READER_ROLES)
