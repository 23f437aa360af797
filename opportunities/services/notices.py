"""Telling the people concerned, in the same transaction."""

from notifications.enums import NoticeKind
from notifications.services import notice_create
from opportunities.models import Opportunity
from staff.models import User
from staff.selectors import leader_of


def tell_owner(opportunity: Opportunity, kind: str, *, by: User | None, **data: object) -> None:
    """A line in the owner's inbox, unless the owner did it."""
    if opportunity.owner_id is None or (by is not None and by.pk == opportunity.owner_id):
        return
    _tell(opportunity, opportunity.owner_id, kind, by=by, **data)


def tell_leader(opportunity: Opportunity, kind: str, *, by: User, **data: object) -> None:
    """A line for the leader who has to decide; the leader of the owner, who is not the one who asks."""
    owner = User.objects.select_related("team__supervisor").filter(pk=opportunity.owner_id).first()
    leader = leader_of(owner or by, store_id=opportunity.store_id)
    if leader is not None and leader.pk != by.pk:
        _tell(opportunity, leader.pk, kind, by=by, **data)


def tell(opportunity: Opportunity, recipient_id: int | None, kind: str, *, by: User, **data: object) -> None:
    """A line for one person, unless it is the one who did it."""
    if recipient_id is not None and recipient_id != by.pk:
        _tell(opportunity, recipient_id, kind, by=by, **data)


def _tell(opportunity: Opportunity, recipient_id: int, kind: str, *, by: User | None, **data: object) -> None:
    notice_create(
        recipient_id=recipient_id,
        kind=kind,
        url=f"/opportunities/{opportunity.pk}/",
        subject=f"opportunities.Opportunity:{opportunity.pk}:{kind}",
        customer=opportunity.customer.name,
        by=by.name if by else "",
        **data,
    )
