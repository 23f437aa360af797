"""Verbs on one opportunity. Seeing it is decided by visible_to(); these say what a person who sees it may do."""

from opportunities.models import Opportunity
from staff.models import User
from staff.policies import can_assign


def can_work(user: User, opportunity: Opportunity) -> bool:
    """Record contacts, change facts: the owner, a stand-in, the DCC agent who registered it, leaders."""
    return user.is_active and opportunity.is_open


def can_give_away(user: User, opportunity: Opportunity) -> bool:
    """Assign or hand over: leaders only (R-058, R-094)."""
    return can_assign(user) and opportunity.is_open


def can_decide(user: User, opportunity: Opportunity) -> bool:
    """Confirm a close or a lower level: a leader who did not ask for it (R-072, D-27)."""
    asked = {opportunity.close_requested_by_id, opportunity.level_requested_by_id} - {None}
    return user.is_leader and user.pk not in asked and opportunity.owner_id != user.pk
