"""Who owns an opportunity: one person at a time, every change with rule, reason and actor (invariant 3)."""

from django.core.exceptions import PermissionDenied
from django.db.models import Value
from django.db.models.functions import Greatest
from django.utils.translation import gettext_lazy as _

from core import clock, events
from core.errors import DomainError
from core.text import clean_text
from core.transactions import service
from notifications.enums import NoticeKind
from opportunities.enums import EventKind, OwnerRule
from opportunities.events import OwnerChanged
from opportunities.models import Opportunity, Ownership
from opportunities.services.journey import ensure_may_own, journey_record
from opportunities.services.locks import opportunity_lock
from opportunities.services.notices import tell_owner
from opportunities.services.proposals import proposals_void
from staff.models import User
from staff.policies import can_assign


@service
def opportunity_assign(
    *, opportunity_id: int, owner_id: int, by: User, reason: str = "", rule: str = OwnerRule.ASSIGNED
) -> Opportunity:
    """Give an opportunity to a consultant; open callbacks move along (R-058, R-094).

    Raises PermissionDenied, DomainError (owner may not own, same owner, closed; a hand-over without reason).
    """
    opportunity = opportunity_lock(opportunity_id, by=by)
    if not can_assign(by):
        raise PermissionDenied(_("Only a leader assigns customers."))
    if not opportunity.is_open:
        raise DomainError(_("This opportunity is closed."), code="closed")
    owner = User.objects.filter(pk=owner_id).first()
    if owner is None:
        raise DomainError(_("Choose somebody."), field="owner")
    ensure_may_own(owner, opportunity.store_id)
    reason = clean_text(reason)[:200]
    previous_id = opportunity.owner_id
    if previous_id == owner.pk:
        raise DomainError(_("%(name)s owns this customer already."), field="owner", params={"name": owner.name})
    if previous_id is not None and not reason:
        raise DomainError(_("Say why the customer changes hands."), field="reason")
    now = clock.now()
    Ownership.objects.filter(opportunity=opportunity, until_at=None).update(
        until_at=Greatest("from_at", Value(now))  # the clock of another machine may have been ahead
    )
    Ownership.objects.create(opportunity=opportunity, owner=owner, rule=rule, reason=reason, actor=by, from_at=now)
    opportunity.owner = owner
    opportunity.version += 1
    opportunity.save(update_fields=["owner", "version", "updated_at"])
    journey_record(
        opportunity, EventKind.OWNER_CHANGED, by=by, rule=rule, reason=reason, previous_owner=previous_id
    ).save(force_insert=True)
    proposals_void(opportunity)  # whoever owns it now judges anew
    tell_owner(opportunity, NoticeKind.OWNER_CHANGED, by=by, reason=reason)
    events.emit(
        OwnerChanged(opportunity_id=opportunity.pk, previous_owner_id=previous_id, owner_id=owner.pk, by_id=by.pk)
    )
    return opportunity
