"""Verbs on one opportunity. Seeing it is decided by visible_to(); these say what a person who sees it may do."""

from core import clock
from opportunities.models import Opportunity
from staff.models import User
from staff.policies import can_assign


def can_work(user: User, opportunity: Opportunity) -> bool:
    """Record contacts, change facts: the owner, a stand-in, the DCC agent who registered it, leaders."""
    return opportunity.is_open and is_concerned(user, opportunity)


def is_concerned(user: User, opportunity: Opportunity) -> bool:
    """Somebody who works with the customer, unlike one who was only given sight of the store."""
    if not user.is_active:
        return False
    if user.is_leader or user.pk == opportunity.owner_id:
        return True
    if user.pk == opportunity.registered_by_id and not (user.may_own and opportunity.owner_id):
        return True
    return user.covered_user_ids(at=clock.sql_now()).filter(user=opportunity.owner_id).exists()


def can_give_away(user: User, opportunity: Opportunity) -> bool:
    """Assign or hand over: leaders only (R-058, R-094)."""
    return can_assign(user) and opportunity.is_open


def can_decide_level(user: User, opportunity: Opportunity) -> bool:
    """A leader who did not propose the lower level and does not own the customer (D-27)."""
    is_neutral = user.is_active and user.is_leader and opportunity.owner_id != user.pk
    return is_neutral and user.pk != opportunity.level_requested_by_id
