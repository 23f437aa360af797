"""What was proposed about an opportunity and waits for a leader.

The request itself, who decides it and the answer live in `approvals`; the opportunity only shows what waits.
"""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _

from approvals.enums import VoidCause
from approvals.selectors import request_pending
from approvals.services import approval_request, approval_void_for, approval_withdraw
from core.errors import DomainError
from core.transactions import service
from opportunities.enums import CLOSE, LEVEL, SUBJECT
from opportunities.models import Opportunity
from opportunities.services.locks import opportunity_lock
from staff.models import User

FIELDS: dict[str, tuple[str, ...]] = {
    LEVEL: ("requested_level", "level_requested_by"),
    CLOSE: ("close_requested", "close_reason", "close_note", "close_requested_by"),
}
# The caller who replaces or settles a proposal writes the fields himself.
_WRITTEN_BY_CALLER = (VoidCause.REPLACED, VoidCause.SETTLED)


def proposal_ask(opportunity: Opportunity, kind: str, payload: dict[str, str], *, reason: str = "", by: User) -> None:
    """Ask a leader, about the opportunity as it is. The caller holds the row lock."""
    approval_request(
        kind=kind,
        store_id=opportunity.store_id,
        subject_type=SUBJECT,
        subject_id=opportunity.pk,
        subject_version=opportunity.version,
        payload=payload,
        reason=reason,
        by=by,
    )


def proposal_clear(opportunity: Opportunity, kind: str) -> None:
    """The row shows no proposal of this kind any more. The caller holds the row lock."""
    for field in FIELDS[kind]:
        setattr(opportunity, field, None if field.endswith("_by") else "")
    opportunity.save(update_fields=[*FIELDS[kind], "updated_at"])


def proposals_void(
    opportunity: Opportunity, *, cause: VoidCause = VoidCause.CHANGED, kinds: tuple[str, ...] = ()
) -> None:
    """What waited is about an older state of the opportunity. The caller holds the row lock.

    Free when nothing waits.
    """
    waiting = [kind for kind in kinds or (LEVEL, CLOSE) if getattr(opportunity, FIELDS[kind][0])]
    if not waiting:
        return
    for kind in waiting:
        proposal_clear(opportunity, kind)
    approval_void_for(subject_type=SUBJECT, subject_id=opportunity.pk, reason=cause, kinds=waiting)


@service
def proposal_withdraw(*, opportunity_id: int, kind: str, by: User) -> None:
    """The one who proposed it takes it back. Raises PermissionDenied, DomainError (nothing waits any more)."""
    opportunity = opportunity_lock(opportunity_id, by=by)
    request = request_pending(kind=kind, subject_type=SUBJECT, subject_id=opportunity.pk)
    if request is None:
        raise DomainError(_("This was decided already."), code="decided")
    if request.requested_by_id != by.pk:
        raise PermissionDenied(_("Only the one who proposed it may take it back."))
    approval_withdraw(request_id=request.pk, by=by)


@service
def proposal_dropped(*, opportunity_id: int, kind: str, cause: str) -> None:
    """A request ended without a decision; the row shows it no longer."""
    if cause in _WRITTEN_BY_CALLER:
        return
    opportunity = opportunity_lock(opportunity_id, by=None)
    if opportunity.is_open and getattr(opportunity, FIELDS[kind][0]):
        proposal_clear(opportunity, kind)
