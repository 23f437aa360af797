"""Telling the people concerned, in the same transaction."""

from typing import Any

from core import clock
from notifications.enums import NoticeKind
from notifications.services import notice_create, notices_done
from opportunities.models import Opportunity
from staff.models import User
from staff.selectors import leader_on_duty


def tell_owner(opportunity: Opportunity, kind: str, *, by: User | None, **data: Any) -> None:
    """A line in the owner's inbox, unless the owner did it."""
    if opportunity.owner_id is None or (by is not None and by.pk == opportunity.owner_id):
        return
    _tell(opportunity, opportunity.owner_id, kind, by=by, **data)


def tell_leader(opportunity: Opportunity, kind: str, *, by: User, **data: Any) -> None:
    """A line for the leader who has to decide; the leader of the owner, who is not the one who asks."""
    owner = User.objects.select_related("team__supervisor").filter(pk=opportunity.owner_id).first()
    leader = leader_on_duty(owner or by, store_id=opportunity.store_id, at=clock.now())
    if leader is not None and leader.pk == by.pk:
        leader = leader_on_duty(by, store_id=opportunity.store_id, at=clock.now())  # somebody else has to decide
    if leader is not None:
        _tell(opportunity, leader.pk, kind, by=by, **data)


def settle(opportunity: Opportunity, *kinds: NoticeKind) -> None:
    """What the lines of these kinds asked for is settled: they leave every inbox."""
    notices_done(subjects=[_subject(opportunity, kind) for kind in kinds])


def tell(opportunity: Opportunity, recipient_id: int | None, kind: str, *, by: User, **data: Any) -> None:
    """A line for one person, unless it is the one who did it."""
    if recipient_id is not None and recipient_id != by.pk:
        _tell(opportunity, recipient_id, kind, by=by, **data)


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
