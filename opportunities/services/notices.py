"""Telling the people concerned, in the same transaction."""

from typing import Any

from core import clock
from notifications.services import notice_create
from opportunities.models import Opportunity
from opportunities.selectors import leader_to_ask
from staff.models import User


def tell_owner(opportunity: Opportunity, kind: str, *, by: User | None, **data: Any) -> None:
    """A line in the owner's inbox, unless the owner did it."""
    if opportunity.owner_id is None or (by is not None and by.pk == opportunity.owner_id):
        return
    _tell(opportunity, opportunity.owner_id, kind, by=by, **data)


def tell_leader(opportunity: Opportunity, kind: str, *, by: User, **data: Any) -> None:
    """A line for the leader who has to decide; the leader of the owner, who is not the one who asks."""
    leader = leader_to_ask(opportunity, by=by, at=clock.now())
    if leader is not None:
        _tell(opportunity, leader.pk, kind, by=by, **data)


def _tell(opportunity: Opportunity, recipient_id: int, kind: str, *, by: User | None, **data: Any) -> None:
    notice_create(
        recipient_id=recipient_id,
        kind=kind,
        url=f"/opportunities/{opportunity.pk}/",
        subject=_subject(opportunity, kind),
        customer=opportunity.customer.name,
        by=by.name if by else "",
        **data,
    )


def _subject(opportunity: Opportunity, kind: str) -> str:
    return f"opportunities.Opportunity:{opportunity.pk}:{kind}"
